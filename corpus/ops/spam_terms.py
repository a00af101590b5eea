"""Vocabulary of spam and of advertising per thousand characters, from a small list written for the project.

`spam_terms.txt` beside this module holds the terms: gambling, pornography, forged papers and loans, pharmacy, private
game servers, search engine trade (`spam`); calls to buy, call, scan and click (`ad`). They are what sellers write, so
that a report about gambling law stays low; the measure is a share, and a text shorter than 1,000 characters counts as
1,000, so that a single hit is 1 at most. Thresholds and what they cost on
real pages are in docs/blocklists.md. A term list ages: it is a signal to combine with others, not a judge.

Price: `corpus.kernels.terms`, one pass for both columns.
"""

import functools
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.errors import RecipeError
from corpus.kernels.terms import Vocabulary, count_terms, make_vocabulary
from corpus.schema import TERM_SIGNALS

__all__ = ["parse_terms", "per_1000_chars", "spam_signals", "spam_vocabulary"]


def parse_terms(text: str, where: str, group: str = "") -> dict[str, list[str]]:
    """Terms by group: one a line, `[group]` begins a group, `#` at the start of a line a comment.

    Args:
        where: named in errors.
        group: of the lines before the first `[group]`; "" if there may be none.

    Raises:
        RecipeError: a term stands before any group.
    """
    groups: dict[str, list[str]] = {group: []} if group else {}
    terms = groups.get(group)
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        line = line.strip()
        if line.startswith("[") and line.endswith("]") and not group:
            terms = groups.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            if terms is None:
                raise RecipeError(f"{where}, line {number}: term {line!r} belongs to no group; begin one with [name]")
            terms.append(line)
    return groups


@functools.cache
def spam_vocabulary() -> Vocabulary:
    """The built-in terms, compiled once a process."""
    text = (files("corpus.ops") / "spam_terms.txt").read_text(encoding="utf-8")
    return make_vocabulary(parse_terms(text, "spam_terms.txt"))


def per_1000_chars(text: pa.Array, occurrences: np.ndarray) -> np.ndarray:
    """Occurrences by thousands of code points, float32; a text of fewer counts as one thousand.

    Without that floor a single hit in a hotel's review of 100 characters would be 10.

    Args:
        occurrences: `[N]` or `[N, groups]`.
    """
    hit = occurrences.any(axis=tuple(range(1, occurrences.ndim)))  # others are 0 whatever their length
    num_chars = np.full(occurrences.shape[:1], 1000)
    num_chars[hit] = np.maximum(pc.utf8_length(text.filter(pa.array(hit))), 1000)
    return (1000 * occurrences / num_chars.reshape(-1, *(1,) * (occurrences.ndim - 1))).astype(np.float32)


def spam_signals(text: pa.Array) -> dict[str, np.ndarray]:
    """The columns of `corpus.schema.TERM_SIGNALS`, one value a document.

    Example: `["加微信领取彩金，注册送彩金"]` has 1 advertising and 1 spam term: 1 of each.
    """
    ratios = per_1000_chars(text, count_terms(text, spam_vocabulary())[:, :, 0])
    assert spam_vocabulary().groups == ("spam", "ad")
    return {name: ratios[:, group] for group, name in enumerate(TERM_SIGNALS)}
