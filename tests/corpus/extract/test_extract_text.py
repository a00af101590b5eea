"""extract_text: row by row, pure, and nothing goes missing."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLParserException

from corpus import extract
from corpus.errors import SchemaError
from corpus.extract import clean_text, extract_text
from corpus.schema import RAW

PAGE = "<html><head><title>页</title></head><body><p>{}</p></body></html>"
BODY = "正文有足够多的字，所以不会被当作空页。" * 4


def _batch(*rows: dict) -> pa.RecordBatch:
    full = [{"offset": number, "outcome": "document", **row} for number, row in enumerate(rows)]
    return pa.RecordBatch.from_pylist(full, schema=RAW)


def test_every_kind_of_row():
    batch = _batch(
        {"html": PAGE.format(BODY).encode("gbk"), "charset": "gbk", "url": "u", "meta": "{}"},
        {"text": "a \r\nb\0\t\r\n\r\n全角，。 \n", "title": "own"},
        {"html": b"<html><script>x</script></html>"},
        {"outcome": "dropped", "reason": "warc_request", "detail": "d"},
        {"outcome": "unreadable", "reason": "json_invalid", "detail": "d", "text": None},
        {"text": "\0 \r\n"},
        {"html": PAGE.format(BODY).encode(), "title": "kept"},
        {},
    )
    before = batch.to_pylist()
    out = extract_text(batch)
    assert out.schema == RAW and out.num_rows == batch.num_rows
    assert batch.to_pylist() == before and extract_text(batch).equals(out)
    rows = out.to_pylist()
    assert [row["reason"] for row in rows] == [
        None,
        None,
        "no_text",
        "warc_request",
        "json_invalid",
        "no_text",
        None,
        "no_text",
    ]
    assert [row["outcome"] for row in rows] == [
        "document",
        "document",
        "dropped",
        "dropped",
        "unreadable",
        "dropped",
        "document",
        "dropped",
    ]
    assert (rows[0]["text"], rows[0]["title"], rows[0]["url"], rows[0]["meta"]) == (BODY, "页", "u", "{}")
    assert (rows[1]["text"], rows[1]["title"]) == ("a\nb\n\n全角，。", "own")
    assert rows[6]["title"] == "kept"
    assert all(row["html"] is None for row in rows)
    assert all((row["text"] is None) == (row["outcome"] != "document") for row in rows)


def test_a_page_the_parser_refuses_is_unreadable_with_its_words(monkeypatch):
    """Lexbor repairs any bytes, so the refusal is planted."""

    def refuse(html: bytes, charset: str | None):
        raise HTMLParserException("out of tags")

    monkeypatch.setattr(extract, "html_to_text", refuse)
    (row,) = extract_text(_batch({"html": b"<p>x", "url": "u"})).to_pylist()
    assert (row["outcome"], row["reason"], row["url"]) == ("unreadable", "html_invalid", "u")
    assert "out of tags" in row["detail"]


def test_another_schema_is_refused():
    with pytest.raises(SchemaError, match="extract_text"):
        extract_text(pa.RecordBatch.from_pydict({"text": ["a"]}))


def test_clean_text_leaves_everything_else():
    text = "  indented\n\u3000\u3000全角空格，ＡＢＣ！\n\n\n•\tbullet\u200b"
    assert clean_text(text) == text
    assert clean_text("\n\na  \nb\r") == "a\nb"
    assert clean_text("x" + " " * 200_000 + "y").endswith("y")  # quadratic white-space rules take minutes here


_MESSY = st.text(st.sampled_from("ab汉𠀀 \t\r\n\0\u3000\x1c\x85"), max_size=12)


@given(_MESSY, _MESSY)
def test_the_prompt_is_still_the_prompt_after_cleaning(prompt, answer):
    """The reader joins prompt and answer by a blank line; whatever is cleaned away, the count must follow."""
    whole = f"{prompt}\n\n{answer}" if answer else prompt
    row = extract_text(_batch({"text": whole, "prompt_chars": len(prompt)})).to_pylist()[0]
    if row["text"] is None:
        assert row["prompt_chars"] is None and not clean_text(whole).strip()
        return
    assert row["text"][: row["prompt_chars"]] == clean_text(prompt)
    assert row["text"][row["prompt_chars"] :].strip() == clean_text(answer).strip()
