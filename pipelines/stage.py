"""The frame every stage stands in: shard references in, parts out, a manifest at the end.

A stage is a list of tasks and a Beam graph over them. Elements are tasks and their results, a few hundred bytes each;
documents stay in files. The manifest is written by the graph's last step, after the conservation check, so it is
written wherever the graph runs, and only if every task succeeded.
"""

import dataclasses
import json
import logging
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam

from corpus.errors import SikuError
from corpus.shards import (
    Counts,
    Manifest,
    add_counts,
    check_conservation,
    hash_file,
    load_manifest,
    save_manifest,
)
from corpus.shards.manifest import FILE_NAME
from corpus.shards.write import TEMPORARY
from pipelines import fingerprint
from pipelines.recipe import Runner
from pipelines.runner import num_workers, run_pipeline
from pipelines.task import Phase, Task, TaskResult

_log = logging.getLogger(__name__)
WORKINGS = ".work"  # a stage's intermediate files: kept while it may have to restart, removed when it is done


@dataclass(frozen=True)
class StagePlan:
    """One stage of one run, ready to be skipped or run.

    Attributes:
        name: name of the stage; `folder` is where it writes.
        module: dotted name of the module whose code makes the output.
        options: the recipe values that make the output, as JSON.
        inputs: what the stage reads, as JSON that changes when the content does.
        graph: (pipeline, plan) -> the collection of written manifests; set by `with_tasks` for a plain stage.
        num_tasks: for the progress bar.
        num_bytes: of its input, to choose how many processes are worth starting.
        fresh: False where the plan knows that the inputs changed though `inputs` did not.
        info: goes into the manifest.
    """

    name: str
    folder: Path
    module: str
    options: Any
    inputs: Any
    graph: Callable[[beam.Pipeline, "StagePlan"], object] | None = None
    num_tasks: int = 0
    num_bytes: int = 0
    fresh: bool = True
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        return fingerprint.fingerprint(self.module, self.options, self.inputs)

    def phase(self, function: Callable[[Task, Path], TaskResult], name: str = "") -> Phase:
        """The phase that runs `function` over tasks of this stage."""
        return Phase(name, self.folder, self.fingerprint, function)

    def with_tasks(self, tasks: list[Task], function: Callable[[Task, Path], TaskResult]) -> "StagePlan":
        """This stage as one function over tasks."""
        phase = self.phase(function)
        return dataclasses.replace(self, graph=simple_graph(tasks, phase), num_tasks=len(tasks))


def is_complete(plan: StagePlan) -> bool:
    """Whether the folder already holds this stage's output."""
    if not plan.fresh or not (plan.folder / FILE_NAME).is_file():
        return False
    manifest = load_manifest(plan.folder)
    if manifest.fingerprint != plan.fingerprint or manifest.info.get("failed"):
        return False
    files = [(plan.folder / part.path, part.bytes) for part in manifest.parts + manifest.ledger]
    return all(path.is_file() and path.stat().st_size == size for path, size in files)


def run_stage(plan: StagePlan, runner: Runner) -> Manifest:
    """Run the stage's graph and return its manifest.

    Raises:
        SikuError: what a task raised, without Beam's wrapping.
    """
    assert plan.graph is not None, plan.name
    graph = plan.graph
    plan.folder.mkdir(parents=True, exist_ok=True)
    (plan.folder / FILE_NAME).unlink(missing_ok=True)
    _remove(path for path in plan.folder.rglob("*") if TEMPORARY in path.name or path.suffix == ".error")
    try:
        workers = num_workers(runner, plan.num_tasks, plan.num_bytes)
        run_pipeline(lambda pipeline: graph(pipeline, plan), runner, plan.name, workers)
    except Exception as error:
        for path in sorted(plan.folder.rglob(".tasks/**/*.error")):
            raise SikuError(f"{plan.name}: {json.loads(path.read_bytes())['message']}") from error
        raise
    manifest = load_manifest(plan.folder)
    shutil.rmtree(plan.folder / WORKINGS, ignore_errors=True)
    wanted = {part.path for part in manifest.parts + manifest.ledger}
    for path in plan.folder.rglob("*"):
        name = path.relative_to(plan.folder).as_posix()
        stale = path.is_file() and name not in wanted and name != FILE_NAME
        if stale and not name.startswith("."):
            path.unlink()
    return manifest


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_file():
            _log.info("removing %s, left by a run that was stopped", path)
            path.unlink(missing_ok=True)


def manifest_hash(folder: Path) -> str:
    """What the next stage's fingerprint holds of this folder: the manifest names every part and its hash."""
    return hash_file(folder / FILE_NAME)


# Task -> TaskResult
class RunTasks(beam.PTransform):
    """Spread tasks over the workers and run each, or find it done."""

    def __init__(self, phase: Phase) -> None:
        super().__init__()
        self._phase = phase

    def expand(self, input_or_inputs: Any) -> Any:
        return (
            input_or_inputs
            | "Spread" >> beam.Reshuffle()
            | "Run" >> beam.Map(self._phase.run).with_output_types(TaskResult)
        )


# TaskResult -> list[TaskResult], once
class Gather(beam.PTransform):
    """All results of a phase in one list, ordered by task name."""

    def expand(self, input_or_inputs: Any) -> Any:
        return (
            input_or_inputs
            | "Key" >> beam.Map(_under_one_key).with_output_types(tuple[int, TaskResult])
            | "Group" >> beam.GroupByKey()
            | "Order" >> beam.Map(_in_order)
        )


def _under_one_key(result: TaskResult) -> tuple[int, TaskResult]:
    return 0, result


def _in_order(pair: tuple[int, Iterable[TaskResult]]) -> list[TaskResult]:
    return sorted(pair[1], key=lambda result: result.name)


# list[TaskResult] -> Manifest
class WriteManifest(beam.PTransform):
    """Check that nothing was lost, then write the manifest.

    Args:
        order: task names in the order in which their parts stand in the manifest.
        totals: manifest fields that the tasks' own counts do not give.
    """

    def __init__(self, plan: StagePlan, order: list[str], info: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._name, self._folder, self._fingerprint = plan.name, plan.folder, plan.fingerprint
        self._info = plan.info | (info or {})
        self._order = order

    def expand(self, input_or_inputs: Any) -> Any:
        return input_or_inputs | "Write" >> beam.Map(self._write)

    def _write(self, results: list[TaskResult]) -> Manifest:
        by_name = {result.name: result for result in results}
        ordered = [by_name[name] for name in self._order]
        counts: dict[str, Counts] = add_counts(result.counts for result in ordered)
        check_conservation(counts, self._name)
        manifest = Manifest(
            stage=self._name,
            fingerprint=self._fingerprint,
            parts=[part for result in ordered for part in result.parts],
            ledger=[part for result in ordered for part in result.ledger],
            counts=counts,
            info=self._info | _merge_lists(result.info for result in ordered),
        )
        save_manifest(self._folder, manifest)
        return manifest


def _merge_lists(infos: Iterable[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for info in infos:
        for key, value in info.items():
            if isinstance(value, list):
                merged.setdefault(key, []).extend(value)
            elif isinstance(value, int):
                merged[key] = merged.get(key, 0) + value
            else:
                merged[key] = value
    return merged


def simple_graph(tasks: list[Task], phase: Phase) -> Callable[[beam.Pipeline, StagePlan], object]:
    """The graph of a stage with one task a part: create, run, gather, write."""

    def graph(pipeline: beam.Pipeline, plan: StagePlan) -> object:
        return (
            pipeline
            | "Tasks" >> beam.Create(tasks)
            | plan.name.capitalize() >> RunTasks(phase)
            | "Gather" >> Gather()
            | "Manifest" >> WriteManifest(plan, [task.name for task in tasks])
        )

    return graph
