"""Candidate groups from edges: against sets merged in plain Python, and in files the same bytes as in memory."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from corpus.shards import read_table, write_part
from pipelines import dedup_cluster
from pipelines.dedup_keys import EDGES, SIGNED
from pipelines.stage import WORKINGS
from pipelines.task import Task

_NUM = 600


def _write_inputs(folder: Path) -> tuple[Task, list[tuple[int, int]]]:
    rng = np.random.default_rng(3)
    starts, files, pairs = [("a", 0), ("b", 250)], [], []
    for name, start in starts:
        rows = 250 if start == 0 else _NUM - 250
        columns = {field.name: pa.nulls(rows, field.type) for field in SIGNED}
        columns["num_chars"] = pa.array(rng.integers(1, 90, rows), pa.int32())
        batch = pa.record_batch([columns[field.name] for field in SIGNED], schema=SIGNED)
        batches = [batch.slice(at, 100) for at in range(0, rows, 100)]
        write_part(folder, f"{WORKINGS}/signed/{name}.arrow", batches, SIGNED, compression=None)
    for index in range(3):
        edges = rng.integers(0, _NUM, (70, 2))
        edges = np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1)
        batch = pa.record_batch([edges[:, 0], edges[:, 1]], schema=EDGES)
        part = write_part(folder, f"{WORKINGS}/edges/{index}.arrow", [batch], EDGES, compression=None)
        files.append((part.path, part.xxh3))
        pairs += edges.tolist()
    return Task("all", {"edges": files, "num_documents": _NUM, "signed": starts}), pairs


def _merged(pairs: list[tuple[int, int]]) -> set[frozenset[int]]:
    groups = {document: {document} for pair in pairs for document in pair}
    for first, second in pairs:
        union = groups[first] | groups[second]
        for document in union:
            groups[document] = union
    return {frozenset(group) for group in groups.values()}


def test_groups_are_the_connected_documents_and_no_group_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dedup_cluster, "_CHARS_A_TASK", 2000)
    monkeypatch.setattr(dedup_cluster, "_AT_ONCE", 70)
    task, pairs = _write_inputs(tmp_path)
    result = dedup_cluster.cluster(task, tmp_path)
    assert len(result.parts) > 3
    found: dict[int, set[int]] = {}
    for part in result.parts:
        table = read_table(tmp_path / part.path)
        assert not set(table["component"].to_pylist()) & set(found)
        for component, document in zip(table["component"].to_pylist(), table["document"].to_pylist(), strict=True):
            found.setdefault(component, set()).add(document)
    assert {frozenset(group) for group in found.values()} == _merged(pairs)
    assert all(min(group) == component for component, group in found.items())


def test_more_documents_than_memory_holds_give_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dedup_cluster, "_CHARS_A_TASK", 2000)
    before = dedup_cluster.cluster(_write_inputs(tmp_path / "memory")[0], tmp_path / "memory").parts
    monkeypatch.setattr(dedup_cluster, "MOST_IN_MEMORY", 64)
    monkeypatch.setattr(dedup_cluster, "components", None)
    assert dedup_cluster.cluster(_write_inputs(tmp_path / "files")[0], tmp_path / "files").parts == before


def test_no_edge_gives_one_empty_file(tmp_path: Path):
    task, _ = _write_inputs(tmp_path)
    result = dedup_cluster.cluster(Task("all", task.spec | {"edges": []}), tmp_path)
    assert [part.rows for part in result.parts] == [0]
