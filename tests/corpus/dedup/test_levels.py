"""The URL level comes first, is never transitive, and leaves the text levels as they were."""

import numpy as np
import pytest

from corpus.dedup.levels import Candidates, best_of_url, decide_levels

_POOL = np.random.default_rng(5).integers(1, 2**63, 1000).astype(np.uint64)


def _decided(texts, urls, rank=None, stays=None, component=None, threshold=0.75, measure="jaccard"):
    """Decide documents given as ranges of `_POOL` and numbers of URLs (0: none)."""
    sets = [np.unique(_POOL[first:last]) for first, last in texts]
    num = len(sets)
    keys = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    given = Candidates(
        component=np.zeros(num, np.int64) if component is None else np.array(component),
        rank=np.arange(num) if rank is None else np.array(rank),
        exact=np.array([[keys[text], 7] for text in texts], np.uint64),
        num_chars=np.array([len(one) for one in sets]),
        url=None if urls is None else np.array([[0, 0] if url == 0 else [url, url + 1] for url in urls], np.uint64),
        stays=None if stays is None else np.array(stays, np.bool_),
    )

    def read(some):
        assert (np.diff(some) > 0).all()
        return np.concatenate([sets[i] for i in some]), np.cumsum([0, *(len(sets[i]) for i in some)])

    return decide_levels(given, read, threshold, measure)


def _rows(found):
    return list(zip(found.kept_for.tolist(), found.level.tolist(), strict=True))


def test_one_of_a_url_stays_whatever_the_texts_are_like():
    found = _decided([(0, 100), (200, 300), (400, 500)], [1, 1, 0], rank=[5, 2, 9])
    assert _rows(found) == [(1, "url"), (-1, None), (-1, None)]
    assert np.isnan(found.value).all() and found.cluster_size.tolist() == [2, 2, 1]


def test_a_document_removed_on_its_url_is_nobodys_keeper():
    """A and B have one URL, B and C one text, A and C nothing in common: C stays, and B is what C has."""
    found = _decided([(0, 100), (200, 300), (200, 300)], [1, 1, 2])
    assert _rows(found) == [(-1, None), (2, "exact"), (-1, None)]
    found = _decided([(0, 100), (200, 300), (200, 300)], None)
    assert _rows(found) == [(-1, None), (-1, None), (1, "exact")]


def test_it_goes_for_the_document_that_the_best_of_its_url_goes_for():
    found = _decided([(0, 100), (0, 99), (200, 300), (0, 100)], [1, 2, 2, 0])
    assert _rows(found) == [(-1, None), (0, "near"), (0, "url"), (0, "exact")]
    np.testing.assert_array_equal(found.value, [np.nan, 0.99, np.nan, 1.0])
    assert found.cluster_size.tolist() == [4] * 4


def test_documents_without_a_url_are_not_of_one_page():
    assert _rows(_decided([(0, 100), (200, 300)], [0, 0])) == [(-1, None)] * 2


def test_without_urls_every_document_is_decided_by_its_text():
    rng = np.random.default_rng(0)
    texts = [(int(first), int(first) + 60) for first in rng.integers(0, 200, 80)]
    plain = _decided(texts, None)
    own = _decided(texts, range(1, 81))
    assert _rows(plain) == _rows(own) and 20 < (plain.kept_for >= 0).sum() < 80
    assert {level for _, level in _rows(plain)} == {None, "exact", "near"}


def test_an_earlier_document_keeps_its_url_and_is_kept_beside_another_of_it():
    found = _decided([(0, 100), (200, 300), (400, 500)], [1, 1, 1], rank=[0, 1, 2], stays=[False, True, True])
    assert _rows(found) == [(1, "url"), (-1, None), (-1, None)]


def test_a_page_whose_better_version_is_new_is_held_against_earlier_ones():
    """0 and 1 have one URL; 1 has the text of 2, of an earlier run, so it must go for that; 3 has nothing of it."""
    texts = [(0, 100), (200, 300), (200, 301), (500, 600)]
    found = _decided(texts, [1, 1, 0, 1], stays=[False, False, True, False])
    assert _rows(found) == [(-1, None), (2, "near"), (-1, None), (0, "url")]
    assert found.value[1] == 100 / 101 and found.cluster_size.tolist() == [2, 2, 2, 2]


def test_what_an_earlier_document_reaches_goes_for_it_and_not_for_a_closer_new_one():
    found = _decided([(0, 100), (0, 99), (0, 90)], None, stays=[False, False, True])
    assert _rows(found) == [(2, "near"), (2, "near"), (-1, None)]


def test_containment_counts_what_the_other_has_as_well():
    texts = [(0, 100), (20, 60), (0, 140)]
    assert _rows(_decided(texts, None, measure="containment")) == [(-1, None), (0, "near"), (-1, None)]
    assert _rows(_decided(texts, None, rank=[2, 1, 0], measure="containment")) == [(2, "near"), (2, "near"), (-1, None)]
    assert _rows(_decided(texts, None)) == [(-1, None)] * 3


@pytest.mark.parametrize("seed", range(20))
def test_invariants_on_random_groups(seed):
    rng = np.random.default_rng(seed)
    num = 60
    texts = [(int(first), int(first) + 50) for first in rng.integers(0, 300, num)]
    urls, stays = rng.integers(0, 12, num), rng.random(num) < 0.15
    rank, component = rng.permutation(num), np.zeros(num, np.int64)
    found = _decided(texts, urls, rank, stays, component)
    url_rows = np.array([[0, 0] if url == 0 else [url, url + 1] for url in urls], np.uint64)
    winner = best_of_url(url_rows, rank, stays)
    goes = found.kept_for >= 0
    assert 20 < goes.sum() < num and (found.level[goes] == "url").sum() > 5
    assert not goes[found.kept_for[goes]].any() and not goes[stays].any()
    assert (found.level != None).tolist() == goes.tolist()  # noqa: E711
    sets = [set(range(*text)) for text in texts]
    for row in np.flatnonzero(goes):
        keeper, level = found.kept_for[row], found.level[row]
        jaccard = len(sets[row] & sets[keeper]) / len(sets[row] | sets[keeper])
        if level == "url":
            assert winner[row] >= 0 and keeper in (winner[row], found.kept_for[winner[row]])
            assert np.isnan(found.value[row])
        else:
            assert found.value[row] == jaccard >= 0.75 and (level == "exact") == (texts[row] == texts[keeper])
    for url in range(1, 12):
        of_url = np.flatnonzero(urls == url)
        kept = [row for row in of_url if not goes[row]]
        assert len(kept) <= max(1, stays[of_url].sum())
