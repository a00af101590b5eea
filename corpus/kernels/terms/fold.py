"""The fold that terms and texts share.

That of `corpus.kernels.shingle` (case, width, script variant, combining marks, apostrophes), but white space is one
space however much there is of it, and punctuation stays what it is, so "buy. Now" is not "buy now".
"""

import functools
import unicodedata

import numpy as np

from corpus.kernels.shingle.fold import DROP, MANY, SEPARATOR, fold_table

SPACE = 32


@functools.cache
def term_fold() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fold of every code point as in `fold_table`, without SEPARATOR; the second table; and what is part of a word.

    Returns:
        fold `[0x110000]` int32: one code point, DROP, or <= MANY;
        many int32;
        word `[0x110000]` bool: letters and digits of scripts that put spaces between words, by folded code point.
    """
    fold, many, letter = fold_table()
    fold = fold.copy()
    for code_point in np.flatnonzero(fold == SEPARATOR):
        character = chr(code_point)
        blank = character.isspace() or unicodedata.category(character)[0] == "Z"
        same = unicodedata.normalize("NFKC", character)
        fold[code_point] = SPACE if blank else ord(same) if len(same) == 1 else code_point
    word = np.zeros(len(fold), np.bool_)
    plain = np.flatnonzero((fold >= 0) & ~letter)
    word[[code_point for code_point in plain if unicodedata.category(chr(code_point))[0] in "LN"]] = True
    return fold, many, word


def fold_term(term: str) -> tuple[int, ...]:
    """The code points of a term: "Buy  NOW" -> those of "buy now"."""
    fold, many, _ = term_fold()
    codes: list[int] = []
    for character in term.strip():
        folded = int(fold[ord(character)])
        run = [folded] if folded > MANY else many[MANY - folded + 1 :][: many[MANY - folded]].tolist()
        codes += [code for code in run if code != DROP and not (code == SPACE and codes[-1:] in ([], [SPACE]))]
    return tuple(codes[:-1] if codes[-1:] == [SPACE] else codes)
