"""Cut folded text into tokens and hash them, straight from UTF-8 bytes: the kernel of `naive.tokens`.

A run is what stands between two ASCII separators; where runs begin and end is found 64 bytes at a time. A run of ASCII
letters and digits, most of English, is a token of which eight bytes are folded and hashed at once. Every other run goes
through `_cut_run` one code point at a time: there a Han character is a token after one look into the fold table.

Price: see `benchmarks/minhash.py`.
"""

import functools
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types

from corpus.kernels.jit import inner, intrinsic, raw
from corpus.kernels.shingle.fold import DROP, MANY, SEPARATOR, fold_table
from corpus.kernels.swar import (
    CASE,
    PLACES_SLACK,
    first_bytes,
    letters_and_digits,
    load8,
    write_places,
)
from corpus.kernels.utf8 import decode

__all__ = ["STRIDE", "WORD", "Room", "mix64", "new_room", "step_tables", "tokenize"]

WORD, LONG = 1 << 24, 1 << 25  # of a step, see `step_tables`
STRIDE = 16  # loops over tokens go on to a multiple of it, so that they are done in vectors to the end
_SIGNS = b"$'+<=>^`|~"  # ASCII that neither is a letter or digit nor separates
_ZERO, _ONE, _LAST, _64 = np.uint64(0), np.uint64(1), np.uint64(63), np.uint64(64)
_6, _8, _12, _18, _24, _32 = (np.uint64(number) for number in (6, 8, 12, 18, 24, 32))
_6_BITS, _8_BITS, _16_BITS, _24_BITS = (np.uint64((1 << number) - 1) for number in (6, 8, 16, 24))
_CONTINUES, _LEADS_FOUR = np.uint64(0x80), np.uint64(0xF0)
_M1, _M2, _33 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53), np.uint64(33)
_NO_WORD = (False, _ZERO, _ZERO, _ZERO)  # whether a word is open; its hash so far, bytes not yet hashed, their bits


class Room(NamedTuple):
    """Scratch for one document, reused for the next; memory is touched only as far as the document needs."""

    edges: np.ndarray  # int64: where runs begin and end
    odd: np.ndarray  # uint64: a bit a byte, whether it needs `_cut_run`
    tokens: np.ndarray  # uint64
    windows: np.ndarray  # uint64


def new_room(offsets: np.ndarray) -> Room:
    """Room for the longest document. A code point of 3 bytes folds to 4 letter tokens at most, one of 2 to 3."""
    longest = int(np.max(np.diff(offsets), initial=0))
    return Room(
        edges=np.empty(longest + PLACES_SLACK, np.int64),
        odd=np.empty(longest // 64 + 2, np.uint64),
        tokens=np.empty(2 * longest + 2 * STRIDE, np.uint64),
        windows=np.empty(2 * longest + 2 * STRIDE, np.uint64),
    )


@functools.cache
def step_tables() -> tuple[np.ndarray, np.ndarray]:
    """`fold_table` as the kernel wants it.

    Returns:
        steps `[0x110000]` int32: the UTF-8 bytes of the folded code point, or `LONG` and its number where they are
        four, with `WORD` added where it is not a token of its own; DROP, SEPARATOR, or <= MANY;
        many int32: runs of such steps, length first.
    """
    fold, many, letter = fold_table()
    code = np.arange(len(fold))
    last, middle = 0x80 | code & 0x3F, 0x80 | code >> 6 & 0x3F
    of_folded = np.where(code < 0x80, code, 0xC0 | code >> 6 | last << 8)
    of_folded = np.where(code < 0x800, of_folded, 0xE0 | code >> 12 | middle << 8 | last << 16)
    of_folded = np.where(code < 0x10000, of_folded, code | LONG) | np.where(letter, 0, WORD)
    steps = np.where(fold >= 0, of_folded[fold], fold)
    is_length = np.zeros(len(many), np.bool_)
    is_length[MANY - fold[fold <= MANY]] = True
    return steps.astype(np.int32), np.where(is_length, many, of_folded[many]).astype(np.int32)


@intrinsic
def _run_bytes(typingctx, data, place):
    """Bits: which of the 64 bytes from `place` of a `raw` array are not ASCII separators."""

    def codegen(context, builder, signature, args):
        vector = ir.VectorType(ir.IntType(8), 64)

        def splat(value):
            return ir.Constant(vector, [value] * 64)

        def between(values, first, last):
            return builder.icmp_unsigned("<", builder.sub(values, splat(first)), splat(last - first + 1))

        block = builder.load(builder.bitcast(builder.gep(args[0], [args[1]]), vector.as_pointer()))
        block.align = 1
        found = between(builder.or_(block, splat(0x20)), ord("a"), ord("z"))
        for first, last in ((0x80, 0xFF), (ord("0"), ord("9")), *((sign, sign) for sign in _SIGNS)):
            found = builder.or_(found, between(block, first, last))
        return builder.bitcast(found, ir.IntType(64))

    return types.uint64(data, types.int64), codegen


@inner()
def mix64(value):
    """MurmurHash3's finaliser, see `naive.mix64`."""
    value ^= value >> _33
    value *= _M1
    value ^= value >> _33
    value *= _M2
    return value ^ (value >> _33)


@inner()
def _find_runs(data, start, end, edges, odd):
    """Write where each run begins and ends, counted from `start`, and -1 behind them; mark its bytes in `odd`."""
    count, carry, place, block = 0, _ZERO, start, 0
    while place < end:
        bits = _run_bytes(data, place)
        odd[block] = bits & ~letters_and_digits(data, place)
        if end - place < 64:
            bits &= (_ONE << np.uint64(end - place)) - _ONE
        count = write_places(bits ^ ((bits << _ONE) | carry), place - start, edges, count)
        carry = bits >> _LAST
        place += 64
        block += 1
    odd[block] = _ZERO
    if carry != _ZERO:
        edges[count] = end - start
        count += 1
    edges[count] = -1


@inner()
def _is_plain(odd, begin, size):
    """Whether none of `size` bytes from `begin`, 1 to 64, is odd."""
    block, shift = begin >> 6, np.uint64(begin & 63)
    bits = odd[block] >> shift | (odd[block + 1] << _ONE) << (_LAST - shift)
    return bits << (_64 - np.uint64(size)) == _ZERO


@inner()
def _encoded(step):
    """The UTF-8 bytes of a step, the first one the lowest; and how many bits they are."""
    bytes_ = np.uint64(step) & _24_BITS
    if step < LONG:
        return bytes_, _8 << np.uint64(bytes_ > _8_BITS) if bytes_ <= _16_BITS else _24
    code = bytes_
    middle = (_CONTINUES | code >> _12 & _6_BITS) | (_CONTINUES | code >> _6 & _6_BITS) << _8
    return (_LEADS_FOUR | code >> _18) | middle << _8 | (_CONTINUES | code & _6_BITS) << _24, _32


@inner()
def _take(step, word, tokens, count):
    """Take one step that is not DROP: the word that is open after it, and the new number of tokens."""
    is_open, value, block, filled = word
    if step >= 0 and step & WORD:
        encoded, bits = _encoded(step)
        block |= encoded << filled
        filled += bits
        if filled >= _64:
            value = mix64(value ^ block)
            filled -= _64
            block = encoded >> (bits - filled) if filled else _ZERO
        return (True, value, block, filled), count
    if is_open:
        tokens[count] = mix64(value ^ block) if filled else value
        count += 1
    if step >= 0:
        encoded, _ = _encoded(step)
        tokens[count] = mix64(encoded)
        count += 1
    return _NO_WORD, count


@inner()
def _cut_run(data, place, end, steps, many, tokens, count):
    """Append the hashes of the tokens of one run to `tokens`; their new number."""
    word = _NO_WORD
    while place < end:
        code_point, place = decode(data, place)
        step = steps[code_point]
        if not word[0]:
            while SEPARATOR <= step < WORD:  # most of Chinese: characters that are tokens, and marks
                tokens[count] = mix64(np.uint64(step))
                count += step >= 0
                if place >= end:
                    return count
                code_point, place = decode(data, place)
                step = steps[code_point]
        if step <= MANY:
            first = MANY - step
            for at in range(first + 1, first + 1 + many[first]):
                word, count = _take(many[at], word, tokens, count)
        elif step != DROP:
            word, count = _take(step, word, tokens, count)
    return _take(np.int32(SEPARATOR), word, tokens, count)[1]


@inner()
def tokenize(data, start, end, steps, many, room):
    """Write the token hashes of the bytes `start` to `end` to `room.tokens`; their number.

    Args:
        data: `raw`, with `PADDING` bytes behind `end`.
        steps, many: `raw` arrays of `step_tables`.
        room: from `new_room`; `windows` is used as scratch.
    """
    edges, odd, tokens, longer = raw(room.edges), raw(room.odd), raw(room.tokens), raw(room.windows)
    _find_runs(data, start, end, edges, odd)
    count, edge, num_longer = 0, 0, 0
    begin = edges[edge]
    while begin >= 0:
        while begin >= 0:  # plain words as long as they come
            size = edges[edge + 1] - begin
            if size > 64 or not _is_plain(odd, begin, size):
                break
            edge += 2
            tokens[count] = mix64(first_bytes(load8(data, start + begin) | CASE, size))
            longer[num_longer], longer[num_longer + 1] = count, edge
            num_longer += 2 * (size > 8)
            count += 1
            begin = edges[edge]
        if begin >= 0:
            count = _cut_run(data, start + begin, start + edges[edge + 1], steps, many, tokens, count)
            edge += 2
            begin = edges[edge]
    for i in range(0, num_longer, 2):  # later, since which words are long can't be foreseen
        token, edge = np.int64(longer[i]), np.int64(longer[i + 1])
        place, stop = start + edges[edge - 2] + 8, start + edges[edge - 1]
        while place < stop:
            tokens[token] = mix64(tokens[token] ^ first_bytes(load8(data, place) | CASE, stop - place))
            place += 8
    return count
