"""Which columns of a row one context-parallel rank writes, and where.

    size 2, T = 8        0 1 2 3 4 5 6 7        column c of the output is column
    contiguous, rank 0   0 1 2 3                c + first_shift         for c < chunk
    contiguous, rank 1           4 5 6 7        c + second_shift        for the others
    zigzag, rank 0       0 1         6 7
    zigzag, rank 1           2 3 4 5

Zigzag cuts the row into 2 * size chunks and gives each rank one from the front and one from the back, so that under a
causal mask all have the same work (ring attention; TransformerEngine's and Megatron's order).
"""

import functools
from dataclasses import dataclass

LAYOUTS = ("contiguous", "zigzag")


@dataclass(frozen=True)
class ColumnMap:
    """From columns of the output to columns of the row.

    Fields:
        num_columns: of the output, C.
        chunk: output columns before this one are shifted by `first_shift`, the others by `second_shift`.
    """

    num_columns: int
    chunk: int
    first_shift: int
    second_shift: int


@functools.lru_cache(maxsize=64)
def column_map(seq_len: int, context_parallel: tuple[int, int, str] | None) -> ColumnMap:
    """The map of `(rank, size, layout)`, or of the whole row for None.

    Raises:
        ValueError: for an unknown layout, a rank outside the size, a `seq_len` that cannot be divided evenly.

    Example: `column_map(8, (1, 2, "zigzag"))` -> `ColumnMap(4, 2, 2, 2)`: columns 2, 3 and 4, 5.
    """
    if context_parallel is None:
        return ColumnMap(seq_len, seq_len, 0, 0)
    rank, size, layout = context_parallel
    if layout not in LAYOUTS or not 0 <= rank < size:
        raise ValueError(
            f"context_parallel is {context_parallel}, expected (rank, size, layout) with rank from 0 to size - 1 "
            f"and a layout of {LAYOUTS}"
        )
    parts = size if layout == "contiguous" else 2 * size
    if seq_len % parts:
        raise ValueError(
            f"seq_len is {seq_len}, context_parallel {context_parallel} cuts it into {parts} equal parts; "
            f"choose a multiple of {parts}"
        )
    chunk = seq_len // parts
    if layout == "contiguous":
        return ColumnMap(chunk, chunk, rank * chunk, rank * chunk)
    return ColumnMap(2 * chunk, chunk, rank * chunk, (2 * size - 2 - rank) * chunk)
