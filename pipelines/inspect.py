"""`siku inspect`: look at what the run did to single documents."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from corpus.errors import RecipeError
from corpus.schema import RULE_SIGNALS
from corpus.shards import load_manifest, open_part, read_batches, read_table
from corpus.shards.manifest import FILE_NAME
from pipelines.stage import current_stages

_PREVIEW_CHARS = 400
_MOST_RULES = 10
_LEDGERS = ("documents", "selected", "trimmed")  # the stages that drop records, in the order in which they do
_FOUND_COLUMNS = ("id", "source", "url", "origin_file", "text", "language", "quality")


@dataclass(frozen=True)
class Filter:
    """Which documents to show; None lets all pass."""

    source: str | None = None
    language: str | None = None
    reason: str | None = None
    id: str | None = None

    def mask(self, batch: pa.RecordBatch) -> pa.Array:
        """Rows of `batch` that pass.

        Raises:
            RecipeError: the part has no such column.
        """
        mask = pa.repeat(True, batch.num_rows)
        for name in ("source", "language", "id"):
            wanted = getattr(self, name)
            if wanted is not None:
                column = _column(batch, name)
                hit = pc.starts_with(column, wanted) if name == "id" else pc.equal(column, wanted)
                mask = pc.and_(mask, pc.fill_null(hit, False))
        if self.reason is not None:
            mask = pc.and_(mask, _fails(_column(batch, "reasons"), self.reason))
        return mask


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        raise RecipeError(f"this part has no column {name!r} to filter by; it has {', '.join(batch.schema.names)}")
    return batch[name]


def _fails(reasons: pa.ListArray, rule: str) -> pa.Array:
    hit = pc.fill_null(pc.equal(_rules(reasons), rule), False)
    mask = np.zeros(len(reasons), bool)
    mask[pc.list_parent_indices(reasons).filter(hit).to_numpy()] = True
    return pa.array(mask)


def _rules(reasons: pa.ListArray) -> pa.Array:
    return pc.struct_field(pc.list_flatten(reasons), "rule")


def show(shard: Path, wanted: Filter, limit: int, full: bool, console: Console) -> None:
    """Print up to `limit` rows of a part or a folder; with a reason, rows of the run's ledgers.

    Raises:
        RecipeError: there is nothing at `shard`, it holds no Arrow, or no ledger holds the rule asked for.
        ShardError: a part or a manifest is damaged.
    """
    _check_limit(limit)
    files, work = _files(shard), _work_of(shard)
    if wanted.reason is not None and not _has_reasons(files):
        rows = _ledger_rows(work, wanted, _ids_of(shard, files), limit)
    else:
        rows = _part_rows(files, work, wanted, limit)
    if not rows:
        console.print(Text(f"no row of {shard} passes the filter"))
    for row in rows:
        console.print(_panel(row, full))


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise RecipeError(f"--limit {limit}: expected 1 or more")


def _files(shard: Path) -> list[Path]:
    if not shard.exists():
        raise RecipeError(f"{shard} does not exist; give a part (.arrow) or a stage's folder, e.g. WORK/documents")
    for folder in Path(os.path.abspath(shard), "_").parents[:3]:  # raw/SOURCE/FILE
        if _is_raw(folder):
            raise RecipeError(
                f"{shard}: raw/ holds the publishers' files as they came, not Arrow; the documents read from them are "
                f"in {folder.parent / 'documents'}"
            )
    if shard.is_file():
        return [shard]
    if (shard / FILE_NAME).is_file():
        return [shard / part.path for part in load_manifest(shard).parts]
    raise RecipeError(
        f"{shard} is neither a part (.arrow) nor the folder of a finished stage (with {FILE_NAME}), e.g. WORK/documents"
    )


def _is_raw(folder: Path) -> bool:
    return folder.name == "raw" and ((folder / FILE_NAME).is_file() or (folder / ".tasks").is_dir())


def _work_of(shard: Path) -> Path:
    path = Path(os.path.abspath(shard))
    return path.parent.parent if path.is_file() else path.parent


def _has_reasons(files: list[Path]) -> bool:
    return bool(files) and "reasons" in open_part(files[0]).schema.names


def _ids_of(shard: Path, files: list[Path]) -> pa.Array | None:
    """Ids that the ledger's rows must be of; None for all, records that became no document included."""
    if shard.is_dir() and Path(os.path.abspath(shard)).name in _LEDGERS:
        return None
    batches = [_column(batch, "id") for path in files for batch in read_batches(path)]
    return pa.concat_arrays([pa.array([], pa.string()), *batches])


def _part_rows(files: list[Path], work: Path, wanted: Filter, limit: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in files:
        for batch in read_batches(path):
            rows += batch.filter(wanted.mask(batch)).slice(0, limit - len(rows)).to_pylist()
            if len(rows) == limit:
                break
        if len(rows) == limit:
            break
    dropped = _dropped(work, [row["id"] for row in rows if "id" in row and "reasons" not in row])
    return [row | {"reasons": dropped[row["id"]]} if row.get("id") in dropped else row for row in rows]


def _ledger_batches(work: Path, stages: Sequence[str] = _LEDGERS) -> Iterator[tuple[str, pa.RecordBatch]]:
    """(stage's folder, batch of schema LEDGER) of those of `stages` that have finished."""
    for stage in stages:
        folder = work / stage
        if (folder / FILE_NAME).is_file() and (stage != "trimmed" or "trim" in current_stages(work)):
            for part in load_manifest(folder).ledger:
                for batch in read_batches(folder / part.path):
                    yield stage, batch


def _dropped(work: Path, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """id -> reasons, of those of `ids` that `select` or `trim` dropped."""
    wanted = pa.array(ids, pa.string())
    found: dict[str, list[dict[str, Any]]] = {}
    for _, batch in _ledger_batches(work, ["selected", "trimmed"]) if ids else ():
        hit = pc.and_(pc.is_in(batch["id"], wanted), pc.equal(batch["outcome"], "dropped"))
        found |= {row["id"]: row["reasons"] for row in batch.filter(hit).to_pylist()}
    return found


def _ledger_rows(work: Path, wanted: Filter, ids: pa.Array | None, limit: int) -> list[dict[str, Any]]:
    """Rows of the ledgers that pass, with their documents' columns where `extract` made a document of them."""
    assert wanted.reason is not None
    rules: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for stage, batch in _ledger_batches(work):
        for count in pc.value_counts(_rules(batch["reasons"])).to_pylist():
            rules[count["values"]] += count["counts"]
        # `select` and `trim` write the language first in the detail; what `extract` dropped has none
        language = pc.replace_substring_regex(batch["detail"], r"(?s);.*", "")
        language = language if stage != "documents" else pa.nulls(batch.num_rows, pa.string())
        mask = wanted.mask(batch.append_column("language", language))
        if ids is not None:
            mask = pc.and_(mask, pc.is_in(batch["id"], ids))
        rows += [
            {"ledger": f"{stage}/ledger", **row} for row in batch.filter(mask).slice(0, limit - len(rows)).to_pylist()
        ]
        if len(rows) == limit:
            break
    if not rows and wanted.reason not in rules:
        raise RecipeError(_unknown_rule(work, wanted.reason, rules))
    has_texts = (work / "documents" / FILE_NAME).is_file()
    found = find_documents(work, {row["id"] for row in rows}, None) if has_texts else {}
    return [row | {key: value for key, value in found.get(row["id"], {}).items() if key not in row} for row in rows]


def _unknown_rule(work: Path, rule: str, rules: Counter[str]) -> str:
    if not rules:
        return (
            f"--reason {rule!r}: the ledgers under {work} hold no reason at all; have `extract` and `select` finished?"
        )
    most = ", ".join(f"{name} ({count:,})" for name, count in rules.most_common(_MOST_RULES))
    which = f"the {_MOST_RULES} most frequent of {len(rules)}" if len(rules) > _MOST_RULES else "those that occur"
    return f"--reason {rule!r}: no ledger under {work} holds this rule; {which}: {most}"


def _panel(row: dict[str, Any], full: bool) -> Panel:
    """One row in a frame. Everything is a `Text`: what looks like markup in the data is data."""
    text = row.pop("text", None)
    reasons = row.pop("reasons", None)
    outcome = row.pop("outcome", None) if reasons else None
    signals = {name: row.pop(name) for name in RULE_SIGNALS if name in row}
    lines = [f"{key}: {_short(value)}" for key, value in row.items() if value not in (None, "") and key != "id"]
    if signals:
        lines.append("signals: " + "  ".join(f"{name}={_number(value)}" for name, value in signals.items()))
    if reasons:
        lines.append(f"{outcome or 'dropped'}: " + "  ".join(_reason(reason) for reason in reasons))
    if text is not None:
        lines += ["", text if full or len(text) <= _PREVIEW_CHARS else text[:_PREVIEW_CHARS] + " …"]
    return Panel(Text("\n".join(lines)), title=Text(str(row.get("id", ""))), title_align="left")


def _reason(reason: dict[str, Any]) -> str:
    if reason["value"] is None:
        return reason["rule"]
    limit = "" if reason["threshold"] is None else f", threshold {_number(reason['threshold'])}"
    return f"{reason['rule']} ({_number(reason['value'])}{limit})"


def _number(value: float | None) -> str:
    return "null" if value is None else f"{value:.4g}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:200] + " …"


def removed_pairs(work: Path, prefix: str | None = None) -> Iterator[dict[str, Any]]:
    """Rows of DUPLICATES that were removed, in manifest order.

    Args:
        prefix: only pairs in which either id begins like this.
    """
    folder = work / "duplicates"
    for part in load_manifest(folder).parts:
        for batch in read_batches(folder / part.path):
            for row in batch.filter(pc.is_valid(batch["kept_id"])).to_pylist():
                if prefix is None or row["id"].startswith(prefix) or row["kept_id"].startswith(prefix):
                    yield row


def find_documents(
    work: Path, ids: set[str], columns: Sequence[str] | None = _FOUND_COLUMNS, stage: str = "documents"
) -> dict[str, dict[str, Any]]:
    """id -> these columns (None is all) of its document, from the stage's folder."""
    folder = work / stage
    found: dict[str, dict[str, Any]] = {}
    for part in load_manifest(folder).parts:
        if len(found) == len(ids):
            break
        column = read_table(folder / part.path, ["id"])["id"]
        if not pc.any(pc.is_in(column, pa.array(list(ids), pa.string()))).as_py():
            continue
        reader = open_part(folder / part.path, columns)
        for index in range(reader.num_record_batches):
            batch = reader.get_batch(index)
            for row in batch.filter(pc.is_in(batch["id"], pa.array(list(ids), pa.string()))).to_pylist():
                found[row["id"]] = row
    return found
