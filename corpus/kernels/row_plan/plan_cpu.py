"""Makes the arrays that the kernels write, and calls them; best fit's in `best_fit_cpu`. Called by
`corpus.kernels.row_plan`."""

import numpy as np

from corpus.kernels.compiled import compiled
from corpus.kernels.row_plan.best_fit_cpu import plan_best_fit
from corpus.kernels.row_plan.scratch import Columns, columns, scratch, scratch_columns
from corpus.kernels.row_plan.shapes import PlanOptions, RowPlan, TokenLedger

_HERE = "corpus.kernels.row_plan.numba_cpu"
_I = "int32[::1]"
_COLUMNS = f"{_I}, {_I}, {_I}"
_split_pieces = compiled(f"{_HERE}:split_pieces", f"int64({_I}, int64, int64, int64, {_COLUMNS})")
_shorten = compiled(f"{_HERE}:shorten", f"int64({_I}, int64, int64, {_COLUMNS}, int64[::1])")
_concat_rows = compiled(f"{_HERE}:concat_rows", f"int64({_I}, int64, int64, int64, {_COLUMNS}, int64[::1])")
_fit_first = compiled(f"{_HERE}:first_fit", f"int64({_I}, int64, {_I}, int64, {_I}, {_I})")
_group_by_row = compiled(f"{_HERE}:group_by_row", f"void({_COLUMNS}, {_I}, {_I}, int64[::1], {_COLUMNS})")


def plan_rows(lengths: np.ndarray, options: PlanOptions) -> RowPlan:
    """See `corpus.kernels.row_plan.plan_rows`."""
    num_tokens = int(lengths.sum(dtype=np.int64))
    if options.mode == "concat":
        return _plan(*_concat(lengths, num_tokens, options), options, num_tokens, 0, 0)
    if options.mode == "best_fit":
        segments, row_splits, cut, dropped = plan_best_fit(lengths, num_tokens, options)
        return _plan(segments, row_splits, options, num_tokens - cut - dropped, cut, dropped)
    pieces, cut, dropped = _cut(lengths, num_tokens, options)
    used = num_tokens - cut - dropped
    if options.mode == "none":
        return _plan(pieces, np.arange(len(pieces[0]) + 1, dtype=np.int64), options, used, cut, dropped)
    further = int(np.count_nonzero(pieces[1])) * (options.overlap + options.prefix_tokens)
    row_of, filled = _first_fit(pieces[2], options, used + further)
    segments, row_splits = columns(len(row_of)), np.empty(len(filled) + 1, np.int64)
    _group_by_row(*pieces, row_of, filled, row_splits, *segments)
    return _plan(segments, row_splits, options, used, cut, dropped)


def _cut(lengths: np.ndarray, num_tokens: int, options: PlanOptions) -> tuple[Columns, int, int]:
    """The pieces of all documents, in order; tokens cut and dropped."""
    seq_len, counts = options.seq_len, np.zeros(2, np.int64)
    room_for = columns if options.mode == "none" else scratch_columns
    if options.overflow == "split":
        pieces = room_for(len(lengths) + 1 + num_tokens // (seq_len - options.prefix_tokens - options.overlap))
        num_pieces = _split_pieces(lengths, seq_len, options.overlap, options.prefix_tokens, *pieces)
    else:
        pieces = room_for(len(lengths) + 1)
        num_pieces = _shorten(lengths, seq_len, int(options.overflow == "drop"), *pieces, counts)
    return _first(num_pieces, pieces), int(counts[0]), int(counts[1])


def _first(num_pieces: int, pieces: Columns) -> Columns:
    documents, starts, lengths = (column[:num_pieces] for column in pieces)
    return documents, starts, lengths


def _first_fit(piece_lengths: np.ndarray, options: PlanOptions, num_tokens: int) -> tuple[np.ndarray, np.ndarray]:
    """The row of every piece, int32 `[S]`, and the pieces of every row, int32 `[R]`."""
    num_pieces = len(piece_lengths)
    # At most one open row is half empty or more, else the pieces of the later would stand in the earlier.
    most = 2 * num_tokens // options.seq_len + 1 + num_pieces // options.documents_a_row
    num_leaves = 1
    while num_leaves < min(most, num_pieces):
        num_leaves *= 4
    first_leaf = (num_leaves - 1) // 3 + 3
    tree, filled = scratch("tree", first_leaf + num_leaves), scratch("filled", num_leaves)
    row_of = scratch("row_of", num_pieces)
    tree[:], filled[:] = options.seq_len, 0
    num_rows = _fit_first(piece_lengths, options.documents_a_row, tree, first_leaf, filled, row_of)
    return row_of, filled[:num_rows]


def _concat(lengths: np.ndarray, num_tokens: int, options: PlanOptions) -> tuple[Columns, np.ndarray]:
    """Segments and row splits. A piece ends with its document, or it fills `seq_len - prefix` tokens or more."""
    most = len(lengths) + num_tokens // (options.seq_len - options.prefix_tokens)
    pieces, splits = columns(most), np.empty(most + 1, np.int64)
    limits = (options.seq_len, options.prefix_tokens, options.documents_a_row)
    num_rows = _concat_rows(lengths, *limits, *pieces, splits)
    return _first(int(splits[num_rows]), pieces), splits[: num_rows + 1].copy()


def _plan(
    segments: Columns, row_splits: np.ndarray, options: PlanOptions, used: int, cut: int, dropped: int
) -> RowPlan:
    """The plan with its ledger."""
    further = int(np.count_nonzero(segments[1]))
    repeated, prefix = further * options.overlap, further * options.prefix_tokens
    padding = (len(row_splits) - 1) * options.seq_len - used - repeated - prefix
    return RowPlan(*segments, row_splits, TokenLedger(used, repeated, prefix, cut, dropped, padding))
