"""datatrove's worker of `dedup.py` (see `dedup_worker.py`): its four MinHash stages, in one process, one task a bucket.

The default configuration, which is FineWeb's: word 5-grams, 14 buckets of 8 hashes (there is no threshold; it is about
0.72), punctuation off, lower case; Chinese words as in FineWeb-2 (`cmn_Hani`, jieba). It runs the same for every
threshold. The kept documents are written as JSON lines, from which their ids are read back.
"""

import json
import os
from pathlib import Path

import jieba
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import JsonlWriter
from dedup_worker import work

LANGUAGE = {"en": "eng_Latn", "zh": "cmn_Hani"}


def keep(path: Path, folder: Path, language: str, threshold: float, way: str) -> list[int]:
    config = MinhashConfig()
    signatures, buckets, removed, kept = (str(folder / name) for name in ("sigs", "buckets", "removed", "kept"))
    reader = ParquetReader(str(path.parent), glob_pattern=path.name, id_key="id")
    stages = [
        ([reader, MinhashDedupSignature(signatures, config, LANGUAGE[language])], 1),
        ([MinhashDedupBuckets(signatures, buckets, config=config)], config.num_buckets),
        ([MinhashDedupCluster(buckets, removed, config=config)], 1),
        ([reader, MinhashDedupFilter(removed), JsonlWriter(kept, "${rank}.jsonl", compression=None)], 1),
    ]
    for number, (pipeline, tasks) in enumerate(stages):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(folder / f"log{number}")).run()
    return [int(json.loads(line)["id"]) for file in Path(kept).iterdir() for line in file.open()]


if __name__ == "__main__":
    os.environ.setdefault("LOGURU_LEVEL", "ERROR")
    work(keep, ("datatrove", "spacy", "jieba"), jieba.initialize)
