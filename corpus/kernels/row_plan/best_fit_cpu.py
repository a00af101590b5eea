"""Best fit: makes the arrays that its kernels write, and calls them. Called by `plan_cpu`."""

from typing import NamedTuple

import numpy as np

from corpus.kernels.compiled import compiled
from corpus.kernels.row_plan.scratch import Columns, check_size, columns, scratch, scratch_columns
from corpus.kernels.row_plan.shapes import PlanOptions, least_room, rows_too_many

_FIT = "corpus.kernels.row_plan.numba_best_fit"
_POUR = "corpus.kernels.row_plan.numba_pour"
_I = "int32[::1]"
_PIECES = f"{_I}, {_I}, {_I}, {_I}"
_split_tails = compiled(f"{_FIT}:split_tails", f"void({_I}, int64, int64, int64, {_I}, {_I}, {_I}, int64[::1])")
_shorten_tails = compiled(f"{_FIT}:shorten_tails", f"void({_I}, int64, int64, {_I}, {_I}, int64[::1])")
_longest_first = compiled(f"{_FIT}:longest_first", f"void({_I}, {_I}, {_I})")
_fit_best = compiled(
    f"{_FIT}:best_fit",
    f"int64({_I}, {_I}, int64, int64, uint64[::1], uint64[::1], uint64[::1], {_I}, {_I}, {_I}, {_I}, {_I})",
)
_write_rows = compiled(
    f"{_FIT}:write_rows",
    f"void({_I}, {_I}, int64, int64, int64, {_I}, {_PIECES}, int64, int64, {_I}, int64[::1], {_I}, {_I}, {_I})",
)
_most_room_first = compiled(f"{_POUR}:most_room_first", f"void({_I}, {_I}, int64, int64, {_I}, {_I}, int64[::1])")
_pour = compiled(
    f"{_POUR}:pour",
    f"int64({_I}, {_I}, {_I}, {_I}, {_I}, {_I}, {_I}, {_I}, int64, int64, int64, int64, int64, int64, int64, {_I}, "
    f"{_I}, {_I}, {_I}, {_PIECES}, int64[::1])",
)


class _Tails(NamedTuple):
    """Documents as pieces that fill a row and a tail: `split_tails`'s `full` and `tails`, `[N]`; and `best_fit`'s
    `row_of` `[N]` and `filled` `[P]`."""

    full: np.ndarray
    tails: np.ndarray
    row_of: np.ndarray
    filled: np.ndarray


class _Poured(NamedTuple):
    """Pieces that were poured, in document order, their rows, and how many full pieces they had been."""

    pieces: Columns
    rows: np.ndarray
    num_full: int


def plan_best_fit(lengths: np.ndarray, num_tokens: int, options: PlanOptions) -> tuple[Columns, np.ndarray, int, int]:
    """Segments, row splits, tokens cut, tokens dropped."""
    seq_len, prefix = options.seq_len, options.prefix_tokens
    full, tails, counts = scratch("full", len(lengths)), scratch("tails", len(lengths)), np.zeros(4, np.int64)
    longer, too_many, cut, dropped, whole = scratch("longer", len(lengths) + 1), 0, 0, 0, 0
    if options.overflow == "split":
        _split_tails(lengths, seq_len, options.overlap, prefix, full, tails, longer, counts)
        num_full, whole, num_longer, further = counts.tolist()
        longer = longer[:num_longer]
    else:
        _shorten_tails(lengths, seq_len, int(options.overflow == "drop"), full, tails, counts)
        num_full, cut, dropped, further = counts.tolist()
    check_size(num_full + len(lengths))
    fitted, rooms = _fit_tails(full, tails, options)
    nothing = np.array([len(lengths)], np.int32)
    poured = _Poured((nothing, nothing, nothing), nothing, 0)
    num_rows = num_full + len(rooms)
    if options.overflow == "split" and options.overlap == 0:
        too_many = rows_too_many(num_rows * seq_len - num_tokens - prefix * further, num_rows, seq_len)
    if too_many:
        poured_into = _pour_cut(lengths, longer, fitted, rooms, num_full, num_full - whole, options)
        fitted, poured = poured_into or (fitted, poured)
    num_full -= poured.num_full
    num_rows = num_full + int(np.count_nonzero(fitted.filled))
    segments, row_splits = columns(num_full + int(fitted.filled.sum(dtype=np.int64))), np.empty(num_rows + 1, np.int64)
    cuts = (seq_len, seq_len - prefix - options.overlap, prefix)
    given = (*poured.pieces, poured.rows, poured.num_full, num_full)
    _write_rows(full, tails, *cuts, fitted.row_of, *given, fitted.filled, row_splits, *segments)
    return segments, row_splits, cut, dropped


def _fit_tails(full: np.ndarray, tails: np.ndarray, options: PlanOptions) -> tuple[_Tails, np.ndarray]:
    """Tails in rows, and the room left in each row."""
    num_documents, seq_len = len(tails), options.seq_len
    place, order = np.zeros(seq_len + 2, np.int32), scratch("order", num_documents)
    _longest_first(tails, place, order)
    levels = [np.zeros((seq_len >> shift) + 1, np.uint64) for shift in (6, 12, 18)]
    top = np.full(seq_len + 1, -1, np.int32)
    below, filled, rooms, row_of = (scratch(name, num_documents) for name in ("below", "filled", "rooms", "row_of"))
    num_rows = _fit_best(place, order, seq_len, options.documents_a_row, *levels, top, below, filled, rooms, row_of)
    return _Tails(full, tails, row_of, filled[:num_rows]), rooms[:num_rows]


def _pour_cut(
    lengths: np.ndarray,
    longer: np.ndarray,
    fitted: _Tails,
    rooms: np.ndarray,
    num_full: int,
    num_cut_full: int,
    options: PlanOptions,
) -> tuple[_Tails, _Poured] | None:
    """Fill the room that was left with pieces of cut documents; None if no row would be saved.

    Args:
        longer: the documents that are cut.
        rooms: left in the rows of tails.
        num_full, num_cut_full: full pieces, and those of them that are no whole document.
    """
    seq_len, num_rows, counts = options.seq_len, len(rooms), np.zeros(2, np.int64)
    limits = (least_room(options), options.documents_a_row)
    order = scratch("order", 2 * num_rows + num_full)  # with rows that may be new
    _most_room_first(fitted.filled, rooms, *limits, np.zeros(seq_len + 1, np.int32), order, counts)
    with_room, room = counts.tolist()
    num_emptied = rows_too_many(room, num_full + num_rows, seq_len)
    if not num_emptied:
        return None
    row_of, filled = scratch("row_of_poured", len(lengths)), scratch("filled_poured", num_rows + num_emptied)
    row_of[:], filled[:num_rows] = fitted.row_of, fitted.filled
    stretches = [scratch(f"stretch {name}", 2 * len(longer) + 1) for name in ("documents", "starts", "ends")]
    most = len(stretches[0]) + num_rows + num_emptied
    pieces, rows = scratch_columns(most), scratch("rows", most)
    documents = (lengths, longer, fitted.full, fitted.tails, row_of)
    into = (order, rooms, np.zeros(num_rows + 1, np.int32), with_room, num_emptied, num_cut_full)
    sizes = (seq_len, options.prefix_tokens, *limits)
    if _pour(*documents, *into, *sizes, *stretches, filled, *pieces, rows, counts) < 0:
        return None
    return fitted._replace(row_of=row_of, filled=filled[: counts[1]]), _Poured(pieces, rows, int(counts[0]))
