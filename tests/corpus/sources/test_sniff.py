"""The content decides the format, not the name; what cannot be read is refused with a way out."""

import bz2
import gzip
import io
import tarfile

import pytest
import zstandard

from corpus.errors import InputError
from corpus.schema import RAW
from corpus.sources import read_records
from corpus.sources.sniff import sniff_format


def _rows(path, **options) -> list[dict]:
    return [row for batch in read_records(path, **options) for row in batch.to_pylist()]


HEADS = {
    b'{"text":"a"}\n{"text":"b"}': "jsonl",
    b'\xef\xbb\xbf{"text":"a"}\r\n': "jsonl",
    b'{"broken"\n{"text":"b"}\n': "jsonl",
    b'{"text":"' + b"x" * (1 << 16): "jsonl",
    b'[\n{"text":"a"},\n': "json",
    b'{\n  "text": "a"\n}\n': "json",
    b'{"RECORDS":[{"text":"a"}]}': "json",
    b"{curly} text": "text",
    b"[1] a footnote": "text",
    b"WARC/1.0\r\nWARC-Type: warcinfo\r\n": "warc",
    b"filedesc://a.arc 0.0.0.0 2010 text/plain": "arc",
    b"PAR1\x15\x04": "parquet",
    b"ARROW1\0\0": "arrow",
    b"\xff\xff\xff\xff\x10\x01\0\0": "arrow",
    b"\r\n<!-- x --><!DOCTYPE html>": "html",
    b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">': "html",
    b'\xef\xbb\xbf<?xml version="1.0"?><posts>': "xml",
    b"\xff\xfeh\0i\0": "text",
    "汉字".encode("gb18030"): "text",
    bytes(range(256)): "binary data",
    b"%PDF-1.4": "pdf",
}


@pytest.mark.parametrize("head", HEADS, ids=lambda head: repr(head[:16]))
def test_heads(head):
    assert sniff_format(head) == HEADS[head]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.ZstdCompressor().compress])
def test_json_lines_under_any_name(tmp_path, pack):
    path = tmp_path / "crawl.warc"
    path.write_bytes(pack(b'{"text":"a"}\n'))
    (batch,) = read_records(path)
    assert batch.schema == RAW and batch.column("text").to_pylist() == ["a"]


@pytest.mark.parametrize("data", [b"", b" \r\n\n", gzip.compress(b"")], ids=["none", "blank", "gzip"])
@pytest.mark.parametrize("format", ["auto", "jsonl", "json", "text", "warc", "parquet", "arrow", "html"])
def test_an_empty_file_is_one_unreadable_row(tmp_path, data, format):
    path = tmp_path / "a"
    path.write_bytes(data)
    assert [(row["outcome"], row["reason"]) for row in _rows(path, format=format)] == [("unreadable", "empty_file")]


def test_a_file_whose_first_byte_is_damaged_is_one_unreadable_row(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    packed = gzip.compress(b'{"text":"a"}')
    path.write_bytes(packed[:10])
    assert [row["reason"] for row in _rows(path)] == ["truncated_gzip"]
    path.write_bytes(packed[:10] + b"\xff" * 20)
    assert [row["reason"] for row in _rows(path)] == ["corrupt_gzip"]


def test_what_is_not_read_is_refused_before_the_first_batch(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("x"))
    path = tmp_path / "a.jsonl"
    path.write_bytes(out.getvalue())
    with pytest.raises(InputError, match=r"looks like tar.*'jsonl'"):
        read_records(path)
    with pytest.raises(InputError, match="no file"):
        read_records(tmp_path / "missing.jsonl")
    with pytest.raises(InputError, match=r"'csv' is not known.*'parquet'"):
        read_records(path, format="csv")
    (tmp_path / "table.csv.gz").write_bytes(b"label,review\n1,x\n")
    with pytest.raises(InputError, match="separated values"):
        read_records(tmp_path / "table.csv.gz")
    with pytest.raises(InputError, match="at least 1"):
        read_records(path, batch_rows=0)
