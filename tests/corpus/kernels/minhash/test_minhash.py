"""Signatures against the specification, against the true Jaccard, and against datasketch."""

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash

from corpus.kernels.minhash import band_keys, permutations, signatures
from corpus.kernels.shingle import shingle_sets


def _documents(seed=0):
    """Pairs of documents whose word-5-gram Jaccard runs from 0 to 1."""
    rng = np.random.default_rng(seed)
    texts = []
    for changed in np.linspace(0, 0.3, 12):
        words = [f"w{i}" for i in rng.integers(0, 5000, 400)]
        other = [w if rng.random() > changed else f"x{rng.integers(0, 5000)}" for w in words]
        texts += [" ".join(words), " ".join(other)]
    return pa.array(texts, pa.large_string())


def _jaccard(text, i, j):
    hashes, offsets = shingle_sets(text, 5)
    a, b = (set(hashes[offsets[k] : offsets[k + 1]].tolist()) for k in (i, j))
    return len(a & b) / len(a | b)


def test_numba_equals_naive():
    text = pa.array(["", None, "汉", "one two three four five six", "软件 test，軟件"], pa.large_string())
    a, b = permutations(15, 3)
    signature = signatures(text, 5, a, b)
    np.testing.assert_array_equal(signature, signatures(text, 5, a, b, backend="naive"))
    np.testing.assert_array_equal(band_keys(signature, 5), band_keys(signature, 5, backend="naive"))
    assert (signature[0] == 0xFFFFFFFF).all()


def test_estimates_agree_with_the_exact_jaccard_and_with_datasketch():
    text = _documents()
    num = 256
    ours = signatures(text, 5, *permutations(num, 1))
    hashes, offsets = shingle_sets(text, 5)
    theirs = []
    for i in range(len(text)):
        sketch = MinHash(num_perm=num, seed=1)
        sketch.update_batch([value.tobytes() for value in hashes[offsets[i] : offsets[i + 1]]])
        theirs.append(sketch)
    seen = 0
    for i in range(0, len(text), 2):
        exact = _jaccard(text, i, i + 1)
        error = 4 * np.sqrt(max(exact * (1 - exact), 1e-9) / num) + 1e-9
        assert abs((ours[i] == ours[i + 1]).mean() - exact) <= error
        assert abs(theirs[i].jaccard(theirs[i + 1]) - exact) <= error
        seen += 0.05 < exact < 0.95
    assert seen >= 5


def test_permutations_are_seeded_and_odd():
    a, b = permutations(100, 5)
    np.testing.assert_array_equal(a, permutations(100, 5)[0])
    assert (a & np.uint64(1)).all()
    assert (a != permutations(100, 6)[0]).any()
    assert len(np.unique(b)) == 100


@pytest.mark.parametrize("rows", [1, 5])
def test_equal_rows_in_different_bands_have_different_keys(rows):
    keys = band_keys(np.zeros((1, 4 * rows), np.uint32), rows)
    assert len(np.unique(keys)) == 4
