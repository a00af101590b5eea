"""Repeated lines, paragraphs and three-sentence spans: speed of finding and cutting them, beside datatrove.

    python benchmarks/trim.py                                   real text of ../shared/data
    python benchmarks/trim.py --datatrove PYTHON --most 2000    a Python that has datatrove and spaCy

Before anything is timed, generated documents with planted spans are cut: what is left must be what was not planted, and
in English and Chinese the words that datatrove leaves (white space aside, which it treats otherwise). On real text the
two do not define a sentence alike, so the share of characters that each cuts is shown instead. CPU seconds of all
threads, from a file to a file; datatrove's hold about a second in which it reads its models.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numba
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import real_text

from corpus.dedup.repeats import in_many, summarise
from corpus.dedup.seams import with_seams
from corpus.dedup.spans import Spans, cut_spans
from corpus.dedup.units import find_units
from corpus.kernels.units import find_spans

WAYS = ("lines", "paragraphs", "sentences")
MIN_DOCUMENTS = 20
ROUNDS = 3


def trimmed(path: Path, kind: str) -> pa.Array:
    """The texts of a Parquet file without what is repeated: lines by `min_documents`, the others but for the first."""
    text = pq.read_table(path, columns=["text"])["text"].combine_chunks().cast(pa.large_string())
    text = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    units = find_units(text, kind)
    groups = summarise(units.keys, units.spans.document, units.spans.document.astype(np.uint64))
    gone = ~groups.is_first
    if kind == "lines":
        gone = in_many(groups.keys, groups.num_documents, MIN_DOCUMENTS)[groups.group]
    left = cut_spans(text, with_seams(text, Spans(*(column[gone] for column in units.spans))))
    pq.write_table(pa.table({"text": left}), path.with_name(f"{kind}.left"))
    return left


def generated(language: str, num: int = 400) -> tuple[list[str], list[str]]:
    """Documents of eight sentences of their own, every third with a planted span; and what is to be left of each."""
    rng = random.Random(5)
    letters, gap, end = ("abcdefghijklmnoprstuvw", " ", ". ") if language == "en" else ("", "", "。")

    def sentence() -> str:
        if language == "en":
            words = ["".join(rng.choices(letters, k=rng.randint(3, 8))) for _ in range(rng.randint(6, 14))]
            return gap.join(words).capitalize()
        return "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(rng.randint(8, 20)))

    spans = [[sentence() for _ in range(3)] for _ in range(5)]
    texts, left, met = [], [], set()
    for number in range(num):
        own = [sentence() for _ in range(8)]
        whole = own
        if number % 3 == 0:
            planted, at = rng.randrange(len(spans)), rng.randrange(9)
            whole = own[:at] + spans[planted] + own[at:]
            own = own if planted in met else whole
            met.add(planted)
        texts.append("".join(f"{one}{end}" for one in whole).strip())
        left.append("".join(f"{one}{end}" for one in own).strip())
    return texts, left


def write(path: Path, texts: list[str]) -> None:
    path.parent.mkdir()  # of its own: datatrove reads all files of a folder that end like this one's name
    pq.write_table(pa.table({"id": [str(i) for i in range(len(texts))], "text": texts}), path)


def datatrove(python: str, path: Path, language: str) -> dict:
    """What `trim_peer.py` tells of the file."""
    out = path.with_suffix(".json")
    worker = Path(__file__).with_name("trim_peer.py")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, str(worker), str(path), language, str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(out.read_bytes())


def check(folder: Path, language: str, python: str | None) -> None:
    """Refuse to time what is wrong."""
    texts, left = generated(language)
    path = folder / f"planted-{language}" / "texts.parquet"
    write(path, texts)
    found = trimmed(path, "sentences").to_pylist()
    assert found == left, next((a, b) for a, b in zip(found, left, strict=True) if a != b)
    cut = sum(map(len, texts)) - sum(map(len, found))
    print(f"{language} planted: {len(texts)} documents, {cut:,} characters cut, as planted", end="")
    if python:
        theirs = datatrove(python, path, language)["texts"]
        same = sum("".join(theirs.get(str(i), "").split()) == "".join(text.split()) for i, text in enumerate(left))
        print(f"; {same} of {len(texts)} as datatrove", end="")
    print()


def measure(path: Path, language: str, python: str | None) -> None:
    """Speed on real text, one row a kind of unit."""
    before = pq.read_table(path)["text"].to_pylist()
    num_bytes, num_chars = sum(len(text.encode()) for text in before), sum(map(len, before))
    print(f"\n{language}: {len(before):,} documents, {num_bytes / 1e6:.1f} MB")
    seconds = {}
    for kind in WAYS:
        trimmed(path, kind)
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            left = trimmed(path, kind)
            times.append(time.process_time() - start)
        seconds[kind] = min(times)
        share = 1 - sum(map(len, left.to_pylist())) / num_chars
        print(f"  siku {kind:<11}{num_bytes / 1e6 / min(times):>8.1f} MB/s  {share:>6.2%} of characters cut")
    if python:
        result = datatrove(python, path, language)
        share = 1 - sum(map(len, result["texts"].values())) / num_chars
        speed = num_bytes / 1e6 / result["seconds"]
        print(f"  datatrove sentences {speed:>5.2f} MB/s  {share:>6.2%} of characters cut, {result['versions']}")
        print(f"  siku / datatrove, sentences: {result['seconds'] / seconds['sentences']:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--datatrove", help="a Python that has datatrove and spaCy")
    parser.add_argument("--most", type=int, default=1 << 40, help="documents of each language, taken evenly")
    options = parser.parse_args()
    if not real_text.DATA.is_dir():
        raise SystemExit(f"the shared data is not at {real_text.DATA}: nothing to read")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"python {platform.python_version()}, numba {numba.__version__}, pyarrow {pa.__version__}")
    find_spans(pa.array(["a."], pa.large_string()), "sentences")
    with tempfile.TemporaryDirectory() as name:
        for language in ("en", "zh"):
            check(Path(name), language, options.datatrove)
        for language in ("en", "zh"):
            texts = [text for _, _, text in real_text.documents(language)]
            path = Path(name, language, "texts.parquet")
            write(path, texts[:: max(1, len(texts) // options.most)])
            measure(path, language, options.datatrove)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
