"""Run a recipe: the stages in order, each skipped if its output is there already."""

import contextlib
import fcntl
import functools
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import xxhash
from rich.console import Console

from corpus.errors import RecipeError, SikuError
from corpus.shards import Manifest, load_manifest, write_json
from pipelines import dedup, download, extract, sample, select, tokenize, tokenizer, trim
from pipelines.fingerprint import code_hash
from pipelines.progress import stage_progress
from pipelines.recipe import STAGES, Recipe
from pipelines.stage import FOLDERS, LEFTOVER, StagePlan, is_complete, run_stage

_log = logging.getLogger(__name__)

_PLANS: dict[str, Callable[[Recipe, Path], StagePlan]] = {
    "extract": extract.plan,
    "dedup": dedup.plan,
    "select": select.plan,
    "trim": trim.plan,
    "tokenizer": tokenizer.plan,
    "tokenize": tokenize.plan,
}
assert tuple(FOLDERS) == STAGES


@dataclass(frozen=True)
class StageRun:
    """What became of a stage in this run."""

    name: str
    manifest: Manifest
    skipped: bool
    seconds: float


def run(recipe: Recipe, work: Path, console: Console, *, until: str = STAGES[-1]) -> list[StageRun]:
    """Run all stages up to `until`; those whose output is there already are skipped.

    Raises:
        SikuError: something the user can mend; nothing that is finished is lost.
    """
    check(recipe)
    done = []
    with locked(work), _sample(recipe, work) as sample_url:
        for path in work.iterdir():
            if LEFTOVER.search(path.name):  # of a run that was killed while it wrote there
                path.unlink()
        write_json(work / "recipe.json", resolved(recipe))
        for name in stages_of(recipe, until):
            plan = functools.partial(download.plan, sample_url=sample_url) if name == "download" else _PLANS[name]
            done.append(run_one_stage(plan(recipe, work), recipe, console))
            note_time(work / "timings.json", done[-1])
    return done


def stages_of(recipe: Recipe, until: str = STAGES[-1]) -> list[str]:
    """The stages that a run of the recipe has, up to `until`."""
    return [name for name in STAGES[: STAGES.index(until) + 1] if name != "trim" or recipe.trim.is_on]


def check(recipe: Recipe) -> None:
    """Refuse what is known to fail before anything starts: rules, models, earlier runs, tokenizer.

    Raises:
        SikuError: the first of them, with what to do.
    """
    select.check_options(recipe)
    extract.check_options(recipe.extract)
    dedup.check_options(recipe)
    tokenizer.check_tokenizer(recipe)


def run_one_stage(plan: StagePlan, recipe: Recipe, console: Console) -> StageRun:
    """Run a stage unless it is up to date, and say so on `console`."""
    start = time.perf_counter()
    if is_complete(plan):
        console.print(f"{plan.name:<10} up to date")
        return StageRun(plan.name, load_manifest(plan.folder), True, 0.0)
    with stage_progress(console, plan.name, plan.folder, plan.num_tasks):
        manifest = run_stage(plan, recipe.runner)
    seconds = time.perf_counter() - start
    total = sum(counts.read for counts in manifest.counts.values())
    unit = "files" if plan.name == "download" else "records"
    made = f"{total:,} {unit}" if total else f"{len(manifest.parts)} files"
    console.print(f"{plan.name:<10} {made} in {seconds:.1f} s", highlight=False)
    for failed in manifest.info.get("failed", []):
        console.print(f"unreadable {failed['file']}: {failed['reason']}", highlight=False, markup=False, style="yellow")
    return StageRun(plan.name, manifest, False, seconds)


def note_time(path: Path, stage: StageRun) -> None:
    """Seconds of the run that made each stage's output; apart from the manifests, which hold no time."""
    known = json.loads(path.read_bytes()) if path.is_file() else {}
    if not stage.skipped:
        write_json(path, known | {stage.name: round(stage.seconds, 3)})


def status(recipe: Recipe, work: Path) -> Iterator[tuple[str, str]]:
    """For --dry-run: (stage, what a run would do), as far as can be known without running.

    Raises:
        SikuError: what `run` would refuse before it starts.
    """
    check(recipe)
    stages = stages_of(recipe)
    for name in stages:
        try:
            plan = download.plan(recipe, work, "") if name == "download" else _PLANS[name](recipe, work)
        except SikuError:
            if name == "download":
                raise
            yield name, "runs after the stages before it"
            continue
        if is_complete(plan):
            yield name, "up to date"
        else:
            yield name, f"runs {plan.num_tasks} tasks"
            for later in stages[stages.index(name) + 1 :]:
                yield later, "runs after the stages before it"
            return


def resolved(recipe: Recipe) -> dict[str, object]:
    """The recipe with every default filled in, without what does not change the output, and its hash."""
    values = recipe.model_dump(exclude={"runner", "work"})
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return {"recipe": values, "hash": xxhash.xxh3_64_hexdigest(text.encode())}


@contextlib.contextmanager
def locked(work: Path) -> Iterator[None]:
    """One run a work folder. The lock goes with the process, so a killed run leaves none."""
    try:
        work.mkdir(parents=True, exist_ok=True)
        file = (work / ".lock").open("w")
    except OSError as error:
        raise RecipeError(
            f"the work folder {work} can't be written to ({error.strerror}); give another --work"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SikuError(f"another siku run is writing to {work}; wait for it or give another --work") from error
        yield


@contextlib.contextmanager
def _sample(recipe: Recipe, work: Path) -> Iterator[str]:
    """Generate the sample crawl if the recipe asks for it, and serve it while the run lasts."""
    if recipe.sample is None:
        yield ""
        return
    folder = work / "sample"
    wanted = recipe.sample.model_dump() | {"code": code_hash("pipelines.sample")}
    stamp = folder / "options.json"
    if not stamp.is_file() or json.loads(stamp.read_bytes()) != wanted:
        stamp.unlink(missing_ok=True)
        sample.generate(folder, seed=recipe.sample.seed, num_documents=recipe.sample.documents)
        write_json(stamp, wanted)
    with sample.serve(folder) as url:
        yield url.rstrip("/") + "/"
