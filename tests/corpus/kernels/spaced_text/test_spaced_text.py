"""The kernel equals its specification, and nothing in a text can reach fastText as a label or a line end."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.kernels.spaced_text import spaced_text
from corpus.kernels.spaced_text.classes import class_tables, kind, written

TEXT = st.text(
    st.one_of(
        st.sampled_from("aAbZ 0９Ａ汉字，。!!--__\n\t\0\u3000\ufeff\u200bé́Ⱥ①Ⅳ😀𠀀がกำ"),
        st.characters(exclude_categories=["Cs"]),
    )
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(TEXT, st.none()), max_size=5), st.booleans(), st.booleans(), st.booleans())
def test_kernel_equals_specification(texts: list[str | None], apart: bool, zero: bool, ends: bool) -> None:
    column = pa.array(["pad", *texts], pa.large_string())[1:]  # a slice: offsets don't begin at 0
    han = "apart" if apart else "joined"
    fast = spaced_text(column, han=han, digits_to_zero=zero, line_ends=ends)
    fast.validate(full=True)
    slow = spaced_text(column, han=han, digits_to_zero=zero, line_ends=ends, backend="naive")
    assert fast.to_pylist() == slow.to_pylist()
    assert spaced_text(fast, han=han, digits_to_zero=zero, line_ends=ends).equals(fast)
    for spaced in fast.to_pylist():
        assert spaced == " ".join(spaced.split()) and "__label__" not in spaced and "</s>" not in spaced


def test_there_is_room_for_what_grows_most() -> None:
    for growing, longest in (("\na", 5), ("aA-", 6), ("Ⱥ.", 6)):  # bytes that each makes, with blanks
        column = pa.array([growing * 10_000, "-", growing * 3], pa.large_string())
        fast = spaced_text(column, line_ends=True)
        fast.validate(full=True)
        assert fast.equals(spaced_text(column, line_ends=True, backend="naive"))
        assert len(fast[0].as_py().encode()) >= 0.8 * longest * 10_000, growing


def test_long_lines_and_every_code_point() -> None:
    everything = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    column = pa.array([everything, "A" * 1_000_000, "汉" * 100_000, "!" * 100_000], pa.large_string())
    fast = spaced_text(column).to_pylist()
    assert fast[0] == spaced_text(column[:1], backend="naive")[0].as_py()
    assert fast[1:] == ["a" * 1_000_000, " ".join("汉" * 100_000), "!!"]


def test_tables_agree_with_the_functions_everywhere() -> None:
    kinds, lower = class_tables(True, False)
    seen = 0
    for code_point in [*range(0x3000), *range(0xF000, 0x10000), 0x1F600, 0x20000, 0xE0001]:
        if 0xD800 <= code_point < 0xE000:
            continue
        assert kinds[code_point] == kind(chr(code_point)), hex(code_point)
        assert lower[code_point] == ord(written(chr(code_point), True)), hex(code_point)
        seen += unicodedata.category(chr(code_point)) == "Nd"
    assert seen > 100


@pytest.mark.parametrize(
    ("text", "apart", "joined"),
    [
        ("Don't PANIC", "don ' t panic", "don ' t panic"),
        ("他说：“用Ｐｙthon３写”。。。", "他 说 ： “ 用 python3 写 ” 。。", "他说 ： “ 用 python3 写 ” 。。"),
        ("__label__good </s>", "__ label __ good < / s >", "__ label __ good < / s >"),
        ("\r\n \0", "", ""),
        ("so\u00adft", "soft", "soft"),
        ("a . . b", "a . . b", "a . . b"),
    ],
)
def test_examples(text: str, apart: str, joined: str) -> None:
    column = pa.array([text])
    assert spaced_text(column)[0].as_py() == apart
    assert spaced_text(column, han="joined")[0].as_py() == joined


def test_line_ends_are_tokens_where_wanted() -> None:
    column = pa.array(["Home\r\nAbout us\n\n\nEnd"])
    assert spaced_text(column, line_ends=True)[0].as_py() == "home ¶ about us ¶¶ end"
    assert spaced_text(column)[0].as_py() == "home about us end"
