"""`TokenLoader`: packed training batches of a token folder, in one global order that any rank can compute.

Rows are numbered 0, 1, 2 ... in the order in which `corpus.loader.dealer` deals them. Global batch g is rows
`g * batch_size * dp_size` on; rank r takes `batch_size` of them, from `r * batch_size` on. So ranks need not talk, all
pipeline stages of a replica agree, and a state counted in rows is good for any number of ranks.

Batches are made ahead by threads (the kernels release the interpreter's lock), several in one piece of memory: a batch
is a view of it. There are no worker processes, no shared memory, no lock files and no distributed calls.

Guarantees: every token of every document is in exactly one row of an epoch (with `packing` and `overflow` left as they
are; `ledger` counts what other choices cut, repeat or drop); only the rows of the last, incomplete batch are left out,
if `drop_last`. Batches have fixed shapes. Resuming plans one window. Price: `len()`, `ledger` and flat row numbers
plan every window of an epoch once, on all threads; iterating does not need it.
"""

import os
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from corpus.errors import RecipeError, StateError
from corpus.kernels.row_plan import Mode, Overflow, TokenLedger
from corpus.loader.assemble import Assembler, Made
from corpus.loader.dealer import Dealer, Dealt, Position, position_of
from corpus.loader.fim_options import FimOptions
from corpus.loader.loader_state import STATE_VERSION, check_state
from corpus.loader.mixture import Mixture, Weight
from corpus.loader.order import DocumentOrder, streams_of
from corpus.loader.packed_batch import PackedBatch
from corpus.loader.tally import Tally
from corpus.loader.token_shards import TokenShards
from corpus.loader.topology import Topology
from corpus.loader.window_plans import WindowPlans
from corpus.loader.windows import PackingOptions

_TOKENS_A_JOB, _BATCHES_A_JOB = 1 << 18, 16  # at most; that many tokens make the price of a call small


@dataclass(frozen=True)
class _Job:
    """Batches in the making; where the order stands after each, and its tokens of each source, int64 `[n, K]`."""

    made: "Future[Made]"
    after: list[Position]
    tokens: np.ndarray


class TokenLoader:
    """An iterator over the packed batches of a token folder.

    Args:
        folder: WORK/tokens, a URL of one, or a `TokenShards`.
        seq_len: tokens a row, T.
        batch_size: rows a batch and rank, B.
        seed: of the order.
        dp_rank, dp_size: this data-parallel rank and their number; or give `topology`.
        topology: where this process stands; see `corpus.loader.Topology`.
        mixture: shares of sources and languages, a `Mixture` or its weights; None reads every document once an epoch.
        packing, overflow, overlap: how documents become rows; see `corpus.kernels.row_plan`.
        window: documents that are packed together.
        blocks: record batches that are packed together. None lets any two documents meet; give a number (16) where
            the folder is remote or its disk slow to seek, see `corpus.loader.order`.
        bos_id: an id put before every document and every piece of one, so that each row begins with it.
        fim: rearrange documents for fill-in-the-middle, a `FimOptions`; the ledger counts its tokens as used.
        max_segments: segments a row may have, its padding counted. None is `seq_len // 16`, at least 64: with
            documents of 16 tokens and more on average it does not bind.
        pad_id: the id of padding. None is the manifest's `pad_id`, else its `eos_id`, else 0.
        dtype: of ids, labels and positions, int64 or int32.
        document_ids: also emit the number of each token's document.
        context_parallel: "contiguous" or "zigzag": emit this rank's slice of every row, by `topology.cp_rank`.
        device: where the tensors go.
        epoch: the first epoch to read.
        drop_last: leave out the rows after the last whole global batch; otherwise fill it with rows of
            padding.
        prefetch: pieces of work that are made ahead; 0 makes each batch when it is asked for.
        num_threads: threads that make them.

    A batch is a `PackedBatch`, a dict: `input_ids`, `labels`, `position_ids` `[B, T]`, `cu_seqlens` int32 `[B,
    max_segments + 1]` (see `corpus.kernels.pack`), and `max_seqlen`, the longest segment, an int that no GPU has to be
    asked for.

    At the end of an epoch the loader stands at the start of the next, so `for batch in loader` may be
    written once an epoch. `set_epoch` with the epoch it stands in changes nothing, so it may be called after
    `load_state_dict`. A mixture counts epochs a source, and ends when every source has been read `max_epochs` times.

    Raises:
        ShardError: the folder is damaged.
        RecipeError: an argument is out of range.

    Example: `next(TokenLoader("work/tokens", seq_len=2048, batch_size=8))["input_ids"].shape` -> `[8, 2048]`.
    """

    def __init__(
        self,
        folder: str | Path | TokenShards,
        *,
        seq_len: int,
        batch_size: int,
        seed: int = 0,
        dp_rank: int | None = None,
        dp_size: int | None = None,
        topology: Topology | None = None,
        mixture: Mixture | dict[str, Weight] | None = None,
        packing: Mode = "best_fit",
        overflow: Overflow = "split",
        overlap: int = 0,
        window: int = 65536,
        blocks: int | None = None,
        bos_id: int | None = None,
        fim: FimOptions | None = None,
        max_segments: int | None = None,
        pad_id: int | None = None,
        dtype: torch.dtype = torch.int64,
        document_ids: bool = False,
        context_parallel: str | None = None,
        device: str | torch.device = "cpu",
        epoch: int = 0,
        drop_last: bool = True,
        prefetch: int = 2,
        num_threads: int = 2,
    ) -> None:
        self.topology = _topology(topology, dp_rank, dp_size)
        for name, value, least in [
            ("batch_size", batch_size, 1),
            ("epoch", epoch, 0),
            ("prefetch", prefetch, 0),
            ("num_threads", num_threads, 1),
        ]:
            if not isinstance(value, int) or value < least:
                raise RecipeError(f"{name} is {value!r}, expected a whole number of {least} or more")
        self.shards = folder if isinstance(folder, TokenShards) else TokenShards(folder)
        info = self.shards.info
        most = np.iinfo(self.shards.dtype).max
        if bos_id is not None and not 0 <= bos_id <= most:
            raise RecipeError(
                f"bos_id is {bos_id}, expected 0 to {most}, an id that the folder's {self.shards.dtype} holds"
            )
        if pad_id is not None and not 0 <= pad_id < 1 << 31:
            raise RecipeError(f"pad_id is {pad_id}, expected 0 to 2**31 - 1")
        padding = (pad_id, info.get("pad_id"), info.get("eos_id"), 0)  # 0 is an id, null is none
        try:
            self.options = PackingOptions(
                seq_len=index(seq_len),
                packing=packing,
                overflow=overflow,
                overlap=index(overlap),
                window=index(window),
                blocks=None if blocks is None else index(blocks),
                max_segments=min(seq_len, max(64, seq_len // 16)) if max_segments is None else index(max_segments),
                pad_id=index(next(choice for choice in padding if choice is not None)),
                bos_id=None if bos_id is None else index(bos_id),
                fim=fim,
                seed=index(seed),
            )
            self.mixture = Mixture(mixture) if isinstance(mixture, dict) else mixture
            streams = streams_of(self.shards.runs, self.mixture.entries() if self.mixture else None)
        except (ValueError, TypeError) as error:
            raise RecipeError(str(error)) from error
        if not self.shards.num_tokens:
            raise RecipeError(f"{folder} holds no tokens: nothing to train on; did `select` drop every document?")
        self.batch_size, self.drop_last, self.prefetch = batch_size, drop_last, prefetch
        self.device = torch.device(device)
        self.epoch: int = epoch
        self._size = batch_size * self.topology.dp_size  # rows of a global batch
        self._orders = [DocumentOrder(stream, seed, window, blocks) for stream in streams]
        self._pool = ThreadPoolExecutor(num_threads, thread_name_prefix="siku-loader") if prefetch else None
        ahead = None if blocks is None or self.shards.is_local else self.shards.prefetch
        self._plans = WindowPlans(self.shards.lengths_of, self._orders, self.options, self._pool, ahead)
        slice_ = (self.topology.cp_rank, self.topology.cp_size, context_parallel) if context_parallel else None
        try:
            self._assembler = Assembler(self.shards, self.options, dtype, document_ids, slice_)
            self._ring = None
            if self.device.type == "cuda":
                from corpus.loader.device_ring import DeviceRing  # needs triton

                self._ring = DeviceRing(
                    num_rows=batch_size,
                    seq_len=seq_len,
                    max_segments=self.options.max_segments,
                    pad_id=self.options.pad_id,
                    dtype=dtype,
                    document_ids=document_ids,
                    context_parallel=slice_,
                    device=self.device,
                )
        except (ValueError, ImportError) as error:
            raise RecipeError(str(error)) from error
        self._process = os.getpid()
        self._parked: dict[str, Any] = {}  # sources of a state that this mixture leaves out
        self._ready: deque[tuple[Any, Position, np.ndarray, int]] = deque()
        self._jobs: deque[_Job] = deque()
        self._names = [stream.name for stream in streams]
        self._tally = Tally(self._names, batch_size * seq_len)
        self._go_to(Position.start(len(streams), epoch))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> PackedBatch:
        """The next batch of this rank.

        Raises:
            StopIteration: the epoch is over; the loader now stands at the start of the next.
        """
        if os.getpid() != self._process:
            raise RuntimeError(
                "this TokenLoader was made in another process, whose threads did not survive the fork; "
                "make one in each process (TokenIterable does)"
            )
        begun = time.perf_counter()
        try:
            found = self._next()
        except BaseException:  # an interrupt too: stand where the batch that was not given is still to come
            self._go_to(self._position)
            raise
        if found is None:
            if not self.mixture:
                self.epoch += 1
                self._go_to(Position.start(1, self.epoch))
            raise StopIteration
        batch, position, tokens, num_targets = found
        self._tally.add(tokens, num_targets, time.perf_counter() - begun)
        self._position = position
        return batch

    def _next(self) -> tuple[PackedBatch, Position, np.ndarray, int] | None:
        """The next batch and what is behind it, or None at the end."""
        most = 0 if self._is_first else self.prefetch  # nothing stands in the way of the first batch
        while len(self._jobs) <= most and self._submit():
            pass
        if not self._ready and self._jobs:
            job = self._jobs.popleft()
            made = job.made.result()
            targets = made.num_targets.tolist()
            self._ready.extend(zip(made.batches, job.after, job.tokens, targets, strict=True))
        if not self._ready:
            return None
        batch, position, tokens, num_targets = self._ready.popleft()
        if self._ring:
            tensors = self._ring.pack(**batch)
            batch = PackedBatch(tensors, host_cu_seqlens=tensors.pop("host_cu_seqlens"))
        elif self.device.type != "cpu":
            batch = batch.to(self.device)
        return batch, position, tokens, num_targets

    def __len__(self) -> int:
        """Batches of a whole epoch, this one, or of the whole mixture. Plans each of its windows the first time.

        Raises:
            TypeError: a source of the mixture has no `max_epochs`: it has no end.
        """
        rows = sum(int(self._plans.count(source, epoch).rows.sum()) for source, epoch in self._whole())
        return rows // self._size if self.drop_last else -(-rows // self._size)

    def ledger(self) -> TokenLedger:
        """Where every token of the epoch (of the whole mixture) goes: see `TokenLedger`. Plans as `len` does."""
        ledger = TokenLedger()
        for source, epoch in self._whole():
            ledger += self._plans.count(source, epoch).ledger
        return ledger

    def rows(self, first: int, last: int, *, epoch: int | None = None) -> PackedBatch:
        """Rows `first` to `last` (not included) of an epoch, as the loader would deal them, without moving it.

        Raises:
            RecipeError: there is a mixture (its rows follow from each other: see `window_rows`).
            IndexError: rows that the epoch does not have.
        """
        if self.mixture:
            raise RecipeError("rows of a mixture have no flat number; use window_rows(source, epoch, window, rows)")
        epoch = self.epoch if epoch is None else epoch
        ends = np.cumsum(self._plans.count(0, epoch).rows)
        total = int(ends[-1]) if len(ends) else 0
        if not 0 <= first < last <= total:
            raise IndexError(f"rows {first} to {last} asked for, epoch {epoch} has 0 to {total}")
        dealt: list[Dealt] = []
        for window in range(int(np.searchsorted(ends, first, side="right")), len(ends)):
            begin = int(ends[window - 1]) if window else 0
            low, high = max(first, begin), min(last, int(ends[window]))
            if low >= high:
                break
            numbers = np.arange(low, high, dtype=np.int64)
            dealt.append(Dealt(0, self._plans.get(0, epoch, window), numbers - first, numbers - begin))
        return self._assembler.batches(dealt, 1, last - first).batches[0]

    def window_rows(self, source: str, epoch: int, window: int, rows: np.ndarray) -> PackedBatch:
        """Some rows of one window of a source ("" without a mixture): random access for the price of one plan."""
        number = self._names.index(source)
        plan = self._plans.get(number, epoch, window)
        chosen = np.asarray(rows, np.int64)
        if len(chosen) and not (chosen.min() >= 0 and chosen.max() < plan.num_rows):
            raise IndexError(f"rows {chosen.min()} to {chosen.max()} asked for, the window has {plan.num_rows}")
        places = np.arange(len(chosen), dtype=np.int64)
        return self._assembler.batches([Dealt(number, plan, places, chosen)], 1, len(chosen)).batches[0]

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of another epoch; nothing happens if the loader stands in it already."""
        if not isinstance(epoch, int) or epoch < 0:
            raise RecipeError(f"epoch is {epoch!r}, expected 0 or more")
        if epoch != self.epoch:
            if self.mixture:
                raise RecipeError("a mixture counts epochs for each source; there is no epoch to set")
            self.epoch = epoch
            self._go_to(Position.start(1, epoch))

    def recipe(self) -> dict[str, Any]:
        """What a state must agree on: the tokens and every option that decides rows and their order."""
        return {"tokens": self.shards.fingerprint, **self.options.recipe()}

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands: JSON-able, a few hundred bytes, the same on every rank."""
        position = self._position
        return {
            "version": STATE_VERSION,
            "epoch": self.epoch,
            "row": position.num_rows,
            "tokens": position.num_tokens,
            "weights_at": position.weights_at,
            "sources": self._parked | dict(zip(self._names, map(list, position.sources), strict=True)),
            "mixture": self.mixture.recipe() if self.mixture else None,
            "recipe": self.recipe(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Stand where `state` stood. The number of ranks, the batch size and the mixture may have changed.

        Raises:
            StateError: the state is of another version or recipe, or one has a mixture and the other has none.
        """
        check_state(state, self.recipe())
        mixture = self.mixture.recipe() if self.mixture else None
        if (state["mixture"] is None) != (mixture is None):
            raise StateError(
                "the state was made " + ("without" if mixture else "with") + " a mixture and the loader has "
                f"{'one' if mixture else 'none'}: their rows have nothing to do with each other. "
                "Give the loader what it had, or start without the state"
            )
        position = position_of(state, self._names)
        self._check_place(state, position)
        if state["mixture"] != mixture:  # new weights hold from here on, and nobody owes anybody
            sources = tuple((*numbers[:3], 0, numbers[4]) for numbers in position.sources)
            position = Position(position.num_rows, position.num_tokens, position.num_tokens, sources)
        self._parked = {name: numbers for name, numbers in state["sources"].items() if name not in self._names}
        self.epoch = state["epoch"]
        self._go_to(position)

    def _check_place(self, state: dict[str, Any], position: Position) -> None:
        """Refuse windows that do not exist, and a mixture whose names share documents with others of the state."""
        for order, (_, window, *_) in zip(self._orders, position.sources, strict=True):
            if window >= max(1, order.num_windows):
                raise StateError(
                    f"the state stands in window {window} of {order.stream.name!r}, which has {order.num_windows}; "
                    "is it a state of these tokens?"
                )
        if self.mixture is None:
            if set(state["sources"]) != {""} or position.sources[0][0] != state["epoch"]:
                raise StateError(f"the state has sources {state['sources']} in epoch {state['epoch']}; is it whole?")
            return
        try:
            known = Mixture(dict.fromkeys({**self.mixture.weights, **state["sources"]}, 1.0))
            streams_of(self.shards.runs, known.entries())
        except ValueError as error:
            raise StateError(
                f"the mixture does not go with the state's: {error}; keep the names as they were"
            ) from error

    def stats(self) -> dict[str, Any]:
        """What was delivered by this loader so far, see `Tally`; of a remote folder also what its cache did."""
        return self._tally.stats() | self.shards.stats()

    def forever(self) -> Iterator[PackedBatch]:
        """Batch after batch, epoch after epoch; for trainers that call `next` and know no epochs.

        Raises:
            RecipeError: an epoch has no batch.
        """
        while True:
            before = self._tally.num_batches
            yield from self
            if self._tally.num_batches == before:
                raise RecipeError(
                    "there is less than one batch in an epoch, or the mixture has come to its end; "
                    "lower batch_size or dp_size, or set drop_last=False"
                )

    def close(self) -> None:
        """Stop the threads. The loader cannot be used any more."""
        self._jobs.clear()
        self._ready.clear()
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _whole(self) -> list[tuple[int, int]]:
        """(source, epoch) of all that is read."""
        if not self.mixture:
            return [(0, self.epoch)]
        endless = [name for name in self.mixture.weights if name not in self.mixture.max_epochs]
        if endless:
            raise TypeError(f"the mixture has no end: {', '.join(endless)} without max_epochs")
        return [(k, epoch) for k, name in enumerate(self._names) for epoch in range(self.mixture.max_epochs[name])]

    def _go_to(self, position: Position) -> None:
        self._jobs.clear()
        self._ready.clear()
        self._position = position
        last = [self.mixture.max_epochs.get(name) for name in self._names] if self.mixture else None
        self._dealer = Dealer(self._orders, self._plans.get, self.mixture, last or [self.epoch + 1], position)
        self._ended = False
        self._is_first = True

    def _submit(self) -> bool:
        """Deal the rows of the next batches and have them made; False at the end."""
        if self._ended:
            return False
        tokens = self.batch_size * self.options.seq_len
        wanted = 1 if self._is_first or not self.prefetch else max(1, min(_BATCHES_A_JOB, _TOKENS_A_JOB // tokens))
        self._is_first = False
        dealt, after = self._dealer.deal(wanted, self._size)
        self._ended = len(after) < wanted
        left = sum(len(group.places) for group in dealt) - len(after) * self._size
        if left and not self.drop_last:
            after.append(self._dealer.position())
        if not after:
            return False
        mine = [self._my_rows(group, len(after)) for group in dealt]
        tokens = np.zeros((len(after), len(self._orders)), np.int64)
        for group in mine:
            np.add.at(tokens[:, group.source], group.places // self.batch_size, group.window.row_tokens[group.rows])
        make = self._assembler.staged if self._ring else self._assembler.batches
        if self._pool:
            made = self._pool.submit(make, mine, len(after), self.batch_size)
        else:
            made = Future()
            made.set_result(make(mine, len(after), self.batch_size))
        self._jobs.append(_Job(made, after, tokens))
        return True

    def _my_rows(self, group: Dealt, num_batches: int) -> Dealt:
        """Those rows of global batches that this rank takes, numbered through its own batches."""
        batch, place = np.divmod(group.places, self._size)
        place -= self.topology.dp_rank * self.batch_size
        mine = (place >= 0) & (place < self.batch_size) & (batch < num_batches)
        return Dealt(group.source, group.window, (batch * self.batch_size + place)[mine], group.rows[mine])


def _topology(topology: Topology | None, dp_rank: int | None, dp_size: int | None) -> Topology:
    if topology is None:
        return Topology(dp_rank=dp_rank or 0, dp_size=1 if dp_size is None else dp_size)
    if dp_rank is not None or dp_size is not None:
        raise RecipeError("both topology and dp_rank or dp_size were given; give one of them")
    return topology
