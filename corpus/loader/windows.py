"""The rows of one window of documents: a pure function of (lengths, seed, epoch, window, options).

A window's documents (`corpus.loader.order`) are packed into rows (`corpus.kernels.row_plan`) and its rows shuffled by a
key of their own. Nothing of it depends on ranks, threads or the windows before, so every rank computes it for itself.
Best fit over 65,536 documents fills more than 99.99 % of rows of 2,048 to 8,192 tokens on log-normal lengths.
Price: the permutation and the plan of 65,536 documents, 4 to 8 ms on one shared core.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from corpus.kernels.deal import select_rows
from corpus.kernels.row_plan import Mode, Overflow, PlanOptions, RowPlan, plan_rows
from corpus.loader.fim import virtual_lengths
from corpus.loader.fim_options import FimOptions
from corpus.loader.order import DocumentOrder
from corpus.loader.permutation import KeyedPermutation

ORDER_VERSION = 2  # raised when the same seed gives another order; then states are refused


@dataclass(frozen=True)
class PackingOptions:
    """What decides the order and shape of rows, apart from the tokens themselves.

    Fields:
        seq_len: tokens a row.
        packing, overflow, overlap: see `corpus.kernels.row_plan`.
        window: documents packed together.
        blocks: record batches packed together, for the order by blocks; None permutes documents.
        max_segments: segments a row may have, its padding counted.
        pad_id: the id of padding.
        bos_id: an id put before every segment; None puts none.
        fim: how documents are rearranged for fill-in-the-middle; None leaves them.
        seed: of the order of documents and rows.
    """

    seq_len: int
    packing: Mode
    overflow: Overflow
    overlap: int
    window: int
    blocks: int | None
    max_segments: int
    pad_id: int
    bos_id: int | None
    fim: FimOptions | None
    seed: int

    def __post_init__(self) -> None:
        if self.seq_len < 2:
            raise ValueError(
                f"seq_len is {self.seq_len}, expected 2 or more: a row of one token has nothing to predict"
            )
        if self.window < 1:
            raise ValueError(f"window is {self.window}, expected 1 or more documents (65536 fills rows best)")
        if self.blocks is not None and self.blocks < 1:
            raise ValueError(f"blocks is {self.blocks}, expected 1 or more record batches a window, or None")
        if not 2 <= self.max_segments <= self.seq_len:
            raise ValueError(f"max_segments is {self.max_segments}, expected 2 to seq_len = {self.seq_len}")
        self.plan_options()

    def plan_options(self) -> dict[str, Any]:
        """The arguments of `plan_rows`, checked."""
        # A row may hold as many documents as leave its padding a segment.
        limit = self.seq_len if self.max_segments == self.seq_len else self.max_segments - 1
        options = {
            "mode": self.packing,
            "overflow": self.overflow,
            "overlap": self.overlap,
            "prefix_tokens": int(self.bos_id is not None),
            "max_documents": limit,
        }
        PlanOptions(self.seq_len, **options)
        return options

    def recipe(self) -> dict[str, Any]:
        """The fields as a dict, with the version of the order."""
        return {"order_version": ORDER_VERSION, **asdict(self)}


@dataclass(frozen=True)
class Segments:
    """Pieces of documents in rows: what is gathered and how it is cut. Arrays as in `RowPlan`, int64; and the epoch of
    each piece's document, `[S]`, which fill-in-the-middle depends on: `[0]` without it."""

    documents: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    row_splits: np.ndarray
    epochs: np.ndarray

    @classmethod
    def in_order(cls, parts: list["Segments"], places: list[np.ndarray], num_rows: int) -> "Segments":
        """The rows of all parts: row i of part p becomes row `places[p][i]` of `num_rows`; the others are empty."""
        if len(parts) == 1 and len(places[0]) == num_rows:
            return parts[0]
        counts = np.zeros(num_rows, np.int64)
        rows: list[np.ndarray] = [np.empty(0, np.int64)]
        for part, place in zip(parts, places, strict=True):
            counts[place] = np.diff(part.row_splits)
            rows.append(np.repeat(place, counts[place]))
        order = np.argsort(np.concatenate(rows), kind="stable")
        splits = np.zeros(num_rows + 1, np.int64)
        np.cumsum(counts, out=splits[1:])
        documents, starts, lengths, epochs = (
            np.concatenate([np.empty(0, np.int64), *(getattr(part, name) for part in parts)])
            for name in ("documents", "starts", "lengths", "epochs")
        )
        return cls(documents[order], starts[order], lengths[order], splits, epochs[order] if len(epochs) else epochs)


@dataclass(frozen=True)
class Window:
    """The packed rows of one window, in the order in which they are trained on."""

    documents: np.ndarray  # global document numbers, int64
    plan: RowPlan
    row_order: np.ndarray  # row i of the window is row `row_order[i]` of the plan
    row_tokens: np.ndarray  # tokens in row i of the window, int32
    epoch: int | None  # of documents that are rearranged for fill-in-the-middle; None without it

    @property
    def num_rows(self) -> int:
        """Rows in the window."""
        return self.plan.num_rows

    def rows(self, chosen: np.ndarray) -> Segments:
        """Rows of the window, int64 `[n]`, in the order given."""
        plan = self.plan
        columns = (plan.documents, plan.starts, plan.lengths, plan.row_splits)
        documents, starts, lengths, row_splits = select_rows(self.documents, columns, self.row_order[chosen])
        epochs = np.full(0 if self.epoch is None else len(documents), self.epoch or 0, np.int64)
        return Segments(documents, starts, lengths, row_splits, epochs)


def plan_window(
    lengths_of: Callable[[np.ndarray], np.ndarray],
    order: DocumentOrder,
    options: PackingOptions,
    epoch: int,
    window: int,
) -> Window:
    """Pack one window.

    Args:
        lengths_of: tokens of the documents it is given, int32.
        order: of the stream.
        options: see `PackingOptions`.
        epoch: from 0.
        window: its number in the epoch, 0 to `order.num_windows - 1`.
    """
    documents = order.documents(epoch, window)
    lengths = lengths_of(documents)
    if options.fim is not None:
        lengths = virtual_lengths(documents, lengths, options.fim, epoch)
    if options.bos_id is not None:
        lengths = lengths + (lengths > 0).astype(np.int32)
    plan = plan_rows(lengths, options.seq_len, **options.plan_options())
    shuffle = KeyedPermutation(plan.num_rows, order.rows_key(epoch, window))
    row_order = shuffle(np.arange(plan.num_rows, dtype=np.int64))
    ends = np.cumsum(plan.lengths, dtype=np.int64)
    tokens = np.diff(ends[plan.row_splits[1:] - 1], prepend=0) if plan.num_rows else np.empty(0, np.int64)
    fim_epoch = None if options.fim is None else epoch
    return Window(documents, plan, row_order, tokens[row_order].astype(np.int32), fim_epoch)
