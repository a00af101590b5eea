"""Candidate edges: documents that share a band key, as a star around the smallest document number.

A key with k documents gives k - 1 edges and no list, so a template with a million members costs as much as a million
unrelated documents.

Most keys have one document. Those are left out before anything is sorted: every key sets a bit in a table of 16 bits a
key, and where the bit was set already, a second one, so only a key whose second bit is set, or one in about thirty
others, is copied and sorted. Memory: 4 bytes a key, and 24 for each that is copied.
"""

import numpy as np

from corpus.kernels.jit import inner, kernel

_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing
_ONE, _6, _63 = np.uint64(1), np.uint64(6), np.uint64(63)
_BITS_A_KEY = 16


def star_edges(keys: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Edges (smallest document of the key, other document), sorted and distinct.

    Args:
        keys: `[M]` uint64 band keys, or `[M, K]`: a document's keys are a row. A document may stand in several rows.
        documents: `[M]` int64 dense document numbers.

    Returns:
        `[E, 2]` int64, first < second.
    """
    assert len(keys) == len(documents), (keys.shape, documents.shape)
    keys = keys[:, None] if keys.ndim == 1 else keys
    bits = max(6, (keys.size * _BITS_A_KEY - 1).bit_length()) if keys.size else 6
    met, met_again = np.zeros((2, 1 << bits - 6), np.uint64)
    num = _meet(keys, met, met_again, np.uint64(64 - bits))
    shared, members = np.empty(num, np.uint64), np.empty(num, np.int64)
    _take(keys, documents, met_again, np.uint64(64 - bits), shared, members)
    del met, met_again
    order = np.argsort(shared)
    edges = np.empty((num, 2), np.int64)
    edges = edges[: _edges(shared, members, order, edges)]
    return np.unique(edges, axis=0) if len(edges) else edges


@inner()
def _bit(key, shift):
    """Where a key's bit stands: the word of the table, and the word's bit."""
    place = (key * _MIX) >> shift
    return np.int64(place >> _6), _ONE << (place & _63)


@kernel()
def _meet(keys, met, met_again, shift):
    """Set the bits of all keys; returns how many keys there are whose second bit is set in the end."""
    for row in range(len(keys)):
        for column in range(keys.shape[1]):
            word, bit = _bit(keys[row, column], shift)
            met_again[word] |= met[word] & bit
            met[word] |= bit
    count = 0
    for row in range(len(keys)):
        for column in range(keys.shape[1]):
            word, bit = _bit(keys[row, column], shift)
            count += met_again[word] & bit != 0
    return count


@kernel()
def _take(keys, documents, met_again, shift, shared, members):
    """Copy the keys whose second bit is set, and their documents."""
    count = 0
    for row in range(len(keys)):
        for column in range(keys.shape[1]):
            word, bit = _bit(keys[row, column], shift)
            if met_again[word] & bit:
                shared[count], members[count] = keys[row, column], documents[row]
                count += 1


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
