"""The middle of `dedup`: from candidate edges to files of candidate groups.

One task. Memory: 8 bytes a document for its root, and about 60 for each that is a candidate of another. Beyond
`MOST_IN_MEMORY` documents the roots are found in files instead (`corpus.dedup.components_in_files`), a range of
documents at a time, with the same result.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from corpus.dedup import components, components_in_files
from corpus.shards import read_batches, read_table, write_part
from pipelines.stage import WORKINGS
from pipelines.task import Task, TaskResult

GROUPS = pa.schema([("component", pa.int64()), ("document", pa.int64())])
MOST_IN_MEMORY = 1 << 32  # 32 GiB of roots
_RANGE = 1 << 28  # documents
_AT_ONCE = 1 << 20  # documents, so that nothing as large as the roots stands beside them
_CHARS_A_TASK = 1 << 26  # of a `verify` task, unless one group is larger


def cluster(task: Task, folder: Path) -> TaskResult:
    """Connected components of all edges, cut into files of candidate groups of about equal text."""
    edges = (_edge_array(folder / path) for path, _ in task.spec["edges"])
    documents, component = _candidates(_roots(task.spec["num_documents"], edges, folder))
    chars = _num_chars(folder, task.spec["signed"], documents)
    order = np.lexsort((documents, component))
    documents, component, chars = documents[order], component[order], chars[order]
    parts = []
    for index, (low, high) in enumerate(_slices(component, chars)):
        batch = pa.record_batch([component[low:high], documents[low:high]], schema=GROUPS)
        name = f"{WORKINGS}/groups/{index:05d}.arrow"
        parts.append(write_part(folder, name, [batch], GROUPS, compression=None))
    return TaskResult(task.name, parts)


def _edge_array(path: Path) -> np.ndarray:
    table = read_table(path)
    return np.stack([table["first"].to_numpy(), table["second"].to_numpy()], axis=1)


def _roots(num_documents: int, edges: Iterable[np.ndarray], folder: Path) -> Iterator[np.ndarray]:
    """The roots of all documents, a range after the other."""
    if num_documents <= MOST_IN_MEMORY:
        yield components(num_documents, edges)
        return
    files = folder / WORKINGS / "components"
    shutil.rmtree(files, ignore_errors=True)  # of a task that was killed
    yield from components_in_files(num_documents, edges, files, min(_RANGE, MOST_IN_MEMORY))


def _candidates(roots: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The documents that are not alone, ascending, and the root of each."""
    first, documents, component = 0, [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for some in roots:
        for low in range(0, len(some), _AT_ONCE):
            block = some[low : low + _AT_ONCE]
            others = np.flatnonzero(block != np.arange(first, first + len(block)))
            documents.append(first + others)
            component.append(block[others])
            first += len(block)
    with_elders = np.concatenate([*documents, elders := np.unique(np.concatenate(component))])
    order = np.argsort(with_elders)
    return with_elders[order], np.concatenate([*component, elders])[order]


def _num_chars(folder: Path, signed: Sequence[tuple[str, int]], documents: np.ndarray) -> np.ndarray:
    """Characters of the given (ascending) documents, read one part at a time."""
    chars = np.zeros(len(documents), np.int32)
    for name, start in signed:
        for batch in read_batches(folder / WORKINGS / "signed" / f"{name}.arrow", ["num_chars"]):
            low, high = np.searchsorted(documents, [start, start + batch.num_rows])
            chars[low:high] = batch["num_chars"].to_numpy()[documents[low:high] - start]
            start += batch.num_rows
    return chars


def _slices(component: np.ndarray, chars: np.ndarray) -> Iterator[tuple[int, int]]:
    """Ranges of whole components with about `_CHARS_A_TASK` characters each; at least one range."""
    ends = np.append(np.flatnonzero(component[1:] != component[:-1]) + 1, len(component))
    low = 0
    total = np.concatenate([[0], np.cumsum(chars, dtype=np.int64)])
    for position, end in enumerate(ends):
        last = position == len(ends) - 1
        if last or total[end] - total[low] >= _CHARS_A_TASK:
            yield low, int(end)
            low = int(end)
