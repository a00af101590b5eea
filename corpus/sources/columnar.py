"""Parquet and Arrow IPC files -> records; `offset` is the row number.

The unit of damage is the row group (Parquet) or the record batch (Arrow): a corrupt one is one unreadable
record that names it, and the next is read. Page checksums are verified where a Parquet file has them, Arrow
batches are validated in full, as a wrong offset would otherwise be read as it stands. An Arrow stream that
breaks ends
there: the place of the next batch is unknown.

A file inside gzip or zstandard is unpacked to a temporary file first, as both formats need to seek.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.sources.compression import StreamDamaged, open_stream
from corpus.sources.fields import FieldMap, map_record
from corpus.sources.record import Record, unreadable

_ROWS = 1024
_ERRORS = (pa.ArrowException, OSError, UnicodeDecodeError)


def read_parquet(path: Path, fields: FieldMap) -> Iterator[Record]:
    """Every row of a Parquet file, and one unreadable record for each row group that is corrupt."""
    with _unpacked(path) as (file, damage):
        if damage:
            yield _damaged(0, damage)
            return
        try:
            table = pq.ParquetFile(file, page_checksum_verification=True)
        except _ERRORS as error:
            yield unreadable(0, "parquet_invalid", f"no Parquet footer could be read: {_line(error)}")
            return
        row = 0
        for group in range(table.num_row_groups):
            num_rows = table.metadata.row_group(group).num_rows
            yield from _row_group(table, group, row, num_rows, fields)
            row += num_rows


def _row_group(table: pq.ParquetFile, group: int, row: int, num_rows: int, fields: FieldMap) -> Iterator[Record]:
    end = row + num_rows
    try:
        for batch in table.iter_batches(_ROWS, row_groups=[group]):
            rows = _rows(batch)
            yield from _records(rows, row, fields)
            row += len(rows)
    except _ERRORS as error:
        place = f"row group {group} of {table.num_row_groups} from row {row}"
        yield unreadable(row, "row_group_corrupt", f"{place}: {end - row} rows lost: {_line(error)}")


def read_arrow(path: Path, fields: FieldMap) -> Iterator[Record]:
    """Every row of an Arrow IPC file or stream, and one unreadable record for each batch that is corrupt."""
    with _unpacked(path) as (file, damage):
        if damage:
            yield _damaged(0, damage)
            return
        is_file = file.read(6) == b"ARROW1"
        file.seek(0)
        try:
            batches = (
                _file_batches(pa.ipc.open_file(file), fields)
                if is_file
                else _stream_batches(pa.ipc.open_stream(file), fields)
            )
        except _ERRORS as error:
            yield unreadable(0, "arrow_invalid", f"no Arrow schema could be read: {_line(error)}")
            return
        yield from batches


def _file_batches(reader: pa.RecordBatchFileReader, fields: FieldMap) -> Iterator[Record]:
    row = 0
    for number in range(reader.num_record_batches):
        try:
            batch = reader.get_batch(number)
            batch.validate(full=True)
            rows = _rows(batch)
        except _ERRORS as error:
            place = f"batch {number} of {reader.num_record_batches} from row {row}"
            yield unreadable(row, "batch_corrupt", f"{place}: {_line(error)}")
            continue
        yield from _records(rows, row, fields)
        row += len(rows)


def _stream_batches(reader: pa.RecordBatchStreamReader, fields: FieldMap) -> Iterator[Record]:
    row = number = 0
    while True:
        try:
            batch = reader.read_next_batch()
            batch.validate(full=True)
            rows = _rows(batch)
        except StopIteration:
            return
        except _ERRORS as error:
            detail = f"batch {number} from row {row}, and the stream's rest: {_line(error)}"
            yield unreadable(row, "batch_corrupt", detail)
            return
        yield from _records(rows, row, fields)
        row, number = row + len(rows), number + 1


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    return batch.to_pylist(maps_as_pydicts="lossy")


def _records(rows: list[dict[str, Any]], first: int, fields: FieldMap) -> Iterator[Record]:
    return (map_record(first + number, row, fields) for number, row in enumerate(rows))


def _damaged(offset: int, damage: StreamDamaged) -> Record:
    return unreadable(offset, damage.reason, str(damage))


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[IO[bytes], StreamDamaged | None]]:
    stream = open_stream(path)
    if stream.codec == "plain":
        with open(path, "rb") as file:
            yield file, None
        return
    with tempfile.TemporaryFile() as file:
        damage = None
        try:
            for chunk in stream.chunks:
                file.write(chunk)
        except StreamDamaged as error:
            damage = error
        file.seek(0)
        yield file, damage


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
