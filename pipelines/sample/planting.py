"""What is planted: originals, copies, near misses, other languages, spam and junk, and what to expect.

Shares of `num_documents`, rounded down; originals are the rest:

    original 74 %         exact_copy 6 %    near_copy 6 %    near_miss 4 %
    other_language 2 %    spam 4 %          short_junk 4 %

Of the originals 30 % are English pages, 30 % Chinese pages, 17 % RedPajama, 10 % WuDao, 6 % Chinese news and
7 % instructions (half in each language). Groups have two to four members; 3 % of Chinese originals are
traditional. Beyond `num_documents`, files hold what is no document (WARC requests, redirects, images) and
broken lines.
"""

import random
from dataclasses import dataclass, field, replace

from pipelines.sample import edits, material_junk
from pipelines.sample.compose import Article, compose, compose_other, fill
from pipelines.sample.instructions import compose_instruction
from pipelines.sample.overlap import converter, tokens

SHARES = {"exact_copy": 6, "near_copy": 6, "near_miss": 4, "other_language": 2, "spam": 4, "short_junk": 4}
FILES = {
    "web-en.warc.gz": ("en", 30),
    "web-zh.warc.gz": ("zh", 30),
    "redpajama-en.jsonl.zst": ("en", 17),
    "wudao-zh.json": ("zh", 10),
    "news-zh.jsonl.gz": ("zh", 6),
    "instruct-zh-en.json": ("both", 7),
}
INSTRUCT = "instruct-zh-en.json"
OTHER_LANGUAGES = ("fr", "de", "es", "ja", "ru")
# Shorter articles leave no room for a title or a by-line beside the text at Jaccard 0.80.
MIN_EXACT_TOKENS = 170
MIN_NEAR_TOKENS = 300
MIN_CROWD_TOKENS = 550  # a group of two or more near copies, of which any two must be near
CROWD_JACCARD = 0.93


@dataclass
class Item:
    """A planted document before it has a place: what goes into the file, and what the truth says of it."""

    file: str
    article: Article
    kind: str
    expect: str
    text: str = ""  # where it is not the article's own
    accept_reasons: tuple[str, ...] = ()
    group: int | None = None
    edit: str | None = None
    of: "Item | None" = None
    jaccard: float | None = None
    fields: dict[str, str] = field(default_factory=dict)  # instruction records
    form: str | None = None  # of a page: its charset, content coding and layout
    num_tokens: int = 0  # of an original that may be copied

    def planted_text(self) -> str:
        """The text a perfect reader gets."""
        return self.text or self.article.text


def _files_for(language: str) -> list[str]:
    return [file for file, (held, _) in FILES.items() if held == language]


def _originals(count: int, rng: random.Random) -> list[Item]:
    items = []
    names = list(FILES)
    for file in rng.choices(names, weights=[FILES[name][1] for name in names], k=count):
        language = FILES[file][0]
        if file == INSTRUCT:
            article, fields = compose_instruction(rng.choice(("en", "zh")), rng)
            items.append(Item(file, article, "original", "kept", fields=fields))
            continue
        article = compose(language, rng)
        traditional = language == "zh" and rng.random() < 0.03
        article = _to_traditional(article) if traditional else article
        items.append(Item(file, article, "original", "kept", edit="traditional" if traditional else None))
    return items


def _to_traditional(article: Article) -> Article:
    convert = converter("s2t").convert
    paragraphs = tuple(tuple(map(convert, sentences)) for sentences in article.paragraphs)
    return replace(article, title=convert(article.title), paragraphs=paragraphs)


def _sizes(count: int, rng: random.Random) -> list[int]:
    """Numbers of copies a group, one to three, that sum to `count`."""
    sizes: list[int] = []
    while (left := count - sum(sizes)) > 0:
        sizes.append(min(left, rng.choice((1, 1, 1, 2, 3))))
    return sizes


def _exact_copies(count: int, pool: list[Item], groups: list[Item], rng: random.Random) -> list[Item]:
    copies = []
    for size in _sizes(count, rng):
        source = pool.pop()
        groups.append(source)
        source.group, source.expect = len(groups), "one_of_group"
        for _ in range(size):
            edit, text = edits.exact_variant(source.article, rng)
            glue = "\n"  # a variant's lines are its paragraphs, each one "sentence"
            paragraphs = tuple((line,) for line in text.split(glue) if line.strip())
            article = replace(source.article, paragraphs=paragraphs)
            copies.append(
                Item(
                    rng.choice(_files_for(source.article.language)),
                    article,
                    "exact_copy",
                    "one_of_group",
                    text=text,
                    group=source.group,
                    edit=edit,
                    of=source,
                    jaccard=1.0,
                )
            )
    return copies


def _near_copies(count: int, pool: list[Item], groups: list[Item], rng: random.Random) -> list[Item]:
    copies = []
    for size in _sizes(count, rng):
        least = MIN_CROWD_TOKENS if size > 1 else MIN_NEAR_TOKENS
        source = pool.pop(next(at for at, item in enumerate(pool) if item.num_tokens >= least))
        groups.append(source)
        source.group, source.expect = len(groups), "one_of_group"
        closest = CROWD_JACCARD if size > 1 else edits.NEAR_MIN
        members = [source.article.text]
        for _ in range(size):
            edit, article, found = edits.near_copy(source.article, members, rng, closest=closest)
            members.append(article.text)
            assert found >= edits.NEAR_MIN, f"near copy at {found}"
            file = rng.choice(_files_for(article.language))
            item = Item(file, article, "near_copy", "one_of_group", group=source.group, edit=edit)
            copies.append(replace(item, of=source, jaccard=round(found, 4)))
    return copies


def _near_misses(count: int, pool: list[Item], rng: random.Random) -> list[Item]:
    items = []
    for _ in range(count):
        source = pool.pop()
        article, found = edits.near_miss(source.article, rng)
        file = rng.choice(_files_for(article.language))
        item = Item(file, article, "near_miss", "kept", edit="other_facts")
        items.append(replace(item, of=source, jaccard=round(found, 4)))
    return items


def _spam(language: str, rng: random.Random) -> Article:
    """Keywords over and over: repeated lines, bullets and hardly a stop word."""
    zh = language == "zh"
    words = (material_junk.SPAM_ZH if zh else material_junk.SPAM_EN).split("|")
    tails = (material_junk.SPAM_TAIL_ZH if zh else material_junk.SPAM_TAIL_EN).split("|")
    chosen = rng.sample(words, 4)
    mark = rng.choice(("★ ", "# ", "• ", "- ", ""))
    lines = [mark + (" | ".join(rng.sample(chosen, 3)) + " >> " + rng.choice(tails)) for _ in range(rng.randint(3, 5))]
    repeated = [rng.choice(lines) for _ in range(rng.randint(14, 40))]
    return Article(language, f"{chosen[0]} {tails[0]}", tuple((line,) for line in repeated))


def _rejects(shares: dict[str, int], rng: random.Random) -> list[Item]:
    items = []
    for number in range(shares["other_language"]):
        article = compose_other(OTHER_LANGUAGES[number % len(OTHER_LANGUAGES)], rng)
        file = rng.choice(("web-en.warc.gz", "web-zh.warc.gz", "redpajama-en.jsonl.zst", "news-zh.jsonl.gz"))
        reasons = ("*lang*", "*script*")
        items.append(Item(file, article, "other_language", "dropped", accept_reasons=reasons))
    for _ in range(shares["spam"]):
        language = rng.choice(("en", "zh", "zh"))
        file = rng.choice(_files_for(language))
        items.append(Item(file, _spam(language, rng), "spam", "dropped"))
    for _ in range(shares["short_junk"]):
        language = rng.choice(("en", "zh"))
        bank = material_junk.JUNK_EN if language == "en" else material_junk.JUNK_ZH
        line = fill(rng.choice(bank.split("|")), {}, rng)
        article = Article(language, line, ((line,),))
        items.append(Item(rng.choice(_files_for(language)), article, "short_junk", "dropped"))
    return items


def plant(num_documents: int, rng: random.Random) -> list[Item]:
    """Every document of the crawl, in no order, with duplicates, near misses and rejects planted."""
    shares = {kind: num_documents * percent // 100 for kind, percent in SHARES.items()}
    originals = _originals(num_documents - sum(shares.values()), rng)
    plain = [item for item in originals if item.file != INSTRUCT and not item.edit]
    for item in plain:
        item.num_tokens = len(tokens(item.article.text))
    pool = [item for item in plain if item.num_tokens >= MIN_NEAR_TOKENS]
    rng.shuffle(pool)
    groups: list[Item] = []
    copies = _near_copies(shares["near_copy"], pool, groups, rng)
    pool += [item for item in plain if MIN_EXACT_TOKENS <= item.num_tokens < MIN_NEAR_TOKENS]
    rng.shuffle(pool)
    copies += _exact_copies(shares["exact_copy"], pool, groups, rng)
    return originals + copies + _near_misses(shares["near_miss"], pool, rng) + _rejects(shares, rng)
