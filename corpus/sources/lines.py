"""Chunks of bytes -> lines with their offsets, in bounded memory.

Lines end at LF; CR before it stays for the caller. The price is one `bytes.split` a chunk; a line longer than
the chunk is joined once at its end. A line beyond the limit is skipped as it streams and reported by its
length.
"""

from collections.abc import Iterator
from typing import NamedTuple

from corpus.sources.compression import StreamDamaged


class Line(NamedTuple):
    """A line without its LF; `data` is null where it has more than the allowed bytes."""

    offset: int
    data: bytes | None
    num_bytes: int
    damage: StreamDamaged | None = None  # the stream broke inside this line: `data` is the part before the break


def split_lines(chunks: Iterator[bytes], max_bytes: int) -> Iterator[Line]:
    r"""Every line of a stream; the last may lack its LF.

    Where the stream is damaged, the last line holds what came before the damage (perhaps nothing) and the
    error.

    Example: `[b"a\nb", b"c\n"]` -> lines "a" at 0 and "bc" at 2.
    """
    held: list[bytes] = []
    num_held = offset = 0
    try:
        for chunk in chunks:
            *whole, tail = chunk.split(b"\n")
            for data in whole:
                num_bytes = num_held + len(data)
                if num_held:
                    held.append(data)
                    data = b"".join(held)
                    held, num_held = [], 0
                yield Line(offset, data if num_bytes <= max_bytes else None, num_bytes)
                offset += num_bytes + 1
            num_held += len(tail)
            held = [*held, tail] if num_held <= max_bytes else []
    except StreamDamaged as damage:
        yield Line(offset, b"".join(held) if num_held <= max_bytes else None, num_held, damage)
        return
    if num_held:
        yield Line(offset, b"".join(held) if num_held <= max_bytes else None, num_held)
