"""What a token is, whoever cut it and wherever it stands: letters, digits, capitals, marks, a stop word, its length.

A token of up to 16 bytes of ASCII, nearly every one that is not Chinese, is looked at all at once; others character by
character.
"""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals import characters as ch
from corpus.kernels.signals.cut_run import (
    CHARS_PLACE,
    K_CAPS,
    K_CURLY,
    K_DIGIT,
    K_DOTS,
    K_END,
    K_LETTER,
    K_MARK,
    K_PHRASE,
    K_STOP,
    K_WIDE,
)
from corpus.kernels.signals.naive_lines import C4_PHRASES, LOREM_IPSUM
from corpus.kernels.swar import (
    CASE,
    beyond_ascii16,
    curly16,
    digits16,
    dots16,
    first_bytes,
    letters16,
    load8,
    only_if,
    printed16,
    small_letters16,
)
from corpus.kernels.utf8 import decode

LETTER, DIGIT, MARK, UPPER, LOWER = ch.LETTER, ch.DIGIT, ch.MARK, ch.UPPER, ch.LOWER
TERMINAL, STOP_HAN = ch.TERMINAL, ch.STOP_HAN
STOP_PLACE, STOPS = 16, 15  # of a token's traits: which English stop word it is, from 1 on, in four bits
assert len(ch.STOP_WORDS_EN) <= STOPS

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ZERO, _EIGHT, _LENGTH_SHIFT = (np.uint64(number) for number in (0, 8, 56))
_CASE7 = CASE >> _EIGHT  # the length in the highest byte has no case
_DOT, _CURLY, _ELLIPSIS = 0x2E, 0x7B, 0x2026
_ENDS = np.array([byte < 128 and (ch.flags_of(chr(byte)) & TERMINAL) != 0 for byte in range(256)])
_LOG_SLOTS = 6
_SLOT_SHIFT = np.uint64(64 - _LOG_SLOTS)
_JAVASCRIPT = np.uint64(int.from_bytes(b"javascri", "little"))
_PHRASE_WORDS = sorted({phrase.split()[0] for phrase in (*C4_PHRASES[1:], LOREM_IPSUM, "items in cart")})


def _lowered_key(word: str) -> int:
    return int.from_bytes(word.encode(), "little") | (len(word) << 56) | int(_CASE7)


def _perfect_table() -> tuple[np.uint64, np.ndarray, np.ndarray]:
    """A multiplier under which no two of the listed words fall into one slot; of each slot its word, and K_PHRASE or
    K_STOP and from `STOP_PLACE` on the number of the stop word.
    """
    words = {_lowered_key(word): K_STOP | number << STOP_PLACE for number, word in enumerate(ch.STOP_WORDS_EN, 1)}
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


@inner()
def head_of(data, begin, size):
    """The first eight bytes of a token, 0 for those it hasn't."""
    return first_bytes(load8(data, begin), size)


@inner()
def whole(head, size):
    """Of a token of up to seven bytes these and their number, else 0: a token of its own in 64 bits."""
    return (head | (np.uint64(size) << _LENGTH_SHIFT)) & only_if(size <= 7)


@inner()
def _of_characters(data, begin, size, classes, flags_of):
    """K_* bits and code points of any token."""
    union, common, place, chars, kind = np.int64(0), np.int64(-1), begin, 0, 0
    code_point, dots = np.int64(0), 0
    while place < begin + size:
        code_point, place = decode(data, place)
        flags = flags_of[classes[code_point]]
        union |= flags
        common &= flags
        dots += code_point == _DOT
        kind |= K_CURLY if code_point == _CURLY else 0
        chars += 1
    kind |= K_MARK if common & MARK else 0
    kind |= K_DOTS if dots == chars and chars > 1 else 0
    kind |= K_LETTER if union & LETTER else 0
    kind |= K_DIGIT if union & DIGIT else 0
    kind |= K_CAPS if (union & UPPER) != 0 and (union & LOWER) == 0 else 0
    kind |= K_WIDE if chars < size else 0
    if chars == 1:
        kind |= K_END if common & TERMINAL else 0
        kind |= K_STOP if common & STOP_HAN else 0
        kind |= K_DOTS if code_point == _ELLIPSIS else 0
    return kind, chars


@inner()
def token_traits(data, begin, size, classes, flags_of):
    """K_* bits, from STOP_PLACE on which stop word it is, from CHARS_PLACE on its code points.

    K_HAN is not among them: only a Han character that is a token by itself has it, and `cut` knows those.
    """
    head, inside = head_of(data, begin, size), _ALL >> np.uint64(64 - min(size, 16))
    if size > 16 or beyond_ascii16(data, begin) & inside != _ZERO:
        kind, chars = _of_characters(data, begin, size, classes, flags_of)
    else:
        letters, digits = letters16(data, begin) & inside, digits16(data, begin) & inside
        marks = printed16(data, begin) & inside & ~(letters | digits)
        kind = (letters != _ZERO) * (K_LETTER | (small_letters16(data, begin) & inside == _ZERO) * K_CAPS)
        kind |= (digits != _ZERO) * K_DIGIT | (marks == inside) * K_MARK
        kind |= (curly16(data, begin) & inside != _ZERO) * K_CURLY
        kind |= ((size > 1) & (dots16(data, begin) & inside == inside)) * K_DOTS
        kind |= ((size == 1) & _ENDS[data[begin]]) * K_END
        chars = size
    lowered = whole(head, size) | _CASE7
    slot = np.int64((lowered * _MULTIPLIER) >> _SLOT_SHIFT)
    kind |= _SLOT_BITS[slot] * (_SLOT_KEYS[slot] == lowered)
    kind |= K_PHRASE * ((size > 7) & (head | CASE == _JAVASCRIPT))
    return kind | np.int64(chars) << CHARS_PLACE
