"""Number the tokens, and count what depends on one token: words, their lengths, stop words.

A token of up to seven bytes is its own key, bytes and length; a longer one is hashed (a collision needs about 2^32
different long words in one document). What a word is, is asked when it comes first; the counts follow from how often
each comes.
"""

import math

import numpy as np

from corpus.kernels.jit import inner, raw
from corpus.kernels.signals import characters as ch
from corpus.kernels.signals.cut_run import (
    K_CAPS,
    K_DIGIT,
    K_HAN,
    K_LETTER,
    K_MARK,
    K_NUMBERED,
    K_PHRASE,
    K_PLAIN,
    K_STOP,
    K_WIDE,
)
from corpus.kernels.signals.hash_table import empty_slots, find, first_bits, grow
from corpus.kernels.signals.naive_lines import C4_PHRASES, LOREM_IPSUM
from corpus.kernels.swar import CASE, first_bytes, load8, only_if
from corpus.kernels.utf8 import count_chars

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
_KIND = (1 << _STOP_PLACE) - 1
_OF_WORD = K_LETTER | K_DIGIT | K_CAPS | K_MARK | K_HAN | K_STOP  # the same wherever it stands
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
LOGS = np.array([0.0, *(math.log(count) for count in range(1, 4096))])


@inner()
def _mixed(hashed, block):
    hashed = (hashed ^ block) * _PRIME
    return hashed ^ (hashed >> _HALF)


@inner()
def _hash_long(data, begin, size):
    """64 bits of the bytes, eight at a time."""
    hashed, end = _BASIS ^ np.uint64(size), begin + size
    while begin < end:
        hashed = _mixed(hashed, first_bytes(load8(data, begin), end - begin))
        begin += 8
    return hashed


@inner()
def _small(block):
    """Of ASCII letters, digits and zeros: bit 6 of the small letters, and other bits."""
    return block & (block << _ONE)


@inner()
def _traits(data, begin, size, kind, head, tail, key):
    """What a new word is: K_* bits with the bit of a stop word above them, and its code points."""
    union, small, chars = head | tail, _small(head) | _small(tail), size
    if size > 16:
        for at in range(begin + 8, begin + size - 8, 8):
            block = load8(data, at)
            union |= block
            small |= _small(block)
    if kind & K_WIDE:
        chars = count_chars(data, begin, begin + size)
    lowered = key | _CASE7
    slot = np.int64((lowered * _MULTIPLIER) >> _SLOT_SHIFT)
    found = _SLOT_BITS[slot] * (_SLOT_KEYS[slot] == lowered)
    letter, caps = union & _BIT6 != _ZERO, small & _BIT6 == _ZERO
    of_word = K_DIGIT + letter * (K_LETTER - K_DIGIT + caps * K_CAPS)
    traits = (kind & _OF_WORD) | (of_word * (kind >> _PLAIN_PLACE)) | found
    return traits | (K_PHRASE * ((size > 7) & (head | CASE == _JAVASCRIPT))), chars


@inner()
def measure_tokens(
    data, start, num_tokens, num_numbered, begins, ends, kinds, chars_before, numbers, tally, word_kinds, word_chars,
    table, counts,
):  # fmt: skip
    """Number equal tokens alike and complete their kinds, count words; returns how many tokens are distinct.

    A word of letters and digits gets K_LETTER or K_DIGIT, not both: K_DIGIT is asked for where there is no letter.

    Args:
        num_numbered: how many numbers tokens with K_NUMBERED have.
        begins, ends, kinds: from `cut_tokens`.
        chars_before: out, int32, `[num_tokens + 1]`: code points of the tokens before each.
        numbers: in and out, int32: the number of each token; new ones follow in the order of first sight.
        tally, word_kinds, word_chars: in and out, int32, by number: how often it comes, its K_* bits, its code points.
        table: see `new_table`.
        counts: out, `[NUM_TOKEN_COUNTS]` int64.
    """
    slots, known = raw(table.slots), raw(table.keys)
    num_known, num_unnumbered = np.int64(0), num_tokens
    for number in range(num_numbered):
        num_unnumbered -= tally[number]
    bits = first_bits(num_unnumbered)
    empty_slots(slots, bits)
    mask, down = (np.int64(1) << bits) - 1, np.uint64(64 - bits)
    total, found_bits = 0, np.int64(0)
    for at in range(num_tokens):
        kind = np.int64(kinds[at])
        chars_before[at] = total
        if kind & K_NUMBERED:
            total += 1
            continue
        begin, size = start + begins[at], np.int64(ends[at] - begins[at])
        head = first_bytes(load8(data, begin), size)
        tail = load8(data, begin + max(size - 8, 0)) & only_if(size > 8)
        hashed = (_mixed(_BASIS ^ np.uint64(size), head) ^ tail) * _PRIME
        if size > 16:
            hashed = _hash_long(data, begin, size)
        short = only_if(size <= 7)
        key = ((head | (np.uint64(size) << _LENGTH_SHIFT)) & short) | (hashed & ~short)
        slot, found = find(key, slots, known, mask, down)
        number = num_numbered + found
        if found < 0:
            known[num_known] = key
            number = num_numbered + num_known
            num_known += 1
            slots[slot] = num_known
            tally[number] = 0
            traits, word_chars[number] = _traits(data, begin, size, kind, head, tail, key)
            word_kinds[number] = traits & _KIND
            found_bits |= traits
            if 2 * num_known > mask:
                bits += 1
                mask, down = (np.int64(1) << bits) - 1, np.uint64(64 - bits)
                grow(slots, known, num_known, bits)
        numbers[at] = number
        tally[number] += 1
        kinds[at] = kind | word_kinds[number]
        total += word_chars[number]
    chars_before[num_tokens] = total
    counts[TOKENS], counts[STOP_BITS] = num_tokens, found_bits >> _STOP_PLACE
    num_distinct = num_numbered + num_known
    _count_words(num_distinct, tally, word_kinds, word_chars, counts)
    return num_distinct


@inner()
def _count_words(num_distinct, tally, word_kinds, word_chars, counts):
    marks, hans, no_letter, caps, stops, chars, unique = 0, 0, 0, 0, 0, 0, 0
    for number in range(num_distinct):
        kind, often = word_kinds[number], np.int64(tally[number])
        is_word = (kind & K_MARK) == 0
        marks += 0 if is_word else often
        hans += often if kind & K_HAN else 0
        no_letter += 0 if kind & K_LETTER else often
        caps += often if kind & K_CAPS else 0
        stops += often if kind & K_STOP else 0
        chars += often * word_chars[number] if is_word else 0
        unique += is_word
    counts[WORDS], counts[HAN_WORDS], counts[WORD_CHARS] = counts[TOKENS] - marks, hans, chars - hans
    counts[NO_LETTER], counts[CAPS_WORDS], counts[STOP_WORDS], counts[UNIQUE_WORDS] = no_letter, caps, stops, unique


@inner()
def entropy_of_words(num_distinct, tally, word_kinds, room, counts):
    """The entropy of the words in nats, from what `measure_tokens` counted.

    `room[c]`, int32, becomes how many words come c times; it is zero on entry and exit.
    """
    most, total, words = 0, 0.0, counts[WORDS]
    for number in range(num_distinct):
        often = np.int64(tally[number]) if word_kinds[number] & K_MARK == 0 else 0
        room[often] += 1
        most = max(most, often)
    room[0] = 0
    for often in range(1, most + 1):
        if room[often] > 0:
            log = LOGS[often] if often < LOGS.shape[0] else math.log(often)
            total += room[often] * often * log
            room[often] = 0
    return math.log(words) - total / words if words > 0 else 0.0
