"""Many bytes at a time: a load of eight from anywhere in a buffer, masks of bytes, and what 64 bytes are.

Both read so many bytes wherever they stand: `PADDING` bytes that may be read must lie behind the last document.
Little-endian, as every machine is that numba runs on in practice; checked at import.
"""

import functools
import sys

import numpy as np
from llvmlite import ir
from numba import types

from corpus.kernels.jit import inner, intrinsic

assert sys.byteorder == "little", sys.byteorder

CASE = np.uint64(0x2020202020202020)
_ZERO = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_LANES = PADDING = 64
_AT_ONCE = 16
PLACES_SLACK = 64
_ONE = np.uint64(1)


@intrinsic
def load8(typingctx, data, place):
    """The eight bytes from `place` of a `raw` array as a little-endian uint64."""

    def codegen(context, builder, signature, args):
        value = builder.load(builder.bitcast(builder.gep(args[0], [args[1]]), ir.IntType(64).as_pointer()))
        value.align = 1
        return value

    return types.uint64(data, types.int64), codegen


def _where(condition):
    """An intrinsic: for which of the 64 bytes from a place of a `raw` array `condition` holds, as bits."""

    @intrinsic
    def where(typingctx, data, place):
        def codegen(context, builder, signature, args):
            vector = ir.VectorType(ir.IntType(8), _LANES)

            def between(values, first, count):
                first, count = (ir.Constant(vector, [value] * _LANES) for value in (first, count))
                return builder.icmp_unsigned("<", builder.sub(values, first), count)

            block = builder.load(builder.bitcast(builder.gep(args[0], [args[1]]), vector.as_pointer()))
            block.align = 1
            lowered = builder.or_(block, ir.Constant(vector, [0x20] * _LANES))
            return builder.bitcast(condition(builder, between, block, lowered), ir.IntType(_LANES))

        return types.uint64(data, types.int64), codegen

    return where


def _one_of(characters):
    """A condition of `_where`: one of these ASCII characters, range by range."""
    codes = sorted(map(ord, characters))
    firsts = [code for code in codes if code - 1 not in codes]
    counts = [next(count for count in range(1, 129) if first + count not in codes) for first in firsts]

    def condition(builder, between, block, lowered):
        found = (between(block, first, count) for first, count in zip(firsts, counts, strict=True))
        return functools.reduce(builder.or_, found)

    return condition


def places_of(characters):
    """An intrinsic: which of the 64 bytes from a place of a `raw` array are one of these ASCII characters, as bits."""
    return _where(_one_of(characters))


# Each takes a `raw` array and a place and says with bits which of the 64 bytes from there are so.
letters_and_digits = _where(
    lambda builder, between, block, lowered: builder.or_(between(lowered, ord("a"), 26), between(block, ord("0"), 10))
)
capitals = _where(lambda builder, between, block, lowered: between(block, ord("A"), 26))
continuations = _where(lambda builder, between, block, lowered: between(block, 0x80, 0x40))  # 10xxxxxx of UTF-8


@intrinsic
def count_trailing_zeros(typingctx, value):
    """Of a uint64; 64 of 0."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), codegen


@intrinsic
def count_leading_zeros(typingctx, value):
    """Of a uint64; 64 of 0."""

    def codegen(context, builder, signature, args):
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), codegen


@intrinsic
def count_ones(typingctx, value):
    """Bits set in a uint64."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen


@inner()
def first_bytes(block, count):
    """The first `count` bytes of a block, all from 8 on, the others 0; `count` is 1 or more."""
    return block & (_ALL >> np.uint64(64 - 8 * min(count, 8)))


@inner()
def first_bits_of(bits, count):
    """The lowest `count` bits, all from 64 on; `count` is 1 or more."""
    return bits & (_ALL >> np.uint64(64 - min(count, 64)))


@inner()
def only_if(condition):
    """A mask of all bits, or none: for choices without a branch where the text makes them hard to predict."""
    return _ZERO - np.uint64(condition)


@inner()
def write_places(bits, first, places, count):
    """Write `first` plus the place of each bit that is set behind `places[:count]`; returns how many there are now.

    They are written in groups, so up to `PLACES_SLACK` entries behind the last are overwritten.
    """
    here = count
    count += np.int64(count_ones(bits))
    while here < count:
        for at in range(_AT_ONCE):
            places[here + at] = first + np.int64(count_trailing_zeros(bits))
            bits &= bits - _ONE
        here += _AT_ONCE
    return count
