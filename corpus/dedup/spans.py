"""Ranges of bytes to cut out of texts: what finds repeated text gives them, one place cuts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from corpus.kernels.arrow_text import text_buffers
from corpus.kernels.jit import kernel


class Spans(NamedTuple):
    """Ranges of UTF-8 bytes in the texts of an array; `merge_spans` gives them sorted and apart from each other.

    Attributes:
        document: `[R]` int64, position in the array.
        start, end: `[R]` int64, bytes from the document's start; each at the beginning of a character.
    """

    document: np.ndarray
    start: np.ndarray
    end: np.ndarray


def merge_spans(several: Sequence[Spans]) -> Spans:
    """The union of spans: sorted, none empty, none touching the next."""
    document, start, end = (np.concatenate([np.zeros(0, np.int64), *columns]) for columns in zip(*several, strict=True))
    order = np.lexsort((end, start, document))
    merged = np.empty((3, len(order)), np.int64)
    count = _merge(document[order], start[order], end[order], merged)
    return Spans(*merged[:, :count])


@kernel()
def _merge(document, start, end, merged):
    count = 0
    for at in range(len(document)):
        if start[at] >= end[at]:
            continue
        if count and merged[0, count - 1] == document[at] and start[at] <= merged[2, count - 1]:
            merged[2, count - 1] = max(merged[2, count - 1], end[at])
        else:
            merged[0, count], merged[1, count], merged[2, count] = document[at], start[at], end[at]
            count += 1
    return count


def cut_spans(text: pa.Array, spans: Spans) -> pa.Array:
    """The texts without the bytes of `spans`.

    Args:
        text: LargeStringArray of `N` documents.
        spans: from `merge_spans`.

    Returns:
        LargeStringArray `[N]`, valid UTF-8 where each span begins and ends at a character's beginning.
    """
    data, offsets = text_buffers(text)
    out, bounds = np.empty(offsets[-1] - offsets[0], np.uint8), np.zeros(len(text) + 1, np.int64)
    size = _cut(data, offsets, *spans, out, bounds)
    return pa.Array.from_buffers(pa.large_string(), len(text), [None, pa.py_buffer(bounds), pa.py_buffer(out[:size])])


@kernel()
def _cut(data, offsets, document, start, end, out, bounds):
    size, span = 0, 0
    for row in range(len(offsets) - 1):
        at = offsets[row]
        while at < offsets[row + 1]:
            has_span = span < len(document) and document[span] == row
            stop = offsets[row] + start[span] if has_span else offsets[row + 1]
            for place in range(at, stop):
                out[size + place - at] = data[place]
            size += stop - at
            at = offsets[row] + end[span] if has_span else stop
            span += has_span
        bounds[row + 1] = size
    return size
