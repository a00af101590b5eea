"""The frame every stage stands in: shard references in, parts out, a manifest at the end.

A stage is a list of tasks and a Beam graph over them. Elements are tasks and their results, a few hundred bytes each;
documents stay in files. The manifest is written by the graph's last step, after the conservation check, so it is
written wherever the graph runs, and only if every task succeeded.
"""

import contextlib
import dataclasses
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam

from corpus.errors import RecipeError, ShardError, SikuError
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
from pipelines.final import final_folder, trimming
from pipelines.recipe import Runner
from pipelines.runner import num_workers, run_pipeline
from pipelines.task import Phase, Task, TaskResult, read_record

FOLDERS = {
    "download": "raw",
    "extract": "documents",
    "dedup": "duplicates",
    "select": "selected",
    "trim": "trimmed",  # where the recipe asks for it
    "tokenizer": "tokenizer",
    "tokenize": "tokens",
}
_log = logging.getLogger(__name__)
LEFTOVER = re.compile(re.escape(TEMPORARY) + r"\d+$")
WORKINGS = ".work"  # a stage's intermediate files: kept while it may have to restart, removed when it is done


@dataclass(frozen=True)
class StagePlan:
    """One stage of one run, ready to be skipped or run.

    Attributes:
        name: name of the stage; `folder` is where it writes.
        module: dotted name of the module whose code makes the output.
        options: the recipe values that make the output, as JSON.
        inputs: what the stage reads, as JSON that changes when the content does (`input_hashes`).
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
    inputs: dict[str, Any]
    graph: Callable[[beam.Pipeline, "StagePlan"], object] | None = None
    num_tasks: int = 0
    num_bytes: int = 0
    fresh: bool = True
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        return fingerprint.fingerprint(self.module, self.options, self.inputs)

    def phase(self, function: Callable[[Task, Path], TaskResult], name: str) -> Phase:
        """A step whose tasks read more than their specs name, so that any changed input runs them again."""
        return Phase(name, self.folder, self.fingerprint, function)

    def task_phase(self, function: Callable[[Task, Path], TaskResult]) -> Phase:
        """The phase that writes the stage's parts, of tasks whose specs name all they read."""
        return Phase("", self.folder, fingerprint.fingerprint(self.module, self.options, None), function)

    def with_tasks(self, tasks: list[Task], function: Callable[[Task, Path], TaskResult]) -> "StagePlan":
        """This stage as one function over tasks whose specs name all they read."""
        phase = self.task_phase(function)
        done = self.fresh and all(phase.is_done(task) for task in tasks)
        return dataclasses.replace(self, graph=simple_graph(tasks, phase), num_tasks=len(tasks), fresh=done)


def is_complete(plan: StagePlan) -> bool:
    """Whether the folder already holds this stage's output."""
    if not plan.fresh or not (plan.folder / FILE_NAME).is_file():
        return False
    try:
        manifest = load_manifest(plan.folder)
    except ShardError as error:  # of another version, or damaged: made anew
        _log.warning("%s", error)
        return False
    if manifest.fingerprint != plan.fingerprint or manifest.info.get("failed"):
        return False
    files = [(plan.folder / part.path, part.bytes) for part in manifest.files]
    return all(path.is_file() and path.stat().st_size == size for path, size in files)


def run_stage(plan: StagePlan, runner: Runner) -> Manifest:
    """Run the stage's graph and return its manifest.

    Raises:
        SikuError: what a task raised, without Beam's wrapping; or the folder holds files of somebody else.
    """
    assert plan.graph is not None, plan.name
    graph = plan.graph
    before = _recorded_files(plan.folder)
    _refuse_foreign(plan.folder)
    (plan.folder / ".tasks").mkdir(parents=True, exist_ok=True)
    (plan.folder / FILE_NAME).unlink(missing_ok=True)
    for path in plan.folder.rglob("*"):
        if LEFTOVER.search(path.name) or (path.suffix == ".error" and ".tasks" in path.parts):
            path.unlink()
    try:
        workers = num_workers(runner, plan.num_tasks, plan.num_bytes)
        run_pipeline(lambda pipeline: graph(pipeline, plan), runner, plan.name, workers)
    except Exception as error:
        if "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from None
        for path in sorted(plan.folder.rglob(".tasks/**/*.error")):
            raise SikuError(f"{plan.name}: {json.loads(path.read_bytes())['message']}") from error
        raise
    manifest = load_manifest(plan.folder)
    shutil.rmtree(plan.folder / WORKINGS, ignore_errors=True)
    for name in before - _files(manifest):
        (plan.folder / name).unlink(missing_ok=True)
    return manifest


def _files(manifest: Manifest) -> set[str]:
    return {part.path for part in manifest.files}


def _recorded_files(folder: Path) -> set[str]:
    """What earlier runs wrote here: only such files may be deleted when they are no longer part of the output."""
    files: set[str] = set()
    if (folder / FILE_NAME).is_file():
        with contextlib.suppress(ShardError):  # of another version: its files are overwritten or stay
            files |= _files(load_manifest(folder))
    for path in (folder / ".tasks").rglob("*.json"):
        record = read_record(path)
        if record is not None:
            files |= {part.path for part in record[1].files}
    return files


def _refuse_foreign(folder: Path) -> None:
    if not folder.is_dir() or (folder / ".tasks").is_dir() or (folder / FILE_NAME).is_file():
        return
    for path in sorted(folder.iterdir()):
        raise RecipeError(f"{folder} holds files that siku did not write ({path.name}, ...); give another --work")


def input_hashes(work: Path, *folders: str) -> dict[str, str]:
    """Folder -> hash of its manifest, which names every part and its hash.

    Raises:
        ShardError: a folder's stage has not finished.
    """
    for folder in folders:
        load_manifest(work / folder)
    return {folder: hash_file(work / folder / FILE_NAME) for folder in folders}


def current_stages(work: Path) -> dict[str, Manifest]:
    """The finished stages whose inputs are still what they were made from, in order.

    `trim` only if the last run's recipe asks for it with the options that it was made with, and what comes after it
    only if it was made from where the documents are now: what an earlier run left is not taken for this one's.
    """
    current: dict[str, Manifest] = {}
    trim = trimming(work)
    unread = {FOLDERS["trim"], FOLDERS["select"]} - {final_folder(trim)}
    for stage, folder in FOLDERS.items():
        if not (work / folder / FILE_NAME).is_file():
            continue
        manifest = load_manifest(work / folder)
        if stage == "trim" and not (trim.is_on and manifest.info.get("options") == trim.model_dump()):
            continue
        if stage in ("tokenizer", "tokenize") and unread & set(manifest.inputs):
            continue
        upstream = {name for name, other in FOLDERS.items() if other in manifest.inputs}
        if upstream <= set(current) and manifest.inputs == input_hashes(work, *manifest.inputs):
            current[stage] = manifest
    return current


def checked(folder: Path, spec: dict[str, Any]) -> Path:
    """The input part of a task, after hashing it.

    Raises:
        ShardError: it is not what its stage wrote.
    """
    path = folder / spec["part"]
    if not path.is_file():
        raise ShardError(f"{path} is missing; run the same command again to make it anew")
    if (found := hash_file(path)) != spec["xxh3"]:
        raise ShardError(
            f"{path} is damaged: xxh3 {found}, the manifest says {spec['xxh3']}; delete it and run the same command"
        )
    return path


# Task -> TaskResult
class RunTasks(beam.PTransform):
    """Spread tasks over the workers and run each, or find it done.

    Grouping by name is what `Reshuffle` does in more steps, each of which costs milliseconds to set up.
    """

    def __init__(self, phase: Phase) -> None:
        super().__init__()
        self._phase = phase

    def expand(self, input_or_inputs: Any) -> Any:
        return (
            input_or_inputs
            | "Name" >> beam.Map(_under_its_name).with_output_types(tuple[str, Task])
            | "Spread" >> beam.GroupByKey()
            | "Run" >> beam.FlatMap(_run_each, phase=self._phase).with_output_types(TaskResult)
        )


def _under_its_name(task: Task) -> tuple[str, Task]:
    return task.name, task


def _run_each(named: tuple[str, Iterable[Task]], phase: Phase) -> Iterator[TaskResult]:
    return map(phase.run, named[1])


# TaskResult -> list[TaskResult], once
class Gather(beam.PTransform):
    """All results of a phase in one list, ordered by task name; an empty list where there were no tasks."""

    def expand(self, input_or_inputs: Any) -> Any:
        results = input_or_inputs | "Key" >> beam.Map(_under_one_key).with_output_types(_Keyed)
        nothing = beam.Create([(0, None)], reshuffle=False).with_output_types(_Keyed)
        return (
            (results, input_or_inputs.pipeline | "Nothing" >> nothing)
            | "AtLeastOne" >> beam.Flatten()
            | "Group" >> beam.GroupByKey()
            | "Order" >> beam.Map(_in_order)
        )


_Keyed = tuple[int, TaskResult | None]


def _under_one_key(result: TaskResult) -> tuple[int, TaskResult]:
    return 0, result


def _in_order(pair: tuple[int, Iterable[TaskResult | None]]) -> list[TaskResult]:
    return sorted((result for result in pair[1] if result is not None), key=lambda result: result.name)


# list[TaskResult] -> Manifest
class WriteManifest(beam.PTransform):
    """Check that nothing was lost, then write the manifest.

    Args:
        order: task names in the order in which their parts stand in the manifest.
        info: goes into the manifest beside the plan's.
    """

    def __init__(self, plan: StagePlan, order: list[str], info: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._name, self._folder, self._fingerprint = plan.name, plan.folder, plan.fingerprint
        self._inputs = {name: value for name, value in plan.inputs.items() if name in FOLDERS.values()}
        self._info = plan.info | (info or {})
        self._order = order

    def expand(self, input_or_inputs: Any) -> Any:
        return input_or_inputs | "Write" >> beam.Map(self._write)

    def _write(self, results: list[TaskResult]) -> Manifest:
        by_name = {result.name: result for result in results}
        ordered = [by_name[name] for name in self._order]
        counts: dict[str, Counts] = add_counts(result.counts for result in ordered)
        check_conservation(counts, self._name)
        paths = [part.path for result in ordered for part in result.files]
        assert len(paths) == len(set(paths)), f"{self._name}: two tasks wrote the same part"
        manifest = Manifest(
            stage=self._name,
            fingerprint=self._fingerprint,
            parts=[part for result in ordered for part in result.parts],
            ledger=[part for result in ordered for part in result.ledger],
            extra=[part for result in ordered for part in result.extra],
            counts=counts,
            inputs=self._inputs,
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
            | "Tasks" >> beam.Create(tasks, reshuffle=False)
            | plan.name.capitalize() >> RunTasks(phase)
            | "Gather" >> Gather()
            | "Manifest" >> WriteManifest(plan, [task.name for task in tasks])
        )

    return graph
