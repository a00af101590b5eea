"""One buffer with all that the device needs of a batch: the plan of its rows and, behind it, their tokens.

    header      int64 [8]        where the parts below begin, each counted in items of its own type
    starts      int64 [S + B]    where a segment's tokens begin in the buffer, in tokens; -1 for padding
    documents   int64 [S + B]    their numbers, -1 for padding; if asked for
    row_splits  int32 [B + 1]    row b has entries row_splits[b] to row_splits[b + 1] of the others
    begins      int32 [S + B]    the column at which a segment begins in its row
    span_splits int32 [B + 1]    row b has spans span_splits[b] to span_splits[b + 1]; if there are loss spans
    span_begins int32 [K]        in columns of the row
    span_ends   int32 [K]
    tokens      uint16 or uint32, gathered

Each row has one entry more than segments, its padding, which begins at `seq_len` where there is none: so a segment ends
where the next entry begins, and `begins` is `cu_seqlens` already. Since the header says where things are, the buffer
may stay at one address for all batches and be copied only as far as it is filled.

Price: 12 bytes a segment and 16 a row beside the tokens, 20 and 24 with document ids, 8 a span. That is 2.03 bytes a
token for uint16 and documents of 500 tokens. Writing it costs about as much as copying the tokens.
"""

from dataclasses import dataclass

import numpy as np

from corpus.kernels.pack.checks import call, kernel_of_rows

_HEADER = 8
_ALIGNMENT = 16  # bytes
_stage_rows = {
    np.dtype(tokens): kernel_of_rows(
        "stage_rows", tokens, f"int64[::1], int64[::1], int32[::1], {tokens}[::1], int32[:, ::1]"
    )
    for tokens in ("uint16", "uint32")
}


@dataclass(frozen=True)
class Layout:
    """Where the parts lie.

    Fields:
        places: the header, int64 `[8]`: starts, documents, row_splits, begins, span_splits, span_begins, span_ends,
            tokens, each in items of its own type.
        plan_bytes: up to the tokens.
        num_bytes: of all.
    """

    places: np.ndarray
    plan_bytes: int
    num_bytes: int


def layout(
    num_rows: int, num_segments: int, num_tokens: int, token_bytes: int, *, num_spans: int = -1, documents: bool = False
) -> Layout:
    """The layout of a batch.

    Args:
        num_tokens: of all segments together; -1 leaves the tokens out of the buffer.
        num_spans: -1 if there are no loss spans.
        documents: whether document ids are asked for.
    """
    entries, splits = num_segments + num_rows, num_rows + 1
    starts = _HEADER
    document_ids = starts + entries
    row_splits = 2 * (document_ids + entries * documents)  # from here on in int32
    begins = row_splits + splits
    span_splits = begins + entries
    span_begins = span_splits + splits * (num_spans >= 0)
    span_ends = span_begins + max(num_spans, 0)
    plan_bytes = -(-4 * (span_ends + max(num_spans, 0)) // _ALIGNMENT) * _ALIGNMENT
    places = (starts, document_ids, row_splits, begins, span_splits, span_begins, span_ends)
    if num_tokens < 0:
        return Layout(np.array([*places, -1], np.int64), plan_bytes, plan_bytes)
    num_bytes = -(-(plan_bytes + num_tokens * token_bytes) // _ALIGNMENT) * _ALIGNMENT
    return Layout(np.array([*places, plan_bytes // token_bytes], np.int64), plan_bytes, num_bytes)


def stage_rows(
    tokens: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    row_splits: np.ndarray,
    *,
    seq_len: int,
    max_segments: int,
    loss_spans: tuple[np.ndarray, np.ndarray] | None,
    document_ids: np.ndarray | None,
    where: Layout,
    buffer: np.ndarray,
    cu_seqlens: np.ndarray,
) -> int:
    """Check a batch and write it into a buffer.

    Args:
        others: as `corpus.kernels.pack.pack_rows` makes them of its arguments.
        where: of `layout` with the sizes of this batch.
        buffer: uint8, aligned to 8 bytes, of `where.num_bytes` or more and a multiple of 8; written.
        cu_seqlens: int32 `[B, max_segments + 1]`, for the host; written.

    Returns:
        `max_seqlen`.

    Raises:
        ValueError: see `corpus.kernels.pack.pack_rows`.
    """
    return call(
        _stage_rows[tokens.dtype],
        tokens,
        starts,
        lengths,
        row_splits,
        loss_spans,
        document_ids,
        seq_len,
        max_segments,
        where.places,
        buffer.view(np.int64),
        buffer.view(np.int32),
        buffer.view(tokens.dtype),
        cu_seqlens,
    )
