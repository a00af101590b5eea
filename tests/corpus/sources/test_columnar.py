"""Parquet and Arrow: rows come in order with their numbers, and damage costs a row group or a batch."""

import io
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from corpus.sources import read_records

ROWS = [
    {
        "text": f"第{n}行 {random.Random(n).getrandbits(400):x}",
        "meta": {"url": f"u{n}", "tags": ["a", str(n)]},
        "n": n,
    }
    for n in range(3000)
]


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), out, row_group_size=500, use_dictionary=False, write_page_checksum=True)
    return out.getvalue()


def _arrow(kind: str) -> bytes:
    table, out = pa.Table.from_pylist(ROWS), io.BytesIO()
    make = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
    with make(out, table.schema) as writer:
        for batch in table.to_batches(max_chunksize=500):
            writer.write_batch(batch)
    return out.getvalue()


def _rows(path, data: bytes, **options) -> list[dict]:
    path.write_bytes(data)
    return [row for batch in read_records(path, **options) for row in batch.to_pylist()]


@pytest.mark.parametrize(
    "make", [_parquet, lambda: _arrow("file"), lambda: _arrow("stream")], ids=["pq", "file", "stream"]
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "zstd"])
def test_every_row_comes_back_with_nested_columns_in_meta(tmp_path, make, packed):
    data = zstandard.ZstdCompressor().compress(make()) if packed else make()
    rows = _rows(tmp_path / "a.bin", data, batch_rows=700)
    assert [row["text"] for row in rows] == [row["text"] for row in ROWS]
    assert [row["offset"] for row in rows] == list(range(3000))
    assert rows[7]["url"] == "u7"
    assert json.loads(rows[7]["meta"]) == {"meta": ROWS[7]["meta"], "n": 7}


def test_a_corrupt_row_group_is_one_row_and_the_others_are_read(tmp_path):
    data = bytearray(_parquet())
    column = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(2).column(0)
    start = column.data_page_offset
    data[start + 60 : start + column.total_compressed_size - 60] = bytes(column.total_compressed_size - 120)
    rows = _rows(tmp_path / "a.parquet", bytes(data))
    documents = [row for row in rows if row["outcome"] == "document"]
    bad = [row for row in rows if row["outcome"] != "document"]
    assert [(row["outcome"], row["reason"]) for row in bad] == [("unreadable", "row_group_corrupt")]
    assert "row group 2 of 6" in bad[0]["detail"] and "rows lost" in bad[0]["detail"]
    texts = {row["text"] for row in documents}
    assert {row["text"] for row in ROWS[:1000] + ROWS[1500:]} <= texts <= {row["text"] for row in ROWS}


def test_a_corrupt_batch_of_an_arrow_file_is_one_row(tmp_path):
    data = _arrow("file")
    with pa.ipc.open_file(io.BytesIO(data)) as reader:
        wanted = reader.get_batch(2).column("text").buffers()[1].to_pybytes()  # the offsets of the texts
    at = data.index(wanted)
    broken = data[:at] + b"\xff\xff\xff\x7f" * 40 + data[at + 160 :]
    rows = _rows(tmp_path / "a.arrow", broken)
    assert len(rows) == 2501
    assert (rows[1000]["outcome"], rows[1000]["reason"]) == ("unreadable", "batch_corrupt")
    assert "batch 2 of 6" in rows[1000]["detail"]
    assert [row["text"] for row in rows[1001:]] == [row["text"] for row in ROWS[1500:]]


def test_a_cut_stream_gives_its_whole_batches_and_one_row(tmp_path):
    data = _arrow("stream")
    rows = _rows(tmp_path / "a.arrow", data[: len(data) // 2])
    assert len(rows) > 500 and len(rows) % 500 == 1
    assert [row["text"] for row in rows[:-1]] == [row["text"] for row in ROWS[: len(rows) - 1]]
    assert rows[-1]["reason"] == "batch_corrupt"


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_what_is_no_such_file_is_one_unreadable_row(tmp_path, format):
    data = _parquet()[:-5000] if format == "parquet" else b"ARROW1\0\0" + bytes(100)
    for given in (data, b"not at all"):
        rows = _rows(tmp_path / "a.bin", given, format=format)
        assert [(row["outcome"], row["reason"]) for row in rows] == [("unreadable", f"{format}_invalid")]
