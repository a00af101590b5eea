"""gaoya's worker of `dedup.py` (see `dedup_worker.py`): MinHashStringIndex with its default 20 bands of 5 rows.

Its own tokenizer, in Rust: word 5-grams for English and for folded text, character 5-grams for Chinese, lower case. A
document is kept if the index of kept documents answers its query with nothing.
"""

from dedup_worker import in_memory, work
from gaoya.minhash import MinHashStringIndex


def keep(texts: list[str], language: str, threshold: float, way: str) -> list[int]:
    analyzer = "char" if language == "zh" and way != "folded" else "word"
    index = MinHashStringIndex(
        hash_size=32, jaccard_threshold=threshold, analyzer=analyzer, lowercase=True, ngram_range=(5, 5)
    )
    kept = []
    for number, text in enumerate(texts):
        if not index.query(text):
            index.insert_document(number, text)
            kept.append(number)
    return kept


if __name__ == "__main__":
    work(in_memory(keep), ("gaoya",))
