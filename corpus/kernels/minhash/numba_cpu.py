"""Signatures in one pass over the UTF-8 buffer. `naive.py` says what each function must return."""

import numpy as np
from numba import njit

from corpus.kernels.minhash.naive import BAND_PRIME as _BAND_PRIME
from corpus.kernels.shingle.numba_cpu import mix64, scratch_size, tokenize, window_hashes

BAND_PRIME = np.uint64(_BAND_PRIME)
_32 = np.uint64(32)


@njit(cache=True, nogil=True)
def signatures(data, offsets, n, a, b, fold, many, letter):
    rows = len(offsets) - 1
    num = len(a)
    tokens = np.empty(scratch_size(offsets), np.uint64)
    windows = np.empty(len(tokens), np.uint64)
    result = np.empty((rows, num), np.uint32)
    least = np.empty(num, np.uint64)
    for row in range(rows):
        count = tokenize(data, offsets[row], offsets[row + 1], fold, many, letter, tokens)
        count = window_hashes(tokens, count, n, windows)
        least[:] = np.uint64(0xFFFFFFFFFFFFFFFF)
        for i in range(count):
            shingle = windows[i]
            for p in range(num):
                value = a[p] * shingle + b[p]
                least[p] = value if value < least[p] else least[p]
        for p in range(num):
            result[row, p] = np.uint32(least[p] >> _32)
    return result


@njit(cache=True, nogil=True)
def band_keys(signature, rows):
    num_bands = signature.shape[1] // rows
    keys = np.empty((len(signature), num_bands), np.uint64)
    for document in range(len(signature)):
        for band in range(num_bands):
            value = np.uint64(band + 1)
            for position in range(band * rows, (band + 1) * rows):
                value = mix64(value * BAND_PRIME + np.uint64(signature[document, position]))
            keys[document, band] = value
    return keys
