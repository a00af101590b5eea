"""Where terms may begin, in 56 bytes at a time: a mask with few bits set.

Comparisons of vectors make masks of 64 bytes, so that the 8 bytes from each of the first 56 places on are known. The
places left (the beginnings of words, and every character beyond ASCII) are asked of the tables of `beginnings.py`
without a branch: text is full of words that begin almost as a term does, and a branch on each answer would cost more
than the answers.

Price: about 0.8 ns a byte in English, 1.3 in Chinese, most of it for the loops over places.
"""

import functools

import numpy as np
from llvmlite import ir
from numba import types

from corpus.kernels.jit import inner
from corpus.kernels.swar import count_trailing_zeros, intrinsic, load8
from corpus.kernels.terms.beginnings import FACTOR, FOURS_BITS

STEP = 56

_LANES = 64
_0, _1, _2, _3, _6, _7, _8, _16, _24 = (np.uint64(number) for number in (0, 1, 2, 3, 6, 7, 8, 16, 24))
_40, _48, _56, _63 = (np.uint64(number) for number in (40, 48, 56, 63))
_FIVE_BITS, _BYTE, _FOUR_BYTES = np.uint64(0x1F), np.uint64(0xFF), np.uint64(0xF0)
_FIVE_BITS_OF_FOUR = np.uint64(0x1F1F1F1F)
_SMALL = np.uint64(0x2020202020202020)
_FACTOR = np.uint64(FACTOR)
_FOURS_SHIFT = np.uint64(64 - FOURS_BITS)
_PLACES, _LAST = np.uint64((1 << STEP) - 1), np.uint64(STEP - 1)


@intrinsic
def _masks(typingctx, data, place):
    """Masks of the 64 bytes from `place` of a `raw` array, the first byte the lowest bit.

    Returns:
        seven uint64: ASCII letters and digits; other ASCII but for the space; first bytes of characters beyond ASCII;
        those of three bytes; those of HAN; ODD bytes; first bytes of what is PLAIN.
    """
    result = types.UniTuple(types.uint64, 7)

    def codegen(context, builder, signature, args):
        word, vector = ir.IntType(64), ir.VectorType(ir.IntType(8), _LANES)
        block = builder.load(builder.bitcast(builder.gep(args[0], [args[1]]), vector.as_pointer()))
        block.align = 1

        def splat(value):
            return ir.Constant(vector, [value] * _LANES)

        def mask(lanes):
            return builder.bitcast(lanes, word)

        def equal(value):
            return mask(builder.icmp_unsigned("==", block, splat(value)))

        def between(first, end, values=block):
            return mask(builder.icmp_unsigned("<", builder.sub(values, splat(first)), splat(end - first)))

        def ahead(places, found):
            return builder.lshr(found, ir.Constant(word, places))

        def both(*found):
            return functools.reduce(builder.and_, found)

        def either(*found):
            return functools.reduce(builder.or_, found)

        ascii_, han, apostrophe = between(0, 0x80), between(0xE4, 0xEA), equal(ord("'"))
        alnum = either(between(0x61, 0x7B, builder.or_(block, splat(0x20))), between(0x30, 0x3A))
        punctuation = both(equal(0xE3), ahead(1, equal(0x80)), ahead(2, between(0x80, 0xAA)))
        full_width = both(equal(0xEF), ahead(1, equal(0xBC)), builder.not_(ahead(2, equal(0x87))))
        masks = [
            alnum,
            both(ascii_, builder.not_(either(alnum, equal(0x20)))),
            mask(builder.icmp_unsigned(">=", block, splat(0xC0))),
            between(0xE0, 0xF0),
            han,
            either(mask(builder.icmp_signed("<", block, splat(0x20))), apostrophe),  # signed: with all beyond ASCII
            either(both(ascii_, builder.not_(apostrophe)), han, punctuation, full_width),
        ]
        return context.make_tuple(builder, result, masks)

    return result(data, types.int64), codegen


@inner(forceinline=True)
def _bit(bitmap, slot):
    return bitmap[slot >> _6] >> (slot & _63) & _1


@inner(forceinline=True)
def _fours(data, at, places, fours):
    """Those of the places from byte `at` on whose first four bytes, taken for ASCII, may begin a term."""
    found = _0
    while places:
        place = count_trailing_zeros(places)
        places &= places - _1
        block = load8(data, at + np.int64(place))
        found |= _bit(fours, (block & _FIVE_BITS_OF_FOUR) * _FACTOR >> _FOURS_SHIFT) << place
    return found


@inner(forceinline=True)
def _words(data, at, places, odd, rows, slots, shift):
    """Those of the places of ASCII where a term may begin."""
    found = _0
    while places:
        place = count_trailing_zeros(places)
        places &= places - _1
        block = load8(data, at + np.int64(place))
        row = np.uint64(rows[(block & _FIVE_BITS) << _8 | block >> _8 & _BYTE])
        unused = row & _63
        key = (block | _SMALL) << unused
        hit = _bit(slots, key * _FACTOR >> shift) | np.uint64(odd >> place << _56 << (unused >> _3) != _0)
        found |= (hit & row >> _7) << place
    return found


@inner(forceinline=True)
def _threes(data, at, places, pairs, short, slots, shift):
    """Those of the places with a character of three bytes where a term may begin.

    Args:
        pairs: where the key is that character and the one behind it.
        short: those of `pairs` where that one is ASCII.
    """
    found = _0
    while places:
        place = count_trailing_zeros(places)
        places &= places - _1
        unused = _40 - (pairs >> place & _1) * _24 + (short >> place & _1) * _16
        key = load8(data, at + np.int64(place)) << unused
        found |= _bit(slots, key * _FACTOR >> shift) << place
    return found


@inner(forceinline=True)
def _others(data, at, places, slots, shift):
    """Those of the places with a character of two or four bytes where a term may begin."""
    found = _0
    while places:
        place = count_trailing_zeros(places)
        places &= places - _1
        block = load8(data, at + np.int64(place))
        key = block << _48 - _16 * np.uint64(block & _BYTE >= _FOUR_BYTES)
        found |= _bit(slots, key * _FACTOR >> shift) << place
    return found


@inner(forceinline=True)
def may_begin(data, at, end, carry, fours, rows, slots, shift, pairs, marks):
    """Where from byte `at` on, before `end` and in `STEP` bytes at most, terms may begin.

    Args:
        data: `raw`, with `PADDING` bytes behind `end`.
        carry: 1 if the byte before `at` is of the same text and an ASCII letter or digit, else 0.
        fours, rows, slots, pairs, marks: see `beginnings.py`.
        shift: what brings a hash down to the size of `slots`.

    Returns:
        uint64 mask, and `carry` for the block behind.
    """
    alnum, other, leads, threes, han, odd, plain = _masks(data, at)
    inside = _PLACES if end - at >= STEP else (_1 << np.uint64(end - at)) - _1
    places = alnum & ~(alnum << _1 | carry)
    if marks:
        places |= other
    places &= inside
    places = _fours(data, at, places, fours) | places & (odd >> _1 | odd >> _2 | odd >> _3)
    found = _words(data, at, places, odd, rows, slots, shift)
    if leads & inside:
        two = han & plain >> _3 if pairs else _0
        short = two & ~(leads >> _3)
        leads &= inside
        threes &= leads
        found |= _threes(data, at, threes, two, short, slots, shift)
        if leads != threes:
            found |= _others(data, at, leads & ~threes, slots, shift)
    return found, alnum >> _LAST & _1
