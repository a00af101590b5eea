"""Signatures against the specification, against the true Jaccard, and against datasketch."""

import numpy as np
import pyarrow as pa
import pytest

from corpus.kernels.minhash import band_keys, document_keys, permutations, signatures
from corpus.kernels.shingle import exact_keys, shingle_sets


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


@pytest.mark.parametrize("num", [1, 2, 3, 20, 125])
def test_numba_equals_naive_however_many_places_are_left_empty(num):
    words = [f"w{i}" for i in range(400)]
    text = pa.array(["", "!!", *(" ".join(words[:size]) for size in (1, 2, 15, 16, 17, 100, 400))], pa.large_string())
    a, b = permutations(num, 7)
    signature = signatures(text, 2, a, b)
    np.testing.assert_array_equal(signature, signatures(text, 2, a, b, backend="naive"))
    assert (signature[2:] != 0xFFFFFFFF).all()
    for fast, plain in zip(
        document_keys(text, 2, a, b, 1), document_keys(text, 2, a, b, 1, backend="naive"), strict=True
    ):
        np.testing.assert_array_equal(fast, plain)


def test_keys_of_documents_are_those_of_signatures_and_the_exact_key():
    text = pa.array(["!!", *_documents().to_pylist(), "", "??"], pa.large_string())
    a, b = permutations(125, 3)
    keys, exact, num_tokens = document_keys(text, 5, a, b, 5)
    np.testing.assert_array_equal(exact, exact_keys(text))
    np.testing.assert_array_equal(keys[:, -1], exact[:, 0])
    np.testing.assert_array_equal(keys[1:-2, :-1], band_keys(signatures(text, 5, a, b), 5)[1:-2])
    assert num_tokens.tolist() == [0] + [400] * 24 + [0, 0]
    for empty in (0, -2, -1):
        assert (keys[empty] == exact[empty, 0]).all()


@pytest.mark.parametrize("union", [4, 20, 100, 400])
def test_a_pair_at_the_threshold_agrees_as_often_as_its_jaccard_and_is_proposed(union):
    """Single words as shingles: sets whose Jaccard is 0.75 exactly, of which MinHash would miss 0.0012."""
    num_pairs = 300_000 // (union + 80)
    words = np.arange(num_pairs * union).reshape(num_pairs, union)
    a, b = permutations(125, union)
    x, y = (
        signatures(pa.array([" ".join(map(str, row)) for row in rows], pa.large_string()), 1, a, b)
        for rows in (words, words[:, union // 4 :])
    )
    agree = (x == y).mean(1)
    variance = 0.75 * 0.25 / 125
    assert abs(agree.mean() - 0.75) < 5 * np.sqrt(variance / num_pairs)
    assert agree.var() < 1.1 * variance
    missed = (band_keys(x, 5) != band_keys(y, 5)).all(1).sum()
    assert missed <= 0.0012 * num_pairs + 3 * np.sqrt(0.0012 * num_pairs)


def test_estimates_agree_with_the_exact_jaccard_and_with_datasketch():
    from datasketch import MinHash  # brings scipy: every worker would import it to collect the tests

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
