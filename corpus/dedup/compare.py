"""How similar two sets of shingle hashes are, exactly, given up early where it is surely too little.

`jaccard` is |A and B| / |A or B|; `containment` is |A and B| / |A|, the share of A that B has as well, where A is the
document that may go and B the one that stays.

A set is a sorted run of distinct hashes, so what has been merged so far is a random sample of the union (a bottom-k
sketch, Beyer et al. 2007) and of either set. A merge ends early when too few hashes are left for the threshold, and
when the sample is 4.5 standard deviations below it: a pair that reaches the threshold is lost to that once in about
10^5 times. What is returned is never an estimate, but for documents of more than `MOST_HASHES` different shingles: of
those the smallest hashes are kept, and an estimate counts only if it is as far above the threshold.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from corpus.kernels.jit import kernel

MOST_HASHES = 1 << 16
_DEVIATIONS = 4.5
_BETWEEN_LOOKS = 64
JACCARD, CONTAINMENT = 0, 1
MEASURES = {"jaccard": JACCARD, "containment": CONTAINMENT}


class Rule(NamedTuple):
    """When two documents are duplicates."""

    threshold: float
    measure: int = JACCARD


def bounded_sets(hashes: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sets of `corpus.kernels.shingle.shingle_sets`, of each the `MOST_HASHES` smallest hashes at most."""
    sizes = np.diff(offsets)
    if not len(sizes) or sizes.max() <= MOST_HASHES:
        return hashes, offsets
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes)
    bounds = np.concatenate([[0], np.cumsum(np.minimum(sizes, MOST_HASHES))])
    return hashes[place < MOST_HASHES], bounds


def joined_sets(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The sets of several batches of `shingle_sets` behind each other, each cut as `bounded_sets` does."""
    sets = [bounded_sets(*batch) for batch in batches]
    if len(sets) == 1:
        return sets[0]
    hashes = [np.zeros(0, np.uint64), *(some for some, _ in sets)]
    sizes = [np.zeros(1, np.int64), *(np.diff(offsets) for _, offsets in sets)]
    return np.concatenate(hashes), np.cumsum(np.concatenate(sizes))


@kernel()
def least_overlap(size_a, size_b, threshold):
    """How many hashes two sets of these sizes share at least, if their Jaccard reaches the threshold."""
    return math.ceil(threshold / (1 + threshold) * (size_a + size_b) - 1e-6)


@kernel()
def jaccard(hashes, a, a_end, b, b_end, threshold):
    """Jaccard of `hashes[a:a_end]` and `hashes[b:b_end]`, 0.0 where it does not reach the threshold."""
    size_a, size_b = a_end - a, b_end - b
    if size_a == 0 or size_b == 0:
        return 0.0
    is_sample = size_a == MOST_HASHES or size_b == MOST_HASHES
    if not is_sample and min(size_a, size_b) < least_overlap(size_a, size_b, threshold):
        return 0.0
    can_miss = size_a + size_b - 2 * least_overlap(size_a, size_b, threshold)
    spread = _DEVIATIONS * math.sqrt(threshold * (1 - threshold))
    both, union = 0, 0
    while a < a_end and b < b_end:
        stop = union + _BETWEEN_LOOKS
        while a < a_end and b < b_end and union < stop:
            x, y = hashes[a], hashes[b]
            both += x == y
            a += x <= y
            b += y <= x
            union += 1
        if union - both > can_miss and not is_sample:
            return 0.0
        if both < threshold * union - spread * math.sqrt(union):
            return 0.0
    if is_sample:  # a cut set is known up to its last hash only, so the other one counts up to there
        union += a_end - a if size_b < MOST_HASHES else 0
        union += b_end - b if size_a < MOST_HASHES else 0
        return both / union if both >= threshold * union + spread * math.sqrt(union) else 0.0
    value = both / (size_a + size_b - both)
    return value if value >= threshold else 0.0


@kernel()
def containment(hashes, a, a_end, b, b_end, threshold):
    """The share of `hashes[a:a_end]` that is in `hashes[b:b_end]`, 0.0 where it does not reach the threshold."""
    size_a, size_b, first = a_end - a, b_end - b, a
    if size_a == 0 or size_b == 0:
        return 0.0
    a_is_sample, b_is_sample = size_a == MOST_HASHES, size_b == MOST_HASHES
    is_sample = a_is_sample or b_is_sample
    least = math.ceil(threshold * size_a - 1e-6)
    if not is_sample and size_b < least:
        return 0.0
    spread = _DEVIATIONS * math.sqrt(threshold * (1 - threshold))
    both = 0
    while a < a_end and b < b_end:
        stop = a + _BETWEEN_LOOKS
        while a < a_end and b < b_end and a < stop:
            x, y = hashes[a], hashes[b]
            both += x == y
            a += x <= y
            b += y <= x
        seen = a - first
        if seen - both > size_a - least and not is_sample:
            return 0.0
        if both < threshold * seen - spread * math.sqrt(seen):
            return 0.0
    seen = a - first if b_is_sample else size_a  # what a cut B has behind its last hash is not known
    if a_is_sample or seen < size_a:
        return both / seen if both >= threshold * seen + spread * math.sqrt(seen) and seen else 0.0
    return both / size_a if both >= least else 0.0


@kernel()
def similarity(hashes, a, a_end, b, b_end, rule):
    """What `rule` measures of a document that may go and one that stays, 0.0 below the threshold."""
    if rule.measure == JACCARD:
        return jaccard(hashes, a, a_end, b, b_end, rule.threshold)
    return containment(hashes, a, a_end, b, b_end, rule.threshold)
