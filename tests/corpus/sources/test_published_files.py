"""The publishers' files of ../shared/data: what is wrong in them is met, counted and reported."""

import re
from collections import Counter
from pathlib import Path

import orjson
import pytest

from corpus.extract import extract_text
from corpus.sources import read_records
from corpus.sources.compression import open_stream

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared data is not at {DATA}")


def _find(pattern: str) -> list[Path]:
    found = sorted(path for path in DATA.glob(pattern) if path.is_file())
    assert found, f"{pattern} matches nothing under {DATA}"
    return found


def _count(path: Path, **options) -> Counter:
    return Counter(
        outcome if outcome == "document" else f"{outcome}:{reason}"
        for batch in read_records(path, **options)
        for outcome, reason in zip(batch["outcome"].to_pylist(), batch["reason"].to_pylist(), strict=True)
    )


def _bytes(path: Path) -> bytes:
    return b"".join(open_stream(path).chunks)


def test_an_array_with_a_trailing_comma_gives_every_record():
    (path,) = _find("instruction/alpaca_chinese_dataset/alpaca_data-9407-12345*")
    data = _bytes(path)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(data)
    num_records = len(re.findall(rb'"instruction"\s*:', data))
    assert num_records > 2000
    assert _count(path) == {"document": num_records}


@pytest.mark.parametrize(
    "pattern", ["instruction/**/*.json.zst", "instruction/**/*.jsonl.*", "pretrain-*/**/*.jsonl.*"]
)
def test_json_files_give_as_many_rows_as_a_naive_reading(pattern):
    num_rows = 0
    for path in _find(pattern):
        data = _bytes(path).removeprefix(b"\xef\xbb\xbf")
        try:
            expected = len(orjson.loads(data)) if data.lstrip().startswith(b"[") else None
        except orjson.JSONDecodeError:
            continue
        if expected is None:
            expected = sum(bool(line.strip()) for line in data.split(b"\n"))
        rows = _count(path)
        assert rows.total() == expected, path
        num_rows += expected
    assert num_rows > 1000


def test_instruction_wild_lines_are_read_or_counted():
    num_rows = 0
    for path in _find("instruction/instructionwild/*.jsonl.zst"):
        lines = [line for line in _bytes(path).split(b"\n") if line.strip()]
        num_bad = 0
        for line in lines:
            try:
                orjson.loads(line)
            except orjson.JSONDecodeError:
                num_bad += 1
        rows = _count(path)
        assert rows["unreadable:json_invalid"] == num_bad
        assert rows["document"] == len(lines) - num_bad
        num_rows += len(lines)
    assert num_rows > 1000


def test_belle_json_is_json_lines():
    (path,) = _find("instruction/belle/eval_set.json.zst")
    for format in ("auto", "json", "jsonl"):
        assert _count(path, format=format) == {"unreadable:no_text_field": 800}
        assert _count(path, format=format, fields={"text": ["question", "std_answer"]})["document"] > 700


def test_latin1_lines_of_an_ascii_file_are_readable():
    (path,) = _find("pretrain-en/news/abc-science.txt.zst")
    lines = [
        text for batch in read_records(path, split="line") for text in batch["text"].to_pylist() if not text.isascii()
    ]
    assert lines and not any("\ufffd" in line for line in lines)


def _warcs() -> list[Path]:
    return sorted(path for path in DATA.glob("warc/*/*") if path.is_file()) if DATA.is_dir() else []


@pytest.mark.parametrize("path", _warcs(), ids=lambda path: path.name)
def test_every_record_of_a_warc_is_one_row(path):
    data = _bytes(path)
    rows = _count(path)
    if data.startswith(b"filedesc://"):
        assert rows == {"unreadable:arc_not_supported": 1}
        return
    assert rows.total() == len(re.findall(rb"(?:\A|\n)WARC/[01]\.\d+\r?\n", data)) > 0
    assert not any(reason.startswith("unreadable") for reason in rows), rows
    num_responses = len(re.findall(rb"\nWARC-Type: *(?:response|conversion)\r?\n", data))
    by_response = {"document", "dropped:empty_text", "dropped:not_http", "dropped:robots_txt"}
    assert num_responses == sum(
        n
        for reason, n in rows.items()
        if reason in by_response or reason.startswith(("dropped:http", "dropped:content"))
    )


def test_the_documents_of_all_warcs_have_readable_text():
    texts = [
        text
        for path in _warcs()
        for batch in map(extract_text, read_records(path))
        for text in batch["text"].to_pylist()
        if text is not None
    ]
    assert len(texts) > 180
    assert sum(text.count("\ufffd") for text in texts) < 10
    assert any("Стратегия" in text for text in texts) and any("南方日报" in text for text in texts)
