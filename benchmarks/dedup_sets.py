"""Sets of documents with known duplicates, for `dedup.py`: real English and Chinese text with edits planted into it.

    python benchmarks/dedup_sets.py          what is in them

Real: every document of ../shared/data that `real_text.py` reads, repeated ones among them, cut between lines into
documents of 200 to 2,000 characters. A cut falls where a line's own hash says so, so that passages that two sources
share become the same documents in both: these are the natural duplicates. Planted: `COPIES` edited copies of every
kind (`dedup_edits.py`), each of a document of its own; templates, a document with facts set in that differ from page to
page, so many that the Jaccard of two pages is between 0.5 and 0.95; chains, where each link is an edit of the one
before, so that neighbours are near and ends are far. All are then shuffled. Same data, same seed: same set.
"""

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from dedup_edits import EDITS, fill, num_units, substitute
from real_text import DATA, DOCUMENTS, is_english, paths_of, texts

LEAST_CHARS, MOST_CHARS = 200, 2000
CUT_AFTER_CHARS = {"en": 800, "zh": 300}  # documents of about 1 KB
COPIES = 250  # of every kind of edit
TEMPLATES, PAGES = 80, 6
CHAINS, LINKS = 60, 9
LINK_SHARE = 0.02  # of the words, from one link to the next
BLOCK = 200  # of a smaller set, neighbours stay together: the beginning of each so many documents

_FACTS = {
    "en": (
        ["Anna Berg", "Li Wei", "John Carter", "Maria Silva", "Omar Haddad", "Ivy Chen", "Peter Novak", "Ada Obi"],
        ["Leeds", "Porto", "Austin", "Nairobi", "Osaka", "Bergen", "Lima", "Quebec", "Tartu", "Cork"],
        [f"{day} {month}" for month in ("March", "July", "October") for day in range(1, 29)],
        [str(price) for price in range(19, 2000, 7)],
    ),
    "zh": (
        ["张伟", "李娜", "王芳", "陈晓明", "欧阳雪", "赵国强", "孙丽", "周杰"],
        ["杭州", "兰州", "青岛", "台北", "昆明", "大连", "西宁", "厦门", "合肥", "南宁"],
        [f"{month}月{day}日" for month in (3, 7, 10) for day in range(1, 29)],
        [f"{price}元" for price in range(19, 2000, 7)],
    ),
}


@dataclass(frozen=True)
class DuplicateSet:
    """Documents, and where the planted ones come from.

    Attributes:
        text: LargeStringArray of `N` documents.
        kind: `N` strings, "natural" or the kind of edit.
        origin: `[N]` int64, the document that a planted one was made of; -1 where there is none.
    """

    text: pa.Array
    kind: list[str]
    origin: np.ndarray


def planted_set(language: str, seed: int = 0, most: int | None = None) -> DuplicateSet:
    """The set of a language; with `most`, so many natural documents at most and a share of the planted ones."""
    natural = list(natural_documents(language))
    share = 1.0 if most is None else min(1.0, most / len(natural))
    if share < 1:
        natural = [text for i, text in enumerate(natural) if i % BLOCK < share * BLOCK]
    rng = np.random.default_rng(seed)
    rows = [(text, "natural", -1) for text in natural]
    copies = max(3, round(share * COPIES))
    hosts = iter(rng.permutation(len(natural)).tolist())
    for kind, edit in EDITS.items():
        if language == "en" and kind == "script":
            continue
        rows += _edited(natural, hosts, kind, edit, copies, rng)
    for _ in range(max(3, round(share * TEMPLATES))):
        _add_template(rows, natural[next(hosts)], language, rng)
    for _ in range(max(3, round(share * CHAINS))):
        _add_chain(rows, natural, next(hosts), rng)
    return _shuffled(rows, rng)


def natural_documents(language: str) -> Iterator[str]:
    """Real documents of 200 to 2,000 characters, natural duplicates among them."""
    for files in DOCUMENTS[language]:
        for path in paths_of(files):
            for number, (_, text) in enumerate(texts(path, files)):
                if number % files.every == 0 and (not files.mixed or is_english(text)):
                    yield from cut(text, CUT_AFTER_CHARS[language])


def cut(text: str, least: int) -> Iterator[str]:
    """A text in pieces between lines; where it is cut depends on the lines there, not on what stands before."""
    lines: list[str] = []
    size = 0
    for line in text.split("\n"):
        for part in [line[at : at + MOST_CHARS] for at in range(0, len(line), MOST_CHARS)] or [""]:
            if size + len(part) + 1 > MOST_CHARS:
                yield from _long_enough(lines)
                lines, size = [], 0
            lines.append(part)
            size += len(part) + 1
            if size > least and part.strip() and zlib.crc32(part.encode()) % 3 == 0:
                yield from _long_enough(lines)
                lines, size = [], 0
    yield from _long_enough(lines)


def _long_enough(lines: list[str]) -> Iterator[str]:
    piece = "\n".join(lines).strip()
    if len(piece) >= LEAST_CHARS and num_units(piece) >= 20:
        yield piece


def _edited(natural: list[str], hosts: Iterator[int], kind: str, edit, copies: int, rng: np.random.Generator):
    """Rows of so many copies that differ from their documents, unless the kind is "exact"."""
    rows = []
    for host in hosts:
        edited = edit(natural[host], natural[rng.integers(len(natural))], rng)
        if kind == "exact" or edited != natural[host]:
            rows.append((edited, kind, host))
        if len(rows) == copies:
            return rows
    raise SystemExit(f"too few documents for {copies} copies of kind {kind}")


def _add_template(rows: list, text: str, language: str, rng: np.random.Generator) -> None:
    """Pages of one template: a fact touches about 5 shingles of each of two pages."""
    size = num_units(text)
    jaccard = rng.uniform(0.5, 0.95)
    num_facts = max(1, min(size // 6, round(size * (1 - jaccard) / (5 * (1 + jaccard)))))
    places = np.sort(rng.choice(size - 1, num_facts, replace=False)).tolist()
    lists = [_FACTS[language][i] for i in rng.integers(4, size=num_facts)]
    first = len(rows)
    for page in range(PAGES):
        facts = [each[rng.integers(len(each))] for each in lists]
        rows.append((fill(text, facts, places), "template", first if page else -1))


def _add_chain(rows: list, natural: list[str], host: int, rng: np.random.Generator) -> None:
    edit = substitute(LINK_SHARE)
    text, before = natural[host], host
    for _ in range(LINKS):
        text = edit(text, natural[rng.integers(len(natural))], rng)
        rows.append((text, "chain", before))
        before = len(rows) - 1


def _shuffled(rows: list[tuple[str, str, int]], rng: np.random.Generator) -> DuplicateSet:
    order = rng.permutation(len(rows))
    place = np.empty(len(rows) + 1, np.int64)
    place[order] = np.arange(len(rows))
    place[-1] = -1  # no origin
    text = pa.array([rows[i][0] for i in order], pa.large_string())
    return DuplicateSet(text, [rows[i][1] for i in order], place[[rows[i][2] for i in order]])


def main() -> None:
    if not DATA.is_dir():
        raise SystemExit(f"the shared data is not at {DATA}: nothing to read")
    for language in DOCUMENTS:
        each = planted_set(language)
        size = each.text.nbytes / 1e6
        print(f"{language}: {len(each.text):,} documents, {size:.1f} MB, {size * 1e6 / len(each.text):,.0f} bytes each")
        print("  " + ", ".join(f"{kind} {count:,}" for kind, count in Counter(each.kind).items()))


if __name__ == "__main__":
    main()
