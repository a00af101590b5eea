"""`siku select`: other thresholds for a run that is there already, recomputing no signal.

The recipe of the run stands in WORK/recipe.json. With the changed values laid over it only `select` runs, on the
documents and duplicates that are there. `--dry-run` counts without writing to WORK: it reads the columns of numbers and
the texts of duplicate groups whose keeper changes, so it costs seconds where the run took hours, and its numbers are
those of the real thing, promoted duplicates included. Decontamination and blocklists, where they are on, read every
text or URL again.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from corpus.errors import RecipeError
from corpus.shards import Counts, add_counts, count_outcomes, load_manifest, read_table, write_json
from pipelines import funnel, run, select
from pipelines.promote import promote, with_promoted
from pipelines.recipe import Recipe
from pipelines.recipe_file import make_recipe
from pipelines.stage import current_stages
from pipelines.task import Task


def reselect(work: Path, overrides: Sequence[str], console: Console, *, dry_run: bool = False) -> dict[str, Counts]:
    """Select again with changed values and print what that changes; in place, or with `dry_run` only counted.

    Args:
        overrides: as for `--set`; of `select`, a source's `rules`, or `runner`. `select.thresholds.SET.RULE=VALUE`
            sets one threshold and leaves the others.

    Returns:
        The counts of the new selection by source.

    Raises:
        RecipeError: there is no run at `work`, an override is wrong, or it changes more than the selection.
    """
    recipe = stored_recipe(work, overrides)
    _refuse_other_changes(stored_recipe(work), recipe)
    select.check_options(recipe)
    current = current_stages(work)
    for stage in ("extract", "dedup"):
        if stage not in current:
            raise RecipeError(f"{work} has no finished {stage}; finish the run first: siku run RECIPE --work {work}")
    before = current["select"].counts if "select" in current else {}
    if dry_run:
        after = _count(recipe, work)
    else:
        after = _select(recipe, work, console)
    console.print(_by_source(before, after))
    console.print(_by_reason(before, after))
    if not dry_run and set(current) - set(current_stages(work)):
        console.print("what was made of the earlier selection is stale now; `siku run` with these values makes it anew")
    return after


def stored_recipe(work: Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe that made `work`, with `overrides` laid over it.

    Raises:
        RecipeError: there is none, or it does not validate.
    """
    path = work / "recipe.json"
    if not path.is_file():
        raise RecipeError(f"{path} does not exist; give the work folder of a run")
    try:
        values = json.loads(path.read_bytes())["recipe"]
    except (ValueError, KeyError, TypeError) as error:
        raise RecipeError(f"{path} is no stored recipe ({error}); run the same command again") from error
    return make_recipe(values, list(overrides), str(path))


def _refuse_other_changes(old: Recipe, new: Recipe) -> None:
    """Only what `select` applies may change: all else would need signals or duplicates made anew."""
    first, second = old.model_dump(exclude={"runner", "work"}), new.model_dump(exclude={"runner", "work"})
    for values in (first, second):
        del values["select"]
        for source in values["sources"]:
            del source["rules"]
    for key, value in first.items():
        if second[key] != value:
            raise RecipeError(
                f"--set changes {key!r}, which is applied before `select`; allowed here are select.*, "
                f"sources.N.rules and runner.*. For {key!r}: siku run RECIPE --set ..."
            )


def _select(recipe: Recipe, work: Path, console: Console) -> dict[str, Counts]:
    with run.locked(work):
        write_json(work / "recipe.json", run.resolved(recipe))
        stage = run.run_one_stage(select.plan(recipe, work), recipe, console)
        run.note_time(work / "timings.json", stage)
    return stage.manifest.counts


def _count(recipe: Recipe, work: Path) -> dict[str, Counts]:
    """The counts that `select` would write, with every group whose keeper changes verified as it would be."""
    plan = select.plan(recipe, work)
    criteria = select.criteria_of(recipe, work)
    duplicates = {part.path: part.xxh3 for part in load_manifest(work / "duplicates").parts}
    common = {"bounds": criteria.bounds}
    tasks = [
        Task(path.removesuffix(".arrow"), {"part": path, "xxh3": part.xxh3, "duplicates": duplicates[path]} | common)
        for part in load_manifest(work / "documents").parts
        for path in [part.path]
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        judged = [select.judge(task, folder, work=work, criteria=criteria) for task in tasks]
        priority, options = plan.options["priority"], plan.options["dedup"]
        documents = work / "documents"
        found = promote(select.promote_task(judged), folder, documents=documents, priority=priority, options=options)
        promoted = read_table(folder / found.parts[0].path)
        return add_counts(_count_part(task, promoted, work, criteria) for task in tasks)


def _count_part(task: Task, promoted: Any, work: Path, criteria: select.Criteria) -> dict[str, Counts]:
    counts: list[dict[str, Counts]] = []
    for batch, decisions in select.documents_of(task, work, criteria.columns):
        reasons = select.failing_rules(batch, with_promoted(decisions, promoted), criteria)
        kept = pc.equal(pc.list_value_length(reasons), 0)
        counts.append(count_outcomes(select.ledger_of(batch, reasons, kept)))
        counts.append({row["values"]: Counts(read=row["counts"]) for row in batch["source"].value_counts().to_pylist()})
    return add_counts(counts)


def _by_source(before: Mapping[str, Counts], after: Mapping[str, Counts]) -> Table:
    table = Table(title="Kept, by source", title_justify="left", header_style="bold")
    for name in ("source", "documents", "before", "now", "change"):
        table.add_column(name, justify="left" if name == "source" else "right")
    for source in [*sorted(after), ""]:
        first = before.get(source, Counts()) if source else funnel.total(before)
        last = after[source] if source else funnel.total(after)
        if not source:
            table.add_section()
        old = f"{first.kept:,}" if before else "-"
        name = Text(source) if source else Text("all", "bold")
        table.add_row(name, f"{last.read:,}", old, f"{last.kept:,}", _change(first.kept, last.kept) if before else "-")
    return table


def _by_reason(before: Mapping[str, Counts], after: Mapping[str, Counts]) -> Table:
    """Reasons whose count changed, the most changed first."""
    old, new = funnel.total(before).reasons, funnel.total(after).reasons
    changed = [name for name in {**old, **new} if old.get(name, 0) != new.get(name, 0)]
    same = len({**old, **new}) - len(changed)
    table = Table(title="Why documents go", title_justify="left", header_style="bold", caption_justify="left")
    for name in ("reason", "before", "now", "change"):
        table.add_column(name, justify="left" if name == "reason" else "right")
    for name in sorted(changed, key=lambda name: (-abs(new.get(name, 0) - old.get(name, 0)), name)):
        first, last = old.get(name, 0), new.get(name, 0)
        table.add_row(Text(name), f"{first:,}", f"{last:,}", _change(first, last))
    table.caption = f"{same} other reasons as before" if changed else "no reason's count changed"
    return table


def _change(before: int, now: int) -> str:
    return f"{now - before:+,}" if now != before else "="
