"""MosaicML streaming's MDS folders to token folders and back, without the package.

Layout, version 2, little-endian, as in streaming's `base/format/mds`:

    index.json   {"version": 2, "shards": [{"format": "mds", "samples", "column_names", "column_encodings",
                 "column_sizes", "raw_data": {"basename", "bytes", "hashes"}, "zip_data", "compression", ...}]}
    a shard      samples n u32, offsets u32 [n + 1] from the file's beginning, the configuration as JSON, the samples
    a sample     u32 a column without a fixed size, its bytes; then the columns' bytes, in the order of column_names
    ndarray      [dtype code u8, unless in the encoding] [ndim << 2 | shape code u8, shape, unless in it] values

Read are columns of the encodings `ndarray[:DTYPE[:SHAPE]]` and, where the dtype is said, `bytes`. Written are `id`,
`source`, `language` (str), `tokens` (`ndarray:uint16` or `ndarray:uint32`) and, where the folder has loss spans,
`loss_mask` (`ndarray:uint8`). MDS has no empty arrays: documents without a token are left out and counted.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from corpus.errors import RecipeError, ShardError
from corpus.loader.loss_masks import mask_of, spans_of
from corpus.loader.write_tokens import TokenWriter
from corpus.shards.manifest import Manifest, load_manifest
from corpus.shards.read import read_batches
from corpus.shards.write import AtomicFile, write_json

_DTYPES = {8: "uint8", 9: "int8", 16: "uint16", 17: "int16", 32: "uint32", 33: "int32", 64: "uint64", 65: "int64"}
_SHAPES = ("<u1", "<u2", "<u4", "<u8")
_BLOCK = 1024  # documents


def import_mds(
    path: str | Path,
    folder: str | Path,
    *,
    vocab_size: int,
    tokens: str = "tokens",
    mask: str | None = None,
    bytes_dtype: str | None = None,
    source: str = "mds",
    language: str = "und",
    **info: Any,
) -> Manifest:
    """Write a token folder from an MDS folder.

    Args:
        path: of the folder that has `index.json`.
        folder: where to; must not have a manifest yet.
        vocab_size: number of ids.
        tokens: the column of ids.
        mask: a column of the same length, not 0 where a token is trained on.
        bytes_dtype: of the ids, where the column is `bytes`.
        source, language: of every document that has no column of that name.
        info: goes into the manifest: `tokenizer_hash`, `eos_id`, `pad_id`.

    Raises:
        ShardError: the files are not of this format, compressed, missing or cut short.
        RecipeError: no such column, or one of another encoding.
    """
    writer = TokenWriter(folder, vocab_size=vocab_size, loss_spans=mask is not None)
    for samples in _blocks(Path(path)):
        rows = []
        for sample in samples:
            ids = _array(sample, tokens, bytes_dtype)
            spans = spans_of(_array(sample, mask, bytes_dtype) != 0, len(ids)) if mask else None
            names = tuple(sample[name][1].decode() if name in sample else "" for name in ("source", "language", "id"))
            rows.append((names[0] or source, names[1] or language, names[2], ids, spans))
        for kind in dict.fromkeys(row[:2] for row in rows):
            chosen = [row for row in rows if row[:2] == kind]
            names = [row[2] for row in chosen]
            writer.add(
                np.array([len(row[3]) for row in chosen]),
                np.concatenate([row[3] for row in chosen]),
                source=kind[0],
                language=kind[1],
                ids=names if all(names) else None,
                spans=[row[4] for row in chosen] if mask else None,
            )
    return writer.finish(**info)


def export_mds(folder: str | Path, path: str | Path, *, shard_bytes: int = 1 << 26) -> dict[str, int]:
    """Write an MDS folder from a token folder.

    Args:
        folder: of the tokens, on this machine.
        path: where to.
        shard_bytes: of a shard at most, or one longer document.

    Returns:
        `documents` written, `empty` ones left out.
    """
    folder, path = Path(folder), Path(path)
    manifest = load_manifest(folder)
    encodings = {"id": "str", "language": "str", "source": "str"}
    encodings["tokens"] = "ndarray:uint16" if manifest.info["vocab_size"] <= 1 << 16 else "ndarray:uint32"
    shards: list[dict[str, Any]] = []
    waiting: list[bytes] = []
    counts = {"documents": 0, "empty": 0}
    size = 0
    for part in manifest.parts:
        for batch in read_batches(folder / part.path):
            if "loss_spans" in batch.schema.names:
                encodings["loss_mask"] = "ndarray:uint8"
            for sample in _samples(batch, sorted(encodings)):
                counts["documents" if sample else "empty"] += 1
                if size + len(sample) + 4 > shard_bytes and waiting:
                    shards.append(_write_shard(path, len(shards), waiting, encodings))
                    waiting, size = [], 0
                if sample:
                    waiting.append(sample)
                    size += len(sample) + 4
    if waiting:
        shards.append(_write_shard(path, len(shards), waiting, encodings))
    write_json(path / "index.json", {"version": 2, "shards": shards})
    return counts


def _samples(batch: pa.RecordBatch, names: list[str]) -> Iterator[bytes]:
    """Each row's bytes; b"" of a document without a token."""
    lengths = batch["num_tokens"].to_numpy()
    ends = np.cumsum(lengths)
    values = batch["tokens"].flatten().to_numpy()
    spans = batch["loss_spans"].to_pylist() if "loss_mask" in names else [None] * batch.num_rows
    texts = {name: (value or "" for value in batch[name].to_pylist()) for name in ("id", "language", "source")}
    for row, (length, end) in enumerate(zip(lengths.tolist(), ends.tolist(), strict=True)):
        datum = {name: next(texts[name]).encode() for name in texts}
        datum["tokens"] = _shaped(values[end - length : end])
        if "loss_mask" in names:
            datum["loss_mask"] = _shaped(mask_of(spans[row], length).astype(np.uint8))
        head = np.array([len(datum[name]) for name in names], "<u4").tobytes()
        yield head + b"".join(datum[name] for name in names) if length else b""


def _shaped(values: np.ndarray) -> bytes:
    code = sum(len(values) >= 1 << bits for bits in (8, 16, 32))
    return bytes([1 << 2 | code]) + np.array([len(values)], _SHAPES[code]).tobytes() + values.tobytes()


def _write_shard(path: Path, number: int, samples: list[bytes], encodings: dict[str, str]) -> dict[str, Any]:
    names = sorted(encodings)
    about: dict[str, Any] = {
        "version": 2,
        "format": "mds",
        "compression": None,
        "hashes": [],
        "size_limit": 1 << 26,
        "column_names": names,
        "column_encodings": [encodings[name] for name in names],
        "column_sizes": [None] * len(names),
    }
    head = json.dumps(about, sort_keys=True).encode()
    offsets = np.cumsum([4 + 4 * (len(samples) + 1) + len(head), *map(len, samples)])
    if offsets[-1] >= 1 << 32:
        raise RecipeError(f"a shard of {offsets[-1]} bytes: MDS counts them in 32 bits; lower shard_bytes")
    name = f"shard.{number:05d}.mds"
    with AtomicFile(path / name) as file:
        for data in (np.uint32(len(samples)).tobytes(), offsets.astype("<u4").tobytes(), head, b"".join(samples)):
            file.write(data)
    raw = {"basename": name, "bytes": int(offsets[-1]), "hashes": {}}
    return about | {"samples": len(samples), "raw_data": raw, "zip_data": None}


def _blocks(path: Path) -> Iterator[list[dict[str, tuple[str, bytes]]]]:
    """The samples of a folder, some at a time: of each column its encoding and its bytes."""
    if not (path / "index.json").is_file():
        raise ShardError(f"{path} has no index.json; give the folder of one split")
    try:
        index = json.loads((path / "index.json").read_bytes())
        shards = [shard for shard in index["shards"] if shard["format"] == "mds"]
        assert len(shards) == len(index["shards"]) and index["version"] == 2
    except (KeyError, TypeError, ValueError, AssertionError) as error:
        raise ShardError(f"{path}/index.json is no index of MDS version 2 ({error!r})") from error
    for shard in shards:
        file, encodings, sizes = path / shard["raw_data"]["basename"], shard["column_encodings"], shard["column_sizes"]
        if not file.is_file():
            advice = "decompress it first" if shard["compression"] else "copy it here"
            raise ShardError(f"{file} is missing; {advice}")
        data = np.memmap(file, np.uint8, "r")
        if len(data) != shard["raw_data"]["bytes"] or len(data) < 8 + 4 * shard["samples"]:
            raise ShardError(f"{file} has {len(data)} bytes, index.json says {shard['raw_data']['bytes']}")
        offsets = np.frombuffer(data, "<u4", shard["samples"] + 1, 4).astype(np.int64)
        if (np.diff(offsets) < 0).any() or offsets[0] < 8 + 4 * shard["samples"] or offsets[-1] > len(data):
            raise ShardError(f"{file} has offsets that lie outside of it")
        columns = list(zip(shard["column_names"], encodings, sizes, strict=True))
        for first in range(0, shard["samples"], _BLOCK):
            some = range(first, min(first + _BLOCK, shard["samples"]))
            yield [_columns(data[offsets[row] : offsets[row + 1]].tobytes(), columns, file) for row in some]


def _columns(sample: bytes, columns: list[tuple[str, str, int | None]], file: Path) -> dict[str, tuple[str, bytes]]:
    free = sum(not size for _, _, size in columns)
    given = iter(np.frombuffer(sample, "<u4", free).tolist() if len(sample) >= 4 * free else [])
    found, at = {}, 4 * free
    for name, encoding, fixed in columns:
        size = fixed or next(given, 1 << 32)
        found[name] = encoding, sample[at : at + size]
        at += size
    if at != len(sample):
        raise ShardError(f"{file} has a sample of {len(sample)} bytes whose columns take {at}; copy it again")
    return found


def _array(sample: dict[str, tuple[str, bytes]], name: str, bytes_dtype: str | None) -> np.ndarray:
    if name not in sample:
        raise RecipeError(f"there is no column {name!r}; there are {', '.join(sample)}")
    encoding, data = sample[name]
    kind, _, rest = encoding.partition(":")
    if kind == "bytes" and bytes_dtype:
        return np.frombuffer(data, bytes_dtype)
    if kind != "ndarray":
        raise RecipeError(f"column {name!r} is {encoding!r}; read are ndarray and, with bytes_dtype, bytes")
    dtype, _, shape = rest.partition(":")
    at = 0
    if not dtype:
        dtype, at = _DTYPES[data[0]], 1
    if not shape:
        dimensions, code = data[at] >> 2, data[at] & 3
        at += 1 + dimensions * (1 << code)
        given = np.frombuffer(data[at - dimensions * (1 << code) : at], _SHAPES[code])
        assert math.prod(given.tolist()) * np.dtype(dtype).itemsize == len(data) - at, "a shape of other values"
    return np.frombuffer(data[at:], dtype)
