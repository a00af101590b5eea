"""The `siku` command: one verb a subcommand, few flags, errors in one line."""

import importlib.metadata
import logging
import os
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from corpus import models
from corpus.errors import ModelMissingError, RecipeError, SikuError
from pipelines import funnel
from pipelines.inputs import sources_of
from pipelines.quality_cli import app as quality_app
from pipelines.recipe import STAGES, Recipe
from pipelines.recipe_file import load_recipe, make_recipe
from pipelines.tokens_cli import app as tokens_app

_PIPE_WIDTH = 132
_WORK = typer.Option("--work", help="Folder everything is written to.")


def make_app() -> typer.Typer:
    """The command with its subcommands, those that other packages bring (`siku.commands`) included."""
    app = typer.Typer(
        help="Raw web and book dumps in English and Chinese in, packed training batches out.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for command in (run, select, report, inspect, explain, duplicates, verify):
        app.command()(command)
    app.command("models")(models_command)
    app.add_typer(quality_app, name="quality")
    app.add_typer(tokens_app, name="tokens")
    for entry in sorted(importlib.metadata.entry_points(group="siku.commands"), key=lambda entry: entry.name):
        app.add_typer(entry.load(), name=entry.name)
    return app


def main() -> None:
    """Entry point: what the user can mend ends with one line and exit code 2."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        make_app()()
    except SikuError as error:
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from None


def _console() -> Console:
    """The terminal's own width, or room enough for the tables where the output is a file or a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=_PIPE_WIDTH)


def run(
    targets: Annotated[list[str] | None, typer.Argument(help="A recipe (.yaml); with --input, more inputs.")] = None,
    input: Annotated[list[str] | None, typer.Option(help="File, glob or URL; instead of a recipe.")] = None,
    work: Annotated[Path | None, _WORK] = None,
    set: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Override a recipe value.")] = None,
    stage: Annotated[str, typer.Option(help="Stop after this stage.")] = STAGES[-1],
    runner: Annotated[str | None, typer.Option(help="local, in_memory, or a Beam runner's name.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and say what would run.")] = False,
) -> None:
    """Run a recipe, or just files: download, extract, dedup, select, trim (if asked for), tokenizer, tokenize."""
    from pipelines import run as run_module

    if stage not in STAGES:
        raise RecipeError(f"--stage {stage!r}: allowed are {', '.join(STAGES)}")
    recipe = _recipe(targets or [], input or [], [*(set or []), *([f"runner.name={runner}"] if runner else [])])
    folder = work or (Path(recipe.work) if recipe.work else None)
    if folder is None:
        raise RecipeError("no work folder: give --work DIR, or `work:` in the recipe")
    console = _console()
    if dry_run:
        for name, what in run_module.status(recipe, folder):
            console.print(f"{name:<10} {what}", highlight=False)
        return
    threading.excepthook = _without_interrupted_workers
    try:
        run_module.run(recipe, folder, console, until=stage)
    except KeyboardInterrupt:
        console.print("stopped; run the same command again to go on")
        console.file.flush()
        os._exit(130)  # at once: Beam's threads would each print how they ended
    finally:  # what was finished is shown also where the run stopped
        _show_result(folder, console)


def _without_interrupted_workers(ended: threading.ExceptHookArgs) -> None:
    """Ctrl-C reaches the worker processes as well; that they end by it is no news."""
    if "exited with return code -2" not in str(ended.exc_value):
        threading.__excepthook__(ended)


def _show_result(folder: Path, console: Console) -> None:
    from pipelines import report as report_module

    counts = funnel.load_counts(folder) if folder.is_dir() else {}
    if counts:
        console.print(funnel.by_source(counts))
        console.print(funnel.by_reason(counts))
        for table in (funnel.by_kind(folder), funnel.by_cut(folder)):
            if table is not None:
                console.print(table)
        console.print(f"report: {report_module.write_report(folder)}", highlight=False, soft_wrap=True)


def _recipe(targets: list[str], inputs: list[str], overrides: list[str]) -> Recipe:
    if inputs:
        if any(target.endswith((".yaml", ".yml")) for target in [*inputs, *targets]):
            raise RecipeError("a recipe and --input don't go together; name the files in the recipe's sources")
        values = {"name": "input", "sources": sources_of([*inputs, *targets])}
        return make_recipe(values, overrides, "--input")
    if len(targets) != 1:
        raise RecipeError(
            f"`siku run` takes one recipe, {len(targets)} were given; for files without a recipe: "
            "siku run --input FILE ... --work DIR"
        )
    if not targets[0].endswith((".yaml", ".yml")):
        raise RecipeError(f"{targets[0]} is no recipe (.yaml); for files: siku run --input {targets[0]} --work DIR")
    return load_recipe(Path(targets[0]), overrides)


def report(work: Annotated[Path, typer.Argument(help="Work folder of a run.")]) -> None:
    """Write the HTML report of a run again and print its path."""
    from pipelines.report import write_report

    _console().print(str(write_report(work)), highlight=False, soft_wrap=True)


def inspect(
    shard: Annotated[Path, typer.Argument(help="A part (.arrow) or a stage's folder.")],
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    language: Annotated[str | None, typer.Option(help="Only this language.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only documents that failed this rule (needs the ledger).")] = None,
    id: Annotated[str | None, typer.Option(help="Only the document whose id begins like this.")] = None,
    limit: Annotated[int, typer.Option(help="Rows at most.")] = 5,
    full: Annotated[bool, typer.Option("--full", help="Whole texts, not their beginnings.")] = False,
) -> None:
    """Look at documents: where they are from, what was measured of them, why they went."""
    from pipelines.inspect import Filter, show

    show(shard, Filter(source, language, reason, id), limit, full, _console())


def explain(
    work: Annotated[Path, typer.Argument(help="Work folder of a run.")],
    doc: Annotated[str, typer.Option(help="The document whose id begins like this.")],
    set: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Try another value.")] = None,
    rules: Annotated[str | None, typer.Option(metavar="SET,...", help="Judge by these rule sets instead.")] = None,
) -> None:
    """Every signal and every rule of one document: why it stayed or went."""
    from pipelines.explain import explain as show

    names = [name.strip() for name in (rules or "").split(",") if name.strip()]
    show(work, doc, _console(), overrides=set or [], rules=names)


def select(
    work: Annotated[Path, typer.Argument(help="Work folder of a run.")],
    set: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Change a select value.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; write nothing.")] = False,
) -> None:
    """Select again with changed thresholds; no signal is computed."""
    from pipelines.reselect import reselect

    reselect(work, set or [], _console(), dry_run=dry_run)


def duplicates(
    work: Annotated[Path, typer.Argument(help="Work folder of a run.")],
    doc: Annotated[str | None, typer.Option(help="The cluster of the document whose id begins like this.")] = None,
    top: Annotated[int, typer.Option(help="The largest clusters, so many.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show clusters: the document kept, those removed for it, their exact Jaccard, what differs."""
    from pipelines.duplicates import show

    show(work, doc, top, as_json, _console())


def verify(work: Annotated[Path, typer.Argument(help="Work folder of a run.")]) -> None:
    """Hash every part again and check every conservation sum against the ledger's rows."""
    from pipelines.verify import verify_work

    console = _console()
    problems = 0
    for line in verify_work(work):
        problems += not line.ok
        console.print(
            f"{'[green]ok[/]' if line.ok else '[red]BAD[/]'}  {escape(line.text)}", highlight=False, soft_wrap=True
        )
    if problems:
        raise SystemExit(1)


def models_command(
    action: Annotated[str, typer.Argument(help="`list` or `get`.")] = "list",
    name: Annotated[str | None, typer.Argument(help="Model to get.")] = None,
    folder: Annotated[Path, typer.Option(help="Where to put it.")] = Path(".models"),
) -> None:
    """List the model files siku uses, or bring one."""
    console = _console()
    if action == "get" and name:
        console.print(str(models.fetch(name, folder)), highlight=False, soft_wrap=True)
    elif action == "list":
        for model in models.MODELS.values():
            try:
                place = str(models.find(model.name))
            except ModelMissingError:
                place = f"not here; siku models get {model.name}"
            console.print(f"{model.name}  {model.num_bytes:,} bytes  {model.licence}  {place}", highlight=False)
    else:
        raise RecipeError(f"siku models {action} {name or ''}: allowed are `siku models list`, `siku models get NAME`")


if __name__ == "__main__":
    main()
