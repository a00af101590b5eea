"""WARC files -> records: pages of `response` records, texts of WET `conversion` records.

A 200 answer of type text/html or xhtml gives its bytes in `html`, a text/plain one its text; every other
record is dropped under a reason that names what it is, so `documents + dropped + unreadable` is the number
of records in the file. Versions 0.17, 1.0 and 1.1, plain or compressed, one member a record or not. In a
file of one gzip member a record a damaged member costs only itself. Header blocks are parsed by FastWARC,
records are framed by `warc_frames`, bodies undone by `http_body`.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from fastwarc.warc import HeaderMap

from corpus.extract.charset import decode
from corpus.sources.compression import StreamDamaged, next_frame, open_stream
from corpus.sources.http_body import BodyError, undo_encodings
from corpus.sources.record import Record, dropped, unreadable
from corpus.sources.warc_frames import Frame, split_records

_ROBOTS = re.compile(r"^[a-z]+://[^/]+/robots\.txt(?:[?#]|$)", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HTTP_END = re.compile(rb"\r?\n\r?\n")
_HTML_TYPES = ("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml")
_LOOKS_HTML = re.compile(rb"\A\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_META_HEADERS = ("WARC-Record-ID", "WARC-Truncated", "WARC-Identified-Content-Language", "WARC-IP-Address")


@dataclass(frozen=True)
class _Page:
    """What a record says about itself, for the columns that every outcome has."""

    url: str | None
    timestamp: str | None
    meta: dict[str, Any]


def read_warc(path: Path) -> Iterator[Record]:
    """Every record of a WARC file, in order.

    Where a compressed file is damaged, one unreadable record says where, and reading goes on with the next
    member that decompresses; `offset` then counts on from the bytes that were read.
    """
    start = base = 0
    while True:
        stream = open_stream(path, start)
        try:
            for frame in split_records(stream.chunks, base):
                base = frame.offset + len(frame.header) + len(frame.block)
                yield _record(frame)
            return
        except StreamDamaged as damage:
            yield unreadable(base, damage.reason, str(damage))
            # offsets of a nested stream say nothing about the file
            following = None if "+" in stream.codec else next_frame(path, stream.codec, start + damage.offset)
        if following is None:
            return
        start = following


def read_arc(path: Path) -> Iterator[Record]:
    """One unreadable record: ARC is not read."""
    words = "is an ARC file, which is not read; convert it with `warcio recompress FILE.arc.gz OUT.warc.gz`"
    yield unreadable(0, "arc_not_supported", f"{path.name} {words}")


def _record(frame: Frame) -> Record:
    headers = _headers(frame.header, has_status_line=True)
    page = _Page(
        url=(headers.get("WARC-Target-URI") or "").strip().removeprefix("<").removesuffix(">") or None,
        timestamp=headers.get("WARC-Date"),
        meta={name: value for name in _META_HEADERS if (value := headers.get(name))},
    )
    if frame.fault:
        return _other(frame, page, frame.fault, frame.detail, readable=False)
    kind = (headers.get("WARC-Type") or "").strip().lower()
    if kind == "response":
        return _response(frame, page)
    if kind == "conversion":
        return _conversion(frame, page, headers.get("Content-Type") or "")
    return _other(frame, page, f"warc_{_code(kind) or 'untyped'}", f"a {kind or 'record without WARC-Type'} is no page")


def _response(frame: Frame, page: _Page) -> Record:
    end = _HTTP_END.search(frame.block)
    head = frame.block[: end.start()] if end else frame.block
    if not head.startswith(b"HTTP/"):
        return _other(frame, page, "not_http", "a response record without an HTTP status line")
    http = _headers(head, has_status_line=True)
    status = http.status_code
    if status is None:
        return _other(frame, page, "http_header_invalid", f"no status in {head[:60]!r}", readable=False)
    if status != 200:
        return _other(frame, page, f"http_status_{status}", f"the server answered {http.status_line}")
    content_type = http.get("Content-Type") or ""
    body = frame.block[end.end() :] if end else b""
    try:
        body, whole = undo_encodings(body, http.get("Transfer-Encoding") or "", http.get("Content-Encoding") or "")
    except BodyError as error:
        return _other(frame, page, "content_encoding_invalid", str(error), readable=False)
    if not whole:
        page.meta["body_truncated"] = True
    return _document(frame, page, content_type, body)


def _document(frame: Frame, page: _Page, content_type: str, body: bytes) -> Record:
    kind = content_type.partition(";")[0].strip().lower()
    charset = _CHARSET.search(content_type)
    declared = charset.group(1) if charset else None
    if not kind and _LOOKS_HTML.match(body):
        kind = "text/html"
    if kind not in (*_HTML_TYPES, "text/plain"):
        return _other(frame, page, f"content_type_{_code(kind.partition('/')[0]) or 'missing'}", f"{kind or 'no type'}")
    if not body.strip():
        return _other(frame, page, "empty_text", "the body is empty")
    if _ROBOTS.search(page.url or ""):
        return _other(frame, page, "robots_txt", "rules for crawlers are no text")
    page.meta["content_type"] = kind
    meta = orjson.dumps(page.meta).decode()
    if kind in _HTML_TYPES:
        return Record(frame.offset, url=page.url, timestamp=page.timestamp, html=body, charset=declared, meta=meta)
    text = decode(body, declared)[0].replace("\r\n", "\n").replace("\r", "\n")
    return Record(frame.offset, url=page.url, timestamp=page.timestamp, text=text, charset=declared, meta=meta)


def _conversion(frame: Frame, page: _Page, content_type: str) -> Record:
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "text/plain":
        return _other(frame, page, "warc_conversion", f"a conversion record of type {kind or 'missing'}")
    return _document(frame, page, content_type, frame.block)


def _other(frame: Frame, page: _Page, reason: str, words: str, readable: bool = True) -> Record:
    make = dropped if readable else unreadable
    meta = orjson.dumps(page.meta).decode() if page.meta else None
    detail = f"the record at byte {frame.offset}: {words}"[:500]
    return make(frame.offset, reason, detail, url=page.url, timestamp=page.timestamp, meta=meta)


def _headers(block: bytes, has_status_line: bool) -> HeaderMap:
    headers = HeaderMap()
    if block:
        headers.parse(io.BytesIO(block + b"\r\n\r\n"), has_status_line)
    return headers


def _code(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", words).strip("_")[:40]
