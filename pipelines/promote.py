"""A duplicate of a document that the rules drop is a duplicate of nothing that stays.

`dedup` keeps the best document of a group before any rule is applied, so that changed thresholds need no new
de-duplication. Where the rules then drop that keeper, this promotes the best members of its group that pass: `judge`
notes who passes, `promote` decides those members among each other by URL and text, as `dedup` did, and keeps the ones
that are no duplicates of a better one. Text is read of such groups only.

A group whose keeper is of an earlier run is never opened: that one was kept in the end. Nor can a document that is
promoted be a duplicate of an earlier run's, since it would have gone for that (`corpus.dedup.levels`).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup import joined_sets
from corpus.dedup.levels import Candidates, decide_levels
from corpus.dedup.urls import url_keys
from corpus.kernels.shingle import exact_keys, shingle_sets
from corpus.shards import read_table, write_part
from pipelines.compared import columns_compared, compared, compared_at
from pipelines.keeper import content_keys, keeper_rank
from pipelines.rows import rows_at
from pipelines.stage import WORKINGS
from pipelines.task import Task, TaskResult

JUDGED = pa.schema(
    [
        ("group", pa.string()),  # id of the document that `dedup` kept
        ("id", pa.string()),
        ("source", pa.string()),
        ("passes", pa.bool_()),
        ("quality", pa.float32()),
        ("num_chars", pa.int32()),
        ("row", pa.int64()),  # in its part
    ]
)
PROMOTED = pa.schema(
    [
        ("id", pa.string()),
        ("kept_id", pa.string()),  # null: this document stays in place of the keeper; else the one it is removed for
        ("level", pa.string()),
        ("jaccard", pa.float64()),
    ]
)


def write_judged(
    task: Task, folder: Path, batches: Sequence[tuple[pa.RecordBatch, pa.Table, np.ndarray]]
) -> TaskResult:
    """Note, of the documents of one part that are in a group, whether the rules let them pass.

    Args:
        batches: (documents, their rows of DUPLICATES, `[N]` bool: passes every rule).
    """
    rows, start = [], 0
    for batch, decisions, passes in batches:
        columns = [
            pc.coalesce(decisions["kept_id"].combine_chunks(), batch["id"]),
            batch["id"],
            batch["source"],
            pa.array(passes),
            batch["quality"],
            batch["num_chars"],
            pa.array(np.arange(start, start + batch.num_rows)),
        ]
        kept_id = decisions["kept_id"].combine_chunks()
        is_same_record = pc.fill_null(pc.equal(kept_id, batch["id"]), False)  # kept under this id by an earlier run
        grouped = pc.and_not(pc.greater(decisions["cluster_size"].combine_chunks(), 1), is_same_record)
        rows.append(pa.record_batch(columns, schema=JUDGED).filter(grouped))
        start += batch.num_rows
    part = write_part(folder, f"{WORKINGS}/judged/{task.name}.arrow", rows, JUDGED)
    return TaskResult(task.name, [part], info={"parts": [task.spec["part"]]})


def promote(
    task: Task, folder: Path, *, documents: Path, priority: Mapping[str, int], options: Mapping[str, Any]
) -> TaskResult:
    """Choose who stays of the groups whose keeper the rules drop.

    Args:
        options: `threshold`, `measure`, `shingle_tokens` and `url` of the recipe's `dedup`; `on_prompt`, the sources
            whose documents are compared by their prompt.
    """
    judged = [
        read_table(folder / path).add_column(0, "part", pa.repeat(part, rows)) for path, part, rows in _parts(task)
    ]
    table = (
        pa.concat_tables(judged) if judged else JUDGED.empty_table().add_column(0, "part", pa.array([], pa.string()))
    )
    is_keeper = pc.equal(table["group"], table["id"])
    lost = table.filter(pc.and_(is_keeper, pc.invert(table["passes"])))["group"]
    open_groups = pc.is_in(table["group"], lost.combine_chunks())
    members = table.filter(pc.and_(open_groups, pc.and_(table["passes"], pc.invert(is_keeper))))
    batch = _verified(members, documents, priority, options) if members.num_rows else PROMOTED.empty_table()
    part = write_part(folder, f"{WORKINGS}/promoted.arrow", batch.to_batches(), PROMOTED)
    return TaskResult(task.name, [part])


def _parts(task: Task) -> list[tuple[str, str, int]]:
    return [(path, part, rows) for path, _, rows, part in task.spec["judged"]]


def _verified(members: pa.Table, documents: Path, priority: Mapping[str, int], options: Mapping[str, Any]) -> pa.Table:
    members = members.sort_by([("part", "ascending"), ("row", "ascending")])
    parts, rows = members["part"].to_numpy(zero_copy_only=False), members["row"].to_numpy()

    def places(positions: np.ndarray) -> Iterator[tuple[Path, np.ndarray]]:
        own = parts[positions]
        for part in np.unique(own):
            yield documents / part, rows[positions[own == part]]

    def sets(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        texts = (text for place in places(positions) for text in compared_at(*place, options["on_prompt"]))
        return joined_sets(shingle_sets(text, options["shingle_tokens"]) for text in texts)

    everyone = places(np.arange(members.num_rows))
    keys = np.concatenate([found for place in everyone for found in _keys(*place, options)])
    exact, content, url = keys[:, 0:2], keys[:, 2:4], keys[:, 4:6]
    group = members["group"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    ranked = members.append_column("priority", pa.array([priority[source] for source in members["source"].to_pylist()]))
    for half in (0, 1):
        ranked = ranked.append_column(f"content_{half}", pa.array(np.ascontiguousarray(content[:, half])))
    rank = keeper_rank(ranked, ["content_0", "content_1", "id"])
    num_chars = members["num_chars"].to_numpy()
    given = Candidates(group, rank, exact, num_chars, url if options["url"] else None)
    found = decide_levels(given, sets, options["threshold"], options["measure"])
    ids, stays = members["id"].combine_chunks(), found.kept_for < 0
    kept_ids = ids.take(pa.array(np.where(stays, 0, found.kept_for), mask=stays))
    values = [ids, kept_ids, pa.array(found.level, pa.string()), pa.array(found.value, mask=np.isnan(found.value))]
    return pa.table(values, schema=PROMOTED).sort_by("id")


def _keys(path: Path, rows: np.ndarray, options: Mapping[str, Any]) -> Iterator[np.ndarray]:
    """Of the given rows the keys of what is compared, of the whole text and of the URL, `[N, 6]` uint64."""
    columns = [*columns_compared(options["on_prompt"]), *(["url"] if options["url"] else [])]
    for batch in rows_at(path, rows, columns):
        url = url_keys(batch["url"]) if options["url"] else np.zeros((batch.num_rows, 2), np.uint64)
        yield np.hstack([exact_keys(compared(batch, options["on_prompt"])), content_keys(batch["text"]), url])


def with_promoted(decisions: pa.Table, promoted: pa.Table) -> pa.Table:
    """DUPLICATES rows after promotion: those promoted stay, the other members name the document they go for."""
    if not promoted.num_rows:
        return decisions
    place = pc.index_in(decisions["id"], promoted["id"].combine_chunks())
    concerned = pc.is_valid(place)
    for name in ("kept_id", "level", "jaccard"):
        new = promoted[name].combine_chunks().take(place.combine_chunks())
        column = pc.if_else(concerned, new, decisions[name])
        decisions = decisions.set_column(decisions.schema.get_field_index(name), name, column)
    return decisions
