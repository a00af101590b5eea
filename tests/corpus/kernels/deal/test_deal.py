"""Dealing equals its specification, keeps to the weights at every moment, and stops where a source has no row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.kernels.deal import deal_rows, select_rows
from corpus.kernels.row_plan import plan_rows


def _deal(weights, lengths, num_rows, backend, credits_=None):
    weights = np.array(weights, np.int64)
    tokens = np.concatenate([np.array(row, np.int32) for row in lengths])
    end = np.cumsum([len(row) for row in lengths], dtype=np.int64)
    at = end - [len(row) for row in lengths]
    credits_ = np.zeros(len(weights), np.int64) if credits_ is None else credits_
    sources, rows = np.full(num_rows, -7, np.int32), np.full(num_rows, -7, np.int64)
    marks = np.full((num_rows // 3 + 1, 1 + 2 * len(weights)), -7, np.int64)
    result = deal_rows(credits_, weights, tokens, at, end, sources, rows, 2, 3, marks, backend)
    for mark, row in enumerate(range(2, result[0] + 1, 3)):
        assert marks[mark, 0] == tokens[rows[:row]].sum()
    if result[0] >= 2 and (result[0] - 2) % 3 == 0:
        assert marks[(result[0] - 2) // 3].tolist() == [result[1], *at.tolist(), *credits_.tolist()]
    return result, credits_.tolist(), at.tolist(), sources.tolist(), rows.tolist(), marks.tolist()


@settings(deadline=None)
@given(st.data())
def test_backends_are_equal(data):
    weights = data.draw(st.lists(st.integers(0, 1 << 32), min_size=1, max_size=5).filter(any))
    lengths = [data.draw(st.lists(st.integers(1, 9000), max_size=20)) for _ in weights]
    num_rows = data.draw(st.integers(0, 40))
    assert _deal(weights, lengths, num_rows, "numba") == _deal(weights, lengths, num_rows, "naive")


def test_weights_two_to_one():
    result, credits_, _, sources, rows, _ = _deal([2, 1], [[10] * 9, [10] * 9], 6, "numba")
    assert (result, sources) == ((6, 60, -1), [0, 1, 0, 0, 1, 0])
    assert rows == [0, 9, 1, 2, 10, 3]
    assert sum(credits_) == 0


@pytest.mark.parametrize("weights", [[1], [5, 3], [97, 2, 1], [1, 1, 1, 1], [1000, 1]], ids=str)
def test_shares_hold_at_every_moment(weights):
    """No source is ever more than two rows away from its share of the tokens, whatever the rows' lengths."""
    generator = np.random.default_rng(3)
    lengths = [generator.integers(1, 2049, 4000) for _ in weights]
    _, _, _, sources, rows, _ = _deal(weights, lengths, 3000, "numba")
    tokens = np.concatenate(lengths)[rows]
    dealt = np.cumsum(np.where(np.arange(len(weights))[:, None] == sources, tokens, 0), axis=1)
    due = np.outer(np.array(weights) / sum(weights), np.cumsum(tokens))
    assert np.abs(dealt - due).max() <= 2 * 2048
    assert (dealt[:, -1] > 0).all() or max(weights) >= 1000


def test_stops_at_the_source_without_rows_and_goes_on_the_same():
    """Dealing in two calls, with the empty source filled up in between, is dealing in one."""
    weights, lengths = [3, 2], [[7] * 5, [9] * 40]
    whole = _deal(weights, [[7] * 50, [9] * 40], 20, "numba")
    (found, tokens, empty), credits_, at, sources, *_ = _deal(weights, lengths, 20, "numba")
    assert empty == 0 and 0 < found < 20 and tokens == sum([7, 9][source] for source in sources[:found])
    left = [[7] * 45, [9] * (45 - at[1])]
    _, _, _, more, *_ = _deal(weights, left, 20 - found, "numba", np.array(credits_))
    assert sources[:found] + more == whole[3]


def test_a_source_of_weight_zero_is_never_dealt():
    _, _, _, sources, *_ = _deal([0, 1, 0], [[1], [5] * 8, [1]], 8, "numba")
    assert sources == [1] * 8


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_select_rows(lengths, random):
    plan = plan_rows(np.array(lengths), 16)
    chosen = np.array([random.randrange(plan.num_rows) for _ in range(5 if plan.num_rows else 0)], np.int64)
    numbers = np.arange(len(lengths), dtype=np.int64) * 10
    columns = (plan.documents, plan.starts, plan.lengths, plan.row_splits)
    documents, starts, sizes, splits = select_rows(numbers, columns, chosen)
    assert len(splits) == len(chosen) + 1
    for row, source in enumerate(chosen):
        mine = slice(splits[row], splits[row + 1])
        there = slice(plan.row_splits[source], plan.row_splits[source + 1])
        assert (documents[mine] == plan.documents[there] * 10).all()
        assert (starts[mine] == plan.starts[there]).all() and (sizes[mine] == plan.lengths[there]).all()
