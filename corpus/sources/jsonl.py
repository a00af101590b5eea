"""JSON lines -> records. One object a line, LF or CRLF; blank lines are no records.

A line that cannot be read is one unreadable record with the byte offset of the line in the decompressed
stream, and the next line goes on. Memory is one line, at most 1 GiB; a longer one is skipped as it streams.
"""

from collections.abc import Iterator

from corpus.sources.fields import FieldMap, map_record
from corpus.sources.json_parse import parse_object
from corpus.sources.lines import split_lines
from corpus.sources.record import MAX_RECORD_BYTES, Record, too_large, unreadable

_BOM = b"\xef\xbb\xbf"


def read_jsonl(chunks: Iterator[bytes], fields: FieldMap) -> Iterator[Record]:
    """Every record of a JSON-lines stream, in order.

    Where the stream is damaged, a last line that is whole all the same is kept, and one unreadable record
    with the reason of the damage ends the file.
    """
    for line in split_lines(chunks, MAX_RECORD_BYTES):
        if line.data is None:
            yield too_large(line.offset, line.num_bytes)
        else:
            data = line.data.removeprefix(_BOM)
            record = _record(line.offset, data, fields) if data and not data.isspace() else None
            if record and (line.damage is None or record.outcome != "unreadable"):
                yield record
        if line.damage:
            yield unreadable(line.offset, line.damage.reason, str(line.damage))


def _record(offset: int, data: bytes, fields: FieldMap) -> Record:
    value, reason, words = parse_object(data)
    if value is None:
        return unreadable(offset, reason, f"the line at byte {offset} ({len(data)} bytes): {words}")
    return map_record(offset, value, fields)
