"""Texts of single rows of a part, one batch at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from corpus.shards import open_part


def texts_at(path: Path, rows: np.ndarray) -> Iterator[pa.Array]:
    """The `text` of the given (sorted) rows, in arrays of one batch of the part each; other batches are not read."""
    reader = open_part(path, ["text"])
    start = 0
    for index in range(reader.num_record_batches):
        low = np.searchsorted(rows, start)
        if low == len(rows):
            return
        batch = reader.get_batch(index)
        high = np.searchsorted(rows, start + batch.num_rows)
        if low < high:
            yield batch["text"].take(pa.array(rows[low:high] - start))
        start += batch.num_rows
