"""Holds what a pipeline did with the sample crawl against what was planted; reads the truth file, else pure.

A record is as expected when its outcome is the planted one and, for a dropped record that names acceptable
reasons, one of its reason codes matches one of them (shell patterns). Members of a duplicate group are as
expected when exactly one member of the group was kept, whichever it is. A record without an outcome is
missed: nothing may disappear.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from pipelines.sample.truth import KINDS, TruthRow, read_rows

NUM_EXAMPLES = 5
Outcomes = Mapping[str, tuple[str, Collection[str]]]


@dataclass(frozen=True)
class ScoreRow:
    """One line of the report: planted = as_expected + missed; examples are the first few missed."""

    check: str
    planted: int
    as_expected: int
    missed: int
    examples: tuple[str, ...] = ()


def _score_row(check: str, planted: int, misses: list[str]) -> ScoreRow:
    return ScoreRow(check, planted, planted - len(misses), len(misses), tuple(misses[:NUM_EXAMPLES]))


def _as_expected(row: TruthRow, outcomes: Outcomes, kept: Mapping[int, int]) -> bool:
    if row.id not in outcomes:
        return False
    outcome, reasons = outcomes[row.id]
    if row.expect == "one_of_group":
        assert row.group is not None, f"{row.id} is one of a group that has no number"
        return kept.get(row.group, 0) == 1 and outcome in ("kept", "dropped")
    if outcome != row.expect:
        return False
    patterns = row.accept_reasons
    return not patterns or any(fnmatch(reason, pattern) for reason in reasons for pattern in patterns)


def _miss(row: TruthRow, outcomes: Outcomes) -> str:
    outcome, reasons = outcomes.get(row.id, ("absent", ()))
    said = f"{outcome} ({', '.join(sorted(reasons))})" if reasons else outcome
    return f"{row.id} {row.file}:{row.record} expected {row.expect}, was {said}"


def _group_rows(rows: list[TruthRow], kept: Mapping[int, int]) -> list[ScoreRow]:
    groups = sorted({row.group for row in rows if row.group is not None})
    none = [f"group {group}: none kept" for group in groups if kept.get(group, 0) == 0]
    many = [f"group {group}: {kept[group]} kept" for group in groups if kept.get(group, 0) > 1]
    return [
        _score_row("groups: exactly one kept", len(groups), none + many),
        _score_row("groups: not all lost", len(groups), none),
        _score_row("groups: no second kept", len(groups), many),
    ]


def _duplicate_rows(rows: list[TruthRow], duplicates: Mapping[str, str]) -> list[ScoreRow]:
    by_id = {row.id: row for row in rows}
    unique = [row for row in rows if row.expect == "kept"]
    lost = [f"{row.id} {row.file}:{row.record} {row.kind}" for row in unique if row.id in duplicates]
    pairs = [(by_id[gone], by_id.get(stays)) for gone, stays in duplicates.items() if gone in by_id]
    grouped = [(gone, stays) for gone, stays in pairs if gone.group is not None]
    wrong = [f"{gone.id} -> {stays and stays.id}" for gone, stays in grouped if not stays or stays.group != gone.group]
    return [
        _score_row("dedup: originals and near misses spared", len(unique), lost),
        _score_row("dedup: removed for a member of its own group", len(grouped), wrong),
    ]


def score(truth_path: Path, outcomes: Outcomes, duplicates: Mapping[str, str] | None = None) -> list[ScoreRow]:
    """The report, one row a check.

    Args:
        truth_path: truth.jsonl of the crawl.
        outcomes: id -> (outcome, reason codes); outcome is "kept", "dropped" or "unreadable".
        duplicates: id of a document that dedup removed -> id of the one it kept; None leaves those checks
        out.

    Returns:
        A row for each kind, three for the duplicate groups, two for `duplicates`, and one that counts the
        outcomes of records nobody planted.
    """
    rows = read_rows(truth_path)
    kept = Counter(row.group for row in rows if row.group is not None and outcomes.get(row.id, ("",))[0] == "kept")
    report = []
    for kind in KINDS:
        planted = [row for row in rows if row.kind == kind]
        misses = [_miss(row, outcomes) for row in planted if not _as_expected(row, outcomes, kept)]
        report.append(_score_row(kind, len(planted), misses))
    report += _group_rows(rows, kept)
    if duplicates is not None:
        report += _duplicate_rows(rows, duplicates)
    strangers = sorted(set(outcomes) - {row.id for row in rows})
    report.append(_score_row("outcomes of planted records only", len(outcomes), strangers))
    return report


def boilerplate_left(texts: Iterable[str], phrases: Iterable[str]) -> int:
    """How many of the texts hold at least one of the phrases of the sites (`Truth.boilerplate`)."""
    wanted = tuple(phrases)
    return sum(any(phrase in text for phrase in wanted) for text in texts)
