"""Sums of rows of the input matrix, dense or quantised.

Numba vectorises a loop only well where its number of turns is known, so vectors are added eight numbers at a time.
"""

import numpy as np

from corpus.kernels.jit import inner

__all__ = ["add_rows", "add_vector"]


@inner()
def add_vector(total, vectors, row, begin):
    """Add `vectors[row, begin : begin + len(total)]` to `total`."""
    whole = len(total) - len(total) % 8
    for first in range(0, whole, 8):
        for d in range(8):
            total[first + d] += vectors[row, begin + first + d]
    for d in range(whole, len(total)):
        total[d] += vectors[row, begin + d]


@inner()
def _add_dense(rows, count, dense, total):
    dim = len(total)
    whole = dim - dim % 8
    for i in range(count):
        row = rows[i]
        for first in range(0, whole, 8):
            for d in range(8):
                total[first + d] += dense[row, first + d]
        for d in range(whole, dim):
            total[d] += dense[row, d]


@inner()
def _add_codes(rows, count, codes, centroids, norms, width, total):
    dim = len(total)
    for i in range(count):
        row = rows[i]
        norm = norms[row] if len(norms) else np.float32(1)
        for place in range(codes.shape[1]):
            first = place * width
            part = min(width, dim - first)
            at = first * 256 + np.int64(codes[row, place]) * part
            for d in range(part):
                total[first + d] += norm * centroids[at + d]


@inner()
def add_rows(rows, count, dense, codes, centroids, norms, width, total):
    """Add `rows[:count]` of a `corpus.kernels.fasttext.model.Matrix` to `total`."""
    if len(codes):
        _add_codes(rows, count, codes, centroids, norms, width, total)
    else:
        _add_dense(rows, count, dense, total)
