"""The planted truth: what each record of the sample crawl is, and what a good pipeline does with it.

`truth.jsonl` has one `TruthRow` a record of every raw file, in file order; `texts.jsonl.zst` the text that
was planted (for those that hold one), to measure extraction against; `boilerplate.json` the phrases of the
sites' furniture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import zstandard

from corpus.errors import InputError

KINDS = (
    "original",
    "exact_copy",
    "near_copy",
    "near_miss",
    "other_language",
    "spam",
    "short_junk",
    "no_document",
    "broken",
)
EXPECTATIONS = ("kept", "one_of_group", "dropped", "unreadable")


@dataclass(frozen=True)
class TruthRow:
    """One record of a raw file.

    id: `corpus.schema.document_id(file's xxh3-64, record)`.
    group: number of its duplicate group, of which exactly one member should be kept; None outside groups.
    expect: one of EXPECTATIONS.
    accept_reasons: shell patterns of reason codes; for a dropped record one of its codes must match one of
        them. Empty: any reason will do.
    edit: how a copy was made; for pages also charset and coding, in `form`.
    of: id of the record it was made from; jaccard: exact, over folded 5-grams, with that record's text.
    """

    id: str
    file: str
    record: int
    kind: str
    group: int | None
    language: str | None
    expect: str
    accept_reasons: tuple[str, ...] = ()
    edit: str | None = None
    form: str | None = None
    of: str | None = None
    jaccard: float | None = None


@dataclass(frozen=True)
class Truth:
    """A generated crawl: where it lies, its raw files' xxh3-64, every record, and the boilerplate phrases."""

    folder: Path
    files: Mapping[str, str]
    rows: tuple[TruthRow, ...]
    texts: Mapping[str, str]
    boilerplate: tuple[str, ...]


def write_truth(truth: Truth) -> None:
    """Write truth.jsonl, texts.jsonl.zst and boilerplate.json beside the raw files."""
    lines = b"".join(orjson.dumps(row) + b"\n" for row in truth.rows)
    (truth.folder / "truth.jsonl").write_bytes(lines)
    texts = b"".join(orjson.dumps({"id": key, "text": text}) + b"\n" for key, text in truth.texts.items())
    (truth.folder / "texts.jsonl.zst").write_bytes(zstandard.ZstdCompressor(level=3).compress(texts))
    (truth.folder / "boilerplate.json").write_bytes(orjson.dumps(truth.boilerplate, option=orjson.OPT_INDENT_2) + b"\n")


def read_rows(path: Path) -> list[TruthRow]:
    """The rows of a truth.jsonl.

    Raises:
        InputError: a line is no truth row.
    """
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            fields = orjson.loads(line)
            rows.append(TruthRow(**fields | {"accept_reasons": tuple(fields["accept_reasons"])}))
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"{path} line {number} is no row of a planted truth ({error}); expected the fields of "
                "TruthRow; generate the sample again with `python -m pipelines.sample OUT`"
            ) from error
    return rows


def read_texts(path: Path) -> dict[str, str]:
    """The planted text of each record id, from texts.jsonl.zst."""
    lines = zstandard.ZstdDecompressor().decompress(path.read_bytes()).splitlines()
    return {row["id"]: row["text"] for row in map(orjson.loads, lines)}
