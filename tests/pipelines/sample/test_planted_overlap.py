"""The planted similarities, measured again by brute force over all pairs with another tokenizer."""

import unicodedata
from collections import Counter, defaultdict

import numpy as np
import opencc
import pytest

from pipelines.sample import Truth, TruthRow
from pipelines.sample.edits import MISS_RANGE, NEAR_MIN

TEXTUAL = ("original", "exact_copy", "near_copy", "near_miss")


def folded_tokens(text: str, simplify: opencc.OpenCC) -> list[str]:
    """Written apart from `pipelines.sample.overlap`: walks characters, no regular expression."""
    tokens: list[str] = []
    word = ""
    for char in simplify.convert(unicodedata.normalize("NFKC", text).casefold()) + " ":
        han = unicodedata.name(char, "").startswith(("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH"))
        if word and (han or not char.isalnum()):
            tokens.append(word)
            word = ""
        if han:
            tokens.append(char)
        elif char.isalnum():
            word += char
    return tokens


@pytest.fixture(scope="module")
def pairs(crawl: Truth) -> list[tuple[TruthRow, TruthRow, float]]:
    """Every pair of planted texts that shares a 5-gram, with its exact Jaccard."""
    simplify = opencc.OpenCC("t2s")
    rows = [row for row in crawl.rows if row.kind in TEXTUAL]
    grams: list[set[str]] = []
    holders: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        words = folded_tokens(crawl.texts[row.id], simplify)
        grams.append({" ".join(words[at : at + 5]) for at in range(len(words) - 4)})
        for gram in grams[-1]:
            holders[gram].append(number)
    sizes = np.array([len(each) for each in grams])
    out = []
    for number, own in enumerate(grams):
        shared = np.bincount(np.concatenate([holders[gram] for gram in own]), minlength=len(rows))
        jaccard = shared / (sizes + sizes[number] - shared)
        out += [(rows[number], rows[other], float(jaccard[other])) for other in np.nonzero(shared[:number])[0]]
    return out


def test_unrelated_texts_are_far_apart(pairs: list[tuple[TruthRow, TruthRow, float]]) -> None:
    seen = 0
    for one, two, jaccard in pairs:
        related = one.group is not None and one.group == two.group
        derived = one.of == two.id or two.of == one.id
        if not related and not derived:
            assert jaccard < 0.3, f"{one.id} and {two.id} are told apart by nothing"
            seen += 1
    assert seen > 10_000


def test_members_of_a_group_are_near_one_another(pairs: list[tuple[TruthRow, TruthRow, float]]) -> None:
    kinds: Counter[str] = Counter()
    groups: Counter[int] = Counter()
    for one, two, jaccard in pairs:
        if one.group is None or one.group != two.group:
            continue
        assert jaccard >= NEAR_MIN, f"{one.id} and {two.id}"
        groups[one.group] += 1
        copy, source = (one, two) if one.of == two.id else (two, one)
        if copy.of == source.id:
            assert copy.jaccard == pytest.approx(jaccard, abs=1e-4)
            assert (jaccard == 1.0) == (copy.kind == "exact_copy")
            kinds[copy.kind] += 1
    assert kinds == {"exact_copy": 42, "near_copy": 42}
    assert max(groups.values()) >= 3, "no group of three"


def test_near_misses_stay_below_the_threshold(pairs: list[tuple[TruthRow, TruthRow, float]]) -> None:
    seen = 0
    for one, two, jaccard in pairs:
        copy, source = (one, two) if one.of == two.id else (two, one)
        if copy.of == source.id and copy.kind == "near_miss":
            assert MISS_RANGE[0] <= jaccard <= MISS_RANGE[1]
            assert copy.jaccard == pytest.approx(jaccard, abs=1e-4)
            seen += 1
    assert seen == 28


def test_copies_cross_files_and_every_edit_is_used(crawl: Truth) -> None:
    by_id = {row.id: row for row in crawl.rows}
    copies = [row for row in crawl.rows if row.kind in ("exact_copy", "near_copy")]
    crossing = sum(row.file != by_id[row.of].file for row in copies if row.of)
    assert crossing > len(copies) / 4
    edits = {row.edit for row in copies}
    exact = {"verbatim", "recase", "respace", "repunctuate", "widen"}
    assert edits == exact | {"drop", "mistype", "reorder", "credit", "traditional"}
    changed = [row for row in copies if row.kind == "exact_copy" and row.edit != "verbatim" and row.of]
    assert sum(crawl.texts[row.id] != crawl.texts[row.of or ""] for row in changed) == len(changed) > 5
