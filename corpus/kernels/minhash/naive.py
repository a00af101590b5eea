"""The specification: signatures and band keys in plain Python."""

from collections.abc import Sequence

import numpy as np

from corpus.kernels.shingle.naive import MASK, exact_keys, mix64, shingles, tokens

BAND_PRIME = 0x9E3779B97F4A7C15
NUM_THROWS = 2
EMPTY = 0xFFFFFFFF


def signature_of(shingles: Sequence[int], a: np.ndarray, b: np.ndarray) -> list[int]:
    """Every shingle is thrown into one place, twice; places still empty take the least value of all shingles.

    A place keeps the least value of the first throw in which something fell into it, since `turn` is the highest bit.
    """
    num = len(a)
    result = [EMPTY] * num
    short = [shingle >> 32 for shingle in shingles]
    for turn in range(min(NUM_THROWS, num)):
        multiplier, offset = int(a[turn]) >> 32 | 1, int(b[turn]) >> 32
        for shingle in short:
            value = multiplier * shingle + offset & EMPTY
            place = (value >> 16) * num >> 16
            result[place] = min(result[place], turn << 31 | value >> 1)
    for place in range(num):
        if result[place] == EMPTY:
            values = (int(a[place]) * shingle + int(b[place]) & EMPTY for shingle in short)
            result[place] = min(values, default=EMPTY)
    return result


def signatures(texts: Sequence[str | None], n: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """See `corpus.kernels.minhash.signatures`."""
    rows = [signature_of(shingles(text or "", n), a, b) for text in texts]
    return np.array(rows, np.uint32).reshape(len(texts), len(a))


def band_keys(signature: np.ndarray, rows: int) -> np.ndarray:
    """See `corpus.kernels.minhash.band_keys`."""
    num_bands = signature.shape[1] // rows
    keys = np.empty((len(signature), num_bands), np.uint64)
    for document in range(len(signature)):
        for band in range(num_bands):
            value = band + 1
            for position in signature[document, band * rows : (band + 1) * rows]:
                value = (value * BAND_PRIME + int(position)) & MASK
            keys[document, band] = mix64(value)
    return keys


def document_keys(
    texts: Sequence[str | None], n: int, a: np.ndarray, b: np.ndarray, rows: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """See `corpus.kernels.minhash.document_keys`."""
    exact = exact_keys(texts)
    num_tokens = np.array([len(list(tokens(text or ""))) for text in texts], np.int64)
    keys = band_keys(signatures(texts, n, a, b), rows)
    keys[num_tokens == 0] = exact[num_tokens == 0, :1]
    return np.concatenate([keys, exact[:, :1]], axis=1), exact, num_tokens
