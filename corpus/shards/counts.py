"""Counting what became of records: `read == kept + dropped + unreadable`, per source, or the stage fails.

The counts of a part are taken from what was written (the ledger rows), not from what the code meant to write.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from corpus.errors import ConservationError


@dataclass
class Counts:
    """Records of one source in one stage. `reasons` counts every failing rule, so it may exceed `dropped`."""

    read: int = 0
    kept: int = 0
    dropped: int = 0
    unreadable: int = 0
    kept_bytes: int = 0  # UTF-8 bytes of the kept text
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Counts") -> None:
        """Add `other` to this."""
        self.read += other.read
        self.kept += other.kept
        self.dropped += other.dropped
        self.unreadable += other.unreadable
        self.kept_bytes += other.kept_bytes
        for reason, count in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count


def add_counts(parts: Iterable[Mapping[str, Counts]]) -> dict[str, Counts]:
    """The sum per source of many per-source counts."""
    total: dict[str, Counts] = {}
    for counts in parts:
        for source, value in counts.items():
            total.setdefault(source, Counts()).add(value)
    return total


def count_outcomes(ledger: pa.RecordBatch) -> dict[str, Counts]:
    """Counts per source of rows of schema LEDGER. `read` is left at 0: it comes from the reading side."""
    import pyarrow.compute as pc  # here: 70 ms that a training job, which counts nothing, need not wait for

    result: dict[str, Counts] = {}
    table = pa.table({"source": ledger["source"], "outcome": ledger["outcome"]})
    for row in table.group_by(["source", "outcome"]).aggregate([([], "count_all")]).to_pylist():
        counts = result.setdefault(row["source"], Counts())
        setattr(counts, row["outcome"], getattr(counts, row["outcome"]) + row["count_all"])
    reasons = ledger["reasons"]
    if len(pc.list_flatten(reasons)):
        sources = ledger["source"].take(pc.list_parent_indices(reasons))
        rules = pc.struct_field(pc.list_flatten(reasons), "rule")
        grouped = pa.table({"source": sources, "rule": rules}).group_by(["source", "rule"])
        for row in sorted(grouped.aggregate([([], "count_all")]).to_pylist(), key=lambda row: row["rule"]):
            result[row["source"]].reasons[row["rule"]] = row["count_all"]
    return result


def check_conservation(counts: Mapping[str, Counts], where: str) -> None:
    """Refuse counts that do not add up.

    Raises:
        ConservationError: naming the first source for which read != kept + dropped + unreadable.
    """
    for source, value in counts.items():
        if value.read != value.kept + value.dropped + value.unreadable:
            raise ConservationError(
                f"{where}: source {source!r} read {value.read} records but kept {value.kept}, dropped {value.dropped} "
                f"and found {value.unreadable} unreadable; this is a bug in siku, please report it with the recipe"
            )
