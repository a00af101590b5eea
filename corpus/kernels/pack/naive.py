"""The specification of packing, in plain Python: obvious, slow, without a check. Called by
`corpus.kernels.pack`.

Price: the plan is quadratic in the number of pieces; packing takes about a microsecond a token.
"""

from dataclasses import dataclass, field

import numpy as np

from corpus.kernels.pack.shapes import IGNORE_INDEX, PackedRows, PackPlan


@dataclass
class _Row:
    room: int
    touched: int = -1  # when the last piece came
    pieces: list[tuple[int, int, int]] = field(default_factory=list)  # (document, start, length)


def plan_best_fit(lengths: np.ndarray, seq_len: int, max_documents: int) -> PackPlan:
    """Longest piece first, into the tightest row that holds it, the one touched last among equals."""
    pieces = [
        (document, start, min(seq_len, int(length) - start))
        for document, length in enumerate(lengths)
        for start in range(0, int(length), seq_len)
    ]
    rows: list[_Row] = []
    for time, piece in enumerate(sorted(pieces, key=lambda piece: (-piece[2], piece[0], piece[1]))):
        length = piece[2]
        fitting = [row for row in rows if row.room >= length and len(row.pieces) < max_documents]
        if fitting:
            row = min(fitting, key=lambda row: (row.room, -row.touched))
        else:
            row = _Row(seq_len)
            rows.append(row)
        row.pieces.append(piece)
        row.room -= length
        row.touched = time
    segments = [piece for row in rows for piece in sorted(row.pieces)]
    columns = np.array(segments, dtype=np.int32).reshape(-1, 3)
    row_splits = np.cumsum([0] + [len(row.pieces) for row in rows], dtype=np.int64)
    documents, starts, piece_lengths = (np.ascontiguousarray(columns[:, i]) for i in range(3))
    return PackPlan(documents, starts, piece_lengths, row_splits)


def pack_rows(
    tokens: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    row_splits: np.ndarray,
    pad_id: int,
    out: PackedRows,
) -> None:
    """Write every element of `out`, token by token."""
    num_rows, seq_len = out.input_ids.shape
    for row in range(num_rows):
        borders, column = [0], 0
        for segment in range(row_splits[row], row_splits[row + 1]):
            start, length = int(starts[segment]), int(lengths[segment])
            for position in range(length):
                last = position == length - 1
                out.input_ids[row, column] = tokens[start + position]
                out.labels[row, column] = IGNORE_INDEX if last else tokens[start + position + 1]
                out.position_ids[row, column] = position
                column += 1
            borders.append(column)
        for position in range(seq_len - column):
            out.input_ids[row, column + position] = pad_id
            out.labels[row, column + position] = IGNORE_INDEX
            out.position_ids[row, column + position] = position
        borders += [seq_len] * (out.cu_seqlens.shape[1] - len(borders))
        out.cu_seqlens[row] = borders
