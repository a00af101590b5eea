"""The specification: lines, sentences and keys of paragraphs in plain Python.

A **line** is what stands between line feeds. A **sentence** is a piece of a line that ends behind a run of end marks
and the closing quotes and brackets that follow: 。！？… end it wherever they stand, . ! ? where white space or the
line's end follows. A lone "." behind a single letter or digit is no end ("J. Smith", "1. Rinse"). Line and sentence
count where they hold a letter or digit; sentences are without the white space around them, lines are not.

The key of a paragraph is made of its code points in the form of `classes.paragraph_form`, white space being one space
however much there is of it and none at the ends.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from corpus.kernels.shingle.naive import MASK, SECOND_PRIME, WINDOW_PRIME, mix64
from corpus.kernels.units.classes import CLOSER, END, SPACE, SPACED_END, TOLD, flags_table, paragraph_form


def _flags(character: str) -> int:
    return int(flags_table()[ord(character)])


def _tells(text: str) -> bool:
    return any(_flags(character) & TOLD for character in text)


def _all_lines(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for line in text.split("\n"):
        yield begin, begin + len(line)
        begin += len(line) + 1


def lines(text: str) -> list[tuple[int, int]]:
    """Where the lines that count begin and end, in characters."""
    return [(begin, end) for begin, end in _all_lines(text) if _tells(text[begin:end])]


def _end_of_marks(line: str, at: int) -> int:
    """Where the marks that begin at `at` end if they end a sentence; else -1."""
    stop = at + 1
    while stop < len(line) and _flags(line[stop]) & (SPACED_END | END | CLOSER):
        stop += 1
    if any(_flags(character) & END for character in line[at:stop]):
        return stop
    if stop < len(line) and not _flags(line[stop]) & SPACE:
        return -1
    before = line[at - 2 : at] if at > 1 else " " + line[:at]
    single = len(before) == 2 and not _flags(before[0]) & TOLD and bool(_flags(before[1]) & TOLD)
    return -1 if line[at:stop] == "." and single else stop


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences that count begin and end, in characters."""
    found = []
    for begin, end in _all_lines(text):
        line, first, at = text[begin:end], 0, 0
        while at < len(line):
            stop = at + 1
            if _flags(line[at]) & (SPACED_END | END):
                ended = _end_of_marks(line, at)
                stop = _after_marks(line, at) if ended < 0 else ended
                if ended >= 0:
                    found.append((begin + first, begin + ended))
                    first = ended
            at = stop
        found.append((begin + first, end))
    return [_stripped(text, *span) for span in found if _tells(text[span[0] : span[1]])]


def _after_marks(line: str, at: int) -> int:
    while at < len(line) and _flags(line[at]) & (SPACED_END | END | CLOSER):
        at += 1
    return at


def _stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    while _flags(text[begin]) & SPACE:
        begin += 1
    while _flags(text[end - 1]) & SPACE:
        end -= 1
    return begin, end


def paragraph_key(text: str) -> tuple[int, int]:
    """Two polynomials over the code points of a paragraph's form, mixed."""
    form = " ".join("".join(map(paragraph_form, text)).split(" ")).strip(" ")
    while "  " in form:
        form = form.replace("  ", " ")
    first = second = 0
    for character in form:
        first = (first * WINDOW_PRIME + ord(character)) & MASK
        second = (second * SECOND_PRIME + ord(character)) & MASK
    return mix64(first), mix64(second ^ len(form))


def spans_in_bytes(texts: Sequence[str | None], find) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Document, start and end in UTF-8 bytes of what `find` finds in each text."""
    rows = []
    for document, text in enumerate(texts):
        for begin, end in find(text or ""):
            start = len((text or "")[:begin].encode())
            rows.append((document, start, start + len((text or "")[begin:end].encode())))
    document, start, end = np.array(rows, np.int64).reshape(-1, 3).T.copy()
    return document, start, end
