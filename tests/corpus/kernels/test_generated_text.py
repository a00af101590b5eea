"""Every kernel that reads text equals its specification on texts at the ends of what UTF-8 and Arrow can hold.

The kernels' own tests vary what each of them treats differently; here all meet the same texts: none, empty, one
character, the first and last code points of each length in UTF-8 (around the surrogates too), 4-byte characters, mixed
scripts, and a line of a million characters. `segment` and `fasttext` need models: theirs are in their own tests.
"""

import random

import numpy as np
import pyarrow as pa
import pytest

from corpus.kernels import contamination, ngram_lm, pii, shingle, signals, spaced_text, terms, units

EXTREMES = "\x00\x01\x7f\x80\u07ff\u0800\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff"
PIECES = [
    *("the ", "Word, ", "don't ", "3.14 ", "U.S. ", "… ", "\t", "x" * 70 + " ", "me@site.org ", "13812345678 ", "AKIA"),
    *(
        "天地玄黄",
        "，",
        "。",
        "《書》",
        "１２",
        "很好！",
        "かな",
        "한국어 ",
        "Привет ",
        "é",
        "e\u0301",
        "🙂",
        "𠀀𠀁",
        *EXTREMES[7:],
    ),
]


def mixed(length: int, seed: int, line_end: str = "") -> str:
    """`length` characters of all kinds."""
    rng, text = random.Random(seed), ""
    while len(text) < length:
        text += rng.choice(PIECES) + (line_end if rng.random() < 0.05 else "")
    return text[:length]


TEXTS = {
    "short": ["", None, *EXTREMES, EXTREMES, "a", "天", " ", "\n", "𠀀", "🙂" * 65, "a𠀀" * 33 + "\n\n" + "é天." * 50],
    "mixed": [mixed(length, seed, "\n") for seed, length in enumerate([2, 63, 64, 65, 500, 2000, 5000])],
    # most of it white space: some of the specifications take minutes for so many tokens
    "a million characters": [mixed(4000, 7) + "\u3000" * 992_000 + mixed(4000, 8)],
}
ITEMS = contamination.index_items([mixed(4000, 7)[900:1400], mixed(90, 3, "\n"), "天地玄黄" * 4], 13, 10)
VOCABULARY = terms.make_vocabulary({"a": ["天地", "the", "很好"], "b": ["玄黄天", "word don't"]})
KERNELS = {
    "contamination": lambda text, backend: [contamination.match_items(text, ITEMS, backend=backend)],
    "ngram_lm": lambda text, backend: ngram_lm.token_hashes(spaced_text.spaced_text(text), backend=backend),
    "pii": lambda text, backend: [pii.find_spans(text, pii.KINDS, backend=backend)],
    "shingle": lambda text, backend: [
        *shingle.shingle_sets(text, 5, backend=backend),
        shingle.exact_keys(text, backend=backend),
    ],
    "signals": lambda text, backend: signals.compute_signals(text, backend=backend).values(),
    "spaced_text": lambda text, backend: [spaced_text.spaced_text(text, backend=backend).to_pylist()],
    "terms": lambda text, backend: [terms.count_terms(text, VOCABULARY, backend=backend)],
    "units": lambda text, backend: [
        *units.find_spans(text, "lines", backend=backend),
        *units.find_spans(text, "sentences", backend=backend),
    ],
}


@pytest.mark.parametrize("texts", TEXTS)
@pytest.mark.parametrize("name", KERNELS)
def test_numba_equals_naive(name: str, texts: str) -> None:
    text = pa.array(["pad", *TEXTS[texts]], pa.large_string())[1:]
    fast, slow = (list(KERNELS[name](text, backend)) for backend in ("numba", "naive"))
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(one, other)
    assert texts == "short" or len(fast[0]) > 0
