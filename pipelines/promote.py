"""A duplicate of a document that the rules drop is a duplicate of nothing that stays.

`dedup` keeps the best document of a group before any rule is applied, so that changed thresholds need no new
de-duplication. Where the rules then drop that keeper, this promotes the best members of its group that pass: `judge`
notes who passes, `promote` verifies those members against each other by exact Jaccard, as `dedup` did, and keeps the
ones that are no duplicates of a better one. Text is read of such groups only.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup import joined_sets, verify_in_blocks
from corpus.kernels.shingle import exact_keys, shingle_sets
from corpus.shards import read_table, write_part
from pipelines.keeper import keeper_rank
from pipelines.rows import texts_at
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
        grouped = pc.greater(decisions["cluster_size"].combine_chunks(), 1)
        rows.append(pa.record_batch(columns, schema=JUDGED).filter(grouped))
        start += batch.num_rows
    part = write_part(folder, f"{WORKINGS}/judged/{task.name}.arrow", rows, JUDGED)
    return TaskResult(task.name, [part], info={"parts": [task.spec["part"]]})


def promote(
    task: Task, folder: Path, *, documents: Path, priority: Mapping[str, int], options: Mapping[str, Any]
) -> TaskResult:
    """Choose who stays of the groups whose keeper the rules drop.

    Args:
        options: `threshold` and `shingle_tokens` of the recipe's `dedup`.
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

    def texts(positions: np.ndarray) -> Iterator[pa.Array]:
        own = parts[positions]
        for part in np.unique(own):
            yield from texts_at(documents / part, rows[positions[own == part]])

    def sets(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return joined_sets(shingle_sets(text, options["shingle_tokens"]) for text in texts(positions))

    exact = np.concatenate([exact_keys(text) for text in texts(np.arange(members.num_rows))])
    group = members["group"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    priorities = pa.array([priority[source] for source in members["source"].to_pylist()])
    rank = keeper_rank(members.append_column("priority", priorities), ["id"])
    num_chars = members["num_chars"].to_numpy()
    removals = verify_in_blocks(group, rank, exact, num_chars, sets, options["threshold"])
    kept_for = np.zeros(members.num_rows, np.int64)
    kept_for[removals.removed] = removals.kept
    jaccard = np.zeros(members.num_rows)
    jaccard[removals.removed] = removals.jaccard
    stays = np.ones(members.num_rows, np.bool_)
    stays[removals.removed] = False
    ids = members["id"].combine_chunks()
    return pa.table(
        [ids, ids.take(pa.array(kept_for, mask=stays)), pa.array(jaccard, mask=stays)], schema=PROMOTED
    ).sort_by("id")


def with_promoted(decisions: pa.Table, promoted: pa.Table) -> pa.Table:
    """DUPLICATES rows after promotion: those promoted stay, the other members name the document they go for."""
    if not promoted.num_rows:
        return decisions
    place = pc.index_in(decisions["id"], promoted["id"].combine_chunks())
    concerned = pc.is_valid(place)
    stays = pc.and_(concerned, pc.is_null(promoted["kept_id"].combine_chunks().take(place.combine_chunks())))
    for name in ("kept_id", "jaccard"):
        new = promoted[name].combine_chunks().take(place.combine_chunks())
        column = pc.if_else(concerned, new, decisions[name])
        decisions = decisions.set_column(decisions.schema.get_field_index(name), name, column)
    changed = pc.and_(concerned, pc.fill_null(pc.less(decisions["jaccard"], 1.0), False))
    level = pc.if_else(changed, "near", decisions["level"])
    level = pc.if_else(stays, pa.scalar(None, pa.string()), level)
    return decisions.set_column(decisions.schema.get_field_index("level"), "level", level)
