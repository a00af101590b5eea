"""The body of an HTTP answer as archived -> the bytes of the page.

Archives are honest about neither encoding: many hold bodies that were decoded already while the header
still says `chunked` or `gzip`. So each encoding is undone only where the body has its form, and a body that
stops in the middle gives what comes before the stop. Encodings are gzip, deflate, br and zstd, and any list
of them.
"""

import io
import re
import zlib
from collections.abc import Iterable, Iterator

import zstandard
from fastwarc.stream_io import BrotliReader

_CHUNK_HEAD = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
MAX_BODY_BYTES = 1 << 28  # a page that unpacks to more is a bomb; the rest is cut
_STEP_BYTES = 1 << 16


class BodyError(ValueError):
    """A body that claims an encoding, has its form, and gives nothing."""


def undo_encodings(body: bytes, transfer_encoding: str, content_encoding: str) -> tuple[bytes, bool]:
    """The decoded body and whether it is whole.

    Raises:
        BodyError: where nothing at all can be decoded, or the encoding is unknown.

    Example: `(b"5\\r\\nhello\\r\\n0\\r\\n\\r\\n", "chunked", "")` -> `(b"hello", True)`.
    """
    whole = True
    if "chunked" in transfer_encoding.lower():
        body, whole = _unchunk(body)
    encodings = [name.strip().lower() for name in content_encoding.split(",")]
    for name in reversed([name for name in encodings if name not in ("", "identity", "none", "utf-8")]):
        body, one_whole = _undo(body, name)
        whole = whole and one_whole
    return body, whole


def _unchunk(body: bytes) -> tuple[bytes, bool]:
    """Undo chunking; a body that does not begin with a chunk was stored undone."""
    parts, at = [], 0
    while head := _CHUNK_HEAD.match(body, at):
        size = int(head.group(1), 16)
        if size == 0:
            return b"".join(parts), True
        parts.append(body[head.end() : head.end() + size])
        at = head.end() + size
        if at > len(body):
            return b"".join(parts), False
        at += 2 if body[at : at + 2] == b"\r\n" else body[at : at + 1] == b"\n"
    if not parts:
        return body, True
    return b"".join(parts), at >= len(body)


def _undo(body: bytes, name: str) -> tuple[bytes, bool]:
    if not body:
        return body, True
    if name in ("gzip", "x-gzip"):
        return _inflate(body, 31) if body.startswith(b"\x1f\x8b") else (body, True)
    if name == "deflate":
        return _deflate(body)
    if name == "zstd":
        return _unzstd(body) if body.startswith(b"\x28\xb5\x2f\xfd") else (body, True)
    if name == "br":
        return _unbrotli(body)
    raise BodyError(f"content encoding {name!r} is not known; gzip, deflate, br and zstd are")


def _inflate(body: bytes, window_bits: int) -> tuple[bytes, bool]:
    decoder, parts, num_bytes = zlib.decompressobj(window_bits), [], 0
    error = None
    try:
        while body and not decoder.eof and num_bytes < MAX_BODY_BYTES:
            # small steps, as zlib throws the output of the failing call away
            parts.append(decoder.decompress(body[:256], MAX_BODY_BYTES - num_bytes))
            num_bytes += len(parts[-1])
            body = decoder.unconsumed_tail + body[256:] if decoder.unconsumed_tail else body[256:]
    except zlib.error as refusal:
        error = refusal
    if not num_bytes and not decoder.eof:
        raise BodyError(f"the body is no readable gzip or deflate stream: {error or 'it ends at once'}")
    return b"".join(parts), decoder.eof


def _deflate(body: bytes) -> tuple[bytes, bool]:
    """Servers send zlib streams or bare deflate under this name."""
    for window_bits in (15, -15):
        try:
            out, whole = _inflate(body, window_bits)
        except BodyError:
            continue
        if whole or window_bits == 15:
            return out, whole
    return body, True  # stored decoded: a bare deflate stream that does not end is as likely text


def _unzstd(body: bytes) -> tuple[bytes, bool]:
    decoder, parts, num_bytes = zstandard.ZstdDecompressor().decompressobj(), [], 0
    try:
        # small steps bound what one call gives: 256 bytes hold 64 blocks of 128 KiB, 8 MiB, at most
        for at in range(0, len(body), 256):
            if decoder.eof or num_bytes > MAX_BODY_BYTES:
                break
            parts.append(decoder.decompress(body[at : at + 256]))
            num_bytes += len(parts[-1])
    except zstandard.ZstdError as refusal:
        if not num_bytes:
            raise BodyError(f"the body is no readable zstd stream: {refusal}") from refusal
    return _cut(parts, decoder.eof)


def _unbrotli(body: bytes) -> tuple[bytes, bool]:
    """Brotli has no magic number: a body that is no stream and looks like text was stored decoded."""
    try:
        return _cut(_brotli_pieces(body, _STEP_BYTES), True)
    except OSError as refusal:
        if _is_text(body):
            return body, True
        parts: list[bytes] = []
        try:  # again in small steps, as the reader throws the output of the failing call away
            for piece in _brotli_pieces(body, 64):
                parts.append(piece)
        except OSError:
            if not parts:
                raise BodyError(f"the body is no readable br stream: {refusal}") from refusal
        return _cut(parts, False)


def _brotli_pieces(body: bytes, step: int) -> Iterator[bytes]:
    """Pieces until the stream ends or they pass the limit."""
    reader, num_bytes = BrotliReader(io.BytesIO(body)), 0
    while num_bytes <= MAX_BODY_BYTES and (piece := reader.read(step)):
        num_bytes += len(piece)
        yield piece


def _cut(parts: Iterable[bytes], whole: bool) -> tuple[bytes, bool]:
    """The parts joined; what passes the limit is cut, and then the body is not whole."""
    body = b"".join(parts)
    return body[:MAX_BODY_BYTES], whole and len(body) <= MAX_BODY_BYTES


def _is_text(body: bytes) -> bool:
    head = body[:512]
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head)
