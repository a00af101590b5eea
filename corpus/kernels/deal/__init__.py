"""Dealing rows: whose row comes next in a mixture, and the segments of the rows that were dealt.

**`deal_rows`** is smooth weighted round robin counted in tokens. Every source has a credit, 0 at first. The next row is
of the source with the most credit among those of weight above 0 (ties: the earlier one). A row of t tokens adds
t x weight to the credit of every source and takes t x the sum of all weights from its own. So credits always add up to
0, and the tokens dealt of each source stay within about two rows of its share at every moment, in whole numbers and
without a random choice.

**`select_rows`** gathers the segments of some rows of a plan.

"naive" is the specification, "numba" equal to it. Legend: K sources, S segments, R rows.
"""

from typing import Literal

import numpy as np

from corpus.kernels.compiled import compiled
from corpus.kernels.deal import naive

Backend = Literal["naive", "numba"]

__all__ = ["Backend", "deal_rows", "select_rows"]

_deal_rows = compiled(
    "corpus.kernels.deal.deal_cpu:deal_rows",
    "int64(int64[::1], int64[::1], int32[::1], int64[::1], int64[::1], int32[::1], int64[::1], int64, int64, "
    "int64[:, ::1], int64[::1])",
)
_select_rows = compiled(
    "corpus.kernels.deal.deal_cpu:select_rows",
    "void(int64[::1], int32[::1], int32[::1], int32[::1], int64[::1], int64[::1], int64[::1], int64[::1], "
    "int64[::1], int64[::1])",
)


def deal_rows(
    credits_: np.ndarray,
    weights: np.ndarray,
    row_tokens: np.ndarray,
    at: np.ndarray,
    end: np.ndarray,
    sources: np.ndarray,
    rows: np.ndarray,
    first_mark: int,
    mark_every: int,
    marks: np.ndarray,
    backend: Backend = "numba",
) -> tuple[int, int, int]:
    """Deal up to `len(sources)` rows; stop at the first whose source has no row left in `row_tokens`.

    Args:
        credits_: int64 `[K]`, of every source; changed.
        weights: int64 `[K]`, 0 or more, at least one above 0; sum x tokens of a row below 2**62.
        row_tokens: int32, the tokens of the rows of all sources, one source after the other.
        at: int64 `[K]`: the next row of each in `row_tokens`; changed.
        end: int64 `[K]`: where the rows of each end.
        sources, rows: int32 `[n]` and int64 `[n]`, out: each row's source and its place in `row_tokens`.
        first_mark, mark_every: after that many rows (1 or more), and each time after so many more, a mark is left.
        marks: int64 `[m, 1 + 2 K]`, out: tokens dealt in this call, then `at`, then `credits_`, as they are then.

    Returns:
        (rows dealt, their tokens, the source that has none left, or -1).

    Example: weights [2, 1] and rows of equal length give sources 0, 1, 0, 0, 1, 0 ...
    """
    if backend == "naive":
        return naive.deal_rows(credits_, weights, row_tokens, at, end, sources, rows, first_mark, mark_every, marks)
    totals = np.zeros(2, np.int64)
    dealt = _deal_rows(credits_, weights, row_tokens, at, end, sources, rows, first_mark, mark_every, marks, totals)
    return dealt, int(totals[0]), int(totals[1])


def select_rows(
    documents: np.ndarray, plan: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The segments of rows of a plan, one row after the other.

    Args:
        documents: int64 `[N]`: what the plan's document numbers stand for.
        plan: documents, starts, lengths int32 `[S]`, row_splits int64 `[R + 1]`.
        chosen: int64 `[n]`: rows of the plan.

    Returns:
        documents, starts, lengths int64 `[s]`, row_splits int64 `[n + 1]`.
    """
    splits = np.zeros(len(chosen) + 1, np.int64)
    np.cumsum(plan[3][chosen + 1] - plan[3][chosen], out=splits[1:])
    out = [np.empty(splits[-1], np.int64) for _ in range(3)]
    _select_rows(documents, *plan, chosen, splits, *out)
    return out[0], out[1], out[2], splits
