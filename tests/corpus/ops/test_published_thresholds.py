"""The published rule sets hold the published values: a table written from the papers and their code, bound by bound.

Fails if a threshold, its side or its signal changes unnoticed, or a value at the threshold does not pass.
"""

import numpy as np
import pyarrow as pa
import pytest

from corpus.ops.rule_sets import RULE_SETS
from corpus.ops.rules import Rule, RuleSet, failing
from corpus.schema import RULE_SIGNALS, SIGNALS

TOP = [(f"rps_doc_frac_chars_top_{n}gram", "<=", value) for n, value in ((2, 0.20), (3, 0.18), (4, 0.16))]
DUPE = [
    (f"rps_doc_frac_chars_dupe_{n}grams", "<=", value)
    for n, value in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))
]
GOPHER_QUALITY = [
    ("rps_doc_word_count", ">=", 50),
    ("rps_doc_word_count", "<=", 100_000),
    ("rps_doc_mean_word_length", ">=", 3),
    ("rps_doc_mean_word_length", "<=", 10),
    ("rps_doc_symbol_to_word_ratio", "<=", 0.1),
    ("frac_lines_start_with_bullet", "<=", 0.9),
    ("rps_doc_frac_lines_end_with_ellipsis", "<=", 0.3),
    ("rps_doc_frac_no_alph_words", "<=", 0.2),
    ("num_distinct_stop_words", ">=", 2),
]
GOPHER_REPETITION = [
    ("frac_dup_lines", "<=", 0.30),
    ("frac_dup_paragraphs", "<=", 0.30),
    ("frac_chars_in_dup_lines", "<=", 0.20),
    ("frac_chars_in_dup_paragraphs", "<=", 0.20),
    *TOP,
    *DUPE,
]
CMN_HANI_LINES = [
    ("frac_lines_start_with_bullet", "<=", 0.9),
    ("rps_doc_frac_lines_end_with_ellipsis", "<=", 0.3),
    ("frac_lines_end_with_punctuation", ">=", 0.106),
    ("frac_dup_lines", "<=", 0.287),
    ("frac_chars_in_dup_lines", "<=", 0.1),
]
C4_NEVER = [("c4_num_curly_lines", "<=", 0), ("c4_num_lorem_ipsum_lines", "<=", 0)]
PUBLISHED = {
    "gopher_quality": GOPHER_QUALITY,
    "gopher_repetition": GOPHER_REPETITION,
    "refinedweb": [*GOPHER_QUALITY, *GOPHER_REPETITION, ("frac_words_in_refinedweb_lines", "<=", 0.05)],
    "c4": [("c4_num_sentences", ">=", 3), *C4_NEVER, ("num_chars", "<=", 190_000)],
    "c4_paper": [("c4_paper_num_sentences", ">=", 5), *C4_NEVER],
    "fineweb": [
        ("frac_lines_end_with_punctuation", ">=", 0.12),
        ("frac_short_lines", "<=", 0.67),
        ("frac_chars_in_dup_lines", "<=", 0.01),
        ("newline_to_word_ratio", "<=", 0.3),
    ],
    "fineweb2_cmn_hani": [
        ("rps_doc_word_count", ">=", 50),
        ("rps_doc_word_count", "<=", 100_000),
        ("rps_doc_mean_word_length", ">=", 1),
        ("rps_doc_mean_word_length", "<=", 5),
        ("rps_doc_symbol_to_word_ratio", "<=", 0.1),
        ("rps_doc_frac_no_alph_words", "<=", 1 - 0.735),
        ("num_distinct_stop_words", ">=", 2),
        ("newline_to_word_ratio", "<=", 0.178),
        *CMN_HANI_LINES,
        *((f"rps_doc_frac_chars_top_{n}gram", "<=", v) for n, v in ((2, 0.256), (3, 0.201), (4, 0.171))),
        *(
            (f"rps_doc_frac_chars_dupe_{n}grams", "<=", v)
            for n, v in ((5, 0.198), (6, 0.182), (7, 0.167), (8, 0.154), (9, 0.140), (10, 0.127))
        ),
    ],
    "fineweb2_cmn_hani_characters": [  # benchmarks/fit_chinese.py
        ("rps_doc_word_count", ">=", 83),
        ("rps_doc_word_count", "<=", 170_000),
        ("rps_doc_symbol_to_word_ratio", "<=", 0.0486),
        ("rps_doc_frac_no_alph_words", "<=", 0.175),
        ("num_distinct_stop_words", ">=", 4),
        ("newline_to_word_ratio", "<=", 0.103),
        *CMN_HANI_LINES,
        *((f"rps_doc_frac_chars_top_{n}gram", "<=", v) for n, v in ((2, 0.122), (3, 0.125), (4, 0.178))),
        *(
            (f"rps_doc_frac_chars_dupe_{n}grams", "<=", v)
            for n, v in ((5, 0.153), (6, 0.114), (7, 0.108), (8, 0.109), (9, 0.0935), (10, 0.0714))
        ),
    ],
    "roots_zh": [("frac_special_chars", "<=", 0.3), ("frac_repeated_char_3grams", "<=", 0.2)],
    "chinese_web_text": [
        ("num_chars", ">=", 201),  # "text_length <= 200" goes
        ("mean_line_chars", ">=", 10),
        ("frac_han", ">=", 0.3),
        ("num_traditional_chars", "<=", 0),
        ("frac_chars_dupe_13chars", "<=", 0.5),
    ],
    "map_cc": [
        ("rps_doc_num_sentences", ">=", 2),
        ("num_chars", ">=", 50),
        ("num_chars", "<=", 10_000),
        ("rps_doc_symbol_to_word_ratio", "<=", 0.1),
        ("frac_lenticular_brackets", "<=", 0.1),
        ("frac_digits", "<=", 0.3),
        ("frac_lines_end_with_read_more", "<=", 0.3),
        ("frac_lines_start_with_bullet", "<=", 0.9),
        ("frac_unique_chars", ">=", 0.1),
        ("rps_doc_unigram_entropy", ">=", 3),
        *TOP,
        *((f"rps_doc_frac_chars_dupe_{n}grams", "<=", 0.6) for n in range(5, 11)),
    ],
    "c4_zh": [
        ("c4_zh_num_lines", ">=", 6),  # "> 5 lines" stay
        ("frac_dup_lines", "<=", 0.30),
        ("frac_chars_in_dup_lines", "<=", 0.20),
        *TOP,
        *DUPE,
    ],
    "github_code": [
        ("max_line_chars", "<=", 1000),
        ("mean_line_chars", "<=", 100),
        ("frac_alphanumeric", ">=", 0.25),
    ],
    "spam": [("spam_terms_per_1000_chars", "<=", 1), ("ad_terms_per_1000_chars", "<=", 3)],  # our own
}
RULES = [(rule_set, rule) for rule_set in RULE_SETS.values() for rule in rule_set.rules]


def test_the_table_covers_every_set() -> None:
    assert set(PUBLISHED) == set(RULE_SETS)
    assert len(RULES) == sum(map(len, PUBLISHED.values())) > 100


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_values(name: str) -> None:
    found = [(rule.signal, ">=" if rule.maximum is None else "<=", rule.threshold) for rule in RULE_SETS[name].rules]
    assert found == [(signal, side, pytest.approx(value)) for signal, side, value in PUBLISHED[name]]


def test_signals_named_as_redpajama_v2s_are_all_that_it_computes_of_a_documents_text() -> None:
    """Of `content.py`, `natural_language.py` and `repetitions.py`, but for word and URL lists, which users bring."""
    heuristics = (
        "curly_bracket frac_all_caps_words frac_lines_end_with_ellipsis frac_no_alph_words frac_unique_words "
        "lorem_ipsum mean_word_length num_sentences stop_word_fraction symbol_to_word_ratio unigram_entropy word_count"
    )
    ngrams = [f"frac_chars_dupe_{n}grams" for n in range(5, 11)] + [f"frac_chars_top_{n}gram" for n in (2, 3, 4)]
    assert {name for name in SIGNALS if name.startswith("rps_")} == {
        f"rps_doc_{name}" for name in [*heuristics.split(), *ngrams]
    }


@pytest.mark.parametrize("name", RULE_SETS)
def test_every_set_says_where_it_is_from(name: str) -> None:
    assert "https://" in RULE_SETS[name].source
    assert RULE_SETS[name].name == name


@pytest.mark.parametrize(("rule_set", "rule"), RULES, ids=lambda each: each.name)
def test_the_threshold_itself_passes_and_the_next_value_fails(rule_set: RuleSet, rule: Rule) -> None:
    dtype = RULE_SIGNALS[rule.signal][0]
    at = np.array(rule.threshold).astype(dtype.to_pandas_dtype())
    way = 1 if rule.minimum is None else -1
    if at.dtype.kind == "f":
        beyond, within = (np.nextafter(at, at.dtype.type(np.inf * sign)) for sign in (way, -way))
    else:
        beyond, within = at + way, at - way
    names = dict.fromkeys(each.signal for each in rule_set.rules)
    values = {name: pa.array(np.zeros(3), RULE_SIGNALS[name][0]) for name in names}
    values[rule.signal] = pa.array(np.array([within, at, beyond]).astype(at.dtype), dtype)
    found = failing(pa.RecordBatch.from_pydict(values), rule_set).to_pylist()
    hits = [[reason for reason in row if reason["rule"] == f"{rule_set.name}.{rule.name}"] for row in found]
    assert [len(row) for row in hits] == [0, 0, 1]
    assert hits[2][0]["value"] == float(beyond) and hits[2][0]["threshold"] == rule.threshold
