"""Candidate edges: documents that share a band key, as a star around the smallest document number.

A key with k documents gives k - 1 edges and no list, so a template with a million members costs as much as a million
unrelated documents.

Nothing is sorted. Most keys have one document and are left out first (`rows_met_again`). The others are taken in the
order of their documents, so the first document met of a key is its smallest, and a hash table from the key to it is all
that is needed; where many keys tie a document to the same other one, a stamp tells that this edge is written. Memory: 4
bytes a key, and for each of the others 30 to 36, and 16 an edge.
"""

import numpy as np

from corpus.dedup.met_again import rows_met_again
from corpus.kernels.jit import kernel
from corpus.kernels.mixing import GOLDEN_RATIO

_MIX = np.uint64(GOLDEN_RATIO)


def star_edges(keys: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Edges (smallest document of the key, other document), distinct, in the order of the other one, then the smallest.

    Args:
        keys: `[M]` uint64 band keys, or `[M, K]`: a document's keys are a row. A document may stand in several rows, as
            long as it has tens of keys, not thousands.
        documents: `[M]` int64 dense document numbers; cheapest where they ascend.

    Returns:
        `[E, 2]` int64, first < second.
    """
    assert len(keys) == len(documents), (keys.shape, documents.shape)
    width = 1 if keys.ndim == 1 else keys.shape[1]
    flat = keys.ravel()
    rows = rows_met_again(flat)
    members = documents[rows // width]
    if (members[1:] < members[:-1]).any():
        order = np.argsort(members, kind="stable")
        rows, members = rows[order], members[order]
    edges = np.empty((len(rows), 2), np.int64)
    bits = max(1, (len(rows) * 5 // 4).bit_length())  # a fifth of the table stays free
    scratch = np.int32 if len(rows) < 1 << 31 else np.int64
    table, begins, tied = np.full(1 << bits, -1, scratch), np.empty(len(rows), scratch), np.full(len(rows), -1, scratch)
    count = _edges(flat, rows, members, table, np.uint64(64 - bits), begins, tied, edges)
    edges.resize((count, 2), refcheck=False)
    return edges


@kernel()
def _edges(keys, rows, members, table, shift, begins, tied, edges):
    """Write the star of each key; returns the number of edges.

    Args:
        members: the document of each of `rows`, ascending.
        table: where in `rows` a key was met first, by the key's hash; -1 in free slots.
        begins: scratch; of each of `rows`, the first one of its document, which stands for it.
        tied: scratch, -1; where a document begins, the last document tied to it.
    """
    count, begin, written = 0, 0, 0
    for at in range(len(rows)):
        if members[at] != members[begin]:
            begin, written = at, count
        begins[at] = begin
        key = keys[rows[at]]
        slot = np.int64((key * _MIX) >> shift)
        while table[slot] >= 0 and keys[rows[table[slot]]] != key:
            slot = (slot + 1) & (len(table) - 1)
        if table[slot] < 0:
            table[slot] = at
        first = begins[table[slot]]
        if first != begin and tied[first] != begin:
            tied[first] = begin
            place = count
            while place > written and edges[place - 1, 0] > members[first]:
                edges[place, 0] = edges[place - 1, 0]
                place -= 1
            edges[place, 0], edges[count, 1] = members[first], members[at]
            count += 1
    return count
