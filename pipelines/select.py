"""Stage 4, selected: apply the recipe's thresholds to the columns that `extract` and `dedup` wrote.

Every failing rule of a document is written to the ledger with its value and its threshold, not the first one. No signal
is computed again here, so a changed threshold costs one pass over the columns, and a share of the best scores one more
over their column (`pipelines.score_cuts`). Where the recipe asks for it, texts are
also searched for benchmark items and listed words (`pipelines.screen`), and personal data in what is kept is replaced,
last, so that it decides nothing.
"""

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.errors import RecipeError, ShardError
from corpus.ops.default_rules import DEFAULT_THRESHOLDS
from corpus.ops.reasons import concat_reasons, reason_list, reasons_where
from corpus.ops.rule_sets import RULE_SETS, rule_set
from corpus.ops.rules import RuleSet, failing
from corpus.ops.scores import repeats
from corpus.schema import DOCUMENTS, DUPLICATE_LEVELS, LEDGER, SELECTED
from corpus.shards import Counts, add_counts, load_manifest, open_part, read_batches, read_table
from pipelines.compared import sources_on_prompt
from pipelines.promote import promote, with_promoted, write_judged
from pipelines.recipe import Recipe, Select
from pipelines.score_cuts import Bounds, columns_scored, find_bounds, score_reasons
from pipelines.screen import columns_screened, evidence, hash_files, load_screens, mask, screen_reasons
from pipelines.stage import Gather, RunTasks, StagePlan, WriteManifest, checked, input_hashes
from pipelines.task import Task, TaskResult, task_output

_UNREAD = ("text", "title", "url", "meta", "timestamp", "prompt_chars")  # what no rule reads


@dataclass(frozen=True)
class Criteria:
    """All that decides whether a document stays, apart from duplicates.

    Attributes:
        options: the recipe's.
        own_rules: source -> language -> rule sets in place of the recipe's.
        files: path -> hash of the benchmark and list files that the options name.
        bounds: of scores, those that follow from the corpus; found by the stage's first phase.
    """

    options: Select
    own_rules: Mapping[str, Mapping[str, Sequence[str]]]
    files: Mapping[str, str]
    bounds: Bounds = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """What `failing_rules` reads of documents: text, URL and scores only where the options ask for it."""
        screened = columns_screened(self.options)
        columns = [name for name in DOCUMENTS.names if name not in _UNREAD or name in screened]
        return columns + columns_scored(self.options.scores)

    def with_bounds(self, bounds: Bounds) -> "Criteria":
        """These criteria with the bounds that `find_bounds` gave."""
        return dataclasses.replace(self, bounds=bounds)


def criteria_of(recipe: Recipe, work: Path | None = None) -> Criteria:
    """The recipe's criteria, with the files it names hashed as they are now.

    Args:
        work: where documents and duplicates are, to find the bounds of scores; None leaves shares and buckets out.
    """
    own_rules = {source.name: source.rules for source in recipe.sources if source.rules is not None}
    bounds = {} if work is None else find_bounds(work, recipe.select.scores)
    return Criteria(recipe.select, own_rules, hash_files(recipe.select), bounds)


def plan(recipe: Recipe, work: Path) -> StagePlan:
    """One task a part of documents, with the part of duplicates beside it."""
    check_options(recipe)
    documents, criteria = load_manifest(work / "documents"), criteria_of(recipe)
    dedup = recipe.dedup.model_dump(include={"threshold", "measure", "shingle_tokens", "url"})
    dedup |= {"on_prompt": sources_on_prompt(recipe)}
    priority = {source.name: source.priority for source in recipe.sources}
    decides = {"own_rules": criteria.own_rules, "files": criteria.files, "dedup": dedup, "priority": priority}
    index = load_screens(recipe.select, criteria.files).index
    return StagePlan(
        "select",
        work / "selected",
        __name__,
        recipe.select.model_dump() | decides,
        input_hashes(work, "documents", "duplicates"),
        functools.partial(_graph, work=work, criteria=criteria),
        num_tasks=2 * len(documents.parts),
        num_bytes=sum(part.bytes for part in documents.parts),
        info={} if index is None else {"benchmarks": index.summary()},
    )


def _graph(pipeline: beam.Pipeline, plan: StagePlan, *, work: Path, criteria: Criteria) -> object:
    documents, duplicates = load_manifest(work / "documents"), load_manifest(work / "duplicates")
    decisions = {part.path: part for part in duplicates.parts}
    tasks = [
        Task(
            part.path.removesuffix(".arrow"),
            {"part": part.path, "xxh3": part.xxh3, "duplicates": decisions[part.path].xxh3},
        )
        for part in documents.parts
    ]
    rules = {"work": work, "criteria": criteria}
    promoter = functools.partial(
        promote, documents=work / "documents", priority=plan.options["priority"], options=plan.options["dedup"]
    )
    bounds = (
        pipeline
        | "BoundsTask" >> beam.Create([Task("all", {})], reshuffle=False)
        | "Bounds" >> RunTasks(plan.phase(functools.partial(bounds_task, **rules), "bounds"))
    )
    return (
        bounds
        # Task: one part of documents, with the bounds of scores
        | "Parts" >> beam.FlatMap(_judge_tasks, tasks=tasks)
        | "Judge" >> RunTasks(plan.phase(functools.partial(judge, **rules), "judge"))
        # list of judged groups
        | "Judged" >> Gather()
        | "PromoteTask" >> beam.Map(promote_task)
        | "Promote" >> RunTasks(plan.phase(promoter, "promote"))
        # Task: one part of documents, with who was promoted
        | "SelectTasks" >> beam.FlatMap(_select_tasks, tasks=tasks, bounds=beam.pvalue.AsSingleton(bounds))
        | "Select" >> RunTasks(plan.task_phase(functools.partial(select_part, **rules)))
        | "Gather" >> Gather()
        | "Manifest" >> WriteManifest(plan, [task.name for task in tasks])
    )


def bounds_task(task: Task, folder: Path, *, work: Path, criteria: Criteria) -> TaskResult:
    """Find the bounds of scores that follow from all documents."""
    return TaskResult(task.name, info={"bounds": find_bounds(work, criteria.options.scores)})


def _judge_tasks(bounds: TaskResult, tasks: list[Task]) -> Iterator[Task]:
    for task in tasks:
        yield Task(task.name, task.spec | bounds.info)


def promote_task(results: list[TaskResult]) -> Task:
    """The one task of `promote`: what every task of `judge` wrote, and the part of documents it is about."""
    judged = [(part.path, part.xxh3, part.rows, result.info["parts"][0]) for result in results for part in result.parts]
    return Task("all", {"judged": judged})


def _select_tasks(result: TaskResult, tasks: list[Task], bounds: TaskResult) -> Iterator[Task]:
    promoted = {"path": result.parts[0].path, "xxh3": result.parts[0].xxh3}
    for task in tasks:
        yield Task(task.name, task.spec | bounds.info | {"promoted": promoted})


def check_options(recipe: Recipe) -> None:
    """Refuse unknown rule sets, rules and kinds of personal data, and wrong files, before anything starts.

    Raises:
        RecipeError: naming what is allowed.
        InputError: a benchmark file can't be parsed.
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
                if RULE_SETS[name].on_words and recipe.extract.chinese_words == "characters":
                    fitted = f"{name}_characters"
                    other = f", or use {fitted}, which is fitted to characters" if fitted in RULE_SETS else ""
                    raise RecipeError(
                        f"{where}.{language}: {name!r} was published for dictionary words; set "
                        f"extract.chinese_words: jieba{other}"
                    )
                if name.endswith("_characters") and recipe.extract.chinese_words != "characters":
                    raise RecipeError(
                        f"{where}.{language}: {name!r} is fitted to characters; with extract.chinese_words: jieba use "
                        f"{name.removesuffix('_characters')}"
                    )
                used |= {f"{name}.{rule.name}" for rule in RULE_SETS[name].rules}
    for rule, value in options.thresholds.items():
        is_default = rule in DEFAULT_THRESHOLDS and DEFAULT_THRESHOLDS[rule] == value
        if rule not in used and not is_default:
            raise RecipeError(
                f"select.thresholds: {rule!r} is no rule of the sets in use; allowed: {', '.join(sorted(used))}"
            )
    for name in options.scores:
        if name not in recipe.extract.scores:
            allowed = ", ".join(sorted(recipe.extract.scores)) or "none"
            raise RecipeError(f"select.scores: extract.scores has no {name!r}; allowed: {allowed}")
    if options.upsample:
        repeats(np.zeros(0, np.int64), options.upsample)  # refuses weights without a size 1
    load_screens(options, hash_files(options))


def documents_of(task: Task, work: Path, columns: list[str] | None) -> Iterator[tuple[pa.RecordBatch, pa.Table]]:
    """The batches of one part of documents, each with its rows of duplicates."""
    path = checked(work / "documents", task.spec)
    duplicates = read_table(checked(work / "duplicates", task.spec | {"xxh3": task.spec["duplicates"]}))
    start = 0
    for batch in read_batches(path, columns):
        decisions = duplicates.slice(start, batch.num_rows).combine_chunks()
        start += batch.num_rows
        if not decisions["id"].combine_chunks().equals(batch["id"]):
            raise ShardError(f"{path} and its duplicates part hold different documents; run the dedup stage again")
        yield batch, decisions
    if start != duplicates.num_rows:
        raise ShardError(f"{path} has {start} documents, its duplicates part {duplicates.num_rows}; run dedup again")


def judge(task: Task, folder: Path, *, work: Path, criteria: Criteria) -> TaskResult:
    """Note which documents of duplicate groups pass the rules; the others are not looked at."""
    criteria, judged = criteria.with_bounds(task.spec["bounds"]), []
    for batch, decisions in documents_of(task, work, criteria.columns):
        grouped = pc.greater(decisions["cluster_size"].combine_chunks(), 1)
        passes = np.zeros(batch.num_rows, np.bool_)
        reasons = failing_rules(batch.filter(grouped), None, criteria)
        passes[grouped.to_numpy(zero_copy_only=False)] = pc.list_value_length(reasons).to_numpy() == 0
        judged.append((batch, decisions, passes))
    return write_judged(task, folder, judged)


def select_part(task: Task, folder: Path, *, work: Path, criteria: Criteria) -> TaskResult:
    """Decide the documents of one part."""
    criteria = criteria.with_bounds(task.spec["bounds"])
    promoted = read_table(folder / task.spec["promoted"]["path"])
    screens = load_screens(criteria.options, criteria.files)
    num_promoted, totals = 0, Counter[str]()
    schema = _selected_schema(work / "documents" / task.spec["part"], criteria.options)
    with task_output(task, folder, schema) as output:
        for batch, decisions in documents_of(task, work, None):
            before = decisions["level"].null_count
            decisions = with_promoted(decisions, promoted)
            num_promoted += decisions["level"].null_count - before
            reasons = failing_rules(batch, decisions, criteria)
            kept = pc.equal(pc.list_value_length(reasons), 0)
            sized = _with_sizes(batch, decisions["cluster_size"].combine_chunks(), criteria.options)
            selected, notes, masked = mask(sized.filter(kept), screens)
            totals.update(masked)
            if criteria.options.upsample:
                totals["repeats"] += int(selected["repeats"].to_numpy().sum())
            rows = np.flatnonzero(kept.to_numpy(zero_copy_only=False))
            notes = {int(rows[row]): note for row, note in notes.items()} | evidence(batch, reasons, screens)
            output.account(ledger_of(batch, reasons, kept, notes))
            output.counts = add_counts([output.counts, _read_and_kept(batch, selected)])
            if selected.num_rows:
                output.write(selected)
        bounds = {"score_bounds": criteria.bounds} if criteria.bounds else {}
        return output.finish(promoted=num_promoted, **totals, **bounds)


def _selected_schema(documents: Path, options: Select) -> pa.Schema:
    """SELECTED, with the scores that the documents have, and with `repeats` where the recipe upsamples."""
    added = [SELECTED.field("cluster_size")] + ([pa.field("repeats", pa.int32())] if options.upsample else [])
    return pa.schema([*open_part(documents).schema, *added])


def _with_sizes(batch: pa.RecordBatch, size: pa.Array, options: Select) -> pa.RecordBatch:
    batch = batch.append_column("cluster_size", size)
    if not options.upsample:
        return batch
    return batch.append_column("repeats", pa.array(repeats(size.to_numpy(), options.upsample), pa.int32()))


def _read_and_kept(batch: pa.RecordBatch, selected: pa.RecordBatch) -> dict[str, Counts]:
    counts = {row["values"]: Counts(read=row["counts"]) for row in batch["source"].value_counts().to_pylist()}
    table = pa.table({"source": selected["source"], "bytes": pc.binary_length(selected["text"])})
    for row in table.group_by("source").aggregate([("bytes", "sum")]).to_pylist():
        counts[row["source"]].kept_bytes = row["bytes_sum"]
    return counts


def failing_rules(batch: pa.RecordBatch, decisions: pa.Table | None, criteria: Criteria) -> pa.ListArray:
    """Every reason against each document: duplicate, language, rules of its language and source, quality, and what
    was found in text and URL.

    Args:
        batch: with the columns `criteria.columns`.
        decisions: rows of DUPLICATES beside `batch`; None leaves duplicates out.
    """
    options = criteria.options
    lists = [] if decisions is None else [*_duplicate_reasons(decisions)]
    lists += _language_reasons(batch, options)
    languages = batch["language"].to_numpy(zero_copy_only=False)
    sources = batch["source"].to_numpy(zero_copy_only=False)
    for source in pc.unique(batch["source"]).to_pylist():
        for language, names in criteria.own_rules.get(source, options.rules).items():
            mask = (sources == source) & (languages == language)
            if mask.any():
                lists += [reasons_where(mask, failing(batch, rules_of(name, options))) for name in names]
    quality = batch["quality"].to_numpy()
    for language, least in options.min_quality.items():
        lists.append(reason_list((languages == language) & (quality < np.float32(least)), "quality", quality, least))
    lists += score_reasons(batch, options.scores, criteria.bounds)
    lists += screen_reasons(batch, load_screens(options, criteria.files))
    return concat_reasons(batch.num_rows, lists)


def rules_of(name: str, options: Select) -> RuleSet:
    """A rule set with the recipe's thresholds for it in place of the published ones.

    Example: of `{"gopher_quality.min_words": 20, "c4.min_sentences": 3}` the set `gopher_quality` takes `min_words`.
    """
    own = {
        key.removeprefix(f"{name}."): value for key, value in options.thresholds.items() if key.startswith(f"{name}.")
    }
    return rule_set(name, own)


def _duplicate_reasons(decisions: pa.Table) -> Iterator[pa.ListArray]:
    levels = decisions["level"].to_numpy()
    jaccard = pc.fill_null(decisions["jaccard"], 0.0).to_numpy()
    for level in DUPLICATE_LEVELS:
        yield reason_list(levels == level, f"duplicate_{level}", None if level == "url" else jaccard)


def _language_reasons(batch: pa.RecordBatch, options: Select) -> Iterator[pa.ListArray]:
    if not options.languages:
        return
    wanted = pc.is_in(batch["language"], pa.array(options.languages)).to_numpy(zero_copy_only=False)
    score = batch["language_score"].to_numpy()
    yield reason_list(~wanted, "language", score)
    unsure = wanted & (score < np.float32(options.min_language_score))
    yield reason_list(unsure, "language_score", score, options.min_language_score)


def ledger_of(
    batch: pa.RecordBatch, reasons: pa.ListArray, kept: pa.Array, notes: Mapping[int, str] | None = None
) -> pa.RecordBatch:
    """The rows of LEDGER.

    The detail is the language that a document failed for, or passed as, and behind "; " the note on it.
    """
    detail = batch["language"]
    if notes:
        lines = detail.to_pylist()
        for row, note in notes.items():
            lines[row] = f"{lines[row]}; {note}"
        detail = pa.array(lines, pa.string())
    columns = [batch[name] for name in ("id", "source", "origin_file", "origin_offset")]
    return pa.record_batch([*columns, pc.if_else(kept, "kept", "dropped"), reasons, detail], schema=LEDGER)
