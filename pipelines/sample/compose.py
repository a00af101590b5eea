"""Articles composed from sentence patterns: a seeded choice of patterns, alternatives and fillers.

An article has a cast (town, people, year) that stays the same throughout, one topic, an opening, a body and a
closing. No pattern is used twice in an article, and fillers are dealt from shuffled decks, so that sentences
and longer runs do not repeat inside it: the published repetition rules must keep what is written here.

    >>> fill("[one|one] {n} cat", {"n": Deck(["grey"], random.Random(0))}, random.Random(0))
    'one grey cat'

Price: about 0.3 ms an article of 20 sentences.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipelines.sample import material_en, material_other, material_zh
from pipelines.sample.topic import Topic
from pipelines.sample.topics_en import TOPICS_EN
from pipelines.sample.topics_zh import TOPICS_ZH

TOPICS = {"en": TOPICS_EN, "zh": TOPICS_ZH}
MATERIAL = {"en": material_en, "zh": material_zh}
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou](?!ne\b|se|ni|u)|8|11\b|18)")  # "a eight-inch", but "a one", "a used"
_PART = re.compile(r"\[([^\[\]]*)\]|\{(\w+)\}")


@dataclass(frozen=True)
class Article:
    """A composed text: paragraphs of sentences, with what is needed to vary it."""

    language: str
    title: str
    paragraphs: tuple[tuple[str, ...], ...]
    topic: Topic | None = None
    patterns: tuple[tuple[str, ...], ...] = ()  # of each sentence, where it was composed from one
    cast: tuple[tuple[str, str], ...] = ()  # the slots that stay the same throughout

    @property
    def text(self) -> str:
        """Paragraphs one a line; sentences joined as the language does."""
        glue = "" if self.language in ("zh", "ja") else " "
        return "\n".join(glue.join(sentences) for sentences in self.paragraphs)


class Deck:
    """Deals the items of a list in random order, every one once before any comes again."""

    def __init__(self, items: Sequence[str], rng: random.Random) -> None:
        self._items, self._rng = items, rng
        self._left: list[str] = []

    @property
    def is_cast(self) -> bool:
        """Whether it can deal one thing only."""
        return len(self._items) == 1

    def deal(self) -> str:
        """The next item."""
        if self.is_cast:
            return self._items[0]
        if not self._left:
            self._left = list(self._items)
        left, at = self._left, int(self._rng.random() * len(self._left))
        left[at], left[-1] = left[-1], left[at]
        return left.pop()


@cache
def lines_of(block: str) -> list[str]:
    """The non-empty lines of a pattern block."""
    return [line for line in block.strip().split("\n") if line]


@cache
def _parts(pattern: str) -> tuple[tuple[str, ...], ...]:
    """A pattern cut into ("text", s), ("one", a, b, ...) and ("slot", name) parts."""
    parts: list[tuple[str, ...]] = []
    end = 0
    for match in _PART.finditer(pattern):
        parts.append(("text", pattern[end : match.start()]))
        parts.append(("one", *match[1].split("|")) if match[2] is None else ("slot", match[2]))
        end = match.end()
    return (*parts, ("text", pattern[end:]))


def fill(pattern: str, slots: Mapping[str, Deck], rng: random.Random) -> str:
    """One sentence of a pattern; an alternative may itself hold slots.

    Args:
        slots: the deck of each slot name the pattern uses; `name2` draws again from the deck of `name`.

    Raises:
        KeyError: the pattern names a slot that is not there (a slip of the material's writer).
    """
    out = []
    for kind, *values in _parts(pattern):
        if kind == "text":
            out.append(values[0])
        elif kind == "one":
            choice = values[int(rng.random() * len(values))]
            out.append(fill(choice, slots, rng) if "{" in choice else choice)
        else:
            name = values[0] if values[0] in slots else values[0].removesuffix("2")
            out.append(slots[name].deal())
    return "".join(out)


def write_sentence(pattern: str, slots: Mapping[str, Deck], language: str, rng: random.Random) -> str:
    """One sentence as it stands in an article: filled, in English with its capital and its "an"."""
    sentence = fill(pattern, slots, rng)
    return _capitalised(_ARTICLE.sub(r"\1n ", sentence)) if language == "en" else sentence


def _capitalised(sentence: str) -> str:
    """The sentence with its first letter, after any quotation mark, in upper case."""
    head = 1 if sentence[:1] in "\"'(" else 0
    return sentence[:head] + sentence[head : head + 1].upper() + sentence[head + 1 :]


def _cast_en(rng: random.Random) -> dict[str, str]:
    sexes = rng.choices("fm", k=2)
    first = [rng.choice(material_en.FIRST[sex].split("|")) for sex in sexes]
    last = rng.sample(material_en.LAST.split("|"), 2)
    pronouns = ("she", "her", "her") if sexes[0] == "f" else ("he", "his", "him")
    return {
        "name": f"{first[0]} {last[0]}",
        "last": last[0],
        "other": f"{first[1]} {last[1]}",
        "otherhe": "she" if sexes[1] == "f" else "he",
        **dict(zip(("he", "his", "him"), pronouns, strict=True)),
    }


def _cast_zh(rng: random.Random) -> dict[str, str]:
    surnames = rng.sample(material_zh.SURNAMES.split("|"), 2)
    given = rng.sample(material_zh.GIVEN.split("|"), 2)
    alias = rng.choice(material_zh.TITLES_OF_ADDRESS.split("|")).format(s=surnames[0])
    return {"name": surnames[0] + given[0], "alias": alias, "other": surnames[1] + given[1]}


def new_cast(language: str, rng: random.Random) -> dict[str, str]:
    """Two people, a town and a year."""
    cast = _cast_en(rng) if language == "en" else _cast_zh(rng)
    towns = MATERIAL[language].TOWNS.split("|")
    return cast | {"town": rng.choice(towns), "year": str(rng.randint(1968, 2016))}


def decks_of(language: str, topic: Topic, rng: random.Random, cast: Mapping[str, str] | None = None) -> dict[str, Deck]:
    """The slots of one article: its cast (decks of one; by default a new one), its topic's lists, the language's."""
    cast = new_cast(language, rng) if cast is None else cast
    lists = _lists(language, topic) | {name: [value] for name, value in cast.items()}
    return {name: Deck(items, rng) for name, items in lists.items()}


@cache
def _lists(language: str, topic: Topic) -> dict[str, list[str]]:
    """The fillers of every slot that the language and the topic define."""
    both = MATERIAL[language].SLOTS | topic.slots()
    return {name: items.split("|") for name, items in both.items()}


def _paragraphs(patterns: Sequence[str], rng: random.Random) -> tuple[tuple[str, ...], ...]:
    """Cut into paragraphs of three to six."""
    out, start = [], 0
    while start < len(patterns):
        size = rng.randint(3, 6)
        out.append(tuple(patterns[start : start + size]))
        start += size
    return tuple(out)


def _pick_patterns(language: str, topic: Topic, count: int, rng: random.Random) -> list[str]:
    """An opening, a body of the topic's own and general patterns in any order, and a closing; none twice."""
    material = MATERIAL[language]
    own, general = lines_of(topic.patterns), lines_of(material.GENERAL)
    body = rng.sample(own, min(len(own), round(0.4 * count)))
    body += rng.sample(general, min(len(general), count - 2 - len(body)))
    rng.shuffle(body)
    return [rng.choice(lines_of(material.OPENINGS)), *body, rng.choice(lines_of(material.CLOSINGS))]


def num_sentences(rng: random.Random) -> int:
    """5 to 60, most about 12 to 25, as the articles of a small newspaper."""
    return 5 + round(55 * rng.betavariate(1.5, 4.3))


def compose(
    language: str,
    rng: random.Random,
    *,
    sentences: int | None = None,
    topic: Topic | None = None,
    slots: Mapping[str, Deck] | None = None,
) -> Article:
    """One article in "en" or "zh".

    Args:
        sentences: how many; by default drawn by `num_sentences`.
        topic: by default drawn from the language's ten.
        slots: from `decks_of`, to share a cast with other text; by default new ones.
    """
    topic = topic or rng.choice(TOPICS[language])
    count = num_sentences(rng) if sentences is None else sentences
    if language == "zh":
        count = max(count, 7)  # five short sentences would be fewer than 200 characters
    slots = decks_of(language, topic, rng) if slots is None else slots
    patterns = _paragraphs(_pick_patterns(language, topic, count, rng), rng)
    written = tuple(tuple(write_sentence(each, slots, language, rng) for each in part) for part in patterns)
    title = write_sentence(rng.choice(lines_of(MATERIAL[language].TITLES)), slots, language, rng)
    cast = tuple((name, deck.deal()) for name, deck in slots.items() if deck.is_cast)
    return Article(language, title, written, topic, patterns, cast)


def compose_other(language: str, rng: random.Random) -> Article:
    """One article in French, German, Spanish, Japanese or Russian, of 8 to 12 sentences."""
    patterns = lines_of(material_other.OTHER[language])
    chosen = rng.sample(patterns, rng.randint(8, len(patterns)))
    written = [fill(pattern, {}, rng) for pattern in chosen]
    return Article(language, written[0].rstrip("。."), _paragraphs(written, rng))
