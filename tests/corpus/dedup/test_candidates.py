"""Candidate edges against brute force: a pair left out is a duplicate never seen, a pair too many only costs time."""

import numpy as np
import pytest

from corpus.dedup import star_edges


def _stars(keys, documents):
    """(smallest document of a key, other document), by hand, in the order of the other one."""
    members = {}
    for key, document in zip(keys.tolist(), documents.tolist(), strict=True):
        members.setdefault(key, set()).add(document)
    edges = {(min(group), other) for group in members.values() for other in group - {min(group)}}
    return sorted(edges, key=lambda edge: edge[::-1])


@pytest.mark.parametrize("num_keys", [1, 3, 40, 1 << 20])
@pytest.mark.parametrize("size", [0, 1, 2, 50, 3000])
def test_edges_are_the_stars_of_all_keys(size, num_keys):
    rng = np.random.default_rng(size)
    keys = rng.integers(0, num_keys, size).astype(np.uint64) * np.uint64(rng.integers(1, 1 << 40))
    documents = rng.integers(0, max(1, size // 2), size)
    edges = star_edges(keys, documents)
    assert edges.shape == (len(edges), 2)
    assert [tuple(edge) for edge in edges.tolist()] == _stars(keys, documents)


def test_a_row_of_keys_is_as_good_as_its_document_so_many_times():
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 1 << 12, (500, 26)).astype(np.uint64)
    documents = rng.permutation(500)
    edges = star_edges(keys, documents)
    assert len(edges) > 1000
    np.testing.assert_array_equal(edges, star_edges(keys.ravel(), np.repeat(documents, 26)))
    np.testing.assert_array_equal(edges, star_edges(keys[::-1], documents[::-1]))
