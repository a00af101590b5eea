"""Bands, edges, components and verification against brute force."""

import networkx
import numpy as np
import pyarrow as pa
import pytest

from corpus.dedup import choose_bands, components, star_edges, verify_components
from corpus.kernels.minhash import band_keys, permutations, signatures
from corpus.kernels.shingle import exact_keys, shingle_sets


@pytest.mark.parametrize("threshold", [0.5, 0.75, 0.8, 0.95, 1.0])
def test_bands_reach_the_recall_and_no_more(threshold):
    bands = choose_bands(threshold, 0.9985, 5)
    assert bands.recall(threshold) >= 0.9985
    if bands.num > 1:
        assert 1 - (1 - threshold**5) ** (bands.num - 1) < 0.9985


def test_star_edges_connect_exactly_those_that_share_a_key():
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 400, 1000).astype(np.uint64)
    documents = rng.integers(0, 300, 1000)
    edges = star_edges(keys, documents)
    assert (edges[:, 0] < edges[:, 1]).all()
    expected = networkx.Graph()
    expected.add_nodes_from(range(300))
    for key in np.unique(keys):
        members = np.unique(documents[keys == key])
        expected.add_edges_from((members[0], other) for other in members[1:])
    assert {tuple(edge) for edge in edges.tolist()} == {tuple(sorted(edge)) for edge in expected.edges}
    roots = components(300, [edges[::2], edges[1::2]])
    for group in networkx.connected_components(expected):
        assert {int(roots[x]) for x in group} == {min(group)}


def test_a_hot_key_gives_as_many_edges_as_documents():
    edges = star_edges(np.zeros(100_000, np.uint64), np.arange(100_000))
    assert len(edges) == 99_999


def test_components_do_not_depend_on_the_order_of_edges():
    rng = np.random.default_rng(1)
    edges = np.sort(rng.integers(0, 5000, (4000, 2)), axis=1)
    expected = components(5000, [edges])
    np.testing.assert_array_equal(components(5000, [rng.permutation(edges)]), expected)
    np.testing.assert_array_equal(components(5000, np.array_split(edges[::-1], 7)), expected)


def _chained_texts(seed):
    """Chains of edits: each document differs a little from the one before, so the ends differ a lot."""
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(30):
        words = [f"w{i}" for i in rng.integers(0, 10**6, 200)]
        for _ in range(8):
            texts.append(" ".join(words))
            for at in rng.integers(0, 200, 5):
                words[at] = f"x{rng.integers(0, 10**6)}"
    return pa.array(texts, pa.large_string())


def test_no_removal_below_the_threshold_and_no_kept_pair_above_it():
    text = _chained_texts(0)
    num = len(text)
    hashes, offsets = shingle_sets(text, 5)
    sets = [set(hashes[offsets[i] : offsets[i + 1]].tolist()) for i in range(num)]
    bands = choose_bands(0.75, 0.9985, 5)
    keys = band_keys(signatures(text, 5, *permutations(bands.num * 5, 1)), 5)
    edges = star_edges(keys.ravel(), np.repeat(np.arange(num), bands.num))
    roots = components(num, [edges])
    rank = np.random.default_rng(2).permutation(num)
    removals = verify_components(roots, rank, exact_keys(text), hashes, offsets, 0.75)
    removed = set(removals.removed.tolist())
    assert 60 < len(removed) < num - 30
    for a, b, jaccard in zip(removals.removed, removals.kept, removals.jaccard, strict=True):
        true = len(sets[a] & sets[b]) / len(sets[a] | sets[b])
        assert true >= 0.75
        assert abs(true - jaccard) < 1e-6
        assert b not in removed and rank[b] < rank[a]
    kept = [i for i in range(num) if i not in removed]
    close = [(i, j) for i in kept for j in kept if i < j and len(sets[i] & sets[j]) >= 0.75 * len(sets[i] | sets[j])]
    assert not close
    for keeper in set(removals.kept.tolist()):
        assert removals.cluster_size[keeper] == 1 + (removals.kept == keeper).sum()


def test_documents_without_tokens_are_duplicates_only_of_the_same_bytes():
    text = pa.array(["!!!", "!!!", "???"], pa.large_string())
    hashes, offsets = shingle_sets(text, 5)
    removals = verify_components(np.zeros(3, np.int64), np.arange(3), exact_keys(text), hashes, offsets, 0.75)
    assert removals.removed.tolist() == [1]
    assert removals.kept.tolist() == [0]


@pytest.mark.parametrize(("both", "size", "other"), [(7, 7, 20), (14, 14, 25), (9, 10, 11)])
def test_a_pair_exactly_at_the_threshold_is_removed(both, size, other):
    a = np.arange(size, dtype=np.uint64)
    b = np.arange(size - both, size - both + other, dtype=np.uint64)
    jaccard = both / (size + other - both)
    hashes, offsets = np.concatenate([a, b]), np.array([0, size, size + other])
    exact = np.array([[0, 0], [1, 1]], np.uint64)
    removals = verify_components(np.zeros(2, np.int64), np.arange(2), exact, hashes, offsets, jaccard)
    assert removals.removed.tolist() == [1]
    assert removals.jaccard[0] >= jaccard
