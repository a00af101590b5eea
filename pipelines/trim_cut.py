"""The second half of `trim`: cut what is repeated out of the texts, and measure what is left.

`substrings` looks for repeated runs of tokens in groups of consecutive parts, in the texts without the units that go;
`cut_part` writes one part of `trimmed/`.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup.seams import count_span_chars, spans_before, with_seams
from corpus.dedup.spans import Spans, cut_spans, merge_spans
from corpus.dedup.substrings import repeated_substrings
from corpus.kernels.segment import Dictionary
from corpus.kernels.signals import compute_signals
from corpus.ops.reasons import concat_reasons, reason_list
from corpus.ops.spam_terms import spam_signals
from corpus.shards import Counts, add_counts, open_part, read_batches, read_table, write_part
from pipelines import extract
from pipelines.recipe import Extract, Trim
from pipelines.select import ledger_of
from pipelines.stage import WORKINGS, checked
from pipelines.task import Task, TaskResult, task_output
from pipelines.trim_keys import document_order, policies

SPANS = pa.schema([("document", pa.int64()), ("start", pa.int64()), ("end", pa.int64())])
_SHOWN = 16  # spans of each rule that a document's evidence names
_NO_SPANS = Spans(*np.zeros((3, 0), np.int64))


def unit_spans(folder: Path, spec: Mapping[str, Any], options: Trim) -> dict[str, Spans]:
    """Rule -> the units of one part that go; `document` is the row in the part.

    Args:
        spec: `name` of the part, its `index` among the parts ordered by name, and `gone`: kind -> files of `repeats`.
    """
    found: dict[str, Spans] = {}
    for kind, policy in policies(options).items():
        units = read_table(folder / WORKINGS / "units" / kind / f"{spec['name']}.arrow")
        group = units["group"].to_numpy()
        gone = np.zeros(int(np.max(group, initial=-1)) + 1, np.bool_)
        for path, _ in spec["gone"].get(kind, []):
            gone[open_part(folder / path).get_batch(spec["index"])["group"].to_numpy()] = True
        goes = gone[group]
        if policy.keeps_first:
            goes |= ~units["is_first"].to_numpy()
        found[kind] = Spans(*(units[name].to_numpy()[goes] for name in ("document", "start", "end")))
    return found


def _in_rows(spans: Spans, start: int, num: int) -> Spans:
    """The spans of `num` documents from `start` on, counted from there."""
    low, high = np.searchsorted(spans.document, [start, start + num])
    return Spans(spans.document[low:high] - start, spans.start[low:high], spans.end[low:high])


def _cuts(text: pa.Array, by_rule: Mapping[str, Spans], start: int) -> tuple[dict[str, Spans], Spans]:
    """Of a batch: each rule's spans, and all together with their seams."""
    own = {rule: merge_spans([_in_rows(spans, start, len(text))]) for rule, spans in by_rule.items()}
    return own, with_seams(text, merge_spans([_NO_SPANS, *own.values()]))


def substrings(task: Task, folder: Path, *, selected: Path, options: Trim, priority: Mapping[str, int]) -> TaskResult:
    """Repeated runs of tokens in the texts of some parts; their places are those in the texts without cut units."""
    texts, orders, rows, parts, num_bytes = [], [], [], [], 0
    found: dict[str, list[Spans]] = {spec["name"]: [] for spec in task.spec["parts"]}

    def search() -> None:
        nonlocal num_bytes
        text = pa.concat_arrays([pa.array([], pa.large_string()), *texts])
        order = np.argsort(np.argsort(np.concatenate([np.zeros(0, np.uint64), *orders]), kind="stable"))
        spans = repeated_substrings(text, order, options.substring_tokens) if len(text) else _NO_SPANS
        start = 0
        for name, first, num in rows:
            own = _in_rows(spans, start, num)
            found[name].append(Spans(own.document + first, own.start, own.end))
            start += num
        texts.clear(), orders.clear(), rows.clear()
        num_bytes = 0

    for spec in task.spec["parts"]:
        by_rule, start = unit_spans(folder, spec, options), 0
        for batch in read_batches(checked(selected, spec), ["id", "source", "text"]):
            text = cut_spans(batch["text"], _cuts(batch["text"], by_rule, start)[1])
            size = pc.sum(pc.binary_length(text), min_count=0).as_py()
            if texts and num_bytes + size > options.substring_group_bytes:  # a part that is larger than a group
                search()
            texts.append(text), orders.append(document_order(batch, priority))
            rows.append((spec["name"], start, batch.num_rows))
            start, num_bytes = start + batch.num_rows, num_bytes + size
    search()
    for name, several in found.items():
        columns = [np.concatenate([np.zeros(0, np.int64), *values]) for values in zip(*several, strict=True)]
        batch = pa.record_batch(columns or list(_NO_SPANS), schema=SPANS)
        parts.append(write_part(folder, f"{WORKINGS}/substrings/{name}.arrow", [batch], SPANS, compression=None))
    return TaskResult(task.name, parts)


def cut_part(task: Task, folder: Path, *, selected: Path, options: Trim, extracted: Extract) -> TaskResult:
    """Write one part without what is repeated; documents of which too little is left go to the ledger alone."""
    path, by_rule = checked(selected, task.spec), unit_spans(folder, task.spec, options)
    dictionary = extract.dictionary_of(extracted)
    later = _read_spans(folder / task.spec["substrings"]) if "substrings" in task.spec else None
    chars: Counter[str] = Counter()
    start = 0
    with task_output(task, folder, open_part(path).schema) as output:
        for batch in read_batches(path):
            own, cuts = _cuts(batch["text"], by_rule, start)
            if later is not None:
                more = spans_before(_in_rows(later, start, batch.num_rows), cuts)
                own, cuts = own | {"substrings": more}, with_seams(batch["text"], merge_spans([cuts, more]))
            start += batch.num_rows
            chars.update(_chars_by_source(batch, own | {"all": cuts}))
            chars["changed"] += len(np.unique(cuts.document))
            trimmed = _trimmed(batch, cuts, dictionary)
            reasons = _reasons(batch, trimmed, cuts, options)
            kept = pc.equal(pc.list_value_length(reasons), 0)
            output.account(ledger_of(batch, reasons, kept, _evidence(batch["text"], own, cuts)))
            left = trimmed.filter(kept)
            output.counts = add_counts([output.counts, _read_and_kept(batch, left)])
            if left.num_rows:
                output.write(left)
        return output.finish(**chars)


def _read_spans(path: Path) -> Spans:
    table = read_table(path)
    return Spans(*(table[name].to_numpy() for name in SPANS.names))


def _chars_by_source(batch: pa.RecordBatch, spans: Mapping[str, Spans]) -> dict[str, int]:
    """`cut_chars/RULE/SOURCE` -> code points; what two rules cut counts for both, and once under `all`."""
    sources = pc.unique(batch["source"]).to_pylist()
    source = pc.index_in(batch["source"], pa.array(sources, pa.string())).to_numpy()
    counts: dict[str, int] = {}
    for rule, its in spans.items():
        sums = np.bincount(source[its.document], count_span_chars(batch["text"], its), minlength=len(sources))
        counts |= {f"cut_chars/{rule}/{name}": int(value) for name, value in zip(sources, sums, strict=True)}
    return counts


def _trimmed(batch: pa.RecordBatch, cuts: Spans, dictionary: Dictionary | None) -> pa.RecordBatch:
    """The batch without the cuts, its signals those of the texts as they are now; language and scores stay."""
    if not len(cuts.document):
        return batch
    text = cut_spans(batch["text"], cuts)
    rows = np.unique(cuts.document)
    changed = np.zeros(batch.num_rows, np.bool_)
    changed[rows] = True
    columns = {name: batch[name] for name in batch.schema.names} | {"text": text}
    cut = text.take(pa.array(rows))
    for name, values in (compute_signals(cut, dictionary=dictionary) | spam_signals(cut)).items():
        columns[name] = pc.replace_with_mask(batch[name], pa.array(changed), pa.array(values, batch[name].type))
    if "prompt_chars" in columns:
        columns["prompt_chars"] = _prompt_chars(batch, text, cuts)
    return pa.record_batch(list(columns.values()), schema=batch.schema)


def _prompt_chars(batch: pa.RecordBatch, text: pa.Array, cuts: Spans) -> pa.Array:
    """How many characters at the beginning of each text are the prompt, once the cuts are made."""
    prompts = batch["prompt_chars"].to_pylist()
    for row in np.unique(cuts.document).tolist():
        if prompts[row]:
            before = batch["text"][row].as_py()[: prompts[row]].encode()
            its = cuts.document == row
            for start, end in zip(cuts.start[its].tolist(), cuts.end[its].tolist(), strict=True):
                prompts[row] -= len(before[start:end].decode())
            prompts[row] = len(text[row].as_py()[: prompts[row]].rstrip())  # a cut last line leaves its line end
    return pa.array(prompts, pa.int32())


def _reasons(batch: pa.RecordBatch, trimmed: pa.RecordBatch, cuts: Spans, options: Trim) -> pa.ListArray:
    """Against documents of which something was cut, and too little is left."""
    num_chars = pc.utf8_length(batch["text"]).to_numpy()
    cut = np.bincount(cuts.document, count_span_chars(batch["text"], cuts), minlength=batch.num_rows)
    left = pc.utf8_length(pc.utf8_trim_whitespace(trimmed["text"])).to_numpy()
    share = cut / np.maximum(num_chars, 1)
    few = reason_list((cut > 0) & (left < options.min_chars), "trim.min_chars", left, options.min_chars)
    much = reason_list((cut > 0) & (share > options.max_share_cut), "trim.max_share_cut", share, options.max_share_cut)
    return concat_reasons(batch.num_rows, [few, much])


def _evidence(text: pa.Array, own: Mapping[str, Spans], cuts: Spans) -> dict[int, str]:
    """Row -> what was cut, as JSON: {"cut_chars": 61, "lines": [[0, 30]]}; ranges in characters of the text before."""
    total = np.bincount(cuts.document, count_span_chars(text, cuts), minlength=len(text)).astype(int)
    notes: dict[int, dict[str, Any]] = {
        row: {"cut_chars": int(total[row])} for row in np.unique(cuts.document).tolist()
    }
    for rule, spans in own.items():
        for row, start, end in _shown(text, spans):
            notes[row].setdefault(rule, []).append([start, end])
    return {row: json.dumps(note) for row, note in notes.items()}


def _shown(text: pa.Array, spans: Spans) -> Iterator[tuple[int, int, int]]:
    """Row, start and end in characters of the first `_SHOWN` spans of each document."""
    first = np.searchsorted(spans.document, spans.document)
    some = np.arange(len(first)) - first < _SHOWN
    document, start, end = (column[some] for column in spans)
    begin = count_span_chars(text, Spans(document, np.zeros_like(start), start))
    chars = count_span_chars(text, Spans(document, start, end))
    yield from zip(document.tolist(), begin.tolist(), (begin + chars).tolist(), strict=True)


def _read_and_kept(batch: pa.RecordBatch, left: pa.RecordBatch) -> dict[str, Counts]:
    counts = {row["values"]: Counts(read=row["counts"]) for row in batch["source"].value_counts().to_pylist()}
    table = pa.table({"source": left["source"], "bytes": pc.binary_length(left["text"])})
    for row in table.group_by("source").aggregate([("bytes", "sum")]).to_pylist():
        counts[row["source"]].kept_bytes = row["bytes_sum"]
    return counts
