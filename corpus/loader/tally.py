"""What a loader has delivered: tokens, padding, targets, shares of sources, time spent waiting."""

import time
from typing import Any


class Tally:
    """Counts batches as they are handed out.

    Args:
        sources: names of the mixture's entries, [""] without one.
        positions: rows times tokens of a batch.
    """

    def __init__(self, sources: list[str], positions: int) -> None:
        self._sources, self._positions = sources, positions
        self._tokens = [0] * len(sources)
        self.num_batches = self._num_targets = 0
        self._wait_s = 0.0
        self._begun = time.perf_counter()

    def add(self, tokens: list[int], num_targets: int, wait_s: float) -> None:
        """Count a batch: its tokens of each source, its labels that are no -100, the seconds its caller waited."""
        self.num_batches += 1
        for source, count in enumerate(tokens):
            self._tokens[source] += count
        self._num_targets += num_targets
        self._wait_s += wait_s

    def stats(self) -> dict[str, Any]:
        """Of this rank, since the loader was made.

        Returns:
            batches; tokens, targets (labels that are no -100), masked (tokens less targets), padding; fill (tokens by
            positions); shares of the tokens by source; tokens_per_s and wait_s (seconds spent inside `next`).
        """
        num_tokens, positions = sum(self._tokens), self.num_batches * self._positions
        seconds = time.perf_counter() - self._begun
        return {
            "batches": self.num_batches,
            "tokens": num_tokens,
            "targets": self._num_targets,
            "masked": num_tokens - self._num_targets,
            "padding": positions - num_tokens,
            "fill": num_tokens / positions if positions else 1.0,
            "shares": {
                name: count / max(num_tokens, 1) for name, count in zip(self._sources, self._tokens, strict=True)
            },
            "tokens_per_s": num_tokens / seconds,
            "wait_s": self._wait_s,
        }
