"""Plain text and single HTML pages -> records.

`split` says what a document is: the whole file, each line that is not empty, or each block of lines between
empty ones. The charset is found once from the head of the file and a line that is not UTF-8 is read with
it, so a few Latin-1 lines in a UTF-8 file stay readable. Line ends become LF; offsets are into the
decompressed file.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from corpus.errors import InputError
from corpus.extract.charset import decode
from corpus.sources.compression import StreamDamaged
from corpus.sources.lines import Line, split_lines
from corpus.sources.record import MAX_RECORD_BYTES, Record, dropped, too_large, unreadable

SPLITS = ("file", "line", "blank_line")
_HEAD_BYTES = 1 << 18


def read_text(chunks: Iterator[bytes], split: str) -> Iterator[Record]:
    """Every document of a text file.

    Args:
        split: "file", "line" or "blank_line".

    Raises:
        InputError: for another `split`.
    """
    if split not in SPLITS:
        raise InputError(f"split={split!r} is not known; choose one of {list(SPLITS)}")
    if split == "file":
        yield from _whole_file(chunks, _text_record)
        return
    first, damage = _first(chunks)
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16 and UTF-32: LF is not one byte
        first, chunks, damage = _transcoded(first, chunks, damage)
    codec = decode(first[:_HEAD_BYTES].rpartition(b"\n")[0] or first[:_HEAD_BYTES])[1]
    rest = _raising(damage) if damage else chunks
    lines = split_lines(chain([first] if first else [], rest), MAX_RECORD_BYTES)
    yield from (_line_records if split == "line" else _block_records)(lines, codec)


def read_html(chunks: Iterator[bytes]) -> Iterator[Record]:
    """One record with the page's bytes, for `corpus.extract` to read."""
    yield from _whole_file(chunks, lambda data: Record(0, html=data))


def _text_record(data: bytes) -> Record:
    text = _lf(decode(data)[0])
    return Record(0, text=text) if text.strip() else dropped(0, "empty_text", "the file holds white space only")


def _whole_file(chunks: Iterator[bytes], make: Callable[[bytes], Record]) -> Iterator[Record]:
    held: list[bytes] = []
    num_bytes, damage = 0, None
    try:
        for chunk in chunks:
            num_bytes += len(chunk)
            held = [*held, chunk] if num_bytes <= MAX_RECORD_BYTES else []
    except StreamDamaged as error:
        damage = error
    if num_bytes > MAX_RECORD_BYTES:
        yield too_large(0, num_bytes)
    elif num_bytes:
        yield make(b"".join(held))
    if damage:
        yield unreadable(num_bytes, damage.reason, str(damage))


def _line_records(lines: Iterator[Line], codec: str) -> Iterator[Record]:
    for line in lines:
        if line.data is None:
            yield too_large(line.offset, line.num_bytes)
        elif text := _lf(decode(line.data, codec)[0]).strip():
            yield Record(line.offset, text=text)
        if line.damage:
            yield unreadable(line.offset, line.damage.reason, str(line.damage))


def _block_records(lines: Iterator[Line], codec: str) -> Iterator[Record]:
    held: list[bytes] = []
    start = num_bytes = 0
    for line in lines:
        blank = line.data is not None and not line.data.strip()
        if blank and num_bytes:
            yield _block(start, held, num_bytes, codec)
            held, num_bytes = [], 0
        if not blank:
            start = start if num_bytes else line.offset
            num_bytes += line.num_bytes + 1
            held = [*held, line.data] if line.data is not None and num_bytes <= MAX_RECORD_BYTES else []
        if line.damage:
            if num_bytes:
                yield _block(start, held, num_bytes, codec)
            yield unreadable(line.offset, line.damage.reason, str(line.damage))
            return
    if num_bytes:
        yield _block(start, held, num_bytes, codec)


def _block(start: int, lines: list[bytes], num_bytes: int, codec: str) -> Record:
    if not lines:
        return too_large(start, num_bytes)
    return Record(start, text="\n".join(_lf(decode(line, codec)[0]).rstrip("\n") for line in lines))


def _first(chunks: Iterator[bytes]) -> tuple[bytes, StreamDamaged | None]:
    try:
        return next(chunks, b""), None
    except StreamDamaged as damage:
        return b"", damage


def _transcoded(
    first: bytes, chunks: Iterator[bytes], damage: StreamDamaged | None
) -> tuple[bytes, Iterator[bytes], StreamDamaged | None]:
    """A UTF-16 or UTF-32 file as UTF-8, in memory as a whole; its offsets are those of the UTF-8 form."""
    held = [first]
    try:
        held.extend(chunks)
    except StreamDamaged as error:
        damage = error
    return decode(b"".join(held))[0].encode(), iter(()), damage


def _raising(damage: StreamDamaged) -> Iterator[bytes]:
    yield b""
    raise damage


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
