"""Stage 7, tokens: the documents that are left as token ids, uncompressed, for the loader to memory-map.

Where `select` wrote `repeats`, a document stands as many times, in rows that follow each other; the loader's order
spreads them. Counts are of documents, `num_tokens` is of all rows. Rows of a part are sorted by language, and
`index.arrow` says where each record batch lies and of what language it is (`corpus.shards.token_batches`).

With `tokenize.loss: answer` a document that has a prompt is trained on from the first token that begins behind it,
its end token included. A token that begins in the prompt and ends in the answer is the prompt's.
"""

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
from tokenizers import Encoding, Tokenizer

from corpus.schema import tokens_schema
from corpus.shards import Counts, load_manifest, open_part, read_batches
from corpus.shards.token_batches import write_token_index, write_token_part
from pipelines.final import final_folder
from pipelines.recipe import Recipe, Tokenize
from pipelines.stage import Gather, RunTasks, StagePlan, WriteManifest, checked, input_hashes
from pipelines.task import Phase, Task, TaskResult
from pipelines.tokenizer import EOS

PAD = "<|pad|>"
_COLUMNS = ["id", "source", "language", "text"]


def plan(recipe: Recipe, work: Path) -> StagePlan:
    """One task a part of selected documents, or of trimmed ones where the recipe trims."""
    folder = final_folder(recipe.trim)
    documents = load_manifest(work / folder)
    tokenizer = work / "tokenizer" / "tokenizer.json"
    hash_of_tokenizer = next(
        part.xxh3 for part in load_manifest(work / "tokenizer").parts if part.path == tokenizer.name
    )
    loaded = Tokenizer.from_file(str(tokenizer))
    eos = loaded.token_to_id(EOS)
    tasks = [
        Task(
            part.path.removesuffix(".arrow"),
            {"part": part.path, "xxh3": part.xxh3, "tokenizer": hash_of_tokenizer},
        )
        for part in documents.parts
    ]
    inputs = input_hashes(work, folder, "tokenizer")
    special = {"eos_id": eos, "pad_id": loaded.token_to_id(PAD)}
    info = {"vocab_size": loaded.get_vocab_size(), "tokenizer_hash": hash_of_tokenizer}
    info |= {name: value for name, value in special.items() if value is not None}
    options = recipe.tokenize.model_dump()
    num_bytes = sum(part.bytes for part in documents.parts)
    stage = StagePlan("tokenize", work / "tokens", __name__, options, inputs, info=info, num_bytes=num_bytes)
    function = functools.partial(tokenize_part, work=work, documents=work / folder, options=recipe.tokenize)
    graph = functools.partial(_graph, tasks=tasks, phase=stage.task_phase(function))
    return dataclasses.replace(stage.with_tasks(tasks, function), graph=graph)


def _graph(pipeline: beam.Pipeline, plan: StagePlan, *, tasks: list[Task], phase: Phase) -> object:
    return (
        pipeline
        # Task: one part of documents
        | "Tasks" >> beam.Create(tasks, reshuffle=False)
        | "Tokenize" >> RunTasks(phase)
        # list of TaskResult
        | "Gather" >> Gather()
        | "Index" >> beam.Map(_with_index, folder=plan.folder, order=[task.name for task in tasks])
        | "Manifest" >> WriteManifest(plan, [task.name for task in tasks])
    )


def _with_index(results: list[TaskResult], folder: Path, order: list[str]) -> list[TaskResult]:
    """Write the index of all parts; its entry in the manifest is the first result's."""
    by_name = {result.name: result for result in results}
    index = write_token_index(folder, [by_name[name].info["batches"] for name in order])
    return [
        dataclasses.replace(
            by_name[name],
            info={key: value for key, value in by_name[name].info.items() if key != "batches"},
            extra=[index] if name == order[0] else [],
        )
        for name in order
    ]


@functools.cache
def _tokenizer(path: str, hash_of_tokenizer: str) -> Tokenizer:
    del hash_of_tokenizer  # only there so that another tokenizer under the same path is loaded anew
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()  # a given tokenizer.json may ask for either, and documents would be cut or filled
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # a document that spells <|endoftext|> does not end there
    return tokenizer


def tokenize_part(task: Task, folder: Path, *, work: Path, documents: Path, options: Tokenize) -> TaskResult:
    """Encode one part."""
    path = work / "tokenizer" / "tokenizer.json"
    tokenizer = _tokenizer(str(path), task.spec["tokenizer"])
    on_answers = options.loss == "answer"
    schema = tokens_schema(tokenizer.get_vocab_size(), loss_spans=on_answers)
    eos = tokenizer.token_to_id(EOS) if options.append_eos else None
    path = checked(documents, task.spec)
    repeated = "repeats" in open_part(path).schema.names
    columns = [*_COLUMNS, *(["prompt_chars"] if on_answers else []), *(["repeats"] if repeated else [])]
    counts: dict[str, Counts] = {}
    total = 0

    def encoded() -> Iterator[pa.RecordBatch]:
        nonlocal total
        for batch in read_batches(path, columns):
            for row in batch["source"].value_counts().to_pylist():
                found = counts.setdefault(row["values"], Counts())
                found.read += row["counts"]
                found.kept += row["counts"]
            rows = _encode(batch, tokenizer, schema, eos)
            if repeated:
                rows = rows.take(pa.array(np.repeat(np.arange(batch.num_rows), batch["repeats"].to_numpy())))
            total += int(np.sum(rows["num_tokens"].to_numpy()))
            yield rows

    part, batches = write_token_part(folder, task.spec["part"], encoded(), schema)
    return TaskResult(task.name, [part], counts=counts, info={"num_tokens": total, "batches": batches})


def _encode(batch: pa.RecordBatch, tokenizer: Tokenizer, schema: pa.Schema, eos: int | None) -> pa.RecordBatch:
    on_answers = "loss_spans" in schema.names
    encode = tokenizer.encode_batch if on_answers else tokenizer.encode_batch_fast  # the fast one knows no offsets
    encoded = encode(batch["text"].to_pylist(), add_special_tokens=False)
    end = [] if eos is None else [eos]
    dtype = schema.field("tokens").type.value_type.to_pandas_dtype()
    rows = [np.array(document.ids + end, dtype) for document in encoded]
    lengths = np.array([len(row) for row in rows], np.int64)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int64())
    values = pa.array(np.concatenate(rows) if rows else np.zeros(0, dtype))
    tokens = pa.LargeListArray.from_arrays(offsets, values, type=schema.field("tokens").type)
    columns = [batch["id"], batch["source"], batch["language"], pa.array(lengths, pa.int32()), tokens]
    if on_answers:
        prompts = batch["prompt_chars"].to_pylist()
        spans = [_answer(*each) for each in zip(encoded, prompts, lengths.tolist(), strict=True)]
        columns.append(pa.array(spans, schema.field("loss_spans").type))
    return pa.record_batch(columns, schema=schema)


def _answer(document: Encoding, prompt_chars: int | None, num_tokens: int) -> list[int] | None:
    """The span behind the prompt; None, everything, where there is none."""
    if not prompt_chars:
        return None
    begin = int(np.searchsorted([begin for begin, _ in document.offsets], prompt_chars))
    return [begin, num_tokens] if begin < num_tokens else []
