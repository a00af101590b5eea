"""The index of a finished `dedup`, by which a later run is held against this one: `duplicates/index/`.

A part for each part of documents, a row a document. Removed documents are in it too, since a rule that drops the one
they went for brings one of them back (`pipelines.promote`): who of them was kept in the end says the ledger of
`selected/`, or, where there is none, `stays`. Hashes can't be compressed: 244 bytes a document with 25 bands, 268 with
URLs.

With `keep_index: shingles` there is `duplicates/shingles/` as well, the shingle set of every document, 8 bytes a hash:
more than the text takes, but then a later run needs no text of this one. A row names its document by the exact key, and
the sum of its hashes tells a damaged one.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup import bounded_sets
from corpus.errors import ShardError
from corpus.kernels.shingle import exact_keys, shingle_sets
from corpus.shards import Part, read_batches, read_table, write_part
from pipelines.compared import columns_compared, compared
from pipelines.dedup_keys import SIGNED
from pipelines.fingerprint import code_hash
from pipelines.recipe import Dedup
from pipelines.rows import rows_at
from pipelines.stage import WORKINGS

_OF_SIGNED = ("id", "exact_0", "exact_1", "url_0", "url_1", "num_chars")
INDEX = pa.schema(
    [
        *(SIGNED.field(name) for name in _OF_SIGNED),
        ("stays", pa.bool_()),  # what dedup decided
        ("keys", pa.large_list(pa.uint64())),  # by which it is matched, in no order
    ]
)
SHINGLES = pa.schema(
    [
        ("exact_0", pa.uint64()),
        ("exact_1", pa.uint64()),
        ("sum", pa.uint64()),
        ("shingles", pa.large_list(pa.uint64())),  # from `corpus.dedup.bounded_sets`
    ]
)
SETTINGS = ("threshold", "recall", "rows_per_band", "measure", "shingle_tokens", "seed", "url")


def index_info(options: Dedup, on_prompt: Sequence[str]) -> dict[str, Any]:
    """What goes into the manifest: all that keys depend on, and how to compare the documents."""
    if not options.keep_index:
        return {}
    settings = options.model_dump(include=set(SETTINGS)) | {"rows_per_band": options.bands().rows}
    settings |= {"code": code_hash("corpus.kernels.minhash")}
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


def write_shingles(folder: Path, name: str, path: Path, num_tokens: int, on_prompt: Sequence[str]) -> Part:
    """Write the shingle sets of one part of documents, in its batches.

    Args:
        name: of the part, without its ending.
        path: of the part.
        num_tokens: of a shingle.
        on_prompt: sources that are compared by their prompt.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in read_batches(path, columns_compared(on_prompt)):
            text = compared(batch, on_prompt)
            hashes, offsets = bounded_sets(*shingle_sets(text, num_tokens))
            lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(hashes))
            keys = [pa.array(half) for half in np.ascontiguousarray(exact_keys(text).T)]
            yield pa.record_batch([*keys, pa.array(_sums(hashes, offsets)), lists], schema=SHINGLES)

    return write_part(folder, f"shingles/{name}.arrow", batches(), SHINGLES, compression=None)


def read_shingles(path: Path, rows: np.ndarray, exact: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The sets (hashes, offsets) of the given (sorted) rows, one batch at a time.

    Args:
        exact: `[N, 2]` the exact keys of their documents.

    Raises:
        ShardError: they are damaged or of other documents.
    """
    done = 0
    for batch in rows_at(path, rows, SHINGLES.names):
        lengths = pc.list_value_length(batch["shingles"]).to_numpy()
        hashes, offsets = batch["shingles"].flatten().to_numpy(), np.concatenate([[0], np.cumsum(lengths)])
        own = np.column_stack([batch[f"exact_{half}"].to_numpy() for half in (0, 1)])
        is_right = np.array_equal(own, exact[done : done + len(own)])
        if not is_right or not np.array_equal(batch["sum"].to_numpy(), _sums(hashes, offsets)):
            raise ShardError(f"{path} is damaged or of other documents")
        done += len(own)
        yield hashes, offsets
    if done != len(rows):
        raise ShardError(f"{path} has too few rows")


def _sums(hashes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(hashes, dtype=np.uint64)])
    return total[offsets[1:]] - total[offsets[:-1]]
