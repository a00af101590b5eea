"""Folded shingles: the set of token 5-grams by which two documents are compared.

Text is folded one code point at a time (`fold.py`), cut into tokens (a Han, kana, Thai, Lao, Khmer or Myanmar letter is
a token of its own, elsewhere a maximal run of letters, digits and symbols is), and every window of `n` tokens is hashed
to 64 bits. So English is compared by word n-grams, Chinese by character n-grams, and mixed text run by run, without
deciding a language first. A document with fewer than `n` tokens has one shingle: all its tokens.

Nothing is made per document in Python: the numba kernels walk the Arrow buffers (`numba_cpu.py`), and `naive.py` is
what they must equal bit for bit.
"""

import numpy as np
import pyarrow as pa

from corpus.kernels.arrow_text import text_buffers
from corpus.kernels.shingle import naive, numba_cpu


def shingle_sets(text: pa.Array, n: int, *, backend: str = "numba") -> tuple[np.ndarray, np.ndarray]:
    """Distinct shingle hashes of each document, sorted.

    Args:
        text: LargeStringArray of `N` documents; null counts as empty.
        n: tokens a shingle.
        backend: "numba" or "naive".

    Returns:
        hashes `[total]` uint64, offsets `[N + 1]` int64: document `i` has `hashes[offsets[i]:offsets[i + 1]]`.
    """
    if backend == "naive":
        return naive.shingle_sets(text.to_pylist(), n)
    assert backend == "numba", backend
    data, offsets = text_buffers(text)
    return numba_cpu.shingle_sets(data, offsets, n)


def exact_keys(text: pa.Array, *, backend: str = "numba") -> np.ndarray:
    """128-bit hash of each document's folded tokens, `[N, 2]` uint64.

    Documents that differ only in case, width, script variant, punctuation or white space share it. A document without
    any token (only punctuation, or empty) is hashed by its bytes.
    """
    if backend == "naive":
        return naive.exact_keys(text.to_pylist())
    assert backend == "numba", backend
    data, offsets = text_buffers(text)
    return numba_cpu.exact_keys(data, offsets)
