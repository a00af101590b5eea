"""From candidate components to removals that can be trusted.

Documents of a component are taken from the best to the worst. Each is compared, by the exact Jaccard of its shingle
set, with the documents already kept: it is removed for the most similar of them if that reaches the threshold, and
otherwise it is kept itself. So no document is removed unless a *kept* document is similar enough, chains do not merge,
and true pairs inside a chained component are still found.

Price: one merge of two sorted arrays for each (document, kept document) pair whose sizes allow the threshold; a
component of k documents that are all kept costs k^2 / 2 of them.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit


@dataclass(frozen=True)
class Removals:
    """One row a removed document, sorted by `removed`.

    Attributes:
        removed, kept: `[R]` int64 positions in the arrays given.
        jaccard: `[R]` float64, at least the threshold.
        cluster_size: `[N]` int32 for every document given: documents in its group, itself counted.
    """

    removed: np.ndarray
    kept: np.ndarray
    jaccard: np.ndarray
    cluster_size: np.ndarray


def verify_components(
    component: np.ndarray,
    rank: np.ndarray,
    exact: np.ndarray,
    hashes: np.ndarray,
    offsets: np.ndarray,
    threshold: float,
) -> Removals:
    """Decide which documents of candidate components are duplicates of a better one.

    Args:
        component: `[N]` int64, documents with the same value are candidates of each other.
        rank: `[N]` int64, distinct; the lower of two duplicates is kept.
        exact: `[N, 2]` uint64 keys (`corpus.kernels.shingle.exact_keys`): where equal, the Jaccard is 1 unseen.
        hashes, offsets: sorted distinct shingle hashes of each document (`corpus.kernels.shingle.shingle_sets`).
        threshold: least exact Jaccard of a removal.
    """
    order = np.lexsort((rank, component))
    kept_for, jaccard = _verify(component, order, exact, hashes, offsets, threshold)
    group = np.where(kept_for >= 0, kept_for, np.arange(len(component)))
    size = np.bincount(group, minlength=len(component)).astype(np.int32)[group]
    removed = np.flatnonzero(kept_for >= 0)
    return Removals(removed, kept_for[removed], jaccard[removed], size)


@njit(cache=True, nogil=True)
def _jaccard(hashes, a, a_end, b, b_end, threshold):
    size_a = a_end - a
    size_b = b_end - b
    if size_a == 0 or size_b == 0:
        return 0.0
    if min(size_a, size_b) / max(size_a, size_b) < threshold:
        return 0.0
    both = 0
    while a < a_end and b < b_end:
        if hashes[a] == hashes[b]:
            both += 1
            a += 1
            b += 1
        elif hashes[a] < hashes[b]:
            a += 1
        else:
            b += 1
    return both / (size_a + size_b - both)


@njit(cache=True, nogil=True)
def _verify(component, order, exact, hashes, offsets, threshold):
    kept_for = np.full(len(order), -1, np.int64)
    jaccard = np.zeros(len(order), np.float64)
    keepers = np.empty(len(order), np.int64)
    num_keepers = 0
    for i in range(len(order)):
        document = order[i]
        if i == 0 or component[document] != component[order[i - 1]]:
            num_keepers = 0
        best = 0.0
        for k in range(num_keepers):
            keeper = keepers[k]
            if exact[document, 0] == exact[keeper, 0] and exact[document, 1] == exact[keeper, 1]:
                value = 1.0
            else:
                value = _jaccard(
                    hashes,
                    offsets[document],
                    offsets[document + 1],
                    offsets[keeper],
                    offsets[keeper + 1],
                    threshold,
                )
            if value >= threshold and value > best:
                best = value
                kept_for[document] = keeper
                if value == 1.0:
                    break
        if kept_for[document] < 0:
            keepers[num_keepers] = document
            num_keepers += 1
        else:
            jaccard[document] = best
    return kept_for, jaccard
