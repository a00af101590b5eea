"""JSON lines: every record keeps its place, and what cannot be read says why and where."""

import gzip
import json
import math

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.sources import read_records
from corpus.sources.fields import FieldMap
from corpus.sources.jsonl import read_jsonl
from corpus.sources.lines import split_lines


def _rows(path, **options) -> list[dict]:
    return [row for batch in read_records(path, **options) for row in batch.to_pylist()]


def _chunks(data: bytes, sizes: list[int]):
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


def test_crlf_bom_blank_lines_and_a_missing_last_line_end(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text":"a"}\r\n\r\n  \n{"text":"\xe6\xb1\x89"}\r\n{"text":"c"}')
    rows = _rows(path)
    assert [row["text"] for row in rows] == ["a", "汉", "c"]
    data = path.read_bytes()
    assert [data[row["offset"] :].lstrip(b"\xef\xbb\xbf")[:1] for row in rows] == [b"{"] * 3


def test_each_bad_line_is_one_row_with_its_reason_and_the_rest_is_read(tmp_path):
    lines = {
        b'{"text":"one"}': ("document", None),
        b'{"text":"broken \\q"}': ("unreadable", "json_invalid"),
        b'{"text":"cut in': ("unreadable", "json_invalid"),
        b'two"}': ("unreadable", "json_invalid"),
        b'{"text":"\xff\xfe"}': ("unreadable", "utf8_invalid"),
        b'["text"]': ("unreadable", "json_not_object"),
        b'{"label":1}': ("unreadable", "no_text_field"),
        b'{"text":""}': ("dropped", "empty_text"),
        b'{"text":7}': ("dropped", "empty_text"),
        b'{"text":"nan is kept","score":NaN}': ("document", None),
        b'{"text":"half \\ud83d pair"}': ("document", None),
        b'{"text":"a tab\there"}': ("document", None),
        b'{"text":"last"}': ("document", None),
    }
    path = tmp_path / "a.jsonl"
    data = b"\n".join(lines)
    path.write_bytes(data)
    rows = _rows(path)
    assert [(row["outcome"], row["reason"]) for row in rows] == list(lines.values())
    for row, line in zip(rows, lines, strict=True):
        assert data[row["offset"] :].startswith(line)
        assert (row["detail"] is None) == (row["outcome"] == "document")
    assert f"byte {rows[1]['offset']}" in rows[1]["detail"]
    assert rows[6]["detail"].endswith("label")
    assert rows[10]["text"] == "half \ufffd pair"
    assert rows[9]["meta"] == '{"score":null}'


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.77, 0.99])
def test_a_truncated_gzip_keeps_every_complete_line_before_the_cut(tmp_path, share):
    import random
    import zlib

    draw = random.Random(7)
    lines = [orjson.dumps({"text": f"{n} {draw.getrandbits(256):x}"}) for n in range(3000)]
    packed = gzip.compress(b"\n".join(lines) + b"\n")
    cut = int(share * len(packed))
    path = tmp_path / "a.jsonl"
    path.write_bytes(packed[:cut])
    reachable = zlib.decompressobj(31).decompress(packed[:cut])
    num_whole = reachable.count(b"\n")
    *documents, last = _rows(path)
    assert num_whole > 50
    assert [row["text"] for row in documents[:num_whole]] == [orjson.loads(line)["text"] for line in lines[:num_whole]]
    assert len(documents) - num_whole in (0, 1)  # 1: the cut fell between a record and its line end
    assert {row["outcome"] for row in documents} == {"document"}
    assert (last["outcome"], last["reason"]) == ("unreadable", "truncated_gzip")
    assert str(cut) in last["detail"]


def test_a_line_beyond_the_limit_is_skipped_and_the_next_is_read():
    data = b"short\n" + b"x" * 1000 + b"\nafter\n" + b"y" * 500
    lines = list(split_lines(_chunks(data, [100] * 10), 300))
    assert [(line.offset, line.data) for line in lines] == [
        (0, b"short"),
        (6, None),
        (1007, b"after"),
        (1013, None),
    ]
    assert [line.num_bytes for line in lines] == [5, 1000, 5, 500]


def test_a_line_of_many_megabytes_is_read(tmp_path):
    path = tmp_path / "big.jsonl"
    text = "字" * (8 << 20)
    path.write_bytes(orjson.dumps({"text": text}) + b'\n{"text":"next"}\n')
    rows = _rows(path)
    assert [len(row["text"]) for row in rows] == [8 << 20, 4]


def test_batches_are_bounded_in_rows_and_bytes(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text":"0123456789"}\n' * 100)
    assert [batch.num_rows for batch in read_records(path, batch_rows=30)] == [30, 30, 30, 10]
    assert [batch.num_rows for batch in read_records(path, batch_bytes=200)] == [20] * 5


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_records = st.lists(
    st.fixed_dictionaries({"text": st.text(min_size=1).filter(str.strip), "extra": _values}), max_size=8
)


@settings(max_examples=100, deadline=None)
@given(records=_records, sizes=st.lists(st.integers(1, 40), max_size=30), escaped=st.booleans())
def test_any_records_come_back_whatever_the_chunks(records, sizes, escaped):
    data = b"\n".join(json.dumps(record, ensure_ascii=escaped).encode() for record in records)
    rows = list(read_jsonl(_chunks(data, sizes), FieldMap()))
    assert [row.text for row in rows] == [record["text"] for record in records]
    for row, record in zip(rows, records, strict=True):
        extra = json.loads(row.meta)["extra"]
        assert extra == record["extra"] or math.isclose(extra, record["extra"])


def test_the_texts_survive_batches(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("\n".join(json.dumps({"text": f"第{n}行 😀"}) for n in range(50)), encoding="utf-8")
    assert [row["text"] for row in _rows(path, batch_rows=7)] == [f"第{n}行 😀" for n in range(50)]
