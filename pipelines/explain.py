"""`siku explain WORK --doc ID`: every number of one document, every rule, and why it stayed or went.

What the run decided is read from its ledger. With `--set` or `--rules` the document is judged again by other
thresholds or other rule sets, from the stored signals; nothing is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from corpus.errors import RecipeError
from corpus.ops.rule_sets import RULE_SETS, rule_set
from corpus.ops.rules import Rule, RuleSet, failing
from corpus.schema import DUPLICATE_LEVELS, RULE_SIGNALS
from pipelines import select
from pipelines.lookup import find_decision, find_document, find_ledger_row
from pipelines.recipe import Recipe
from pipelines.reselect import stored_recipe
from pipelines.trim_view import trimmed

_PREVIEW_CHARS = 300
_DUPLICATE = tuple(f"duplicate_{level}" for level in DUPLICATE_LEVELS)


@dataclass(frozen=True)
class Check:
    """One row of the table: what was compared with what."""

    name: str
    signal: str
    value: Any
    bound: str
    failed: bool


def explain(
    work: Path, doc: str, console: Console, *, overrides: Sequence[str] = (), rules: Sequence[str] = ()
) -> None:
    """Print everything that is known of one document.

    Args:
        doc: the beginning of its id.
        overrides: `key=value`, as for `siku select --set`.
        rules: rule sets to judge it by, in place of those of the recipe.

    Raises:
        RecipeError: no document, or more than one, has such an id; an override or a rule set is wrong.
    """
    recipe = stored_recipe(work, overrides)
    batch = find_document(work, doc)
    if batch is None:
        _explain_undocumented(work, doc, console)
        return
    row = batch.drop_columns(["text"]).to_pylist()[0]
    recipe = _judged_by(recipe, rules, row["language"]) if rules else recipe
    select.check_options(recipe)
    tried = bool(overrides or rules)
    ledger = find_ledger_row(work, "selected", row["id"])
    decision = find_decision(work, row["id"])
    criteria = select.criteria_of(recipe, work)
    if ledger is not None and not tried:
        reasons = ledger["reasons"]
    else:
        reasons = select.failing_rules(batch, decision, criteria)[0].as_py()
    measure = recipe.dedup.measure.capitalize()
    duplicate = _duplicate(work, decision, {reason["rule"] for reason in reasons}, criteria, measure)
    note = ledger["detail"].partition("; ")[2] if ledger is not None and not tried else ""
    text = batch["text"][0].as_py() or ""
    if not tried:
        note = "\n".join(part for part in (note, trimmed(work, row["id"])) if part)
    console.print(_panel(row, text, duplicate, reasons, _state(ledger, tried), note))
    names = criteria.own_rules.get(row["source"], recipe.select.rules).get(row["language"], [])
    sets = {name: _rule_checks(row, select.rules_of(name, recipe.select)) for name in names}
    console.print(_check_table(_decision_checks(row, recipe, reasons), sets))
    console.print(_signal_table(row))


def _judged_by(recipe: Recipe, rules: Sequence[str], language: str) -> Recipe:
    """The recipe with these rule sets for the language, whatever the source; their changed thresholds stay."""
    values = recipe.model_dump()
    values["select"]["rules"] = {language: list(rules)}
    for source in values["sources"]:
        source["rules"] = None
    thresholds = values["select"]["thresholds"]
    for key in list(thresholds):
        name, _, rule = key.partition(".")
        rule_set(name, {rule: thresholds[key]})  # refuses what no set has
        if name not in rules:
            del thresholds[key]
    return Recipe.model_validate(values)


def _explain_undocumented(work: Path, prefix: str, console: Console) -> None:
    """What never became a document has a row in the ledger of `extract`."""
    row = find_ledger_row(work, "documents", prefix)
    if row is None:
        raise RecipeError(
            f"--doc {prefix!r}: no id in {work} begins so; `siku inspect {work}/documents` shows ids, of the whole or "
            "by --reason"
        )
    reasons = ", ".join(reason["rule"] for reason in row["reasons"])
    lines = [f"{row['outcome']} by extract: {reasons}"]
    lines += [
        f"{key}: {row[key]}" for key in ("source", "origin_file", "origin_offset", "detail") if row[key] is not None
    ]
    console.print(Panel(Text("\n".join(lines)), title=Text(row["id"]), title_align="left"))


def _state(ledger: Mapping[str, Any] | None, tried: bool) -> str:
    if tried:
        return "with these values it would be"
    return "the run decided:" if ledger else "not selected yet; with the recipe's values it would be"


def _panel(
    row: Mapping[str, Any], text: str, duplicate: str, reasons: Sequence[Mapping[str, Any]], state: str, note: str
) -> Panel:
    """Who the document is and what became of it. Everything is a `Text`: what looks like markup in the data is data."""
    body = Text(f"{state} ")
    body.append("dropped" if reasons else "kept", "bold red" if reasons else "bold green")
    body.append("".join(f"\n  {_reason(reason)}" for reason in reasons) + "\n")
    body.append(f"{note}\n" if note else "")
    body.append(f"\nduplicates: {duplicate}")
    shown = [name for name in row if name not in RULE_SIGNALS and name not in ("id", "text")]
    for name in shown:
        if row[name] not in (None, ""):
            body.append(f"\n{name}: {_shortened(str(row[name]), 200)}")
    body.append(f"\n\n{_shortened(text, _PREVIEW_CHARS)}", "dim")
    return Panel(body, title=Text(row["id"]), title_align="left")


def _reason(reason: Mapping[str, Any]) -> str:
    limit = "" if reason["threshold"] is None else f" against {_number(reason['threshold'])}"
    return reason["rule"] + ("" if reason["value"] is None else f": {_number(reason['value'])}{limit}")


def _duplicate(work: Path, decision: pa.Table | None, failed: set[str], criteria: select.Criteria, measure: str) -> str:
    """What `dedup` decided, and what became of that where the rules drop the document it kept."""
    if decision is None:
        return "dedup has not finished"
    row = decision.to_pylist()[0]
    size, keeper = row["cluster_size"], row["kept_id"]
    if keeper is None:
        return f"kept for its group of {size:,}" if size > 1 else "none known"
    value = "" if row["jaccard"] is None else f"{measure} {row['jaccard']:.4f}, "
    what = f"{row['level']} duplicate of {keeper}, {value}{size:,} in the group"
    if not failed & set(_DUPLICATE):
        return f"{what}; the rules drop that one, this one stays in its place"
    kept = find_document(work, keeper) if keeper != row["id"] else None
    if kept is not None and select.failing_rules(kept, None, criteria)[0].as_py():
        return f"{what}; the rules drop that one too, so the best of the group that passes them stays"
    return what


def _decision_checks(row: Mapping[str, Any], recipe: Recipe, reasons: Sequence[Mapping[str, Any]]) -> list[Check]:
    """Duplicates, language, score, and whatever else there is among the reasons that is no rule of a set."""
    options, failed = recipe.select, {reason["rule"] for reason in reasons}
    language, score, quality = row["language"], row["language_score"], row["quality"]
    wanted = f"one of {', '.join(options.languages)}" if options.languages else "any"
    least = options.min_quality.get(language)
    least_score = f"≥ {_number(options.min_language_score)}" if options.languages else "no bound"
    levels = [rule.removeprefix("duplicate_") for rule in _DUPLICATE if rule in failed]
    checks = [
        Check("duplicate", "", levels[0] if levels else "no", "no", bool(levels)),
        Check("language", "language", language, wanted, "language" in failed),
        Check("language_score", "language_score", score, least_score, "language_score" in failed),
        Check(
            "quality", "quality", quality, "no bound" if least is None else f"≥ {_number(least)}", "quality" in failed
        ),
    ]
    known = {*_DUPLICATE, *(check.name for check in checks)}
    for reason in reasons:
        if reason["rule"] not in known and reason["rule"].partition(".")[0] not in RULE_SETS:
            bound = "" if reason["threshold"] is None else _number(reason["threshold"])
            checks.append(Check(reason["rule"], "", reason["value"], bound, True))
    return checks


def _rule_checks(row: Mapping[str, Any], rules: RuleSet) -> list[Check]:
    batch = pa.RecordBatch.from_pydict(
        {name: pa.array([row[name]], RULE_SIGNALS[name][0]) for name in {rule.signal for rule in rules.rules}}
    )
    failed = {reason["rule"] for reason in failing(batch, rules)[0].as_py()}
    applied = {rule.name: rule for rule in rules.rules}
    return [
        Check(rule.name, rule.signal, row[rule.signal], _bound(applied.get(rule.name), rule), full in failed)
        for rule in RULE_SETS[rules.name].rules
        for full in [f"{rules.name}.{rule.name}"]
    ]


def _bound(rule: Rule | None, published: Rule) -> str:
    """What is applied, and beside it what was published where that is another."""
    if rule is None:
        return f"turned off (published {_number(published.threshold)})"
    side = "≥" if rule.maximum is None else "≤"
    changed = "" if rule == published else f" (published {_number(published.threshold)})"
    return f"{side} {_number(rule.threshold)}{changed}"


def _check_table(decisions: Sequence[Check], sets: Mapping[str, Sequence[Check]]) -> Table:
    table = Table(title="Checks", title_justify="left", header_style="bold")
    table.add_column("check", no_wrap=True)
    table.add_column("signal", overflow="fold")
    table.add_column("value", justify="right", overflow="fold")
    table.add_column("bound")
    table.add_column("verdict")
    for check in decisions:
        table.add_row(*_cells(check))
    for name, checks in sets.items():
        table.add_section()
        num_failed = sum(check.failed for check in checks)
        summary = Text(f"{num_failed} of {len(checks)} fail" if num_failed else "all pass", "bold")
        table.add_row(Text(name, "bold"), "", "", "", summary)
        for check in checks:
            table.add_row(*_cells(check))
    if not sets:
        table.add_section()
        table.add_row("rules", "", "no rule set is applied to its language and source", "", "")
    return table


def _cells(check: Check) -> tuple[Text, ...]:
    verdict = Text("FAILS", "bold red") if check.failed else Text("passes", "green")
    style = "red" if check.failed else ""
    value = check.value if isinstance(check.value, str) else _number(check.value)
    return Text(check.name, style), Text(check.signal), Text(value, style), Text(check.bound), verdict


def _signal_table(row: Mapping[str, Any]) -> Table:
    table = Table(title="Signals", title_justify="left", header_style="bold")
    table.add_column("signal", no_wrap=True)
    table.add_column("value", justify="right")
    table.add_column("what it is")
    for name, (_, meaning) in RULE_SIGNALS.items():
        table.add_row(name, _number(row[name]), Text(meaning))
    return table


def _number(value: float | None) -> str:
    if value is None:
        return "null"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _shortened(text: str, num_chars: int) -> str:
    return text if len(text) <= num_chars else text[:num_chars] + " …"
