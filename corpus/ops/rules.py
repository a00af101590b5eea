"""Rules: thresholds on signals, and which of them a document fails.

A rule is data, not code: a signal's name and the least and the greatest value that pass. Nothing is dropped
here; `failing` lists every failed rule with the value found and the threshold, and `select` and the ledger
use that.

The rules of a paper live under its name in a module of their own (`gopher_quality.py`, ...) with the
published values; `RULE_SETS` in `corpus.ops.rule_sets` finds them by name, `override` replaces thresholds
where the recipe says so.

Price: a few numpy comparisons a rule; a million documents a second and more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from corpus.errors import RecipeError, SchemaError
from corpus.schema import REASON, RULE_SIGNALS

__all__ = ["Rule", "RuleSet", "failing", "override"]


@dataclass(frozen=True)
class Rule:
    """A document passes where `minimum <= signal <= maximum`; exactly one of the two is given.

    `name` is what the ledger shows and what a recipe overrides.
    """

    name: str
    signal: str
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if (self.minimum is None) == (self.maximum is None):
            raise RecipeError(
                f"rule {self.name!r} has minimum {self.minimum} and maximum {self.maximum}; give exactly "
                f"one, and write a range as two rules"
            )
        if self.signal not in RULE_SIGNALS:
            raise RecipeError(f"rule {self.name!r} reads {self.signal!r}, which is not a signal: {list(RULE_SIGNALS)}")

    @property
    def threshold(self) -> float:
        """The one bound that is given."""
        return float(self.maximum if self.minimum is None else self.minimum)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class RuleSet:
    """Rules published together, and where.

    `on_words`: the thresholds are for dictionary words, so Chinese has to be counted in them.
    """

    name: str
    rules: tuple[Rule, ...]
    source: str
    on_words: bool = False

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        if len(set(names)) != len(names):
            raise RecipeError(f"rule set {self.name!r} has two rules of one name: {names}; give each its own")


def override(rule_set: RuleSet, thresholds: Mapping[str, float | None]) -> RuleSet:
    """The rule set with other thresholds; what is not named stays.

    Args:
        rule_set: the published one.
        thresholds: rule name -> new value of the bound that the rule has, or None to leave the rule out.

    Raises:
        RecipeError: a name is not a rule of the set.

    Example: `override(GOPHER_QUALITY, {"min_words": 20})`.
    """
    known = [rule.name for rule in rule_set.rules]
    for name in thresholds:
        if name not in known:
            raise RecipeError(f"rule set {rule_set.name!r} has no rule {name!r}; it has {known}")
    left = [rule for rule in rule_set.rules if thresholds.get(rule.name, rule.threshold) is not None]
    return replace(rule_set, rules=tuple(_with_threshold(rule, thresholds) for rule in left))


def _with_threshold(rule: Rule, thresholds: Mapping[str, float | None]) -> Rule:
    value = thresholds.get(rule.name)
    if value is None:
        return rule
    bound = "maximum" if rule.minimum is None else "minimum"
    return replace(rule, **{bound: float(value)})


def failing(batch: pa.RecordBatch, rule_set: RuleSet) -> pa.Array:
    """Every failed rule of every document, in the order of the rule set.

    A float signal is compared in the precision it is stored in, so a value equal to the threshold passes.

    Args:
        batch: with a column for each signal that a rule reads, without nulls.

    Returns:
        A list of `corpus.schema.REASON` a document: rule (as `set.rule`), value, threshold. Empty: it passes.

    Raises:
        SchemaError: a signal's column is missing, of another type, or has nulls.

    Example: a document of 12 words gives `[{"rule": "gopher_quality.min_words", "value": 12.0, "threshold":
    50.0}]`.
    """
    documents, values = [], []
    for rule in rule_set.rules:
        signal = _signal(batch, rule, rule_set)
        is_beyond = np.less if rule.maximum is None else np.greater
        failed = np.flatnonzero(is_beyond(signal, rule.threshold))  # a float32 and a Python number compare as float32
        documents.append(failed)
        values.append(signal[failed])
    return _reasons(batch.num_rows, documents, values, rule_set)


def _signal(batch: pa.RecordBatch, rule: Rule, rule_set: RuleSet) -> np.ndarray:
    where = f"rule {rule_set.name}.{rule.name}"
    index = batch.schema.get_field_index(rule.signal)
    if index < 0:
        raise SchemaError(f"{where}: column {rule.signal!r} is missing; it has {batch.schema.names}")
    column, expected = batch.column(index), RULE_SIGNALS[rule.signal][0]
    if column.type != expected or column.null_count:
        raise SchemaError(
            f"{where}: column {rule.signal!r} is {column.type} with {column.null_count} nulls, "
            f"expected {expected} without any; annotate the batch first"
        )
    return column.to_numpy(zero_copy_only=False)


def _reasons(num_documents: int, documents: list[np.ndarray], values: list[np.ndarray], rule_set: RuleSet) -> pa.Array:
    """What failed, rule by rule, as one list array, document by document.

    Args:
        documents, values: of each rule, the rows that fail it, ascending, and their values.
    """
    rows = np.concatenate([np.zeros(0, np.int64), *documents])
    order = np.argsort(rows, kind="stable")
    which = np.repeat(np.arange(len(documents)), [len(failed) for failed in documents])[order]
    offsets = np.zeros(num_documents + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=num_documents), out=offsets[1:])
    names = pa.array([f"{rule_set.name}.{rule.name}" for rule in rule_set.rules], pa.string())
    thresholds = np.array([rule.threshold for rule in rule_set.rules], dtype=np.float64)
    entries = pa.StructArray.from_arrays(
        [
            names.take(pa.array(which)),
            pa.array(np.concatenate([np.zeros(0), *values])[order], pa.float64()),
            pa.array(thresholds[which], pa.float64()),
        ],
        fields=list(REASON),
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), entries)
