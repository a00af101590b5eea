"""The first half of `dedup`: from text to candidate edges.

`sign` writes, for each part of documents, what the later phases need of a document besides its text, and one key file
with a record batch a partition; `match` sorts one partition's keys of all parts.
"""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup import Bands, star_edges
from corpus.kernels.minhash import document_keys, permutations
from corpus.shards import open_part, read_batches, write_part
from pipelines.recipe import Dedup
from pipelines.stage import WORKINGS, checked
from pipelines.task import Task, TaskResult

SIGNED = pa.schema(
    [
        ("id", pa.string()),
        ("exact_0", pa.uint64()),
        ("exact_1", pa.uint64()),
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
) -> TaskResult:
    """Keys of one part: its bands and its exact key, spread over the partitions by their value."""
    a, b = permutations(bands.num * bands.rows, options.seed)
    signed, keys, rows = [], [], []
    start = task.spec["start"]
    columns = ["id", "source", "text", "quality", "num_chars"]
    for batch in read_batches(checked(documents, task.spec), columns):
        found, exact, _ = document_keys(batch["text"], options.shingle_tokens, a, b, bands.rows)
        keys.append(found.ravel())
        rows.append(np.repeat(np.arange(start, start + batch.num_rows), found.shape[1]))
        start += batch.num_rows
        ranks = pc.index_in(batch["source"], pa.array(list(priority)))
        priorities = pa.array(list(priority.values()), pa.int32()).take(ranks)
        signed.append(
            pa.record_batch(
                [batch["id"], exact[:, 0], exact[:, 1], priorities, batch["quality"], batch["num_chars"]],
                schema=SIGNED,
            )
        )
    all_keys = np.concatenate(keys) if keys else np.zeros(0, np.uint64)
    all_rows = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    return TaskResult(
        task.name,
        parts=[
            write_part(folder, f"{WORKINGS}/signed/{task.name}.arrow", signed, SIGNED, compression=None),
            write_part(
                folder,
                f"{WORKINGS}/keys/{task.name}.arrow",
                _by_partition(all_keys, all_rows, partitions),
                KEYS,
                compression=None,
            ),
        ],
        info={"partitions": partitions},
    )


def _by_partition(keys: np.ndarray, rows: np.ndarray, partitions: int) -> list[pa.RecordBatch]:
    partition = (keys >> np.uint64(32)) * np.uint64(partitions) >> np.uint64(32)
    order = np.argsort(partition, kind="stable")
    bounds = np.searchsorted(partition[order], np.arange(partitions + 1))
    keys, rows = keys[order], rows[order]
    return [pa.record_batch([keys[low:high], rows[low:high]], schema=KEYS) for low, high in pairwise(bounds)]


def match(task: Task, folder: Path) -> TaskResult:
    """Candidate edges of one partition."""
    batches = [open_part(folder / path).get_batch(task.spec["partition"]) for path, _ in task.spec["keys"]]
    keys = np.concatenate([batch["key"].to_numpy() for batch in batches])
    rows = np.concatenate([batch["document"].to_numpy() for batch in batches])
    edges = star_edges(keys, rows)
    batch = pa.record_batch([edges[:, 0], edges[:, 1]], schema=EDGES)
    return TaskResult(
        task.name,
        [write_part(folder, f"{WORKINGS}/edges/{task.name}.arrow", [batch], EDGES, compression=None)],
    )
