"""A JSON array of objects -> records, streaming.

`[{...}, {...}]`, `{"RECORDS": [...]}` (Navicat's export) and objects one after another, over as many lines
as they like. `json_scan` finds the byte range of each object, each is parsed alone, so one bad record loses
only itself, a comma before the closing bracket is no error, and the array is never in memory as a whole.
What stands between objects and is none (`[1, 2]`) is one unreadable record "json_not_object" a run.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from corpus.sources.compression import StreamDamaged
from corpus.sources.fields import FieldMap, map_record
from corpus.sources.json_parse import parse_object
from corpus.sources.json_scan import JUNK_START, OFFSETS, START, new_state, scan
from corpus.sources.record import MAX_RECORD_BYTES, Record, too_large, unreadable

WRAPPER = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"RECORDS"\s*:\s*(?=\[)')
_WRAPPER_BYTES = 4096
_SPANS_A_CALL = 4096


class Span(NamedTuple):
    """The bytes of an object, or of junk between objects; null where they are too many."""

    offset: int
    data: bytes | None
    num_bytes: int


def read_json_array(chunks: Iterator[bytes], fields: FieldMap) -> Iterator[Record]:
    """Every record of a JSON array, in order."""
    try:
        for span in split_objects(chunks):
            if span.data is None:
                yield too_large(span.offset, span.num_bytes)
                continue
            value, reason, words = parse_object(span.data)
            if value is None:
                yield unreadable(
                    span.offset, reason, f"the object at byte {span.offset} ({span.num_bytes} bytes): {words}"
                )
            else:
                yield map_record(span.offset, value, fields)
    except _Broken as broken:
        yield unreadable(broken.offset, broken.damage.reason, str(broken.damage))


class _Broken(Exception):
    """The stream is damaged; `offset` is where the unfinished object begins."""

    def __init__(self, offset: int, damage: StreamDamaged) -> None:
        super().__init__(str(damage))
        self.offset, self.damage = offset, damage


def split_objects(chunks: Iterator[bytes], max_bytes: int = MAX_RECORD_BYTES) -> Iterator[Span]:
    """The objects of a stream; the last may be unfinished.

    Example: `[b'[{"a":1},', b'{"b":2}]']` -> spans `{"a":1}` at 1 and `{"b":2}` at 9.
    """
    state, stack = new_state()
    spans = np.zeros((_SPANS_A_CALL, 2), np.int64)
    buffer, base, num_lost = (
        b"",
        0,
        0,
    )  # the buffer begins at offset `base`; `num_lost` bytes of its object are gone
    pending: list[bytes] = []
    for chunk in _unwrapped(chunks):
        if isinstance(chunk, bytes):
            pending.append(chunk)
            if sum(map(len, pending)) < min(len(buffer), max_bytes):
                continue  # an object of many chunks: let the buffer double, or joining it is quadratic
        done, buffer = len(buffer), b"".join([buffer, *pending])
        pending = []
        view = np.frombuffer(buffer, np.uint8)
        while done < len(buffer):
            num_spans, done = scan(view, done, state, stack, spans)
            for begin, end in spans[:num_spans].tolist():
                yield _span(buffer, base, begin, end, num_lost, max_bytes)
                num_lost = 0
        keep = _open_start(state, len(buffer))
        if len(buffer) - keep > max_bytes:
            num_lost += len(buffer) - keep
            keep = len(buffer)
        buffer, base = buffer[keep:], base + keep
        _shift(state, keep)
        if isinstance(chunk, StreamDamaged):
            raise _Broken(base - num_lost, chunk) from chunk
    if buffer.rstrip() or num_lost:
        yield _span(buffer, base, 0, len(buffer), num_lost, max_bytes)


def _span(buffer: bytes, base: int, begin: int, end: int, num_lost: int, max_bytes: int) -> Span:
    if num_lost:
        return Span(base - num_lost, None, num_lost + end)
    data = buffer[begin:end].rstrip(b" \t\r\n,")
    return Span(base + begin, data if len(data) <= max_bytes else None, len(data))


def _open_start(state: np.ndarray, end: int) -> int:
    starts = [int(state[place]) for place in (START, JUNK_START) if state[place] >= 0]
    return min(starts, default=end)


def _shift(state: np.ndarray, num_bytes: int) -> None:
    """Move the state's offsets after a cut of the buffer's first bytes; an object cut open starts at 0."""
    for place in OFFSETS:
        if state[place] >= 0:
            state[place] = max(0, state[place] - num_bytes)


def _unwrapped(chunks: Iterator[bytes]) -> Iterator[bytes | StreamDamaged | None]:
    """The stream with a byte order mark and the head of a wrapper blanked, so that offsets stay true.

    It ends with null, or with the error that broke it: what was held back is worked off first.
    """
    head, seen_head = b"", False
    end: StreamDamaged | None = None
    try:
        for chunk in chunks:
            if seen_head:
                yield chunk
                continue
            head += chunk
            if len(head) >= _WRAPPER_BYTES:
                seen_head = True
                yield _blanked(head)
    except StreamDamaged as damage:
        end = damage
    if head and not seen_head:
        yield _blanked(head)
    yield end


def _blanked(head: bytes) -> bytes:
    found = WRAPPER.match(head)
    if found:
        return b" " * found.end() + head[found.end() :]
    return b"   " + head[3:] if head.startswith(b"\xef\xbb\xbf") else head
