"""Writes the sample crawl: six raw files in their publishers' formats and the truth beside them.

    >>> truth = generate(Path("raw"), seed=7, num_documents=3000)        # doctest: +SKIP

Guarantees: the same seed and number give the same bytes of every file; every record of every file has one
truth row.
"""

import random
from collections.abc import Callable
from pathlib import Path

from xxhash import xxh3_64_hexdigest

from corpus.errors import RecipeError
from corpus.schema import document_id
from pipelines.sample import record_files
from pipelines.sample.html import BOILERPLATE
from pipelines.sample.planting import FILES, INSTRUCT, Item, plant
from pipelines.sample.truth import Truth, TruthRow, write_truth
from pipelines.sample.web_files import web_file

MIN_DOCUMENTS = 100

_Writer = Callable[[str, list[Item], random.Random], tuple[bytes, list[Item]]]
_WRITERS: dict[str, _Writer] = {
    "web-en.warc.gz": web_file,
    "web-zh.warc.gz": web_file,
    "redpajama-en.jsonl.zst": record_files.redpajama,
    "wudao-zh.json": record_files.wudao,
    "news-zh.jsonl.gz": record_files.news,
    INSTRUCT: record_files.alpaca,
}


def _row(item: Item, file: str, record: int, ids: dict[int, str]) -> TruthRow:
    return TruthRow(
        id=ids[id(item)],
        file=file,
        record=record,
        kind=item.kind,
        group=item.group,
        language=item.article.language or None,
        expect=item.expect,
        accept_reasons=item.accept_reasons,
        edit=item.edit,
        form=item.form,
        of=ids[id(item.of)] if item.of else None,
        jaccard=item.jaccard,
    )


def generate(out_dir: Path, *, seed: int, num_documents: int) -> Truth:
    """Write the raw files and the truth of a crawl.

    Args:
        out_dir: made if it is not there; files of the same names are replaced.
        seed: any integer.
        num_documents: texts in all files together, copies, spam and junk included; at least 100.

    Raises:
        RecipeError: too few documents to plant every kind in.
    """
    if num_documents < MIN_DOCUMENTS:
        raise RecipeError(
            f"num_documents is {num_documents}; the sample needs at least {MIN_DOCUMENTS}, so that every "
            "kind of record can be planted; give a larger number"
        )
    out_dir.mkdir(parents=True, exist_ok=True)
    planted = plant(num_documents, random.Random(f"{seed}:plant"))
    random.Random(f"{seed}:order").shuffle(planted)
    files: dict[str, str] = {}
    contents: dict[str, list[Item]] = {}
    ids: dict[int, str] = {}
    for file in FILES:
        items = [item for item in planted if item.file == file]
        data, records = _WRITERS[file](file, items, random.Random(f"{seed}:{file}"))
        (out_dir / file).write_bytes(data)
        files[file], contents[file] = xxh3_64_hexdigest(data), records
        ids |= {id(item): document_id(files[file], number) for number, item in enumerate(records)}
    rows = [_row(item, file, number, ids) for file, records in contents.items() for number, item in enumerate(records)]
    held = (item for records in contents.values() for item in records if item.kind not in ("no_document", "broken"))
    texts = {ids[id(item)]: item.planted_text() for item in held}
    truth = Truth(out_dir, files, tuple(rows), texts, BOILERPLATE)
    write_truth(truth)
    return truth
