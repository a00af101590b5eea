"""Read parts: memory-mapped, column by column, with errors that name the file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from corpus.errors import ShardError


def open_part(path: Path, columns: Sequence[str] | None = None) -> pa.ipc.RecordBatchFileReader:
    """Open an Arrow IPC file through a memory map.

    Args:
        columns: read only these (in the file's order); None reads all.

    Raises:
        ShardError: the file is missing or is not an Arrow IPC file.
    """
    try:
        source = pa.memory_map(str(path))
        reader = pa.ipc.open_file(source)
        if columns is None:
            return reader
        names = reader.schema.names
        missing = [name for name in columns if name not in names]
        if missing:
            raise ShardError(f"{path} has no column {missing[0]!r}; it has {names}")
        fields = [names.index(name) for name in columns]
        return pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=sorted(fields)))
    except FileNotFoundError as error:
        raise ShardError(f"{path} is missing; run the stage that writes it again") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise ShardError(f"{path} is not an Arrow IPC file ({error}); run the stage that writes it again") from error


def read_batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The batches of one part, in order."""
    reader = open_part(path, columns)
    for index in range(reader.num_record_batches):
        try:
            yield reader.get_batch(index)
        except (pa.ArrowInvalid, OSError) as error:
            raise ShardError(
                f"{path}: batch {index} is damaged ({error}); delete it and run the stage again"
            ) from error


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole part as one table, for parts known to be small."""
    reader = open_part(path, columns)
    try:
        return reader.read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise ShardError(f"{path} is damaged ({error}); delete it and run the stage again") from error
