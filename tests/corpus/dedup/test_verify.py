"""The prefix index against comparing all pairs, and what a hot cluster costs."""

import itertools

import numpy as np
import pytest

from corpus.dedup import verify_components, verify_in_blocks
from corpus.dedup.compare import CONTAINMENT, JACCARD, MOST_HASHES, Rule, bounded_sets, containment, jaccard
from corpus.dedup.prefix_index import (
    add_set,
    add_whole,
    count_hashes,
    find_holders,
    find_sets,
    new_index,
    ordered,
    ordered_prefix,
    room_to_count,
)
from corpus.dedup.verify import _SMALL, UNDECIDED, Given, _decide_large, _decide_small, _Fate

UNIVERSE = np.random.default_rng(7).integers(1, 2**63, 4000).astype(np.uint64)


def _joined(sets):
    """Sets as one array and bounds."""
    arrays = [np.unique(np.array(one, np.uint64)) for one in sets]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in arrays])]).astype(np.int64)
    return np.concatenate([*arrays, np.zeros(0, np.uint64)]), offsets


def _families(rng, num):
    """Sets of all sizes around a few common texts, with edits of every strength; some empty, some of one hash."""
    bases = [rng.choice(UNIVERSE, size, replace=False) for size in (1, 3, 12, 40, 41, 150, 300)]
    sets = []
    for _ in range(num):
        base = bases[rng.integers(len(bases))]
        keep = base[rng.random(len(base)) >= rng.choice([0, 0.02, 0.1, 0.15, 0.3])]
        more = rng.choice(UNIVERSE, int(len(base) * rng.choice([0, 0.02, 0.1, 0.15, 0.3])))
        sets.append(np.concatenate([keep, more]))
    return [*sets, [], []]


def _decided(verify, members, hashes, offsets, rule, stays=None):
    fate = _Fate(np.full(len(members), -1, np.int64), np.zeros(len(members)))
    none = np.zeros(len(members), np.bool_)
    given = Given(hashes, offsets, none, none if stays is None else stays)
    room = [room_to_count(len(hashes))] if verify is _decide_large else []
    assert verify(members, given, rule, len(hashes), fate, *room) >= 0
    assert (fate.kept_for != UNDECIDED).all()
    return fate.kept_for, fate.value


@pytest.mark.parametrize("measure", [JACCARD, CONTAINMENT], ids=["jaccard", "containment"])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.75, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_index_decides_as_all_pairs_do(seed, threshold, measure):
    rng = np.random.default_rng(seed)
    hashes, offsets = _joined(_families(rng, 400))
    members = rng.permutation(len(offsets) - 1)
    stays = np.zeros(len(members), np.bool_)
    stays[members[: 40 * seed]] = True
    rule = Rule(threshold, measure)
    slow, slow_value = _decided(_decide_small, members, hashes, offsets, rule, stays)
    fast, fast_value = _decided(_decide_large, members, hashes, offsets, rule, stays)
    assert 40 < (slow >= 0).sum() < 400
    assert not (slow[stays] >= 0).any()
    np.testing.assert_array_equal(fast, slow)
    np.testing.assert_array_equal(fast_value, slow_value)


@pytest.mark.parametrize("measure", ["jaccard", "containment"])
@pytest.mark.parametrize("size", [_SMALL, 400], ids=["small", "large"])
def test_decisions_are_those_of_sets_in_plain_python(size, measure):
    """Best first, for the most similar one kept; for one that stays from an earlier run before any other."""
    rng = np.random.default_rng(20)
    sets = [set(one.tolist()) for one in map(np.array, _families(rng, 300))]
    hashes, offsets = _joined([list(one) for one in sets])
    count = len(sets)
    rank, stays = rng.permutation(count), rng.random(count) < 0.1
    exact = np.column_stack([np.arange(count), np.zeros(count)]).astype(np.uint64)
    component = np.arange(count) // size
    found = verify_components(component, rank, exact, hashes, offsets, 0.75, measure, stays)
    kept, expected = [], {}
    for document in sorted(range(count), key=lambda document: (not stays[document], rank[document])):
        best = (False, 0.0, None)
        others = [keeper for keeper in kept if component[keeper] == component[document]]
        for keeper in others if sets[document] and not stays[document] else []:
            whole = sets[document] if measure == "containment" else sets[document] | sets[keeper]
            value = len(sets[document] & sets[keeper]) / len(whole)
            if value >= 0.75 and (bool(stays[keeper]), value) > best[:2]:
                best = (bool(stays[keeper]), value, keeper)
        if best[2] is None:
            kept.append(document)
        else:
            expected[document] = best[1:]
    assert {
        row: (value, keeper)
        for row, keeper, value in zip(found.removed.tolist(), found.kept.tolist(), found.jaccard, strict=True)
    } == expected
    assert len(expected) > count // 5 and len({keeper for _, keeper in expected.values() if stays[keeper]}) > 0


def test_jaccard_is_exact_or_below_the_threshold():
    rng = np.random.default_rng(3)
    hashes, offsets = _joined(_families(rng, 120))
    sets = [set(hashes[a:b].tolist()) for a, b in itertools.pairwise(offsets)]
    reached = 0
    for i in range(len(sets)):
        for j in range(len(sets)):
            true = len(sets[i] & sets[j]) / max(1, len(sets[i] | sets[j]))
            found = jaccard(hashes, offsets[i], offsets[i + 1], offsets[j], offsets[j + 1], 0.75)
            assert found == (true if true >= 0.75 else 0.0)
            reached += true >= 0.75
    assert reached > 500


def test_containment_is_exact_or_below_the_threshold():
    rng = np.random.default_rng(13)
    hashes, offsets = _joined(_families(rng, 120))
    sets = [set(hashes[a:b].tolist()) for a, b in itertools.pairwise(offsets)]
    uneven = 0
    for i in range(len(sets)):
        for j in range(len(sets)):
            true = len(sets[i] & sets[j]) / max(1, len(sets[i]))
            found = containment(hashes, offsets[i], offsets[i + 1], offsets[j], offsets[j + 1], 0.75)
            assert found == (true if true >= 0.75 else 0.0)
            uneven += true >= 0.75 and len(sets[j]) > 2 * len(sets[i])
    assert uneven > 10


def test_a_part_of_a_long_document_goes_for_it_and_not_the_other_way():
    rng = np.random.default_rng(14)
    long = rng.integers(1, 2**63, 2 * MOST_HASHES).astype(np.uint64)
    part = long[: MOST_HASHES + 5000]
    half = np.concatenate([part[: MOST_HASHES // 2], rng.integers(1, 2**63, MOST_HASHES // 2).astype(np.uint64)])
    short = long[:2000]
    others = [rng.integers(1, 2**63, 30).astype(np.uint64) for _ in range(30)]
    hashes, offsets = bounded_sets(*_joined([long, part, half, short, *others]))
    num = len(offsets) - 1
    exact = np.column_stack([np.arange(num), np.zeros(num)]).astype(np.uint64)
    for component in (np.arange(num) // 4, np.zeros(num, np.int64)):  # among few, among many
        removals = verify_components(component, np.arange(num), exact, hashes, offsets, 0.75, "containment")
        assert (removals.removed.tolist(), removals.kept.tolist()) == ([1, 3], [0, 0])
        np.testing.assert_array_equal(removals.jaccard, 1.0)
        reverse = verify_components(component, -np.arange(num), exact, hashes, offsets, 0.75, "containment")
        assert reverse.removed.tolist() == []


def _template(rng, num, common, own):
    template = rng.integers(1, 2**63, common).astype(np.uint64)
    return [np.concatenate([template, rng.integers(1, 2**63, own).astype(np.uint64)]) for _ in range(num)]


@pytest.mark.parametrize("own", [27, 18], ids=["jaccard 0.65", "jaccard 0.74"])
def test_pages_of_a_template_that_are_all_kept_never_meet(own):
    sets = _template(np.random.default_rng(4), 2000, 100, own)
    hashes, offsets = _joined(sets)
    members = np.arange(2000)
    counters, index = count_hashes(hashes, offsets, members, room_to_count(len(hashes))), new_index()
    seen, found = np.full(2000, -1), np.empty(2000, np.int64)
    met = 0
    for at in members:
        prefix = ordered_prefix(hashes, offsets[at], offsets[at + 1], counters, 0.75, 0.75 * (100 + own))
        met += find_sets(index, at, 100 + own, prefix, np.diff(offsets), 0.75, seen, found)
        index = add_set(index, at, 100 + own, prefix, 0.75)
    assert len(prefix) > own  # the template's own hashes are in what is indexed
    assert met == 0


@pytest.mark.parametrize("own", [54, 36], ids=["containment 0.65", "containment 0.735"])
def test_pages_of_a_template_never_meet_by_containment_either(own):
    hashes, offsets = _joined(_template(np.random.default_rng(4), 2000, 100, own))
    members = np.arange(2000)
    counters, index = count_hashes(hashes, offsets, members, room_to_count(len(hashes))), new_index()
    seen, found = np.full(2000, -1), np.empty(2000, np.int64)
    met = 0
    for at in members:
        prefix = ordered_prefix(hashes, offsets[at], offsets[at + 1], counters, 0.75, 0)
        met += find_holders(index, at, prefix, seen, found)
        index = add_whole(index, at, ordered(hashes, offsets[at], offsets[at + 1], counters, 100 + own))
    assert 2000 * 100 < index.used[1] < 2000 * (100 + own)  # most of their own come once, and are left out
    assert met == 0
    assert (
        find_holders(index, 1999, ordered(hashes, *offsets[:2], counters, 100 + own), np.full(2000, -1), found) == 2000
    )


@pytest.mark.parametrize("measure", ["jaccard", "containment"])
def test_pages_of_a_template_that_are_the_same_leave_one(measure):
    hashes, offsets = _joined(_template(np.random.default_rng(5), 3000, 100, 5))
    exact = np.column_stack([np.arange(3000), np.zeros(3000)]).astype(np.uint64)
    component, rank = np.zeros(3000, np.int64), np.arange(3000)[::-1]
    removals = verify_components(component, rank, exact, hashes, offsets, 0.75, measure)
    assert set(removals.kept.tolist()) == {2999}
    assert len(removals.removed) == 2999


@pytest.mark.parametrize("num", [3, 60], ids=["small", "large"])
def test_equal_texts_share_their_fate(num):
    """Twins of a kept document go for it, twins of a removed one go where it went."""
    rng = np.random.default_rng(6)
    keeper, near = rng.integers(1, 2**63, 200).astype(np.uint64), rng.integers(1, 2**63, 20).astype(np.uint64)
    sets = [keeper, np.concatenate([keeper[10:], near[:10]])] * num
    hashes, offsets = _joined(sets)
    exact = np.column_stack([np.arange(2 * num) % 2, np.zeros(2 * num)]).astype(np.uint64)
    removals = verify_components(np.zeros(2 * num, np.int64), np.arange(2 * num), exact, hashes, offsets, 0.75)
    assert removals.removed.tolist() == list(range(1, 2 * num))
    assert set(removals.kept.tolist()) == {0}
    np.testing.assert_array_equal(removals.jaccard[1::2], 1.0)
    np.testing.assert_allclose(removals.jaccard[::2], 190 / 210)


def test_long_documents_are_compared_by_their_smallest_hashes_and_never_removed_wrongly():
    rng = np.random.default_rng(8)
    base = rng.integers(1, 2**63, 3 * MOST_HASHES).astype(np.uint64)
    own = rng.integers(1, 2**63, (4, MOST_HASHES)).astype(np.uint64)
    close = np.concatenate([base, own[0, :20_000]])  # 0.91
    apart = np.concatenate([base, own[1], own[2, :5000]])  # 0.74
    short = base[: MOST_HASHES // 2]
    whole, bounds = _joined([base, close, apart, short, *(base[40 * i : 40 * i + 20] for i in range(30))])
    hashes, offsets = bounded_sets(whole, bounds)
    assert np.diff(offsets).tolist()[:4] == [MOST_HASHES] * 3 + [MOST_HASHES // 2]
    num = len(offsets) - 1
    exact = np.column_stack([np.arange(num), np.zeros(num)]).astype(np.uint64)
    for component in (np.arange(num) // 4, np.zeros(num, np.int64)):  # among few, among many
        removals = verify_components(component, np.arange(num), exact, hashes, offsets, 0.75)
        assert removals.removed.tolist() == [1]
        assert removals.kept.tolist() == [0]
        assert abs(removals.jaccard[0] - 3 * MOST_HASHES / (3 * MOST_HASHES + 20_000)) < 0.01


def test_nothing_and_nobody():
    for num in (0, 1, 40):
        hashes, offsets = _joined([[]] * num)
        exact = np.column_stack([np.arange(num), np.zeros(num)]).astype(np.uint64)
        removals = verify_components(np.zeros(num, np.int64), np.arange(num), exact, hashes, offsets, 0.75)
        assert len(removals.removed) == 0
        np.testing.assert_array_equal(removals.cluster_size, 1)


@pytest.mark.parametrize("chars", [1, 2000, 10_000, 10**9])
@pytest.mark.parametrize(("seed", "measure"), [(0, "jaccard"), (1, "jaccard"), (2, "jaccard"), (3, "containment")])
def test_blocks_decide_as_the_whole_does(chars, seed, measure):
    rng = np.random.default_rng(seed)
    hashes, offsets = _joined(_families(rng, 130 if chars == 1 else 300))  # with 1 it is a round for each kept
    num = len(offsets) - 1
    component, rank = rng.integers(0, 3, num), rng.permutation(num)
    stays = rng.random(num) < (0.2 if seed > 1 else 0)
    exact = np.column_stack([rng.integers(0, 250, num), np.zeros(num)]).astype(np.uint64)
    for key in range(250):  # equal keys, equal sets
        same = np.flatnonzero(exact[:, 0] == key)
        exact[same, 1] = same if len(same) < 2 else 0
    texts = [hashes[offsets[i] : offsets[i + 1]] for i in range(num)]
    for key in range(250):
        same = np.flatnonzero(exact[:, 0] == key)
        for other in same[1:]:
            texts[other] = texts[same[0]]
    hashes, offsets = _joined(texts)
    num_chars = np.array([max(1, len(text)) for text in texts])
    asked = []

    def read_sets(positions):
        assert (np.diff(positions) > 0).all()
        asked.append(num_chars[positions].sum())
        return _joined([texts[i] for i in positions])

    whole = verify_components(component, rank, exact, hashes, offsets, 0.75, measure, stays)
    parts = verify_in_blocks(component, rank, exact, num_chars, read_sets, 0.75, chars, measure, stays)
    np.testing.assert_array_equal(parts.removed, whole.removed)
    np.testing.assert_array_equal(stays[parts.kept], stays[whole.kept])
    assert not stays[parts.removed].any() and stays[parts.kept].any() == (seed > 1)
    assert len(whole.removed) > num // 4
    assert not set(parts.kept.tolist()) & set(parts.removed.tolist())
    if chars > num_chars.sum():
        assert len(asked) == 1
        np.testing.assert_array_equal(parts.kept, whole.kept)
        np.testing.assert_array_equal(parts.jaccard, whole.jaccard)
    else:
        assert max(asked) <= chars + num_chars.max()
        assert len(asked) > 1
        assert sum(asked) > num_chars.sum() or chars == 10_000  # in more than one round
    sets = [set(text.tolist()) for text in texts]
    for a, b, value in zip(parts.removed, parts.kept, parts.jaccard, strict=True):
        assert stays[b] or rank[b] < rank[a]
        assert component[b] == component[a]
        if sets[a] | sets[b]:
            assert value == len(sets[a] & sets[b]) / len(sets[a] if measure == "containment" else sets[a] | sets[b])
