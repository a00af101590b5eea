"""Stage 5, trimmed: repeated lines, paragraphs, sentences and substrings cut out of the documents that were kept.

    selected ─keys──> keys a partition ─repeats──> groups that go ─substrings──> spans ─cut──> parts
                      (part, kind)                 (partition, kind)             (some parts)  (one a part)

A run has it only where the recipe's `trim` asks for something. It stands behind `select`, so that near copies don't
make each other's lines repeated, and nothing is counted that is thrown away. Text is read once to make keys, and once
to cut; for substrings, once more between. Documents of which too little is left are dropped, and the ledger says what
was cut of every document.
"""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam

from corpus.shards import Part, load_manifest
from pipelines.recipe import Recipe, Trim
from pipelines.stage import Gather, RunTasks, StagePlan, WriteManifest, input_hashes
from pipelines.task import Task, TaskResult
from pipelines.trim_cut import cut_part, substrings
from pipelines.trim_keys import keys, repeats

_BYTES_A_PARTITION = 1 << 28  # of text: some 5 million lines of 50 bytes, 300 MiB a `repeats` task


def plan(recipe: Recipe, work: Path) -> StagePlan:
    """The graph of its phases over the parts of `selected/`."""
    selected = load_manifest(work / "selected")
    priority = {source.name: source.priority for source in recipe.sources}
    options = recipe.trim.model_dump()
    return StagePlan(
        "trim",
        work / "trimmed",
        __name__,
        options | {"priority": priority, "chinese_words": recipe.extract.chinese_words},
        input_hashes(work, "selected"),
        functools.partial(_graph, recipe=recipe, work=work),
        num_tasks=(3 if recipe.trim.substring_tokens else 2) * len(selected.parts),
        num_bytes=sum(part.bytes for part in selected.parts),
        info={"options": options},
    )


def _graph(pipeline: beam.Pipeline, plan: StagePlan, *, recipe: Recipe, work: Path) -> object:
    selected, options, priority = load_manifest(work / "selected"), recipe.trim, plan.options["priority"]
    text_bytes = sum(counts.kept_bytes for counts in selected.counts.values())
    partitions = max(1, -(-text_bytes // _BYTES_A_PARTITION))
    tasks = _part_tasks(selected.parts)
    reading: dict[str, Any] = {"selected": work / "selected", "options": options}
    finder = functools.partial(keys, **reading, partitions=partitions, priority=priority)
    searcher = functools.partial(substrings, **reading, priority=priority)
    cutter = functools.partial(cut_part, **reading, extracted=recipe.extract)
    found = (
        pipeline
        # Task: one part of selected
        | "Parts" >> beam.Create(tasks, reshuffle=False)
        | "Keys" >> RunTasks(plan.phase(finder, "keys"))
    )
    gone = (
        found
        # ((kind, partition), key file)
        | "KeyFiles" >> beam.FlatMap(_key_files).with_output_types(tuple[tuple[str, int], tuple[str, str, str]])
        | "ByPartition" >> beam.GroupByKey()
        | "RepeatsTask" >> beam.Map(_repeats_task)
        | "Repeats" >> RunTasks(plan.phase(functools.partial(repeats, options=options), "repeats"))
        # list of files of groups that go
        | "Gone" >> Gather()
    )
    sizes = found | "Sizes" >> Gather()
    searched = (
        gone
        | "SubstringTasks"
        >> beam.FlatMap(_substring_tasks, tasks=tasks, options=options, sizes=beam.pvalue.AsSingleton(sizes))
        | "Substrings" >> RunTasks(plan.phase(searcher, "substrings"))
        # list of files of spans
        | "Spans" >> Gather()
    )
    return (
        gone
        | "CutTasks" >> beam.FlatMap(_cut_tasks, tasks=tasks, searched=beam.pvalue.AsSingleton(searched))
        | "Cut" >> RunTasks(plan.phase(cutter, ""))
        | "Gather" >> Gather()
        | "Manifest" >> WriteManifest(plan, [task.name for task in tasks])
    )


def _part_tasks(parts: Iterable[Part]) -> list[Task]:
    """A task a part; `index` is its place by name, which does not depend on the order of the recipe's files."""
    names = {part.path.removesuffix(".arrow"): part for part in parts}
    index = {name: place for place, name in enumerate(sorted(names))}
    return [
        Task(name, {"name": name, "part": part.path, "xxh3": part.xxh3, "index": index[name]})
        for name, part in names.items()
    ]


def _key_files(result: TaskResult) -> Iterator[tuple[tuple[str, int], tuple[str, str, str]]]:
    for place, kind in enumerate(result.info["kinds"]):
        file = result.parts[2 * place + 1]
        for partition in range(result.info["partitions"]):
            yield (kind, partition), (result.name, file.path, file.xxh3)


def _repeats_task(pair: tuple[tuple[str, int], Iterable[tuple[str, str, str]]]) -> Task:
    (kind, partition), files = pair
    return Task(f"{kind}.{partition:05d}", {"kind": kind, "partition": partition, "keys": sorted(files)})


def _gone(results: Iterable[TaskResult]) -> dict[str, list[tuple[str, str]]]:
    files: dict[str, list[tuple[str, str]]] = {}
    for result in results:
        files.setdefault(result.info["kind"], []).append((result.parts[0].path, result.parts[0].xxh3))
    return files


def _substring_tasks(
    results: list[TaskResult], tasks: list[Task], options: Trim, sizes: list[TaskResult]
) -> Iterator[Task]:
    """Consecutive parts of at most `substring_group_bytes` of text before anything is cut, or one that has more."""
    if not options.substring_tokens:
        return
    gone, num_bytes = _gone(results), {result.name: result.info["bytes"] for result in sizes}
    group: list[dict[str, Any]] = []
    size = 0
    for task in sorted(tasks, key=lambda task: task.name):
        if group and size + num_bytes[task.name] > options.substring_group_bytes:
            yield Task(group[0]["name"], {"parts": group})
            group, size = [], 0
        group.append(task.spec | {"gone": gone})
        size += num_bytes[task.name]
    if group:
        yield Task(group[0]["name"], {"parts": group})


def _cut_tasks(results: list[TaskResult], tasks: list[Task], searched: list[TaskResult]) -> Iterator[Task]:
    gone = _gone(results)
    spans = {Path(part.path).stem: (part.path, part.xxh3) for result in searched for part in result.parts}
    for task in tasks:
        spec = task.spec | {"gone": gone}
        if task.name in spans:
            spec |= {"substrings": spans[task.name][0], "substrings_xxh3": spans[task.name][1]}
        yield Task(task.name, spec)
