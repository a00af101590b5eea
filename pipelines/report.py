"""The HTML report of a run: one file, no script, no network.

Counts are the manifests', and those of duplicates are of all rows. Samples and the histogram of quality are taken from
the first `_MOST_PARTS` parts of a stage; within them the documents with the smallest ids are shown, which is a random
but repeatable choice since ids are hashes.
"""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.errors import ShardError
from corpus.schema import DUPLICATE_LEVELS
from corpus.shards import Counts, Manifest, load_manifest, read_batches
from pipelines import funnel, sample
from pipelines.cluster_views import REPORT, bin_name, count_line, side_by_side, size_classes, summarised, views
from pipelines.clusters import of_three_sizes, survey
from pipelines.final import final_documents
from pipelines.inspect import find_documents, removed_pairs
from pipelines.reselect import stored_recipe
from pipelines.stage import FOLDERS, current_stages

_MOST_PARTS = 64
_SAMPLES = 6
_PREVIEW_CHARS = 600
_BINS = 20


def write_report(work: Path) -> Path:
    """Write `WORK/report.html` from what the finished stages left and return its path.

    Raises:
        ShardError: not even `extract` has finished.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    html = environment.get_template("report.html.j2").render(collect(work))
    path = work / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


def collect(work: Path) -> dict[str, Any]:
    """Everything the report shows, as plain values."""
    current = current_stages(work)
    if "extract" not in current:
        raise ShardError(f"{work} holds no finished extract stage to report on; `siku run` with --work {work} makes it")
    stages = funnel.load_counts(work)
    recipe = json.loads((work / "recipe.json").read_bytes())
    timings = work / "timings.json"
    tokens, selected, final = current.get("tokenize"), current.get("select"), final_documents(work, current)
    return {
        "name": recipe["recipe"]["name"],
        "recipe_hash": recipe["hash"],
        "steps": _steps(stages, tokens),
        "sources": _sources(stages),
        "reasons": _reasons(stages),
        "masked": funnel.masked(selected) if selected else {},
        "benchmarks": selected.info.get("benchmarks", []) if selected else [],
        "kept": _kept(*final) if final else None,
        "cut": funnel.cut(current["trim"]) if "trim" in current else {},
        "dropped": _dropped(work, current),
        "duplicates": _duplicates(work) if "dedup" in stages else None,
        "tokens": _tokens(work, tokens, current) if tokens else None,
        "truth": _truth(work, current) if selected and (work / "sample" / "truth.jsonl").is_file() else None,
        "timings": json.loads(timings.read_bytes()) if timings.is_file() else {},
    }


def _steps(stages: dict[str, dict[str, Counts]], tokens: Manifest | None) -> list[dict[str, Any]]:
    extract, dedup, select = (funnel.total(stages.get(name, {})) for name in ("extract", "dedup", "select"))
    steps = [("records read", extract.read), ("documents with text", extract.kept)]
    if "dedup" in stages:
        steps.append(("without duplicates", dedup.kept))
    if "select" in stages:
        steps.append(("kept by language and rules", select.kept))
    if "trim" in stages:
        steps.append(("left after trimming", funnel.total(stages["trim"]).kept))
    most = max(count for _, count in steps) or 1
    result = [{"name": name, "count": count, "share": 100 * count / most} for name, count in steps]
    if tokens:
        result[-1]["note"] = f"{tokens.info.get('num_tokens', 0):,} tokens"
    return result


def _sources(stages: dict[str, dict[str, Counts]]) -> list[dict[str, Any]]:
    rows = []
    for source, first in stages["extract"].items():
        last = stages.get("select", {}).get(source, Counts())
        copies = sum(last.reasons.get(f"duplicate_{level}", 0) for level in DUPLICATE_LEVELS)
        rows.append(
            {
                "source": source,
                "read": first.read,
                "unreadable": first.unreadable,
                "no_document": first.dropped,
                "documents": first.kept,
                "duplicates": copies,
                "rules": last.dropped - copies,
                "kept": last.kept,
                "kept_mb": last.kept_bytes / 1e6,
                "share": 100 * last.kept / first.kept if first.kept else 0.0,
            }
        )
    return rows


def _reasons(stages: dict[str, dict[str, Counts]]) -> list[dict[str, Any]]:
    rows = []
    for stage in ("extract", "select", "trim"):
        total = funnel.total(stages.get(stage, {}))
        for reason, count in sorted(total.reasons.items(), key=lambda item: (-item[1], item[0])):
            rows.append({"stage": stage, "reason": reason, "count": count, "share": 100 * count / max(total.read, 1)})
    return rows


def _kept(folder: Path, manifest: Manifest) -> dict[str, Any]:
    languages: Counter[str] = Counter()
    chars: Counter[str] = Counter()
    histogram = np.zeros(_BINS, np.int64)
    samples: dict[str, list[dict[str, Any]]] = defaultdict(list)
    columns = ["id", "source", "url", "text", "language", "quality", "num_chars"]
    for part in manifest.parts[:_MOST_PARTS]:
        for batch in read_batches(folder / part.path, columns):
            grouped = pa.table({"l": batch["language"], "c": batch["num_chars"]}).group_by("l")
            for row in grouped.aggregate([([], "count_all"), ("c", "sum")]).to_pylist():
                languages[row["l"]] += row["count_all"]
                chars[row["l"]] += row["c_sum"]
            histogram += np.histogram(batch["quality"].to_numpy(), bins=_BINS, range=(0, 1))[0]
            for language in languages:
                rows = batch.filter(pc.equal(batch["language"], language))
                samples[language] = _smallest(samples[language], rows, _SAMPLES)
    most = max(int(histogram.max()), 1)
    return {
        "languages": [(name, count, chars[name]) for name, count in languages.most_common()],
        "histogram": [(int(count), 100 * int(count) / most) for count in histogram],
        "samples": [(name, [_preview(row) for row in samples[name]]) for name, _ in languages.most_common(3)],
    }


def _smallest(known: list[dict[str, Any]], batch: pa.RecordBatch, most: int) -> list[dict[str, Any]]:
    """The rows with the smallest ids of those known and those in the batch."""
    order = pc.select_k_unstable(batch, k=min(most, batch.num_rows), sort_keys=[("id", "ascending")])
    return sorted(known + batch.take(order).to_pylist(), key=lambda row: row["id"])[:most]


def _preview(row: dict[str, Any]) -> dict[str, Any]:
    text = row["text"]
    return row | {
        "text": text if len(text) <= _PREVIEW_CHARS else text[:_PREVIEW_CHARS] + " …",
        "chars": len(text),
    }


def _dropped(work: Path, current: dict[str, Manifest]) -> list[dict[str, Any]]:
    """Per rule, the documents with the smallest ids that failed it."""
    by_rule: dict[str, list[dict[str, Any]]] = defaultdict(list)
    paths = [
        work / FOLDERS[stage] / part.path
        for stage in ("select", "trim")
        if stage in current
        for part in current[stage].ledger[:_MOST_PARTS]
    ]
    for path in paths:
        for batch in read_batches(path, ["id", "outcome", "reasons", "detail"]):
            for row in batch.filter(pc.equal(batch["outcome"], "dropped")).to_pylist():
                for rule in {reason["rule"] for reason in row["reasons"]}:
                    if not rule.startswith("duplicate_"):
                        by_rule[rule] = sorted([*by_rule[rule], row], key=lambda item: item["id"])[:2]
    wanted = {row["id"] for rows in by_rule.values() for row in rows}
    documents = find_documents(work, wanted) if wanted else {}
    return [
        {"rule": rule, "rows": [_preview(documents[row["id"]]) | {"reasons": row["reasons"]} for row in rows]}
        for rule, rows in sorted(by_rule.items())
    ]


def _duplicates(work: Path) -> dict[str, Any] | None:
    """The numbers, and three clusters side by side; None where nothing was removed."""
    numbers, _ = survey(work, top=1)
    summary = summarised(numbers, stored_recipe(work).dedup.measure)
    if not summary["removed"]:
        return None
    rows = [(bin_name(row["from"]), [row[level] for level in summary["measured"]]) for row in summary["jaccard"]]
    shown = list(views(work, of_three_sizes(work, numbers.sizes, REPORT.members), REPORT))
    for member in (member for view in shown for member in view["members"]):
        member["note"], member["rows"] = count_line(member), side_by_side(member["diff"])
    return summary | {
        "jaccard": [(name, counts, 100 * sum(counts) / max(sum(row[1]) for row in rows)) for name, counts in rows],
        "sizes": size_classes(summary["sizes"]),
        "shown": shown,
    }


def _tokens(work: Path, manifest: Manifest, current: dict[str, Manifest]) -> dict[str, Any]:
    rows: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for part in manifest.parts[:_MOST_PARTS]:
        for batch in read_batches(work / "tokens" / part.path, ["source", "language", "num_tokens"]):
            grouped = pa.table(batch.columns, names=["source", "language", "n"]).group_by(["source", "language"])
            for row in grouped.aggregate([([], "count_all"), ("n", "sum")]).to_pylist():
                found = rows[row["source"], row["language"]]
                found[0] += row["count_all"]
                found[1] += row["n_sum"]
    final = final_documents(work, current)
    kept_bytes = funnel.total(final[1].counts).kept_bytes if final else 0
    total = manifest.info.get("num_tokens", 0)
    return {
        "rows": [(*key, *value) for key, value in sorted(rows.items())],
        "total": total,
        "vocab_size": manifest.info["vocab_size"],
        "bytes_per_token": kept_bytes / total if total else 0.0,
    }


def _truth(work: Path, current: dict[str, Manifest]) -> dict[str, Any]:
    """What the run found of what the sample crawl planted."""
    outcomes: dict[str, tuple[str, set[str]]] = {}
    for folder, ledger in (
        ("documents", load_manifest(work / "documents").ledger),
        ("selected", current["select"].ledger),
    ):
        for part in ledger:
            for batch in read_batches(work / folder / part.path, ["id", "outcome", "reasons"]):
                for row in batch.to_pylist():
                    outcomes[row["id"]] = (row["outcome"], {reason["rule"] for reason in row["reasons"]})
    duplicates = {pair["id"]: pair["kept_id"] for pair in removed_pairs(work)}
    phrases = json.loads((work / "sample" / "boilerplate.json").read_bytes())
    folder, final = final_documents(work, current) or (work / "selected", current["select"])
    texts = (
        text.as_py()
        for part in final.parts
        if part.path.startswith("web-")
        for batch in read_batches(folder / part.path, ["text"])
        for text in batch["text"]
    )
    return {
        "rows": sample.score(work / "sample" / "truth.jsonl", outcomes, duplicates),
        "boilerplate": sample.boilerplate_left(texts, phrases),
    }
