"""Lines, sentences and keys from the buffers equal the specification; what a sentence is stands in a table."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.kernels.units import find_spans, folded_keys, naive, paragraph_keys
from corpus.kernels.units.classes import paragraph_form, paragraph_table

TEXT = st.text(
    st.one_of(
        st.sampled_from("aB1. ..!?\n\n…。！？”\"')」, \t\u3000\xa0汉字é\u0301$+|-７𠀀😀İẞﬁ가"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=80,
)
TEXTS = st.lists(st.one_of(TEXT, st.none()), max_size=5)


def _column(texts: list[str | None]) -> pa.Array:
    return pa.array(["pad. ", *texts], pa.large_string())[1:]  # a slice: offsets don't begin at 0


@settings(max_examples=300, deadline=None)
@example(['J. Smith is 1. He ran."  (So?) 3.14!', "a", "", "\n", "。", ". a .", "……好。”x"])
@given(TEXTS)
def test_kernels_equal_the_specification(texts: list[str | None]):
    text = _column(texts)
    for unit in ("lines", "sentences"):
        fast, slow = find_spans(text, unit), find_spans(text, unit, backend="naive")
        for one, other in zip(fast, slow, strict=True):
            assert one.tolist() == other.tolist(), unit
        for keys in (folded_keys, paragraph_keys):
            assert keys(text, *fast).tolist() == keys(text, *fast, backend="naive").tolist(), (unit, keys.__name__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ('He said "Go." She went.', ['He said "Go."', "She went."]),
        ("Version 3.14 of J. Smith and e.g. this. End", ["Version 3.14 of J. Smith and e.g. this.", "End"]),
        ("1. Rinse. 2. Repeat.", ["1. Rinse.", "2. Repeat."]),
        ("今天很好。明天呢？“走吧！”他说……好", ["今天很好。", "明天呢？", "“走吧！”", "他说……", "好"]),
        ("A title\n  Its text. \n\n***\n", ["A title", "Its text."]),
        ("--- . !", []),
        ("no end", ["no end"]),
    ],
)
def test_what_a_sentence_is(text: str, expected: list[str]):
    _, start, end = find_spans(_column([text]), "sentences")
    assert [text.encode()[s:e].decode() for s, e in zip(start, end, strict=True)] == expected


def test_keys_are_of_the_normalised_text():
    def keys(function, *lines: str) -> int:
        text = _column(["\n".join(lines)])
        return len(np.unique(function(text, *find_spans(text, "lines")), axis=0))

    assert keys(folded_keys, "Read more: 開始", "read MORE 开始！", "ｒｅａｄ more  «开始»") == 1
    assert keys(folded_keys, "Page 1", "Page 2") == 2
    assert keys(paragraph_keys, "Page 12, café", "  page 34  cafe\u0301!", "PAGE ７８ CAFE") == 1
    assert keys(paragraph_keys, "Page 1", "Page 12") == 2
    assert keys(paragraph_keys, "開始", "开始") == 2


def test_long_and_many_units():
    text = _column(["a\n" * 1_500_000, "é" * 100_000 + ".", "b. " * 1000])
    document, start, end = find_spans(text, "lines")
    assert np.bincount(document).tolist() == [1_500_000, 1, 1]
    assert (end - start)[document == 1].tolist() == [200_001]
    assert np.bincount(find_spans(text, "sentences")[0]).tolist() == [1_500_000, 1, 1]
    assert len(np.unique(folded_keys(text, document, start, end), axis=0)) == 3


def test_the_table_agrees_with_the_form_everywhere():
    forms, many = paragraph_table()
    seen = 0
    for code_point in [*range(0x3500), *range(0x9F00, 0xB000), *range(0xF000, 0x12000), 0x1D7CE, 0x2F800, 0xE0100]:
        form, expected = int(forms[code_point]), paragraph_form(chr(code_point))
        run = [form] if form >= 0 else [] if form == -1 else many[-3 - form + 1 :][: many[-3 - form]].tolist()
        assert "".join(map(chr, run)) == expected, hex(code_point)
        seen += len(expected) > 1
    assert seen > 10 and naive.paragraph_key("a  b")[0] == naive.paragraph_key(" A\tb.")[0]
