"""One record of a raw file, and the grouping of records into RAW batches.

Every format reader is a generator of `Record`: one for each record met, readable or not, in file order. So
the place of a record in the stream is its number in the file, which ids are made from, and a broken record
keeps its place.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from corpus.schema import RAW

MAX_RECORD_BYTES = 1 << 30  # a longer record is skipped and reported as "too_large"


class Record(NamedTuple):
    """A row of schema RAW; the fields stand in its order."""

    offset: int
    outcome: str = "document"
    reason: str | None = None
    detail: str | None = None
    url: str | None = None
    title: str | None = None
    timestamp: str | None = None
    text: str | None = None
    html: bytes | None = None
    charset: str | None = None
    meta: str | None = None
    prompt_chars: int | None = None


def dropped(offset: int, reason: str, detail: str, **fields: Any) -> Record:
    """A record that was read and is no document, e.g. a WARC request."""
    return Record(offset, "dropped", reason, detail, **fields)


def unreadable(offset: int, reason: str, detail: str, **fields: Any) -> Record:
    """A record, or the rest of a file, that could not be read."""
    return Record(offset, "unreadable", reason, detail, **fields)


def too_large(offset: int, num_bytes: int) -> Record:
    """A record of more than `MAX_RECORD_BYTES`."""
    return unreadable(
        offset,
        "too_large",
        f"the record at byte {offset} has {num_bytes} bytes; {MAX_RECORD_BYTES} are allowed",
    )


def batches(records: Iterable[Record], batch_rows: int, batch_bytes: int) -> Iterator[pa.RecordBatch]:
    """Batches of at most `batch_rows` rows, closed once they hold `batch_bytes` of content."""
    held: list[Record] = []
    num_bytes = 0
    for record in records:
        held.append(record)
        num_bytes += len(record.text or "") + len(record.html or b"") + len(record.meta or "")
        if len(held) >= batch_rows or num_bytes >= batch_bytes:
            yield _to_batch(held)
            held, num_bytes = [], 0
    if held:
        yield _to_batch(held)


def _to_batch(records: list[Record]) -> pa.RecordBatch:
    columns = zip(*records, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, RAW, strict=True)], schema=RAW
    )
