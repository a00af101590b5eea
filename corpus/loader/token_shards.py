"""Memory-mapped token shards: the lengths of all documents, and their tokens by document number.

A folder of tokens is a manifest and Arrow IPC files of schema `corpus.schema.tokens_schema`, written without
compression so that a token is read where it lies. Documents are numbered densely, in the order of the
manifest's parts. Opening reads the manifest, each part's footer and `num_tokens`; tokens are touched by
`gather` alone.

Guarantees: a part that is missing, cut short, compressed, of another schema or of another row count is
refused on opening; one whose list offsets disagree with `num_tokens` is refused when the document is read.
Hashes are not checked here. Price: 4 bytes of memory a document and one open file a part.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from corpus.errors import SchemaError, ShardError
from corpus.loader.gather import gather_bytes
from corpus.schema import check_schema, tokens_schema
from corpus.shards.manifest import Manifest, Part, load_manifest


class TokenShards:
    """The documents of a token folder.

    Args:
        folder: holds `manifest.json` and the parts it names.

    Attributes:
        info: the manifest's `info`, with at least `vocab_size`.
        dtype: uint16 or uint32.
        lengths: tokens of every document, int32 `[N]`, read-only.
        fingerprint: 16 hex digits over the manifest's parts (path, rows, hash) and info.

    Raises:
        ShardError: a part or the manifest is missing, damaged, or disagrees with the other.

    Example: `TokenShards("work/tokens").gather(np.array([3, 0]))` -> the tokens of documents 3 and 0,
        concatenated.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        manifest = load_manifest(self.folder)
        self.info: dict[str, Any] = manifest.info
        schema = _schema_of(manifest, self.folder)
        self.dtype = np.dtype(schema.field("tokens").type.value_type.to_pandas_dtype())
        self.fingerprint = _fingerprint(manifest)
        lengths: list[np.ndarray] = []
        chunks: list[tuple[int, int, int]] = []
        self._batches: list[pa.RecordBatch] = []  # keep the maps alive: `_chunks` holds bare addresses
        for part in manifest.parts:
            for batch in _open_part(self.folder / part.path, part, schema):
                num_tokens, chunk = _describe(batch, self.folder / part.path)
                lengths.append(num_tokens)
                chunks.append(chunk)
                self._batches.append(batch)
        self.lengths = np.concatenate(lengths) if lengths else np.empty(0, np.int32)
        self.lengths.flags.writeable = False
        self._chunks = np.array(chunks, np.int64).reshape(-1, 3)
        self._first_document = np.cumsum([0] + [len(batch) for batch in lengths], dtype=np.int64)

    def __len__(self) -> int:
        """Documents."""
        return len(self.lengths)

    @property
    def num_tokens(self) -> int:
        """Tokens of all documents together."""
        return int(self.lengths.sum(dtype=np.int64))

    def gather(
        self,
        documents: np.ndarray,
        out: np.ndarray | None = None,
        *,
        starts: np.ndarray | None = None,
        lengths: np.ndarray | None = None,
    ) -> np.ndarray:
        """Copy whole documents, or pieces of them, one after the other.

        Args:
            documents: document numbers, of shape `[S]`, in any order, repeats allowed.
            out: where to; of `self.dtype` and at least as long as the tokens asked for. None makes a new
                array.
            starts: first token of each piece in its document; None is 0.
            lengths: tokens of each piece; None is the rest of its document.

        Returns:
            `out`, cut to the tokens written.

        Raises:
            IndexError: a document or a piece that does not exist.
            ShardError: a part is damaged.
        """
        documents = np.ascontiguousarray(documents, np.int64)
        if len(documents) and not (documents.min() >= 0 and documents.max() < len(self)):
            raise IndexError(f"documents {documents.min()} to {documents.max()} asked for, there are {len(self)}")
        whole = self.lengths[documents].astype(np.int64)
        starts = np.zeros(len(documents), np.int64) if starts is None else np.ascontiguousarray(starts, np.int64)
        lengths = whole - starts if lengths is None else np.ascontiguousarray(lengths, np.int64)
        if len(whole) and ((starts < 0) | (lengths < 0) | (starts + lengths > whole)).any():
            raise IndexError("a piece begins before its document or ends after it")
        total = int(lengths.sum())
        out = np.empty(total, self.dtype) if out is None else out
        if out.dtype != self.dtype or len(out) < total or not out.flags.c_contiguous:
            raise ValueError(f"out is {out.dtype} of {len(out)}, expected contiguous {self.dtype} of {total} or more")
        bad = gather_bytes(
            documents,
            starts,
            lengths,
            self.dtype.itemsize,
            self.lengths,
            self._first_document,
            self._chunks,
            out.view(np.uint8),
        )
        if bad >= 0:
            raise ShardError(f"{self.folder}: document {bad} has offsets that disagree with num_tokens; tokenize again")
        return out[:total]


def _schema_of(manifest: Manifest, folder: Path) -> pa.Schema:
    vocab_size = manifest.info.get("vocab_size")
    if not isinstance(vocab_size, int) or vocab_size < 1:
        raise ShardError(
            f"{folder}: info.vocab_size is {vocab_size!r}, expected a positive integer; is it WORK/tokens?"
        )
    return tokens_schema(vocab_size)


def _fingerprint(manifest: Manifest) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in manifest.parts:
        digest.update(f"{part.path}\0{part.rows}\0{part.xxh3}\n".encode())
    for key in ("vocab_size", "tokenizer_hash", "eos_id"):
        digest.update(f"{key}={manifest.info.get(key)}\n".encode())
    return digest.hexdigest()


def _open_part(path: Path, part: Part, schema: pa.Schema) -> list[pa.RecordBatch]:
    if not path.is_file():
        raise ShardError(f"{path} is named by the manifest and is missing; copy it here or tokenize again")
    if path.stat().st_size != part.bytes:
        raise ShardError(f"{path} has {path.stat().st_size} bytes, the manifest says {part.bytes}; tokenize again")
    try:
        source = pa.memory_map(str(path))
        whole = source.read_buffer(part.bytes)
        reader = pa.ipc.open_file(whole)
        batches = [reader.get_batch(index) for index in range(reader.num_record_batches)]
    except (pa.ArrowInvalid, OSError) as error:
        raise ShardError(f"{path} is no Arrow IPC file ({error}); tokenize again") from error
    if sum(batch.num_rows for batch in batches) != part.rows:
        rows = sum(batch.num_rows for batch in batches)
        raise ShardError(f"{path} has {rows} rows, the manifest says {part.rows}; tokenize again")
    for batch in batches:
        try:
            check_schema(batch, schema, str(path))
        except SchemaError as error:
            raise ShardError(f"{error}; is info.vocab_size right?") from error
        _check_mapped(batch, whole, path)
    return [batch for batch in batches if batch.num_rows]


def _check_mapped(batch: pa.RecordBatch, whole: pa.Buffer, path: Path) -> None:
    """A buffer outside the map was decompressed on opening: the whole corpus would be read into memory."""
    for buffer in batch.column("tokens").buffers():
        if buffer is None or not buffer.size:
            continue
        if not whole.address <= buffer.address <= whole.address + whole.size - buffer.size:
            raise ShardError(f"{path} is compressed; token parts are written with compression=None")


def _describe(batch: pa.RecordBatch, path: Path) -> tuple[np.ndarray, tuple[int, int, int]]:
    """`num_tokens`, and (address of the offsets, address of token 0, tokens in the buffer)."""
    num_tokens, tokens = batch.column("num_tokens"), batch.column("tokens")
    if num_tokens.null_count or tokens.null_count:
        raise ShardError(f"{path} holds nulls in num_tokens or tokens; tokenize again")
    lengths = num_tokens.to_numpy()
    if lengths.min() < 0:
        raise ShardError(f"{path} holds a num_tokens of {lengths.min()}; tokenize again")
    _, offsets, _, values = tokens.buffers()
    item_bytes = tokens.type.value_type.bit_width // 8
    address, size = (values.address, len(tokens.values)) if values is not None else (0, 0)
    if int(lengths.sum(dtype=np.int64)) > size:
        raise ShardError(f"{path}: num_tokens add up to {lengths.sum(dtype=np.int64)}, {size} tokens are there")
    return lengths, (offsets.address + 8 * tokens.offset, address + item_bytes * tokens.values.offset, size)
