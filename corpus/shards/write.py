"""Write files that are either whole or not there: temporary name, fsync, rename.

A part is an Arrow IPC *file* (https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format). Its xxh3-64 is
computed from the bytes on their way out, so writing costs one pass. Two processes that write the same part use
different temporary names; the last rename wins, and since parts are deterministic both hold the same bytes.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import xxhash

from corpus.schema import check_schema
from corpus.shards.manifest import Part

TEMPORARY = ".tmp-"  # files with this in their names are leftovers of a killed process and may be deleted


class AtomicFile:
    """A binary file that appears under its name only when the `with` block ends without an exception.

    Counts and hashes what passes through (`num_bytes`, `xxh3()`).
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.num_bytes = 0
        self._hash = xxhash.xxh3_64()
        self._temporary = path.with_name(f"{path.name}{TEMPORARY}{os.getpid()}")
        self._file = self._temporary.open("wb")
        self.closed = False

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._hash.update(view)
        self.num_bytes += len(view)
        return self._file.write(view)

    def flush(self) -> None:
        self._file.flush()

    def tell(self) -> int:
        return self.num_bytes

    def xxh3(self) -> str:
        return self._hash.hexdigest()

    def commit(self) -> None:
        """Make the file durable and give it its name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.closed = True

    def abort(self) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)
        self.closed = True

    def close(self) -> None:
        """Called by Arrow when it drops the sink; only `commit` gives the file its name."""

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.commit()
        else:
            self.abort()


class PartWriter:
    """Write RecordBatches of one schema to one part.

    Args:
        folder: where the part goes; its name in the manifest is relative to this folder.
        name: file name, ending in `.arrow`.
        compression: "zstd", "lz4" or None. Parts that are memory-mapped by the loader use None.

    Example:
        with PartWriter(folder, "web.0.arrow", schema) as writer:
            writer.write(batch)
        writer.part  # Part(path="web.0.arrow", rows=..., bytes=..., xxh3=...)
    """

    def __init__(self, folder: Path, name: str, schema: pa.Schema, *, compression: str | None = "zstd") -> None:
        self.name = name
        self.schema = schema
        self.rows = 0
        self._file = AtomicFile(folder / name)
        options = pa.ipc.IpcWriteOptions(compression=compression)
        self._writer = pa.ipc.new_file(pa.PythonFile(self._file, mode="w"), schema, options=options)
        self.part: Part | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch whose columns include the schema's; other columns are left out."""
        check_schema(batch, self.schema, self.name)
        self._writer.write_batch(batch.select(self.schema.names))
        self.rows += batch.num_rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._file.abort()
            return
        self._writer.close()
        self._file.commit()
        self.part = Part(path=self.name, rows=self.rows, bytes=self._file.num_bytes, xxh3=self._file.xxh3())


def write_part(
    folder: Path,
    name: str,
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    *,
    compression: str | None = "zstd",
) -> Part:
    """Write all of `batches` to one part and return its manifest entry."""
    with PartWriter(folder, name, schema, compression=compression) as writer:
        for batch in batches:
            writer.write(batch)
    assert writer.part is not None
    return writer.part


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON with sorted keys, atomically: the same value gives the same bytes."""
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    with AtomicFile(path) as file:
        file.write(text.encode() + b"\n")


def hash_file(path: Path) -> str:
    """xxh3-64 of a file's bytes as 16 hex digits."""
    digest = xxhash.xxh3_64()
    with path.open("rb") as file:
        while chunk := file.read(1 << 22):
            digest.update(chunk)
    return digest.hexdigest()
