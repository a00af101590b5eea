"""Plain text: what a document is, which charset it is in, and where it begins."""

import gzip
import random

import pytest

from corpus.errors import InputError
from corpus.sources import read_records

TEXT = "第一段，有标点。\r\n第二行\r\n\r\n \r\nÄ second block\r\nof two lines\r\n"


def _rows(path, data: bytes, **options) -> list[dict]:
    path.write_bytes(data)
    return [row for batch in read_records(path, **options) for row in batch.to_pylist()]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_each_split_in_each_charset(tmp_path, charset):
    data, path = TEXT.encode(charset), tmp_path / "a.txt"
    whole = TEXT.replace("\r\n", "\n")
    assert [row["text"] for row in _rows(path, data)] == [whole]
    lines = _rows(path, data, split="line")
    assert [row["text"] for row in lines] == ["第一段，有标点。", "第二行", "Ä second block", "of two lines"]
    blocks = _rows(path, data, split="blank_line")
    assert [row["text"] for row in blocks] == ["第一段，有标点。\n第二行", "Ä second block\nof two lines"]
    if charset in ("utf-8", "gb18030"):
        for row, start in zip([*lines, *blocks], ["第一", "第二", "Ä", "of", "第一", "Ä"], strict=True):
            assert data[row["offset"] :].startswith(start.encode(charset))


def test_a_few_latin1_lines_in_an_ascii_file_stay_readable(tmp_path):
    data = b"plain line\n" * 50 + "caf\u00e9 society\n".encode("latin-1") + "汉字\n".encode()
    rows = _rows(tmp_path / "a.txt", data, split="line")
    assert [row["text"] for row in rows[50:]] == ["café society", "汉字"]


@pytest.mark.parametrize("split", ["line", "blank_line", "file"])
def test_a_truncated_file_keeps_its_lines_and_ends_with_one_row(tmp_path, split):
    draw = random.Random(5)
    lines = [f"{n} {draw.getrandbits(200)}" for n in range(4000)]
    packed = gzip.compress(("\n\n" if split == "blank_line" else "\n").join(lines).encode())
    *documents, last = _rows(tmp_path / "a.txt", packed[: len(packed) // 2], split=split)
    assert (last["outcome"], last["reason"]) == ("unreadable", "truncated_gzip")
    if split == "file":
        assert len(documents) == 1 and "\n".join(lines).startswith(documents[0]["text"])
    else:
        assert len(documents) > 500
        assert [row["text"] for row in documents[:-1]] == lines[: len(documents) - 1]


def test_a_page_keeps_its_bytes(tmp_path):
    page = b'<!DOCTYPE html>\n<meta charset="gbk"><p>' + "汉".encode("gbk")
    rows = _rows(tmp_path / "a.bin", page)
    assert [(row["html"], row["text"]) for row in rows] == [(page, None)]


def test_an_unknown_split_is_refused(tmp_path):
    with pytest.raises(InputError, match="blank_line"):
        _rows(tmp_path / "a.txt", b"x", split="paragraph")
