"""Which of many sets can't be similar enough to a set, told from 1,024 bits of each without looking at the hashes.

Bitmap filter (Sandes, Teodoro, Melo 2020, https://doi.org/10.1016/j.is.2019.101449): every hash of a set sets a bit of
its bitmap. A hash that two sets share sets the same bit in both, so a bit that only one has stands for a hash that only
one has, and sets whose bitmaps differ in more bits than the sets may differ in are not compared. Exact: nothing that
reaches the threshold is left out.

What this is for is pages of one template that share a few of their facts: they meet in the prefix index, a thousand
others each, and are far from similar. A look at a bitmap is 16 words where a comparison is hundreds of hashes. In sets
of more than some 1,000 hashes nearly all bits are set, and nothing is told apart. Memory: 128 bytes a set, touched
only where a set meets many.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from corpus.dedup.compare import JACCARD, least_overlap
from corpus.kernels.jit import inner, kernel
from corpus.kernels.swar import count_ones

_WORDS = 16
_ONE, _6, _63 = np.uint64(1), np.uint64(6), np.uint64(63)
_LAST_WORD = np.uint64(_WORDS - 1)


class Bitmaps(NamedTuple):
    """Bitmaps of the sets `members`, by their number there, each drawn when it is first asked for."""

    bits: np.ndarray  # [N, _WORDS] uint64
    drawn: np.ndarray  # [N] bool


@njit(cache=True, nogil=True)
def new_bitmaps(num):
    """Bitmaps of `num` sets, none of them drawn."""
    return Bitmaps(np.empty((num, _WORDS), np.uint64), np.zeros(num, np.bool_))


@inner()
def _draw(bitmaps, number, hashes, begin, end):
    if bitmaps.drawn[number]:
        return
    bitmaps.drawn[number] = True
    bits = bitmaps.bits
    for word in range(_WORDS):
        bits[number, word] = 0
    for at in range(begin, end):
        place = hashes[at]
        bits[number, place >> _6 & _LAST_WORD] |= _ONE << (place & _63)


@kernel()
def those_in_reach(bitmaps, number, others, num_others, hashes, offsets, members, rule):
    """Leave of `others[:num_others]` those that the set may be similar enough to; returns how many.

    Args:
        bitmaps: of the sets `members`.
        number, others: of the set that may go, and of those that stay, in `members`.
    """
    begin, end = offsets[members[number]], offsets[members[number] + 1]
    _draw(bitmaps, number, hashes, begin, end)
    size, threshold, bits, count = end - begin, rule.threshold, bitmaps.bits, 0
    for i in range(num_others):
        other = others[i]
        other_begin, other_end = offsets[members[other]], offsets[members[other] + 1]
        _draw(bitmaps, other, hashes, other_begin, other_end)
        only_here, only_there = 0, 0
        for word in range(_WORDS):
            here, there = bits[number, word], bits[other, word]
            only_here += np.int64(count_ones(here & ~there))
            only_there += np.int64(count_ones(there & ~here))
        others[count] = other
        if rule.measure == JACCARD:
            other_size = other_end - other_begin
            most = size + other_size - 2 * least_overlap(size, other_size, threshold)
            count += only_here + only_there <= most
        else:
            count += only_here <= size - math.ceil(threshold * size - 1e-6)
    return count
