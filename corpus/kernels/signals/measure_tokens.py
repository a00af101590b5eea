"""Number the tokens, and count what depends on one token: words, their lengths, stop words.

A token of up to seven bytes is its own key, bytes and length; a longer one is hashed (a collision needs about 2^32
different long words in one document). What a word is, is asked when it comes first; the counts follow from how often
each comes.
"""

import math

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals.cut_run import CHARS_PLACE, K_CAPS, K_HAN, K_LETTER, K_MARK, K_STOP
from corpus.kernels.signals.first_sight import first_sights
from corpus.kernels.signals.token_traits import STOP_PLACE, STOPS, head_of, whole, write_traits
from corpus.kernels.swar import first_bytes, load8, only_if

# Columns of what is counted on tokens, one row a document.
(
    TOKENS, WORDS, HAN_WORDS, WORD_CHARS, NO_LETTER, CAPS_WORDS, STOP_WORDS, STOP_BITS, UNIQUE_WORDS, NUM_TOKEN_COUNTS,
) = range(10)  # fmt: skip

_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x9FB21C651E98DF25)
_HALF = np.uint64(32)
_MARK_PLACE, _KIND = K_MARK.bit_length() - 1, 0x7FFF
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
def _tail(data, begin, size):
    """The last eight bytes of a token of more than eight, else 0."""
    return load8(data, begin + max(size - 8, 0)) & only_if(size > 8)


@inner()
def _write_keys(data, start, num_tokens, begins, ends, kinds, keys, where):
    """Write the key of each token without K_NUMBERED, and which token it is; returns how many they are."""
    num_keys = 0
    for at in range(num_tokens):
        if kinds[at] >= 0:  # K_NUMBERED is the sign
            begin, size = start + begins[at], np.int64(ends[at] - begins[at])
            head = head_of(data, begin, size)
            hashed = (_mixed(_BASIS ^ np.uint64(size), head) ^ _tail(data, begin, size)) * _PRIME
            if size > 16:
                hashed = _hash_long(data, begin, size)
            keys[num_keys] = whole(head, size) | (hashed & only_if(size > 7))
            where[num_keys] = at
            num_keys += 1
    return num_keys


@inner()
def measure_tokens(
    data, start, num_tokens, num_numbered, classes, flags_of, begins, ends, kinds, chars_before, numbers, tally,
    traits_of, keys, where, firsts, slots, left, distinct, tails, counts,
):  # fmt: skip
    """Number equal tokens alike and complete their kinds, count words; returns how many tokens are distinct.

    A word of letters and digits gets K_LETTER or K_DIGIT, not both: K_DIGIT is asked for where there is no letter.

    Args:
        num_numbered: how many numbers tokens with K_NUMBERED have.
        begins, ends, kinds: from `cut_tokens`.
        chars_before: out, int32, `[num_tokens + 1]`: code points of the tokens before each.
        numbers: in and out, int32: the number of each token; new ones follow in the order of first sight.
        tally: out, int32, by number: how often it comes.
        traits_of: in and out, int64, by number, see `token_traits`.
        keys, tails: room for a uint64 a token.
        where, firsts, left, distinct: room for an int32 a token.
        slots: see `first_sights`.
        counts: out, `[NUM_TOKEN_COUNTS]` int64.
    """
    num_keys = _write_keys(data, start, num_tokens, begins, ends, kinds, keys, where)
    first_sights(keys, num_keys, firsts, slots, left)
    num_distinct = np.int64(num_numbered)
    for index in range(num_keys):
        left[index], distinct[num_distinct - num_numbered] = num_distinct, where[index]
        num_distinct += firsts[index] == index
    for index in range(num_keys):
        numbers[where[index]] = left[firsts[index]]
    for number in range(num_distinct):
        tally[number] = 0
    write_traits(
        data, start, num_distinct - num_numbered, num_numbered, distinct, begins, ends, classes, flags_of, keys, tails,
        firsts, left, traits_of,
    )  # fmt: skip
    total = np.int64(0)
    for at in range(num_tokens):
        number = np.int64(numbers[at])
        traits = traits_of[number]
        tally[number] += 1
        kinds[at] = np.int64(kinds[at]) | traits & _KIND
        chars_before[at] = total
        total += traits >> CHARS_PLACE
    chars_before[num_tokens] = total
    counts[TOKENS] = num_tokens
    _count_words(num_distinct, tally, traits_of, counts)
    return num_distinct


@inner()
def _count_words(num_distinct, tally, traits_of, counts):
    marks, hans, no_letter, caps, stops, chars, unique, stop_bits = 0, 0, 0, 0, 0, 0, 0, np.int64(0)
    for number in range(num_distinct):
        traits, often = traits_of[number], np.int64(tally[number])
        is_word = 1 - (traits >> _MARK_PLACE & 1)
        marks += often * (1 - is_word)
        chars += often * (traits >> CHARS_PLACE) * is_word
        unique += is_word
        hans += often if traits & K_HAN else 0
        no_letter += 0 if traits & K_LETTER else often
        caps += often if traits & K_CAPS else 0
        stops += often if traits & K_STOP else 0
        stop_bits |= np.int64(1) << (traits >> STOP_PLACE & STOPS)
    counts[WORDS], counts[HAN_WORDS], counts[WORD_CHARS] = counts[TOKENS] - marks, hans, chars - hans
    counts[NO_LETTER], counts[CAPS_WORDS], counts[STOP_WORDS], counts[UNIQUE_WORDS] = no_letter, caps, stops, unique
    counts[STOP_BITS] = stop_bits >> 1


@inner()
def entropy_of_words(num_distinct, tally, traits_of, room, repeated, counts):
    """The entropy of the words in nats, from what `measure_tokens` counted.

    Args:
        room: `room[c]`, int32, becomes how many words come c times; it is zero on entry and exit.
        repeated: room for an int32 a token.
    """
    most, total, words, num_often = 1, 0.0, counts[WORDS], 0
    for number in range(num_distinct):  # once come so many that counting them there would wait for itself
        often = np.int64(tally[number])
        repeated[num_often] = often
        num_often += (often > 1) & (traits_of[number] & K_MARK == 0)
    for index in range(num_often):
        often = np.int64(repeated[index])
        room[often] += 1
        most = max(most, often)
    for often in range(2, most + 1):  # ln 1 is 0
        if room[often] > 0:
            log = LOGS[often] if often < LOGS.shape[0] else math.log(often)
            total += room[often] * often * log
            room[often] = 0
    return math.log(words) - total / words if words > 0 else 0.0
