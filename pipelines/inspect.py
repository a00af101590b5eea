"""`siku inspect` and `siku duplicates`: look at what the run did to single documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from corpus.errors import RecipeError, ShardError
from corpus.schema import SIGNALS
from corpus.shards import load_manifest, open_part, read_batches, read_table
from corpus.shards.manifest import FILE_NAME

_PREVIEW_CHARS = 400


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
        if self.reason is not None and "reasons" in batch.schema.names:
            found = [any(r["rule"] == self.reason for r in row) for row in _column(batch, "reasons").to_pylist()]
            mask = pc.and_(mask, pa.array(found, pa.bool_()))
        return mask


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        raise RecipeError(f"this part has no column {name!r} to filter by; it has {', '.join(batch.schema.names)}")
    return batch[name]


def _files(shard: Path) -> list[Path]:
    if shard.is_file():
        return [shard]
    if (shard / FILE_NAME).is_file():
        return [shard / part.path for part in load_manifest(shard).parts]
    raise ShardError(f"{shard} is neither a part (.arrow) nor a stage's folder (with {FILE_NAME})")


def _ledger_reasons(work: Path, reason: str | None) -> dict[str, list[dict[str, Any]]]:
    """id -> reasons, of documents that `select` dropped (for `reason`, where one is asked for)."""
    found = {}
    folder = work / "selected"
    if not (folder / FILE_NAME).is_file():
        return found
    for part in load_manifest(folder).ledger:
        for batch in read_batches(folder / part.path, ["id", "outcome", "reasons"]):
            dropped = batch.filter(pc.equal(batch["outcome"], "dropped"))
            for row in dropped.select(["id", "reasons"]).to_pylist():
                if reason is None or any(item["rule"] == reason for item in row["reasons"]):
                    found[row["id"]] = row["reasons"]
    return found


def show(shard: Path, wanted: Filter, limit: int, full: bool, console: Console) -> None:
    """Print up to `limit` rows of a part or a folder."""
    files = _files(shard)
    work = files[0].parent.parent if files else shard.parent
    reasons = _ledger_reasons(work, wanted.reason)
    shown = rows = 0
    for path in files:
        for batch in read_batches(path):
            rows += batch.num_rows
            mask = wanted.mask(batch)
            if wanted.reason and "reasons" not in batch.schema.names:
                mask = pc.and_(mask, pc.is_in(batch["id"], pa.array(list(reasons), pa.string())))
            for row in batch.filter(mask).slice(0, limit - shown).to_pylist():
                console.print(_panel(row, reasons.get(row.get("id", "")), full))
                shown += 1
        if shown >= limit:
            break
    if not shown:
        console.print(f"no row of {rows:,} passes the filter", highlight=False)


def _panel(row: dict[str, Any], reasons: list[dict[str, Any]] | None, full: bool) -> Panel:
    text = row.pop("text", None)
    signals = {name: row.pop(name) for name in SIGNALS if name in row}
    lines = [f"{key}: {_short(value)}" for key, value in row.items() if value not in (None, "") and key != "id"]
    if signals:
        lines.append("signals: " + "  ".join(f"{name}={_number(value)}" for name, value in signals.items()))
    if reasons:
        lines.append("dropped: " + "  ".join(_reason(reason) for reason in reasons))
    if text is not None:
        lines += ["", text if full or len(text) <= _PREVIEW_CHARS else text[:_PREVIEW_CHARS] + " …"]
    return Panel(Text("\n".join(lines)), title=row.get("id", ""), title_align="left")


def _reason(reason: dict[str, Any]) -> str:
    if reason["value"] is None:
        return reason["rule"]
    limit = "" if reason["threshold"] is None else f", threshold {_number(reason['threshold'])}"
    return f"{reason['rule']} ({_number(reason['value'])}{limit})"


def _number(value: float) -> str:
    return f"{value:.4g}"


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


def find_documents(work: Path, ids: set[str]) -> dict[str, dict[str, Any]]:
    """id -> source, url, origin and text, from `documents/`."""
    folder = work / "documents"
    found: dict[str, dict[str, Any]] = {}
    columns = ["id", "source", "url", "origin_file", "text", "language", "quality"]
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


def show_duplicates(work: Path, prefix: str | None, limit: int, console: Console) -> None:
    """Print removed documents beside the ones kept for them, with what differs marked."""
    pairs = []
    for row in removed_pairs(work, prefix):
        pairs.append(row)
        if len(pairs) >= limit:
            break
    if not pairs:
        console.print("no removed document matches")
        return
    documents = find_documents(work, {pair[key] for pair in pairs for key in ("id", "kept_id")})
    for pair in pairs:
        removed, kept = documents[pair["id"]], documents[pair["kept_id"]]
        console.rule(f"{pair['level']}, Jaccard {pair['jaccard']:.4f}, {pair['cluster_size']} in the group")
        left, right = marked(removed["text"][:_PREVIEW_CHARS], kept["text"][:_PREVIEW_CHARS])
        console.print(
            Columns(
                [
                    Panel(
                        _rich(left, "red"),
                        title=f"removed {removed['id'][:12]} {removed['source']}",
                        width=60,
                    ),
                    Panel(_rich(right, "green"), title=f"kept {kept['id'][:12]} {kept['source']}", width=60),
                ]
            )
        )


def marked(a: str, b: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts as runs of (text, differs)."""
    left, right = [], []
    for kind, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        differs = kind != "equal"
        if a1 > a0:
            left.append((a[a0:a1], differs))
        if b1 > b0:
            right.append((b[b0:b1], differs))
    return left, right


def _rich(runs: list[tuple[str, bool]], style: str) -> Text:
    text = Text()
    for run, differs in runs:
        text.append(run, f"bold {style}" if differs else "")
    return text
