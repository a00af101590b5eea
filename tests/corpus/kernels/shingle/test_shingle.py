"""The numba tokeniser must equal the plain specification bit for bit, or two runs would disagree on duplicates."""

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings

from corpus.kernels.shingle import exact_keys, shingle_sets
from corpus.kernels.shingle.fold import fold_table
from corpus.kernels.shingle.naive import tokens

TEXTS = [
    "",
    None,
    "a",
    "one two three four",  # one token short of a shingle
    "one two three four five",
    "one two three four five six one two three four five six",
    "!!! …… ——",
    "漢字 and words 混合 in one 句子，没有空格。",
    "ＡＢＣ１２３ ﷺ ㍿ ⑴ ½ é e\u0301 ℃ İ ß ﬁ",
    "\ufeffBOM\u200bzero\u00adwidth",
    "𠀀𠀁𠀂 🙂🙃 \ue000\U000f0000",
    "ไทย ລາວ ខ្មែរ မြန်မာ かな カナ 한글",
    "don't don’t dont",
]


def _array(texts):
    return pa.array(texts, pa.large_string())


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_numba_equals_naive(n):
    text = _array(TEXTS)
    for fast, plain in zip(shingle_sets(text, n), shingle_sets(text, n, backend="naive"), strict=True):
        np.testing.assert_array_equal(fast, plain)
    np.testing.assert_array_equal(exact_keys(text), exact_keys(text, backend="naive"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6), st.integers(1, 6))
@example(["\u3300" * 40], 5)  # one code point of three bytes that folds to several tokens
def test_numba_equals_naive_on_any_text(texts, n):
    text = _array([t.encode("utf-8", "ignore").decode() for t in texts])
    for fast, plain in zip(shingle_sets(text, n), shingle_sets(text, n, backend="naive"), strict=True):
        np.testing.assert_array_equal(fast, plain)
    np.testing.assert_array_equal(exact_keys(text), exact_keys(text, backend="naive"))


def test_a_slice_of_an_array_gives_the_same_as_a_copy():
    text = _array([t or "" for t in TEXTS])
    for part in (text[3:9], text[9:], text[5:5]):
        copy = _array(part.to_pylist())
        for sliced, copied in zip(shingle_sets(part, 5), shingle_sets(copy, 5), strict=True):
            np.testing.assert_array_equal(sliced, copied)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The cat, sat.", "the cat sat"),
        ("ＧＢＫ　编码", "gbk 编码"),
        ("軟件開發，電腦", "软件开发 电脑"),
        ("don't stop", "dont stop"),
        ("cafe\u0301", "CAFÉ"),
        ("第⑴章", "第1章"),
    ],
    ids=["punctuation", "full-width", "traditional", "apostrophe", "combining", "compatibility"],
)
def test_what_counts_as_the_same_text(a, b):
    keys = exact_keys(_array([a, b, a + " x"]))
    assert (keys[0] == keys[1]).all()
    assert (keys[0] != keys[2]).any()


def test_tokens_are_words_and_single_han_characters():
    spelled = ["".join(map(chr, token)) for token in tokens("Don't 看書 in 2024年!")]
    assert spelled == ["dont", "看", "书", "in", "2024", "年"]


def test_no_code_point_needs_more_scratch_than_the_kernel_reserves():
    fold, many, letter = fold_table()
    folds_to_many = np.flatnonzero(fold <= -3)
    assert len(folds_to_many) > 500
    for code_point in folds_to_many:
        start = -3 - fold[code_point]
        run = many[start + 1 : start + 1 + many[start]]
        num_tokens = letter[run].sum() + (not letter[run].all())
        assert num_tokens <= 2 * len(chr(code_point).encode("utf-8", "surrogatepass")), hex(code_point)


def test_documents_without_tokens_are_told_apart_by_their_bytes():
    keys = exact_keys(_array(["!!!", "???", "!!!", ""]))
    assert (keys[0] == keys[2]).all()
    assert len({tuple(key) for key in keys.tolist()}) == 3
