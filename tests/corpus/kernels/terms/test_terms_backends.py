"""The trie over bytes must count what the plain longest-match specification counts."""

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings

from corpus.errors import RecipeError
from corpus.kernels.terms import count_terms, make_vocabulary

PIECES = [
    "a",
    "b",
    "A",
    "ａ",
    "1",
    " ",
    "  ",
    "\u3000",
    "\n",
    "-",
    ".",
    "漢",
    "汉",
    "字",
    "㍿",
    "'",
    "\u200b",
    "é",
    "🙂",
    "ß",
    "。",
    "（",
    "я",
    "ｯ",
    "\x01",
    "\u0301",
    "\u3099",
    "𝐚",
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=16).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
TERMS = ["a", "ab", "a b", "a b a", "b-a", "汉", "汉字", "字a", "a汉", "株式会社", "1.", "社a", "ss", "e b", "-"]
TERMS += [
    "a 汉",
    "ab汉b",
    "1",
    "1a b",
    "(a",
    "。汉",
    "汉 字",
    "汉。",
    "字-",
    "яa",
    "a\x01b",
    "\x01",
    "ｯ汉",
    "🙂a",
    "b" * 11,
]


def _array(texts):
    return pa.array(texts, pa.large_string())


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, max_size=5), st.sets(st.sampled_from(TERMS)), st.sets(TEXTS, max_size=3))
@example([], set(), {"  ' a"})  # once its term began with a space
@example(["'a", "a   汉", "汉'字"], {"'a", "a 汉", "汉字", "-"}, set())
def test_numba_equals_naive(texts, terms, others):
    others = [term for term in others if any(character.isalnum() for character in term)]
    try:
        vocabulary = make_vocabulary({"first": sorted(terms), "second": others})
    except RecipeError:  # the same term in both
        vocabulary = make_vocabulary({"first": sorted(terms)})
    text = _array([*texts, None, " ".join(others), "".join(terms)])
    np.testing.assert_array_equal(count_terms(text, vocabulary), count_terms(text, vocabulary, backend="naive"))


def test_generated_texts_do_match():
    rng = np.random.default_rng(0)
    text = _array(["".join(rng.choice(PIECES, rng.integers(0, 60))) for _ in range(300)])
    vocabulary = make_vocabulary({"all": TERMS})
    counts = count_terms(text, vocabulary)
    np.testing.assert_array_equal(counts, count_terms(text, vocabulary, backend="naive"))
    assert counts[:, 0, 0].sum() > 1000


@pytest.mark.parametrize(
    ("text", "occurrences", "chars"),
    [
        ("Buy  NOW!", 1, 8),
        ("buy. Now", 0, 0),
        ("buyer now", 0, 0),
        ("rebuy now", 0, 0),
        ("ｂｕｙ\u3000ｎｏｗ", 1, 7),
        ("請加微信吧加微信", 2, 6),
        ("加微信号abc", 1, 4),
        ("加vx吧", 1, 3),
        ("加vxy吧", 0, 0),
        ("加\u200b微信", 1, 4),
    ],
)
def test_what_counts_as_the_term(text, occurrences, chars):
    vocabulary = make_vocabulary({"ads": ["buy now", "加微信", "加微信号", "加VX"]})
    assert count_terms(_array([text]), vocabulary)[0, 0].tolist() == [occurrences, chars]


def test_groups_long_lines_and_slices():
    vocabulary = make_vocabulary({"x": ["汉"], "y": ["b"], "empty": []})
    text = _array(["汉 b " * 200_000, "b", None, "汉汉"])
    assert count_terms(text, vocabulary)[:, :, 0].tolist() == [[200_000, 200_000, 0], [0, 1, 0], [0, 0, 0], [2, 0, 0]]
    assert count_terms(text[1:3], vocabulary)[:, :, 0].tolist() == [[0, 1, 0], [0, 0, 0]]
    assert count_terms(text[:0], vocabulary).shape == (0, 3, 2)


def test_terms_that_cannot_be_looked_for_are_refused():
    with pytest.raises(RecipeError, match="nothing to look for"):
        make_vocabulary({"x": ["\u200b "]})
    with pytest.raises(RecipeError, match="in 'x' and in 'y'"):
        make_vocabulary({"x": ["漢"], "y": ["汉"]})
