"""The first half of `trim`: from the texts of kept documents to the repeated units that go.

`keys` writes, for each part of `selected/` and each kind of unit, where the units stand, and one file with a record a
distinct key, a record batch a partition; `repeats` compares one partition's records of all parts and says which go.
"""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup.repeats import Groups, in_many, lost_first, summarise
from corpus.dedup.spans import Spans
from corpus.dedup.units import Kind, find_units
from corpus.shards import Part, open_part, read_batches, write_part
from pipelines.partitions import by_partition
from pipelines.recipe import Trim
from pipelines.stage import WORKINGS, checked
from pipelines.task import Task, TaskResult

UNITS = pa.schema(
    [
        ("document", pa.int64()),  # row in the part
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("group", pa.int32()),  # units with one key, numbered in the part
        ("is_first", pa.bool_()),  # in its group
    ]
)
KEYS = pa.schema(
    [
        ("key_0", pa.uint64()),
        ("key_1", pa.uint64()),
        ("order", pa.uint64()),
        ("num_documents", pa.int32()),
        ("group", pa.int32()),
    ]
)
GONE = pa.schema([("group", pa.int32())])  # a batch a part, in the order of their names
_ID_DIGITS = 12  # of 32, under 16 bits of priority: 48 bits decide nearly all


class Policy(NamedTuple):
    """Which occurrences of a repeated unit go: all but the first, or all where it stands in so many documents."""

    keeps_first: bool
    min_documents: int


def policies(options: Trim) -> dict[Kind, Policy]:
    """What is looked for, in the order in which it is told."""
    found: dict[Kind, Policy] = {}
    for kind, section in (("lines", options.lines), ("paragraphs", options.paragraphs)):
        if section.keep != "all":
            found[kind] = Policy(section.keep == "first", section.min_documents)
    if options.sentences:
        found["sentences"] = Policy(True, 2)
    return found


def document_order(batch: pa.RecordBatch, priority: Mapping[str, int]) -> np.ndarray:
    """Which document goes before which: by the priority of its source, then by id; never by arrival.

    Args:
        batch: with `id` (32 hex digits) and `source`.
        priority: source -> priority, the highest goes first.

    Returns:
        `[N]` uint64, different for all documents but for one pair in 10^14.
    """
    levels = sorted(set(priority.values()), reverse=True)
    level_of = pa.array([levels.index(value) for value in priority.values()], pa.uint64())
    level = level_of.take(pc.index_in(batch["source"], pa.array(list(priority)))).to_numpy()
    digits = "".join(pc.utf8_slice_codeunits(batch["id"], 0, 16).to_pylist())
    ids = np.frombuffer(bytes.fromhex(digits), ">u8").astype(np.uint64)
    return level << np.uint64(4 * _ID_DIGITS) | ids >> np.uint64(64 - 4 * _ID_DIGITS)


def keys(
    task: Task, folder: Path, *, selected: Path, options: Trim, partitions: int, priority: Mapping[str, int]
) -> TaskResult:
    """Units of one part, and their keys spread over the partitions by their value."""
    kinds = list(policies(options))
    found: dict[Kind, list[tuple[np.ndarray, ...]]] = {kind: [] for kind in kinds}
    start = num_bytes = 0
    for batch in read_batches(checked(selected, task.spec), ["id", "source", "text"]):
        order = document_order(batch, priority)
        for kind in kinds:
            spans, unit_keys = find_units(batch["text"], kind, options.sentences)
            found[kind].append((spans.document + start, spans.start, spans.end, unit_keys, order[spans.document]))
        start += batch.num_rows
        num_bytes += pc.sum(pc.binary_length(batch["text"]), min_count=0).as_py()
    parts = []
    for kind in kinds:
        empty = [np.zeros(0, np.int64)] * 3 + [np.zeros((0, 2), np.uint64), np.zeros(0, np.uint64)]
        document, begin, end, unit_keys, order = map(np.concatenate, zip(empty, *found[kind], strict=True))
        groups = summarise(unit_keys, document, order)
        parts += _write_groups(folder, f"{kind}/{task.name}", Spans(document, begin, end), groups, partitions)
    return TaskResult(task.name, parts, info={"kinds": kinds, "partitions": partitions, "bytes": num_bytes})


def _write_groups(folder: Path, name: str, spans: Spans, groups: Groups, partitions: int) -> list[Part]:
    units = pa.record_batch([*spans, groups.group, groups.is_first], schema=UNITS)
    order, bounds = by_partition(groups.keys[:, 0], partitions)
    columns = [groups.keys[order, 0], groups.keys[order, 1], groups.order[order], groups.num_documents[order]]
    rows = pa.record_batch([*columns, order.astype(np.int32)], schema=KEYS)
    batches = [rows.slice(low, high - low) for low, high in pairwise(bounds)]
    return [
        write_part(folder, f"{WORKINGS}/units/{name}.arrow", [units], UNITS, compression=None),
        write_part(folder, f"{WORKINGS}/keys/{name}.arrow", batches, KEYS, compression=None),
    ]


def repeats(task: Task, folder: Path, *, options: Trim) -> TaskResult:
    """Which groups of one kind and partition go, part by part: with their first unit, if it is not the first of all."""
    policy = policies(options)[task.spec["kind"]]
    batches = [open_part(folder / path).get_batch(task.spec["partition"]) for _, path, _ in task.spec["keys"]]
    records = pa.Table.from_batches(batches, KEYS)
    both = np.column_stack([records["key_0"].to_numpy(), records["key_1"].to_numpy()])
    if policy.keeps_first:
        gone = lost_first(both, records["order"].to_numpy())
    else:
        gone = in_many(both, records["num_documents"].to_numpy(), policy.min_documents)
    bounds = np.cumsum([0, *(batch.num_rows for batch in batches)])
    group = records["group"].to_numpy()
    rows = [pa.record_batch([group[low:high][gone[low:high]]], schema=GONE) for low, high in pairwise(bounds)]
    name = f"{WORKINGS}/gone/{task.name}.arrow"
    return TaskResult(
        task.name, [write_part(folder, name, rows, GONE, compression=None)], info={"kind": task.spec["kind"]}
    )
