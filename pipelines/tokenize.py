"""Stage 7, tokens: the documents that are left as token ids, uncompressed, for the loader to memory-map.

Where `select` wrote `repeats`, a document stands as many times, in rows that follow each other; the loader's order
spreads them. Counts are of documents, `num_tokens` is of all rows.
"""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from corpus.schema import tokens_schema
from corpus.shards import Counts, load_manifest, open_part, read_batches, write_part
from pipelines.final import final_folder
from pipelines.recipe import Recipe, Tokenize
from pipelines.stage import StagePlan, checked, input_hashes
from pipelines.task import Task, TaskResult
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
    return stage.with_tasks(tasks, function)


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
    schema = tokens_schema(tokenizer.get_vocab_size())
    eos = tokenizer.token_to_id(EOS) if options.append_eos else None
    path = checked(documents, task.spec)
    repeated = "repeats" in open_part(path).schema.names
    counts: dict[str, Counts] = {}
    total = 0

    def encoded() -> Iterator[pa.RecordBatch]:
        nonlocal total
        for batch in read_batches(path, [*_COLUMNS, "repeats"] if repeated else _COLUMNS):
            for row in batch["source"].value_counts().to_pylist():
                found = counts.setdefault(row["values"], Counts())
                found.read += row["counts"]
                found.kept += row["counts"]
            rows = _encode(batch, tokenizer, schema, eos)
            if repeated:
                rows = rows.take(pa.array(np.repeat(np.arange(batch.num_rows), batch["repeats"].to_numpy())))
            total += int(np.sum(rows["num_tokens"].to_numpy()))
            yield rows

    part = write_part(folder, task.spec["part"], encoded(), schema, compression=None)
    return TaskResult(task.name, [part], counts=counts, info={"num_tokens": total})


def _encode(batch: pa.RecordBatch, tokenizer: Tokenizer, schema: pa.Schema, eos: int | None) -> pa.RecordBatch:
    encoded = tokenizer.encode_batch_fast(batch["text"].to_pylist(), add_special_tokens=False)
    end = [] if eos is None else [eos]
    dtype = schema.field("tokens").type.value_type.to_pandas_dtype()
    rows = [np.array(document.ids + end, dtype) for document in encoded]
    lengths = np.array([len(row) for row in rows], np.int64)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int64())
    values = pa.array(np.concatenate(rows) if rows else np.zeros(0, dtype))
    tokens = pa.LargeListArray.from_arrays(offsets, values, type=schema.field("tokens").type)
    columns = [batch["id"], batch["source"], batch["language"], pa.array(lengths, pa.int32()), tokens]
    return pa.record_batch(columns, schema=schema)
