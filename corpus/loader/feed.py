"""Batches that threads make ahead of the step that trains on them.

The rows of several batches are dealt at once, handed to a thread, and made in one piece of memory, of which each batch
is a view; the kernels release the interpreter's lock. The first batch is made alone, by the caller. So is every
piece while the caller does nothing but ask for the next batch: threads would only take turns with it, and handing over
costs more than they save. Dealing is always done by the caller: it takes microseconds, and the order then depends on no
thread.

Price: with `prefetch` 2 up to three pieces of 2^20 tokens (25 MB) are in the making, and one is handed out.
"""

import functools
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, NamedTuple

import numpy as np
import torch

from corpus.loader.assemble import Assembler, Made
from corpus.loader.dealer import Dealer, Dealt, Stood
from corpus.loader.packed_batch import PackedBatch
from corpus.loader.topology import Topology

_AWAY = 2  # a caller that is elsewhere for less than half the time of making gains less by threads than it loses
_TOKENS_A_JOB, _BATCHES_A_JOB = 1 << 20, 64  # at most; so many make the price of a call small


class Fed(NamedTuple):
    """A batch, and what is behind it.

    Fields:
        batch: a `PackedBatch`; before the device has packed it, the arguments of `DeviceRing.pack`.
        position: called, where the order stands behind it.
        tokens: of each source in it.
        num_targets: labels that are no -100.
    """

    batch: Any
    position: Stood
    tokens: list[int]
    num_targets: int


class _Job(NamedTuple):
    """Batches to be made; where the order stands after each, and its tokens of each source, int64 `[n, K]`."""

    make: Callable[[], tuple[Made, float]]
    made: "Future[tuple[Made, float]] | None"  # where a thread was asked to
    after: list[Stood]
    tokens: np.ndarray

    def result(self) -> tuple[Made, float]:
        """What is made, and the seconds it took; in this thread, if no other has begun."""
        return self.make() if self.made is None or self.made.cancel() else self.made.result()


def _timed(make: Callable[[], Made]) -> tuple[Made, float]:
    begun = time.perf_counter()
    return make(), time.perf_counter() - begun


class Feed:
    """The batches of one rank, in order. Before the first comes a call of `go_on`.

    Args:
        assembler: makes them.
        topology: whose rows of a global batch they are.
        batch_size: rows a batch.
        prefetch: pieces of work that are made ahead.
        drop_last: leave out the rows behind the last whole global batch.
        pool: makes them; None makes each when it is asked for.
        device: where the tensors go.
        ring: a `DeviceRing` that packs there, or None.
    """

    def __init__(
        self,
        assembler: Assembler,
        topology: Topology,
        *,
        batch_size: int,
        prefetch: int,
        drop_last: bool,
        pool: Executor | None,
        device: torch.device,
        ring: Any,
    ) -> None:
        self._assembler, self._batch_size = assembler, batch_size
        self._size = batch_size * topology.dp_size  # rows of a global batch
        self._first_row = batch_size * topology.dp_rank  # of ours in it
        self._prefetch, self._drop_last, self._pool, self._device = prefetch, drop_last, pool, device
        self.ring = ring
        self._ready: deque[Fed] = deque()
        self._jobs: deque[_Job] = deque()

    def go_on(self, dealer: Dealer) -> None:
        """Go on with the rows that this dealer deals, and forget those that were dealt before."""
        self.clear()
        self._dealer, self._ended, self._is_first = dealer, False, True
        self._away_s = self._made_s = 0.0

    def clear(self) -> None:
        """Forget the batches that are made or in the making."""
        self._jobs.clear()
        self._ready.clear()

    def next(self, away_s: float) -> Fed | None:
        """The next batch, or None at the end; `away_s`: the seconds since its caller was given the last one."""
        self._away_s += away_s
        if not self._ready:
            self._make()
        if not self._ready:
            return None
        fed = self._ready.popleft()
        stays = self.ring is None and self._device.type == "cpu"
        return fed if stays else fed._replace(batch=self._on_device(fed.batch))

    def _make(self) -> None:
        """Have batches ready, and others made ahead if the caller is away for long enough, or reading is slow."""
        is_away = self._away_s > self._made_s / _AWAY or not self._assembler.shards.is_local
        ahead = self._prefetch if is_away and not self._is_first else 0
        while len(self._jobs) <= ahead and self._submit(self._pool if ahead else None):
            pass
        self._away_s = 0.0
        if self._jobs:
            job = self._jobs.popleft()
            made, self._made_s = job.result()
            self._ready.extend(map(Fed, made.batches, job.after, job.tokens.tolist(), made.num_targets.tolist()))

    def _on_device(self, batch: Any) -> PackedBatch:
        if self.ring:
            tensors = self.ring.pack(**batch)
            return PackedBatch(tensors, host_cu_seqlens=tensors.pop("host_cu_seqlens"))
        return batch.to(self._device)

    def _submit(self, pool: Executor | None) -> bool:
        """Deal the rows of the next batches and have a thread make them, or the caller later; False at the end."""
        if self._ended:
            return False
        wanted = self._batches_a_job()
        self._is_first = False
        dealt, after = self._dealer.deal(wanted, self._size)
        self._ended = len(after) < wanted
        left = sum(len(group.places) for group in dealt) - len(after) * self._size
        if left and not self._drop_last:
            behind = self._dealer.position()
            after.append(lambda: behind)
        if not after:
            return False
        mine = [self._my_rows(group, len(after)) for group in dealt]
        tokens = np.zeros((len(after), self._dealer.num_sources), np.int64)
        for group in mine:
            np.add.at(tokens[:, group.source], group.places // self._batch_size, group.window.row_tokens[group.rows])
        batches = self._assembler.staged if self.ring else self._assembler.batches
        make = functools.partial(_timed, functools.partial(batches, mine, len(after), self._batch_size))
        self._jobs.append(_Job(make, pool.submit(make) if pool else None, after, tokens))
        return True

    def _batches_a_job(self) -> int:
        if self._is_first:
            return 1
        tokens = self._batch_size * self._assembler.options.seq_len
        return max(1, min(_BATCHES_A_JOB, _TOKENS_A_JOB // tokens))

    def _my_rows(self, group: Dealt, num_batches: int) -> Dealt:
        """Those rows of global batches that this rank takes, numbered through its own batches."""
        batch, place = np.divmod(group.places, self._size)
        place -= self._first_row
        mine = (place >= 0) & (place < self._batch_size) & (batch < num_batches)
        return Dealt(group.source, group.window, (batch * self._batch_size + place)[mine], group.rows[mine])
