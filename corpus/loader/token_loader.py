"""`TokenLoader`: packed training batches of a token folder, in one global order that any rank can compute.

Rows of all windows are numbered 0, 1, 2 ... through an epoch. Global batch g is rows `g * batch_size *
dp_size` on; rank r takes `batch_size` of them, from `r * batch_size` on. So ranks need not talk, all
pipeline stages of a replica agree, and a state counted in rows is good for any number of ranks.

Guarantees: every token of every document is in exactly one row of an epoch; only the rows of the last,
incomplete batch are left out, if `drop_last`. Batches have fixed shapes. Resuming plans one window
(8 to 18 ms). Price: `len()` plans every window of the epoch once; iterating does not need it.
"""

from typing import Any, Self

import numpy as np
import torch

from corpus.errors import RecipeError
from corpus.kernels.pack import pack_rows
from corpus.loader.loader_state import STATE_VERSION, check_state
from corpus.loader.token_shards import TokenShards
from corpus.loader.windows import PackingOptions, Segments, Window, num_windows, plan_window

_NO_SEGMENTS = np.empty(0, np.int64)


class TokenLoader:
    """An iterator over the packed batches of a token folder.

    Args:
        folder: WORK/tokens: `manifest.json` and uncompressed Arrow parts.
        seq_len: tokens a row, T.
        batch_size: rows a batch and rank, B.
        seed: of the order.
        dp_rank, dp_size: this data-parallel rank and their number.
        window: documents that are packed together.
        device: where the tensors go.
        epoch: the first epoch to read.
        drop_last: leave out the rows after the last whole global batch; otherwise fill it with rows of
            padding.
        max_segments: segments a row may have, its padding counted. None is `seq_len // 16`, at least 64: with
            documents of 16 tokens and more on average it does not bind.
        pad_id: the id of padding. None is the manifest's `pad_id`, else its `eos_id`, else 0.

    A batch is a dict: `input_ids`, `labels`, `position_ids` int64 `[B, T]`, `cu_seqlens` int32 `[B,
        max_segments + 1]`
    (see `corpus.kernels.pack`), and `max_seqlen`, the longest segment, an int that no GPU has to be asked
    for.

    At the end of an epoch the loader stands at the start of the next, so `for batch in loader` may be
    written once an epoch. `set_epoch` with the epoch it stands in changes nothing, so it may be called after
    `load_state_dict`.

    Raises:
        ShardError: the folder is damaged.
        RecipeError: an argument is out of range.

    Example: `next(TokenLoader("work/tokens", seq_len=2048, batch_size=8))["input_ids"].shape` -> `[8, 2048]`.
    """

    def __init__(
        self,
        folder: Any,
        *,
        seq_len: int,
        batch_size: int,
        seed: int = 0,
        dp_rank: int = 0,
        dp_size: int = 1,
        window: int = 65536,
        device: str | torch.device = "cpu",
        epoch: int = 0,
        drop_last: bool = True,
        max_segments: int | None = None,
        pad_id: int | None = None,
    ) -> None:
        if batch_size < 1 or dp_size < 1 or not 0 <= dp_rank < dp_size or epoch < 0:
            raise RecipeError(
                f"batch_size {batch_size}, dp_rank {dp_rank}, dp_size {dp_size}, epoch {epoch}: expected "
                "batch_size and dp_size of 1 or more, a dp_rank from 0 to dp_size - 1 and an epoch from 0"
            )
        self.shards = TokenShards(folder)
        info = self.shards.info
        padding = (pad_id, info.get("pad_id"), info.get("eos_id"), 0)  # 0 is an id, null is none
        try:
            self.options = PackingOptions(
                seq_len=seq_len,
                window=window,
                max_segments=min(seq_len, max(64, seq_len // 16)) if max_segments is None else max_segments,
                pad_id=next(choice for choice in padding if choice is not None),
                seed=seed,
            )
        except ValueError as error:
            raise RecipeError(str(error)) from error
        if not self.shards.num_tokens:
            raise RecipeError(f"{folder} holds no tokens: nothing to train on; did `select` drop every document?")
        self.batch_size, self.dp_rank, self.dp_size = batch_size, dp_rank, dp_size
        self.drop_last = drop_last
        self.device = torch.device(device)
        self.epoch = epoch
        self._num_rows: dict[int, int] = {}  # epoch -> rows, once planned
        self._windows: dict[int, Window] = {}  # the few that the next batch touches
        self._rewind()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> dict[str, Any]:
        """The next batch of this rank.

        Raises:
            StopIteration: the epoch is over; the loader now stands at the start of the next.
        """
        begin = self._row
        size = self.batch_size * self.dp_size
        available = self._rows_up_to(begin + size) - begin
        if available < (size if self.drop_last else 1):
            self.epoch += 1
            self._rewind()
            raise StopIteration
        first = begin + self.batch_size * self.dp_rank
        segments = self._segments(first, min(first + self.batch_size, begin + available))
        batch = self._tensors(segments)
        self._row = begin + size
        self._advance_window()
        return batch

    def __len__(self) -> int:
        """Batches of a whole epoch, this one. Plans each of its windows the first time."""
        if self.epoch not in self._num_rows:
            windows = range(num_windows(len(self.shards), self.options.window))
            plans = (plan_window(self.shards.lengths, self.options, self.epoch, window) for window in windows)
            self._num_rows[self.epoch] = sum(plan.num_rows for plan in plans)
        size = self.batch_size * self.dp_size
        rows = self._num_rows[self.epoch]
        return rows // size if self.drop_last else -(-rows // size)

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of another epoch; nothing happens if the loader stands in it already."""
        if epoch < 0:
            raise RecipeError(f"epoch is {epoch}, expected 0 or more")
        if epoch != self.epoch:
            self.epoch = epoch
            self._rewind()

    def recipe(self) -> dict[str, Any]:
        """What a state must agree on: the tokens and every option that decides rows and their order."""
        return {"tokens": self.shards.fingerprint, **self.options.recipe()}

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands: JSON-able, a few hundred bytes, the same on every rank."""
        return {
            "version": STATE_VERSION,
            "epoch": self.epoch,
            "row": self._row,
            "window": self._window,
            "window_first_row": self._window_first_row,
            "recipe": self.recipe(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Stand where `state` stood. The number of ranks and the batch size may have changed.

        Raises:
            StateError: the state is of another version or recipe.
        """
        check_state(state, self.recipe())
        self.epoch = state["epoch"]
        self._rewind()
        self._row = state["row"]
        self._window, self._window_first_row = state["window"], state["window_first_row"]

    def _rewind(self) -> None:
        self._row = 0  # first row of the next global batch
        self._window = 0  # the window that holds it
        self._window_first_row = 0
        self._windows.clear()

    def _plan(self, window: int) -> Window:
        if window not in self._windows:
            self._windows[window] = plan_window(self.shards.lengths, self.options, self.epoch, window)
        return self._windows[window]

    def _rows_up_to(self, row: int) -> int:
        """`row`, or the rows of the epoch if those are fewer. Plans no further than needed."""
        end = self._window_first_row
        for window in range(self._window, num_windows(len(self.shards), self.options.window)):
            if end >= row:
                break
            end += self._plan(window).num_rows
        return min(row, end)

    def _segments(self, first: int, last: int) -> Segments:
        """Global rows `first` to `last`, filled up to `batch_size` rows with empty ones."""
        parts: list[Segments] = []
        window, begin = self._window, self._window_first_row
        while begin < last:
            plan = self._plan(window)
            end = begin + plan.num_rows
            if end > first:
                parts.append(plan.rows(max(first, begin) - begin, min(last, end) - begin))
            window, begin = window + 1, end
        empty = self.batch_size - max(0, last - first)
        if empty:
            parts.append(Segments(_NO_SEGMENTS, _NO_SEGMENTS, _NO_SEGMENTS, np.zeros(empty + 1, np.int64)))
        return Segments.concatenate(parts)

    def _advance_window(self) -> None:
        """Drop the windows that lie before the next global batch."""
        last = num_windows(len(self.shards), self.options.window) - 1
        while self._window < last and self._window_first_row + self._plan(self._window).num_rows <= self._row:
            self._window_first_row += self._windows.pop(self._window).num_rows
            self._window += 1

    def _tensors(self, segments: Segments) -> dict[str, Any]:
        tokens = self.shards.gather(segments.documents, starts=segments.starts, lengths=segments.lengths)
        lengths = segments.lengths
        packed = pack_rows(
            tokens,
            np.cumsum(lengths) - lengths,
            lengths,
            segments.row_splits,
            seq_len=self.options.seq_len,
            max_segments=self.options.max_segments,
            pad_id=self.options.pad_id,
        )
        names = ("input_ids", "labels", "position_ids", "cu_seqlens")
        tensors: dict[str, Any] = {name: torch.from_numpy(getattr(packed, name)) for name in names}
        if self.device.type != "cpu":
            tensors = {name: tensor.to(self.device) for name, tensor in tensors.items()}
        return {**tensors, "max_seqlen": int(np.diff(packed.cu_seqlens, axis=1).max())}
