"""Which bytes of a text belong to which of its tokens.

Every byte belongs to one token, so that what is left after some are cut is put together of whole pieces. What stands
between two tokens is divided behind its last line end; without one behind its last space; without one before the
opening marks that touch the next token (in 甲。“乙 the “ is 乙's); else at the next token's first byte. What stands
before the first token is the first one's, what stands behind the last the last one's. A character that makes several
tokens (㍿) is its first token's.

This is a second walk, over documents that have something to cut, one code point at a time: `shingle.tokens` does not
say where tokens stand, and is faster for it.
"""

import functools
import unicodedata

import numpy as np

from corpus.dedup.substrings_tokens import Texts, document
from corpus.kernels.jit import inner, kernel, raw
from corpus.kernels.shingle.fold import DROP, MANY, SEPARATOR
from corpus.kernels.shingle.tokens import WORD, step_tables
from corpus.kernels.utf8 import back, decode

__all__ = ["byte_spans"]

_MARK, _OPENING, _SPACE, _LINE_END = range(4)
_AT_MARK, _AT_SPACE, _AT_LINE_END, _AT_START = range(4)  # what a gap is divided at so far
_LINE_ENDS = "\n\r\v\f\x85\u2028\u2029"


@functools.cache
def gap_kinds() -> np.ndarray:
    """For each code point, uint8: line end, other space, opening mark, or anything else."""
    kinds = np.full(0x110000, _MARK, np.uint8)
    for code_point in range(0x10000):  # none beyond
        character = chr(code_point)
        if character in _LINE_ENDS:
            kinds[code_point] = _LINE_END
        elif character.isspace():
            kinds[code_point] = _SPACE
        elif unicodedata.category(character) in ("Ps", "Pi"):
            kinds[code_point] = _OPENING
    return kinds


def byte_spans(texts: Texts, runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of runs of tokens.

    Args:
        runs: `[3, R]` int64: row, first token, token behind the last; sorted, runs of a row do not touch.

    Returns:
        `[R]` int64 each: first byte and byte behind the last, from the document's start. White space before a run that
        reaches the end of its document is among them, so no document ends in it.
    """
    bounds = np.empty((2, runs.shape[1]), np.int64)
    _all_bounds(texts, *step_tables(), gap_kinds(), runs, bounds)
    return bounds[0], bounds[1]


@kernel()
def _all_bounds(texts, steps, many, kinds, runs, bounds):
    first = 0
    while first < runs.shape[1]:
        last = first
        while last < runs.shape[1] and runs[0, last] == runs[0, first]:
            last += 1
        data, start, end = document(texts, runs[0, first])
        _bounds(data, start, end, raw(steps), raw(many), raw(kinds), runs, first, last, bounds)
        first = last


@inner()
def _divide(kind, divided, own, at):
    """Where a gap is divided after one more character of it, which ends at byte `at`, and what at."""
    if kind == _LINE_END and divided <= _AT_LINE_END:
        return _AT_LINE_END, at
    if kind == _SPACE and divided <= _AT_SPACE:
        return _AT_SPACE, at
    if kind == _MARK and divided == _AT_MARK:
        return _AT_MARK, at
    return divided, own


@inner()
def _bounds(data, start, end, steps, many, kinds, runs, first, last, bounds):
    """Write the bytes of the runs `first` to `last`, all of one document."""
    run, side = first, 0  # the bound that is looked for
    count, in_word = 0, False  # tokens begun
    own, divided = start, _AT_START  # the next token's bytes begin at `own`
    at = start
    while at < end and run < last:
        code_point, at = decode(data, at)
        step = steps[code_point]
        if step == SEPARATOR or (step == DROP and not in_word):
            in_word = False
            divided, own = _divide(kinds[code_point], divided, own, at)
            continue
        size, parts = (many[MANY - step], MANY - step + 1) if step <= MANY else (np.int32(step != DROP), 0)
        is_taken = in_word
        for part in range(size):
            is_word = ((many[parts + part] if step <= MANY else step) & WORD) != 0
            if not (is_word and in_word):
                if run < last and count == runs[1 + side, run]:
                    bounds[side, run] = (at if is_taken else own) - start
                    run += side
                    side = 1 - side
                count += 1
            in_word, is_taken = is_word, True
        own, divided = at, _AT_MARK
    if run < last:  # to the end of the document
        bounds[1, run] = end - start
        before = start + bounds[0, run]
        while before > start:
            place = back(data, before, start)
            code_point, _ = decode(data, place)
            if kinds[code_point] < _SPACE:
                break
            before = place
        bounds[0, run] = before - start
