"""Is what `pack_rows` was given sound? One pass over the segments, some microseconds a batch; no token is looked at."""

import numpy as np

from corpus.kernels.compiled import compiled

_SOUND, _SPLITS, _OUTSIDE, _LONG, _MANY, _SPANS = range(6)  # as `numba_cpu` numbers them
_find_fault = compiled(
    "corpus.kernels.pack.numba_cpu:find_fault",
    "int64(int64, int64[::1], int64[::1], int64[::1], int32[:, ::1], int64[::1], int64, int64, int64[::1])",
)
NO_SPANS = (np.empty((0, 2), np.int32), np.empty(0, np.int64))


def check_rows(
    num_tokens: int,
    starts: np.ndarray,
    lengths: np.ndarray,
    row_splits: np.ndarray,
    seq_len: int,
    max_segments: int,
    loss_spans: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """Refuse segments outside the tokens, rows that are too long or hold too many segments, spans outside segments.

    Args: as in `corpus.kernels.pack.pack_rows`, int64 (spans int32).

    Raises:
        ValueError: naming the row.
    """
    place = np.empty(2, np.int64)
    spans = NO_SPANS if loss_spans is None else loss_spans
    fault = _find_fault(num_tokens, starts, lengths, row_splits, *spans, seq_len, max_segments, place)
    if fault != _SOUND:
        raise fault_error(fault, place, num_tokens, row_splits, seq_len, max_segments)


def fault_error(
    fault: int, place: np.ndarray, num_tokens: int, row_splits: np.ndarray, seq_len: int, max_segments: int
) -> ValueError:
    """What `find_fault` found, in words."""
    row, found = place.tolist()
    if fault == _SPLITS:
        text = f"row_splits must rise from 0 to the number of segments, got {row_splits[:8]}..."
    elif fault == _OUTSIDE:
        text = f"row {row}: segment {found} is empty or outside the {num_tokens} tokens given"
    elif fault == _LONG:
        text = f"row {row} has {found} tokens or more, seq_len is {seq_len}"
    elif fault == _MANY:
        text = (
            f"row {row} has {found} segments with its padding, max_segments is {max_segments}; "
            f"raise it, or plan with max_documents = {max_segments - 1}"
        )
    elif row < 0:
        text = "the splits of loss_spans must rise from 0 to the number of spans"
    else:
        text = (
            f"row {row}: the loss_spans of segment {found} must be [begin, end) of its own tokens, none of them "
            "empty, each beginning at or after the end of the one before"
        )
    return ValueError(text)


def checked_spans(
    loss_spans: tuple[np.ndarray, np.ndarray] | None, num_segments: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Spans int32 `[K, 2]` and their splits int64 `[S + 1]`; whether they lie in their segments is `find_fault`'s.

    Raises:
        ValueError: for another shape.
    """
    if loss_spans is None:
        return None
    spans, span_splits = loss_spans
    spans = np.ascontiguousarray(spans, dtype=np.int32)
    if spans.ndim != 2 or spans.shape[1] != 2:
        raise ValueError(f"the spans of loss_spans have shape {spans.shape}, expected [number of spans, 2]")
    splits = np.ascontiguousarray(span_splits, dtype=np.int64)
    if splits.shape != (num_segments + 1,):
        raise ValueError(f"loss_spans have splits {splits.shape}, expected [segments + 1], [{num_segments + 1}]")
    return spans, splits


def checked_documents(document_ids: np.ndarray | None, num_segments: int, dtype: type) -> np.ndarray | None:
    """Document ids as int64.

    Raises:
        ValueError: if there is not one a segment, or one does not fit the type of the outputs.
    """
    if document_ids is None:
        return None
    documents = np.ascontiguousarray(document_ids, dtype=np.int64)
    if documents.shape != (num_segments,):
        raise ValueError(f"document_ids have shape {documents.shape}, expected one a segment, [{num_segments}]")
    if dtype == np.int32 and num_segments and not -(1 << 31) <= documents.min() <= documents.max() < 1 << 31:
        raise ValueError(
            f"document_ids run from {documents.min()} to {documents.max()}, which does not fit int32; "
            "ask for dtype=np.int64"
        )
    return documents
