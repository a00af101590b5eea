"""A mixture: how many tokens of which source and language, and how that changes while training goes on.

    Mixture({"web/zh": 0.5, "web/en": 0.3, "wiki": [(0, 0.1), (2e9, 0.4)], "*/ja": 0.01}, max_epochs={"wiki": 4})

Names are SOURCE, SOURCE/LANGUAGE or */LANGUAGE of a token folder; documents that no name matches are not read. A
weight is a number, or a list of (tokens, weight): it is interpolated between those points by the tokens dealt so far,
and constant before the first and after the last. Weights are taken relative to each other at every moment; a source
that has been read `max_epochs` times takes no more part, and where no source is left with a weight above 0, the run
ends.

Weights are looked at anew every 1,024 rows, so that a schedule gives the same rows whatever the batch size.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

ROWS_A_WEIGHT = 1024  # rows that are dealt by one set of weights
_ONE = 1 << 32  # the whole-number weight that all sources share

Weight = float | Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Mixture:
    """Shares of the tokens of a run, see the module's page.

    Fields:
        weights: name -> weight, or points of (tokens, weight), tokens rising.
        max_epochs: name -> how often its documents are read at most; without an entry as often as it takes.

    Raises:
        ValueError: no name, a weight that is negative or no number, points out of order, an unknown name or an epoch
            below 1 in `max_epochs`, no weight above 0 at the start.
    """

    weights: Mapping[str, Weight]
    max_epochs: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.weights:
            raise ValueError("the mixture is empty; give it a weight for a source, such as {'web/zh': 1.0}")
        for name in self.weights:
            points = self._points(name)
            tokens, weights = points[:, 0], points[:, 1]
            if not np.isfinite(points).all() or (weights < 0).any() or (np.diff(tokens) <= 0).any():
                raise ValueError(
                    f"the weight of {name!r} is {self.weights[name]!r}; expected a number of 0 or more, "
                    "or a list of (tokens, weight) with rising tokens"
                )
        for name, epochs in self.max_epochs.items():
            if name not in self.weights or not isinstance(epochs, int) or epochs < 1:
                raise ValueError(
                    f"max_epochs has {name!r}: {epochs!r}; expected a name of the mixture and a whole number from 1"
                )
        if not self.at(0, np.ones(len(self.weights), bool)).any():
            raise ValueError(f"the weights {dict(self.weights)} are all 0 at the start; give one source more than that")

    def entries(self) -> dict[str, tuple[str | None, str | None]]:
        """What each name stands for: (source or None, language or None)."""
        found: dict[str, tuple[str | None, str | None]] = {}
        for name in self.weights:
            source, slash, language = name.rpartition("/") if "/" in name else (name, "", "")
            found[name] = (None if source == "*" else source, language if slash and language != "*" else None)
        return found

    def at(self, tokens: int, alive: np.ndarray) -> np.ndarray:
        """Whole-number weights after `tokens`, int64 `[K]`, 0 for sources that are not `alive`."""
        weights = np.array([np.interp(tokens, *self._points(name).T) for name in self.weights]) * alive
        return np.rint(weights / max(weights.sum(), 1e-300) * _ONE).astype(np.int64)

    def fingerprint(self) -> str:
        """A hash of weights and caps, for a state to compare; the order of names is in it."""
        weights = [(name, self._points(name).tolist()) for name in self.weights]
        return blake2b(json.dumps([weights, sorted(self.max_epochs.items())]).encode(), digest_size=8).hexdigest()

    def _points(self, name: str) -> np.ndarray:
        weight = self.weights[name]
        try:
            points = np.array([(0.0, weight)] if isinstance(weight, int | float) else list(weight), np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the weight of {name!r} is {weight!r}: {error}") from error
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"the weight of {name!r} is {weight!r}, expected a number or (tokens, weight) points")
        return points
