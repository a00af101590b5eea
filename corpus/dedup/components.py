"""Connected components of candidate edges: union-find over dense document numbers, 8 bytes a document.

Path halving (Tarjan and van Leeuwen 1984), and the smaller number is always the root, so the result does not depend on
the order of the edges.
"""

from collections.abc import Iterable

import numpy as np
from numba import njit


def components(num_documents: int, edges: Iterable[np.ndarray]) -> np.ndarray:
    """The smallest document number of each document's component.

    Args:
        num_documents: documents are numbered from 0 to this.
        edges: blocks of `[E, 2]` int64, consumed one at a time.

    Returns:
        roots `[num_documents]` int64.
    """
    parent = np.arange(num_documents, dtype=np.int64)
    for block in edges:
        _union(parent, block)
    _flatten(parent)
    return parent


@njit(cache=True, nogil=True)
def _find(parent, x):
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x


@njit(cache=True, nogil=True)
def _union(parent, edges):
    for i in range(len(edges)):
        a = _find(parent, edges[i, 0])
        b = _find(parent, edges[i, 1])
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b


@njit(cache=True, nogil=True)
def _flatten(parent):
    for x in range(len(parent)):
        parent[x] = _find(parent, x)
