"""Exact Jaccard similarity of two texts over folded 5-grams: the measure by which near copies are planted.

Folding is NFKC, case folding and, for Chinese, traditional to simplified (OpenCC t2s). Tokens are single Han
characters and runs of other letters and digits; punctuation and white space count for nothing. A shingle is
five successive tokens. This is written without `corpus`, so that the planted truth is a second opinion and no
echo.
"""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

SHINGLE_TOKENS = 5
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")


@cache
def converter(name: str) -> OpenCC:
    """The OpenCC converter of that name ("t2s", "s2t"), loaded once a process."""
    return OpenCC(name)


def tokens(text: str) -> list[str]:
    """The folded tokens of a text: `tokens("Ｔhe 書!")` is `["the", "书"]`."""
    folded = (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
    if not folded.isascii() and re.search(f"[{_HAN}]", folded):
        folded = converter("t2s").convert(folded)
    return _TOKEN.findall(folded)


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """The set of folded 5-grams; a text of fewer than five tokens is one shingle of all it has."""
    words = tokens(text)
    size = min(SHINGLE_TOKENS, len(words))
    return frozenset(zip(*(words[at:] for at in range(size)), strict=False))


def jaccard(one: frozenset, two: frozenset) -> float:
    """Shared shingles by all shingles of both; 1.0 for two empty sets."""
    return len(one & two) / len(one | two) if one or two else 1.0


def cautious_jaccard(one: frozenset, two: frozenset, stray: int = 30) -> float:
    """Jaccard if one side alone had `stray` more shingles, from a title or a by-line left in the text."""
    return len(one & two) / (len(one | two) + stray)
