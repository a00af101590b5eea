"""Packing on a CUDA device, beside the training step: `DeviceRing(...).pack(...)` gives a batch of device tensors.

    host         stage k+1          |                   stage k+2         |
    side stream        copy k+1, pack k+1                      copy k+2, pack k+2
    your stream  ...step k-1... | step k                     | step k+1

A batch's tokens and plan are gathered into one pinned buffer, copied in one piece and packed by one launch
(`corpus.kernels.pack.triton_gpu`) on a stream of their own; the caller's stream waits for the packing by an event, so
the call returns at once and everything after it sees whole tensors.

Guarantees: bit-equal to `pack_rows(..., backend="numba")`. A batch's memory is written again only when none of its
tensors, views of them or graphs that saved them are alive, and not before the work that the caller had put on its
stream by then is done: batches may be kept, and then the ring grows. The host waits in one case only, when a copy of a
whole ring ago has not yet been made; otherwise there is no synchronisation. Use one stream for the calls and the steps
(on another, `Tensor.record_stream` is the caller's to do, as with any tensor).

Price: three times the outputs (24 bytes a token with int64) and the staged bytes; 2.03 bytes a token over the bus for
uint16 and documents of 500 tokens. See docs/gpu.md.
"""

import importlib
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from corpus.kernels.pack.checks import checked_documents, checked_segments, checked_spans
from corpus.kernels.pack.columns import column_map
from corpus.kernels.pack.staging import layout, stage_rows

_TOKENS = {np.dtype(np.uint16): torch.uint16, np.dtype(np.uint32): torch.uint32}
_OUTPUTS = {torch.int64: np.int64, torch.int32: np.int32}


@dataclass(eq=False)
class _Slot:
    """Memory for one batch. `copied`, `packed`, `freed` are events, None where the device has no streams."""

    staging: torch.Tensor  # uint8, pinned
    plan: torch.Tensor  # uint8, on the device; what was staged
    outputs: dict[str, torch.Tensor]  # of one storage
    users: int  # of that storage, while nobody else uses it
    copied: Any
    packed: Any
    freed: Any

    def is_free(self) -> bool:
        """Whether all tensors that were handed out are gone."""
        return _storage_users(self.outputs["input_ids"]) == self.users


class DeviceRing:
    """Packs batches of one shape.

    Args:
        num_rows: rows a batch, B.
        seq_len: tokens a row, T.
        max_segments: segments a row may have, its padding counted.
        pad_id: the id of padding.
        dtype: of the outputs, torch.int64 or torch.int32.
        document_ids: whether batches have document ids.
        context_parallel: see `corpus.kernels.pack.pack_rows`.
        device: a CUDA device. "cpu" works under `TRITON_INTERPRET=1`, for tests.
        slots: batches there is memory for at first.

    Raises:
        ValueError: an option is out of range, or there is no such device.

    Example: `DeviceRing(num_rows=8, seq_len=2048, max_segments=128, pad_id=0).pack(tokens, starts, lengths,
        row_splits)["input_ids"].shape` -> `[8, 2048]`.
    """

    def __init__(
        self,
        *,
        num_rows: int,
        seq_len: int,
        max_segments: int,
        pad_id: int,
        dtype: torch.dtype = torch.int64,
        document_ids: bool = False,
        context_parallel: tuple[int, int, str] | None = None,
        device: str | torch.device = "cuda",
        slots: int = 3,
    ) -> None:
        if num_rows < 1 or seq_len < 1 or max_segments < 1 or slots < 1 or dtype not in _OUTPUTS:
            raise ValueError(
                f"num_rows {num_rows}, seq_len {seq_len}, max_segments {max_segments}, slots {slots}, dtype {dtype}: "
                "expected numbers of 1 or more, and torch.int64 or torch.int32"
            )
        self.num_rows, self.seq_len, self.max_segments, self.pad_id = num_rows, seq_len, max_segments, pad_id
        self.dtype, self.context_parallel, self._documents = dtype, context_parallel, document_ids
        self._num_columns = column_map(seq_len, context_parallel).num_columns
        self._launcher = importlib.import_module("corpus.kernels.pack.triton_gpu")  # a second, only where it is used
        self.device = torch.device(device)
        if self._launcher.device().type != self.device.type:
            raise ValueError(
                f"device is {device}, triton runs on {self._launcher.device().type} here (TRITON_INTERPRET=1 is the "
                "CPU); without a CUDA device load with device='cpu', which packs with numba"
            )
        self._order = _Streams(self.device) if self.device.type == "cuda" else _NoStreams()
        self.last_bytes = 0  # that the last batch took over the bus
        self._in_use: list[_Slot] = []
        self._free: deque[_Slot] = deque()  # the longest free first
        for _ in range(slots):
            self._free.append(self._new_slot())

    def pack(
        self,
        tokens: np.ndarray,
        starts: np.ndarray,
        lengths: np.ndarray,
        row_splits: np.ndarray,
        *,
        loss_spans: tuple[np.ndarray, np.ndarray] | None = None,
        document_ids: np.ndarray | None = None,
    ) -> dict[str, Any]:
        """The next batch. Arguments are NumPy arrays as of `corpus.kernels.pack.pack_rows`.

        Returns:
            Device tensors `input_ids`, `labels`, `position_ids` `[B, C]`, `cu_seqlens` int32 `[B, max_segments + 1]`,
            `document_ids` if the ring was made for them; `max_seqlen`, an int; and `host_cu_seqlens`, `cu_seqlens` as a
            NumPy array that no device has to be asked for.

        Raises:
            ValueError: see `pack_rows`; the ring goes on with the next batch.
        """
        starts, lengths, row_splits = checked_segments(tokens, starts, lengths, row_splits)
        if len(row_splits) != self.num_rows + 1:
            raise ValueError(f"row_splits are for {len(row_splits) - 1} rows, expected {self.num_rows + 1} row_splits")
        if (document_ids is not None) != self._documents:
            raise ValueError(
                f"document_ids are given or not, but the ring was made with document_ids={self._documents}"
            )
        spans = checked_spans(loss_spans, len(starts))
        documents = checked_documents(document_ids, len(starts), _OUTPUTS[self.dtype])
        where = layout(
            self.num_rows,
            int(np.count_nonzero(lengths)),
            int(lengths.sum()),
            tokens.itemsize,
            num_spans=-1 if spans is None else len(spans[0]),
            documents=documents is not None,
        )
        if where.num_bytes > self._most_bytes(tokens.itemsize, 0 if spans is None else len(spans[0])):
            raise ValueError(
                f"the batch has {lengths.sum()} tokens in {len(lengths)} segments; {self.num_rows} rows have room for "
                f"{self.num_rows * self.seq_len} tokens and {self.num_rows * self.max_segments} segments"
            )
        slot = self._free_slot(where.num_bytes)
        self._order.wait_for_copy(slot)
        borders = np.empty((self.num_rows, self.max_segments + 1), np.int32)
        max_seqlen = stage_rows(
            tokens,
            starts,
            lengths,
            row_splits,
            seq_len=self.seq_len,
            max_segments=self.max_segments,
            loss_spans=spans,
            document_ids=documents,
            where=where,
            buffer=slot.staging.numpy(),
            cu_seqlens=borders,
        )
        self._send(slot, where.num_bytes, _TOKENS[tokens.dtype], spans is not None)
        self._free.popleft()
        self._in_use.append(slot)
        self.last_bytes = where.num_bytes
        handed_out = {name: output.view(output.shape) for name, output in slot.outputs.items()}
        return {**handed_out, "max_seqlen": max_seqlen, "host_cu_seqlens": borders}

    def _send(self, slot: _Slot, num_bytes: int, token_type: torch.dtype, loss_spans: bool) -> None:
        with self._order.beside():
            slot.plan[:num_bytes].copy_(slot.staging[:num_bytes], non_blocking=True)
            self._order.was_copied(slot)
            self._order.wait_until_free(slot)
            self._launcher.launch(
                slot.plan,
                slot.plan.view(token_type),
                seq_len=self.seq_len,
                pad_id=self.pad_id,
                context_parallel=self.context_parallel,
                loss_spans=loss_spans,
                **slot.outputs,
            )
        self._order.was_packed(slot)

    def _free_slot(self, num_bytes: int) -> _Slot:
        """The slot that is longest free, still in `_free`; a new one if none is, with room for `num_bytes`."""
        for slot in [slot for slot in self._in_use if slot.is_free()]:
            self._order.was_freed(slot)
            self._in_use.remove(slot)
            self._free.append(slot)
        if not self._free:
            self._free.append(self._new_slot())
        slot = self._free[0]
        if slot.staging.numel() < num_bytes:  # more loss spans than ever before
            self._order.wait_for_copy(slot)
            self._free[0] = slot = self._new_slot(num_bytes * 5 // 4)
        return slot

    def _most_bytes(self, token_bytes: int, num_spans: int) -> int:
        most = self.num_rows * self.max_segments
        sizes = (self.num_rows, most, self.num_rows * self.seq_len, token_bytes)
        return layout(*sizes, num_spans=num_spans, documents=self._documents).num_bytes

    def _new_slot(self, num_bytes: int = 0) -> _Slot:
        num_bytes = -(-max(num_bytes, self._most_bytes(4, 0)) // 16) * 16
        staging = torch.empty(num_bytes, dtype=torch.uint8, pin_memory=self.device.type == "cuda")
        plan = torch.empty(num_bytes, dtype=torch.uint8, device=self.device)
        outputs = self._new_outputs()
        slot = _Slot(staging, plan, outputs, _storage_users(outputs["input_ids"]), *self._order.events())
        self._order.was_freed(slot)
        return slot

    def _new_outputs(self) -> dict[str, torch.Tensor]:
        """All outputs in one storage, so that one count tells whether any of them is alive."""
        wide = ["input_ids", "labels", "position_ids", *["document_ids"] * self._documents]
        shapes = dict.fromkeys(wide, ((self.num_rows, self._num_columns), self.dtype))
        shapes["cu_seqlens"] = ((self.num_rows, self.max_segments + 1), torch.int32)
        sizes = {name: -(-rows * width * kind.itemsize // 16) * 16 for name, ((rows, width), kind) in shapes.items()}
        memory = torch.empty(sum(sizes.values()), dtype=torch.uint8, device=self.device)
        outputs: dict[str, torch.Tensor] = {}
        for name, part in zip(shapes, memory.split(list(sizes.values())), strict=True):
            (rows, width), kind = shapes[name]
            outputs[name] = part[: rows * width * kind.itemsize].view(kind).view(rows, width)
        return outputs


class _NoStreams:
    """The order of things where all happens in the order of the calls."""

    def events(self) -> tuple[Any, Any, Any]:
        return None, None, None

    def beside(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def wait_for_copy(self, slot: _Slot) -> None: ...

    def was_copied(self, slot: _Slot) -> None: ...

    def wait_until_free(self, slot: _Slot) -> None: ...

    def was_packed(self, slot: _Slot) -> None: ...

    def was_freed(self, slot: _Slot) -> None: ...


class _Streams(_NoStreams):
    """The order of things on a CUDA device: a side stream, and events between it and the caller's."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._side = torch.cuda.Stream(device)

    def events(self) -> tuple[Any, Any, Any]:
        return torch.cuda.Event(), torch.cuda.Event(), torch.cuda.Event()

    def beside(self) -> AbstractContextManager[Any]:
        return torch.cuda.stream(self._side)

    def wait_for_copy(self, slot: _Slot) -> None:
        slot.copied.synchronize()  # at once, unless the device is a whole ring behind; before the first copy too

    def was_copied(self, slot: _Slot) -> None:
        slot.copied.record(self._side)

    def wait_until_free(self, slot: _Slot) -> None:
        self._side.wait_event(slot.freed)

    def was_packed(self, slot: _Slot) -> None:
        slot.packed.record(self._side)
        torch.cuda.current_stream(self._device).wait_event(slot.packed)

    def was_freed(self, slot: _Slot) -> None:
        slot.freed.record(torch.cuda.current_stream(self._device))


def _storage_users(tensor: torch.Tensor) -> int:
    """How many tensors and others share a tensor's memory; torch has no public name for it."""
    return torch._C._storage_Use_Count(tensor.untyped_storage()._cdata)
