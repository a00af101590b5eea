"""Turn tokens into 64-bit keys and count what depends on one token: words, their lengths, stop words.

A token of up to seven bytes is its own key, bytes and length; a longer one is hashed (a collision needs about 2^32
different long words in one document).
"""

import math

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals import characters as ch
from corpus.kernels.signals.cut_run import K_CAPS, K_DIGIT, K_HAN, K_LETTER, K_MARK, K_PHRASE, K_PLAIN, K_STOP, K_WIDE
from corpus.kernels.signals.naive_lines import C4_PHRASES, LOREM_IPSUM
from corpus.kernels.signals.swar import CASE, continuations, count_ones, first_bytes, load8, only_if
from corpus.kernels.signals.utf8 import count_chars

# Columns of what is counted on tokens, one row a document.
(
    TOKENS, WORDS, HAN_WORDS, WORD_CHARS, NO_LETTER, CAPS_WORDS, STOP_WORDS, STOP_BITS, UNIQUE_WORDS, NUM_TOKEN_COUNTS,
) = range(10)  # fmt: skip

_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x9FB21C651E98DF25)
_ZERO, _ONE, _TWO, _EIGHT, _HALF, _LENGTH_SHIFT = (np.uint64(number) for number in (0, 1, 2, 8, 32, 56))
_BIT6 = np.uint64(0x4040404040404040)  # of ASCII letters and digits it is set in letters; small ones have bit 5 too
_CASE7 = CASE >> _EIGHT  # the length in the highest byte has no case
_PLAIN_PLACE, _STOP_PLACE = 14, 16
assert 1 << _PLAIN_PLACE == K_PLAIN, "the highest bit of a kind"
_LOG_SLOTS = 6
_SLOT_SHIFT = np.uint64(64 - _LOG_SLOTS)
_JAVASCRIPT = np.uint64(int.from_bytes(b"javascri", "little"))
_PHRASE_WORDS = sorted({phrase.split()[0] for phrase in (*C4_PHRASES[1:], LOREM_IPSUM, "items in cart")})


def _lowered_key(word: str) -> int:
    return int.from_bytes(word.encode(), "little") | (len(word) << 56) | int(_CASE7)


def _perfect_table() -> tuple[np.uint64, np.ndarray, np.ndarray]:
    """A multiplier under which no two of the listed words fall into one slot; of each slot its word, and K_PHRASE or
    K_STOP and from `_STOP_PLACE` on the bit of the stop word.
    """
    words = {_lowered_key(word): K_STOP | 1 << (_STOP_PLACE + i) for i, word in enumerate(ch.STOP_WORDS_EN)}
    words |= {_lowered_key(word): K_PHRASE for word in _PHRASE_WORDS}
    multiplier = 0x9E3779B97F4A7C15
    while True:
        slots = [((key * multiplier) & (2**64 - 1)) >> (64 - _LOG_SLOTS) for key in words]
        if len(set(slots)) == len(slots):
            break
        multiplier += 2
    keys, bits = np.zeros(1 << _LOG_SLOTS, np.uint64), np.zeros(1 << _LOG_SLOTS, np.int64)
    for slot, key in zip(slots, words, strict=True):
        keys[slot], bits[slot] = key, words[key]
    return np.uint64(multiplier), keys, bits


_MULTIPLIER, _SLOT_KEYS, _SLOT_BITS = _perfect_table()
LOGS = np.array([0.0, *(count * math.log(count) for count in range(1, 4096))])  # c ln c


@inner()
def _mixed(hashed, block):
    hashed = (hashed ^ block) * _PRIME
    return hashed ^ (hashed >> _HALF)


@inner()
def _hash_long(data, begin, size):
    """64 bits of the bytes, eight at a time; of ASCII letters and digits all of them or-ed, and `_small` of all."""
    hashed, union, small, end = _BASIS ^ np.uint64(size), _ZERO, _ZERO, begin + size
    while begin < end:
        block = first_bytes(load8(data, begin), end - begin)
        hashed = _mixed(hashed, block)
        union |= block
        small |= _small(block)
        begin += 8
    return hashed, union, small


@inner()
def _small(block):
    """Of ASCII letters, digits and zeros: bit 6 of the small letters, and other bits."""
    return block & (block << _ONE)


@inner()
def measure_tokens(data, start, num_tokens, begins, ends, kinds, keys, chars_before, counts):
    """Fill `keys[:num_tokens]` and `chars_before[:num_tokens + 1]`, complete `kinds`, count words.

    A word of letters and digits gets K_LETTER or K_DIGIT, not both: K_DIGIT is asked for where there is no letter.

    Args:
        begins, ends, kinds: from `cut_tokens`.
        keys: out, uint64; equal for equal tokens.
        chars_before: out, int32: code points of the tokens before each.
        counts: out, `[NUM_TOKEN_COUNTS]` int64.
    """
    total, word_chars, found_bits = 0, 0, np.int64(0)
    for at in range(num_tokens):
        begin, size, kind = start + begins[at], np.int64(ends[at] - begins[at]), np.int64(kinds[at])
        head = first_bytes(load8(data, begin), size)
        chars_before[at] = total
        if kind & K_HAN:
            keys[at] = head | (np.uint64(size) << _LENGTH_SHIFT)
            total += 1
            continue
        tail = load8(data, begin + max(size - 8, 0)) & only_if(size > 8)
        hashed, union, small = (
            _mixed(_mixed(_BASIS ^ np.uint64(size), head), tail),
            head | tail,
            _small(head) | _small(tail),
        )
        if size > 16:
            hashed, union, small = _hash_long(data, begin, size)
        short = only_if(size <= 7)
        key = ((head | (np.uint64(size) << _LENGTH_SHIFT)) & short) | (hashed & ~short)
        chars = size
        if kind & K_WIDE:
            chars -= np.int64(count_ones(continuations(head)))
            if size > 8:
                chars = count_chars(data, begin, begin + size)
        lowered = key | _CASE7
        slot = np.int64((lowered * _MULTIPLIER) >> _SLOT_SHIFT)
        found = _SLOT_BITS[slot] * (_SLOT_KEYS[slot] == lowered)
        found_bits |= found
        letter, caps = union & _BIT6 != _ZERO, small & _BIT6 == _ZERO
        of_word = K_DIGIT + letter * (K_LETTER - K_DIGIT + caps * K_CAPS)
        kind |= of_word * (kind >> _PLAIN_PLACE)
        kind |= found & (K_STOP | K_PHRASE)
        kind |= K_PHRASE * ((size > 7) & (head | CASE == _JAVASCRIPT))
        kinds[at] = kind
        keys[at] = key
        total += chars
        word_chars += chars * ((kind & K_MARK) == 0)
    chars_before[num_tokens] = total
    counts[WORD_CHARS], counts[STOP_BITS] = word_chars, found_bits >> _STOP_PLACE
    _count_kinds(num_tokens, kinds, counts)


@inner()
def _count_kinds(num_tokens, kinds, counts):
    marks, hans, no_letter, caps, stops = 0, 0, 0, 0, 0
    for at in range(num_tokens):
        kind = kinds[at]
        marks += (kind & K_MARK) != 0
        hans += (kind & K_HAN) != 0
        no_letter += (kind & K_LETTER) == 0
        caps += (kind & K_CAPS) != 0
        stops += (kind & K_STOP) != 0
    counts[TOKENS], counts[WORDS], counts[HAN_WORDS] = num_tokens, num_tokens - marks, hans
    counts[NO_LETTER], counts[CAPS_WORDS], counts[STOP_WORDS] = no_letter, caps, stops


@inner()
def measure_vocabulary(num_distinct, kinds, firsts, tally, counts):
    """Count the distinct words; returns their entropy in nats.

    Args:
        num_distinct: tokens that differ, marks included.
        firsts: where each comes first.
        tally: how often it comes.
    """
    unique, total = 0, 0.0
    for number in range(num_distinct):
        if (kinds[firsts[number]] & K_MARK) == 0:
            unique += 1
            often = tally[number]
            total += LOGS[often] if often < LOGS.shape[0] else often * math.log(often)
    counts[UNIQUE_WORDS] = unique
    words = counts[WORDS]
    return math.log(words) - total / words if words > 0 else 0.0
