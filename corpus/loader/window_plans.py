"""The windows that a loader is about to need: planned ahead by its threads, counted all at once when somebody asks."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from threading import Lock

import numpy as np

from corpus.kernels.row_plan import TokenLedger
from corpus.loader.order import DocumentOrder
from corpus.loader.windows import PackingOptions, Window, plan_window


@dataclass(frozen=True)
class EpochCount:
    """What the windows of one epoch of a source hold.

    Fields:
        rows: int64 `[windows]`.
        ledger: of all of them.
    """

    rows: np.ndarray
    ledger: TokenLedger


class WindowPlans:
    """Plans by (source, epoch, window). A plan is a pure function of those, so keeping one changes nothing.

    Args:
        lengths_of: tokens of documents, see `plan_window`.
        orders: of each source.
        options: of packing.
        pool: where the next window of a source is planned while this one is read; None plans nothing ahead.
        fetch: begins to read the documents of a window that was planned ahead; or None.
    """

    def __init__(
        self,
        lengths_of: Callable[[np.ndarray], np.ndarray],
        orders: list[DocumentOrder],
        options: PackingOptions,
        pool: Executor | None,
        fetch: Callable[[np.ndarray], None] | None = None,
    ) -> None:
        self._fetch = fetch
        self._lengths_of, self._orders, self._options, self._pool = lengths_of, orders, options, pool
        self._made: list[dict[tuple[int, int], Future[Window]]] = [{} for _ in orders]
        self._counts: dict[tuple[int, int], EpochCount] = {}
        self._lock = Lock()

    def get(self, source: int, epoch: int, window: int) -> Window:
        """A window. Has the one behind it planned, and forgets the others."""
        made = self._made[source]
        with self._lock:
            found = made.get((epoch, window))
            if found is None or (found.done() and found.exception()):  # what failed is tried again
                found = Future()
                found.set_result(self._plan(source, epoch, window))
            wanted = {(epoch, window): found}
            if self._pool:
                last = window + 1 >= self._orders[source].num_windows
                after = (epoch + 1, 0) if last else (epoch, window + 1)
                wanted[after] = made.get(after) or self._pool.submit(self._plan_ahead, source, *after)
            self._made[source] = wanted
        return found.result()

    def count(self, source: int, epoch: int) -> EpochCount:
        """Plan all windows of an epoch once, on all threads, and keep their sizes."""
        if (source, epoch) not in self._counts:
            windows = range(self._orders[source].num_windows)
            plans = self._pool.map if self._pool else map
            rows: list[int] = []
            ledger = TokenLedger()
            for num_rows, of_window in plans(lambda window: self._size(source, epoch, window), windows):
                rows.append(num_rows)
                ledger += of_window
            self._counts[source, epoch] = EpochCount(np.array(rows, np.int64), ledger)
        return self._counts[source, epoch]

    def _plan_ahead(self, source: int, epoch: int, window: int) -> Window:
        plan = self._plan(source, epoch, window)
        if self._fetch:
            self._fetch(plan.documents)
        return plan

    def _plan(self, source: int, epoch: int, window: int) -> Window:
        return plan_window(self._lengths_of, self._orders[source], self._options, epoch, window)

    def _size(self, source: int, epoch: int, window: int) -> tuple[int, TokenLedger]:
        plan = self._plan(source, epoch, window).plan
        return plan.num_rows, plan.ledger
