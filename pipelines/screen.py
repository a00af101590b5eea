"""What `select` looks for in texts and URLs themselves: benchmark items, words and URLs of blocklists, personal data.

Rules read columns of numbers that are there already; these read text, so what is off costs nothing and reads nothing.
Files that the recipe names are loaded once a process, by their content: a run whose files change under it stops.

Price: see `corpus.ops.decontaminate`, `corpus.ops.blocklist` and `corpus.ops.pii`; one pass over the texts each, and
another of those texts that are in duplicate groups.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.errors import RecipeError
from corpus.kernels.terms import Vocabulary
from corpus.ops.blocklist import (
    UrlBlocklist,
    blocklist_ratio,
    load_url_blocklist,
    load_word_blocklist,
    url_blocklist_reasons,
    word_blocklist_reasons,
)
from corpus.ops.decontaminate import (
    Benchmark,
    ContaminationIndex,
    contamination_evidence,
    contamination_reasons,
    find_contamination,
    load_benchmarks,
)
from corpus.ops.pii import PiiOptions, mask_personal_data
from corpus.shards import hash_file
from pipelines.recipe import Decontaminate, Select

_SECTIONS = {"decontaminate", "blocklists", "pii"}
_MOST_LOADED = 4  # of each process: a run needs one, `siku select` in the same process another


@dataclass(frozen=True)
class Screens:
    """The recipe's options with their files loaded; None where nothing is asked for."""

    index: ContaminationIndex | None
    words: Vocabulary | None
    urls: UrlBlocklist | None
    pii: PiiOptions | None
    options: Select


def columns_screened(options: Select) -> set[str]:
    """The columns that screening reads: none, `text`, `url` or both."""
    text = bool(options.decontaminate.benchmarks or options.blocklists.words)
    return ({"text"} if text else set()) | ({"url"} if options.blocklists.urls else set())


def hash_files(options: Select) -> dict[str, str]:
    """Path -> xxh3 of the files that the options name.

    Raises:
        RecipeError: one can't be read.
    """
    lists = options.blocklists
    paths = [*(benchmark.path for benchmark in options.decontaminate.benchmarks), *lists.words, *lists.urls]
    hashes = {}
    for path in sorted(set(paths)):
        try:
            hashes[path] = hash_file(Path(path))
        except OSError as error:
            raise RecipeError(
                f"select: {path!r} can't be read ({error.strerror}); give the path of a benchmark or list file"
            ) from error
    return hashes


def load_screens(options: Select, files: Mapping[str, str]) -> Screens:
    """The options with their files loaded, from this process's memory where they were loaded before.

    Args:
        files: from `hash_files`, when the run was planned.

    Raises:
        RecipeError: an option or a file is wrong, or a file is not what it was when it was hashed.
        InputError: a benchmark file can't be parsed.
    """
    return _load(options.model_dump_json(include=_SECTIONS), tuple(sorted(files.items())))


@functools.lru_cache(maxsize=_MOST_LOADED)
def _load(sections: str, files: tuple[tuple[str, str], ...]) -> Screens:
    options = Select.model_validate_json(sections)
    if hash_files(options) != dict(files):
        changed = [path for path, found in hash_files(options).items() if dict(files).get(path) != found]
        raise RecipeError(f"select: {', '.join(changed)} changed while the run went on; run the same command again")
    lists, pii = options.blocklists, options.pii
    try:
        personal = PiiOptions(tuple(pii.kinds), pii.replacements)
    except RecipeError as error:
        raise RecipeError(f"select.pii: {error}") from error
    return Screens(
        index=_index(options.decontaminate) if options.decontaminate.benchmarks else None,
        words=load_word_blocklist(lists.words) if lists.words else None,
        urls=load_url_blocklist(lists.urls) if lists.urls else None,
        pii=personal if pii.kinds else None,
        options=options,
    )


def _index(options: Decontaminate) -> ContaminationIndex:
    benchmarks = [Benchmark(**benchmark.model_dump()) for benchmark in options.benchmarks]
    index = load_benchmarks(benchmarks, options.n, options.min_item_tokens)
    for row in index.summary():
        if row["num_items"] == row["num_too_short"]:
            raise RecipeError(
                f"benchmark {row['benchmark']!r} has {row['num_items']} items, none of "
                f"{options.min_item_tokens} tokens or more, so nothing would be looked for; lower "
                "select.decontaminate.min_item_tokens, or print more of each item by the template"
            )
    return index


def screen_reasons(batch: pa.RecordBatch, screens: Screens) -> Iterator[pa.ListArray]:
    """Reasons of documents that hold benchmark items, many words of a list, or are at a listed URL.

    Args:
        batch: with the columns of `columns_screened`.
    """
    options = screens.options.decontaminate
    if screens.index is not None:
        matches = find_contamination(batch["text"], screens.index)
        least = options.n if options.min_tokens is None else options.min_tokens
        yield contamination_reasons(matches, min_tokens=least, min_share=options.min_share)
    if screens.words is not None:
        ratio = blocklist_ratio(batch["text"], screens.words)
        yield word_blocklist_reasons(ratio, screens.options.blocklists.max_words_per_1000_chars)
    if screens.urls is not None:
        yield url_blocklist_reasons(batch["url"], screens.urls)


def evidence(batch: pa.RecordBatch, reasons: pa.ListArray, screens: Screens) -> dict[int, str]:
    """Row -> which item was found and where, of the documents that go for a benchmark's item."""
    if screens.index is None:
        return {}
    found = pc.starts_with(pc.struct_field(pc.list_flatten(reasons), "rule"), "contamination.")
    rows = pc.unique(pc.list_parent_indices(reasons).filter(found))
    text = batch["text"].take(rows)
    lines = contamination_evidence(text, find_contamination(text, screens.index))
    return dict(zip(rows.to_pylist(), lines.to_pylist(), strict=True))


def mask(batch: pa.RecordBatch, screens: Screens) -> tuple[pa.RecordBatch, dict[int, str], dict[str, int]]:
    """The batch with personal data in `text` replaced.

    Returns:
        The batch; row -> what was replaced ("masked: 2 email, 1 phone"); `pii_KIND` -> spans in all rows, and
        `pii_documents` -> rows with any. The last is empty where masking is off.
    """
    if screens.pii is None:
        return batch, {}, {}
    before = batch
    batch, counts = mask_personal_data(batch, screens.pii)
    by_kind = np.stack([counts[name].to_numpy() for name in counts.schema.names])
    kinds = [name.removeprefix("pii_") for name in counts.schema.names]
    notes = {
        int(row): "masked: "
        + ", ".join(f"{num} {kind}" for kind, num in zip(kinds, by_kind[:, row], strict=True) if num)
        for row in np.flatnonzero(by_kind.any(axis=0))
    }
    totals = dict(zip(counts.schema.names, by_kind.sum(axis=1).tolist(), strict=True))
    if notes and "prompt_chars" in batch.schema.names:
        batch = _with_prompts(batch, before, sorted(notes), screens)
    return batch, notes, totals | {"pii_documents": len(notes)}


def _with_prompts(batch: pa.RecordBatch, before: pa.RecordBatch, rows: list[int], screens: Screens) -> pa.RecordBatch:
    """`prompt_chars` of the masked texts in `rows`; null where a prompt masked alone does not begin its text."""
    chars = batch["prompt_chars"].to_pylist()
    rows = [row for row in rows if chars[row] is not None]
    prompts = [before["text"][row].as_py()[: chars[row]] for row in rows]
    alone = pa.record_batch([pa.array(prompts, pa.large_string())], names=["text"])
    masked, _ = mask_personal_data(alone, screens.pii)
    for row, prompt in zip(rows, masked["text"].to_pylist(), strict=True):
        chars[row] = len(prompt) if batch["text"][row].as_py().startswith(prompt) else None
    place = batch.schema.get_field_index("prompt_chars")
    return batch.set_column(place, batch.schema.field(place), pa.array(chars, pa.int32()))
