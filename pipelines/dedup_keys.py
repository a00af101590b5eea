"""The first half of `dedup`: from text to candidate edges.

`sign` writes, for each part of documents, what the later phases need of a document besides its text, and one key file
with a record batch a partition; `match` sorts one partition's keys of all parts. A document's keys are its bands', the
first half of its exact key and, where the recipe asks for that level, of its URL's: all documents that may have to do
with each other come into one group.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup import Bands, star_edges
from corpus.dedup.urls import url_keys
from corpus.kernels.minhash import document_keys, permutations
from corpus.shards import Part, open_part, read_batches, write_part
from pipelines.compared import columns_compared, compared
from pipelines.keeper import content_keys
from pipelines.partitions import by_partition
from pipelines.recipe import Dedup
from pipelines.stage import WORKINGS, checked
from pipelines.task import Task, TaskResult

SIGNED = pa.schema(
    [
        ("id", pa.string()),
        ("exact_0", pa.uint64()),  # of what is compared
        ("exact_1", pa.uint64()),
        ("content_0", pa.uint64()),  # of the whole text, byte by byte
        ("content_1", pa.uint64()),
        ("url_0", pa.uint64()),  # both halves 0: none, or of no account
        ("url_1", pa.uint64()),
        ("priority", pa.int32()),
        ("quality", pa.float32()),
        ("num_chars", pa.int32()),
    ]
)
KEYS = pa.schema([("key", pa.uint64()), ("document", pa.int64())])
EDGES = pa.schema([("first", pa.int64()), ("second", pa.int64())])


def sign(
    task: Task,
    folder: Path,
    *,
    documents: Path,
    options: Dedup,
    bands: Bands,
    partitions: int,
    priority: Mapping[str, int],
    on_prompt: Sequence[str],
) -> TaskResult:
    """Keys of one part: its bands', its exact one and its URL's, spread over the partitions by their value."""
    a, b = permutations(bands.num * bands.rows, options.seed)
    signed, keys, rows = [], [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    start = task.spec["start"]
    columns = {"id", "source", "quality", "num_chars", *columns_compared(on_prompt), *(["url"] if options.url else [])}
    for batch in read_batches(checked(documents, task.spec), sorted(columns)):
        text = compared(batch, on_prompt)
        found, exact, _ = document_keys(text, options.shingle_tokens, a, b, bands.rows)
        content = content_keys(batch["text"])
        url = url_keys(batch["url"]) if options.url else np.zeros((batch.num_rows, 2), np.uint64)
        numbers = np.arange(start, start + batch.num_rows)
        keys += [found.ravel(), url[url.any(axis=1), 0]]
        rows += [np.repeat(numbers, found.shape[1]), numbers[url.any(axis=1)]]
        start += batch.num_rows
        ranks = pc.index_in(batch["source"], pa.array(list(priority)))
        priorities = pa.array(list(priority.values()), pa.int32()).take(ranks)
        halves = [pa.array(column) for both in (exact, content, url) for column in np.ascontiguousarray(both.T)]
        values = [batch["id"], *halves, priorities, batch["quality"], batch["num_chars"]]
        signed.append(pa.record_batch(values, schema=SIGNED))
    return written(task.name, folder, signed, np.concatenate(keys), np.concatenate(rows), partitions)


def written(
    name: str, folder: Path, signed: Sequence[pa.RecordBatch], keys: np.ndarray, rows: np.ndarray, partitions: int
) -> TaskResult:
    """What `sign` leaves of one part.

    Args:
        keys, rows: `[K]` keys, and the number of the document that each is of.
    """
    order, bounds = by_partition(keys, partitions)
    keys, rows = keys[order], rows[order]
    batches = [pa.record_batch([keys[low:high], rows[low:high]], schema=KEYS) for low, high in pairwise(bounds)]
    parts: list[Part] = [
        write_part(folder, f"{WORKINGS}/signed/{name}.arrow", signed, SIGNED, compression=None),
        write_part(folder, f"{WORKINGS}/keys/{name}.arrow", batches, KEYS, compression=None),
    ]
    return TaskResult(name, parts, info={"partitions": partitions})


def _among(keys: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Which keys are among some (sorted) ones, `[K]` bool; `np.isin` needs several times the memory."""
    if not len(some):
        return np.zeros(len(keys), np.bool_)
    return some[np.minimum(np.searchsorted(some, keys), len(some) - 1)] == keys


def match(task: Task, folder: Path) -> TaskResult:
    """Candidate edges of one partition. Keys that only documents of earlier runs have tie nothing."""
    batches = [open_part(folder / path).get_batch(task.spec["partition"]) for path, _ in task.spec["keys"]]
    keys = np.concatenate([batch["key"].to_numpy() for batch in batches])
    rows = np.concatenate([batch["document"].to_numpy() for batch in batches])
    is_new = rows < task.spec["num_new"]
    if not is_new.all():
        matters = _among(keys, np.unique(keys[is_new]))
        keys, rows = keys[matters], rows[matters]
    edges = star_edges(keys, rows)
    batch = pa.record_batch([edges[:, 0], edges[:, 1]], schema=EDGES)
    return TaskResult(
        task.name,
        [write_part(folder, f"{WORKINGS}/edges/{task.name}.arrow", [batch], EDGES, compression=None)],
    )
