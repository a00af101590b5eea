"""Packing documents into rows of `seq_len` tokens: which piece goes where, and the tensors that come of it.

`plan_best_fit` looks at lengths only and says which piece of which document stands in which row.
`pack_rows` takes the tokens of some rows, ragged, and writes `input_ids`, `labels`, `position_ids` and
`cu_seqlens`. Both check their arguments here and then call one backend, named by the caller:

    "naive"   plain Python, the specification
    "numba"   one core, bit-equal to it

What is decided here, for every backend:

* A document longer than `seq_len` is cut into full rows and one remainder. A document of length 0 has no
piece.
* Pieces are placed longest first (ties: earlier document, earlier piece). A piece goes to the row with the
least
  room that still holds it; among rows of equal room to the one that came to that room last; else to a new
  row.
* In a row the segments stand in the order of the documents given, not by length.
* The last token of every segment has label -100, also where the document goes on in another row.
* Padding is a segment of its own at the end of a row: `position_ids` restart there, labels are all -100, and
  `cu_seqlens` has its border. So segments are where `position_ids == 0`, and `cu_seqlens[b, -1] == seq_len`
  always.

Legend: B rows, T = seq_len, S segments (pieces in rows), R rows of a plan, N documents.
"""

from typing import Literal

import numpy as np

from corpus.kernels.pack import naive, numba_cpu
from corpus.kernels.pack.checks import check_rows
from corpus.kernels.pack.shapes import IGNORE_INDEX, PackedRows, PackPlan

Backend = Literal["naive", "numba"]

_BACKENDS = {"naive": naive, "numba": numba_cpu}

__all__ = ["IGNORE_INDEX", "Backend", "PackPlan", "PackedRows", "pack_rows", "plan_best_fit"]


def plan_best_fit(
    lengths: np.ndarray, seq_len: int, *, max_documents: int | None = None, backend: Backend = "numba"
) -> PackPlan:
    """Best-fit-decreasing packing of one window of documents.

    Args:
        lengths: tokens a document, of shape `[N]`, an integer type.
        seq_len: tokens a row.
        max_documents: pieces a row may hold; None is `seq_len`, which never binds.
        backend: "numba" (default) or "naive".

    Raises:
        ValueError: for a negative length, a `seq_len` or a `max_documents` below 1, an unknown backend.

    Example: lengths [3, 9, 2], seq_len 5 -> rows [1: 0..5], [1: 5..9], [0: 0..3, 2: 0..2].
    """
    lengths_N = np.ascontiguousarray(lengths, dtype=np.int32)
    if not np.issubdtype(np.asarray(lengths).dtype, np.integer) and len(lengths_N):
        raise ValueError(f"lengths are {np.asarray(lengths).dtype}, expected an integer type")
    if len(lengths_N) and int(lengths_N.min()) < 0:
        raise ValueError(f"lengths hold {int(lengths_N.min())}; a length is 0 or more and below 2**31")
    if not 1 <= seq_len < 1 << 31:
        raise ValueError(f"seq_len is {seq_len}, expected 1 to 2**31 - 1")
    limit = seq_len if max_documents is None else max_documents
    if limit < 1:
        raise ValueError(f"max_documents is {max_documents}, expected 1 or more, or None")
    return _module(backend).plan_best_fit(lengths_N, seq_len, limit)


def pack_rows(
    tokens: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    row_splits: np.ndarray,
    *,
    seq_len: int,
    max_segments: int,
    pad_id: int,
    out: PackedRows | None = None,
    backend: Backend = "numba",
) -> PackedRows:
    """Write the training tensors of B rows.

    Args:
        tokens: uint16 or uint32, of shape `[number of tokens]`.
        starts: where each segment begins in `tokens`, of shape `[S]`.
        lengths: tokens of each segment, 1 or more, of shape `[S]`.
        row_splits: row b holds segments `row_splits[b]` to `row_splits[b + 1]`, of shape `[B + 1]`.
        seq_len: tokens a row, T.
        max_segments: segments a row may have, its padding counted; the width of `cu_seqlens` less one.
        pad_id: the id written after the last segment of a row.
        out: arrays to write into; every element is overwritten. None makes new ones.
        backend: "numba" (default) or "naive".

    Returns:
        `input_ids`, `labels`, `position_ids` int64 `[B, T]`; `cu_seqlens` int32 `[B, max_segments + 1]`.

    Raises:
        ValueError: for segments outside `tokens`, rows over `seq_len` or `max_segments`, wrong types or
            shapes.

    Example: tokens [7, 8, 9], starts [0, 2], lengths [2, 1], row_splits [0, 2], seq_len 4, pad_id 0 ->
        input_ids [7, 8, 9, 0], labels [8, -100, -100, -100], position_ids [0, 1, 0, 0], cu_seqlens [0, 2, 3,
        4, ...].
    """
    starts_S = np.ascontiguousarray(starts, dtype=np.int64)
    lengths_S = np.ascontiguousarray(lengths, dtype=np.int64)
    row_splits_B1 = np.ascontiguousarray(row_splits, dtype=np.int64)
    if tokens.dtype not in (np.uint16, np.uint32) or tokens.ndim != 1:
        raise ValueError(f"tokens are {tokens.dtype} {tokens.shape}, expected one-dimensional uint16 or uint32")
    check_rows(len(tokens), starts_S, lengths_S, row_splits_B1, seq_len, max_segments)
    shape = (len(row_splits_B1) - 1, seq_len)
    packed = PackedRows.empty(*shape, max_segments) if out is None else out
    packed.check(*shape, max_segments)
    _module(backend).pack_rows(tokens, starts_S, lengths_S, row_splits_B1, pad_id, packed)
    return packed


def _module(backend: str):
    if backend not in _BACKENDS:
        raise ValueError(f"backend is {backend!r}, expected one of {sorted(_BACKENDS)}")
    return _BACKENDS[backend]
