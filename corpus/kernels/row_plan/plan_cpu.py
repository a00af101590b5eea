"""Makes the arrays that the kernels write, and calls them. Called by `corpus.kernels.row_plan`.

What is only needed on the way is kept for the thread's next plan, some MB: a new page of memory costs as much as
planning a dozen documents.
"""

import threading

import numpy as np

from corpus.kernels.compiled import compiled
from corpus.kernels.row_plan.shapes import PlanOptions, RowPlan, TokenLedger, least_room, rows_too_many

_HERE = "corpus.kernels.row_plan.numba_cpu"
_COLUMNS = "int32[::1], int32[::1], int32[::1]"
_split_pieces = compiled(f"{_HERE}:split_pieces", f"int64(int32[::1], int64, int64, int64, {_COLUMNS})")
_shorten = compiled(f"{_HERE}:shorten", f"int64(int32[::1], int64, int64, {_COLUMNS}, int64[::1])")
_concat_rows = compiled(f"{_HERE}:concat_rows", f"int64(int32[::1], int64, int64, int64, {_COLUMNS}, int64[::1])")
_longest_first = compiled(f"{_HERE}:longest_first", "void(int32[::1], int32[::1], int32[::1])")
_fit_best = compiled(
    f"{_HERE}:best_fit",
    f"int64(int32[::1], int32[::1], int64, int64, uint64[::1], uint64[::1], uint64[::1], {_COLUMNS})",
)
_fit_first = compiled(f"{_HERE}:first_fit", "int64(int32[::1], int64, int32[::1], int64, int32[::1], int32[::1])")
_group_by_row = compiled(f"{_HERE}:group_by_row", f"void({_COLUMNS}, int32[::1], int64[::1], int32[::1], {_COLUMNS})")
_measure_rows = compiled(
    "corpus.kernels.row_plan.numba_pour:measure_rows",
    f"int64(int32[::1], {_COLUMNS}, int32[::1], int64, int64, {_COLUMNS})",
)
_pour = compiled(
    "corpus.kernels.row_plan.numba_pour:pour",
    f"int64({_COLUMNS}, int32[::1], int32[::1], {_COLUMNS}, int64, int64, int64, int64, int64, int32[::1], {_COLUMNS}, "
    "int32[::1])",
)

_kept = threading.local()

_Columns = tuple[np.ndarray, np.ndarray, np.ndarray]  # documents, starts, lengths


def plan_rows(lengths: np.ndarray, options: PlanOptions) -> RowPlan:
    """See `corpus.kernels.row_plan.plan_rows`."""
    num_tokens = int(lengths.sum(dtype=np.int64))
    if options.mode == "concat":
        return _plan(*_concat(lengths, num_tokens, options), options, num_tokens, 0, 0)
    pieces, cut, dropped = _cut(lengths, num_tokens, options)
    used = num_tokens - cut - dropped
    if options.mode == "none":
        return _plan(pieces, np.arange(len(pieces[0]) + 1, dtype=np.int64), options, used, cut, dropped)
    if options.mode == "best_fit":
        row_of, num_rows = _best_fit(pieces[2], options)
        if options.overflow == "split" and options.overlap == 0:
            pieces, row_of, num_rows = _pour_cut(lengths, num_tokens, pieces, row_of, num_rows, options)
    else:
        further = int(np.count_nonzero(pieces[1])) * (options.overlap + options.prefix_tokens)
        row_of, num_rows = _first_fit(pieces[2], options, used + further)
    segments, row_splits = _columns(len(row_of)), np.empty(num_rows + 1, np.int64)
    _group_by_row(*pieces, row_of, row_splits, _scratch("places", num_rows), *segments)
    return _plan(segments, row_splits, options, used, cut, dropped)


def _cut(lengths: np.ndarray, num_tokens: int, options: PlanOptions) -> tuple[_Columns, int, int]:
    """The pieces of all documents, in order; tokens cut and dropped."""
    seq_len, counts = options.seq_len, np.zeros(2, np.int64)
    columns = _columns if options.mode == "none" else _scratch_columns
    if options.overflow == "split":
        pieces = columns(len(lengths) + 1 + num_tokens // (seq_len - options.prefix_tokens - options.overlap))
        num_pieces = _split_pieces(lengths, seq_len, options.overlap, options.prefix_tokens, *pieces)
    else:
        pieces = columns(len(lengths) + 1)
        num_pieces = _shorten(lengths, seq_len, int(options.overflow == "drop"), *pieces, counts)
    return _first(num_pieces, pieces), int(counts[0]), int(counts[1])


def _first(num_pieces: int, pieces: _Columns) -> _Columns:
    documents, starts, lengths = (column[:num_pieces] for column in pieces)
    return documents, starts, lengths


def _scratch(name: str, size: int) -> np.ndarray:
    """An int32 array of this thread, which the next call with the same name writes over."""
    array = _kept.__dict__.get(name)
    if array is None or len(array) < size:
        array = _kept.__dict__[name] = np.empty(size + size // 4, np.int32)
    return array[:size]


def _scratch_columns(size: int, name: str = "pieces") -> _Columns:
    """`_columns` as scratch."""
    _check_size(size)
    return _scratch(name + ".0", size), _scratch(name + ".1", size), _scratch(name + ".2", size)


def _columns(size: int) -> _Columns:
    """Room for documents, starts and lengths."""
    _check_size(size)
    return np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32)


def _best_fit(piece_lengths: np.ndarray, options: PlanOptions) -> tuple[np.ndarray, int]:
    """The row of every piece, int32 `[S]`, and the number of rows."""
    num_pieces, seq_len = len(piece_lengths), options.seq_len
    place, order = np.zeros(seq_len + 2, np.int32), _scratch("order", num_pieces)
    _longest_first(piece_lengths, place, order)
    levels = [np.zeros((seq_len >> shift) + 1, np.uint64) for shift in (6, 12, 18)]
    top, rows = np.full(seq_len + 1, -1, np.int32), _scratch("rows", 2 * num_pieces)
    row_of = _scratch("row_of", num_pieces)
    return row_of, _fit_best(place, order, seq_len, options.documents_a_row, *levels, top, rows, row_of)


def _pour_cut(
    lengths: np.ndarray, num_tokens: int, pieces: _Columns, row_of: np.ndarray, num_rows: int, options: PlanOptions
) -> tuple[_Columns, np.ndarray, int]:
    """Pieces, their rows and the number of rows, once cut documents have filled the room that was left."""
    seq_len, limit, least = options.seq_len, options.documents_a_row, least_room(options)
    in_rows = num_tokens + options.prefix_tokens * int(np.count_nonzero(pieces[1]))
    if not rows_too_many(num_rows * seq_len - in_rows, num_rows, seq_len):
        return pieces, row_of, num_rows
    rooms, filled, whole = (_scratch(name, num_rows) for name in ("rooms", "filled", "whole"))
    rooms[:], filled[:], whole[:] = seq_len, 0, 0
    room = _measure_rows(lengths, *pieces, row_of, least, limit, rooms, filled, whole)
    num_emptied = rows_too_many(room, num_rows, seq_len)
    if not num_emptied:
        return pieces, row_of, num_rows
    place, order = np.zeros(seq_len + 2, np.int32), _scratch("order", num_rows)
    _longest_first(rooms, place, order)
    most = len(row_of) + num_rows
    poured = _scratch_columns(most, "poured")
    row_to, new_row = _scratch("row_to", most), _scratch("new_row", num_rows + 1)
    limits = (num_emptied, seq_len, options.prefix_tokens, least, limit)
    num_pieces = _pour(*pieces, row_of, order, rooms, filled, whole, *limits, new_row, *poured, row_to)
    if num_pieces < 0:
        return pieces, row_of, num_rows
    return _first(num_pieces, poured), row_to[:num_pieces], int(new_row[num_rows])


def _first_fit(piece_lengths: np.ndarray, options: PlanOptions, num_tokens: int) -> tuple[np.ndarray, int]:
    """The row of every piece, int32 `[S]`, and the number of rows."""
    num_pieces = len(piece_lengths)
    # At most one open row is half empty or more, else the pieces of the later would stand in the earlier.
    most = 2 * num_tokens // options.seq_len + 1 + num_pieces // options.documents_a_row
    num_leaves = 1
    while num_leaves < min(most, num_pieces):
        num_leaves *= 4
    first_leaf = (num_leaves - 1) // 3 + 3
    tree, filled = _scratch("tree", first_leaf + num_leaves), _scratch("filled", num_leaves)
    row_of = _scratch("row_of", num_pieces)
    tree[:], filled[:] = options.seq_len, 0
    return row_of, _fit_first(piece_lengths, options.documents_a_row, tree, first_leaf, filled, row_of)


def _concat(lengths: np.ndarray, num_tokens: int, options: PlanOptions) -> tuple[_Columns, np.ndarray]:
    """Segments and row splits. A piece ends with its document, or it fills `seq_len - prefix` tokens or more."""
    most = len(lengths) + num_tokens // (options.seq_len - options.prefix_tokens)
    pieces, splits = _columns(most), np.empty(most + 1, np.int64)
    limits = (options.seq_len, options.prefix_tokens, options.documents_a_row)
    num_rows = _concat_rows(lengths, *limits, *pieces, splits)
    return _first(int(splits[num_rows]), pieces), splits[: num_rows + 1].copy()


def _plan(
    segments: _Columns, row_splits: np.ndarray, options: PlanOptions, used: int, cut: int, dropped: int
) -> RowPlan:
    """The plan with its ledger."""
    further = int(np.count_nonzero(segments[1]))
    repeated, prefix = further * options.overlap, further * options.prefix_tokens
    padding = (len(row_splits) - 1) * options.seq_len - used - repeated - prefix
    return RowPlan(*segments, row_splits, TokenLedger(used, repeated, prefix, cut, dropped, padding))


def _check_size(num_pieces: int) -> None:
    if num_pieces >= 1 << 31:
        raise ValueError(f"the documents may be {num_pieces} pieces, expected fewer than 2**31; plan fewer at a time")
