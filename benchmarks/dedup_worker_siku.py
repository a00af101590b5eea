"""Siku's worker of `dedup.py` (see `dedup_worker.py`): `near_duplicates` with its defaults, one thread, no Beam.

The file is read in batches: once to sign, once for the texts of candidates, once to write what is kept.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from dedup_worker import PLAIN, work

from corpus.dedup import NearOptions, near_duplicates

_ROWS = 8192  # read at once


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
        yield from file.iter_batches(_ROWS, columns=["text"], use_threads=False)


def keep(path: Path, folder: Path, language: str, threshold: float, way: str) -> list[int]:
    removals = near_duplicates(
        lambda: (batch["text"].cast(pa.large_string()) for batch in _batches(path)), NearOptions(threshold=threshold)
    )
    kept = np.ones(len(removals.cluster_size), bool)
    kept[removals.removed] = False
    start = 0
    with pq.ParquetWriter(folder / "kept.parquet", pa.schema([("text", pa.string())]), **PLAIN) as writer:
        for batch in _batches(path):
            writer.write_batch(batch.filter(pa.array(kept[start : start + len(batch)])))
            start += len(batch)
    return np.flatnonzero(kept).tolist()


def warm() -> None:
    words = [f"word{i}" for i in range(50)]
    texts = [" ".join(words), " ".join(words[1:]), " ".join(words[::-1]), "读 书"]
    near_duplicates(pa.array(texts, pa.large_string()), NearOptions())


if __name__ == "__main__":
    pa.set_cpu_count(1)
    work(keep, ("numba", "numpy", "pyarrow"), warm)
