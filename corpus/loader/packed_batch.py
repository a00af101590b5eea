"""`PackedBatch`: what the loader hands out, and the same tensors under the names that trainers expect.

A batch is a dict of tensors, rows first, whose shapes are the same in every batch, so that anything which cuts
a batch along its first dimension (pipeline schedules, gradient accumulation) keeps each row's borders with the
row. The methods rename, reorder and slice; none of them asks a GPU for anything, since the borders of the
segments are known to the host (`host_cu_seqlens`) and travel with the batch.

Guarantee: no method changes which token predicts which. Hugging Face shifts labels itself and gets them
unshifted; all others take the labels as they are. Price: views, but for `to_hf` and `to_megatron` (labels
copied), zigzag slices, and block masks (T / 128 numbers squared a row).

Legend: B rows, T tokens a row, S = max_segments, Q and K blocks of queries and keys.
"""

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from corpus.errors import RecipeError
from corpus.kernels.pack import IGNORE_INDEX

if TYPE_CHECKING:
    from torch.nn.attention.flex_attention import BlockMask  # 0.2 s to import, which a loader's start has not

Layout = Literal["contiguous", "zigzag"]


class PackedBatch(dict[str, Any]):
    """A batch of packed rows.

    Keys:
        input_ids, labels, position_ids: `[B, T]`. `labels[b, t]` is the token after `input_ids[b, t]`, or -100;
            positions restart at 0 in every segment, and padding is a segment.
        cu_seqlens: int32 `[B, S + 1]`, borders of the segments of each row, filled up with T.
        max_seqlen: int, tokens of the longest segment.
        document_ids, source_ids: where the loader was asked for them.

    Args:
        fields: the keys above.
        host_cu_seqlens: the numbers of `cu_seqlens` as a NumPy array, which nobody may write to any more. May
            be left out where `cu_seqlens` lies in the host's memory.

    Pickling, `copy.copy`, torch's and Lightning's and accelerate's ways to move a batch keep the type and the
    host's borders.

    Example: `PackedBatch(fields).to("cuda", non_blocking=True).to_hf()` -> `{"input_ids": ...}`.
    """

    loader_state: dict[str, Any] | None = None  # the loader's state behind this batch, where `TokenIterable` set it

    def __init__(self, fields: Any = (), *, host_cu_seqlens: np.ndarray | None = None) -> None:
        super().__init__(fields)
        self._host_cu_seqlens = host_cu_seqlens

    @property
    def host_cu_seqlens(self) -> np.ndarray:
        """The borders of segments as the host knows them, int32 `[B, S + 1]`.

        Raises:
            RecipeError: the batch was built anew from tensors on a device, which would have to be waited for.
        """
        if self._host_cu_seqlens is None:
            if self["cu_seqlens"].device.type != "cpu":
                raise RecipeError(
                    f"cu_seqlens lies on {self['cu_seqlens'].device} and this batch has no copy of it: it was built "
                    "anew from tensors. Call the method before the batch is moved, or move it with batch.to(device)"
                )
            self._host_cu_seqlens = self["cu_seqlens"].numpy()
        return self._host_cu_seqlens

    def to(self, device: Any, non_blocking: bool = False) -> "PackedBatch":
        """The batch on another device; `max_seqlen` and the host's borders stay on the host."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> "PackedBatch":
        """The batch in page-locked memory. `DataLoader(pin_memory=True)` calls this."""
        return self._each(Tensor.pin_memory)

    def split(self, num_parts: int) -> "list[PackedBatch]":
        """Micro-batches of `B / num_parts` rows: views, each with its own `max_seqlen`.

        Raises:
            RecipeError: B is no multiple of `num_parts`.
        """
        num_rows, borders = len(self["input_ids"]), self.host_cu_seqlens
        if num_parts < 1 or num_rows % num_parts:
            raise RecipeError(f"{num_rows} rows cannot be split into {num_parts} equal parts; expected a divisor")
        size, parts = num_rows // num_parts, []
        for first in range(0, num_rows, size):
            rows = slice(first, first + size)
            part = self._each(lambda tensor, rows=rows: tensor[rows])
            part._host_cu_seqlens = borders[rows]
            part["max_seqlen"] = int(_longest(borders[rows]).max())
            parts.append(part)
        return parts

    def context_parallel(self, rank: int, size: int, layout: Layout = "contiguous") -> "PackedBatch":
        """The columns of every row that one context-parallel rank computes.

        Args:
            rank, size: of the context-parallel group.
            layout: "contiguous", columns `rank * T / size` on; "zigzag", chunks `rank` and
                `2 * size - 1 - rank` of `2 * size` equal ones, which gives causal attention equal work.

        Returns:
            All keys; labels and positions are those of the whole row, `cu_seqlens` is the whole row's.

        Raises:
            RecipeError: T cannot be cut so, or this is a slice already.
        """
        row_len = self._row_len("context_parallel")
        if layout not in ("contiguous", "zigzag"):
            raise RecipeError(f"layout is {layout!r}, expected 'contiguous' or 'zigzag'")
        num_chunks = size if layout == "contiguous" else 2 * size
        if size < 1 or not 0 <= rank < size or row_len % num_chunks:
            raise RecipeError(
                f"rank {rank} of {size}, {layout}: expected a rank from 0 to size - 1, and rows of {row_len} tokens to "
                f"be a multiple of {num_chunks}"
            )
        width = row_len // num_chunks
        chunks = (rank,) if layout == "contiguous" else (rank, 2 * size - 1 - rank)
        part = copy.copy(self)
        part._host_cu_seqlens = self.host_cu_seqlens
        for name, value in self.items():
            if name != "cu_seqlens" and isinstance(value, Tensor) and value.ndim > 1 and value.shape[1] == row_len:
                pieces = [value[:, chunk * width : (chunk + 1) * width] for chunk in chunks]
                part[name] = pieces[0] if len(pieces) == 1 else torch.cat(pieces, dim=1)
        return part

    def to_hf(self, *, flat: bool = False) -> dict[str, Any]:
        """Keyword arguments of a Hugging Face causal model, which shifts `labels` itself.

        Args:
            flat: False: `input_ids`, `labels`, `position_ids` as `[B, T]`. True: the same as `[1, B * T]` with
                `cu_seq_lens_q`, `cu_seq_lens_k` and `max_length_q`, `max_length_k` for flash attention; segments of
                length 0 are left out, so the borders' number differs from batch to batch.
        """
        self._row_len("to_hf")
        # Every row ends with a label of -100, which therefore is what the roll brings to its beginning.
        named = {
            "input_ids": self["input_ids"],
            "labels": self["labels"].long().roll(1, dims=1),
            "position_ids": self["position_ids"],
        }
        if not flat:
            return named
        row_len, borders = self["input_ids"].shape[1], self.host_cu_seqlens
        starts = np.arange(len(borders))[:, None] * row_len + borders[:, :-1]
        flat_borders = np.append(starts[np.diff(borders, axis=1) > 0], borders.shape[0] * row_len)
        cu_seqlens = _to_device(flat_borders.astype(np.int32), self["input_ids"].device)
        longest = self["max_seqlen"]
        return {
            **{name: tensor.reshape(1, -1) for name, tensor in named.items()},
            "cu_seq_lens_q": cu_seqlens,
            "cu_seq_lens_k": cu_seqlens,
            "max_length_q": longest,
            "max_length_k": longest,
        }

    def to_megatron(self, *, cu_seqlens: bool = True) -> dict[str, Tensor]:
        """An item of an iterator for Megatron's `--dataloader-type external`.

        Args:
            cu_seqlens: False leaves `cu_seqlens` and `max_seqlen` out, for runs without
                `--dataloader-inter-document-masking`: attention then crosses documents.

        Returns:
            `tokens`, `labels`, `position_ids` int64 `[B, T]`; `loss_mask` float32 `[B, T]`, 0 where a label
            is -100, and the label 0 there, a valid id; `cu_seqlens` int32 `[B, S + 1]`, `max_seqlen` int32
            `[B]`. There is no key `attention_mask`: older releases move whatever stands under it to the GPU.
        """
        masked = self["labels"] == IGNORE_INDEX
        item = {
            "tokens": self["input_ids"].long(),
            "labels": self["labels"].long().masked_fill(masked, 0),
            "loss_mask": (~masked).float(),
            "position_ids": self["position_ids"].long(),
        }
        if cu_seqlens:
            item["cu_seqlens"] = self["cu_seqlens"]
            item["max_seqlen"] = torch.from_numpy(_longest(self.host_cu_seqlens))
        return item

    def to_deepspeed_pipe(self) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
        """`((input_ids, position_ids, cu_seqlens), labels)`, an item for `PipelineEngine.train_batch`.

        Nothing but the inputs goes down a pipeline, so layers pass positions and borders on beside the
        activations. All shapes are constant.
        """
        return (self["input_ids"], self["position_ids"], self["cu_seqlens"]), self["labels"]

    def to_titan(self, *, flat: bool = False) -> tuple[dict[str, Tensor], Tensor]:
        """`({"input": ..., "positions": ...}, labels)` as torchtitan's trainer takes it.

        Args:
            flat: one dimension of B * T tokens instead of `[B, T]`.
        """
        inputs, labels = {"input": self["input_ids"], "positions": self["position_ids"]}, self["labels"]
        if flat:
            return {name: tensor.reshape(-1) for name, tensor in inputs.items()}, labels.reshape(-1)
        return inputs, labels

    def to_thd(self) -> dict[str, Any]:
        """All rows in one line, for variable-length attention kernels, with shapes that never change.

        Returns:
            `input_ids`, `labels`, `position_ids` `[B * T]`; `cu_seqlens` int32 `[B * S + 1]`, where segments that
            are not there have length 0; `max_seqlen` int.
        """
        row_len, borders = self._row_len("to_thd"), self["cu_seqlens"]
        first_B1 = torch.arange(len(borders), dtype=torch.int32, device=borders.device)[:, None] * row_len
        ends = (borders[:, 1:] + first_B1).reshape(-1)
        flat = {name: self[name].reshape(-1) for name in ("input_ids", "labels", "position_ids")}
        return {**flat, "cu_seqlens": torch.cat((ends.new_zeros(1), ends)), "max_seqlen": self["max_seqlen"]}

    def block_mask(self, block_size: int | tuple[int, int] = 128) -> "BlockMask":
        """FlexAttention's mask: causal, and inside one segment. For this batch (or micro-batch) only.

        A segment is a run of tokens, so the keys that a block of queries sees are one run too, and those that all
        of it sees another: the blocks are written down from the runs' ends, and no [T, T] mask is made.

        Args:
            block_size: tokens a block, or (of queries, of keys).

        Example: `flex_attention(query, key, value, block_mask=batch.block_mask())`.
        """
        from torch.nn.attention.flex_attention import BlockMask

        row_len = self._row_len("block_mask")
        size_q, size_k = (block_size, block_size) if isinstance(block_size, int) else block_size
        positions = self["position_ids"]
        token_T = torch.arange(row_len, device=positions.device)
        start_BT = token_T - positions  # of the segment of each token

        def in_segment(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
            return (k <= q) & (k >= start_BT[b, q])

        blocks = _block_runs(start_BT, row_len, size_q, size_k)
        return BlockMask.from_kv_blocks(
            *blocks, BLOCK_SIZE=(size_q, size_k), mask_mod=in_segment, seq_lengths=(row_len, row_len)
        )

    def _each(self, function: Callable[[Tensor], Tensor]) -> "PackedBatch":
        """The batch with `function` applied to its tensors, all else kept."""
        made = copy.copy(self)
        if self["cu_seqlens"].device.type == "cpu":
            made._host_cu_seqlens = self.host_cu_seqlens
        made.update({name: function(value) for name, value in self.items() if isinstance(value, Tensor)})
        return made

    def _row_len(self, method: str) -> int:
        """T, which a context-parallel slice has not."""
        row_len, found = int(self.host_cu_seqlens[0, -1]), self["input_ids"].shape[1]
        if found != row_len:
            raise RecipeError(
                f"{method} wants whole rows of {row_len} tokens, this batch is a context-parallel slice of {found}; "
                f"call {method} first, or ask the loader for whole rows"
            )
        return row_len


def _longest(borders: np.ndarray) -> np.ndarray:
    """Tokens of the longest segment of each row, int32 `[B]`."""
    return np.diff(borders, axis=1).max(axis=1).astype(np.int32)


def _to_device(array: np.ndarray, device: torch.device) -> Tensor:
    """A small array as a tensor; towards a GPU from page-locked memory, so that nobody waits for it."""
    tensor = torch.from_numpy(array)
    return (tensor.pin_memory() if device.type == "cuda" else tensor).to(device, non_blocking=True)


def _block_runs(start_BT: Tensor, row_len: int, size_q: int, size_k: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Which blocks of keys each block of queries sees.

    Args:
        start_BT: first token of each token's segment.

    Returns:
        Number and indices of the blocks seen in part, then of those seen in full: int32 `[B, 1, Q]` and
        `[B, 1, Q, K]`.
    """
    num_q, num_k = -(-row_len // size_q), -(-row_len // size_k)
    first_Q = torch.arange(num_q, device=start_BT.device) * size_q
    last_Q = (first_Q + size_q - 1).clamp(max=row_len - 1)
    seen, end = start_BT[:, first_Q] // size_k, last_Q // size_k + 1
    # Seen in full: not before the last query's segment, not after the first query. A block of queries that
    # sticks out of the row is never full.
    full = -(-start_BT[:, last_Q] // size_k)
    full_end = torch.where(first_Q + size_q <= row_len, (first_Q + 1) // size_k, 0)
    num_full = (full_end - full).clamp(min=0)
    num_part = end - seen - num_full
    index_K = torch.arange(num_k, device=start_BT.device)
    part = seen[..., None] + index_K
    part = torch.where((part >= full[..., None]) & (num_full[..., None] > 0), part + num_full[..., None], part)
    whole = full[..., None] + index_K
    counts = (num_part, num_full)
    indices = (part.clamp(max=num_k - 1), whole.clamp(max=num_k - 1))
    return tuple(x[:, None].int() for pair in zip(counts, indices, strict=True) for x in pair)  # pyright: ignore[reportReturnType]
