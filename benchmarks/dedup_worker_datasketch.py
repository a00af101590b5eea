"""datasketch's worker of `dedup.py` (see `dedup_worker.py`): MinHashLSH as its documentation shows it.

128 permutations, bands chosen by the library for the threshold; a document is kept if the index of kept documents
answers its query with nothing. (Grouping by union-find instead would remove more, rightly and wrongly.)
"""

from datasketch import MinHash, MinHashLSH
from dedup_worker import in_memory, shingles, work

NUM_PERM = 128


def keep(texts: list[str], language: str, threshold: float, way: str) -> list[int]:
    index = MinHashLSH(threshold=threshold, num_perm=NUM_PERM)
    kept = []
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=NUM_PERM)
        sketch.update_batch([each.encode() for each in set(shingles(text, language, way))])
        if not index.query(sketch):
            index.insert(number, sketch)
            kept.append(number)
    return kept


if __name__ == "__main__":
    work(in_memory(keep), ("datasketch", "numpy"))
