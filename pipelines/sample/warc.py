"""WARC 1.1 records with whole HTTP messages, one gzip member a record, written by hand so that bytes are
repeatable.

https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
Record ids are UUIDs of (seed text, running number), dates are given, gzip has no time stamp.
"""

import base64
import gzip
import hashlib
import uuid
from collections.abc import Mapping, Sequence

REASON_PHRASES = {200: "OK", 301: "Moved Permanently", 404: "Not Found"}


def _sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def record(kind: str, block: bytes, *, name: str, date: str, headers: Mapping[str, str]) -> bytes:
    """One compressed WARC record.

    Args:
        kind: WARC-Type.
        name: text that the record id is made from; unique in the crawl.
        date: WARC-Date, e.g. "2024-05-01T00:00:00Z".
        headers: further WARC headers, e.g. WARC-Target-URI and Content-Type.
    """
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>",
        "WARC-Date": date,
        **headers,
        "WARC-Block-Digest": _sha1(block),
        "Content-Length": str(len(block)),
    }
    head = "WARC/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in fields.items()) + "\r\n"
    return gzip.compress(head.encode() + block + b"\r\n\r\n", 6, mtime=0)


def http_request(host: str, path: str) -> bytes:
    """The GET that a polite crawler sends."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sample-crawl/1.0\r\n"
        "Accept: text/html,*/*\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    ).encode()


def chunked(body: bytes, size: int = 1777) -> bytes:
    """The body in HTTP/1.1 chunked transfer coding."""
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in cut) + b"0\r\n\r\n"


def http_response(status: int, body: bytes, content_type: str, *, coding: str = "", extra: Sequence[str] = ()) -> bytes:
    """A whole HTTP response.

    Args:
        content_type: the value of the Content-Type header.
        coding: "" as it is, "gzip" for Content-Encoding, "chunked" for Transfer-Encoding.
        extra: further header lines.
    """
    lines = [f"HTTP/1.1 {status} {REASON_PHRASES[status]}", "Server: nginx", f"Content-Type: {content_type}"]
    if coding == "gzip":
        body = gzip.compress(body, 6, mtime=0)
        lines.append("Content-Encoding: gzip")
    if coding == "chunked":
        body = chunked(body)
        lines.append("Transfer-Encoding: chunked")
    else:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, *extra, "", ""]).encode() + body
