"""Hugging Face datasets of token ids to token folders and back.

Read are a `datasets.Dataset`, a folder of its `save_to_disk`, or Parquet files, with a column of lists of ids. What is
trained on may come as `labels` (as the Trainer has them: beside the ids, not shifted, -100 where not) or as a mask.
Written are Parquet files with `id`, `source`, `language`, `input_ids` and, where the folder has loss spans, `labels`;
`datasets.load_dataset("parquet", data_files=...)` opens them. Ids and labels are int32 there.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from corpus.errors import RecipeError
from corpus.loader.loss_masks import mask_of, spans_of
from corpus.loader.write_tokens import TokenWriter
from corpus.shards.manifest import Manifest, load_manifest
from corpus.shards.read import read_batches

_BLOCK = 4096  # documents
_IGNORED = -100


def import_hf(
    dataset: Any,
    folder: str | Path,
    *,
    vocab_size: int,
    tokens: str = "input_ids",
    labels: str | None = None,
    mask: str | None = None,
    source: str = "datasets",
    language: str = "und",
    **info: Any,
) -> Manifest:
    """Write a token folder from a dataset.

    Args:
        dataset: a `datasets.Dataset`, a folder that `save_to_disk` wrote, or Parquet files (a file or a folder).
        folder: where to; must not have a manifest yet.
        vocab_size: number of ids.
        tokens: the column of ids.
        labels: a column of the same lengths, -100 where a token is not trained on.
        mask: a column of the same lengths, not 0 where a token is trained on.
        source, language: of every document that has no column of that name.
        info: goes into the manifest: `tokenizer_hash`, `eos_id`, `pad_id`.

    Raises:
        RecipeError: no such dataset or column; a mask of another length than its document.
    """
    if labels and mask:
        raise RecipeError("labels and a mask were given; one of them says what is trained on")
    chosen = labels or mask
    writer = TokenWriter(folder, vocab_size=vocab_size, loss_spans=chosen is not None)
    for table in _tables(dataset):
        for name in filter(None, (tokens, chosen)):
            if name not in table.column_names:
                raise RecipeError(f"there is no column {name!r}; there are {', '.join(table.column_names)}")
        kinds = [
            [value or given for value in table[name].to_pylist()]
            if name in table.column_names
            else itertools.repeat(given)
            for name, given in (("source", source), ("language", language))
        ]
        names = table["id"].to_pylist() if "id" in table.column_names else None
        rows = list(zip(*kinds, range(table.num_rows), strict=False))
        lengths, values = _flat(table[tokens])
        ends = np.cumsum(lengths)
        spans = None
        if chosen:
            marked, marks = _flat(table[chosen])
            if not np.array_equal(marked, lengths):
                raise RecipeError(f"column {chosen!r} has other lengths than {tokens!r}")
            masks = np.split(marks != (_IGNORED if labels else 0), ends[:-1])
            spans = [spans_of(one, len(one)) for one in masks]
        for (of, in_), group in itertools.groupby(rows, key=lambda row: row[:2]):
            places = [row[2] for row in group]
            first, last = places[0], places[-1] + 1
            writer.add(
                lengths[first:last],
                values[ends[first] - lengths[first] : ends[last - 1]],
                source=of,
                language=in_,
                ids=[str(name) for name in names[first:last]] if names else None,
                spans=spans[first:last] if spans else None,
            )
    return writer.finish(**info)


def export_hf(folder: str | Path, path: str | Path) -> int:
    """Write Parquet files from a token folder, one a part.

    Args:
        folder: of the tokens, on this machine.
        path: where to.

    Returns:
        Documents written.
    """
    import pyarrow.parquet as pq

    folder, path = Path(folder), Path(path)
    path.mkdir(parents=True, exist_ok=True)
    written = 0
    for part in load_manifest(folder).parts:
        table = pa.Table.from_batches([_as_rows(batch) for batch in read_batches(folder / part.path)])
        target = path / f"{part.path.removesuffix('.arrow')}.parquet"
        beside = target.with_name(f"{target.name}.tmp")
        pq.write_table(table, beside)
        beside.replace(target)
        written += table.num_rows
    return written


def _as_rows(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = {name: batch[name] for name in ("id", "source", "language")}
    lengths, ids = batch["num_tokens"].to_numpy(), batch["tokens"].flatten().to_numpy().astype(np.int32)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int64())
    columns["input_ids"] = pa.LargeListArray.from_arrays(offsets, pa.array(ids))
    if "loss_spans" in batch.schema.names:
        spans = batch["loss_spans"].to_pylist()
        masks = [mask_of(one, length) for one, length in zip(spans, lengths.tolist(), strict=True)]
        labels = np.where(np.concatenate([np.empty(0, bool), *masks]), ids, np.int32(_IGNORED))
        columns["labels"] = pa.LargeListArray.from_arrays(offsets, pa.array(labels))
    return pa.record_batch(columns)


def _flat(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Lengths and values of a column of lists."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if array.null_count or not (pa.types.is_list(array.type) or pa.types.is_large_list(array.type)):
        raise RecipeError(f"a column of lists without nulls is expected, this one is {array.type}")
    return np.diff(array.offsets.to_numpy()).astype(np.int64), array.flatten().to_numpy()


def _tables(dataset: Any) -> Iterator[pa.Table]:
    """Some rows at a time, as Arrow tables."""
    import datasets

    if not isinstance(dataset, datasets.Dataset):
        path = Path(dataset)
        files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        if (path / "state.json").is_file():
            dataset = datasets.Dataset.load_from_disk(str(path))
        elif files and all(file.suffix == ".parquet" and file.is_file() for file in files):
            dataset = None
            import pyarrow.parquet as pq

            for file in files:
                for batch in pq.ParquetFile(file).iter_batches(_BLOCK):
                    yield pa.Table.from_batches([batch])
        else:
            raise RecipeError(f"{path} is no folder of save_to_disk, and no Parquet files")
    if dataset is not None:
        yield from dataset.with_format("arrow").iter(_BLOCK)
