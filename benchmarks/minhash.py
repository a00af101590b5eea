"""MinHash signatures: Siku's kernel beside datasketch, on the same documents, one core, in one run.

    python benchmarks/minhash.py

Both sign word 5-grams of the same generated documents with the same number of permutations. Before anything is timed
both estimates are held against the exact Jaccard of planted pairs.
"""

import importlib.metadata
import os
import platform
import time

import numpy as np
import pyarrow as pa
from datasketch import MinHash

from corpus.kernels.minhash import permutations, signatures

NUM_PERM = 128
NUM_DOCUMENTS = 4000
NUM_WORDS = 500
PEER_DOCUMENTS = 400  # datasketch is timed on a tenth of them


def documents() -> list[str]:
    """Pairs of documents; the second of each has about 5 % of its words changed."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(20_000)])
    texts = []
    for _ in range(NUM_DOCUMENTS // 2):
        ids = rng.zipf(1.3, NUM_WORDS) % len(words)
        other = np.where(rng.random(NUM_WORDS) < 0.05, rng.integers(0, len(words), NUM_WORDS), ids)
        texts += [" ".join(words[ids]), " ".join(words[other])]
    return texts


def shingles(text: str) -> set[bytes]:
    """Word 5-grams as datasketch wants them."""
    tokens = text.split()
    return {" ".join(tokens[i : i + 5]).encode() for i in range(len(tokens) - 4)}


def peer(text: str) -> MinHash:
    """What the datasketch documentation shows, with the vectorised update."""
    sketch = MinHash(num_perm=NUM_PERM)
    sketch.update_batch(list(shingles(text)))
    return sketch


def check(texts: list[str], ours: np.ndarray) -> None:
    """Refuse to time what is wrong: the mean error of both must be within 4 standard errors of the mean."""
    for name, estimate in (
        ("siku", lambda i: float((ours[i] == ours[i + 1]).mean())),
        ("datasketch", lambda i: peer(texts[i]).jaccard(peer(texts[i + 1]))),
    ):
        errors = []
        for i in range(0, 200, 2):
            a, b = shingles(texts[i]), shingles(texts[i + 1])
            errors.append(estimate(i) - len(a & b) / len(a | b))
        assert abs(np.mean(errors)) < 4 * 0.5 / np.sqrt(NUM_PERM * len(errors)), (name, np.mean(errors))


def main() -> None:
    texts = documents()
    column = pa.array(texts, pa.large_string())
    a, b = permutations(NUM_PERM, 1)
    check(texts, signatures(column, 5, a, b))
    start = time.perf_counter()
    signatures(column, 5, a, b)
    ours = len(texts) / (time.perf_counter() - start)
    start = time.perf_counter()
    for text in texts[:PEER_DOCUMENTS]:
        peer(text)
    theirs = PEER_DOCUMENTS / (time.perf_counter() - start)
    versions = {name: importlib.metadata.version(name) for name in ("datasketch", "numba", "numpy", "pyarrow")}
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    size = sum(map(len, texts)) / len(texts)
    print(f"{len(texts):,} documents of {NUM_WORDS} words, {NUM_PERM} permutations, word 5-grams, one core")
    print(f"{'siku':<12}{ours:>10,.0f} documents/s {ours * size / 1e6:>8.1f} MB/s")
    print(f"{'datasketch':<12}{theirs:>10,.0f} documents/s {theirs * size / 1e6:>8.1f} MB/s")
    print(f"ratio {ours / theirs:.1f}")


if __name__ == "__main__":
    main()
