"""rensa's worker of `dedup.py` (see `dedup_worker.py`): RMinHashDeduplicator as its README shows it, and RMinHashLSH.

WAY "words": the README's tokens, `text.split()`. "text", "folded": 5-grams. "lsh": 5-grams, RMinHashLSH with 16 bands
of 8 rows; a document is kept if the index of kept documents answers its query with nothing.
"""

from dedup_worker import in_memory, shingles, work
from rensa import RMinHash, RMinHashDeduplicator, RMinHashLSH

NUM_PERM, BANDS = 128, 16


def keep(texts: list[str], language: str, threshold: float, way: str) -> list[int]:
    if way == "lsh":
        return _keep_lsh(texts, language, threshold)
    dedup = RMinHashDeduplicator(threshold=threshold, num_perm=NUM_PERM, use_lsh=True)
    is_new = dedup.add_pairs((str(i), shingles(text, language, way)) for i, text in enumerate(texts))
    return [i for i, new in enumerate(is_new) if new]


def _keep_lsh(texts: list[str], language: str, threshold: float) -> list[int]:
    index = RMinHashLSH(threshold=threshold, num_perm=NUM_PERM, num_bands=BANDS)
    kept = []
    for number, text in enumerate(texts):
        sketch = RMinHash(num_perm=NUM_PERM, seed=42)
        sketch.update(shingles(text, language, "text"))
        if not index.query(sketch):
            index.insert(number, sketch)
            kept.append(number)
    return kept


if __name__ == "__main__":
    work(in_memory(keep), ("rensa",))
