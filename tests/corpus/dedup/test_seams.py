"""What is left once spans are cut reads as if they had never been there, and not one other character goes."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.dedup.seams import count_span_chars, spans_before, with_seams
from corpus.dedup.spans import Spans, cut_spans, merge_spans

_TEXT = st.text("ab汉 \u3000\xa0\t\n\n", max_size=30)


def _column(texts: list[str]) -> pa.Array:
    return pa.array(["pad\n", *texts], pa.large_string())[1:]


def _spans(rows: list[tuple[int, int, int]]) -> Spans:
    return Spans(*np.array(rows, np.int64).reshape(-1, 3).T)


def _cut(marked: str) -> str:
    """The text without what stands between « and »."""
    text, rows, at = b"", [], 0
    for piece in marked.replace("»", "«").split("«"):
        if at % 2:
            rows.append((0, len(text), len(text) + len(piece.encode())))
        text, at = text + piece.encode(), at + 1
    column = _column([text.decode()])
    return cut_spans(column, with_seams(column, _spans(rows)))[0].as_py()


@pytest.mark.parametrize(
    ("marked", "left"),
    [
        ("«Home»\nText.\nMore.", "Text.\nMore."),
        ("Text.\n«Home»\nMore.", "Text.\nMore."),
        ("Text.\n  «Home»  \nMore.", "Text.\nMore."),
        ("Text.\n\n«Home»\n\nMore.", "Text.\n\nMore."),
        ("Text.\n\n«Home»\n«About»\n \n\nMore.", "Text.\n\nMore."),
        ("Text.\n\n«Home»\n\n«About»\n\nMore.", "Text.\n\nMore."),
        ("«Home»\n«About»\n\nText.", "Text."),
        ("Text.\n«Home»\n\nMore.", "Text.\n\nMore."),
        ("Text.\n\n«Home»\n\n«About»", "Text."),
        ("Text.\n«Home»\n\n«About»\n\n«End»\n", "Text."),
        ("«All»\n\n«of it»", ""),
        ("One. «Two.» Three.", "One. Three."),
        ("One. «Two.»", "One."),
        ("One. «Two.»\nThree.", "One.\nThree."),
        ("One. «Two.\n\nThree.» Four.", "One.\n\nFour."),
        ("One. «Two.\n\nThree.»\n\nFour.", "One.\n\nFour."),
        ("One.\n\n«Two. Three.» Four.", "One.\n\nFour."),
        ("One.\n«Two.» «Three.»\nFour.", "One.\nFour."),
        ("　　一。«二。»\n　　«三。»\n　　四。", "　　一。\n　　四。"),
        ("一。«二。»三。", "一。三。"),
    ],
)
def test_what_is_left(marked: str, left: str):
    assert _cut(marked) == left


@settings(max_examples=300, deadline=None)
@given(st.lists(_TEXT, min_size=1, max_size=4), st.data())
def test_only_white_space_goes_besides_and_no_empty_lines_grow(texts: list[str], data: st.DataObject):
    rows, expected = [], []
    for document, text in enumerate(texts):
        gone = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
        for at, cut in enumerate(gone):
            if cut:
                rows.append((document, len(text[:at].encode()), len(text[: at + 1].encode())))
        expected.append("".join(c for c, cut in zip(text, gone, strict=True) if not cut and not c.isspace()))
    column = _column(texts)
    spans = with_seams(column, _spans(rows))
    assert [c.tolist() for c in merge_spans([spans])] == [c.tolist() for c in spans]
    cut = cut_spans(column, spans)
    cut.validate(full=True)
    assert ["".join(text.split()) for text in cut.to_pylist()] == expected
    untouched = [row for row in range(len(texts)) if row not in {row for row, _, _ in rows}]
    assert [cut[row] for row in untouched] == [column[row] for row in untouched]
    chars = np.bincount(spans.document, count_span_chars(column, spans), minlength=len(texts)).astype(int)
    assert [len(a) - len(b) for a, b in zip(texts, cut.to_pylist(), strict=True)] == chars.tolist()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["", " ", "a", "b b", "x", "x"]), min_size=1, max_size=12))
def test_lines_go_as_if_they_had_not_been_written(lines: list[str]):
    text, rows, at = "\n".join(lines), [], 0
    for line in lines:
        if line == "x":
            rows.append((0, at, at + 1))
        at += len(line) + 1
    column = _column([text])
    left = cut_spans(column, with_seams(column, _spans(rows)))[0].as_py().split("\n")
    assert [line for line in left if line.strip()] == [line for line in lines if line.strip() and line != "x"]
    assert left == [""] or _longest_gap(left) <= _longest_gap(lines)


def _longest_gap(lines: list[str]) -> int:
    return max(
        (len(list(run)) for empty, run in itertools.groupby(not line.strip() for line in lines) if empty), default=0
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=3), st.data())
def test_spans_of_a_cut_text_before_it_was_cut(sizes: list[int], data: st.DataObject):
    cuts, later, expected = [], [], set()
    for document, size in enumerate(sizes):
        gone = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
        places = [at for at, cut in enumerate(gone) if not cut]
        cuts += [(document, at, at + 1) for at, cut in enumerate(gone) if cut]
        again = data.draw(st.lists(st.booleans(), min_size=len(places), max_size=len(places)))
        later += [(document, at, at + 1) for at, cut in enumerate(again) if cut]
        expected |= {(document, places[at]) for at, cut in enumerate(again) if cut}
        expected |= {(document, at) for at, cut in enumerate(gone) if cut}
    cut, more = merge_spans([_spans(cuts)]), merge_spans([_spans(later)])
    union = merge_spans([cut, spans_before(more, cut)])
    rows = zip(*(column.tolist() for column in union), strict=True)
    assert {(document, at) for document, start, end in rows for at in range(start, end)} == expected
