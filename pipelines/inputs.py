"""`siku run --input ...`: a recipe for people who just have files."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from corpus.errors import RecipeError
from pipelines.download import expand, is_remote

_ENDINGS = re.compile(
    r"(\.(jsonl?|ndjson|parquet|arrow|txt|text|warc|wet|arc|csv|html?|tar|gz|zst|bz2|xz|lz4))+$", re.I
)
_SHARD_NUMBER = re.compile(r"([-_.]?(part|shard|chunk|file)?[-_.]?\d+([-_.]?of[-_.]?\d+)?)+$", re.I)
_MOST_SOURCES = 200


def sources_of(inputs: list[str]) -> list[dict[str, Any]]:
    """One source a file name, shard numbers left out: `en-00001-of-00010.jsonl.zst` belongs to source `en`.

    Raises:
        RecipeError: an input matches no file.
    """
    files: dict[str, list[str]] = {}
    for pattern in inputs:
        for file in expand(pattern, "--input"):
            known = files.setdefault(source_name(file), [])
            if file not in known:
                known.append(file)
    if len(files) > _MOST_SOURCES:
        raise RecipeError(
            f"--input gives {len(files)} sources, one a file name, at most {_MOST_SOURCES} are sensible; write a "
            "recipe that names them (configs/ has examples)"
        )
    return [{"name": name, "files": sorted(paths)} for name, paths in sorted(files.items())]


def source_name(file: str) -> str:
    """The source that a file belongs to, from its name alone."""
    path = Path(unquote(urlsplit(file).path) if is_remote(file) else file)
    stem = _ENDINGS.sub("", path.name) or path.name
    name = _SHARD_NUMBER.sub("", stem) or path.parent.name or stem
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_") or "input"
