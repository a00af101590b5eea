"""Edited copies: equal once folded, near copies, and near misses, which tell another story.

`exact_variant` changes case, punctuation, white space or full-width forms only: the folded tokens stay equal.
`near_copy` changes little enough that the exact 5-gram Jaccard with every given member of its group stays >=
0.80, even when an extractor leaves a title or a by-line beside the text (`cautious_jaccard`).
`near_miss` writes many sentences anew, with other facts, until the Jaccard with its original is in 0.35..0.60.
Each asserts what it promises; the edit's name goes into the truth.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipelines.sample.compose import Article, decks_of, write_sentence
from pipelines.sample.overlap import cautious_jaccard, converter, jaccard, shingles, tokens

NEAR_MIN = 0.80
MISS_RANGE = (0.35, 0.60)

_WIDE = {ord(c): ord(c) + 0xFEE0 for c in "0123456789%"}
_HALF = str.maketrans("，。！？：；（）", ",.!?:;()")
_CREDITS = {
    "en": [
        "This story first appeared in {}.",
        "Edited by the weekend desk of {}.",
        "Photographs: staff of {}.",
    ],
    "zh": ["（责任编辑：{}）", "（本文首发于{}）", "（来源：{}）"],
}
_DESKS = {
    "en": ["the Valley Courier", "the Northern Post", "the Harbour Gazette", "the Ridge Weekly"],
    "zh": ["河谷日报", "北岸周刊", "山城晚报", "平原新闻网"],
}


def _recase(article: Article, rng: random.Random) -> str:
    return article.text.upper() if rng.random() < 0.3 else article.text.lower()


def _respace(article: Article, rng: random.Random) -> str:
    glue, indent, gap = (" \n", "", "  ") if article.language == "en" else ("\n\n", "\u3000\u3000", "")
    text = glue.join(indent + line for line in article.text.split("\n"))
    return text.replace(" ", gap, rng.randint(5, 40)) if gap else text


def _repunctuate(article: Article, rng: random.Random) -> str:
    if article.language == "zh":
        return article.text.translate(_HALF)
    return article.text.replace("'", "’").replace(", ", " , " if rng.random() < 0.5 else " ")


def _widen(article: Article, rng: random.Random) -> str:
    return article.text.translate(_WIDE)


def _verbatim(article: Article, rng: random.Random) -> str:
    return article.text


EXACT_EDITS: dict[str, dict[str, Callable[[Article, random.Random], str]]] = {
    "en": {"verbatim": _verbatim, "recase": _recase, "respace": _respace, "repunctuate": _repunctuate},
    "zh": {"verbatim": _verbatim, "respace": _respace, "repunctuate": _repunctuate, "widen": _widen},
}


def exact_variant(article: Article, rng: random.Random) -> tuple[str, str]:
    """A copy with equal folded tokens: (edit name, text)."""
    names = list(EXACT_EDITS[article.language])
    name = rng.choices(names, weights=[3, *[1] * (len(names) - 1)])[0]
    text = EXACT_EDITS[article.language][name](article, rng)
    assert tokens(text) == tokens(article.text), f"the edit {name} changed the folded text"
    return name, text


def _drop_sentences(article: Article, rng: random.Random, strength: float) -> Article:
    places = [(p, s) for p, sentences in enumerate(article.paragraphs) for s in range(len(sentences))]
    gone = set(rng.sample(places, max(1, round(strength * len(places)))))
    kept = [
        tuple(sentence for s, sentence in enumerate(sentences) if (p, s) not in gone)
        for p, sentences in enumerate(article.paragraphs)
    ]
    return replace(article, paragraphs=tuple(paragraph for paragraph in kept if paragraph))


def _mistype(article: Article, rng: random.Random, strength: float) -> Article:
    """Swap two neighbouring letters (characters) in some sentences, as a hurried copyist does."""

    def slip(sentence: str) -> str:
        spots = [i for i in range(1, len(sentence) - 2) if sentence[i : i + 2].isalpha()]
        if rng.random() > 4 * strength or not spots:
            return sentence
        at = rng.choice(spots)
        return sentence[:at] + sentence[at + 1] + sentence[at] + sentence[at + 2 :]

    return replace(article, paragraphs=tuple(tuple(map(slip, p)) for p in article.paragraphs))


def _reorder(article: Article, rng: random.Random, strength: float) -> Article:
    """Move paragraphs about, drop a sentence where strength asks for it, and add a credit line."""
    paragraphs = list(article.paragraphs)
    at = rng.randrange(len(paragraphs) - 1)
    paragraphs[at], paragraphs[at + 1] = paragraphs[at + 1], paragraphs[at]
    return _credit(replace(article, paragraphs=tuple(paragraphs)), rng, strength)


def _credit(article: Article, rng: random.Random, strength: float) -> Article:
    line = rng.choice(_CREDITS[article.language]).format(rng.choice(_DESKS[article.language]))
    edited = _drop_sentences(article, rng, strength) if strength > 0.05 else article
    return replace(edited, paragraphs=(*edited.paragraphs, (line,)))


def _traditional(article: Article, rng: random.Random, strength: float) -> Article:
    edited = _drop_sentences(article, rng, strength)
    convert = converter("s2t").convert
    paragraphs = tuple(tuple(map(convert, sentences)) for sentences in edited.paragraphs)
    return replace(edited, title=convert(edited.title), paragraphs=paragraphs)


NEAR_EDITS = {"drop": _drop_sentences, "mistype": _mistype, "reorder": _reorder, "credit": _credit}


def near_copy(
    article: Article, members: Sequence[str], rng: random.Random, *, closest: float = NEAR_MIN
) -> tuple[str, Article, float]:
    """A lightly edited copy: (edit name, article, exact Jaccard with `article`).

    Args:
        members: the texts of the group so far; the copy stays within NEAR_MIN of every one of them.
        closest: the least Jaccard with `article`. Jaccard distance obeys the triangle inequality, so copies
            of which each is within 0.93 are within 0.86 of one another.
    """
    edits = NEAR_EDITS | ({"traditional": _traditional} if article.language == "zh" else {})
    sets, own = [shingles(text) for text in members], shingles(article.text)
    strength = rng.uniform(0.04, 0.14)
    for _ in range(60):
        name = rng.choice(list(edits))
        edited = edits[name](article, rng, strength)
        found = shingles(edited.text)
        if (
            found != own
            and jaccard(found, own) >= closest
            and all(cautious_jaccard(found, other) >= NEAR_MIN for other in sets)
        ):
            return name, edited, jaccard(found, own)
        strength *= 0.9
    raise AssertionError(f"no near copy of an article of {len(own)} shingles; choose a longer one")


def near_miss(article: Article, rng: random.Random) -> tuple[Article, float]:
    """The same patterns about the same people with other facts in many sentences: (article, exact Jaccard)."""
    assert article.topic is not None, "a near miss needs an article composed from patterns"
    own, share = shingles(article.text), 0.6
    for _ in range(60):
        slots = decks_of(article.language, article.topic, rng, dict(article.cast))
        paragraphs = tuple(
            tuple(
                write_sentence(pattern, slots, article.language, rng) if rng.random() < share else sentence
                for pattern, sentence in zip(patterns, sentences, strict=True)
            )
            for patterns, sentences in zip(article.patterns, article.paragraphs, strict=True)
        )
        edited = replace(article, paragraphs=paragraphs)
        found = jaccard(shingles(edited.text), own)
        if MISS_RANGE[0] <= found <= MISS_RANGE[1]:
            return edited, found
        share = min(1.0, max(0.05, share + (0.03 if found > MISS_RANGE[1] else -0.03)))
    raise AssertionError(f"no near miss of an article of {len(own)} shingles; choose a longer one")
