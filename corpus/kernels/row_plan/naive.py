"""The specification of planning, in plain Python: obvious, slow, without a check. Called by `corpus.kernels.row_plan`.

Price: quadratic in the number of pieces; the ledger touches every token.
"""

from typing import NamedTuple

import numpy as np

from corpus.kernels.row_plan.shapes import PlanOptions, RowPlan, TokenLedger, least_room, rows_too_many


class _Piece(NamedTuple):
    document: int
    start: int  # its first document token
    tokens: int  # of the document
    prefix: int  # tokens before them

    @property
    def length(self) -> int:
        return self.prefix + self.tokens


class _Row:
    """Pieces in a row, the room left, and when the last piece came."""

    def __init__(self, room: int, limit: int) -> None:
        self.room, self.limit, self.touched = room, limit, -1
        self.pieces: list[_Piece] = []

    def holds(self, length: int) -> bool:
        return self.room >= length and len(self.pieces) < self.limit

    def add(self, piece: _Piece, time: int = 0) -> None:
        self.pieces.append(piece)
        self.room -= piece.length
        self.touched = time


def plan_rows(lengths: np.ndarray, options: PlanOptions) -> RowPlan:
    """See `corpus.kernels.row_plan.plan_rows`."""
    place = {"best_fit": _best_fit, "first_fit": _first_fit, "concat": _concat, "none": _one_a_row}[options.mode]
    rows = [row.pieces for row in place([int(length) for length in lengths], options)]
    pieces = [piece for row in rows for piece in row]
    columns = np.array([(p.document, p.start, p.length) for p in pieces], dtype=np.int32).reshape(-1, 3)
    documents, starts, piece_lengths = (np.ascontiguousarray(columns[:, i]) for i in range(3))
    row_splits = np.cumsum([0] + [len(row) for row in rows], dtype=np.int64)
    return RowPlan(documents, starts, piece_lengths, row_splits, _count(lengths, pieces, len(rows) * options.seq_len))


def _cut(lengths: list[int], options: PlanOptions) -> list[_Piece]:
    """The pieces of all documents, in order."""
    pieces: list[_Piece] = []
    for document, length in enumerate(lengths):
        if length > options.seq_len and options.overflow == "drop":
            continue
        end = min(length, options.seq_len)
        if length:
            pieces.append(_Piece(document, 0, end, 0))
        while end < length and options.overflow == "split":
            start = end - options.overlap
            end = min(length, start + options.seq_len - options.prefix_tokens)
            pieces.append(_Piece(document, start, end - start, options.prefix_tokens))
    return pieces


def _best_fit(lengths: list[int], options: PlanOptions) -> list[_Row]:
    """Longest piece first, into the tightest row that holds it, the one touched last among equals."""
    rows: list[_Row] = []
    longest_first = sorted(_cut(lengths, options), key=lambda piece: (-piece.length, piece.document, piece.start))
    for time, piece in enumerate(longest_first):
        fitting = [row for row in rows if row.holds(piece.length)]
        if not fitting:
            fitting = [_Row(options.seq_len, options.documents_a_row)]
            rows += fitting
        min(fitting, key=lambda row: (row.room, -row.touched)).add(piece, time)
    if options.overflow == "split" and options.overlap == 0:
        rows = _pour(rows, lengths, options)
    for row in rows:
        row.pieces.sort()
    return rows


def _pour(rows: list[_Row], lengths: list[int], options: PlanOptions) -> list[_Row]:
    """Empty rows of cut documents only into the room of the others, if best fit left too much of it."""
    seq_len = options.seq_len
    of_cut = [row for row in rows if all(lengths[piece.document] > seq_len for piece in row.pieces)]
    of_cut.sort(key=lambda row: -row.room)
    room = sum(row.room for row in rows if row.room > least_room(options) and row.holds(1))
    emptied = of_cut[: rows_too_many(room, len(rows), seq_len)]
    kept = [row for row in rows if row not in emptied]
    poured = {id(row): _Row(row.room, row.limit - len(row.pieces)) for row in kept}
    waiting = sorted(poured.values(), key=lambda row: -row.room)
    fresh: list[_Row] = []
    for piece in _joined(sorted(piece for row in emptied for piece in row.pieces)):
        start, end = piece.start, piece.start + piece.tokens
        while start < end:
            while waiting and not (waiting[0].room > least_room(options) and waiting[0].holds(1)):
                waiting.pop(0)
            if not waiting:
                fresh.append(_Row(seq_len, options.documents_a_row))
                waiting.append(fresh[-1])
            prefix = options.prefix_tokens if start else 0
            tokens = min(end - start, waiting[0].room - prefix)
            waiting[0].add(_Piece(piece.document, start, tokens, prefix))
            start += tokens
    if len(kept) + len(fresh) >= len(rows):
        return rows
    for row in kept:
        row.pieces += poured[id(row)].pieces
    return kept + fresh


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Pieces of a document that follow each other become one; its prefix is not known yet."""
    joined: list[_Piece] = []
    for piece in pieces:
        if joined and joined[-1].document == piece.document and joined[-1].start + joined[-1].tokens == piece.start:
            piece = _Piece(piece.document, joined[-1].start, joined.pop().tokens + piece.tokens, 0)
        joined.append(piece)
    return joined


def _first_fit(lengths: list[int], options: PlanOptions) -> list[_Row]:
    """In the order given, into the earliest row that holds it."""
    rows: list[_Row] = []
    for piece in _cut(lengths, options):
        fitting = [row for row in rows if row.holds(piece.length)]
        if not fitting:
            fitting = [_Row(options.seq_len, options.documents_a_row)]
            rows += fitting
        fitting[0].add(piece)
    return rows


def _one_a_row(lengths: list[int], options: PlanOptions) -> list[_Row]:
    rows = []
    for piece in _cut(lengths, options):
        rows.append(_Row(options.seq_len, 1))
        rows[-1].add(piece)
    return rows


def _concat(lengths: list[int], options: PlanOptions) -> list[_Row]:
    """One document after the other; what does not fit goes on in the next row, behind a prefix."""
    rows: list[_Row] = []
    for document, length in enumerate(lengths):
        start = 0
        while start < length:
            if not rows or not rows[-1].holds(1):
                rows.append(_Row(options.seq_len, options.documents_a_row))
            prefix = options.prefix_tokens if start else 0
            tokens = min(length - start, rows[-1].room - prefix)
            rows[-1].add(_Piece(document, start, tokens, prefix))
            start += tokens
    return rows


def _count(lengths: np.ndarray, pieces: list[_Piece], positions: int) -> TokenLedger:
    """Count how often each token of each document stands in a row."""
    times = [np.zeros(length, np.int64) for length in lengths]
    for piece in pieces:
        times[piece.document][piece.start : piece.start + piece.tokens] += 1
    used = sum(int((counts > 0).sum()) for counts in times)
    repeated = sum(int(counts.sum()) for counts in times) - used
    prefix = sum(piece.prefix for piece in pieces)
    dropped = sum(len(counts) for counts in times if not counts.any())
    cut = sum(len(counts) for counts in times) - used - dropped
    return TokenLedger(used, repeated, prefix, cut, dropped, positions - used - repeated - prefix)
