"""RAW batches with pages in them -> RAW batches with text.

`extract_text` is pure: the same batch gives the same batch, row by row, so `in = out` always holds. What a
page loses here is only markup and boilerplate; the text keeps its script and its full-width punctuation.
"""

import re

import pyarrow as pa
from resiliparse.parse.html import HTMLParserException

from corpus.extract.charset import decode
from corpus.extract.html import html_to_text
from corpus.schema import RAW, check_schema

__all__ = ["clean_text", "decode", "extract_text", "html_to_text"]

_LINE_END = re.compile(r"\r\n?")
_CHANGED = ("outcome", "reason", "detail", "title", "text", "prompt_chars")


def clean_text(text: str) -> str:
    r"""Line ends become LF; NUL, white space at the ends of lines and outer empty lines go.

    Example: `clean_text("a \r\nb\0")` -> `"a\nb"`.
    """
    if "\r" in text:
        text = _LINE_END.sub("\n", text)
    # not one regular expression: on a long run of spaces inside a line it is quadratic
    return "\n".join(line.rstrip() for line in text.replace("\0", "").split("\n")).strip("\n")


def extract_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Fill `text` and `title` of every document, null `html`, and judge the rows that have no text.

    `prompt_chars` is true of the text before and of the text after.

    Rows that are already dropped or unreadable pass unchanged. A page without text becomes dropped
    "no_text", a page that makes the parser fail becomes unreadable "html_invalid" with the parser's words.

    Args:
        batch: of schema RAW.

    Raises:
        SchemaError: where the batch is of another schema.
    """
    check_schema(batch, RAW, "extract_text")
    columns = {name: batch.column(name).to_pylist() for name in _CHANGED}
    for row, (html, charset) in enumerate(
        zip(batch.column("html").to_pylist(), batch.column("charset").to_pylist(), strict=True)
    ):
        if columns["outcome"][row] == "document":
            _extract_row(columns, row, html, charset)
    arrays = []
    for field in RAW:
        if field.name == "html":
            arrays.append(pa.nulls(batch.num_rows, field.type))
        elif field.name in columns:
            arrays.append(pa.array(columns[field.name], field.type))
        else:
            arrays.append(batch.column(field.name))
    return pa.RecordBatch.from_arrays(arrays, schema=RAW)


def _extract_row(columns: dict[str, list], row: int, html: bytes | None, charset: str | None) -> None:
    text, title = columns["text"][row], None
    if html is not None:
        try:
            text, title = html_to_text(html, charset)
        except HTMLParserException as error:
            columns["outcome"][row], columns["reason"][row] = "unreadable", "html_invalid"
            columns["detail"][row] = f"the page of {len(html)} bytes could not be parsed: {error}"
            return
    prompt_chars = columns["prompt_chars"][row]
    if text and prompt_chars:  # a blank line or the end is behind the prompt, so it is cleaned as it is in the whole
        columns["prompt_chars"][row] = len(clean_text(text[:prompt_chars]))
    text = clean_text(text or "")
    if not text.strip():
        columns["outcome"][row], columns["reason"][row] = "dropped", "no_text"
        columns["detail"][row] = "no text is left once markup and boilerplate are gone"
        text = columns["prompt_chars"][row] = None
    columns["text"][row] = text
    columns["title"][row] = columns["title"][row] or title
