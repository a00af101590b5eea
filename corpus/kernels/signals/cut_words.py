"""Cut runs of ASCII that are a word, or words joined by marks: don't, well-known, 3.14, U.S. and the marks behind.

Such runs are cut at the words' edges that `cut.find_words` found, without a look at the characters between them.
"""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals import characters as ch
from corpus.kernels.utf8 import decode

SUFFIX, LETTER, DIGIT, LOWER, UPPER = ch.SUFFIX, ch.LETTER, ch.DIGIT, ch.LOWER, ch.UPPER
_BREAK = ch.SPACE | ch.HAN | ch.SEPARATOR
_BLANK, _NEWLINE, _APOSTROPHE, _DOT, _FIRST_LETTER, _SMALL = 0x20, 0x0A, 0x27, 0x2E, 0x41, 0x61
_LAST_MARK = 0x7E
_MOST_MARKS = 4
_T, _M, _D, _S, _R, _E, _V, _L, _W = (ord(c) for c in "tmdsrevlw")


def _marks() -> np.ndarray:
    """1 for each ASCII mark that is a token of its own behind a word, dots included; 0 for every other byte."""
    marks = np.zeros(256, np.uint8)
    for byte in range(128):
        marks[byte] = ch.flags_of(chr(byte)) & SUFFIX != 0 or byte == _DOT
    return marks


def _cuts_between(mark: str, before: str, after: str) -> bool:
    """Whether a single mark cuts between two ASCII letters or digits: `naive_tokens._infix_size`."""
    left, right = ch.flags_of(before), ch.flags_of(after)
    both_letters, both_digits = bool(left & right & LETTER), bool(left & right & DIGIT)
    rules = {
        **dict.fromkeys("-~", both_letters or both_digits),
        ",": both_letters,
        ".": bool(left & LOWER and right & UPPER),
        **dict.fromkeys("+*^", both_digits),
        **dict.fromkeys(":<>=/", bool(left & (LETTER | DIGIT) and right & LETTER)),
    }
    return rules.get(mark, False)


def _joins() -> np.ndarray:
    """Of each mark between two characters, both as `_sort` has them, 1 if it cuts there, else 0."""
    cuts = np.zeros((_LAST_MARK + 1, 3, 3), np.uint8)
    for byte in range(_BLANK + 1, _LAST_MARK + 1):
        for before in range(3):
            for after in range(3):
                cuts[byte, before, after] = _cuts_between(chr(byte), "0Aa"[before], "0Aa"[after])
    return cuts.ravel()


MARKS = _marks()
_JOINS = _joins()


@inner()
def dot_ends(data, begin, end):
    """Whether a dot behind the word in these bytes is a token of its own, see `naive_tokens`."""
    return (data[end - 1] < _FIRST_LETTER) | ((end - begin > 1) & (data[max(end - 2, begin)] >= _FIRST_LETTER))


@inner()
def _sort(byte):
    """Of an ASCII letter or digit: 0 a digit, 1 a capital, 2 a small letter."""
    return np.int64(byte >= _FIRST_LETTER) + np.int64(byte >= _SMALL)


@inner()
def _marks_behind(data, place, end, ends_well, classes, flags_of):
    """How many marks stand between `place` and the end of its run; -1: a run that is not so simple.

    Args:
        ends_well: whether a dot at `place` is a token of its own.
    """
    marks = 0
    while True:
        if place >= end or data[place] == _BLANK:
            return marks
        code_point, _ = decode(data, place)
        flags = flags_of[classes[code_point]]
        if flags & _BREAK:
            return marks
        if marks == _MOST_MARKS or code_point >= 0x80:
            return -1
        if flags & SUFFIX:
            ends_well = True
        elif code_point == _DOT and ends_well:
            ends_well = False  # two dots in a row are one token
        else:
            return -1
        marks += 1
        place += 1


@inner()
def _clitic(data, begin, end):
    """Of the letters behind the last apostrophe of a token: 2 for 's, 1 for 't 'm 'd 're 've 'll, or 0."""
    first, last = data[begin] | 0x20, data[end - 1] | 0x20
    if end - begin == 1:
        return 2 * (first == _S) + ((first == _T) | (first == _M) | (first == _D))
    ends = (last == _E and (first == _R or first == _V)) or (last == _L and first == _L)
    return np.int64(end - begin == 2 and ends)


@inner()
def take_joined(data, start, end, edges, edge, classes, flags_of, gap, begins, ends, kinds, count):
    """Take a run that begins with a word at `edges[edge]`: words with single marks between them, and marks behind.

    Returns:
        the edge after its last word; the new count. Nothing is taken of a run that is otherwise.
    """
    first_edge, first, apostrophes, mark = edge, count, 0, np.int64(0)
    begins[count] = edges[edge]
    while True:
        stop = np.int64(edges[edge + 1])
        if edges[edge + 2] != stop + 1 or start + stop >= end:
            break
        mark = np.int64(data[start + stop])
        if mark <= _BLANK or mark > _LAST_MARK:
            break
        apostrophes += mark == _APOSTROPHE
        cuts = _JOINS[mark * 9 + _sort(data[start + stop - 1]) * 3 + _sort(data[start + stop + 1])]
        if cuts != 0:
            ends[count], kinds[count] = stop, 0
            begins[count + 1], ends[count + 1], kinds[count + 1] = stop, stop + 1, 0
            count += 2
            begins[count] = stop + 1
        edge += 2
    begin, place = start + edges[edge], start + stop
    ends_well, joined = dot_ends(data, begin, place), edge > first_edge
    if joined:
        if edges[first_edge + 1] - edges[first_edge] == 3 and data[start + edges[first_edge]] == _W:
            return first_edge, first  # perhaps www.
        if data[begin - 1] == _APOSTROPHE:
            ends_well = True
            clitic = _clitic(data, begin, place)
            if clitic == 2 and apostrophes > 1:
                return first_edge, first
            if clitic == 2 or (clitic == 1 and data[begin - 2] >= _FIRST_LETTER):
                ends[count], kinds[count] = begin - 1 - start, 0
                count += 1
                begins[count] = begin - 1 - start
    ends[count], kinds[count] = stop, 0
    count += 1
    alone = place + 1 >= end or data[place + 1] == _BLANK or data[place + 1] == _NEWLINE
    if place < end and data[place] == _DOT and not ends_well and alone:
        ends[count - 1] = stop + 1  # U.S.
    else:
        marks = _marks_behind(data, place, end, ends_well, classes, flags_of)
        if marks < 0:
            return first_edge, first
        for at in range(stop, stop + marks):
            begins[count], ends[count], kinds[count] = at, at + 1, 0
            count += 1
    kinds[first] |= gap
    return edge + 2, count
