"""Stage 4, selected: apply the recipe's thresholds to the columns that `extract` and `dedup` wrote.

Every failing rule of a document is written to the ledger with its value and its threshold, not the first one. Nothing
is computed again here, so a changed threshold costs one pass over the columns.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.errors import RecipeError, ShardError
from corpus.ops.reasons import concat_reasons, reason_list, reasons_where
from corpus.ops.rule_sets import RULE_SETS, rule_set
from corpus.ops.rules import RuleSet, failing
from corpus.schema import LEDGER, SELECTED
from corpus.shards import Counts, add_counts, load_manifest, read_batches, read_table
from pipelines.recipe import Recipe, Select
from pipelines.stage import StagePlan, checked, input_hashes
from pipelines.task import Task, TaskResult, task_output

OwnRules = Mapping[str, Mapping[str, Sequence[str]]]  # source -> language -> rule sets in place of the recipe's


def plan(recipe: Recipe, work: Path) -> StagePlan:
    """One task a part of documents, with the part of duplicates beside it."""
    check_options(recipe)
    documents, duplicates = load_manifest(work / "documents"), load_manifest(work / "duplicates")
    decisions = {part.path: part for part in duplicates.parts}
    tasks = [
        Task(
            part.path.removesuffix(".arrow"),
            {"part": part.path, "xxh3": part.xxh3, "duplicates": decisions[part.path].xxh3},
        )
        for part in documents.parts
    ]
    inputs = input_hashes(work, "documents", "duplicates")
    own_rules = {source.name: source.rules for source in recipe.sources if source.rules is not None}
    options = recipe.select.model_dump() | {"own_rules": own_rules}
    num_bytes = sum(part.bytes for part in documents.parts)
    stage = StagePlan("select", work / "selected", __name__, options, inputs, num_bytes=num_bytes)
    return stage.with_tasks(
        tasks, functools.partial(select_part, work=work, options=recipe.select, own_rules=own_rules)
    )


def check_options(recipe: Recipe) -> None:
    """Refuse unknown rule sets and rules before anything starts.

    Raises:
        RecipeError: naming what is allowed.
    """
    options, used = recipe.select, set()
    choices = [("select.rules", options.rules)]
    choices += [(f"sources.{source.name}.rules", source.rules) for source in recipe.sources if source.rules]
    for where, rules in choices:
        for language, names in rules.items():
            for name in names:
                if name not in RULE_SETS:
                    allowed = ", ".join(sorted(RULE_SETS))
                    raise RecipeError(f"{where}.{language}: unknown rule set {name!r}; allowed: {allowed}")
                used |= {f"{name}.{rule.name}" for rule in RULE_SETS[name].rules}
    for rule in options.thresholds:
        if rule not in used:
            raise RecipeError(
                f"select.thresholds: {rule!r} is no rule of the sets in use; allowed: {', '.join(sorted(used))}"
            )


def select_part(task: Task, folder: Path, *, work: Path, options: Select, own_rules: OwnRules) -> TaskResult:
    """Decide the documents of one part."""
    path = checked(work / "documents", task.spec)
    duplicates = read_table(checked(work / "duplicates", task.spec | {"xxh3": task.spec["duplicates"]}))
    start, kept_bytes = 0, {}
    with task_output(task, folder, SELECTED) as output:
        for batch in read_batches(path):
            decisions = duplicates.slice(start, batch.num_rows).combine_chunks()
            start += batch.num_rows
            if not decisions["id"].combine_chunks().equals(batch["id"]):
                raise ShardError(f"{path} and its duplicates part hold different documents; run the dedup stage again")
            reasons = failing_rules(batch, decisions, options, own_rules)
            kept = pc.equal(pc.list_value_length(reasons), 0)
            output.account(_ledger(batch, reasons, kept))
            size = decisions["cluster_size"].combine_chunks()
            selected = batch.append_column("cluster_size", size).filter(kept)
            for source, text in zip(
                selected["source"].to_pylist(), pc.binary_length(selected["text"]).to_pylist(), strict=True
            ):
                kept_bytes[source] = kept_bytes.get(source, 0) + text
            if selected.num_rows:
                output.write(selected)
        read = {source: value.kept + value.dropped for source, value in output.counts.items()}
        if sum(read.values()) != duplicates.num_rows or start != duplicates.num_rows:
            raise ShardError(
                f"{path} has {start} documents, its duplicates part {duplicates.num_rows}; run dedup again"
            )
        extra = {source: Counts(read=count, kept_bytes=kept_bytes.get(source, 0)) for source, count in read.items()}
        output.counts = add_counts([output.counts, extra])
        return output.finish()


def failing_rules(batch: pa.RecordBatch, decisions: pa.Table, options: Select, own_rules: OwnRules) -> pa.ListArray:
    """Every reason against each document: duplicate, language, rules of its language and source, quality."""
    lists = [*_duplicate_reasons(decisions), *_language_reasons(batch, options)]
    languages = batch["language"].to_numpy(zero_copy_only=False)
    sources = batch["source"].to_numpy(zero_copy_only=False)
    for source in pc.unique(batch["source"]).to_pylist():
        for language, names in own_rules.get(source, options.rules).items():
            mask = (sources == source) & (languages == language)
            if mask.any():
                lists += [reasons_where(mask, failing(batch, _rules(name, options))) for name in names]
    quality = batch["quality"].to_numpy()
    for language, least in options.min_quality.items():
        lists.append(reason_list((languages == language) & (quality < np.float32(least)), "quality", quality, least))
    return concat_reasons(batch.num_rows, lists)


def _rules(name: str, options: Select) -> RuleSet:
    own = {
        key.removeprefix(f"{name}."): value for key, value in options.thresholds.items() if key.startswith(f"{name}.")
    }
    return rule_set(name, own)


def _duplicate_reasons(decisions: pa.Table) -> Iterator[pa.ListArray]:
    levels = decisions["level"].to_numpy()
    jaccard = pc.fill_null(decisions["jaccard"], 0.0).to_numpy()
    for level in ("exact", "near"):
        yield reason_list(levels == level, f"duplicate_{level}", jaccard)


def _language_reasons(batch: pa.RecordBatch, options: Select) -> Iterator[pa.ListArray]:
    if not options.languages:
        return
    wanted = pc.is_in(batch["language"], pa.array(options.languages)).to_numpy(zero_copy_only=False)
    score = batch["language_score"].to_numpy()
    yield reason_list(~wanted, "language", score)
    unsure = wanted & (score < np.float32(options.min_language_score))
    yield reason_list(unsure, "language_score", score, options.min_language_score)


def _ledger(batch: pa.RecordBatch, reasons: pa.ListArray, kept: pa.Array) -> pa.RecordBatch:
    return pa.record_batch(
        [
            batch["id"],
            batch["source"],
            batch["origin_file"],
            batch["origin_offset"],
            pc.if_else(kept, "kept", "dropped"),
            reasons,
            batch["language"],  # the detail: which language a document failed for, or passed as
        ],
        schema=LEDGER,
    )
