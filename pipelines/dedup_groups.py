"""The second half of `dedup`: from candidate groups to one decision a document."""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup import Removals, joined_sets, verify_in_blocks
from corpus.kernels.shingle import shingle_sets
from corpus.schema import DUPLICATES
from corpus.shards import Counts, Part, read_table, write_part
from pipelines.dedup_keys import SIGNED
from pipelines.keeper import keeper_rank
from pipelines.recipe import Dedup
from pipelines.rows import texts_at
from pipelines.stage import WORKINGS
from pipelines.task import Task, TaskResult

EVIDENCE = pa.schema([("document", pa.int64()), *((field.name, field.type) for field in DUPLICATES)])


def verify(task: Task, folder: Path, *, documents: Path, options: Dedup, parts: Sequence[Part]) -> TaskResult:
    """Decide the groups of one file by the exact Jaccard of their texts."""
    groups = read_table(folder / task.spec["groups"])
    numbers = groups["document"].to_numpy()
    order = np.argsort(numbers)
    numbers, component = numbers[order], groups["component"].to_numpy()[order]
    signed = _signed_rows(numbers, folder, parts)
    exact = np.column_stack([signed["exact_0"].to_numpy(), signed["exact_1"].to_numpy()])
    rank = keeper_rank(signed, ["exact_0", "exact_1", "id"])  # content before id
    read = functools.partial(_sets, documents=documents, parts=parts, shingle_tokens=options.shingle_tokens)
    removals = verify_in_blocks(
        component, rank, exact, signed["num_chars"].to_numpy(), lambda some: read(numbers[some]), options.threshold
    )
    batch = _evidence(numbers, signed["id"].combine_chunks(), exact, removals)
    name = f"{WORKINGS}/evidence/{task.name}.arrow"
    return TaskResult(task.name, [write_part(folder, name, [batch], EVIDENCE, compression=None)])


def _by_part(numbers: np.ndarray, parts: Sequence[Part]) -> Iterator[tuple[Part, np.ndarray]]:
    """The parts that documents with these (sorted) numbers stand in, with their rows there."""
    start = 0
    for part in parts:
        low, high = np.searchsorted(numbers, [start, start + part.rows])
        if low < high:
            yield part, numbers[low:high] - start
        start += part.rows


def _signed_rows(numbers: np.ndarray, folder: Path, parts: Sequence[Part]) -> pa.Table:
    tables = [
        read_table(folder / WORKINGS / "signed" / part.path).take(pa.array(rows))
        for part, rows in _by_part(numbers, parts)
    ]
    return pa.concat_tables([SIGNED.empty_table(), *tables])


def _sets(
    numbers: np.ndarray, documents: Path, parts: Sequence[Part], shingle_tokens: int
) -> tuple[np.ndarray, np.ndarray]:
    """Shingle sets of the documents with these (sorted) numbers, one batch of text at a time."""
    texts = (text for part, rows in _by_part(numbers, parts) for text in texts_at(documents / part.path, rows))
    return joined_sets(shingle_sets(text, shingle_tokens) for text in texts)


def _evidence(numbers: np.ndarray, ids: pa.Array, exact: np.ndarray, removals: Removals) -> pa.RecordBatch:
    """One row a document that was removed or that others were removed for."""
    kept_for = np.full(len(numbers), -1, np.int64)
    kept_for[removals.removed] = removals.kept
    jaccard = np.zeros(len(numbers), np.float64)
    jaccard[removals.removed] = removals.jaccard
    removed = kept_for >= 0
    same = removed & (exact == exact[kept_for]).all(axis=1)
    stays = pa.array(~removed)
    level = pc.if_else(stays, None, pc.if_else(pa.array(same), "exact", "near"))
    batch = pa.record_batch(
        [
            numbers,
            ids,
            ids.take(pa.array(kept_for, mask=~removed)),
            level.cast(pa.string()),
            pa.array(jaccard, mask=~removed),
            removals.cluster_size,
        ],
        schema=EVIDENCE,
    )
    return batch.filter(pa.array(removed | (removals.cluster_size > 1)))


def evidence_of_part(task: Task, folder: Path, *, documents: Path) -> TaskResult:
    """Write the decisions for the documents of one part."""
    start, rows = task.spec["start"], task.spec["rows"]
    tables = []
    for path, _ in task.spec["evidence"]:
        table = read_table(folder / path)
        low, high = np.searchsorted(table["document"].to_numpy(), [start, start + rows])
        tables.append(table.slice(low, high - low))
    evidence = pa.concat_tables(tables)
    own = read_table(documents / task.spec["part"], ["id", "source"])
    index = np.full(rows, -1, np.int64)
    index[evidence["document"].to_numpy() - start] = np.arange(evidence.num_rows)
    take = pa.array(index, mask=index < 0)
    columns = {name: evidence[name].combine_chunks().take(take) for name in ("kept_id", "level", "jaccard")}
    columns["id"] = own["id"].combine_chunks()
    columns["cluster_size"] = pc.fill_null(evidence["cluster_size"].combine_chunks().take(take), 1)
    batch = pa.record_batch([columns[name] for name in DUPLICATES.names], schema=DUPLICATES)
    found = evidence["id"].combine_chunks().take(take)
    assert pc.all(pc.equal(pc.coalesce(found, batch["id"]), batch["id"]), min_count=0).as_py(), task.name
    part = write_part(folder, task.spec["part"], batch_rows(batch), DUPLICATES)
    return TaskResult(task.name, [part], counts=_counts(own["source"], batch))


def batch_rows(batch: pa.RecordBatch, size: int = 4096) -> list[pa.RecordBatch]:
    """Cut a batch into the usual size."""
    return [batch.slice(at, size) for at in range(0, batch.num_rows, size)]


def _counts(sources: pa.ChunkedArray, batch: pa.RecordBatch) -> dict[str, Counts]:
    table = pa.table({"source": sources, "level": batch["level"]}).group_by(["source", "level"])
    counts: dict[str, Counts] = {}
    for row in table.aggregate([([], "count_all")]).to_pylist():
        found = counts.setdefault(row["source"], Counts())
        found.read += row["count_all"]
        if row["level"] is None:
            found.kept += row["count_all"]
        else:
            found.dropped += row["count_all"]
            found.reasons[f"duplicate_{row['level']}"] = row["count_all"]
    return counts
