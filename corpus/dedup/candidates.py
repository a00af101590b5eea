"""Candidate edges: documents that share a band key, as a star around the smallest document number.

A key with k documents gives k - 1 edges and no list, so a template with a million members costs as much as a million
unrelated documents.
"""

import numpy as np
from numba import njit


def star_edges(keys: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Edges (smallest document of the key, other document), sorted and distinct.

    Args:
        keys: `[M]` uint64 band keys; a document may stand in several rows.
        documents: `[M]` int64 dense document numbers.

    Returns:
        `[E, 2]` int64, first < second.
    """
    order = np.lexsort((documents, keys))
    edges = _edges(keys[order], documents[order])
    return np.unique(edges, axis=0) if len(edges) else edges


@njit(cache=True, nogil=True)
def _edges(keys, documents):
    edges = np.empty((len(keys), 2), np.int64)
    count = 0
    first = 0
    for i in range(1, len(keys)):
        if keys[i] != keys[first]:
            first = i
        elif documents[i] != documents[first]:
            edges[count, 0] = documents[first]
            edges[count, 1] = documents[i]
            count += 1
    return edges[:count].copy()
