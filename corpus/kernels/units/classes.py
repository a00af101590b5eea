"""What each code point is to the walkers of lines and sentences, and what it is in the key of a paragraph."""

import functools
import unicodedata

import numpy as np

from corpus.kernels.shingle.fold import DROP, MANY
from corpus.kernels.signals import characters as ch

SPACE, TOLD, SPACED_END, END, CLOSER, LINE_FEED = (1 << place for place in range(6))

_SPACED_ENDS = ".!?"  # end a sentence where white space or the line's end follows
_ENDS = "".join(sorted(set(ch.TERMINALS + ch.ELLIPSIS) - set(_SPACED_ENDS)))  # 。！？… and so on: wherever they stand
_CLOSERS = "\"'”’»›)]}）］｝」』】》〉〕｣"  # behind an end, belong to the sentence that it ends
_LISTS = ((SPACED_END, _SPACED_ENDS), (END, _ENDS), (CLOSER, _CLOSERS), (LINE_FEED, "\n"))


@functools.cache
def flags_table() -> np.ndarray:
    """The flags of every code point, `[0x110000]` uint8: white space, "tells" (a letter or digit), ends, closers."""
    flags = ch.class_flags()[ch.class_table()]
    table = np.where(flags & ch.SPACE, SPACE, 0) | np.where(flags & (ch.LETTER | ch.DIGIT), TOLD, 0)
    for flag, characters in _LISTS:
        table[[ord(character) for character in characters]] |= flag
    table = table.astype(np.uint8)
    table.flags.writeable = False
    return table


def paragraph_form(character: str) -> str:
    """What a character is in the key of a paragraph: "É" -> "e", "７" -> "0", "—" -> "", a line feed -> " "."""
    if character.isspace():
        return " "
    bare = "".join(c for c in unicodedata.normalize("NFD", character) if unicodedata.category(c) != "Mn")
    kept = [
        c for c in bare.lower() if unicodedata.category(c)[0] != "P" and unicodedata.category(c) not in ("Cc", "Mn")
    ]
    return "".join("0" if unicodedata.category(c) == "Nd" else c for c in kept)


@functools.cache
def paragraph_table() -> tuple[np.ndarray, np.ndarray]:
    """`paragraph_form` of every code point, built once a process, in about 0.5 s.

    Returns:
        forms `[0x110000]` int32: one code point, DROP, or <= MANY;
        many int32: length-prefixed runs for the code points that become several, at `MANY - form`.
    """
    forms, many = np.arange(0x110000, dtype=np.int32), [0]
    for code_point in range(len(forms)):
        if 0xD800 <= code_point < 0xF900 or 0x3400 <= code_point < 0xA000 or 0x32400 <= code_point < 0xE0000:
            continue  # surrogates, private use, Han without decompositions, unassigned: they stand for themselves
        if code_point >= 0xE0200:
            break
        form = paragraph_form(chr(code_point))
        if len(form) == 1:
            forms[code_point] = ord(form)
        elif not form:
            forms[code_point] = DROP
        else:
            forms[code_point] = MANY - len(many)
            many += [len(form), *map(ord, form)]
    for table in (forms, runs := np.array(many, np.int32)):
        table.flags.writeable = False
    return forms, runs
