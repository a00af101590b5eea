"""MinHash signatures and LSH band keys (Leskovec, Rajaraman, Ullman, *Mining of Massive Datasets*, 3.4).

A signature has `P` places, and two signatures agree in a place with probability J, the Jaccard similarity of the
shingle sets. Plain MinHash (Broder 1997) takes for each place the least of all shingles under a function of its own:
`P` hashes a shingle. Here every shingle is first thrown into one place, twice, and a place keeps the least of the first
throw that hits it; only places that no shingle has hit are filled by plain MinHash. That is the mix of sampling without
and with replacement of *Fast similarity sketching* (Dahlgaard, Knudsen, Thorup, FOCS 2017), with two throws instead of
`P`: 2 hashes a shingle, and `P * exp(-2 * shingles / P)` least values.

The estimate is unbiased for sets of every size, and its variance is at most MinHash's J (1 - J) / P: places hit in the
same throw hold different shingles. Measured at J = 0.75 with 25 bands of 5 rows (benchmarks/minhash.py --quality):
0.5 to 0.95 of that variance from 20 to 3,000 shingles, and fewer pairs missed than the 0.0012 of MinHash.

Hashes are multiply-shift functions `a * x + b` of 32 bits with odd `a` (Dietzfelbinger et al. 1997) on the high half of
a shingle's 64-bit hash.
"""

import numpy as np
import pyarrow as pa

from corpus.kernels.arrow_text import text_buffers
from corpus.kernels.minhash import naive, numba_cpu


def permutations(num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`num` odd multipliers and offsets, both `[num]` uint64.

    The low halves are the function of each place, the high halves of the first two those of the throws.
    """
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
    return numba_cpu.signatures(data, offsets, n, a, b)


def band_keys(signature: np.ndarray, rows: int, *, backend: str = "numba") -> np.ndarray:
    """One 64-bit key a band of `rows` signature positions: `[N, P // rows]` uint64. Keys of two bands never mix."""
    assert signature.shape[1] % rows == 0, (signature.shape, rows)
    if backend == "naive":
        return naive.band_keys(signature, rows)
    assert backend == "numba", backend
    return numba_cpu.band_keys(signature, rows)


def document_keys(
    text: pa.Array, n: int, a: np.ndarray, b: np.ndarray, rows: int, *, backend: str = "numba"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What documents are matched by, from one walk over the text.

    Args:
        text, n, a, b: as for `signatures`.
        rows: signature positions a band.
        backend: "numba" or "naive".

    Returns:
        keys `[N, P // rows + 1]` uint64: the bands' (`band_keys`), then the first half of the exact key, which a
        document without tokens has in every place;
        exact `[N, 2]` uint64, as from `corpus.kernels.shingle.exact_keys`;
        num_tokens `[N]` int64.
    """
    assert len(a) % rows == 0, (len(a), rows)
    if backend == "naive":
        return naive.document_keys(text.to_pylist(), n, a, b, rows)
    assert backend == "numba", backend
    return numba_cpu.document_keys(*text_buffers(text), n, a, b, rows)
