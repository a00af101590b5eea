"""Stage 3, duplicates: one decision and its evidence a document, row by row beside the documents.

    documents ─sign──> keys a partition ─match──> edges ─cluster──> candidate groups ─verify──> evidence ─write──> parts
                       (partition, file)                            (exact Jaccard)             (one row a document)

Documents are numbered densely by their place in the manifest. Text is read twice, by `sign` and, for candidates only,
by `verify`; everything in between is numbers in files under `duplicates/.work`.
"""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import apache_beam as beam

from corpus.dedup import choose_bands
from corpus.shards import load_manifest
from pipelines.dedup_cluster import cluster
from pipelines.dedup_groups import evidence_of_part, verify
from pipelines.dedup_keys import match, sign
from pipelines.recipe import Recipe
from pipelines.stage import Gather, RunTasks, StagePlan, WriteManifest, input_hashes
from pipelines.task import Task, TaskResult

_KEYS_A_PARTITION = 1 << 25  # 16 bytes each and as much again to sort: about 1 GiB a `match` task
_LEAST_PARTITIONS = 8


def plan(recipe: Recipe, work: Path) -> StagePlan:
    """The graph of five phases over the parts of `documents/`."""
    documents = work / "documents"
    priority = {source.name: source.priority for source in recipe.sources}
    options = recipe.dedup.model_dump() | {"priority": priority}
    parts = load_manifest(documents).parts
    return StagePlan(
        "dedup",
        work / "duplicates",
        __name__,
        options,
        input_hashes(work, "documents"),
        functools.partial(_graph, recipe=recipe, documents=documents),
        num_tasks=2 * len(parts),
        num_bytes=sum(part.bytes for part in parts),
    )


def _graph(pipeline: beam.Pipeline, plan: StagePlan, *, recipe: Recipe, documents: Path) -> object:
    parts = load_manifest(documents).parts
    options = recipe.dedup
    bands = choose_bands(options.threshold, options.recall, options.rows_per_band)
    num_documents = sum(part.rows for part in parts)
    partitions = max(_LEAST_PARTITIONS, -(-num_documents * bands.num // _KEYS_A_PARTITION))
    tasks = _part_tasks(parts)
    starts = {task.name: task.spec["start"] for task in tasks}
    verifier = functools.partial(verify, documents=documents, options=options, parts=tuple(parts))
    signer = functools.partial(
        sign,
        documents=documents,
        options=options,
        bands=bands,
        partitions=partitions,
        priority=plan.options["priority"],
    )
    return (
        pipeline
        # Task: one part of documents
        | "Parts" >> beam.Create(tasks)
        | "Sign" >> RunTasks(plan.phase(signer, "sign"))
        # (partition, key file)
        | "KeyFiles" >> beam.FlatMap(_key_files).with_output_types(tuple[int, tuple[str, str]])
        | "ByPartition" >> beam.GroupByKey()
        | "MatchTask" >> beam.Map(_match_task)
        | "Match" >> RunTasks(plan.phase(match, "match"))
        # list of edge files
        | "Edges" >> Gather()
        | "ClusterTask" >> beam.Map(_cluster_task, num_documents=num_documents, signed=_signed(starts))
        | "Cluster" >> RunTasks(plan.phase(cluster, "cluster"))
        # Task: some candidate groups
        | "VerifyTasks" >> beam.FlatMap(_verify_tasks)
        | "Verify" >> RunTasks(plan.phase(verifier, "verify"))
        # list of evidence files
        | "Evidence" >> Gather()
        | "WriteTasks" >> beam.FlatMap(_write_tasks, tasks=tasks)
        | "Decide" >> RunTasks(plan.phase(functools.partial(evidence_of_part, documents=documents), "write"))
        | "Gather" >> Gather()
        | "Manifest" >> WriteManifest(plan, [task.name for task in tasks])
    )


def _part_tasks(parts: Iterable[Any]) -> list[Task]:
    tasks, start = [], 0
    for part in parts:
        name = part.path.removesuffix(".arrow")
        tasks.append(Task(name, {"part": part.path, "xxh3": part.xxh3, "start": start, "rows": part.rows}))
        start += part.rows
    return tasks


def _signed(starts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(((name, start) for name, start in starts.items()), key=lambda item: item[1])


def _key_files(result: TaskResult) -> Iterable[tuple[int, tuple[str, str]]]:
    keys = result.parts[1]
    for partition in range(result.info["partitions"]):
        yield partition, (keys.path, keys.xxh3)


def _match_task(pair: tuple[int, Iterable[tuple[str, str]]]) -> Task:
    partition, files = pair
    return Task(f"{partition:05d}", {"partition": partition, "keys": sorted(files)})


def _cluster_task(results: list[TaskResult], num_documents: int, signed: list[tuple[str, int]]) -> Task:
    edges = [(part.path, part.xxh3) for result in results for part in result.parts]
    return Task("all", {"edges": edges, "num_documents": num_documents, "signed": signed})


def _verify_tasks(result: TaskResult) -> Iterable[Task]:
    for index, part in enumerate(result.parts):
        yield Task(f"{index:05d}", {"groups": part.path, "xxh3": part.xxh3})


def _write_tasks(results: list[TaskResult], tasks: list[Task]) -> Iterable[Task]:
    evidence = [(result.parts[0].path, result.parts[0].xxh3) for result in results]
    for task in tasks:
        yield Task(task.name, task.spec | {"evidence": evidence})
