"""What a token is, whoever cut it and wherever it stands: letters, digits, capitals, marks, a stop word, its length.

A token of up to 16 bytes of ASCII, nearly every one that is not Chinese, is two numbers of eight bytes. What it is
follows from them by arithmetic without a branch, so that the processor's vectors do several tokens at a time. Others
are looked at character by character.
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
from corpus.kernels.swar import CASE, first_bytes, load8, only_if
from corpus.kernels.utf8 import decode

LETTER, DIGIT, MARK, UPPER, LOWER = ch.LETTER, ch.DIGIT, ch.MARK, ch.UPPER, ch.LOWER
TERMINAL, STOP_HAN = ch.TERMINAL, ch.STOP_HAN
STOP_PLACE, STOPS = 16, 15  # of a token's traits: which English stop word it is, from 1 on, in four bits
assert len(ch.STOP_WORDS_EN) <= STOPS

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ZERO, _EIGHT, _LENGTH_SHIFT, _BYTE = (np.uint64(number) for number in (0, 8, 56, 255))
_ONES, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_A, _Z, _NINE = ord("a"), ord("z"), ord("9")
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


@inner(forceinline=True)  # and the next two: a loop around a call is not made into vectors
def _at_least(block, byte):
    """The high bit of each byte of ASCII that is `byte` or more."""
    return (block + _ONES * np.uint64(0x80 - byte)) & _HIGH


@inner(forceinline=True)
def _between(block, first, last):
    return _at_least(block, first) & ~_at_least(block, last + 1)


@inner(forceinline=True)
def _short_traits(head, tail, size):
    """K_* bits of a token of up to 16 bytes of ASCII, from its first eight bytes and those behind them, 0 behind it."""
    inside, behind = first_bytes(_HIGH, size), first_bytes(_HIGH, max(size - 8, 1)) & only_if(size > 8)
    head_letters, tail_letters = _between(head | CASE, _A, _Z), _between(tail | CASE, _A, _Z)
    head_digits, tail_digits = _between(head, _NINE - 9, _NINE), _between(tail, _NINE - 9, _NINE)
    head_marks = _between(head, 0x21, 0x7E) & ~(head_letters | head_digits)
    tail_marks = _between(tail, 0x21, 0x7E) & ~(tail_letters | tail_digits)
    small = _between(head, _A, _Z) | _between(tail, _A, _Z)
    letters = head_letters | tail_letters
    curly = _between(head, _CURLY, _CURLY) | _between(tail, _CURLY, _CURLY)
    dots = (_between(head, _DOT, _DOT) == inside) & (_between(tail, _DOT, _DOT) == behind) & (size > 1)
    kind = np.int64(letters != _ZERO) * K_LETTER | np.int64((letters != _ZERO) & (small == _ZERO)) * K_CAPS
    kind |= np.int64((head_digits | tail_digits) != _ZERO) * K_DIGIT
    kind |= np.int64((head_marks == inside) & (tail_marks == behind)) * K_MARK
    kind |= np.int64(curly != _ZERO) * K_CURLY | np.int64(dots) * K_DOTS
    return kind


@inner()
def write_traits(
    data, start, num_tokens, first_number, distinct, begins, ends, classes, flags_of, heads, tails, sizes, odd,
    traits_of,
):  # fmt: skip
    """Write what each of the tokens `distinct` is: K_* bits, from STOP_PLACE on which stop word it is, from CHARS_PLACE
    on its code points. K_HAN is not among them: only a Han character that is a token by itself has it, and `cut` knows
    those.

    Args:
        distinct, begins, ends: int32.
        heads, tails: room for a uint64 a token.
        sizes, odd: room for an int32 a token.
        traits_of: out, int64, from `first_number` on.
    """
    num_odd = 0
    for index in range(num_tokens):
        at = np.int64(distinct[index])
        begin, size = start + begins[at], np.int64(ends[at] - begins[at])
        head = head_of(data, begin, size)
        tail = first_bytes(load8(data, begin + 8), max(size - 8, 1)) & only_if(size > 8)
        heads[index], tails[index], sizes[index], odd[num_odd] = head, tail, size, index
        num_odd += (size > 16) | ((head | tail) & _HIGH != _ZERO)
    for index in range(num_tokens):
        size = np.int64(sizes[index])
        traits_of[first_number + index] = _short_traits(heads[index], tails[index], size) | size << CHARS_PLACE
    for index in range(num_odd):
        token = np.int64(odd[index])
        at = np.int64(distinct[token])
        kind, chars = _of_characters(data, start + begins[at], np.int64(ends[at] - begins[at]), classes, flags_of)
        traits_of[first_number + token] = kind | np.int64(chars) << CHARS_PLACE
    for index in range(num_tokens):
        head, size = heads[index], np.int64(sizes[index])
        lowered = whole(head, size) | _CASE7
        slot = np.int64((lowered * _MULTIPLIER) >> _SLOT_SHIFT)
        kind = _SLOT_BITS[slot] * (_SLOT_KEYS[slot] == lowered) | K_PHRASE * ((size > 7) & (head | CASE == _JAVASCRIPT))
        traits_of[first_number + index] |= kind | K_END * ((size == 1) & _ENDS[np.int64(head & _BYTE)])
