"""datatrove's worker of `trim.py`: the three steps of its sentence de-duplication, in one process.

    PYTHON trim_peer.py TEXTS.parquet LANGUAGE OUT.json

Spans of three sentences as spaCy's sentencizer cuts them, nothing dropped for what is left (`min_doc_words` and
`min_num_sentences` 0). OUT gets the versions, CPU seconds of the three steps, and the texts as they are then.
"""

import importlib.metadata
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("LOGURU_LEVEL", "ERROR")

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import SentenceDedupFilter, SentenceDedupSignature, SentenceFindDedups
from datatrove.pipeline.dedup.sentence_dedup import SentDedupConfig
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import JsonlWriter

LANGUAGE = {"en": "eng_Latn", "zh": "cmn_Hani"}


def trim(path: Path, language: str, folder: Path) -> dict[int, str]:
    config = SentDedupConfig(n_sentences=3, min_doc_words=0, min_num_sentences=0)
    signatures, found, kept = (str(folder / name) for name in ("signatures", "found", "kept"))
    reader = ParquetReader(str(path.parent), glob_pattern=path.name, id_key="id")
    code = LANGUAGE[language]
    stages = [
        [reader, SentenceDedupSignature(signatures, config=config, language=code)],
        [SentenceFindDedups(signatures, found, config=config)],
        [
            reader,
            SentenceDedupFilter(found, config=config, language=code),
            JsonlWriter(kept, "${rank}.jsonl", compression=None),
        ],
    ]
    for number, pipeline in enumerate(stages):
        LocalPipelineExecutor(pipeline, tasks=1, workers=1, logging_dir=str(folder / f"log{number}")).run()
    lines = (line for file in Path(kept).iterdir() for line in file.open(encoding="utf-8"))
    return {int(row["id"]): row["text"] for row in map(json.loads, lines)}


def main() -> None:
    path, language, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        texts = trim(path, language, Path(folder))
        seconds = time.process_time() - start
    versions = {name: importlib.metadata.version(name) for name in ("datatrove", "spacy")}
    out.write_text(json.dumps({"seconds": seconds, "versions": versions, "texts": texts}), encoding="utf-8")


if __name__ == "__main__":
    main()
