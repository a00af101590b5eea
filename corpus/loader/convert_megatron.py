"""Megatron-LM's indexed datasets (`PREFIX.bin`, `PREFIX.idx`) to token folders and back.

Layout, version 1, little-endian, as in megatron-core's `indexed_dataset.py`:

    PREFIX.bin   the ids of all sequences, one after the other
    PREFIX.idx   "MMIDIDX\\0\\0", version u64 = 1, dtype code u8 (1 u8, 2 i8, 3 i16, 4 i32, 5 i64, 6 f64, 7 f32, 8 u16),
                 sequences S u64, document indices D u64, lengths i32 [S], byte offsets into .bin i64 [S],
                 document indices i64 [D]: document d is sequences `[d]` to `[d + 1]`; D is documents + 1

A document of several sequences becomes one of all their tokens. Such a file knows neither source nor language nor what
is trained on: a folder with loss spans is not exported. Documents, their order and, where each was one sequence, the
bytes of both files survive the way there and back.
"""

import itertools
import struct
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import RecipeError, ShardError
from corpus.loader.write_tokens import TokenWriter
from corpus.shards.manifest import Manifest, load_manifest
from corpus.shards.read import read_batches
from corpus.shards.write import AtomicFile

_MAGIC = b"MMIDIDX\x00\x00"
_DTYPES = {1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 8: "uint16"}  # 6 and 7 are floats: no ids
_CODES = {name: code for code, name in _DTYPES.items()}
_HEAD = struct.Struct("<9sQBQQ")
_TOKENS_AT_A_TIME = 1 << 22


def import_megatron(
    prefix: str | Path,
    folder: str | Path,
    *,
    vocab_size: int | None = None,
    source: str = "megatron",
    language: str = "und",
    **info: Any,
) -> Manifest:
    """Write a token folder from `PREFIX.bin` and `PREFIX.idx`.

    Args:
        prefix: of the two files.
        folder: where to; must not have a manifest yet.
        vocab_size: number of ids; None reads all ids first and takes the largest and one.
        source, language: of every document.
        info: goes into the manifest: `tokenizer_hash`, `eos_id`, `pad_id`.

    Raises:
        ShardError: the files are not of this format, or cut short.
        RecipeError: an id outside of the vocabulary; the folder has a manifest.
    """
    lengths, offsets, documents, dtype = _read_index(Path(f"{prefix}.idx"))
    tokens = _map_tokens(Path(f"{prefix}.bin"), lengths, offsets, dtype)
    if vocab_size is None:
        blocks = range(0, len(tokens), _TOKENS_AT_A_TIME)
        vocab_size = max((int(tokens[begin : begin + _TOKENS_AT_A_TIME].max()) for begin in blocks), default=0) + 1
    writer = TokenWriter(folder, vocab_size=vocab_size)
    first = offsets // dtype.itemsize
    ends = np.concatenate([[0], np.cumsum(lengths)])
    for begin, end in _blocks(ends[documents]):
        chosen = slice(int(documents[begin]), int(documents[end]))
        pieces = [tokens[at : at + size] for at, size in zip(first[chosen], lengths[chosen], strict=True)]
        block = np.concatenate([np.empty(0, dtype), *pieces])
        writer.add(np.diff(ends[documents[begin : end + 1]]), block, source=source, language=language)
    return writer.finish(**info)


def export_megatron(folder: str | Path, prefix: str | Path, *, dtype: str | None = None) -> int:
    """Write `PREFIX.bin` and `PREFIX.idx` from a token folder, a sequence a document.

    Args:
        folder: of the tokens, on this machine.
        prefix: of the two files.
        dtype: of the ids; None is Megatron's own choice, uint16 below 65,500 ids, else int32.

    Returns:
        Documents written.

    Raises:
        RecipeError: the folder has loss spans, or the dtype cannot hold the vocabulary.
    """
    folder = Path(folder)
    manifest = load_manifest(folder)
    vocab_size = manifest.info["vocab_size"]
    dtype = dtype or ("uint16" if vocab_size < 65500 else "int32")
    if dtype not in _CODES or np.iinfo(dtype).max < vocab_size - 1:
        raise RecipeError(f"dtype {dtype} cannot hold {vocab_size} ids; allowed are {', '.join(sorted(_CODES))}")
    lengths = [np.empty(0, np.int32)]
    with AtomicFile(Path(f"{prefix}.bin")) as file:
        for batch in itertools.chain.from_iterable(read_batches(folder / part.path) for part in manifest.parts):
            if "loss_spans" in batch.schema.names:
                raise RecipeError(f"{folder} has loss spans, which .bin and .idx cannot hold")
            lengths.append(batch["num_tokens"].to_numpy())
            file.write(np.ascontiguousarray(batch["tokens"].flatten().to_numpy(), dtype))
    sizes = np.concatenate(lengths)
    offsets = np.dtype(dtype).itemsize * (np.cumsum(sizes, dtype=np.int64) - sizes)
    with AtomicFile(Path(f"{prefix}.idx")) as file:
        file.write(_HEAD.pack(_MAGIC, 1, _CODES[dtype], len(sizes), len(sizes) + 1))
        for column, kind in ((sizes, np.int32), (offsets, np.int64), (np.arange(len(sizes) + 1), np.int64)):
            file.write(np.ascontiguousarray(column, kind))
    return len(sizes)


def _read_index(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.dtype]:
    """Lengths, byte offsets, document indices, and the type of ids."""
    if not path.is_file():
        raise ShardError(f"{path} is missing; the prefix of PREFIX.bin and PREFIX.idx is given, without an ending")
    data = path.read_bytes()
    if len(data) < _HEAD.size or data[:9] != _MAGIC:
        raise ShardError(f"{path} is no index of Megatron-LM: it does not begin with MMIDIDX")
    _, version, code, num_sequences, num_indices = _HEAD.unpack_from(data)
    if version != 1 or code not in _DTYPES:
        raise ShardError(f"{path} has version {version} and type {code}; read are version 1, types {sorted(_DTYPES)}")
    sizes = (4 * num_sequences, 8 * num_sequences, 8 * num_indices)
    if len(data) < _HEAD.size + sum(sizes) or not num_indices:
        raise ShardError(f"{path} is cut short: {len(data)} bytes for {num_sequences} sequences; copy it again")
    starts = list(itertools.accumulate((_HEAD.size, *sizes)))
    lengths = np.frombuffer(data, "<i4", num_sequences, starts[0]).astype(np.int64)
    offsets = np.frombuffer(data, "<i8", num_sequences, starts[1])
    documents = np.frombuffer(data, "<i8", num_indices, starts[2])
    if documents[0] != 0 or documents[-1] != num_sequences or (np.diff(documents) < 0).any():
        raise ShardError(f"{path} has document indices that do not run from 0 to its {num_sequences} sequences")
    return lengths, offsets, documents, np.dtype(_DTYPES[code])


def _map_tokens(path: Path, lengths: np.ndarray, offsets: np.ndarray, dtype: np.dtype) -> np.ndarray:
    size = path.stat().st_size if path.is_file() else -1
    ends = offsets + lengths * dtype.itemsize
    if len(lengths) and (lengths.min() < 0 or offsets.min() < 0 or int(ends.max()) > size):
        raise ShardError(f"{path} has {max(size, 0)} bytes, its index speaks of {int(ends.max())}; copy both again")
    if (offsets % dtype.itemsize).any():
        raise ShardError(f"{path} has sequences that do not begin at a multiple of {dtype.itemsize} bytes")
    return np.memmap(path, dtype, "r", shape=(size // dtype.itemsize,)) if size > 0 else np.empty(0, dtype)


def _blocks(ends: np.ndarray) -> list[tuple[int, int]]:
    """Documents in runs of at most _TOKENS_AT_A_TIME tokens, or one longer document."""
    blocks, begin = [], 0
    while begin < len(ends) - 1:
        end = int(np.searchsorted(ends, ends[begin] + _TOKENS_AT_A_TIME, side="right")) - 1
        end = max(begin + 1, end)
        blocks.append((begin, end))
        begin = end
    return blocks
