"""Arrays for planning. What is only needed on the way is kept for the thread's next plan, some MB: a new page of memory
costs as much as planning a dozen documents."""

import threading

import numpy as np

_kept = threading.local()

Columns = tuple[np.ndarray, np.ndarray, np.ndarray]  # documents, starts, lengths


def scratch(name: str, size: int) -> np.ndarray:
    """An int32 array of this thread, which the next call with the same name writes over."""
    array = _kept.__dict__.get(name)
    if array is None or len(array) < size:
        array = _kept.__dict__[name] = np.empty(size + size // 4, np.int32)
    return array[:size]


def scratch_columns(size: int) -> Columns:
    """`columns` as scratch."""
    check_size(size)
    return scratch("documents", size), scratch("starts", size), scratch("lengths", size)


def columns(size: int) -> Columns:
    """Room for documents, starts and lengths, in one piece: what is freed in large pieces glibc keeps for the next."""
    check_size(size)
    documents, starts, lengths = np.empty((3, size), np.int32)
    return documents, starts, lengths


def check_size(num_pieces: int) -> None:
    """Refuse more pieces than int32 can count.

    Raises:
        ValueError: there may be 2**31 or more.
    """
    if num_pieces >= 1 << 31:
        raise ValueError(f"the documents may be {num_pieces} pieces, expected fewer than 2**31; plan fewer at a time")
