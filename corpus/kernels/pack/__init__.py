"""Ragged tokens and a plan to training tensors: `input_ids`, `labels`, `position_ids`, `cu_seqlens`.

Which piece of which document stands in which row was decided before (`corpus.kernels.row_plan`); here tokens are
written. `pack_rows` checks its arguments and calls one backend, named by the caller:

    "naive"    plain Python, the specification
    "numba"    one core, bit-equal to it
    "triton"   one launch on a CUDA device, bit-equal to it; needs torch and triton. `corpus.loader.device_ring`
               uses it without the way back to NumPy.

What is decided here, for every backend:

* The label of a token is the next token of its segment. The last of a segment has label -100, also where the document
  goes on in another row; so has one whose next token lies in none of its segment's loss spans, where spans are given.
* Padding is a segment of its own at the end of a row: `position_ids` restart there, labels are all -100, document ids
  -1, and `cu_seqlens` has its border. So segments are where `position_ids == 0`, and `cu_seqlens[b, -1] == seq_len`
  always.
* A context-parallel rank's columns hold what the whole row has there; `cu_seqlens` are those of the whole row.
* With int32 outputs a token of 2**31 or more wraps around.

Legend: B rows, T = seq_len, C columns written (T, or a context-parallel rank's), S segments (pieces in rows), K spans.
"""

from types import ModuleType
from typing import Literal

import numpy as np

from corpus.kernels.pack import naive, pack_cpu
from corpus.kernels.pack.checks import checked_documents, checked_segments, checked_spans
from corpus.kernels.pack.columns import column_map
from corpus.kernels.pack.shapes import IGNORE_INDEX, PackedRows

Backend = Literal["naive", "numba", "triton"]

__all__ = ["IGNORE_INDEX", "Backend", "PackedRows", "pack_rows"]


def pack_rows(
    tokens: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    row_splits: np.ndarray,
    *,
    seq_len: int,
    max_segments: int,
    pad_id: int,
    loss_spans: tuple[np.ndarray, np.ndarray] | None = None,
    document_ids: np.ndarray | None = None,
    context_parallel: tuple[int, int, str] | None = None,
    dtype: type[np.signedinteger] = np.int64,
    out: PackedRows | None = None,
    backend: Backend = "numba",
) -> PackedRows:
    """Write the training tensors of B rows.

    Args:
        tokens: uint16 or uint32, of shape `[number of tokens]`. Only the segments are read, so it may be a view of
            much more memory than is mapped.
        starts: where each segment begins in `tokens`, of shape `[S]`.
        lengths: tokens of each segment, of shape `[S]`; one of none leaves no trace, `cu_seqlens` has no border for it.
        row_splits: row b holds segments `row_splits[b]` to `row_splits[b + 1]`, of shape `[B + 1]`.
        seq_len: tokens a row, T.
        max_segments: segments a row may have, its padding counted; the width of `cu_seqlens` less one.
        pad_id: the id written after the last segment of a row.
        loss_spans: None: every token is a target. Else (spans `[K, 2]`, splits `[S + 1]`): the tokens of segment s that
            are targets are those from begin to before end of the spans `splits[s]` to `splits[s + 1]`, counted from its
            first token; rising, disjoint, none empty.
        document_ids: a number for each segment, `[S]`; then `PackedRows.document_ids` has it for each token.
        context_parallel: None, or (rank, size, "contiguous" or "zigzag"): only that rank's columns are written, see
            `corpus.kernels.pack.columns`.
        dtype: of the outputs, np.int64 or np.int32 (`cu_seqlens` are int32 always).
        out: arrays to write into; every element is overwritten. None makes new ones.
        backend: "numba" (default), "naive" or "triton".

    Returns:
        `out`: `input_ids`, `labels`, `position_ids`, `[B, C]`; `cu_seqlens` int32 `[B, max_segments + 1]`, filled up
        with T; `max_seqlen`; `document_ids` if asked for.

    Raises:
        ValueError: for segments outside `tokens`, rows over `seq_len` or `max_segments`, spans outside their segment,
            a `seq_len` that context parallelism cannot divide, wrong types or shapes.

    Example: tokens [7, 8, 9], starts [0, 2], lengths [2, 1], row_splits [0, 2], seq_len 4, pad_id 0 ->
        input_ids [7, 8, 9, 0], labels [8, -100, -100, -100], position_ids [0, 1, 0, 0], cu_seqlens [0, 2, 3,
        4, ...].
    """
    module = _module(backend)
    starts_S, lengths_S, splits_B1 = checked_segments(tokens, starts, lengths, row_splits)
    if dtype not in (np.int64, np.int32) or not -(1 << 31) <= pad_id < 1 << 31:
        raise ValueError(
            f"dtype is {dtype}, pad_id {pad_id}; expected np.int64 or np.int32, and a pad_id that fits int32"
        )
    num_columns = column_map(seq_len, context_parallel).num_columns
    spans = checked_spans(loss_spans, len(starts_S))
    documents_S = checked_documents(document_ids, len(starts_S), dtype)
    shape = (len(splits_B1) - 1, num_columns, max_segments)
    wanted = {"dtype": dtype, "document_ids": documents_S is not None}
    if out is None:
        out = PackedRows.empty(*shape, **wanted)
    out.check(*shape, **wanted)
    module.pack_rows(
        tokens,
        starts_S,
        lengths_S,
        splits_B1,
        seq_len=seq_len,
        max_segments=max_segments,
        pad_id=pad_id,
        loss_spans=spans,
        document_ids=documents_S,
        context_parallel=context_parallel,
        out=out,
    )
    return out


def _module(backend: str) -> ModuleType:
    if backend == "triton":
        from corpus.kernels.pack import triton_gpu  # needs torch and triton, which take a second to import

        return triton_gpu
    if backend not in ("naive", "numba"):
        raise ValueError(f"backend is {backend!r}, expected one of ['naive', 'numba', 'triton']")
    return naive if backend == "naive" else pack_cpu
