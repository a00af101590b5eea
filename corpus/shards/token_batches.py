"""Parts of tokens whose record batches hold one source and one language each, and the index of their batches.

A batch has at most 4,096 documents and, unless it is one longer document, 4,194,304 tokens: 8 MiB of 16-bit ids. It is
what a loader reads from a remote store at a time (object stores advise 8 to 16 MiB a request), what it hashes and what
it keeps or drops in its cache; and 10^12 tokens in 10^9 documents make about 250,000 of them, more where parts hold
many languages: an index of some 30 MB. Since a batch is of one source and language, a mixture needs no column with a
value for each document.

Rows of a part are sorted by source, then language, and otherwise stay in order. Price: a part's tokens in memory once
while it is written, and its bytes read back from the page cache to be hashed.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from corpus.errors import SchemaError, ShardError
from corpus.schema import TOKEN_BATCHES, check_schema
from corpus.shards.manifest import Part
from corpus.shards.write import PartWriter, write_part

MOST_ROWS = 4096
MOST_TOKENS = 1 << 22
INDEX_NAME = "index.arrow"

Row = dict[str, Any]  # a row of TOKEN_BATCHES, without `part`


def write_token_part(
    folder: Path, name: str, batches: Iterable[pa.RecordBatch], schema: pa.Schema
) -> tuple[Part, list[Row]]:
    """Write a part of tokens.

    Args:
        folder, name: as in `PartWriter`.
        batches: of `schema`, a `tokens_schema`.

    Returns:
        The manifest's entry, and the part's rows of the index.
    """
    with PartWriter(folder, name, schema, compression=None) as writer:
        for batch in _regrouped(pa.Table.from_batches(list(batches), schema)):
            writer.write(batch)
    assert writer.part is not None
    return writer.part, [row for row, _ in describe_batches(folder / name, writer.part, schema, hashed=True)]


def write_token_index(folder: Path, parts: Iterable[list[Row]]) -> Part:
    """Write `index.arrow`: the rows of every part, in the manifest's order. No name is null, but "" instead."""
    rows = [row | {"part": number} for number, part in enumerate(parts) for row in part]
    columns = [
        pa.array([row[field.name] or "" for row in rows], pa.string()).dictionary_encode().cast(field.type)
        if pa.types.is_dictionary(field.type)
        else pa.array([row[field.name] for row in rows], field.type)
        for field in TOKEN_BATCHES
    ]
    batch = pa.record_batch(columns, schema=TOKEN_BATCHES)
    return write_part(folder, INDEX_NAME, [batch], TOKEN_BATCHES, compression=None)


def describe_batches(
    path: Path, part: Part, schema: pa.Schema, *, hashed: bool
) -> Iterator[tuple[Row, pa.RecordBatch]]:
    """Where each record batch of a part has what a loader reads; `source` and `language` are those of its first row.

    Args:
        path: of the part.
        part: its entry in the manifest.
        schema: what its batches must have; a column `loss_spans` besides is described too.
        hashed: with `xxh3`; otherwise it is 0 and no token is touched.

    Raises:
        ShardError: the part is missing, damaged, compressed, or not what the manifest says.
    """
    whole, batches = _open_whole(path, part)
    if sum(batch.num_rows for batch in batches) != part.rows:
        rows = sum(batch.num_rows for batch in batches)
        raise ShardError(f"{path} has {rows} rows, the manifest says {part.rows}; tokenize again")
    for batch in batches:
        try:
            check_schema(batch, schema, str(path))
        except SchemaError as error:
            raise ShardError(f"{error}; is info.vocab_size right?") from error
        if batch.num_rows:
            row = _describe(batch, whole, path)
            if hashed:
                row["xxh3"] = xxhash.xxh3_64_intdigest(memoryview(whole)[row["begin"] :][: row["num_bytes"]])
            yield row, batch


def _open_whole(path: Path, part: Part) -> tuple[pa.Buffer, list[pa.RecordBatch]]:
    if not path.is_file():
        raise ShardError(f"{path} is named by the manifest and is missing; copy it here or tokenize again")
    if path.stat().st_size != part.bytes:
        raise ShardError(f"{path} has {path.stat().st_size} bytes, the manifest says {part.bytes}; tokenize again")
    try:
        whole = pa.memory_map(str(path)).read_buffer(part.bytes)
        reader = pa.ipc.open_file(whole)
        return whole, [reader.get_batch(index) for index in range(reader.num_record_batches)]
    except (pa.ArrowInvalid, OSError) as error:
        raise ShardError(f"{path} is no Arrow IPC file ({error}); tokenize again") from error


def _describe(batch: pa.RecordBatch, whole: pa.Buffer, path: Path) -> Row:
    num_tokens, tokens = batch.column("num_tokens"), batch.column("tokens")
    if num_tokens.null_count or tokens.null_count:
        raise ShardError(f"{path} holds nulls in num_tokens or tokens; tokenize again")
    _, lengths = num_tokens.buffers()
    _, offsets, _, values = tokens.buffers()
    row: Row = {"source": batch.column("source")[0].as_py(), "language": batch.column("language")[0].as_py()}
    item = tokens.type.value_type.bit_width // 8
    row |= {"rows": batch.num_rows, "num_tokens": len(tokens.values), "token_bytes": item}
    row["begin"] = row["lengths_at"] = _at(lengths, whole, path)
    row["offsets_at"] = _at(offsets, whole, path)
    end = row["offsets_at"] + offsets.size
    row["tokens_at"] = _at(values, whole, path, end)
    end = row["tokens_at"] + item * row["num_tokens"]
    row |= {"loss_validity_at": -1, "loss_offsets_at": -1, "loss_values_at": -1, "num_loss_values": 0}
    if "loss_spans" in batch.schema.names:
        spans = batch.column("loss_spans")
        validity, span_offsets, _, span_values = spans.buffers()
        if spans.null_count:
            row["loss_validity_at"] = _at(validity, whole, path)
        row["loss_offsets_at"] = _at(span_offsets, whole, path)
        end = row["loss_offsets_at"] + span_offsets.size
        row["loss_values_at"] = _at(span_values, whole, path, end)
        row["num_loss_values"] = len(spans.values)
        end = row["loss_values_at"] + 4 * row["num_loss_values"]
    return row | {"num_bytes": end - row["begin"], "xxh3": 0}


def _at(buffer: pa.Buffer | None, whole: pa.Buffer, path: Path, nothing: int = 0) -> int:
    """The buffer's place in the file; `nothing` where it is empty.

    A buffer outside the map was decompressed on opening: the whole corpus would be read into memory.
    """
    if buffer is None or not buffer.size:
        return nothing
    if not whole.address <= buffer.address <= whole.address + whole.size - buffer.size:
        raise ShardError(f"{path} is compressed; token parts are written with compression=None")
    return buffer.address - whole.address


def _regrouped(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Batches of one source and language each, within the limits."""
    if not table.num_rows:
        return
    sources, languages = (_ranks(table[name]) for name in ("source", "language"))
    order = np.lexsort((languages, sources))
    if not (order[1:] > order[:-1]).all():
        table = table.take(pa.array(order))
        sources, languages = sources[order], languages[order]
    batch = table.combine_chunks().to_batches()[0]
    lengths = batch["num_tokens"].to_numpy()
    borders = np.flatnonzero((np.diff(sources) != 0) | (np.diff(languages) != 0)) + 1
    for begin, end in zip([0, *borders], [*borders, len(lengths)], strict=True):
        for first, last in _cuts(lengths, int(begin), int(end)):
            yield batch.slice(first, last - first)


def _ranks(names: pa.ChunkedArray) -> np.ndarray:
    """The place of each name among the sorted distinct ones; null is the first."""
    encoded = names.combine_chunks().dictionary_encode()
    known = encoded.dictionary.to_pylist()
    rank = np.empty(len(known) + 1, np.int64)
    rank[np.array(sorted(range(len(known)), key=known.__getitem__), np.int64)] = np.arange(1, len(known) + 1)
    rank[-1] = 0
    return rank[encoded.indices.fill_null(len(known)).to_numpy()]


def _cuts(lengths: np.ndarray, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Rows `begin` to `end` in pieces of at most MOST_ROWS rows and MOST_TOKENS tokens, or one longer document."""
    while begin < end:
        last = min(end, begin + MOST_ROWS)
        within = np.searchsorted(np.cumsum(lengths[begin:last], dtype=np.int64), MOST_TOKENS, side="right")
        last = begin + max(1, int(within))
        yield begin, last
        begin = last
