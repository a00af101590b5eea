"""Rows that were dealt become batches: segments, tokens, tensors. Run by the loader's threads."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from corpus.kernels.pack import PackedRows, pack_rows
from corpus.kernels.pack.columns import column_map
from corpus.loader.dealer import Dealt
from corpus.loader.fim_segments import rearranged
from corpus.loader.packed_batch import PackedBatch
from corpus.loader.row_buffers import RowBuffers
from corpus.loader.token_shards import TokenShards
from corpus.loader.windows import PackingOptions, Segments

_Spans = tuple[np.ndarray, np.ndarray] | None
_NAMES = ("input_ids", "labels", "position_ids", "cu_seqlens", "document_ids")


@dataclass(frozen=True)
class Made:
    """Some batches, and how many labels of each are no -100, int64; of whole rows, if context parallelism cuts them."""

    batches: list[Any]
    num_targets: np.ndarray


class Assembler:
    """Makes batches.

    Args:
        shards: where tokens come from.
        options: of packing.
        dtype: of ids, labels and positions.
        document_ids: whether to emit them.
        context_parallel: (rank, size, layout), or None for whole rows.

    Raises:
        ValueError: `seq_len` cannot be cut for context parallelism so, the dtype is no int64 or int32.
    """

    def __init__(
        self,
        shards: TokenShards,
        options: PackingOptions,
        dtype: torch.dtype,
        document_ids: bool,
        context_parallel: tuple[int, int, str] | None,
    ) -> None:
        if dtype not in (torch.int64, torch.int32):
            raise ValueError(f"dtype is {dtype}, expected torch.int64 or torch.int32")
        self.shards, self.options = shards, options
        self._dtype: Any = np.int64 if dtype == torch.int64 else np.int32
        self._document_ids, self._context_parallel = document_ids, context_parallel
        num_columns = column_map(options.seq_len, context_parallel).num_columns
        self._buffers = RowBuffers(num_columns, options.max_segments, self._dtype, document_ids=document_ids)

    def batches(self, dealt: list[Dealt], num_batches: int, batch_size: int) -> Made:
        """Batches of `batch_size` rows; `Dealt.places` number the rows of all of them, absent ones are padding."""
        segments = self.segments(dealt, num_batches * batch_size)
        tokens, starts, spans = self._read(segments)
        packed = self._packed(segments, tokens, starts, spans)
        arrays = {name: array for name in _NAMES if (array := getattr(packed, name)) is not None}
        names = [*arrays, "max_seqlen"]
        pieces = [torch.from_numpy(array).unsafe_split(batch_size) for array in arrays.values()]  # nobody has the whole
        borders = packed.cu_seqlens.reshape(num_batches, batch_size, -1)
        longest = _longest(segments, self.options.seq_len, batch_size).tolist()
        made = [
            PackedBatch(zip(names, fields, strict=True), host_cu_seqlens=of_batch)
            for *fields, of_batch in zip(*pieces, longest, borders, strict=True)
        ]
        return Made(made, _num_targets(segments, spans, batch_size))

    def staged(self, dealt: list[Dealt], num_batches: int, batch_size: int) -> Made:
        """The same for a device: for each batch the arguments of `DeviceRing.pack`."""
        segments = self.segments(dealt, num_batches * batch_size)
        tokens, starts, spans = self._read(segments)
        made: list[dict[str, Any]] = []
        for first in range(0, num_batches * batch_size, batch_size):
            splits = segments.row_splits[first : first + batch_size + 1]
            mine = slice(int(splits[0]), int(splits[-1]))
            given: dict[str, Any] = {
                "tokens": tokens,
                "starts": starts[mine],
                "lengths": segments.lengths[mine],
                "row_splits": splits - splits[0],
                "document_ids": segments.documents[mine] if self._document_ids else None,
            }
            if spans is not None:
                of = spans[1][mine.start : mine.stop + 1]
                given["loss_spans"] = (spans[0][of[0] : of[-1]], of - of[0])
            made.append(given)
        return Made(made, _num_targets(segments, spans, batch_size))

    def segments(self, dealt: list[Dealt], num_rows: int) -> Segments:
        """The segments of the rows, in the order of their places."""
        by_window: dict[int, list[Dealt]] = {}
        for group in dealt:
            if len(group.places):
                by_window.setdefault(id(group.window), []).append(group)
        parts: list[Segments] = []
        places: list[np.ndarray] = []
        for groups in by_window.values():
            places.append(np.concatenate([group.places for group in groups]))
            parts.append(groups[0].window.rows(np.concatenate([group.rows for group in groups])))
        return Segments.in_order(parts, places, num_rows)

    def _packed(self, segments: Segments, tokens: np.ndarray, starts: np.ndarray, spans: _Spans) -> PackedRows:
        options = self.options
        return pack_rows(
            tokens,
            starts,
            segments.lengths,
            segments.row_splits,
            seq_len=options.seq_len,
            max_segments=options.max_segments,
            pad_id=options.pad_id,
            loss_spans=spans,
            document_ids=segments.documents if self._document_ids else None,
            context_parallel=self._context_parallel,
            dtype=self._dtype,
            out=self._buffers.take(len(segments.row_splits) - 1),
        )

    def _read(self, segments: Segments) -> tuple[np.ndarray, np.ndarray, _Spans]:
        """Tokens, where each segment begins in them, and what of each is trained on; None: everything."""
        bos_id, begins = self.options.bos_id, np.cumsum(segments.lengths) - segments.lengths
        documents, starts, lengths = segments.documents, *self._without_bos(segments)
        if self.options.fim is not None:
            tokens, spans = rearranged(self.shards, segments, starts, lengths, self.options.fim)
        else:
            spans = self.shards.loss_spans(documents, starts, lengths)
            if bos_id is None and self.shards.is_local:
                return self.shards.all_tokens, self.shards.locate(documents, starts, lengths), spans
            tokens = self.shards.gather(documents, starts=starts, lengths=lengths)
        if bos_id is not None:
            tokens = np.insert(tokens, begins - np.arange(len(begins)), bos_id)
            spans = spans and (spans[0] + 1, spans[1])
        return tokens, begins, spans

    def _without_bos(self, segments: Segments) -> tuple[np.ndarray, np.ndarray]:
        """Starts and lengths in the folder. A BOS is planned as part of its segment: before the first token of a
        document, or as the prefix of a further piece."""
        if self.options.bos_id is None:
            return segments.starts, segments.lengths
        return np.maximum(segments.starts - 1, 0), segments.lengths - 1


def _longest(segments: Segments, seq_len: int, batch_size: int) -> np.ndarray:
    """Tokens of the longest segment of each batch, the padding of a row counted as one."""
    before = np.concatenate([[0], np.cumsum(segments.lengths)])
    padding = seq_len - np.diff(before[segments.row_splits]).reshape(-1, batch_size).min(axis=1)
    begins, ends = segments.row_splits[:-1:batch_size], segments.row_splits[batch_size::batch_size]
    longest = np.maximum.reduceat(np.append(segments.lengths, 0), begins)  # of an empty batch it is some other's
    return np.maximum(np.where(ends > begins, longest, 0), padding)


def _num_targets(segments: Segments, spans: _Spans, batch_size: int) -> np.ndarray:
    """Targets a batch: every token of a segment but its first, as far as a span has it."""
    if spans is None:
        of_segment = segments.lengths - 1
    else:
        sizes = np.maximum(spans[0][:, 1] - np.maximum(spans[0][:, 0], 1), 0)
        before = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        of_segment = before[spans[1][1:]] - before[spans[1][:-1]]
    before = np.concatenate([[0], np.cumsum(of_segment, dtype=np.int64)])
    return np.diff(before[segments.row_splits[::batch_size]])
