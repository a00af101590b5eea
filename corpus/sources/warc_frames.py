"""A decompressed WARC stream -> its records as (offset, header, block), damage included.

A record is `WARC/x.y`, header lines, an empty line, `Content-Length` bytes and two line ends. Everything is
checked: where the bytes after a block are no record, the length was wrong; where the header has no length
or the file ends inside a block, the record is broken. A broken record ends at the next `WARC/x.y` line
found behind its start, so it costs itself only. FastWARC's iterator would pass over such records without a
word.

Memory is one record, at most 1 GiB; a longer one is skipped as it streams.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from corpus.sources.compression import StreamDamaged
from corpus.sources.record import MAX_RECORD_BYTES

# not only at the start of a line: what stands before may be cut in the middle of one
_VERSION = re.compile(rb"WARC/[01]\.\d{1,2}[ \t]*\r?\n[A-Za-z-]{1,60}:")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_MAX_HEADER_BYTES = 1 << 18
_AFTER_BYTES = 64  # what is looked at behind a block


class Frame(NamedTuple):
    """A record; where `fault` is given it is broken and `header` holds what can be shown of it."""

    offset: int
    header: bytes
    block: bytes
    fault: str | None = None
    detail: str = ""


class _Buffer:
    """The part of the stream that is held, and where it begins."""

    def __init__(self, chunks: Iterator[bytes], base: int) -> None:
        self._chunks, self.base = chunks, base
        self.data = b""
        self.damage: StreamDamaged | None = None

    def fill(self, num_bytes: int) -> bool:
        """Hold `num_bytes`, or all there are; whether there are."""
        held, size = [self.data], len(self.data)
        try:
            while size < num_bytes:
                chunk = next(self._chunks, b"")
                if not chunk:
                    break
                held.append(chunk)
                size += len(chunk)
        except StreamDamaged as damage:
            self.damage, self._chunks = damage, iter(())
        if len(held) > 1:
            self.data = b"".join(held)
        return size >= num_bytes

    def drop(self, num_bytes: int) -> None:
        """Let go of the first bytes, of which more may be dropped than are held."""
        while num_bytes > len(self.data):
            num_bytes -= len(self.data)
            self.base += len(self.data)
            self.data = b""
            if not self.fill(1):
                return
        self.data, self.base = self.data[num_bytes:], self.base + num_bytes


def split_records(chunks: Iterator[bytes], base: int = 0) -> Iterator[Frame]:
    """Every record of a stream, in order.

    Args:
        chunks: decompressed bytes.
        base: the offset of their first byte.

    Raises:
        StreamDamaged: after everything before the damage was given, where the chunks raise it.
    """
    buffer = _Buffer(chunks, base)
    while True:
        buffer.fill(_MAX_HEADER_BYTES)
        buffer.drop(len(buffer.data) - len(buffer.data.lstrip(b"\r\n\0 ")))
        if not buffer.data and not buffer.fill(1):
            break
        frame = _next_frame(buffer)
        if frame:
            yield frame
    if buffer.damage:
        raise buffer.damage


def _next_frame(buffer: _Buffer) -> Frame | None:
    buffer.fill(_MAX_HEADER_BYTES)
    if not buffer.data.startswith(b"WARC/"[: len(buffer.data)]):
        return _broken(buffer, "warc_garbage", "these bytes are no WARC record")
    end = _HEADER_END.search(buffer.data, 0, _MAX_HEADER_BYTES)
    length = _LENGTH.search(buffer.data, 0, end.start()) if end else None
    if not end:
        return _broken(buffer, "warc_truncated", "the header does not end")
    if _VERSION.search(buffer.data, 1, end.start()):
        return _broken(buffer, "warc_truncated", "another record begins inside the header")
    header = buffer.data[: end.start()]
    if not length:
        return _broken(buffer, "warc_header_invalid", "the header has no Content-Length", header)
    start, size = end.end(), int(length.group(1))
    if size > MAX_RECORD_BYTES:
        frame = Frame(buffer.base, header, b"", "too_large", f"{size} bytes; {MAX_RECORD_BYTES} are allowed")
        buffer.drop(start + size)
        return frame
    if not buffer.fill(start + size):
        detail = f"the stream ends after {len(buffer.data) - start} of {size} bytes"
        return _broken(buffer, "warc_truncated", detail, header)
    buffer.fill(start + size + _AFTER_BYTES)
    if not _ends_well(buffer.data[start + size : start + size + _AFTER_BYTES]):
        detail = f"Content-Length says {size} bytes and no record follows them"
        return _broken(buffer, "warc_length_wrong", detail, header)
    frame = Frame(buffer.base, header, buffer.data[start : start + size])
    buffer.drop(start + size)
    return frame


def _ends_well(after: bytes) -> bool:
    """Whether a block ends where its length says: at two line ends, the next record or the file's end."""
    if after.startswith((b"\r\n\r\n", b"\n\n")):
        return True
    rest = after.lstrip(b"\r\n\0")
    return not rest or rest.startswith(b"WARC/"[: len(rest)])


def _broken(buffer: _Buffer, fault: str, detail: str, header: bytes = b"") -> Frame | None:
    """A broken record, up to the next version line; null where the stream itself broke here and says so."""
    offset, at, num_bytes = buffer.base, 1, 0
    while True:
        found = _VERSION.search(buffer.data, at)
        if found and found.start() > 0:
            num_bytes += found.start()
            buffer.drop(found.start())
            break
        kept = min(len(buffer.data), 128)
        num_bytes += len(buffer.data) - kept
        buffer.drop(len(buffer.data) - kept)
        at = 0
        if not buffer.fill(kept + 1):
            num_bytes += len(buffer.data)
            buffer.drop(len(buffer.data))
            break
    if buffer.damage and not buffer.data:
        return None
    return Frame(offset, header, b"", fault, f"{detail}; {num_bytes} bytes from byte {offset} were passed over")
