"""Spans against sets of bytes and slices of `bytes`."""

import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from corpus.dedup.spans import Spans, cut_spans, merge_spans

_SPANS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(0, 12)), max_size=12)


def _spans(rows: list[tuple[int, int, int]]) -> Spans:
    return Spans(*np.array(rows, np.int64).reshape(-1, 3).T)


@given(_SPANS, _SPANS)
def test_merged_spans_cover_the_same_bytes(first: list[tuple[int, int, int]], second: list[tuple[int, int, int]]):
    merged = merge_spans([_spans(first), _spans(second)])
    covered = {(document, at) for document, start, end in first + second for at in range(start, end)}
    rows = list(zip(*(column.tolist() for column in merged), strict=True))
    assert {(document, at) for document, start, end in rows for at in range(start, end)} == covered
    assert rows == sorted(rows)
    assert all(a[0] < b[0] or a[2] < b[1] for a, b in itertools.pairwise(rows))


@given(st.lists(st.text("ab汉😀", max_size=8), max_size=6), st.data())
def test_cut_texts_are_what_is_left_of_the_characters(texts: list[str], data: st.DataObject):
    rows, left = [], []
    for document, text in enumerate(texts):
        kept = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
        for at, keep in enumerate(kept):
            if not keep:
                rows.append((document, len(text[:at].encode()), len(text[: at + 1].encode())))
        left.append("".join(character for character, keep in zip(text, kept, strict=True) if keep))
    sliced = pa.array(["x", *texts], pa.large_string())[1:]
    cut = cut_spans(sliced, merge_spans([_spans(rows)]))
    cut.validate(full=True)
    assert cut.to_pylist() == left
