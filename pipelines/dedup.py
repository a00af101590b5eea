"""Stage 3, duplicates: one decision and its evidence a document, row by row beside the documents.

    documents ─sign──> keys a partition ─match──> edges ─cluster──> candidate groups ─verify──> evidence ─write──> parts
    earlier index ──┘  (partition, file)                         (URL, exact Jaccard)          (one row a document)

Documents are numbered densely by their place in the manifest, behind them those of earlier runs (`dedup.against`). Text
is read twice, by `sign` and, for candidates only, by `verify`; everything in between is numbers in files under
`duplicates/.work`.
"""

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam

from corpus.shards import load_manifest
from pipelines.compared import sources_on_prompt
from pipelines.dedup_against import Earlier, Portion, earlier_portions, earlier_tasks, load_earlier, sign_earlier
from pipelines.dedup_cluster import cluster
from pipelines.dedup_groups import evidence_of_part, verify
from pipelines.dedup_index import index_info
from pipelines.dedup_keys import match, sign
from pipelines.recipe import Recipe
from pipelines.stage import Gather, RunTasks, StagePlan, WriteManifest, input_hashes
from pipelines.task import Task, TaskResult

_KEYS_A_PARTITION = 1 << 25  # 16 bytes each and as much again to sort: about 1 GiB a `match` task
_LEAST_PARTITIONS = 8


def check_options(recipe: Recipe) -> None:
    """Refuse earlier runs that this one can't be held against, before anything starts.

    Raises:
        RecipeError: naming the run and what to do.
    """
    load_earlier(recipe.dedup)


def plan(recipe: Recipe, work: Path) -> StagePlan:
    """The graph of five phases over the parts of `documents/`."""
    documents, on_prompt = work / "documents", sources_on_prompt(recipe)
    priority = {source.name: source.priority for source in recipe.sources}
    options = recipe.dedup.model_dump(exclude={"against"}) | {"priority": priority, "on_prompt": on_prompt}
    parts, runs = load_manifest(documents).parts, load_earlier(recipe.dedup, work)
    return StagePlan(
        "dedup",
        work / "duplicates",
        __name__,
        options,
        input_hashes(work, "documents") | ({"against": [run.hashes for run in runs]} if runs else {}),
        functools.partial(_graph, recipe=recipe, documents=documents, runs=runs),
        num_tasks=2 * len(parts),
        num_bytes=sum(part.bytes for part in parts),
        info=index_info(recipe.dedup, on_prompt),
    )


def _graph(
    pipeline: beam.Pipeline, plan: StagePlan, *, recipe: Recipe, documents: Path, runs: Sequence[Earlier]
) -> object:
    parts = load_manifest(documents).parts
    options, on_prompt = recipe.dedup, plan.options["on_prompt"]
    bands = options.bands()
    tasks = _part_tasks(parts)
    portions = [Portion(task.name, documents / task.spec["part"], task.spec["rows"], on_prompt) for task in tasks]
    num_new = sum(portion.rows for portion in portions)
    portions += earlier_portions(runs)
    num_documents = sum(portion.rows for portion in portions)
    num_keys = num_documents * (bands.num + 1 + options.url)  # the exact one, that of the URL
    partitions = max(_LEAST_PARTITIONS, -(-num_keys // _KEYS_A_PARTITION))
    signer = functools.partial(
        sign,
        documents=documents,
        options=options,
        bands=bands,
        partitions=partitions,
        priority=plan.options["priority"],
        on_prompt=on_prompt,
    )
    indexed = functools.partial(sign_earlier, with_url=options.url, partitions=partitions)
    verifier = functools.partial(verify, options=options, portions=portions)
    writer = functools.partial(evidence_of_part, documents=documents, options=options, on_prompt=on_prompt)
    # Task: one part of documents
    new = pipeline | "Parts" >> beam.Create(tasks, reshuffle=False) | "Sign" >> RunTasks(plan.phase(signer, "sign"))
    # Task: one part of an earlier run's index
    earlier = (
        pipeline
        | "EarlierParts" >> beam.Create(earlier_tasks(runs, num_new), reshuffle=False)
        | "SignEarlier" >> RunTasks(plan.phase(indexed, "earlier"))
    )
    return (
        (new, earlier)
        | "Signed" >> beam.Flatten()
        # (partition, key file)
        | "KeyFiles" >> beam.FlatMap(_key_files).with_output_types(tuple[int, tuple[str, str]])
        | "ByPartition" >> beam.GroupByKey()
        | "MatchTask" >> beam.Map(_match_task, num_new=num_new)
        | "Match" >> RunTasks(plan.phase(match, "match"))
        # list of edge files
        | "Edges" >> Gather()
        | "ClusterTask" >> beam.Map(_cluster_task, num_documents=num_documents, signed=_signed(portions))
        | "Cluster" >> RunTasks(plan.phase(cluster, "cluster"))
        # Task: some candidate groups
        | "VerifyTasks" >> beam.FlatMap(_verify_tasks)
        | "Verify" >> RunTasks(plan.phase(verifier, "verify"))
        # list of evidence files
        | "Evidence" >> Gather()
        | "WriteTasks" >> beam.FlatMap(_write_tasks, tasks=tasks, has_earlier=bool(runs))
        | "Decide" >> RunTasks(plan.phase(writer, "write"))
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


def _signed(portions: Iterable[Portion]) -> list[tuple[str, int]]:
    """The name of each portion and the number of its first document."""
    signed, start = [], 0
    for portion in portions:
        signed.append((portion.name, start))
        start += portion.rows
    return signed


def _key_files(result: TaskResult) -> Iterable[tuple[int, tuple[str, str]]]:
    keys = result.parts[1]
    for partition in range(result.info["partitions"]):
        yield partition, (keys.path, keys.xxh3)


def _match_task(pair: tuple[int, Iterable[tuple[str, str]]], num_new: int) -> Task:
    partition, files = pair
    return Task(f"{partition:05d}", {"partition": partition, "keys": sorted(files), "num_new": num_new})


def _cluster_task(results: list[TaskResult], num_documents: int, signed: list[tuple[str, int]]) -> Task:
    edges = [(part.path, part.xxh3) for result in results for part in result.parts]
    return Task("all", {"edges": edges, "num_documents": num_documents, "signed": signed})


def _verify_tasks(result: TaskResult) -> Iterable[Task]:
    for index, part in enumerate(result.parts):
        yield Task(f"{index:05d}", {"groups": part.path, "xxh3": part.xxh3})


def _write_tasks(results: list[TaskResult], tasks: list[Task], has_earlier: bool) -> Iterable[Task]:
    """A task a part; what `verify` has to say for the manifest goes with the first."""
    evidence = [(result.parts[0].path, result.parts[0].xxh3) for result in results]
    num_read = sum(result.info["earlier_texts_read"] for result in results)
    info = {"earlier_texts_read": num_read} if has_earlier else {}
    for task in tasks:
        yield Task(task.name, task.spec | {"evidence": evidence, "info": info if task is tasks[0] else {}})
