"""Reasons are complete, per language and source, and published thresholds can be replaced."""

import numpy as np
import pyarrow as pa
import pytest

from corpus.errors import RecipeError
from corpus.schema import DUPLICATES, RULE_SIGNALS
from pipelines.recipe import Select
from pipelines.recipe_file import make_recipe
from pipelines.select import Criteria, check_options, failing_rules


def _batch(rows):
    """Documents that pass every rule unless a row says otherwise."""
    good = {"rps_doc_word_count": 200, "rps_doc_mean_word_length": 5.0, "num_distinct_stop_words": 6}
    good |= {"num_lines": 10, "frac_lines_end_with_punctuation": 1.0}
    columns = {"source": [], "language": [], "language_score": [], "quality": []} | {name: [] for name in RULE_SIGNALS}
    for row in rows:
        full = {"source": "web", "language": "en", "language_score": 0.9, "quality": 0.8} | good | row
        for name, values in columns.items():
            values.append(full.get(name, 0))
    types = {"source": pa.string(), "language": pa.string(), "language_score": pa.float32(), "quality": pa.float32()}
    types |= {name: dtype for name, (dtype, _) in RULE_SIGNALS.items()}
    return pa.record_batch({name: pa.array(values, types[name]) for name, values in columns.items()})


def _decisions(num, **removed):
    rows = [{"id": str(i), "cluster_size": 1} for i in range(num)]
    for row, level in removed.items():
        rows[int(row[1:])] |= {"kept_id": "k", "level": level, "jaccard": 0.9}
    return pa.Table.from_pylist(rows, DUPLICATES)


def _reasons(batch, options, own_rules=None, **removed):
    found = failing_rules(batch, _decisions(batch.num_rows, **removed), Criteria(options, own_rules or {}, {}))
    return [[reason["rule"] for reason in row] for row in found.to_pylist()]


def test_all_reasons_of_a_document_in_one_list():
    batch = _batch(
        [
            {},
            {"rps_doc_word_count": 10, "rps_doc_symbol_to_word_ratio": 0.5, "language_score": 0.1},
            {"language": "fr", "rps_doc_word_count": 10},
            {"language": "zh", "rps_doc_word_count": 79},
            {},
        ]
    )
    assert _reasons(batch, Select(), _4="near") == [
        [],
        ["language_score", "gopher_quality.min_words", "gopher_quality.max_symbol_to_word_ratio"],
        ["language"],
        ["fineweb2_cmn_hani_characters.min_words"],
        ["duplicate_near"],
    ]


def test_values_and_thresholds_stand_beside_the_rule():
    batch = _batch([{"rps_doc_word_count": 10}])
    (reason,) = failing_rules(batch, _decisions(1), Criteria(Select(), {}, {})).to_pylist()[0]
    assert reason == {"rule": "gopher_quality.min_words", "value": 10.0, "threshold": 50.0}


def test_a_source_may_have_rules_of_its_own():
    short = {"rps_doc_word_count": 10}
    batch = _batch([short, short | {"source": "poems"}, short | {"source": "books"}])
    own = {"poems": {}, "books": {"en": ["gopher_repetition"]}}
    assert _reasons(batch, Select(), own) == [["gopher_quality.min_words"], [], []]


def test_thresholds_and_quality_come_from_the_recipe():
    batch = _batch([{"rps_doc_word_count": 10}, {"quality": 0.3}])
    options = Select(thresholds={"gopher_quality.min_words": 5}, min_quality={"en": 0.5})
    assert _reasons(batch, options) == [[], ["quality"]]
    assert np.isclose(failing_rules(batch, _decisions(2), Criteria(options, {}, {})).to_pylist()[1][0]["value"], 0.3)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("select.rules={en: [gofer]}", "select.rules.en: unknown rule set 'gofer'; allowed: c4, "),
        ("sources.0.rules={en: [gofer]}", "sources.a.rules.en: unknown rule set 'gofer'"),
        ("select.thresholds={min_wrds: 3}", "'min_wrds' is no rule of the sets in use"),
    ],
)
def test_unknown_names_are_refused(override, message):
    recipe = make_recipe({"sources": [{"name": "a", "files": ["a.jsonl"]}]}, [override])
    with pytest.raises(RecipeError, match=message):
        check_options(recipe)
