"""Decontamination beside datatrove's n-gram filter: the same items, the same documents, one core, one run.

    python benchmarks/decontaminate.py --benchmark PATH --template TEMPLATE --data ../shared/data [--peer-python PATH]

Items are of a file the user names. Before anything is timed, items are planted into every tenth document, one in
three of them in capitals, and each must be found with its span. datatrove's filter needs the hashes of an index that is
made with lighteval; here they are made with its own functions from the same items, 13-grams as ours. It runs in its own
interpreter (`--peer-python`, one that has datatrove 0.10 and spacy) and on a part of the documents, since it is slow.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEER_DOCUMENTS = 60
N = 13
ROUNDS = 20


def peer() -> None:
    """In datatrove's interpreter: items and documents on stdin; flags, seconds and version on stdout."""
    import numpy as np
    from datatrove.data import Document
    from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.text import ngrams, simplify_text

    items, documents, language = json.load(sys.stdin)
    config = NGramsDecontConfig(n_grams=N, hash_config=HashConfig(hash_fc="sha1"))  # its xxhash wants an older xxhash
    with tempfile.TemporaryDirectory() as folder:
        filter_ = NGramsDecontFilter(folder, config, language=language)
        hashes = {
            filter_.hash_func(" ".join(gram))
            for item in items
            for gram in ngrams(filter_.tokenizer.word_tokenize(simplify_text(item, config.norm_config)), N)
        }
        np.array(sorted(hashes), dtype=config.hash_config.np_descr).tofile(Path(folder) / "items.index.hashes")
        filter_.filter(Document(text=documents[0], id="0"))
        start = time.process_time()
        flags = [filter_.filter(Document(text=text, id="0")) is not True for text in documents]
        seconds = time.process_time() - start
    print(json.dumps([flags, seconds, importlib.metadata.version("datatrove")]))


def texts_of(data: Path, pattern: str) -> list[str]:
    import zstandard

    texts = []
    for path in sorted(data.glob(pattern)):
        for line in zstandard.decompress(path.read_bytes()).decode().splitlines():
            record = json.loads(line)
            text = record.get("text") or record.get("raw_content") or ""
            texts += [text[i : i + 20_000] for i in range(0, len(text), 20_000)]
    return texts


def planted(texts: list[str], items: list[str]) -> tuple[list[str], dict[int, str]]:
    """The texts with a long item at the end of every tenth."""
    long = [item for item in items if len(item) > 200]
    leaks = {}
    out = list(texts)
    for i, row in enumerate(range(0, len(out), 10)):
        item = long[i % len(long)]
        leaks[row] = item.upper() if i % 3 == 0 else item
        out[row] += "\n" + leaks[row]
    return out, leaks


def main() -> None:
    import pyarrow as pa

    from corpus.ops.decontaminate import Benchmark, find_contamination, load_benchmarks

    parser = argparse.ArgumentParser()
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--template", required=True)
    parser.add_argument("--format", default="")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peer-python")
    arguments = parser.parse_args()
    index = load_benchmarks([Benchmark("items", arguments.benchmark, arguments.template, arguments.format)], N)
    versions = {name: importlib.metadata.version(name) for name in ("numba", "numpy", "pyarrow")}
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {versions}")
    print(index.summary()[0], f"{index.items.num_tokens.sum():,} tokens")
    for name, pattern, language in (
        ("en", "pretrain-en/**/*.jsonl.zst", "eng"),
        ("zh", "pretrain-zh/*.jsonl.zst", "zho"),
    ):
        clean = texts_of(arguments.data, pattern)
        texts, leaks = planted(clean, list(index.items.texts))
        found = find_contamination(pa.array(texts, pa.large_string()), index).to_pylist()
        for row, item in leaks.items():
            span = texts[row].encode()[found[row]["start"] : found[row]["end"]].decode()
            assert found[row]["share"] == 1 and item.startswith(span[:50]), (row, found[row])
        column = pa.array(clean, pa.large_string())
        hits = len(clean) - find_contamination(column, index)["benchmark"].null_count
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            find_contamination(column, index)
            times.append(time.process_time() - start)
        size = sum(len(text.encode()) for text in clean) / 1e6
        ours = size / min(times)
        print(f"{name}: {len(leaks)} planted items found; {hits} of {len(clean):,} real documents hit")
        print(f"{name}: {size:.1f} MB, siku {ours:.0f} MB/s")
        if arguments.peer_python:
            leaked = texts[: PEER_DOCUMENTS * 10 : 10]
            part = leaked + clean[1 : PEER_DOCUMENTS * 10 : 10]
            run = subprocess.run(
                [arguments.peer_python, __file__, "--as-peer"],
                input=json.dumps([index.items.texts, part, language]),
                capture_output=True,
                text=True,
                check=True,
            )
            flags, seconds, version = json.loads(run.stdout.splitlines()[-1])
            theirs = sum(len(text.encode()) for text in part) / 1e6 / seconds
            print(
                f"{name}: datatrove {version} {theirs:.2f} MB/s, ratio {ours / theirs:.0f}; it found "
                f"{sum(flags[: len(leaked)])} of {len(leaked)} planted, {sum(flags[len(leaked) :])} of the others"
            )


if __name__ == "__main__":
    if "--as-peer" in sys.argv:
        peer()
    else:
        main()
