"""The format of a raw file from its content; the name decides nothing.

The first 64 KiB after decompression are looked at: magic numbers first, then the form of the JSON, then
whether it is text at all.
"""

import re

import orjson

from corpus.sources.json_array import WRAPPER

FORMATS = ("jsonl", "json", "parquet", "arrow", "text", "html", "warc")
HEAD_BYTES = 1 << 16

_MAGIC = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"filedesc://", "arc"),
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"\x89PNG", "png"),
)
_WARC = re.compile(rb"\A[\r\n\0 ]*WARC/[01]\.\d")
_HTML = re.compile(rb"\A\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
_TEXT_BOMS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x19]")
_MAX_CONTROLS = 0.01


def sniff_format(head: bytes) -> str:
    """The format of a decompressed file: one of FORMATS, or the name of something that is not read.

    Args:
        head: its first `HEAD_BYTES`; the file is longer where they are all there.
    """
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if _WARC.match(head):
        return "warc"
    if head[257:262] == b"ustar":
        return "tar"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")):
        return sniff_json(head)
    if _HTML.match(text):
        return "html"
    if text.startswith((b"<?xml", b"<mediawiki")):
        return "xml"
    if head.startswith(_TEXT_BOMS) or len(_CONTROLS.findall(head)) <= _MAX_CONTROLS * len(head):
        return "text"
    return "binary data"


def sniff_json(head: bytes) -> str:
    """What begins like JSON: "jsonl" for an object a line, "json" for any other form, or "text"."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if WRAPPER.match(head):
        return "json"
    if text.startswith(b"["):
        rest = text[1:].lstrip()
        return "json" if rest.startswith((b"{", b"]")) or not rest or _is_json(text) else "text"
    lines = text.split(b"\n")
    if len(lines) == 1 and len(head) >= HEAD_BYTES:
        return "jsonl"  # one line longer than the head
    if any(_is_json(line) for line in lines if line.startswith(b"{")):
        return "jsonl"
    follows = text[1:].lstrip()[:1]
    if follows not in (b'"', b"}"):
        return "text"
    return "json" if lines[0].strip() == b"{" else "jsonl"


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
