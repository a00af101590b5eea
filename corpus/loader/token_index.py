"""What a token folder's index says, as arrays: where the values of every record batch are, and of what they are.

`index.arrow` (schema `corpus.schema.TOKEN_BATCHES`) is mapped, hashed and checked against the manifest: after that
every byte position lies in its part, so that a loader may read at it as soon as it has seen that the part has its
size. Opening a folder so reads no part. A folder without an index, of an earlier siku or of somebody's own writer, is
read part by part instead; there a record batch may hold several sources and languages, and every run of rows of one
kind counts as a batch of its own.

Price: 500,000 batches, twice as many as 10^12 tokens in 10^9 documents need, are 51 MB of index that is mapped and
given back, and 24 MB of arrays made of it.
"""

import itertools
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from corpus.errors import SchemaError, ShardError
from corpus.schema import TOKEN_BATCHES, check_schema
from corpus.shards.manifest import Manifest, Part
from corpus.shards.token_batches import INDEX_NAME, describe_batches

_BLOCK = 1 << 15  # batches that are checked at a time, within the cache
_NAMES = ("source", "language")
_PLACES = ("lengths_at", "offsets_at", "tokens_at", "num_tokens")
_LOSS_PLACES = ("loss_validity_at", "loss_offsets_at", "loss_values_at", "num_loss_values")


@dataclass(frozen=True)
class Runs:
    """The documents as runs of one source and language, K of them, in order.

    Fields:
        first_document: int64 `[K + 1]`; run k holds documents from its entry to the next.
        num_tokens: int64 `[K]`.
        source, language: int32 `[K]`, places in the names.
        source_names, language_names: every name once.
    """

    first_document: np.ndarray
    num_tokens: np.ndarray
    source: np.ndarray
    language: np.ndarray
    source_names: tuple[str, ...]
    language_names: tuple[str, ...]


@dataclass(frozen=True)
class TokenIndex:
    """The record batches of a folder.

    Fields:
        runs: what is in them.
        part, begin, num_bytes, xxh3: `[K]`, as in TOKEN_BATCHES.
        places: int64 `[K, 4]`: positions in the part of lengths, offsets and tokens; how many tokens there are.
        loss_places: int64 `[K, 4]`: positions of the bitmap (in bits), offsets and values of loss spans; how many
            values there are. `[0, 4]` where the folder has none.
        is_hashed: whether `xxh3` says something.
    """

    runs: Runs
    part: np.ndarray
    begin: np.ndarray
    num_bytes: np.ndarray
    xxh3: np.ndarray
    places: np.ndarray
    loss_places: np.ndarray
    is_hashed: bool

    @property
    def has_loss(self) -> bool:
        """Whether any batch has loss spans."""
        return len(self.loss_places) > 0


def index_part(manifest: Manifest) -> Part | None:
    """The manifest's entry of the index, or None."""
    return next((part for part in manifest.extra if part.path == INDEX_NAME), None)


def read_index(data: bytes | mmap.mmap, manifest: Manifest, schema: pa.Schema, where: str) -> TokenIndex:
    """The index from its bytes.

    Args:
        data: of `index.arrow`; arrays of the index look into them.
        manifest: of the folder.
        schema: `tokens_schema` of its vocabulary.
        where: the folder, for errors.

    Raises:
        ShardError: it is no index, or does not fit the manifest.
    """
    part = index_part(manifest)
    found = xxhash.xxh3_64_hexdigest(data)
    if part is None or found != part.xxh3:
        raise ShardError(
            f"{where}/{INDEX_NAME} is damaged: xxh3 {found}, the manifest says {part.xxh3 if part else None}; "
            "copy it here again or tokenize again"
        )
    try:
        reader = pa.ipc.open_file(pa.py_buffer(data))
        if reader.num_record_batches != 1:
            raise SchemaError(f"it has {reader.num_record_batches} record batches, expected 1")
        batch = reader.get_batch(0)
        check_schema(batch, TOKEN_BATCHES, where)
        if any(column.null_count for column in batch.columns):
            raise SchemaError("it holds nulls")
    except (pa.ArrowException, OSError, SchemaError) as error:
        raise ShardError(f"{where}/{INDEX_NAME} is no index of tokens ({error}); tokenize again") from error
    columns = {field.name: _values(batch[field.name]) for field in TOKEN_BATCHES if field.name not in _NAMES}
    names = [(_values(batch[name].indices), tuple(batch[name].dictionary.to_pylist())) for name in _NAMES]
    for code, known in names:
        if len(code) and not 0 <= int(code.min()) <= int(code.max()) < len(known):
            raise ShardError(f"{where}/{INDEX_NAME} names sources or languages that it does not have; tokenize again")
    _check(columns, manifest, schema, where)
    return _assembled(columns, names, columns["num_tokens"], hashed=True)


def _values(array: pa.Array) -> np.ndarray:
    """A column of numbers without nulls, where it lies. `to_numpy` would import pandas."""
    name = str(array.type).removesuffix("_t")
    buffer = array.buffers()[1]
    return (
        np.frombuffer(buffer, name, len(array), array.offset * np.dtype(name).itemsize)
        if len(array)
        else np.empty(0, name)
    )


def scan_parts(folder: Path, manifest: Manifest, schema: pa.Schema) -> TokenIndex:
    """The index of a folder that has none, from its parts.

    Raises:
        ShardError: a part is missing, damaged, compressed, or not what the manifest says.
    """
    rows = [
        row
        for number, part in enumerate(manifest.parts)
        for described, batch in describe_batches(folder / part.path, part, schema, hashed=False)
        for row in _runs_of(described | {"part": number}, batch)
    ]
    fields = [field for field in TOKEN_BATCHES if not pa.types.is_dictionary(field.type)]
    columns = {
        field.name: np.array([row[field.name] for row in rows], field.type.to_pandas_dtype()) for field in fields
    }
    names = [_codes(pa.array([row[name] for row in rows], pa.string()).dictionary_encode()) for name in _NAMES]
    _check(columns, manifest, schema, str(folder))
    index = _assembled(columns, names, np.array([row["run_tokens"] for row in rows], np.int64), hashed=False)
    if index.has_loss:
        index.loss_places[:, 0] += np.array([row["first_row"] for row in rows], np.int64)
    return index


def _codes(names: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """Places in the names, and the names; null is the name ""."""
    known = [name or "" for name in names.dictionary.to_pylist()]
    indices = names.indices
    if indices.null_count:
        known.append("")
        indices = indices.fill_null(len(known) - 1)
    return indices.to_numpy().astype(np.int32, copy=False), tuple(known)


def _assembled(
    columns: dict[str, np.ndarray], names: list[tuple[np.ndarray, tuple[str, ...]]], tokens: np.ndarray, *, hashed: bool
) -> TokenIndex:
    (source, source_names), (language, language_names) = names
    first = np.zeros(len(tokens) + 1, np.int64)
    np.cumsum(columns["rows"], out=first[1:])
    has_loss = len(tokens) > 0 and int(columns["loss_offsets_at"].max()) >= 0
    loss_places = np.empty((len(tokens) if has_loss else 0, 4), np.int64)
    places = np.empty((len(tokens), 4), np.int64)
    for target, chosen in ((places, _PLACES), (loss_places, _LOSS_PLACES if has_loss else ())):
        for column, name in enumerate(chosen):
            target[:, column] = columns[name]
    loss_places[loss_places[:, 0] >= 0, 0] *= 8
    return TokenIndex(
        runs=Runs(first, tokens, source, language, source_names, language_names),
        part=columns["part"],
        begin=columns["begin"],
        num_bytes=columns["num_bytes"],
        xxh3=columns["xxh3"],
        places=places,
        loss_places=loss_places,
        is_hashed=hashed,
    )


def _runs_of(row: dict[str, Any], batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """A batch's row for each run of rows of one source and language."""
    codes = [_codes(batch[name].dictionary_encode()) for name in _NAMES]
    changes = np.zeros(batch.num_rows - 1, bool)
    for code, _ in codes:
        changes |= np.diff(code) != 0
    borders = [0, *(np.flatnonzero(changes) + 1).tolist(), batch.num_rows]
    lengths = batch["num_tokens"].to_numpy()
    if lengths.min() < 0 or lengths.sum(dtype=np.int64) > row["num_tokens"]:
        raise ShardError(f"part {row['part']} has num_tokens that its tokens do not bear out; tokenize again")
    for first, last in itertools.pairwise(borders):
        moved: dict[str, Any] = {name: names[code[first]] for name, (code, names) in zip(_NAMES, codes, strict=True)}
        moved |= {"rows": last - first, "first_row": first if row["loss_validity_at"] >= 0 else 0}
        moved |= {"lengths_at": row["lengths_at"] + 4 * first, "offsets_at": row["offsets_at"] + 8 * first}
        if row["loss_offsets_at"] >= 0:
            moved["loss_offsets_at"] = row["loss_offsets_at"] + 8 * first
        yield row | moved | {"run_tokens": int(lengths[first:last].sum(dtype=np.int64))}


def _check(columns: dict[str, np.ndarray], manifest: Manifest, schema: pa.Schema, where: str) -> None:
    """Refuse an index with a position that is outside its part, or that counts other rows than the manifest."""
    advice = f"{where}: the index does not fit the manifest; tokenize again"
    sizes = np.array([part.bytes for part in manifest.parts], np.int64)
    part = columns["part"]
    if len(part) and not (part.min() >= 0 and part.max() < len(sizes) and (np.diff(part) >= 0).all()):
        raise ShardError(f"{advice} (parts {part.min()} to {part.max()} of {len(sizes)})")
    found = np.bincount(part, columns["rows"], len(sizes)).astype(np.int64)
    for number in np.flatnonzero(found != [one.rows for one in manifest.parts])[:1]:
        one = manifest.parts[number]
        raise ShardError(f"{advice} ({one.path} has {found[number]} rows in it, {one.rows} in the manifest)")
    item = schema.field("tokens").type.value_type.bit_width // 8
    for bits in 8 * columns["token_bytes"][columns["token_bytes"] != item][:1].astype(int):
        raise ShardError(
            f"{where} has {bits}-bit tokens, the vocabulary {8 * item}-bit ones; is info.vocab_size right?"
        )
    for first in range(0, len(part), _BLOCK):
        block = {name: values[first : first + _BLOCK] for name, values in columns.items()}
        for batch in np.flatnonzero(_outside(block, sizes, item))[:1] + first:
            raise ShardError(f"{advice} (batch {batch} lies outside of {manifest.parts[part[batch]].path})")


def _outside(columns: dict[str, np.ndarray], sizes: np.ndarray, item: int) -> np.ndarray:
    """Whether a batch has a position outside of its bytes, or bytes outside of its part."""
    begin, end = columns["begin"], columns["begin"] + columns["num_bytes"]
    rows = columns["rows"].astype(np.int64)
    spans = columns["loss_offsets_at"] >= 0
    bad = (rows < 1) | (begin < 0) | (columns["num_bytes"] < 0) | (end < begin) | (end > sizes[columns["part"]])
    bad |= (begin % 8 != 0) | (columns["num_tokens"] < 0) | (columns["num_tokens"] > 1 << 56)
    places: Iterable[tuple[str, Any, int, Any]] = (
        ("lengths_at", 4 * rows, 4, True),
        ("offsets_at", 8 * (rows + 1), 8, True),
        ("tokens_at", item * columns["num_tokens"], item, True),
        ("loss_validity_at", (rows + 7) // 8, 1, columns["loss_validity_at"] >= 0),
        ("loss_offsets_at", 8 * (rows + 1), 8, spans),
        ("loss_values_at", 4 * columns["num_loss_values"], 4, spans),
    )
    bad |= (columns["num_loss_values"] < 0) | (columns["num_loss_values"] > 1 << 56)
    for name, size, align, used in places:
        at = columns[name]
        bad |= used & ((at < begin) | (at % align != 0) | (size > end - at))
    return bad
