"""Documents of earlier runs that this run's are held against (`dedup.against`).

Their keys are read from the index that `dedup.keep_index` left, so their texts are neither read nor signed again, but
for those that share a key with a document of this run, whose shingles decide; and not even those where the earlier run
left its shingles. What its rules dropped is held against nobody. All that can be wrong is refused before anything is
compared, but for a changed text or set, which is found when it is read, by its exact key.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.errors import RecipeError, ShardError
from corpus.kernels.shingle import exact_keys, shingle_sets
from corpus.shards import Part, hash_file, load_manifest, read_table
from corpus.shards.manifest import FILE_NAME
from pipelines.compared import compared_at
from pipelines.dedup_index import SETTINGS, index_info, read_shingles
from pipelines.dedup_keys import SIGNED, written
from pipelines.recipe import Dedup
from pipelines.stage import input_hashes
from pipelines.task import Task, TaskResult

_KEPT = ("index/", "shingles/")
_AGAIN = "run its recipe again, to the end, with dedup.keep_index: true"


@dataclass(frozen=True)
class Portion:
    """Documents with consecutive numbers: a part of documents of this run or of an earlier one.

    Attributes:
        name: of what `sign` left of it.
        path: of the part with the texts.
        on_prompt: the sources of that run that are compared by their prompt.
        shingles: of an earlier run, the part with their shingle sets if it left them.
    """

    name: str
    path: Path
    rows: int
    on_prompt: tuple[str, ...]
    is_earlier: bool = False
    shingles: Path | None = None

    @property
    def needs_texts(self) -> bool:
        """Whether texts of an earlier run are read to compare these."""
        return self.is_earlier and self.shingles is None


@dataclass(frozen=True)
class Earlier:
    """One earlier run.

    Attributes:
        work: its folder.
        index, documents: parts, one of the index for each of the documents.
        shingles: as many, or none.
        ledger: those of `selected/`, by name; None where it has not finished.
        hashes: of the manifests that say all this.
    """

    work: Path
    index: list[Part]
    shingles: list[Part]
    documents: list[Part]
    on_prompt: tuple[str, ...]
    ledger: dict[str, Part] | None
    hashes: dict[str, str]


def load_earlier(options: Dedup, work: Path | None = None) -> list[Earlier]:
    """The runs that the recipe names, in its order.

    Args:
        work: of this run, which can't be one of them.

    Raises:
        RecipeError: one has no index, one that does not fit, or not the documents that it was made of.
    """
    runs, seen = [], {} if work is None else {work.resolve(): "this run's own folder"}
    for name in options.against:
        path = Path(name)
        if path.resolve() in seen:
            raise RecipeError(f"dedup.against: {name!r} is {seen[path.resolve()]}; name each earlier run once")
        seen[path.resolve()] = "named twice"
        try:
            runs.append(_load(path, options))
        except ShardError as error:
            raise RecipeError(f"dedup.against: {error}; {_AGAIN}") from error
    return runs


def _load(work: Path, options: Dedup) -> Earlier:
    duplicates, documents = load_manifest(work / "duplicates"), load_manifest(work / "documents")
    index = duplicates.info.get("index")
    if index is None:
        raise RecipeError(f"dedup.against: {work} has no index; {_AGAIN}")
    _check_settings(work, index["settings"], options)
    hashes = input_hashes(work, "documents", "duplicates")
    if duplicates.inputs != {"documents": hashes["documents"]}:
        raise RecipeError(f"dedup.against: {work / 'documents'} changed since its index was made; {_AGAIN}")
    kept = {folder: [part for part in duplicates.extra if part.path.startswith(folder)] for folder in _KEPT}
    _check_files(work / "duplicates", duplicates.files)
    if not kept["shingles/"]:
        _check_files(work / "documents", documents.parts)
    ledger = None
    if (work / "selected" / FILE_NAME).is_file():
        selected = load_manifest(work / "selected")
        if not selected.inputs.items() <= hashes.items():
            raise RecipeError(f"dedup.against: {work / 'selected'} is older than what it was made from; {_AGAIN}")
        hashes |= input_hashes(work, "selected")
        ledger = {Path(part.path).name: part for part in selected.ledger}
    return Earlier(work, *kept.values(), documents.parts, tuple(index["on_prompt"]), ledger, hashes)


def _check_settings(work: Path, settings: dict[str, Any], options: Dedup) -> None:
    own = index_info(options.model_copy(update={"keep_index": True}), ())["index"]["settings"]
    for name in SETTINGS:
        if name not in settings:
            raise RecipeError(f"dedup.against: the index of {work} was made by another version of siku; {_AGAIN}")
        if settings[name] != own[name] and (name != "url" or own[name]):
            raise RecipeError(
                f"dedup.against: {work} was made with dedup.{name} {settings[name]}, this recipe has {own[name]}; "
                "set it to the same here, or run that recipe again with this value"
            )
    if any(settings.get(name) != own[name] for name in ("code", *(["url_code"] if options.url else []))):
        raise RecipeError(f"dedup.against: the index of {work} was made by another version of siku; {_AGAIN}")


def _check_files(folder: Path, parts: Sequence[Part]) -> None:
    for part in parts:
        path = folder / part.path
        if not path.is_file() or path.stat().st_size != part.bytes:
            raise RecipeError(f"dedup.against: {path} is missing or changed; {_AGAIN}")


def earlier_portions(runs: Sequence[Earlier]) -> list[Portion]:
    """The parts of the earlier runs, in the order in which their documents are numbered."""
    portions = []
    for place, run in enumerate(runs):
        for row, part in enumerate(run.documents):
            shingles = run.work / "duplicates" / run.shingles[row].path if run.shingles else None
            name, path = f"earlier/{place:03d}.{_stem(part)}", run.work / "documents" / part.path
            portions.append(Portion(name, path, part.rows, run.on_prompt, True, shingles))
    return portions


def earlier_tasks(runs: Sequence[Earlier], start: int) -> list[Task]:
    """A task of `sign_earlier` for each of `earlier_portions`.

    Args:
        start: the number of the first document.
    """
    tasks, portions = [], iter(earlier_portions(runs))
    for run in runs:
        for document, index in zip(run.documents, run.index, strict=True):
            assert Path(index.path).stem == _stem(document) and index.rows == document.rows, index.path
            files = {"index": (str(run.work / "duplicates" / index.path), index.xxh3)}
            if run.ledger is not None:
                part = run.ledger[Path(index.path).name]
                files["ledger"] = (str(run.work / "selected" / part.path), part.xxh3)
            tasks.append(Task(next(portions).name, {"files": files, "start": start}))
            start += document.rows
    return tasks


def _stem(part: Part) -> str:
    return part.path.removesuffix(".arrow")


def sign_earlier(task: Task, folder: Path, *, with_url: bool, partitions: int) -> TaskResult:
    """What `sign` would leave of a part of documents, from its index; keys only of documents that were kept."""
    tables = {}
    for name, (path, xxh3) in task.spec["files"].items():
        if not os.path.isfile(path) or hash_file(Path(path)) != xxh3:
            raise RecipeError(f"dedup.against: {path} is missing or changed; {_AGAIN}")
        tables[name] = read_table(Path(path), ["id", "outcome"] if name == "ledger" else None)
    index = tables["index"].combine_chunks()
    kept = index["stays"]
    if "ledger" in tables:
        if not tables["ledger"]["id"].equals(index["id"]):
            raise RecipeError(f"dedup.against: {task.spec['files']['ledger'][0]} is of other documents; {_AGAIN}")
        kept = pc.equal(tables["ledger"]["outcome"], "kept")
    kept = kept.to_numpy(zero_copy_only=False) if isinstance(kept, pa.Array) else kept.to_numpy()
    lists = pa.chunked_array(index["keys"]).combine_chunks()
    lengths = pc.list_value_length(lists).to_numpy()
    own = np.repeat(kept, lengths)
    keys = pc.list_flatten(lists).to_numpy()[own]
    rows = np.repeat(task.spec["start"] + np.arange(len(kept)), lengths)[own]
    num = index.num_rows
    zeros = {
        field.name: pa.array(np.zeros(num, field.type.to_pandas_dtype())) for field in SIGNED if field.name != "id"
    }
    given = {name: index[name].combine_chunks() for name in SIGNED.names if name in index.column_names}
    columns = zeros | given | ({} if with_url else {"url_0": zeros["url_0"], "url_1": zeros["url_1"]})
    signed = pa.record_batch([columns[name] for name in SIGNED.names], schema=SIGNED)
    return written(task.name, folder, [signed], keys, rows, partitions)


def earlier_sets(
    portion: Portion, rows: np.ndarray, exact: np.ndarray, num_tokens: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The shingle sets of the given (sorted) rows of an earlier run, from what it left of them or from its texts.

    Args:
        exact: `[N, 2]` their exact keys in the index.

    Raises:
        RecipeError: they are not what was indexed.
    """
    if portion.shingles is None:
        for text in earlier_texts(portion, rows, exact):
            yield shingle_sets(text, num_tokens)
        return
    try:
        yield from read_shingles(portion.shingles, rows, exact)
    except (ShardError, pa.ArrowInvalid, OSError) as error:
        raise RecipeError(f"dedup.against: {error}; {_AGAIN}") from error


def earlier_texts(portion: Portion, rows: np.ndarray, exact: np.ndarray) -> Iterator[pa.Array]:
    """What is compared of the given (sorted) rows of an earlier run's documents.

    Args:
        exact: `[N, 2]` their exact keys in the index.

    Raises:
        RecipeError: the texts are not those that were indexed.
    """
    done, wrong = 0, f"dedup.against: {portion.path} is not what its index was made of; {_AGAIN}"
    try:
        for text in compared_at(portion.path, rows, portion.on_prompt):
            if not np.array_equal(exact_keys(text), exact[done : done + len(text)]):
                raise RecipeError(wrong)
            done += len(text)
            yield text
    except (ShardError, pa.ArrowInvalid, OSError) as error:
        raise RecipeError(wrong) from error
    if done != len(rows):
        raise RecipeError(wrong)
