"""The specification: at each character the longest term that begins there, then on behind it."""

from collections.abc import Sequence

import numpy as np

from corpus.kernels.shingle.fold import DROP, MANY
from corpus.kernels.terms.fold import SPACE, term_fold
from corpus.kernels.terms.vocabulary import Vocabulary


def folded(text: str) -> list[tuple[int, ...]]:
    """The folded code points of each character; white space behind white space has none."""
    fold, many, _ = term_fold()
    runs: list[tuple[int, ...]] = []
    last = 0
    for character in text:
        code = int(fold[ord(character)])
        run = [code] if code > MANY else many[MANY - code + 1 :][: many[MANY - code]].tolist()
        run = [each for each in run if each != DROP]
        if run == [SPACE] and last == SPACE:
            run = []
        last = run[-1] if run else last
        runs.append(tuple(run))
    return runs


def count(text: str, vocabulary: Vocabulary) -> list[list[int]]:
    """Occurrences and matched characters of each group."""
    _, _, word = term_fold()
    terms = dict(vocabulary.terms)
    longest = max(map(len, terms), default=0)
    runs = folded(text)
    counts = [[0, 0] for _ in vocabulary.groups]
    at = 0
    while at < len(runs):
        end, group = _longest(runs, at, terms, longest, word) if runs[at] else (0, -1)
        if group >= 0:
            counts[group][0] += 1
            counts[group][1] += end - at
        at = end or at + 1
    return counts


def _longest(
    runs: Sequence[tuple[int, ...]], at: int, terms: dict[tuple[int, ...], int], longest: int, word: np.ndarray
) -> tuple[int, int]:
    """Where the longest term that begins at `at` ends, and its group; 0, -1 if none does."""
    before = next((runs[place][-1] for place in range(at - 1, -1, -1) if runs[place]), 0)
    if word[runs[at][0]] and word[before]:
        return 0, -1
    best = (0, -1)
    codes: tuple[int, ...] = ()
    for end in range(at, len(runs)):
        codes += runs[end]
        if len(codes) > longest:
            break
        if runs[end] and codes in terms:
            after = next((runs[place][0] for place in range(end + 1, len(runs)) if runs[place]), 0)
            if not (word[codes[-1]] and word[after]):
                best = (end + 1, terms[codes])
    return best


def count_terms(texts: Sequence[str | None], vocabulary: Vocabulary) -> np.ndarray:
    """See `corpus.kernels.terms.count_terms`."""
    return np.array([count(text or "", vocabulary) for text in texts], np.int64).reshape(
        len(texts), len(vocabulary.groups), 2
    )
