"""The two buffers of an Arrow string array as numpy arrays, without a copy.

All arrays are read-only, whatever Arrow says of its buffers: for numba writable ones are another type, and a kernel
would be compiled for each.
"""

import numpy as np
import pyarrow as pa

from corpus.kernels.swar import PADDING


def text_buffers(text: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """UTF-8 bytes and offsets of a string array.

    Args:
        text: StringArray or LargeStringArray of `N` rows, slices included. A null row has zero length.

    Returns:
        data uint8, offsets `[N + 1]` int64 into `data`.
    """
    if pa.types.is_string(text.type):
        text = text.cast(pa.large_string())
    assert pa.types.is_large_string(text.type), text.type
    if text.null_count:
        text = text.fill_null("")
    _, offsets, data = text.buffers()
    if len(text) == 0:
        return _read_only(np.zeros(0, np.uint8)), _read_only(np.zeros(1, np.int64))
    starts = np.frombuffer(offsets, np.int64, len(text) + 1, text.offset * 8)
    bytes_ = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
    return _read_only(bytes_), _read_only(starts)


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def padded(data: np.ndarray, offsets: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, slice]]:
    """The documents of `text_buffers` in one or two pieces, each with `swar.PADDING` bytes behind its last document.

    Returns:
        data, offsets and rows of each piece; only the documents at the very end of the buffer are copied.
    """
    ahead = int(np.searchsorted(offsets[1:], len(data) - PADDING, side="right"))
    pieces = [(data, offsets[: ahead + 1], slice(0, ahead))]
    if ahead < len(offsets) - 1:
        start = offsets[ahead]
        rest = np.pad(data[start : offsets[-1]], (0, PADDING))
        pieces.append((_read_only(rest), _read_only(offsets[ahead:] - start), slice(ahead, len(offsets) - 1)))
    return pieces
