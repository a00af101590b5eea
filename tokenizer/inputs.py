"""Files and folders -> the texts a tokenizer is trained on, each with its language.

A folder with a manifest gives its parts in the manifest's order; another folder every visible file in it, by
name. Arrow parts are read through `corpus.shards`, anything else (JSON lines, JSON, text, Parquet,
compressed or not) through `corpus.sources`, which goes by content and not by name. Text files are cut at
blank lines. Records that cannot be read, or have no text, are counted and passed over.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.errors import InputError
from corpus.shards import load_manifest, open_part, read_batches
from corpus.shards.manifest import FILE_NAME
from corpus.shards.write import TEMPORARY
from corpus.sources import read_records

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]")
_LOOK_CHARS = 2000
_ZH_SHARE = 0.2


def find_files(inputs: Sequence[str | Path]) -> list[Path]:
    """The files of all inputs, each once.

    Raises:
        InputError: an input does not exist, or none was given.
    """
    files: dict[Path, None] = {}
    for item in map(Path, inputs):
        if item.is_dir():
            files.update(dict.fromkeys(_files_of_folder(item)))
        elif item.is_file():
            files[item] = None
        else:
            raise InputError(f"there is no file or folder {str(item)!r}; give Arrow parts, JSON lines or text files")
    if not files:
        raise InputError(f"no file in {[str(item) for item in inputs]}; give a folder or files that hold text")
    return list(files)


def read_texts(files: Sequence[Path], column: str, passed_over: Counter[str]) -> Iterator[tuple[str, str]]:
    """The (language, text) of every document with text.

    Args:
        files: see `find_files`.
        column: name of the text column or field. "text" in a raw file also finds the forms that
            `corpus.sources.fields` knows.
        passed_over: counts the records without text, by reason.

    The language is the column `language` of Arrow parts where it is set, else "zh" where a fifth of the first
    2,000 code points are Han characters, else "other".
    """
    for file in files:
        pairs = _from_arrow(file, column) if file.suffix == ".arrow" else _from_raw(file, column, passed_over)
        for language, text in pairs:
            if text:
                yield language or _guess_language(text), text
            else:
                passed_over["no_text"] += 1


def _files_of_folder(folder: Path) -> list[Path]:
    if (folder / FILE_NAME).is_file():
        return [folder / part.path for part in load_manifest(folder).parts]
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and TEMPORARY not in path.name
        and not any(name.startswith(".") for name in path.relative_to(folder).parts)
    )


def _from_arrow(file: Path, column: str) -> Iterator[tuple[str | None, str | None]]:
    has_language = "language" in open_part(file).schema.names
    for batch in read_batches(file, [column, "language"] if has_language else [column]):
        texts = batch.column(column).to_pylist()
        languages = batch.column("language").to_pylist() if has_language else [None] * len(texts)
        yield from zip(languages, texts, strict=True)


def _from_raw(file: Path, column: str, passed_over: Counter[str]) -> Iterator[tuple[None, str | None]]:
    fields = None if column == "text" else {"text": column}
    for batch in read_records(file, fields=fields, split="blank_line"):
        rows = zip(*(batch.column(name).to_pylist() for name in ("outcome", "reason", "text")), strict=True)
        for outcome, reason, text in rows:
            if outcome == "document":
                yield None, text
            else:
                passed_over[reason or outcome] += 1


def _guess_language(text: str) -> str:
    start = text[:_LOOK_CHARS]
    return "zh" if len(_HAN.findall(start)) >= _ZH_SHARE * len(start) else "other"
