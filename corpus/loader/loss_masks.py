"""What is trained on of one document, as a mask or as spans: other formats have the one, token folders the other."""

import numpy as np


def mask_of(spans: list[int] | None, length: int) -> np.ndarray:
    """True where a token is trained on, bool `[length]`.

    Args:
        spans: flat pairs (begin, end); None: everything.

    Example: `mask_of([1, 3], 4)` -> [False, True, True, False]
    """
    if spans is None:
        return np.ones(length, bool)
    changes = np.zeros(length + 1, np.int8)
    np.add.at(changes, spans[::2], 1)
    np.add.at(changes, spans[1::2], -1)
    return np.cumsum(changes[:-1]) > 0


def spans_of(mask: np.ndarray, length: int) -> list[int] | None:
    """The spans of a mask; None where everything is trained on.

    Raises:
        ValueError: the mask has another length than the document.

    Example: `spans_of(np.array([False, True, True, False]), 4)` -> [1, 3]
    """
    if len(mask) != length:
        raise ValueError(f"a mask of {len(mask)} for {length} tokens")
    if mask.all():
        return None
    return np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
