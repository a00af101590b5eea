"""The two buffers of an Arrow string array as numpy arrays, without a copy."""

import numpy as np
import pyarrow as pa


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
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    starts = np.frombuffer(offsets, np.int64, len(text) + 1, text.offset * 8)
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8), starts
