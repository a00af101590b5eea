"""`siku run --input ...`: a recipe for people who just have files."""

import os
import re
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from corpus.errors import RecipeError
from pipelines.download import expand, is_remote

_ENDINGS = re.compile(
    r"(\.(jsonl?|ndjson|parquet|arrow|txt|text|warc|wet|arc|csv|html?|tar|gz|zst|bz2|xz|lz4))+$", re.I
)
# `-00001-of-00010`, `_part-3`, `.chunk7`, `-0042`; a bare year (`-2024`) tells what the file is and stays
_SHARD_NUMBER = re.compile(
    r"""((^|[-_.])(
        (part|shard|chunk|file)[-_.]?[0-9]+([-_.]?of[-_.]?[0-9]+)?
        | [0-9]+[-_.]?of[-_.]?[0-9]+
        | (?!(19|20)[0-9]{2}(?![0-9]))[0-9]+
    ))+$""",
    re.I | re.X,
)
_MOST_SOURCES = 200
_NAME_CHARS = 64  # as `Source.name` allows


def sources_of(inputs: list[str]) -> list[dict[str, Any]]:
    """One source a file name, shard numbers left out: `en-00001-of-00010.jsonl.zst` belongs to source `en`.

    A file is taken once, by the first of its spellings.

    Raises:
        RecipeError: an input matches no file, is a recipe, or has a name that is not UTF-8.
    """
    files: dict[str, list[str]] = {}
    seen: set[str] = set()
    for pattern in inputs:
        _check(pattern)
        for file in expand(pattern, "--input"):
            _check(file)
            place = file if is_remote(file) else os.path.realpath(file)
            if place not in seen:
                seen.add(place)
                files.setdefault(source_name(file), []).append(file)
    if len(files) > _MOST_SOURCES:
        raise RecipeError(
            f"--input gives {len(files)} sources, one a file name, at most {_MOST_SOURCES} are sensible; write a "
            "recipe that names them (configs/ has examples)"
        )
    return [{"name": name, "files": sorted(paths)} for name, paths in sorted(files.items())]


def _check(file: str) -> None:
    try:
        file.encode()
    except UnicodeEncodeError:
        name = os.fsencode(file).decode("utf-8", "backslashreplace")
        raise RecipeError(
            f"--input: the file name {name} is not UTF-8, and manifests and ledgers could not hold it; rename the file"
        ) from None
    if _path(file).suffix.lower() in (".yaml", ".yml"):
        raise RecipeError(
            f"--input was given {file}: a recipe and --input don't go together; run the recipe alone "
            f"(`siku run {file}`) with these files among its sources, or leave it out"
        )


def _path(file: str) -> Path:
    return Path(unquote(urlsplit(file).path) if is_remote(file) else os.path.abspath(file))


def source_name(file: str) -> str:
    """The source that a file belongs to, from its name, or its folder's where the name is a shard number alone.

    Example: `news/zh-0001.jsonl.gz` -> `zh`, `news/0001.jsonl.gz` -> `news`, `维基 百科.jsonl` -> `维基_百科`.
    """
    path = _path(file)
    stem = _ENDINGS.sub("", path.name) or path.name
    name = unicodedata.normalize("NFC", _SHARD_NUMBER.sub("", stem) or path.parent.name or stem)
    # macOS hands out names decomposed; letters, marks and digits are what `\w` is in the schema's regular expressions
    known = "".join(c if c in "_.-" or unicodedata.category(c)[:1] in "LM" or _is_digit(c) else " " for c in name)
    return re.sub(" +", "_", known).lstrip("._")[:_NAME_CHARS].rstrip("_") or "input"


def _is_digit(character: str) -> bool:
    return unicodedata.category(character) in ("Nd", "Nl")
