"""Candidate edges: documents that share a band key, as a star around the smallest document number.

A key with k documents gives k - 1 edges and no list, so a template with a million members costs as much as a million
unrelated documents.

Most keys have one document; those are left out before anything is sorted (`rows_met_again`). Memory: 4 bytes a key, and
32 for each of the others.
"""

import numpy as np

from corpus.dedup.met_again import rows_met_again
from corpus.kernels.jit import kernel


def star_edges(keys: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Edges (smallest document of the key, other document), sorted and distinct.

    Args:
        keys: `[M]` uint64 band keys, or `[M, K]`: a document's keys are a row. A document may stand in several rows.
        documents: `[M]` int64 dense document numbers.

    Returns:
        `[E, 2]` int64, first < second.
    """
    assert len(keys) == len(documents), (keys.shape, documents.shape)
    width = 1 if keys.ndim == 1 else keys.shape[1]
    flat = keys.ravel()
    rows = rows_met_again(flat)
    shared, members = flat[rows], documents[rows // width]
    edges = np.empty((len(rows), 2), np.int64)
    edges = edges[: _edges(shared, members, np.argsort(shared), edges)]
    edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]
    is_new = np.ones(len(edges), np.bool_)
    is_new[1:] = (edges[1:] != edges[:-1]).any(axis=1)
    return edges[is_new]


@kernel()
def _edges(keys, documents, order, edges):
    """Write the star of each key of `keys[order]`, which are sorted; the number of edges."""
    count, first = 0, 0
    while first < len(order):
        end, least = first, documents[order[first]]
        while end < len(order) and keys[order[end]] == keys[order[first]]:
            least = min(least, documents[order[end]])
            end += 1
        for i in range(first, end):
            if documents[order[i]] != least:
                edges[count, 0], edges[count, 1] = least, documents[order[i]]
                count += 1
        first = end
    return count
