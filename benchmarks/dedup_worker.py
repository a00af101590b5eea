"""What every worker of `dedup.py` does around its de-duplicator: one file of texts in, one file of kept texts out.

    PYTHON benchmarks/dedup_worker_NAME.py TEXTS.parquet FOLDER en|zh THRESHOLD WAY

A worker runs in an environment of its own, imports nothing of the others, and is timed from before it reads the file to
after it has written what is kept: CPU time of the process and its children. Imports, and what a library compiles or
loads the first time (`warm`), are not counted. The last line on standard output is JSON: the documents kept, seconds,
peak memory, versions.

`shingles` is the text handling for libraries that leave it to the user: word 5-grams for English, character 5-grams for
Chinese, lower case, without punctuation; of a text that was folded already (`WAY` "folded"), 5-grams of its tokens.
"""

import json
import re
import resource
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

PLAIN = {"compression": "none", "use_dictionary": False}  # of Parquet files: nobody's time is spent on compression
WINDOW = 5
WORD = re.compile(r"\w+")
Keep = Callable[[list[str], str, float, str], Sequence[int]]
KeepFile = Callable[[Path, Path, str, float, str], Sequence[int]]


def shingles(text: str, language: str, way: str) -> list[str]:
    """Word or character 5-grams, as strings; a shorter text is one shingle."""
    if way == "words":
        return text.split()
    if way == "folded":
        tokens = text.split(" ")
    elif language == "en":
        tokens = WORD.findall(text.lower())
    else:
        tokens = "".join(WORD.findall(text.lower()))
        return [tokens[i : i + WINDOW] for i in range(max(1, len(tokens) - WINDOW + 1))]
    return [" ".join(tokens[i : i + WINDOW]) for i in range(max(1, len(tokens) - WINDOW + 1))]


def in_memory(keep: Keep) -> KeepFile:
    """A de-duplicator of a list of texts as one from file to file."""

    def keep_file(path: Path, folder: Path, language: str, threshold: float, way: str) -> Sequence[int]:
        table = pq.read_table(path, columns=["text"])
        kept = keep(table["text"].to_pylist(), language, threshold, way)
        pq.write_table(table.take(pa.array(kept, pa.int64())), folder / "kept.parquet", **PLAIN)
        return kept

    return keep_file


def work(keep_file: KeepFile, packages: tuple[str, ...], warm: Callable[[], object] = lambda: None) -> None:
    """Run it on the file of the command line, timed."""
    path, folder, language, threshold, way = sys.argv[1:]
    warm()
    before = _cpu_s()
    kept = keep_file(Path(path), Path(folder), language, float(threshold), way)
    answer = {
        "kept": [int(i) for i in kept],
        "cpu_s": _cpu_s() - before,
        "rss_mb": _peak_mb(),
        "versions": {name: version(name) for name in packages},
    }
    print(json.dumps(answer), flush=True)


def _cpu_s() -> float:
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in each)


def _peak_mb() -> float:
    """Of this process since it was started; `ru_maxrss` would begin with the memory of the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
