"""The raw files: repeatable, readable by others, and record for record what the truth says."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
import zstandard
from fastwarc.warc import ArchiveIterator
from xxhash import xxh3_64_hexdigest

from corpus.errors import InputError, RecipeError
from corpus.schema import document_id
from pipelines.sample import Truth, generate, read_rows, read_texts
from pipelines.sample.__main__ import build_parser, kinds_table
from pipelines.sample.planting import FILES, SHARES
from pipelines.sample.truth import EXPECTATIONS, KINDS

NAMES = (*FILES, "truth.jsonl", "texts.jsonl.zst", "boilerplate.json")
WEB = ("web-en.warc.gz", "web-zh.warc.gz")


def warc_records(path: Path) -> list[tuple[str, int | None, str, bytes]]:
    """(record type, HTTP status, content type, decoded body) of each record, as fastwarc reads them."""
    out = []
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, parse_http=True, auto_decode="all"):
            http = record.http_headers
            status = http.status_code if http is not None else None
            out.append(
                (
                    record.headers["WARC-Type"],
                    status,
                    (http.get("Content-Type") if http is not None else None) or "",
                    record.reader.read(),
                )
            )
    return out


def test_same_seed_same_bytes_and_other_seed_other_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        generate(tmp_path / name, seed=seed, num_documents=150)
    for name in NAMES:
        one, two, other = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two", "other"))
        assert one == two, f"{name} differs between two runs of one seed"
        assert name == "boilerplate.json" or one != other, f"{name} does not depend on the seed"


def test_every_kind_is_planted_in_its_share(crawl: Truth) -> None:
    counts = Counter(row.kind for row in crawl.rows)
    assert set(counts) == set(KINDS)
    for kind, percent in SHARES.items():
        assert counts[kind] == 700 * percent // 100
    texts = sum(counts[kind] for kind in KINDS if kind not in ("no_document", "broken"))
    assert texts == 700 == len(crawl.texts)
    assert {row.expect for row in crawl.rows} == set(EXPECTATIONS)


def test_ids_come_from_the_bytes_of_the_finished_file_and_the_record_number(crawl: Truth) -> None:
    seen: Counter[str] = Counter()
    for row in crawl.rows:
        data_hash = crawl.files[row.file]
        assert row.id == document_id(data_hash, row.record)
        assert row.record == seen[row.file], "records are numbered from 0 without a gap, in file order"
        seen[row.file] += 1
    assert set(seen) == set(FILES)
    for file, data_hash in crawl.files.items():
        assert xxh3_64_hexdigest((crawl.folder / file).read_bytes()) == data_hash


@pytest.mark.parametrize("file", WEB)
def test_fastwarc_reads_as_many_records_as_were_planted_and_the_same_kinds(crawl: Truth, file: str) -> None:
    rows = [row for row in crawl.rows if row.file == file]
    records = warc_records(crawl.folder / file)
    kinds: Counter[str | None] = Counter()
    for row, (kind, status, content_type, body) in zip(rows, records, strict=True):
        page = kind == "response" and status == 200 and content_type.startswith("text/html")
        assert page == (row.kind != "no_document"), f"{file}:{row.record} is {kind} {status} {content_type}"
        assert not page or b"<html" in body
        kinds[row.edit if row.kind == "no_document" else "page"] += 1
    assert {"warcinfo", "request", "robots", "page"} <= set(kinds)
    assert {"missing", "moved", "image"} & set(kinds)


@pytest.mark.parametrize("file", WEB)
def test_every_sentence_of_a_planted_text_is_in_its_page(crawl: Truth, file: str) -> None:
    rows = [row for row in crawl.rows if row.file == file]
    seen = 0
    for row, (_, _, _, body) in zip(rows, warc_records(crawl.folder / file), strict=True):
        if row.kind not in ("original", "near_copy", "near_miss"):
            continue
        page = body.decode("gbk" if "gbk" in (row.form or "") else "utf-8")
        for line in crawl.texts[row.id].split("\n"):
            assert line.replace("&", "&amp;") in page
            seen += 1
    assert seen > 200


def test_gbk_pages_are_not_utf8_and_some_are_not_gb2312_whatever_they_declare(crawl: Truth) -> None:
    rows = [row for row in crawl.rows if row.file == "web-zh.warc.gz"]
    pages, beyond, forms = 0, 0, Counter()
    for row, record in zip(rows, warc_records(crawl.folder / "web-zh.warc.gz"), strict=True):
        if not row.form or "gbk" not in row.form:
            continue
        _, _, content_type, body = record
        with pytest.raises(UnicodeDecodeError):
            body.decode("utf-8")
        body.decode("gbk")
        try:
            body.decode("gb2312")
        except UnicodeDecodeError:
            beyond += 1
        form = row.form.split(";")[0]
        declared = b"charset=gb2312" in body or "gb2312" in content_type
        assert declared == ("undeclared" not in form)
        pages, forms[form] = pages + 1, forms[form] + 1
    assert pages > 40
    assert beyond > 0, "no page needs GBK: a decoder that takes gb2312 at its word would pass"
    assert len(forms) == 4


def test_web_pages_are_laden_with_boilerplate_that_no_planted_text_holds(crawl: Truth) -> None:
    laden = 0
    for _, _, _, body in warc_records(crawl.folder / "web-zh.warc.gz"):
        if b"</html>" in body:
            page = body.decode("utf-8", "ignore") + body.decode("gbk", "ignore")
            laden += sum(phrase in page for phrase in crawl.boilerplate) >= 10
    assert laden > 100
    for text in crawl.texts.values():
        assert not any(phrase in text for phrase in crawl.boilerplate)


def test_json_files_have_their_publishers_forms_and_the_planted_texts(crawl: Truth) -> None:
    of_file = {file: [row for row in crawl.rows if row.file == file] for file in FILES}

    data = zstandard.ZstdDecompressor().decompress((crawl.folder / "redpajama-en.jsonl.zst").read_bytes())
    red = [json.loads(line) for line in data.decode().splitlines()]
    assert {tuple(record["meta"]) for record in red} == {("url", "timestamp", "source", "language")}
    texts = [crawl.texts[row.id] for row in of_file["redpajama-en.jsonl.zst"]]
    assert [record["text"] for record in red] == texts

    wudao = json.loads((crawl.folder / "wudao-zh.json").read_bytes())
    fields = ("id", "uniqueKey", "titleUkey", "dataType", "title", "content")
    assert {tuple(record) for record in wudao} == {fields}
    assert [record["content"] for record in wudao] == [crawl.texts[row.id] for row in of_file["wudao-zh.json"]]

    alpaca = json.loads((crawl.folder / "instruct-zh-en.json").read_bytes())
    for record, row in zip(alpaca, of_file["instruct-zh-en.json"], strict=True):
        parts = [record[name] for name in ("instruction", "input", "output") if record[name]]
        assert "\n".join(parts) == crawl.texts[row.id]
    assert {row.language for row in of_file["instruct-zh-en.json"]} == {"en", "zh"}


def test_broken_news_lines_are_where_the_truth_says(crawl: Truth) -> None:
    rows = [row for row in crawl.rows if row.file == "news-zh.jsonl.gz"]
    lines = gzip.decompress((crawl.folder / "news-zh.jsonl.gz").read_bytes()).rstrip(b"\n").split(b"\n")
    broken = 0
    for row, line in zip(rows, lines, strict=True):
        if row.kind == "broken":
            with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
                json.loads(line.decode())
            broken += 1
        else:
            record = json.loads(line.decode())
            assert record["text"] == crawl.texts[row.id]
            assert set(record) == {"text", "title", "url"}
    assert broken >= 2


def test_truth_is_read_back_as_it_was_written(crawl: Truth) -> None:
    assert tuple(read_rows(crawl.folder / "truth.jsonl")) == crawl.rows
    assert read_texts(crawl.folder / "texts.jsonl.zst") == crawl.texts
    assert json.loads((crawl.folder / "boilerplate.json").read_bytes()) == list(crawl.boilerplate)


def test_a_damaged_truth_says_which_line(tmp_path: Path, crawl: Truth) -> None:
    lines = (crawl.folder / "truth.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "truth.jsonl").write_bytes(lines[0] + lines[1][:20] + b"\n")
    with pytest.raises(InputError, match="line 2"):
        read_rows(tmp_path / "truth.jsonl")


def test_too_few_documents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="at least 100"):
        generate(tmp_path, seed=1, num_documents=99)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seed", range(3))
def test_the_smallest_crawl_can_be_planted_with_any_seed(tmp_path: Path, seed: int) -> None:
    truth = generate(tmp_path, seed=seed, num_documents=100)
    assert len(truth.texts) == 100


def test_command_line_prints_a_row_a_file(crawl: Truth) -> None:
    options = build_parser().parse_args(["somewhere", "--documents", "300"])
    assert (options.documents, options.seed) == (300, 7)
    table = kinds_table(crawl)
    assert table.row_count == len(FILES) + 1
    assert [column.header for column in table.columns] == ["file", "bytes", *KINDS]
