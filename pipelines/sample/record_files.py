"""The JSON files: RedPajama, WuDao 2.0, Alpaca and plain news, each in the form its publisher uses."""

import gzip
import json
import random

import zstandard
from xxhash import xxh3_128_hexdigest

from pipelines.sample.compose import Article
from pipelines.sample.planting import Item

_TYPES = ("科技", "文化", "生活", "教育", "旅游", "健康", "百科")


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _date(rng: random.Random) -> str:
    return f"20{rng.randint(12, 23)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def redpajama(file: str, items: list[Item], rng: random.Random) -> tuple[bytes, list[Item]]:
    """JSON lines of text and meta, zstandard; `language` says "en" whatever the text is."""
    lines = []
    for number, item in enumerate(items):
        meta = {
            "url": f"https://www.archive{number % 7}.example/{number}",
            "timestamp": f"{_date(rng)}T{rng.randrange(24):02d}:00:00Z",
            "source": "c4",
            "language": "en",
        }
        lines.append(_dump({"text": item.planted_text(), "meta": meta}) + "\n")
    return zstandard.ZstdCompressor(level=3).compress("".join(lines).encode()), items


def wudao(file: str, items: list[Item], rng: random.Random) -> tuple[bytes, list[Item]]:
    """One JSON array."""
    records = []
    for number, item in enumerate(items):
        title = item.article.title
        records.append(
            {
                "id": 200_000 + number,
                "uniqueKey": xxh3_128_hexdigest(f"{number}:{title}".encode()),
                "titleUkey": xxh3_128_hexdigest(title.encode()),
                "dataType": rng.choice(_TYPES),
                "title": title,
                "content": item.planted_text(),
            }
        )
    return _dump(records).encode(), items


def alpaca(file: str, items: list[Item], rng: random.Random) -> tuple[bytes, list[Item]]:
    """One indented JSON array of instruction, input and output."""
    return json.dumps([item.fields for item in items], ensure_ascii=False, indent=2).encode(), items


def _broken(line: bytes, rng: random.Random) -> tuple[bytes, str]:
    """A line no strict reader can read: cut short, or with bytes that are not UTF-8."""
    if rng.random() < 0.5:
        return line[: len(line) // 2].decode(errors="ignore").encode(), "truncated_json"
    at = line.index(b'"text"') + 12
    return line[:at] + b"\xff\xfe\xfd" + line[at:], "invalid_utf8"


def news(file: str, items: list[Item], rng: random.Random) -> tuple[bytes, list[Item]]:
    """Gzipped JSON lines of text, title and url; about one line in 25, and two at the least, is broken."""
    lines, truth = [], []
    chosen = set(rng.sample(range(len(items)), min(len(items), max(2, len(items) // 25))))
    for number, item in enumerate(items):
        url = f"https://news{number % 5}.example/{_date(rng).replace('-', '/')}/{number}.shtml"
        record = {"text": item.planted_text(), "title": item.article.title, "url": url}
        line = _dump(record).encode()
        if number in chosen:
            bad, edit = _broken(line, rng)
            lines.append(bad)
            truth.append(Item(file, Article("", "", ()), "broken", "unreadable", edit=edit))
        lines.append(line)
        truth.append(item)
    return gzip.compress(b"\n".join(lines) + b"\n", 6, mtime=0), truth
