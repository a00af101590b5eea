"""Single rows of a part, one batch at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from corpus.shards import open_part


def rows_at(path: Path, rows: np.ndarray, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The given (sorted) rows, in batches of one batch of the part each; other batches are not read."""
    reader = open_part(path, columns)
    start = 0
    for index in range(reader.num_record_batches):
        low = np.searchsorted(rows, start)
        if low == len(rows):
            return
        batch = reader.get_batch(index)
        high = np.searchsorted(rows, start + batch.num_rows)
        if low < high:
            yield batch.take(pa.array(rows[low:high] - start))
        start += batch.num_rows
