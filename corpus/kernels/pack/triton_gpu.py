"""Packing in one launch on a CUDA device, bit-equal to `naive`. docs/gpu.md has a picture and the byte count.

One program writes one tile of one row. It finds the tile's first and last segment by binary search in the row's
`begins` (on scalars), then each column's segment between those two, which is no step for a tile inside one document
and two steps for documents of a third of a tile. From the segment's entry follow the source, the position and the end:

    column t of row b -> entry s = last with begins[s] <= t -> position t - begins[s], token starts[s] + position

Context-parallel slices only change where t comes from. Loss spans are found like segments. Padding rows are rows whose
only entry is padding. The same launch writes `cu_seqlens`. Nothing is read back by the host, shapes and addresses are
fixed, so a launch can be captured in a CUDA graph and replayed for a buffer with another batch in it.

Runs on a CUDA device, or under `TRITON_INTERPRET=1` (set before triton is first imported) on the CPU, which is for
tests: every program takes milliseconds there.

Legend: B rows, T = seq_len, C columns written, E entries (segments and one padding a row), K spans, M max_segments.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
import triton
import triton.language as tl

from corpus.kernels.pack.checks import check_rows
from corpus.kernels.pack.columns import column_map
from corpus.kernels.pack.shapes import IGNORE_INDEX, NO_DOCUMENT, PackedRows
from corpus.kernels.pack.staging import layout, stage_rows

BLOCK = 1024  # columns a program writes
_jit = cast(Callable[..., Any], triton.jit)  # what it makes takes a grid in brackets, which its stubs don't know
_IGNORE = tl.constexpr(IGNORE_INDEX)
_NO_DOCUMENT = tl.constexpr(NO_DOCUMENT)


@_jit
def _last_at_most(sorted_ptr, low, high, reach, value):
    """For each `value` the last index from `low` to `high` whose entry is at most it; `low` if none is.

    Args:
        reach: `high - low`, or more; a scalar.
    """
    while reach > 0:
        middle = (low + high + 1) // 2
        below = tl.load(sorted_ptr + middle) <= value
        low = tl.where(below, middle, low)
        high = tl.where(below, high, middle - 1)
        reach = reach // 2
    return low


@_jit(do_not_specialize=["seq_len", "max_segments", "chunk", "first_shift", "second_shift", "pad_id", "tiles"])
def _pack_kernel(
    plan64_ptr,  # the plan, see `staging`, seen as int64
    plan32_ptr,  # the same, seen as int32
    tokens_ptr,
    ids_ptr,  # outputs [B, C]
    labels_ptr,
    positions_ptr,
    documents_ptr,
    cu_seqlens_ptr,  # int32 [B, M + 1]
    seq_len,
    num_columns,
    max_segments,
    chunk,
    first_shift,
    second_shift,
    pad_id,
    tiles,  # programs a row
    HAS_SPANS: tl.constexpr,
    HAS_DOCUMENTS: tl.constexpr,
    BLOCK: tl.constexpr,  # columns a program
    BORDERS: tl.constexpr,  # entries of cu_seqlens a program
):
    program = tl.program_id(0)
    row = program // tiles
    tile = program % tiles
    starts_ptr = plan64_ptr + tl.load(plan64_ptr)
    row_splits_ptr = plan32_ptr + tl.load(plan64_ptr + 2)
    begins_ptr = plan32_ptr + tl.load(plan64_ptr + 3)
    entry_begin = tl.load(row_splits_ptr + row)
    entry_end = tl.load(row_splits_ptr + row + 1)

    border = tile * BORDERS + tl.arange(0, BORDERS)
    there = entry_begin + border < entry_end
    column = tl.load(begins_ptr + entry_begin + border, mask=there, other=seq_len)
    border_ptr = cu_seqlens_ptr + row.to(tl.int64) * (max_segments + 1) + border
    tl.store(border_ptr, column, mask=border <= max_segments)

    first_out = tile * BLOCK
    last_out = tl.minimum(first_out + BLOCK, num_columns) - 1
    first = first_out + tl.where(first_out < chunk, first_shift, second_shift)
    last = last_out + tl.where(last_out < chunk, first_shift, second_shift)
    entry_low = _last_at_most(begins_ptr, entry_begin, entry_end - 1, entry_end - 1 - entry_begin, first)
    entry_high = _last_at_most(begins_ptr, entry_low, entry_end - 1, entry_end - 1 - entry_low, last)

    out = first_out + tl.arange(0, BLOCK)
    inside = out < num_columns
    column = out + tl.where(out < chunk, first_shift, second_shift)
    column = tl.where(inside, column, last)
    low = tl.full([BLOCK], 0, tl.int32) + entry_low
    high = tl.full([BLOCK], 0, tl.int32) + entry_high
    entry = _last_at_most(begins_ptr, low, high, entry_high - entry_low, column)
    position = column - tl.load(begins_ptr + entry)
    start = tl.load(starts_ptr + entry)
    filled = start >= 0
    end = tl.load(begins_ptr + entry + 1, mask=filled, other=0)
    trained = filled & (column + 1 < end)
    if HAS_SPANS:
        span_splits_ptr = plan32_ptr + tl.load(plan64_ptr + 4)
        span_begins_ptr = plan32_ptr + tl.load(plan64_ptr + 5)
        span_ends_ptr = plan32_ptr + tl.load(plan64_ptr + 6)
        span_begin = tl.load(span_splits_ptr + row)
        span_end = tl.load(span_splits_ptr + row + 1)
        low = tl.full([BLOCK], 0, tl.int32) + span_begin
        high = tl.full([BLOCK], -1, tl.int32) + span_end
        span = _last_at_most(span_begins_ptr, low, high, span_end - 1 - span_begin, column + 1)
        trained = trained & (span < span_end)
        trained = trained & (tl.load(span_begins_ptr + span, mask=trained, other=0) <= column + 1)
        trained = trained & (column + 1 < tl.load(span_ends_ptr + span, mask=trained, other=0))
    source = tokens_ptr + start + position
    token = tl.load(source, mask=filled & inside, other=0)
    target = tl.load(source + 1, mask=trained & inside, other=0)

    dtype = ids_ptr.dtype.element_ty
    place = row.to(tl.int64) * num_columns + out
    padding = tl.full([BLOCK], pad_id, dtype)
    tl.store(ids_ptr + place, tl.where(filled, token.to(dtype), padding), mask=inside)
    ignored = tl.full([BLOCK], _IGNORE, dtype)
    tl.store(labels_ptr + place, tl.where(trained, target.to(dtype), ignored), mask=inside)
    tl.store(positions_ptr + place, position.to(dtype), mask=inside)
    if HAS_DOCUMENTS:
        documents = tl.load(plan64_ptr + tl.load(plan64_ptr + 1) + entry)
        tl.store(documents_ptr + place, documents.to(dtype), mask=inside)


def launch(
    plan: torch.Tensor,
    tokens: torch.Tensor,
    *,
    seq_len: int,
    pad_id: int,
    context_parallel: tuple[int, int, str] | None,
    loss_spans: bool,
    input_ids: torch.Tensor,
    labels: torch.Tensor,
    position_ids: torch.Tensor,
    cu_seqlens: torch.Tensor,
    document_ids: torch.Tensor | None = None,
    block: int | None = None,
    num_warps: int = 4,
) -> None:
    """Launch the kernel on the current stream; nothing is checked and nothing waits.

    Args:
        plan: uint8, the buffer that `staging.stage_rows` wrote, on the device, aligned to 16 bytes.
        tokens: uint16 or uint32, what `starts` in the plan count from: the buffer itself, or a tensor of its own.
        loss_spans: whether the plan has spans. Likewise `document_ids` must be None if it has no documents.
        input_ids, labels, position_ids, document_ids: `[B, C]`, int64 or int32; written.
        cu_seqlens: int32 `[B, max_segments + 1]`; written.
        block: columns a program writes, a power of two; None is `BLOCK`.
    """
    columns, block = column_map(seq_len, context_parallel), block or BLOCK
    num_rows, num_columns = input_ids.shape
    if not num_rows:
        return
    tiles = -(-num_columns // block)
    num_borders = cu_seqlens.shape[1]
    _pack_kernel[(num_rows * tiles,)](
        plan.view(torch.int64),
        plan.view(torch.int32),
        tokens,
        input_ids,
        labels,
        position_ids,
        input_ids if document_ids is None else document_ids,
        cu_seqlens,
        seq_len,
        num_columns,
        num_borders - 1,
        columns.chunk,
        columns.first_shift,
        columns.second_shift,
        pad_id,
        tiles,
        HAS_SPANS=loss_spans,
        HAS_DOCUMENTS=document_ids is not None,
        BLOCK=block,
        BORDERS=1 << (-(-num_borders // tiles) - 1).bit_length(),
        num_warps=num_warps,
        enable_fp_fusion=False,  # there are no floats; unset, triton 3.9 warns
    )


def device() -> torch.device:
    """Where kernels run in this process: the current CUDA device, or the CPU under the interpreter.

    Raises:
        ValueError: if there is neither.
    """
    if isinstance(_pack_kernel, triton.JITFunction):
        if not torch.cuda.is_available():
            raise ValueError(
                "backend 'triton' needs a CUDA device and torch sees none; use 'numba', or for a test set "
                "TRITON_INTERPRET=1 before Python starts"
            )
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu")


def pack_rows(
    tokens: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    row_splits: np.ndarray,
    *,
    seq_len: int,
    max_segments: int,
    pad_id: int,
    loss_spans: tuple[np.ndarray, np.ndarray] | None,
    document_ids: np.ndarray | None,
    context_parallel: tuple[int, int, str] | None,
    out: PackedRows,
) -> None:
    """See `corpus.kernels.pack.pack_rows`. Copies to the device and back, and waits: `DeviceRing` does not."""
    check_rows(len(tokens), starts, lengths, row_splits, seq_len, max_segments, loss_spans)
    where = layout(
        len(row_splits) - 1,
        len(starts),
        int(lengths.sum()),
        tokens.itemsize,
        num_spans=-1 if loss_spans is None else len(loss_spans[0]),
        documents=document_ids is not None,
    )
    buffer = np.empty(where.num_bytes, np.uint8)
    out.max_seqlen = stage_rows(
        tokens,
        starts,
        lengths,
        row_splits,
        seq_len=seq_len,
        max_segments=max_segments,
        loss_spans=loss_spans,
        document_ids=document_ids,
        where=where,
        buffer=buffer,
        cu_seqlens=out.cu_seqlens,
    )
    out.cu_seqlens.fill(-1)  # the launch writes them too
    names = ["input_ids", "labels", "position_ids", "cu_seqlens", *["document_ids"] * (document_ids is not None)]
    arrays = {name: torch.from_numpy(getattr(out, name)) for name in names}
    there: dict[str, Any] = {name: array.to(device()) for name, array in arrays.items()}
    plan = torch.from_numpy(buffer).to(device())
    launch(
        plan,
        plan.view(torch.uint16 if tokens.dtype == np.uint16 else torch.uint32),
        seq_len=seq_len,
        pad_id=pad_id,
        context_parallel=context_parallel,
        loss_spans=loss_spans is not None,
        **there,
    )
    for name, array in arrays.items():
        array.copy_(there[name])
