"""The specification: signatures and band keys in plain Python."""

from collections.abc import Sequence

import numpy as np

from corpus.kernels.shingle.naive import MASK, mix64, shingles

BAND_PRIME = 0x9E3779B97F4A7C15


def signatures(texts: Sequence[str | None], n: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """See `corpus.kernels.minhash.signatures`."""
    result = np.full((len(texts), len(a)), 0xFFFFFFFF, np.uint32)
    for row, text in enumerate(texts):
        for shingle in shingles(text or "", n):
            for p in range(len(a)):
                value = ((int(a[p]) * shingle + int(b[p])) & MASK) >> 32
                result[row, p] = min(int(result[row, p]), value)
    return result


def band_keys(signature: np.ndarray, rows: int) -> np.ndarray:
    """See `corpus.kernels.minhash.band_keys`."""
    num_bands = signature.shape[1] // rows
    keys = np.empty((len(signature), num_bands), np.uint64)
    for document in range(len(signature)):
        for band in range(num_bands):
            value = band + 1
            for position in signature[document, band * rows : (band + 1) * rows]:
                value = mix64((value * BAND_PRIME + int(position)) & MASK)
            keys[document, band] = value
    return keys
