"""The index of a finished `dedup`, by which a later run is held against this one: `duplicates/index/`.

A part for each part of documents, a row a document. Removed documents are in it too, since a rule that drops the one
they went for brings one of them back (`pipelines.promote`): who of them was kept in the end says the ledger of
`selected/`, or, where there is none, `stays`. Hashes can't be compressed: 244 bytes a document with 25 bands, 268 with
URLs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.shards import Part, read_table, write_part
from pipelines.dedup_keys import SIGNED
from pipelines.fingerprint import code_hash
from pipelines.recipe import Dedup
from pipelines.stage import WORKINGS

_OF_SIGNED = ("id", "exact_0", "exact_1", "url_0", "url_1", "num_chars")
INDEX = pa.schema(
    [
        *(SIGNED.field(name) for name in _OF_SIGNED),
        ("stays", pa.bool_()),  # what dedup decided
        ("keys", pa.large_list(pa.uint64())),  # by which it is matched, in no order
    ]
)
SETTINGS = ("threshold", "recall", "rows_per_band", "shingle_tokens", "seed", "url")


def index_info(options: Dedup, on_prompt: Sequence[str]) -> dict[str, Any]:
    """What goes into the manifest: all that keys depend on, and how to compare the documents."""
    if not options.keep_index:
        return {}
    settings = options.model_dump(include=set(SETTINGS)) | {"code": code_hash("corpus.kernels.minhash")}
    settings |= {"url_code": code_hash("corpus.dedup.urls") if options.url else ""}
    return {"index": {"settings": settings, "on_prompt": list(on_prompt)}}


def write_index(folder: Path, name: str, start: int, stays: pa.Array) -> Part:
    """Write the index of one part of documents from what `sign` left of it.

    Args:
        name: of the part, without its ending.
        start: the number of its first document.
        stays: `[N]` bool.
    """
    signed = read_table(folder / WORKINGS / "signed" / f"{name}.arrow", _OF_SIGNED)
    keys = read_table(folder / WORKINGS / "keys" / f"{name}.arrow")
    rows = keys["document"].to_numpy() - start
    order = pa.array(np.argsort(rows, kind="stable"))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=signed.num_rows))])
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pc.take(keys["key"], order).combine_chunks())
    columns = [signed[column].combine_chunks() for column in _OF_SIGNED]
    batch = pa.record_batch([*columns, stays, lists], schema=INDEX)
    return write_part(folder, f"index/{name}.arrow", [batch], INDEX)
