"""Is what `pack_rows` was given sound? One pass over the segments, some microseconds a batch."""

import numpy as np
from numba import njit

_SOUND, _SPLITS, _OUTSIDE, _LONG, _MANY = range(5)


def check_rows(
    num_tokens: int,
    starts: np.ndarray,
    lengths: np.ndarray,
    row_splits: np.ndarray,
    seq_len: int,
    max_segments: int,
) -> None:
    """Refuse segments outside the tokens and rows that are too long or hold too many segments.

    Args: as in `corpus.kernels.pack.pack_rows`, int64.

    Raises:
        ValueError: naming the row.
    """
    if len(starts) != len(lengths):
        raise ValueError(f"{len(starts)} starts and {len(lengths)} lengths, expected as many of each")
    fault, row, found = _find_fault(num_tokens, starts, lengths, row_splits, seq_len, max_segments)
    if fault == _SPLITS:
        raise ValueError(f"row_splits must rise from 0 to the {len(starts)} segments, got {row_splits[:8]}...")
    if fault == _OUTSIDE:
        raise ValueError(f"row {row}: segment {found} is empty or outside the {num_tokens} tokens given")
    if fault == _LONG:
        raise ValueError(f"row {row} has {found} tokens, seq_len is {seq_len}")
    if fault == _MANY:
        raise ValueError(
            f"row {row} has {found} segments with its padding, max_segments is {max_segments}; "
            f"raise it, or plan with max_documents = {max_segments - 1}"
        )


@njit(cache=True, nogil=True)
def _find_fault(num_tokens, starts, lengths, row_splits, seq_len, max_segments):
    """The first fault as (kind, row, what was found), or `(_SOUND, -1, 0)`."""
    if len(row_splits) < 1 or row_splits[0] != 0 or row_splits[-1] != len(starts):
        return _SPLITS, -1, 0
    for row in range(len(row_splits) - 1):
        begin, end = row_splits[row], row_splits[row + 1]
        if not 0 <= begin <= end <= len(starts):
            return _SPLITS, row, 0
        used = 0
        for segment in range(begin, end):
            if starts[segment] < 0 or lengths[segment] < 1 or lengths[segment] > num_tokens - starts[segment]:
                return _OUTSIDE, row, segment
            used += lengths[segment]
        if used > seq_len:
            return _LONG, row, used
        if end - begin + (used < seq_len) > max_segments:
            return _MANY, row, end - begin + (used < seq_len)
    return _SOUND, -1, 0
