"""One look at the bytes of a line: its hash, its code points, its capitals."""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.swar import capitals, continuations, count_ones, first_bits_of, first_bytes, load8

_BASIS, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x9FB21C651E98DF25)
_HALF = np.uint64(32)


@inner()
def _mixed(hashed, block):
    hashed = (hashed ^ block) * PRIME
    return hashed ^ (hashed >> _HALF)


@inner()
def hash_of(data, begin, end):
    """64 bits of these bytes, eight at a time in two chains, which don't wait for each other."""
    odd, even = _BASIS, _BASIS ^ np.uint64(end - begin)
    while begin + 16 <= end:
        even, odd = _mixed(even, load8(data, begin)), _mixed(odd, load8(data, begin + 8))
        begin += 16
    if begin < end:
        even = _mixed(even, first_bytes(load8(data, begin), end - begin))
    if begin + 8 < end:
        odd = _mixed(odd, first_bytes(load8(data, begin + 8), end - begin - 8))
    return _mixed(odd, even)


@inner()
def look_at(data, begin, end):
    """How many code points these bytes are, and how many of them A to Z: 64 at a time."""
    chars, num_capitals = end - begin, 0
    while begin < end:
        chars -= np.int64(count_ones(first_bits_of(continuations(data, begin), end - begin)))
        num_capitals += np.int64(count_ones(first_bits_of(capitals(data, begin), end - begin)))
        begin += 64
    return chars, num_capitals
