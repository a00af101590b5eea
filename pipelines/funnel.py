"""The funnel: records in, kept, dropped and unreadable, per source and by reason."""

from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from corpus.schema import DUPLICATE_LEVELS
from corpus.shards import Counts, Manifest
from pipelines.stage import current_stages

COUNTED = ("extract", "dedup", "select", "trim")


def load_counts(work: Path) -> dict[str, dict[str, Counts]]:
    """Stage -> source -> counts, of the stages whose output is there and not stale."""
    current = current_stages(work)
    return {stage: current[stage].counts for stage in COUNTED if stage in current}


def masked(manifest: Manifest) -> dict[str, int]:
    """Kind -> spans of personal data that `select` replaced, and under "documents" how many it did so in."""
    return {name.removeprefix("pii_"): count for name, count in manifest.info.items() if name.startswith("pii_")}


def cut(manifest: Manifest) -> dict[str, dict[str, int]]:
    """Source -> rule -> characters that `trim` cut; "all" is less than the sum where rules overlap."""
    result: dict[str, dict[str, int]] = {}
    for name, count in manifest.info.items():
        kind, _, rest = name.partition("/")
        rule, _, source = rest.partition("/")
        if kind == "cut_chars":
            result.setdefault(source, {})[rule] = count
    return result


def by_cut(work: Path) -> Table | None:
    """A row a source: characters that each rule of `trim` cut; None where that is off, or has not finished."""
    manifest = current_stages(work).get("trim")
    if manifest is None:
        return None
    table = Table(title="Repeated text cut", title_justify="left", header_style="bold", caption_justify="left")
    table.add_column("source")
    rows = cut(manifest)
    met = {rule for row in rows.values() for rule in row}
    rules = [rule for rule in ("lines", "paragraphs", "sentences", "substrings") if rule in met]
    for name in (*rules, "characters in all"):
        table.add_column(name, justify="right")
    for source, row in sorted(rows.items()):
        table.add_row(source, *(f"{row.get(rule, 0):,}" for rule in (*rules, "all")))
    table.caption = f"in {manifest.info.get('changed', 0):,} of the kept documents"
    return table


def by_kind(work: Path) -> Table | None:
    """A row a kind of personal data that was looked for; None where that is off, or `select` has not finished."""
    manifest = current_stages(work).get("select")
    counts = masked(manifest) if manifest is not None else {}
    if not counts:
        return None
    documents = counts.pop("documents")
    table = Table(title="Personal data replaced", title_justify="left", header_style="bold", caption_justify="left")
    table.add_column("kind", min_width=26)
    table.add_column("times", justify="right")
    for kind, count in counts.items():
        table.add_row(kind, f"{count:,}")
    table.caption = f"in {documents:,} of the kept documents"
    return table


def total(counts: Mapping[str, Counts]) -> Counts:
    """All sources together."""
    result = Counts()
    for value in counts.values():
        result.add(value)
    return result


def by_source(stages: Mapping[str, Mapping[str, Counts]]) -> Table:
    """A row a source: what was read, and what is left."""
    table = Table(title="Funnel by source", title_justify="left", header_style="bold")
    table.add_column("source")
    names = ["read", "unreadable", "no document", "documents"]
    if "select" in stages:
        names += ["duplicates", "dropped by rules", "kept", "kept MB"]
    if "trim" in stages:
        names += ["too little left", "left", "left MB"]
    for name in names:
        table.add_column(name, justify="right")
    extract, select = stages.get("extract", {}), stages.get("select", {})
    for source in [*extract, ""]:
        first = extract[source] if source else total(extract)
        last = select.get(source, Counts()) if source else total(select)
        copies = sum(last.reasons.get(f"duplicate_{level}", 0) for level in DUPLICATE_LEVELS)
        numbers = (
            first.read,
            first.unreadable,
            first.dropped,
            first.kept,
            copies,
            last.dropped - copies,
            last.kept,
        )
        row = [f"{number:,}" for number in numbers] + [f"{last.kept_bytes / 1e6:,.2f}"]
        left = total(stages.get("trim", {})) if not source else stages.get("trim", {}).get(source, Counts())
        row += [f"{left.dropped:,}", f"{left.kept:,}", f"{left.kept_bytes / 1e6:,.2f}"]
        if not source:
            table.add_section()
        table.add_row(source or "all", *row[: len(names)], style="" if source else "bold")
    return table


def by_reason(stages: Mapping[str, Mapping[str, Counts]]) -> Table:
    """A row a reason: how many documents failed it. One document may fail several rules."""
    table = Table(title="Why records went", title_justify="left", header_style="bold")
    table.add_column("stage")
    table.add_column("reason")
    table.add_column("records", justify="right")
    for stage in ("extract", "select", "trim"):
        reasons = total(stages.get(stage, {})).reasons
        for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
            table.add_row(stage, reason, f"{count:,}")
    return table
