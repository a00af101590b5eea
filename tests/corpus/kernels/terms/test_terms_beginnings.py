"""No term is passed over because of where it stands or how it is written."""

import functools

import numpy as np
import pyarrow as pa
import pytest

from corpus.kernels.shingle.fold import DROP
from corpus.kernels.terms import count_terms, make_vocabulary
from corpus.kernels.terms.beginnings import HAN, PLAIN
from corpus.kernels.terms.fold import SPACE, term_fold
from corpus.ops.spam_terms import spam_vocabulary

TERMS = [
    "a",
    "to do",
    "online",
    "no deposit bonus",
    "3d",
    ".com",
    "$$$",
    "ａｂ",
    "é t",
    "加微信",
    "a货",
    "汉",
    "привет",
    "🙂🙂",
]


def _array(texts):
    return pa.array(texts, pa.large_string())


def _equal_to_naive(texts, vocabulary):
    counts = count_terms(_array(texts), vocabulary)
    np.testing.assert_array_equal(counts, count_terms(_array(texts), vocabulary, backend="naive"))
    return counts


@functools.cache
def _written_as():
    """Characters by the one code point that they fold to."""
    found = {}
    for code_point, folded in enumerate(term_fold()[0].tolist()):
        if folded >= DROP and not 0xD800 <= code_point < 0xE000:
            found.setdefault(folded, []).append(chr(code_point))
    return found


def _respelled(codes, rng, vanishing):
    """A text that folds to `codes`: other case, width and script, white space repeated, characters that vanish."""
    written = []
    for code in codes:
        for _ in range(rng.integers(1, 4) if code == SPACE else 1):
            written.append(_any_of(_written_as()[code], rng))
        if rng.random() < vanishing:
            written.append(_any_of(_written_as()[DROP], rng))
    return "".join(written)


def _any_of(characters, rng):
    return characters[rng.integers(len(characters))]


def test_plain_characters_fold_to_one():
    fold = term_fold()[0]
    assert (fold[PLAIN] > DROP).all()
    assert {chr(code).encode()[0] for code in HAN} == set(range(0xE4, 0xEA))
    assert chr(HAN.start - 1).encode()[0] < 0xE4
    assert chr(HAN.stop).encode()[0] > 0xE9


@pytest.mark.parametrize("with_all", [False, True], ids=["alone", "with all"])
@pytest.mark.parametrize("filler", [".", "w ", "他", "，", "w\n'", "ж "], ids=ascii)
def test_every_term_is_found_at_every_place(filler, with_all):
    for term in TERMS:
        vocabulary = make_vocabulary({"x": TERMS if with_all else [term]})
        texts = [filler * before + term + behind for before in range(66) for behind in ("", " ", " " + filler * 8)]
        counts = _equal_to_naive(texts, vocabulary)[:, 0, 0]
        assert (counts > 0).all()


@pytest.mark.parametrize("vanishing", [0, 0.2])
def test_every_spelling_of_the_built_in_terms_is_found(vanishing):
    rng = np.random.default_rng(1)
    terms = [codes for codes, _ in spam_vocabulary().terms]
    texts = [_respelled(codes, rng, vanishing) for codes in terms for _ in range(8)]
    assert (_equal_to_naive(texts, spam_vocabulary()).sum(axis=1)[:, 0] > 0).all()
    texts = ["".join(rng.choice(texts, 10)) + "." + " ".join(rng.choice(texts, 10)) for _ in range(50)]
    assert _equal_to_naive(texts, spam_vocabulary())[:, :, 0].sum() > 500


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("汉字", "汉＇字"),
        ("汉字", "汉\u302a字"),
        ("汉字", "汉'字"),
        ("汉a", "汉Ａ"),
        ("汉 a", "汉\u3000\u3000a"),
        ("a 汉", "a    汉"),
        ("a 汉", "a\n\n\n\n汉"),
        ("abc 汉", "abc\u200b  汉"),
        ("no deposit", "n'o   deposit"),
        ("株式会社", "㍿"),
        ("字株式", "字㍿"),
        ("字株式会社", "字㍿"),
    ],
    ids=ascii,
)
def test_what_vanishes_or_is_several(term, text):
    counts = _equal_to_naive([text], make_vocabulary({"x": [term]}))
    assert counts[0, 0, 0] == (term != "字株式")


def test_beginnings_alone_are_not_found():
    rng = np.random.default_rng(2)
    terms = [codes for codes, _ in spam_vocabulary().terms]
    cut = [
        "".join(map(chr, codes[: rng.integers(1, len(codes))])) + str(rng.choice([" ", "x", "的", "。"]))
        for codes in terms
    ]
    _equal_to_naive([*cut, "".join(cut), " ".join(cut)], spam_vocabulary())


def test_nothing_behind_the_last_document_is_read_or_counted():
    vocabulary = make_vocabulary({"x": ["ab", "汉字"]})
    data = "ab 汉字 ab汉字".encode() + b" ab" * 40
    for end in (2, 3, 6, 9, 12, 63, 64, 65, 100, len(data)):
        start = max(0, end - 5)
        while data[start] & 0xC0 == 0x80:
            start -= 1
        end = end if end == len(data) or data[end] & 0xC0 != 0x80 else end - 1
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        offsets = np.array([0, start, start, end], np.int64)
        for kept in (data[:end], data):
            text = pa.LargeStringArray.from_buffers(3, pa.py_buffer(offsets), pa.py_buffer(kept))
            expected = count_terms(_array(text.to_pylist()), vocabulary, backend="naive")
            np.testing.assert_array_equal(count_terms(text, vocabulary), expected)
            np.testing.assert_array_equal(count_terms(text[:1], vocabulary), expected[:1])


def test_documents_together_are_as_alone():
    rng = np.random.default_rng(3)
    vocabulary = make_vocabulary({"x": TERMS})
    texts = [" ".join(rng.choice([*TERMS, "b", "，"], rng.integers(0, 12))) for _ in range(200)]
    together = count_terms(_array(texts), vocabulary)
    np.testing.assert_array_equal(together, np.concatenate([count_terms(_array([text]), vocabulary) for text in texts]))
    assert together[:, 0, 0].sum() > 500


def test_a_match_does_not_begin_with_what_vanishes():
    vocabulary = make_vocabulary({"x": ["ga", "a", "-"]})  # in five bits ' is g, and "-" makes every mark a beginning
    assert _equal_to_naive(["'a", "-'a"], vocabulary)[:, 0].tolist() == [[1, 1], [2, 2]]
