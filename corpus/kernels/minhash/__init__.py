"""MinHash signatures (Broder 1997) and LSH band keys (Leskovec, Rajaraman, Ullman, *Mining of Massive Datasets*, 3.4).

`signature[p] = min over shingles x of ((a_p * x + b_p) mod 2^64) >> 32`, with odd `a_p`: multiply-shift hashing of
64-bit shingle hashes (Dietzfelbinger et al. 1997). The share of equal positions of two signatures estimates the Jaccard
similarity J of the shingle sets with standard error sqrt(J (1 - J) / P).
"""

import numpy as np
import pyarrow as pa

from corpus.kernels.arrow_text import text_buffers
from corpus.kernels.minhash import naive, numba_cpu
from corpus.kernels.shingle.fold import fold_table


def permutations(num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`num` multiply-shift functions: odd multipliers and offsets, both `[num]` uint64."""
    draw = np.random.Generator(np.random.PCG64(seed)).integers(0, 1 << 64, (2, num), np.uint64, endpoint=False)
    return draw[0] | np.uint64(1), draw[1]


def signatures(text: pa.Array, n: int, a: np.ndarray, b: np.ndarray, *, backend: str = "numba") -> np.ndarray:
    """MinHash signatures, `[N, P]` uint32; all 0xFFFFFFFF for a document without tokens.

    Args:
        text: LargeStringArray of `N` documents.
        n: tokens a shingle.
        a, b: `[P]` uint64 from `permutations`.
        backend: "numba" or "naive".
    """
    if backend == "naive":
        return naive.signatures(text.to_pylist(), n, a, b)
    assert backend == "numba", backend
    data, offsets = text_buffers(text)
    return numba_cpu.signatures(data, offsets, n, a, b, *fold_table())


def band_keys(signature: np.ndarray, rows: int, *, backend: str = "numba") -> np.ndarray:
    """One 64-bit key a band of `rows` signature positions: `[N, P // rows]` uint64. Keys of two bands never mix."""
    assert signature.shape[1] % rows == 0, (signature.shape, rows)
    if backend == "naive":
        return naive.band_keys(signature, rows)
    assert backend == "numba", backend
    return numba_cpu.band_keys(signature, rows)
