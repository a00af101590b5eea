"""The one global sequence of rows: whose row comes next, and where each source stands.

Every source of a mixture (one without a mixture) reads its own windows, epoch after epoch, row after row. `Dealer`
deals rows out of them by `corpus.kernels.deal`; rows are numbered globally by the order in which they are dealt. All
of it is a function of a `Position`: a few numbers a source, the same on every rank, since no rank, batch size or thread
is in it. Price: 20 us a call and 3 ns a row and source.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from corpus.errors import StateError
from corpus.kernels.deal import deal_rows
from corpus.loader.mixture import ROWS_A_WEIGHT, Mixture
from corpus.loader.order import DocumentOrder
from corpus.loader.windows import Window

PlanOf = Callable[[int, int, int], Window]  # source, epoch, window


class Position(NamedTuple):
    """Where the sequence stands.

    Fields:
        num_rows, num_tokens: dealt so far.
        weights_at: the tokens at which weights were last looked at.
        sources: for each source its epoch, window, row in the window, credit, and 1 if it has come to its end.
    """

    num_rows: int
    num_tokens: int
    weights_at: int
    sources: tuple[tuple[int, int, int, int, int], ...]

    @classmethod
    def start(cls, num_sources: int, epoch: int = 0) -> "Position":
        """Before the first row."""
        return cls(0, 0, 0, ((epoch, 0, 0, 0, 0),) * num_sources)


Stood = Callable[[], Position]  # a loader is asked for its state once in many batches


@dataclass(frozen=True)
class Dealt:
    """Rows of one window: row `rows[i]` of it is number `places[i]` of those asked for."""

    source: int
    window: Window
    places: np.ndarray
    rows: np.ndarray


class Dealer:
    """Deals rows.

    Args:
        orders: of each source.
        plan: gives a window of a source, by (source, epoch, window).
        mixture: None where there is one source.
        last_epochs: the epoch at which each source ends (it is not read), or None.
        position: where to begin.
    """

    def __init__(
        self,
        orders: list[DocumentOrder],
        plan: PlanOf,
        mixture: Mixture | None,
        last_epochs: list[int | None],
        position: Position,
    ) -> None:
        self.num_sources = len(orders)
        self._orders, self._plan, self._mixture, self._last = orders, plan, mixture, last_epochs
        self.num_rows, self.num_tokens, self._weights_at = position.num_rows, position.num_tokens, position.weights_at
        self._epoch, self._window, self._row, self._credits, ended = (
            np.array(column, np.int64) for column in zip(*position.sources, strict=True)
        )
        self._seen = self._row.copy()  # rows of this epoch that are known of, to find a source that has none
        self._seen[self._window > 0] += 1
        self._alive = np.array([self._is_alive(source) for source in range(len(orders))]) & (ended == 0)
        self._windows: list[Window | None] = [None] * len(orders)
        self._weights = self._weights_now()
        self._begins = self._ends = np.zeros(len(orders), np.int64)
        self._row_tokens = np.empty(0, np.int32)
        self._stacked = False

    def position(self) -> Position:
        """Where it stands now."""
        columns = (self._epoch, self._window, self._row, self._credits, (~self._alive).astype(np.int64))
        sources = tuple(zip(*(column.tolist() for column in columns), strict=True))
        return Position(self.num_rows, self.num_tokens, self._weights_at, sources)

    def deal(self, num_batches: int, size: int) -> tuple[list[Dealt], list[Stood]]:
        """The rows of the next batches of `size`, fewer where all sources have come to their end.

        Returns:
            The rows, numbered through all batches, and the position behind each batch that is whole, when called for.
        """
        dealt: list[Dealt] = []
        after: list[Stood] = []
        done, num_rows = 0, num_batches * size
        while done < num_rows and self._weights.any():
            if not self._stacked:
                self._stack()
            wanted = num_rows - done
            if self._mixture:
                into = self.num_rows % ROWS_A_WEIGHT
                if not into and self._weights_at != self.num_tokens:
                    self._weights_at = self.num_tokens
                    self._weights = self._weights_now()
                wanted = min(wanted, ROWS_A_WEIGHT - into)
            sources, rows = np.empty(wanted, np.int32), np.empty(wanted, np.int64)
            at, ends = self._begins + self._row, self._ends
            first_mark = size - done % size
            marks = np.empty((wanted // size + 1, 1 + 2 * len(at)), np.int64)
            found, tokens, empty = deal_rows(
                self._credits, self._weights, self._row_tokens, at, ends, sources, rows, first_mark, size, marks
            )
            self._row = at - self._begins
            after += self._positions(marks[: max(0, found - first_mark + size) // size], first_mark, size)
            self.num_rows += found
            self.num_tokens += tokens
            dealt += self._grouped(sources[:found], rows[:found], done)
            done += found
            if empty >= 0:
                self._next_window(empty)
        return dealt, after

    def _positions(self, marks: np.ndarray, first_mark: int, size: int) -> list[Stood]:
        """The positions that a call's marks stand for; the call has not been counted yet."""
        num_rows, num_tokens, weights_at = self.num_rows + first_mark, self.num_tokens, self._weights_at
        epoch, window, begins, ended = self._epoch.copy(), self._window.copy(), self._begins, ~self._alive

        def position(mark: int) -> Position:
            dealt, at, credits_ = np.split(marks[mark], [1, 1 + len(begins)])
            columns = (epoch, window, at - begins, credits_, ended.astype(np.int64))
            sources = tuple(zip(*(column.tolist() for column in columns), strict=True))
            return Position(num_rows + mark * size, num_tokens + int(dealt[0]), weights_at, sources)

        return [functools.partial(position, mark) for mark in range(len(marks))]

    def _grouped(self, sources: np.ndarray, rows: np.ndarray, first: int) -> list[Dealt]:
        places = np.arange(first, first + len(rows), dtype=np.int64)
        if len(self._orders) == 1:
            window = self._windows[0]
            return [Dealt(0, window, places, rows)] if window and len(rows) else []
        groups: list[Dealt] = []
        for source, window in enumerate(self._windows):
            mine = sources == source
            if window and mine.any():
                groups.append(Dealt(source, window, places[mine], rows[mine] - self._begins[source]))
        return groups

    def _stack(self) -> None:
        """The row lengths of the windows that the sources stand in, one behind the other."""
        for source, window in enumerate(self._windows):
            if window is None and self._alive[source]:
                where = int(self._epoch[source]), int(self._window[source])
                window = self._windows[source] = self._plan(source, *where)
                if self._row[source] > window.num_rows:
                    raise StateError(
                        f"the state stands in row {self._row[source]} of window {where[1]}, which has "
                        f"{window.num_rows}; is it a state of these tokens?"
                    )
        tokens = [window.row_tokens if window else np.empty(0, np.int32) for window in self._windows]
        self._row_tokens = tokens[0] if len(tokens) == 1 else np.concatenate(tokens)
        self._ends = np.cumsum([len(rows) for rows in tokens], dtype=np.int64)
        self._begins = self._ends - [len(rows) for rows in tokens]
        self._stacked = True

    def _next_window(self, source: int) -> None:
        self._seen[source] += self._row[source]
        self._row[source] = 0
        self._window[source] += 1
        if self._window[source] >= self._orders[source].num_windows:
            empty = not self._seen[source]  # every document of it is empty or dropped
            self._window[source], self._seen[source] = 0, 0
            self._epoch[source] += 1
            if empty or not self._is_alive(source):
                self._alive[source] = False
                self._credits[source] = 0
                self._weights = self._weights_now()
        self._windows[source] = None
        self._stacked = False

    def _is_alive(self, source: int) -> bool:
        last = self._last[source]
        return last is None or int(self._epoch[source]) < last

    def _weights_now(self) -> np.ndarray:
        if self._mixture:
            return self._mixture.at(self._weights_at, self._alive)
        return self._alive.astype(np.int64)


def position_of(state: dict[str, Any], names: list[str]) -> Position:
    """The position that a state of `TokenLoader` holds, for these sources; those it does not know begin at 0."""
    known = state["sources"]
    sources = tuple(tuple(known.get(name, (0, 0, 0, 0, 0))) for name in names)
    return Position(state["row"], state["tokens"], state["weights_at"], sources)  # pyright: ignore[reportArgumentType]
