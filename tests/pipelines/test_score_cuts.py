"""Bounds that follow from the corpus are those of `corpus.ops.scores` and `perplexity_buckets`, whatever the parts."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.ops.perplexity_buckets import bucket_edges, bucket_labels
from corpus.ops.scores import top_share
from corpus.shards import Manifest, save_manifest, write_part
from pipelines.recipe import ScoreCut
from pipelines.score_cuts import find_bounds, score_reasons

DOCUMENTS = pa.schema(
    [("id", pa.string()), ("language", pa.string()), ("num_chars", pa.int32()), ("score_a", pa.float32())]
)
DUPLICATES = pa.schema([("id", pa.string()), ("kept_id", pa.string())])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["en", "zh"]),
        st.integers(1, 9),
        st.sampled_from([0.1, 0.2, 0.3, 0.7, None]),
        st.booleans(),  # whether dedup removes it
    ),
    max_size=25,
)


def lay_out(work: Path, rows: list[tuple], order: list[int], part_rows: int) -> pa.RecordBatch:
    """Write the rows as parts of documents and duplicates; a row's id is its number, whatever the order."""
    ids = [f"{number:03d}" for number in order]
    columns = [ids, *([rows[number][column] for number in order] for column in range(3))]
    documents = pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], DOCUMENTS)
    kept = pa.array(["x" if rows[number][3] else None for number in order], pa.string())
    duplicates = pa.record_batch([pa.array(ids, pa.string()), kept], DUPLICATES)
    for folder, batch in (("documents", documents), ("duplicates", duplicates)):
        parts = [
            write_part(work / folder, f"p.{start:05d}.arrow", [batch.slice(start, part_rows)], batch.schema)
            for start in range(0, len(rows), part_rows)
        ]
        save_manifest(work / folder, Manifest("test", "0", parts))
    return documents


def verdicts(batch: pa.RecordBatch, cut: ScoreCut, bounds: dict) -> dict[str, list]:
    """Id -> its reasons."""
    found: dict[str, list] = {id: [] for id in batch["id"].to_pylist()}
    for reasons in score_reasons(batch, {"a": cut}, bounds):
        for id, own in zip(batch["id"].to_pylist(), reasons.to_pylist(), strict=True):
            found[id] += own
    return found


@settings(max_examples=80, deadline=None)
@given(ROWS, st.floats(0.01, 1), st.sampled_from(["documents", "chars"]), st.integers(1, 30), st.randoms())
def test_a_share_is_that_of_the_specification_in_whatever_order_and_parts(rows, share, by, part_rows, random):
    cut = ScoreCut(top_share=share, by=by)
    order = list(range(len(rows)))
    random.shuffle(order)
    with tempfile.TemporaryDirectory() as name:
        batch = lay_out(Path(name), rows, order, part_rows)
        bounds = find_bounds(Path(name), {"a": cut})
    found = verdicts(batch, cut, bounds)
    for language in ("en", "zh"):
        own = [i for i, row in enumerate(rows) if row[0] == language and row[2] is not None and not row[3]]
        score = np.array([rows[i][2] for i in own], np.float32)
        ids = np.array([f"{i:03d}" for i in own])
        weights = np.array([rows[i][1] for i in own], np.int64) if by == "chars" else None
        kept = top_share(score, ids, share, weights)
        assert {id for id in ids if not found[id]} == set(ids[kept])
        for id in ids[~kept]:
            (reason,) = found[id]
            assert reason["rule"] == "score_a" and reason["value"] <= reason["threshold"]
    assert all(not found[f"{i:03d}"] for i, row in enumerate(rows) if row[2] is None)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sets(st.sampled_from(["head", "middle", "tail"]), min_size=1))
def test_buckets_are_those_of_the_specification(rows, keep):
    cut = ScoreCut(keep=sorted(keep))
    with tempfile.TemporaryDirectory() as name:
        batch = lay_out(Path(name), rows, list(range(len(rows))), 7)
        bounds = find_bounds(Path(name), {"a": cut})
    edges = {}
    for language in ("en", "zh"):
        own = [row[2] for row in rows if row[0] == language and row[2] is not None and not row[3]]
        if own:
            edges[language] = bucket_edges(np.array(own, np.float32))
    labels = bucket_labels(batch["score_a"], batch["language"], edges).to_pylist()
    found = verdicts(batch, cut, bounds)
    for label, reasons in zip(labels, found.values(), strict=True):
        assert [reason["rule"] for reason in reasons] == ([] if label is None or label in keep else ["score_a"])
    assert {language: tuple(pair) for language, pair in bounds["a"].items()} == edges


def test_the_bound_in_the_ledger_is_the_lowest_score_that_stays(tmp_path):
    rows = [("en", 1, score, False) for score in (0.9, 0.1, 0.5, 0.7)] + [("en", 1, 0.6, True)]  # the last a duplicate
    batch = lay_out(tmp_path, rows, [0, 1, 2, 3, 4], 2)
    cut = ScoreCut(top_share=0.5)
    bounds = find_bounds(tmp_path, {"a": cut})
    assert bounds == {"a": {"en": [pytest.approx(0.7), None]}}
    found = verdicts(batch, cut, bounds)
    assert [id for id, reasons in found.items() if reasons] == ["001", "002", "004"]
    assert found["002"][0]["threshold"] == float(np.float32(0.7))
    rows[2] = ("en", 1, 0.7, False)
    lay_out(tmp_path, rows, [3, 2, 1, 0, 4], 2)
    assert find_bounds(tmp_path, {"a": cut}) == {"a": {"en": [pytest.approx(0.7), "002"]}}  # of 002 and 003


@pytest.mark.parametrize(
    ("cut", "failed"),
    [
        ({"minimum": 0.2}, {"a": 0.2}),  # and not b, in the precision of the scores
        ({"maximum": 0.2}, {"c": 0.2, "d": 0.2}),
        ({"minimum": 0.2, "maximum": 0.5}, {"a": 0.2, "d": 0.5}),
        ({"minimum": 0.8, "language": "en"}, {"a": 0.8, "b": 0.8}),
        ({"top_share": 0.5}, {}),  # without bounds nothing is judged
    ],
    ids=str,
)
def test_numbers_of_the_recipe(cut, failed):
    columns = [["a", "b", "c", "d", "e"], ["en", "en", "zh", "zh", "zh"], [1] * 5, [0.1, 0.2, 0.3, 0.7, None]]
    batch = pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], DOCUMENTS)
    found = verdicts(batch, ScoreCut(**cut), {})
    assert {id: reasons[0]["threshold"] for id, reasons in found.items() if reasons} == failed
    assert all(len(reasons) < 2 for reasons in found.values())
