"""Lines and sentences of each document as ranges of bytes, and 128-bit keys of their normalised text.

`naive.py` says what a line, a sentence and the key of a paragraph are, and is what the numba kernels equal bit for bit.
The other keys are the exact keys of `corpus.kernels.shingle`: of the folded tokens, so case, width, script, punctuation
and white space make no difference.
"""

from typing import Literal

import numpy as np
import pyarrow as pa

from corpus.kernels.arrow_text import text_buffers
from corpus.kernels.shingle import naive as shingle_naive
from corpus.kernels.shingle import numba_cpu as shingle_numba
from corpus.kernels.units import naive, numba_cpu
from corpus.kernels.units.classes import flags_table, paragraph_table

__all__ = ["find_spans", "folded_keys", "paragraph_keys"]

_ROOM = 1 << 20


def find_spans(
    text: pa.Array, unit: Literal["lines", "sentences"], *, backend: str = "numba"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the lines or sentences with a letter or digit stand.

    Args:
        text: LargeStringArray of `N` documents; null counts as empty.
        backend: "numba" or "naive".

    Returns:
        document, start, end, `[M]` int64: position in `text`, and UTF-8 bytes from the document's start; in order.
    """
    if backend == "naive":
        return naive.spans_in_bytes(text.to_pylist(), {"lines": naive.lines, "sentences": naive.sentences}[unit])
    assert backend == "numba" and unit in ("lines", "sentences"), (backend, unit)
    data, offsets = text_buffers(text)
    longest = int(np.max(np.diff(offsets), initial=0))
    spans = np.empty((max(_ROOM, longest // 2 + 1), 3), np.int64)
    row, found = 0, []
    while row < len(text):
        row, count = numba_cpu.find(data, offsets, row, unit == "sentences", flags_table(), spans)
        found.append(spans[:count].copy())
    document, start, end = np.concatenate([np.empty((0, 3), np.int64), *found]).T
    return np.ascontiguousarray(document), np.ascontiguousarray(start), np.ascontiguousarray(end)


def _slices(text: pa.Array, document: np.ndarray, start: np.ndarray, end: np.ndarray) -> list[str]:
    encoded = [(value or "").encode() for value in text.to_pylist()]
    return [encoded[d][s:e].decode() for d, s, e in zip(document, start, end, strict=True)]


def folded_keys(
    text: pa.Array, document: np.ndarray, start: np.ndarray, end: np.ndarray, *, backend: str = "numba"
) -> np.ndarray:
    """The exact key (`corpus.kernels.shingle.exact_keys`) of each range of bytes.

    Args:
        document, start, end: from `find_spans`, of the same text.

    Returns:
        `[M, 2]` uint64.
    """
    if backend == "naive":
        return shingle_naive.exact_keys(_slices(text, document, start, end))
    assert backend == "numba", backend
    data, offsets = text_buffers(text)
    bounds = np.empty(2 * len(document), np.int64)  # of the ranges and, between them, of what parts them
    bounds[0::2], bounds[1::2] = offsets[document] + start, offsets[document] + end
    return shingle_numba.exact_keys(data, bounds)[::2] if len(document) else np.empty((0, 2), np.uint64)


def paragraph_keys(
    text: pa.Array, document: np.ndarray, start: np.ndarray, end: np.ndarray, *, backend: str = "numba"
) -> np.ndarray:
    """The key of each range of bytes as `naive.paragraph_key` has it; arguments and result as of `folded_keys`."""
    if backend == "naive":
        rows = [naive.paragraph_key(piece) for piece in _slices(text, document, start, end)]
        return np.array(rows, np.uint64).reshape(-1, 2)
    assert backend == "numba", backend
    data, offsets = text_buffers(text)
    keys = np.empty((len(document), 2), np.uint64)
    numba_cpu.paragraph_keys(data, offsets[document] + start, offsets[document] + end, *paragraph_table(), keys)
    return keys
