"""Stage 2, documents: read the publishers' formats, find the main text, write text and every signal as columns.

Scores of the models that the recipe names are further columns, `score_NAME` (`pipelines.scores`). Nothing is filtered
here except what is no document at all (a WARC request, an image, a page without text).
"""

import functools
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from corpus import models
from corpus.errors import InputError, RecipeError
from corpus.extract import extract_text
from corpus.kernels.segment import Dictionary, load_dictionary
from corpus.ops.annotate import annotate
from corpus.ops.language_backends import Backend, check_backend, load_backend
from corpus.schema import LEDGER, RAW, REASON, document_id
from corpus.shards import Counts, add_counts, load_manifest
from corpus.sources import read_records
from pipelines.recipe import Extract, Recipe, Source
from pipelines.scores import add_scores, documents_schema, hash_models, load_scorers
from pipelines.stage import StagePlan, input_hashes
from pipelines.task import Task, TaskResult, task_output

_COMPRESSION = 4  # raw files are mostly compressed
_log = logging.getLogger(__name__)


def plan(recipe: Recipe, work: Path) -> StagePlan:
    """One task a raw file."""
    hashes = check_options(recipe.extract)
    folder, raw = work / "documents", work / "raw"
    tasks = _tasks(recipe, raw)
    inputs = input_hashes(work, "raw") | {"tasks": [task.spec for task in tasks]}
    options = recipe.extract.model_dump() | {"scores": hashes}  # where a model lies makes no difference
    stage = StagePlan("extract", folder, __name__, options, inputs, num_bytes=_num_bytes(raw))
    return stage.with_tasks(tasks, functools.partial(extract_file, raw=raw, options=recipe.extract, hashes=hashes))


def check_options(options: Extract) -> dict[str, dict[str, str]]:
    """Refuse models that are missing or damaged, before anything starts.

    Returns:
        The hashes of the models that give scores (`pipelines.scores.hash_models`).

    Raises:
        SikuError: naming the model and what to do.
    """
    check_backend(options.language_model)
    _dictionary_folder(options)
    hashes = hash_models(options.scores)
    load_scorers(options.scores, hashes)
    return hashes


def _reading(source: Source) -> dict[str, Any]:
    return source.model_dump(include={"name", "format", "fields", "split"})


def _tasks(recipe: Recipe, raw: Path) -> list[Task]:
    sources = {source.name: source for source in recipe.sources}
    seen: dict[str, int] = {}
    tasks = []
    for file in load_manifest(raw).info.get("files", []):
        count = seen[file["xxh3"]] = seen.get(file["xxh3"], 0) + 1
        key = file["xxh3"] if count == 1 else f"{file['xxh3']}-{count}"
        spec = {"key": key, "file": file["file"], "path": file["path"], "local": file["local"]}
        tasks.append(Task(f"{file['source']}.{key}", spec | {"source": _reading(sources[file["source"]])}))
    if not tasks:
        raise RecipeError("none of the recipe's files could be had; see the reasons above and in raw/manifest.json")
    return tasks


def _num_bytes(raw: Path) -> int:
    return _COMPRESSION * sum(file["bytes"] for file in load_manifest(raw).info.get("files", []))


@functools.cache
def _backend(name: str) -> Backend:
    return load_backend(name)


def dictionary_of(options: Extract) -> Dictionary | None:
    """Of Chinese words, if the recipe wants them counted; loaded once a process."""
    folder = _dictionary_folder(options)
    return None if folder is None else _dictionary(folder)


@functools.cache
def _dictionary(folder: Path) -> Dictionary:
    return load_dictionary(folder)


def _dictionary_folder(options: Extract) -> Path | None:
    """Where jieba's files are, if Chinese is to be counted in its words."""
    if options.chinese_words == "characters":
        return None
    found = {models.find(name).parent for name in models.MODELS if name.startswith("jieba-")}
    if len(found) > 1:
        raise RecipeError(f"jieba's files are in different folders: {sorted(map(str, found))}; put all four into one")
    return found.pop()


def extract_file(
    task: Task, folder: Path, *, raw: Path, options: Extract, hashes: Mapping[str, Mapping[str, str]]
) -> TaskResult:
    """Read one raw file to its end: documents to parts, every record to the ledger."""
    source, key = task.spec["source"], task.spec["key"]
    path = Path(task.spec["path"]) if task.spec["local"] else raw / task.spec["path"]
    model, dictionary = _backend(options.language_model), dictionary_of(options)
    scorers, schema = load_scorers(options.scores, hashes), documents_schema(options.scores)
    read = kept_bytes = 0
    with task_output(task, folder, schema, part_bytes=options.part_bytes) as output:
        for records in _records(path, source):
            ids = pa.array([document_id(key, read + i) for i in range(records.num_rows)], pa.string())
            read += records.num_rows
            records = extract_text(records)
            records = records.append_column("id", ids)
            output.account(_ledger(records, source["name"], task.spec["file"]))
            documents = records.filter(pc.equal(records["outcome"], "document"))
            if documents.num_rows:
                kept_bytes += pc.sum(pc.binary_length(documents["text"])).as_py()
                annotated = add_scores(annotate(documents, model, dictionary=dictionary), scorers)
                output.write(_documents(annotated, source["name"], task.spec["file"], schema))
        output.counts = add_counts([output.counts, {source["name"]: Counts(read=read, kept_bytes=kept_bytes)}])
        return output.finish()


def _records(path: Path, source: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    try:
        yield from read_records(path, format=source["format"], fields=source["fields"] or None, split=source["split"])
    except InputError as error:  # not a file that siku reads: one unreadable record, and the run goes on
        _log.warning("%s", error)
        row = {"offset": 0, "outcome": "unreadable", "reason": "format_unknown", "detail": str(error)}
        yield pa.RecordBatch.from_pylist([row], schema=RAW)


def _constant(value: str, num_rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), num_rows)


def _documents(batch: pa.RecordBatch, source: str, file: str, schema: pa.Schema) -> pa.RecordBatch:
    columns = {name: batch[name] for name in batch.schema.names if name != "offset"}
    columns["source"] = _constant(source, batch.num_rows)
    columns["origin_file"] = _constant(file, batch.num_rows)
    columns["origin_offset"] = batch["offset"]
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)


def _ledger(records: pa.RecordBatch, source: str, file: str) -> pa.RecordBatch:
    rows = records.num_rows
    kept = pc.equal(records["outcome"], "document")
    reasons = [
        [] if keep else [{"rule": rule}]
        for keep, rule in zip(kept.to_pylist(), records["reason"].to_pylist(), strict=True)
    ]
    return pa.record_batch(
        [
            records["id"],
            _constant(source, rows),
            _constant(file, rows),
            records["offset"],
            pc.if_else(kept, "kept", records["outcome"]),
            pa.array(reasons, pa.list_(REASON)),
            records["detail"],
        ],
        schema=LEDGER,
    )
