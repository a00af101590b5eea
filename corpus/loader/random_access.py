"""Any rows of an epoch by number, and what the whole of it holds, without moving the loader.

A window's rows cost one plan. Flat row numbers, the length and the ledger need the rows of every window of the epoch,
which are planned once, on all threads, and counted.
"""

import numpy as np

from corpus.errors import RecipeError
from corpus.kernels.row_plan import TokenLedger
from corpus.loader.assemble import Assembler
from corpus.loader.dealer import Dealt
from corpus.loader.mixture import Mixture
from corpus.loader.packed_batch import PackedBatch
from corpus.loader.window_plans import WindowPlans


class RandomAccess:
    """Rows and counts of epochs.

    Args:
        plans: of the windows.
        assembler: makes batches of rows.
        names: of the sources, [""] without a mixture.
        mixture: None where there is one source.
    """

    def __init__(self, plans: WindowPlans, assembler: Assembler, names: list[str], mixture: Mixture | None) -> None:
        self._plans, self._assembler, self._names, self._mixture = plans, assembler, names, mixture

    def num_rows(self, epoch: int) -> int:
        """Rows of an epoch, or of the whole mixture.

        Raises:
            TypeError: a source of the mixture has no `max_epochs`: it has no end.
        """
        return sum(int(self._plans.count(*one).rows.sum()) for one in self._whole(epoch))

    def ledger(self, epoch: int) -> TokenLedger:
        """Where every token of an epoch, or of the whole mixture, goes. Raises as `num_rows`."""
        ledger = TokenLedger()
        for one in self._whole(epoch):
            ledger += self._plans.count(*one).ledger
        return ledger

    def rows(self, epoch: int, first: int, last: int) -> PackedBatch:
        """See `TokenLoader.rows`."""
        if self._mixture:
            raise RecipeError("rows of a mixture have no flat number; use window_rows(source, epoch, window, rows)")
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
        """See `TokenLoader.window_rows`."""
        number = self._names.index(source)
        plan = self._plans.get(number, epoch, window)
        chosen = np.asarray(rows, np.int64)
        if len(chosen) and not (chosen.min() >= 0 and chosen.max() < plan.num_rows):
            raise IndexError(f"rows {chosen.min()} to {chosen.max()} asked for, the window has {plan.num_rows}")
        places = np.arange(len(chosen), dtype=np.int64)
        return self._assembler.batches([Dealt(number, plan, places, chosen)], 1, len(chosen)).batches[0]

    def _whole(self, epoch: int) -> list[tuple[int, int]]:
        """(source, epoch) of all that is read."""
        if not self._mixture:
            return [(0, epoch)]
        endless = [name for name in self._mixture.weights if name not in self._mixture.max_epochs]
        if endless:
            raise TypeError(f"the mixture has no end: {', '.join(endless)} without max_epochs")
        return [(k, one) for k, name in enumerate(self._names) for one in range(self._mixture.max_epochs[name])]
