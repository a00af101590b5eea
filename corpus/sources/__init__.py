"""Raw files in the publishers' formats -> RAW RecordBatches.

One entry, `read_records`. It finds out what a file is by its content, and yields one row for every record
met, readable or not, in file order, so that ids made from row numbers hold and nothing is lost in silence.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import pyarrow as pa

from corpus.errors import InputError
from corpus.sources.columnar import read_arrow, read_parquet
from corpus.sources.compression import StreamDamaged, open_stream
from corpus.sources.fields import FieldMap, field_map
from corpus.sources.json_array import read_json_array
from corpus.sources.jsonl import read_jsonl
from corpus.sources.record import Record, batches, unreadable
from corpus.sources.sniff import FORMATS, HEAD_BYTES, sniff_format, sniff_json
from corpus.sources.text import SPLITS, read_html, read_text
from corpus.sources.warc import read_arc, read_warc

__all__ = ["FORMATS", "SPLITS", "read_records"]


def read_records(
    path: str | Path,
    *,
    format: str = "auto",
    fields: Mapping[str, str | list[str]] | None = None,
    split: str = "file",
    batch_rows: int = 4096,
    batch_bytes: int = 64 << 20,
) -> Iterator[pa.RecordBatch]:
    """Read a raw file, compressed or not, as batches of schema RAW.

    Args:
        path: the file. A compressed one may have any name.
        format: one of FORMATS, or "auto" to look at the content.
        fields: publisher's field for "text", "answer", "title", "url" or "timestamp"; several for "text" are joined by
            blank lines, and "answer" behind them; dotted names reach into objects. Default: the forms that
            `corpus.sources.fields` knows.
        split: of text files: "file", "line" or "blank_line".
        batch_rows: rows of a batch at most.
        batch_bytes: a batch is closed once it holds so much content.

    Raises:
        InputError: where the file is missing, its format is none that is read, or an argument is not
            understood.

    Example: `read_records("a.jsonl.zst")` -> batches whose `text` is the field `text` of each line.
    """
    path = Path(path)
    if format != "auto" and format not in FORMATS:
        raise InputError(f"format={format!r} is not known; choose one of {['auto', *FORMATS]}")
    if split not in SPLITS:
        raise InputError(f"split={split!r} is not known; choose one of {list(SPLITS)}")
    if batch_rows < 1 or batch_bytes < 1:
        raise InputError(f"batch_rows={batch_rows}, batch_bytes={batch_bytes}: both must be at least 1")
    records = _records(path, format, field_map(fields), split)
    first = next(records, None)  # a file that cannot be read at all is refused here, not at the first batch
    return batches(chain([first] if first else [], records), batch_rows, batch_bytes)


def _records(path: Path, format: str, fields: FieldMap, split: str) -> Iterator[Record]:
    head, damage = _head(path)
    if not head.strip():
        if damage:
            yield unreadable(0, damage.reason, str(damage))
        else:
            yield unreadable(0, "empty_file", f"{path.name} holds no record")
        return
    yield from _by_format(path, _resolve(path, format, head), fields, split)


def _by_format(path: Path, format: str, fields: FieldMap, split: str) -> Iterator[Record]:
    match format:
        case "parquet":
            return read_parquet(path, fields)
        case "arrow":
            return read_arrow(path, fields)
        case "warc":
            return read_warc(path)
        case "arc":
            return read_arc(path)
    chunks = open_stream(path).chunks
    match format:
        case "jsonl":
            return read_jsonl(chunks, fields)
        case "json":
            return read_json_array(chunks, fields)
        case "html":
            return read_html(chunks)
        case _:
            return read_text(chunks, split)


def _resolve(path: Path, format: str, head: bytes) -> str:
    """The reader to use; what is called json may be JSON lines, what is called warc may be ARC."""
    if format == "json" and sniff_json(head) == "jsonl":
        return "jsonl"
    if format == "warc" and head.startswith(b"filedesc://"):
        return "arc"
    if format != "auto":
        return format
    found = sniff_format(head)
    if found == "text" and not {".csv", ".tsv"}.isdisjoint(suffix.lower() for suffix in path.suffixes):
        found = "a table of separated values"  # one text of it all is not what anyone wants
    if found in FORMATS or found == "arc":
        return found
    raise InputError(
        f"{path} looks like {found}, which is not read; give one of {list(FORMATS)}, or say which it is with format=..."
    )


def _head(path: Path) -> tuple[bytes, StreamDamaged | None]:
    head = b""
    try:
        for chunk in open_stream(path).chunks:
            head += chunk
            if len(head) >= HEAD_BYTES:
                break
    except StreamDamaged as damage:
        return head[:HEAD_BYTES], damage
    return head[:HEAD_BYTES], None
