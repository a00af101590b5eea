"""Many bytes at a time: a load of eight from anywhere in a buffer, masks of bytes, and what 64 bytes are.

Both read so many bytes wherever they stand: `PADDING` bytes that may be read must lie behind the last document.
"SIMD within a register": in every mask the high bit of each byte is the answer. Little-endian, as every machine is
that numba runs on in practice; checked at import.
"""

import sys

import numpy as np
from llvmlite import ir
from numba import types

from corpus.kernels.jit import inner, intrinsic

assert sys.byteorder == "little", sys.byteorder

HIGH = np.uint64(0x8080808080808080)
_LOW7 = np.uint64(0x7F7F7F7F7F7F7F7F)
_ONES = 0x0101010101010101
CASE = np.uint64(0x20 * _ONES)
_ZERO = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_LANES = PADDING = 64


def _at_least(byte: str) -> np.uint64:
    return np.uint64((0x80 - ord(byte)) * _ONES)


def _above(byte: str) -> np.uint64:
    return np.uint64((0x7F - ord(byte)) * _ONES)


_GE_A, _GT_Z = _at_least("A"), _above("Z")


@intrinsic
def load8(typingctx, data, place):
    """The eight bytes from `place` of a `raw` array as a little-endian uint64."""

    def codegen(context, builder, signature, args):
        value = builder.load(builder.bitcast(builder.gep(args[0], [args[1]]), ir.IntType(64).as_pointer()))
        value.align = 1
        return value

    return types.uint64(data, types.int64), codegen


@intrinsic
def letters_and_digits(typingctx, data, place):
    """Bits: which of the 64 bytes from `place` of a `raw` array are ASCII letters or digits."""

    def codegen(context, builder, signature, args):
        vector = ir.VectorType(ir.IntType(8), _LANES)

        def between(values, first, count):
            first, count = (ir.Constant(vector, [value] * _LANES) for value in (ord(first), count))
            return builder.icmp_unsigned("<", builder.sub(values, first), count)

        block = builder.load(builder.bitcast(builder.gep(args[0], [args[1]]), vector.as_pointer()))
        block.align = 1
        letter = between(builder.or_(block, ir.Constant(vector, [0x20] * _LANES)), "a", 26)
        return builder.bitcast(builder.or_(letter, between(block, "0", 10)), ir.IntType(64))

    return types.uint64(data, types.int64), codegen


@intrinsic
def count_trailing_zeros(typingctx, value):
    """Of a uint64; 64 of 0."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), codegen


@intrinsic
def count_ones(typingctx, value):
    """Bits set in a uint64."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen


@inner()
def capitals_of(block):
    """Mask of A to Z."""
    low = block & _LOW7
    return (low + _GE_A) & ~(low + _GT_Z) & ~block & HIGH


@inner()
def continuations(block):
    """Mask of UTF-8 continuation bytes, 10xxxxxx."""
    return block & ~(block << np.uint64(1)) & HIGH


@inner()
def first_bytes(block, count):
    """The first `count` bytes of a block, all from 8 on, the others 0; `count` is 1 or more."""
    return block & (_ALL >> np.uint64(64 - 8 * min(count, 8)))


@inner()
def only_if(condition):
    """A mask of all bits, or none: for choices without a branch where the text makes them hard to predict."""
    return _ZERO - np.uint64(condition)
