"""The second half of `dedup`: from candidate groups to one decision a document."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup import joined_sets
from corpus.dedup.levels import Candidates, Decisions, decide_levels
from corpus.kernels.shingle import shingle_sets
from corpus.schema import DUPLICATES
from corpus.shards import Counts, read_table, write_part
from pipelines.compared import compared_at
from pipelines.dedup_against import Portion, earlier_sets
from pipelines.dedup_index import write_index, write_shingles
from pipelines.dedup_keys import SIGNED
from pipelines.keeper import keeper_rank
from pipelines.recipe import Dedup
from pipelines.stage import WORKINGS
from pipelines.task import Task, TaskResult

EVIDENCE = pa.schema([("document", pa.int64()), *((field.name, field.type) for field in DUPLICATES)])


def verify(task: Task, folder: Path, *, options: Dedup, portions: Sequence[Portion]) -> TaskResult:
    """Decide the groups of one file: by URL, and by the exact similarity of what is compared."""
    groups = read_table(folder / task.spec["groups"])
    numbers = groups["document"].to_numpy()
    order = np.argsort(numbers)
    numbers, component = numbers[order], groups["component"].to_numpy()[order]
    signed = _signed_rows(numbers, folder, portions)
    exact, url = (
        np.column_stack([signed[f"{name}_{half}"].to_numpy() for half in (0, 1)]) for name in ("exact", "url")
    )
    rank = keeper_rank(signed, ["content_0", "content_1", "id"])  # content before id
    is_earlier = numbers >= sum(portion.rows for portion in portions if not portion.is_earlier)
    was_read = np.zeros(len(numbers), np.bool_)

    def read(some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        was_read[some] = True
        return joined_sets(_sets(numbers[some], exact[some], portions, options.shingle_tokens))

    given = Candidates(component, rank, exact, signed["num_chars"].to_numpy(), url if options.url else None, is_earlier)
    found = decide_levels(given, read, options.threshold, options.measure)
    batch = _evidence(numbers, signed["id"].combine_chunks(), found, ~is_earlier)
    name = f"{WORKINGS}/evidence/{task.name}.arrow"
    part = write_part(folder, name, [batch], EVIDENCE, compression=None)
    texts_read = sum(
        int(was_read[at].sum()) for portion, _, at in _by_portion(numbers, portions) if portion.needs_texts
    )
    return TaskResult(task.name, [part], info={"earlier_texts_read": texts_read})


def _by_portion(numbers: np.ndarray, portions: Sequence[Portion]) -> Iterator[tuple[Portion, np.ndarray, slice]]:
    """The portions that documents with these (sorted) numbers stand in, their rows there, and which of them it is."""
    start = 0
    for portion in portions:
        low, high = np.searchsorted(numbers, [start, start + portion.rows])
        if low < high:
            yield portion, numbers[low:high] - start, slice(low, high)
        start += portion.rows


def _signed_rows(numbers: np.ndarray, folder: Path, portions: Sequence[Portion]) -> pa.Table:
    tables = [
        read_table(folder / WORKINGS / "signed" / f"{portion.name}.arrow").take(pa.array(rows))
        for portion, rows, _ in _by_portion(numbers, portions)
    ]
    return pa.concat_tables([SIGNED.empty_table(), *tables])


def _sets(
    numbers: np.ndarray, exact: np.ndarray, portions: Sequence[Portion], num_tokens: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The shingle sets of the documents with these (sorted) numbers, one batch at a time."""
    for portion, rows, chosen in _by_portion(numbers, portions):
        if portion.is_earlier:
            yield from earlier_sets(portion, rows, exact[chosen], num_tokens)
        else:
            for text in compared_at(portion.path, rows, portion.on_prompt):
                yield shingle_sets(text, num_tokens)


def _evidence(numbers: np.ndarray, ids: pa.Array, found: Decisions, is_new: np.ndarray) -> pa.RecordBatch:
    """One row a document of this run that was removed or that others were removed for."""
    removed = found.kept_for >= 0
    batch = pa.record_batch(
        [
            numbers,
            ids,
            ids.take(pa.array(found.kept_for, mask=~removed)),
            pa.array(found.level, pa.string()),
            pa.array(found.value, mask=np.isnan(found.value)),
            found.cluster_size,
        ],
        schema=EVIDENCE,
    )
    return batch.filter(pa.array(is_new & (removed | (found.cluster_size > 1))))


def evidence_of_part(
    task: Task, folder: Path, *, documents: Path, options: Dedup, on_prompt: Sequence[str]
) -> TaskResult:
    """Write the decisions for the documents of one part, and its index where one is wanted."""
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
    extra = [write_index(folder, task.name, start, pc.is_null(batch["kept_id"]))] if options.keep_index else []
    if options.keep_index == "shingles":
        path = documents / task.spec["part"]
        extra.append(write_shingles(folder, task.name, path, options.shingle_tokens, on_prompt))
    return TaskResult(task.name, [part], counts=_counts(own["source"], batch), info=task.spec["info"], extra=extra)


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
