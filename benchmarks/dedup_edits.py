"""Edits that make a known duplicate of a document: what the planted sets of `dedup_sets.py` consist of.

Every edit is a function of (text, another text, generator) that returns the edited text. Words and passages that come
in are taken from the other text, so that the result stays text of the same language. `EDITS` names them all; those of
`SAME_SHINGLES` leave the folded tokens as they are, up to single characters that OpenCC maps by phrase.
"""

import re
from collections.abc import Callable

import numpy as np
import opencc

Edit = Callable[[str, str, np.random.Generator], str]

_UNIT = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff_]+")  # a Han character, or a run of other letters and digits
_MARKS = ",;:!?，。；：！？、"
_MARK = re.compile(rf"[{_MARKS}]|\.(?=\s|$)")
_SPACES = (" ", "\n", "  ", "\t", "\u3000", "\n\n", " \r\n")
_SENTENCE = re.compile(r"[^.!?。！？；\n]+[.!?。！？；\n]*\s*")
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_TO_TRADITIONAL = opencc.OpenCC("s2t")
_TO_SIMPLIFIED = opencc.OpenCC("t2s")


def exact(text: str, other: str, rng: np.random.Generator) -> str:
    """The same bytes."""
    return text


def case(text: str, other: str, rng: np.random.Generator) -> str:
    """All letters upper case, or each letter's case turned."""
    return text.upper() if rng.random() < 0.5 else text.swapcase()


def punctuation(text: str, other: str, rng: np.random.Generator) -> str:
    """Every mark becomes another one, or two, or a space."""
    choices = [*_MARKS, " ", "...", "!!"]
    return _MARK.sub(lambda _: choices[rng.integers(len(choices))], text)


def white_space(text: str, other: str, rng: np.random.Generator) -> str:
    """Every run of white space becomes another; some Han characters are set apart, as bad extraction does."""
    text = re.sub(r"\s+", lambda _: _SPACES[rng.integers(len(_SPACES))], text)
    return re.sub(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", lambda _: " " if rng.random() < 0.1 else "", text)


def full_width(text: str, other: str, rng: np.random.Generator) -> str:
    """ASCII characters become their full-width forms."""
    return text.translate(_WIDE)


def script(text: str, other: str, rng: np.random.Generator) -> str:
    """Simplified becomes traditional; a text that does not change by that becomes simplified."""
    traditional = _TO_TRADITIONAL.convert(text)
    return traditional if traditional != text else _TO_SIMPLIFIED.convert(text)


def substitute(share: float) -> Edit:
    """Another word, or another character of Chinese, in so many places; at least one."""

    def edit(text: str, other: str, rng: np.random.Generator) -> str:
        places = list(_UNIT.finditer(text))
        words = _UNIT.findall(other)
        chosen = rng.choice(len(places), max(1, round(share * len(places))), replace=False)
        out, last = [], 0
        for at in np.sort(chosen):
            out += [text[last : places[at].start()], words[rng.integers(len(words))]]
            last = places[at].end()
        return "".join([*out, text[last:]])

    return edit


def truncate(share: float) -> Edit:
    """This share of the characters goes at the end."""
    return lambda text, other, rng: text[: round(len(text) * (1 - share))]


def prefix(share: float) -> Edit:
    """The beginning of the other text comes first, this share of the text in length."""
    return lambda text, other, rng: f"{other[: round(len(text) * share)]}\n{text}"


def suffix(share: float) -> Edit:
    """The end of the other text comes last, this share of the text in length."""
    return lambda text, other, rng: f"{text}\n{other[-round(len(text) * share) :]}"


def shuffle(text: str, other: str, rng: np.random.Generator) -> str:
    """The sentences in another order."""
    sentences = [each.strip() for each in _SENTENCE.findall(text) if each.strip()]
    return " ".join(sentences[i] for i in rng.permutation(len(sentences)))


EDITS: dict[str, Edit] = {
    "exact": exact,
    "case": case,
    "punctuation": punctuation,
    "white space": white_space,
    "full width": full_width,
    "script": script,
    **{f"substitute {share:.0%}": substitute(share) for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)},
    **{f"truncate {share:.0%}": truncate(share) for share in (0.1, 0.3, 0.5, 0.7)},
    **{f"prefix {share:.0%}": prefix(share) for share in (0.1, 0.3)},
    **{f"suffix {share:.0%}": suffix(share) for share in (0.1, 0.3)},
    "shuffled sentences": shuffle,
}
SAME_SHINGLES = ("exact", "case", "punctuation", "white space", "full width", "script")


def fill(text: str, facts: list[str], places: list[int]) -> str:
    """A template: the text with a fact set in after each of these words (or Han characters)."""
    ends = [match.end() for match in _UNIT.finditer(text)]
    out, last = [], 0
    for fact, place in zip(facts, places, strict=True):
        out.append(f"{text[last : ends[place]]} {fact}")
        last = ends[place]
    return " ".join([*out, text[last:]])


def num_units(text: str) -> int:
    """Words and Han characters of a text."""
    return sum(1 for _ in _UNIT.finditer(text))
