"""Is what `pack_rows` was given sound? One pass over the segments, some microseconds a batch; no token is looked at.

The kernels that pack and stage rows make that pass themselves: `call` calls them, and `check_rows` makes it alone.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from corpus.kernels.compiled import compiled

_SOUND, _SPLITS, _OUTSIDE, _LONG, _MANY, _SPANS = range(6)  # as `numba_cpu` numbers them
_SEGMENTS = "int64[::1], int64[::1], int64[::1], int32[:, ::1], int64[::1]"  # starts to span_splits
_find_fault = compiled(
    "corpus.kernels.pack.numba_cpu:find_fault", f"int64(int64, {_SEGMENTS}, int64, int64, int64[::1])"
)
_NO_SPANS = (np.empty((0, 2), np.int32), np.empty(0, np.int64))
_NO_DOCUMENTS = np.empty(0, np.int64)
_TOKEN_TYPES = frozenset((np.dtype(np.uint16), np.dtype(np.uint32)))


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
    spans = _NO_SPANS if loss_spans is None else loss_spans
    fault = _find_fault(num_tokens, starts, lengths, row_splits, *spans, seq_len, max_segments, place)
    if fault != _SOUND:
        raise _error(fault, place, num_tokens, row_splits, seq_len, max_segments)


def kernel_of_rows(name: str, tokens: str, rest: str) -> Callable[..., int]:
    """A kernel of `numba_cpu` for `call`: for tokens of a type, with the signature of its own arguments."""
    return compiled(
        f"corpus.kernels.pack.numba_cpu:{name}",
        f"int64({tokens}[::1], {_SEGMENTS}, int64[::1], int64, int64, {rest}, int64[::1])",
    )


def call(
    kernel: Callable[..., int],
    tokens: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    row_splits: np.ndarray,
    loss_spans: tuple[np.ndarray, np.ndarray] | None,
    document_ids: np.ndarray | None,
    seq_len: int,
    max_segments: int,
    *rest: Any,
) -> int:
    """Call a kernel that checks rows before it writes.

    Args:
        kernel: of `kernel_of_rows`.
        others: as `corpus.kernels.pack.pack_rows` makes them of its arguments.
        rest: the kernel's own.

    Returns:
        Tokens of the longest segment, padding counted.

    Raises:
        ValueError: as `check_rows`; then nothing was written.
    """
    place = np.empty(2, np.int64)
    spans = _NO_SPANS if loss_spans is None else loss_spans
    documents = _NO_DOCUMENTS if document_ids is None else document_ids
    segments = (starts, lengths, row_splits, *spans, documents)
    longest = kernel(tokens, *segments, seq_len, max_segments, *rest, place)
    if longest < 0:
        raise _error(-longest, place, len(tokens), row_splits, seq_len, max_segments)
    return longest


def _error(
    fault: int, place: np.ndarray, num_tokens: int, row_splits: np.ndarray, seq_len: int, max_segments: int
) -> ValueError:
    """What `find_fault` found, in words."""
    row, found = place.tolist()
    if fault == _SPLITS:
        text = f"row_splits must rise from 0 to the number of segments, got {row_splits[:8]}..."
    elif fault == _OUTSIDE:
        text = f"row {row}: segment {found} has less than no tokens or lies outside the {num_tokens} tokens given"
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


def checked_segments(
    tokens: np.ndarray, starts: np.ndarray, lengths: np.ndarray, row_splits: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts, lengths and row_splits as contiguous int64; whether they fit the tokens is `find_fault`'s.

    Raises:
        ValueError: for tokens of another type, no row_splits, not as many starts as lengths.
    """
    starts_S, lengths_S, splits_B1 = (np.ascontiguousarray(array, np.int64) for array in (starts, lengths, row_splits))
    if len(starts_S) != len(lengths_S) or not len(splits_B1):
        raise ValueError(
            f"{len(starts_S)} starts, {len(lengths_S)} lengths, {len(splits_B1)} row_splits; expected as many starts "
            "as lengths, and row_splits that begin with 0"
        )
    if tokens.dtype not in _TOKEN_TYPES or tokens.ndim != 1:
        raise ValueError(f"tokens are {tokens.dtype} {tokens.shape}, expected one-dimensional uint16 or uint32")
    return starts_S, lengths_S, splits_B1


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
