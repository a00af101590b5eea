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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from corpus.errors import RecipeError
from corpus.kernels.row_plan import Mode, Overflow, TokenLedger
from corpus.loader.dealer import Dealer, Position, Stood
from corpus.loader.feed import Feed
from corpus.loader.fim_options import FimOptions
from corpus.loader.loader_arguments import check_counts, given_topology, makers, mixed, packing_options
from corpus.loader.loader_state import STATE_VERSION, check_state, position_in
from corpus.loader.mixture import Mixture, Weight
from corpus.loader.order import DocumentOrder
from corpus.loader.packed_batch import PackedBatch
from corpus.loader.random_access import RandomAccess
from corpus.loader.tally import Tally
from corpus.loader.token_shards import TokenShards
from corpus.loader.topology import Topology
from corpus.loader.window_plans import WindowPlans


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
        prefetch: pieces of work, some batches each, that threads make ahead while the caller is busy with a batch; 0
            makes all of them in the caller.
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
        self.topology = given_topology(topology, dp_rank, dp_size)
        check_counts(batch_size=(batch_size, 1), epoch=(epoch, 0))
        check_counts(prefetch=(prefetch, 0), num_threads=(num_threads, 1))
        self.shards = folder if isinstance(folder, TokenShards) else TokenShards(folder)
        self.options = packing_options(
            self.shards,
            seq_len=seq_len,
            packing=packing,
            overflow=overflow,
            overlap=overlap,
            window=window,
            blocks=blocks,
            max_segments=max_segments,
            pad_id=pad_id,
            bos_id=bos_id,
            fim=fim,
            seed=seed,
        )
        self.mixture, streams = mixed(self.shards, mixture)
        self.batch_size, self.drop_last, self.prefetch, self.epoch = batch_size, drop_last, prefetch, epoch
        self.device = torch.device(device)
        slice_ = (self.topology.cp_rank, self.topology.cp_size, context_parallel) if context_parallel else None
        assembler, ring = makers(
            self.shards,
            self.options,
            batch_size=batch_size,
            dtype=dtype,
            document_ids=document_ids,
            context_parallel=slice_,
            device=self.device,
        )
        self._orders = [DocumentOrder(stream, seed, window, blocks) for stream in streams]
        self._names = [stream.name for stream in streams]
        self._pool = ThreadPoolExecutor(num_threads, thread_name_prefix="siku-loader") if prefetch else None
        ahead = None if blocks is None or self.shards.is_local else self.shards.prefetch
        self._plans = WindowPlans(self.shards.lengths_of, self._orders, self.options, self._pool, ahead)
        self._random = RandomAccess(self._plans, assembler, self._names, self.mixture)
        self._feed = Feed(
            assembler,
            self.topology,
            batch_size=batch_size,
            prefetch=prefetch,
            drop_last=drop_last,
            pool=self._pool,
            device=self.device,
            ring=ring,
        )
        self._tally = Tally(self._names, batch_size * seq_len)
        self._process, self._left = os.getpid(), time.perf_counter()  # when a batch was last given
        self._parked: dict[str, Any] = {}  # sources of a state that this mixture leaves out
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
            fed = self._feed.next(begun - self._left)
        except BaseException:  # an interrupt too: stand where the batch that was not given is still to come
            self._go_to(self._stood())
            raise
        if fed is None:
            if not self.mixture:
                self.epoch += 1
                self._go_to(Position.start(1, self.epoch))
            raise StopIteration
        self._left, self._stood = time.perf_counter(), fed.position
        self._tally.add(fed.tokens, fed.num_targets, self._left - begun)
        return fed.batch

    def __len__(self) -> int:
        """Batches of a whole epoch, this one, or of the whole mixture. Plans each of its windows the first time.

        Raises:
            TypeError: a source of the mixture has no `max_epochs`: it has no end.
        """
        rows, size = self._random.num_rows(self.epoch), self.batch_size * self.topology.dp_size
        return rows // size if self.drop_last else -(-rows // size)

    def ledger(self) -> TokenLedger:
        """Where every token of the epoch (of the whole mixture) goes: see `TokenLedger`. Plans as `len` does."""
        return self._random.ledger(self.epoch)

    def rows(self, first: int, last: int, *, epoch: int | None = None) -> PackedBatch:
        """Rows `first` to `last` (not included) of an epoch, as the loader would deal them, without moving it.

        Raises:
            RecipeError: there is a mixture (its rows follow from each other: see `window_rows`).
            IndexError: rows that the epoch does not have.
        """
        return self._random.rows(self.epoch if epoch is None else epoch, first, last)

    def window_rows(self, source: str, epoch: int, window: int, rows: np.ndarray) -> PackedBatch:
        """Some rows of one window of a source ("" without a mixture): random access for the price of one plan."""
        return self._random.window_rows(source, epoch, window, rows)

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
        position = self._stood()
        return {
            "version": STATE_VERSION,
            "epoch": self.epoch,
            "row": position.num_rows,
            "tokens": position.num_tokens,
            "weights_at": position.weights_at,
            "sources": self._parked | dict(zip(self._names, map(list, position.sources), strict=True)),
            "mixture": self.mixture.fingerprint() if self.mixture else None,
            "recipe": self.recipe(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Stand where `state` stood. The number of ranks, the batch size and the mixture may have changed.

        Raises:
            StateError: the state is of another version or recipe, or one has a mixture and the other has none.
        """
        check_state(state, self.recipe())
        position = position_in(state, self._orders, self.mixture, self.shards.runs)
        self._parked = {name: numbers for name, numbers in state["sources"].items() if name not in self._names}
        self.epoch = state["epoch"]
        self._go_to(position)

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
            for batch in self:  # noqa: UP028 - `yield from` would close the loader with this generator
                yield batch
            if self._tally.num_batches == before:
                raise RecipeError(
                    "there is less than one batch in an epoch, or the mixture has come to its end; "
                    "lower batch_size or dp_size, or set drop_last=False"
                )

    def close(self) -> None:
        """Stop the threads. The loader cannot be used any more."""
        self._feed.clear()
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _go_to(self, position: Position) -> None:
        self._stood: Stood = lambda: position
        last = [self.mixture.max_epochs.get(name) for name in self._names] if self.mixture else [self.epoch + 1]
        self._feed.go_on(Dealer(self._orders, self._plans.get, self.mixture, last, position))
