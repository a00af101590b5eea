"""Reading around a place in UTF-8 bytes: characters with full-width ASCII folded, and the words before a number.

Here and in its neighbours functions that make arrays, and their callers, are compiled by numba's own `njit`, the others
by `corpus.kernels.jit`.
"""

import numpy as np
from numba import njit

from corpus.kernels.jit import inner
from corpus.kernels.pii import grammar as g
from corpus.kernels.utf8 import continues, decode

NONE = np.int32(-1)  # what lies before and behind a document


def _codes(text: str) -> np.ndarray:
    return np.array([ord(c) for c in text], np.int32)


def _reversed_words(words: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The code points of each word from last to first, and the words' bounds."""
    bounds = np.cumsum([0, *map(len, words)]).astype(np.int32)
    return _codes("".join(word[::-1] for word in words)), bounds


PHONE_CUES = _reversed_words(g.PHONE_CUES)
CARD_CUES = _reversed_words(g.CARD_CUES)
NUMBER_CUES = _reversed_words(g.NUMBER_CUES)
VERSION_CUES = _reversed_words(g.VERSION_CUES)
IP_CUES = _reversed_words(g.IP_CUES)
GLUED_CUES = _reversed_words(tuple(sorted(g.GLUED_CUES)))
_STRIP = _codes(g.CUE_STRIP)
_REFUSED_BEFORE = _codes("_#$%@*+¥￥€£\\^")


@inner()
def is_digit(code):
    return 48 <= code <= 57


@inner()
def is_letter(code):
    return 65 <= code <= 90 or 97 <= code <= 122


@inner()
def is_alnum(code):
    return 48 <= code <= 57 or 65 <= code <= 90 or 97 <= code <= 122


@inner()
def lower(code):
    return code + 32 if 65 <= code <= 90 else code


@inner()
def look(data, at, end):
    """The folded character at byte `at` and where the next one begins; NONE at the document's end."""
    if at >= end:
        return NONE, at
    if data[at] < 0x80:
        return np.int32(data[at]), at + 1
    code, after = decode(data, at)
    if 0xFF01 <= code <= 0xFF5E:
        code -= 0xFEE0
    return np.int32(code), after


@inner()
def back(data, at, start):
    """The folded character that ends before byte `at` and where it begins; NONE at the document's start."""
    if at <= start:
        return NONE, at
    at -= 1
    while continues(data[at]):
        at -= 1
    code, _ = look(data, at, at + 1)
    return code, at


@inner()
def _contains(codes, code):
    found = False
    for other in codes:
        found |= other == code
    return found


@njit(cache=True, nogil=True)
def cued(data, at, start, cues):
    """`naive.cued`."""
    before = np.empty(g.CUE_CHARS, np.int32)
    size = 0
    while size < g.CUE_CHARS:
        code, at = back(data, at, start)
        if code == NONE:
            break
        before[size] = lower(code)
        size += 1
    first = 0
    while first < size and _contains(_STRIP, before[first]):
        first += 1
    words, bounds = cues
    for word in range(len(bounds) - 1):
        length = bounds[word + 1] - bounds[word]
        if first + length > size:
            continue
        same = True
        for i in range(length):
            if words[bounds[word] + i] != before[first + i]:
                same = False
                break
        if same:
            left = before[first + length] if first + length < size else NONE
            if not (is_letter(words[bounds[word + 1] - 1]) and is_letter(left)):
                return True
    return False


@njit(cache=True, nogil=True)
def _glued(data, at, start):
    """Whether the letters before `at` are one of `GLUED_CUES`."""
    letters = np.empty(g.MAX_GLUED + 1, np.int32)
    size = 0
    while size <= g.MAX_GLUED:
        code, at = back(data, at, start)
        if not is_letter(code):
            break
        letters[size] = lower(code)
        size += 1
    words, bounds = GLUED_CUES
    for word in range(len(bounds) - 1):
        if bounds[word + 1] - bounds[word] == size:
            same = True
            for i in range(size):
                same &= words[bounds[word] + i] == letters[i]
            if same:
                return True
    return False


@njit(cache=True, nogil=True)
def free_before(data, at, start, kind):
    """`naive.free_before`."""
    before, place = back(data, at, start)
    if before == NONE:
        return True
    two, _ = back(data, place, start)
    if is_letter(before):
        return kind == g.PHONE and _glued(data, at, start)
    if before == 64 and kind == g.IP:  # @
        return True
    if is_digit(before) or _contains(_REFUSED_BEFORE, before):
        return False
    if before == 46:  # .
        return is_letter(two) and kind != g.IP
    if before == 45:  # -
        return not is_alnum(two)
    if before == 47:  # /
        return not is_letter(two) and (kind != g.IP or not is_digit(two))
    if before == 61:  # =
        if kind == g.IP or kind == g.RESIDENT_ID or not is_alnum(two):
            return True
        return kind == g.PHONE and cued(data, at, start, PHONE_CUES)
    return True


@inner()
def free_after(data, at, end):
    """`naive.free_after`."""
    after, place = look(data, at, end)
    if is_alnum(after) or after == 95 or after == 64 or after == 37:  # _ @ %
        return False
    if after == 46 or after == 45:
        two, _ = look(data, place, end)
        return not is_alnum(two)
    return True
