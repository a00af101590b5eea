"""Bytes of a page or a text file -> text, whatever charset it claims.

A claim is evidence, not truth: pages that declare gb2312 are often UTF-8, pages that declare iso-8859-1 are
often GBK, and most that declare gb2312 hold characters that only GB18030 has. The first of these that decodes
every byte wins:

1. a byte order mark;
2. UTF-8, strictly: text of another charset that is valid UTF-8 by accident is very rare;
3. UTF-8 with few bad bytes (ten good sequences for each bad one): replaced by U+FFFD, not clean;
4. the declared charset, then the one in the page's `<meta>` or `<?xml`, as https://encoding.spec.whatwg.org
   names them, but gb2312 and gbk are read as GB18030; Latin-1 claims wait, as they decode anything;
5. uchardet's guess (through Resiliparse), overruled by GB18030 where the bytes look like Chinese;
6. a Latin-1 claim, read as windows-1252;
7. the best multi-byte candidate with up to 2 % of its characters replaced, else windows-1252; not clean.

Pure and deterministic. Valid UTF-8 costs one decoding pass; anything else is a few passes.
"""

import re

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# What browsers decode under these labels, in Python's names where Python's own codec is narrower.
_WIDER = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
_LATIN = {"cp1252", "iso8859-1", "ascii"}  # labels that decode nearly any bytes, so they prove nothing
_META_BYTES = 4096
_META = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_XML = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']\s*([\w.:-]+)""", re.IGNORECASE)
_HIGH = re.compile(rb"[\x80-\xff]")
_ISOLATED = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_COMMON_HAN = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]")  # GB2312 level 1: the 3,755 most used characters
_NUM_SAMPLE_BYTES = 1 << 16
_MAX_BAD = 0.02


def decode(data: bytes, declared: str | None = None) -> tuple[str, str, bool]:
    """Decode `data`, trusting what the bytes say over what was declared.

    Args:
        data: a whole page or text.
        declared: the charset of the HTTP header or the user, null where none was given; unknown names are
            passed over.

    Returns:
        The text, the Python codec it was read with, and whether every byte was decoded.

    Example: `decode("汉".encode("gbk"), "gb2312")` -> `("汉", "gb18030", True)`.
    """
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return _lenient(data[len(mark) :], codec)
    text = _strict(data, "utf-8")
    if text is not None:
        return text, "utf-8", True
    text = data.decode("utf-8", "replace")
    if _mostly_utf8(data, text):
        return text, "utf-8", False
    return _decode_legacy(data, declared)


def _decode_legacy(data: bytes, declared: str | None) -> tuple[str, str, bool]:
    claims = [codec for codec in (_codec(declared), _codec(_meta_charset(data))) if codec not in (None, "utf-8")]
    strong = [codec for codec in claims if codec not in _LATIN]
    guess = _guess(data, latin_claimed=len(strong) < len(claims))
    candidates = [*strong, *([guess] if guess else []), *(codec for codec in claims if codec in _LATIN)]
    for codec in candidates:
        text = _strict(data, codec)
        if text is not None:
            return text, codec, True
    for codec in candidates:
        text, _, _ = _lenient(data, codec)
        if text.count("\ufffd") <= _MAX_BAD * len(text):
            return text, codec, False
    return _lenient(data, "cp1252")


def _guess(data: bytes, latin_claimed: bool) -> str | None:
    """uchardet's answer, or GB18030 where Latin or no answer comes for bytes that look like Chinese."""
    sample = data[:_NUM_SAMPLE_BYTES]
    num_high = len(_HIGH.findall(sample))
    if num_high == len(_ISOLATED.findall(sample)):
        return "cp1252"  # a few accented letters: no multi-byte text leaves each high byte alone
    guess = _codec(detect_encoding(data, from_html_meta=False, html5_compatible=True))
    if guess is not None and guess in _WIDER.values():
        return guess
    if 2 * len(_COMMON_HAN.findall(sample)) >= 0.5 * num_high and _is_latin(guess):
        return "gb18030"
    if guess == "utf-8" or (latin_claimed and _is_latin(guess)):
        return None
    return guess


def _is_latin(codec: str | None) -> bool:
    """Whether the codec is one that uchardet falls back to: it says little about the bytes."""
    return codec in (None, "utf-8", "cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "mac-roman") or (
        codec is not None and codec.startswith("iso8859-") and codec not in ("iso8859-5", "iso8859-7")
    )


def _codec(label: str | None) -> str | None:
    """The Python codec for a charset label, null for an unknown one."""
    if not label:
        return None
    name = map_encoding_to_html5(label.strip(), False)
    return None if name is None else _WIDER.get(name, name)


def _meta_charset(data: bytes) -> str | None:
    head = data[:_META_BYTES]
    found = _META.search(head) or _XML.search(head)
    return found.group(1).decode("ascii", "replace") if found else None


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None


def _lenient(data: bytes, codec: str) -> tuple[str, str, bool]:
    text = _strict(data, codec)
    if text is not None:
        return text, codec, True
    return data.decode(codec, "replace"), codec, False


def _mostly_utf8(data: bytes, replaced: str) -> bool:
    """Whether at most one in ten of the sequences that are not ASCII is broken."""
    num_bad = replaced.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    num_good = len(replaced) - len(replaced.encode("ascii", "ignore")) - num_bad
    return num_good >= 10 * num_bad
