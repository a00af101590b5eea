"""Siku's worker of `dedup.py` (see `dedup_worker.py`): `near_duplicates` with its defaults, one thread, no Beam."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from dedup_worker import PLAIN, work

from corpus.dedup import NearOptions, near_duplicates


def keep(path: Path, folder: Path, language: str, threshold: float, way: str) -> list[int]:
    table = pq.read_table(path, columns=["text"], use_threads=False)
    text = table["text"].combine_chunks().cast(pa.large_string())
    kept = np.ones(len(text), bool)
    kept[near_duplicates(text, NearOptions(threshold=threshold)).removed] = False
    pq.write_table(table.filter(pa.array(kept)), folder / "kept.parquet", **PLAIN)
    return np.flatnonzero(kept).tolist()


def warm() -> None:
    words = [f"word{i}" for i in range(50)]
    texts = [" ".join(words), " ".join(words[1:]), " ".join(words[::-1]), "读 书"]
    near_duplicates(pa.array(texts, pa.large_string()), NearOptions())


if __name__ == "__main__":
    pa.set_cpu_count(1)
    work(keep, ("numba", "numpy", "pyarrow"), warm)
