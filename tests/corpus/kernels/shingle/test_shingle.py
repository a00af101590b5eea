"""The numba tokeniser must equal the plain specification bit for bit, or two runs would disagree on duplicates."""

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings

from corpus.kernels.jit import kernel, raw
from corpus.kernels.shingle import exact_keys, shingle_sets
from corpus.kernels.shingle.fold import fold_table
from corpus.kernels.shingle.naive import token_hash, tokens
from corpus.kernels.shingle.numba_cpu import _sort

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


# What the kernel treats differently: plain words of 1 to 8, to 64 and of more bytes, signs, what is dropped, Han, words
# beyond ASCII, four bytes, code points that fold to several; pieces add up to runs across the borders of 64 bytes.
PIECES = [
    *("a", "Word", "8letters", "9 letters", "X" * 63, "yZ0" * 21, "w" * 65, "1" * 130),
    *("a+b", "<=>", "$", "~^`|", "don't", "'", " ", "  ", "\n", ". ", "-"),
    *("汉", "漢字", "。", "，", "\u3300", "é", "naïve", "ﬁ", "Привет", "🙂", "𠀀", "\u200b", "\u0301"),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), min_size=1, max_size=4))
def test_numba_equals_naive_where_runs_cross_blocks(texts):
    text = _array(texts)
    for fast, plain in zip(shingle_sets(text, 3), shingle_sets(text, 3, backend="naive"), strict=True):
        np.testing.assert_array_equal(fast, plain)
    np.testing.assert_array_equal(exact_keys(text), exact_keys(text, backend="naive"))


def test_what_stands_behind_a_document_in_the_buffer_does_not_matter():
    texts = ["one two three four five six", "汉字abc", "x" * 70, "…"]
    alone = [exact_keys(_array([text]))[0] for text in texts]
    among = exact_keys(_array([text for text in texts for _ in range(2)] + ["and more " * 30]))
    np.testing.assert_array_equal(among[:-1:2], alone)
    np.testing.assert_array_equal(among[1:-1:2], alone)


def test_tokens_of_up_to_eight_bytes_have_hashes_of_their_own():
    short = [f"{number:x}" for number in range(3000)] + [chr(code) for code in range(0x4E00, 0x5200)]
    assert len({token_hash([ord(c) for c in token]) for token in short}) == len(short)


@pytest.mark.parametrize("spread", [64, 8, 3, 0], ids=["even", "few buckets", "eight buckets", "one value"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 17, 1000, 5000])
def test_hashes_are_sorted_however_uneven_they_are(spread, count):
    @kernel(cache=False)
    def sort(values, count, out, heads):
        _sort(raw(values), count, raw(out), raw(heads))

    values = np.random.default_rng(count).integers(0, 1 << 64, count, np.uint64, endpoint=False)
    values = values >> np.uint64(64 - spread) << np.uint64(1) if spread < 64 else values
    out = np.zeros(count, np.uint64)
    sort(values, count, out, np.empty(count // 2 + 2, np.int64))
    np.testing.assert_array_equal(out, np.sort(values))


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
