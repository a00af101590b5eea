"""How the `dedup` stage grows: the same kind of generated corpus at several sizes, with hot clusters in each.

    python benchmarks/dedup_scale.py --documents 100000 1000000 --words 160 --language en
    python benchmarks/dedup_scale.py --core 200000        # near_duplicates alone, file to file, one process

Of the documents 90 % are unrelated, 3 % are exact copies and 4 % near copies of others, 1.5 % are pages of one template
that are all duplicates of each other (Jaccard 0.9) and 1.5 % pages of another that are all to be kept (0.65). Before
a time is printed the decisions must agree with what was planted. Each size runs in a folder of its own that is deleted
afterwards; processor time and peak memory are those of the whole process tree.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus.schema import DOCUMENTS
from corpus.shards import Counts, Manifest, load_manifest, read_table, save_manifest, write_part

DOCUMENTS_A_PART = 1 << 16
VOCABULARY = 50_000
PHASES = ("sign", "match", "cluster", "verify", "write")
SHARES = {"exact": 0.03, "near": 0.04, "same_template": 0.015, "other_facts": 0.015}
_RUN = """
import sys, time
from pathlib import Path
from rich.console import Console
from pipelines import dedup
from pipelines.recipe import Recipe
from pipelines.run import run_one_stage
recipe = Recipe(sources=[{"name": "generated", "files": ["-"]}], runner={"num_workers": int(sys.argv[2])})
run_one_stage(dedup.plan(recipe, Path(sys.argv[1])), recipe, Console(file=sys.stderr))
"""


def _vocabulary(language: str, rng: np.random.Generator) -> pa.Array:
    """Words of 2 to 9 letters, or Han characters."""
    if language == "zh":
        return pa.array([chr(0x4E00 + i) for i in range(6000)])
    letters = np.array(list("etaoinshrdlucmfwypvbgkqjxz"))
    return pa.array(["".join(letters[rng.integers(0, 26, rng.integers(2, 10))]) for _ in range(VOCABULARY)])


def _texts(rows: np.ndarray, words: pa.Array, language: str) -> pa.Array:
    """`[N, words]` numbers of words -> N texts."""
    num, size = rows.shape
    lists = pa.LargeListArray.from_arrays(np.arange(num + 1) * size, words.take(pa.array(rows.ravel())))
    return pc.binary_join(lists, "" if language == "zh" else " ").cast(pa.large_string())


def _numbers(first: int, kinds: np.ndarray, size: int, words: int, templates: np.ndarray) -> np.ndarray:
    """The words of documents `first` and on. A copy is of a document that this function makes anew."""
    num = len(kinds)
    rng = np.random.default_rng([1, first])
    rows = rng.integers(0, words, (num, size))
    plain = np.flatnonzero(kinds == "")
    for kind in ("exact", "near"):
        at = np.flatnonzero(kinds == kind)
        rows[at] = rows[rng.choice(plain, len(at))]
    near = np.flatnonzero(kinds == "near")
    rows[near, rng.integers(0, size, len(near))] = rng.integers(0, words, len(near))
    for template, kind, share in ((0, "same_template", 0.012), (1, "other_facts", 0.054)):
        at = np.flatnonzero(kinds == kind)
        own = int(share * size)  # each changed word changes five shingles
        places = np.linspace(0, size - 1, own + 2).astype(int)[1:-1]
        facts = rng.integers(0, words, (len(at), own))
        rows[at] = templates[template]
        rows[np.ix_(at, places)] = facts
    return rows


def generate(folder: Path, num: int, size: int, language: str) -> None:
    """Write `documents/` as `extract` would, with the kind of each document as its title."""
    rng = np.random.default_rng(0)
    vocabulary = _vocabulary(language, rng)
    templates = rng.integers(0, len(vocabulary), (2, size))
    names = np.array(["", *SHARES])
    shares = np.array([1 - sum(SHARES.values()), *SHARES.values()])
    parts = []
    for index, first in enumerate(range(0, num, DOCUMENTS_A_PART)):
        count = min(DOCUMENTS_A_PART, num - first)
        kinds = names[rng.choice(len(names), count, p=shares)]
        batches = []
        for low in range(0, count, 4096):
            some = kinds[low : low + 4096]
            text = _texts(_numbers(first + low, some, size, len(vocabulary), templates), vocabulary, language)
            columns = {name: pa.nulls(len(some), DOCUMENTS.field(name).type) for name in DOCUMENTS.names}
            columns |= {
                "id": pa.array([f"{first + low + i:032x}" for i in range(len(some))]),
                "source": pa.repeat(pa.scalar("generated"), len(some)),
                "title": pa.array(some),
                "text": text,
                "quality": pa.array(np.full(len(some), 0.5, np.float32)),
                "num_chars": pc.utf8_length(text).cast(pa.int32()),
            }
            batches.append(pa.record_batch([columns[name] for name in DOCUMENTS.names], schema=DOCUMENTS))
        parts.append(write_part(folder / "documents", f"part-{index:05d}.arrow", batches, DOCUMENTS))
    save_manifest(folder / "documents", Manifest("extract", "-", parts, counts={"generated": Counts(num, num)}))


class _Watch(threading.Thread):
    """Peak memory in bytes and processor seconds of a process and all below it, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = pid, 0, threading.Event()
        self.seconds: dict[int, float] = {}

    def run(self) -> None:
        while not self.ended.wait(0.1):
            tree = _tree(self.pid)
            self.peak = max(self.peak, sum(map(_resident, tree)))
            self.seconds |= {pid: seconds for pid in tree if (seconds := _seconds(pid)) is not None}


def _tree(pid: int) -> list[int]:
    """The process and all below it; a child belongs to the thread that started it."""
    try:
        children = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # ended
        return []
    return [pid, *(each for found in children for child in found for each in _tree(int(child)))]


def _resident(pid: int) -> int:
    """Memory of its own: shared and file pages of workers would count twice."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def _seconds(pid: int) -> float | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def decisions(work: Path) -> tuple[np.ndarray, np.ndarray]:
    """The planted kind of each document, and whether it was removed."""
    kinds, gone = [], []
    for part in load_manifest(work / "duplicates").parts:
        kinds.append(read_table(work / "documents" / part.path, ["title"])["title"].to_numpy(zero_copy_only=False))
        gone.append(read_table(work / "duplicates" / part.path, ["kept_id"])["kept_id"].is_valid().to_numpy())
    return np.concatenate(kinds), np.concatenate(gone)


def check(kinds: np.ndarray, gone: np.ndarray) -> int:
    """Compare the decisions with what was planted; returns how many were removed."""
    total = {kind: int((kinds == kind).sum()) for kind in ("", *SHARES)}
    removed = {kind: int(gone[kinds == kind].sum()) for kind in total}
    originals = removed[""] + removed["exact"] + removed["near"]  # of a pair either may be the one that goes
    assert sum(total.values()) == len(gone), total
    assert originals >= 0.995 * (total["exact"] + total["near"]), (removed, total)
    assert removed["same_template"] >= total["same_template"] - 5, (removed, total)
    assert removed["other_facts"] == 0, (removed, total)
    return sum(removed.values())


def phases(folder: Path, start: float) -> dict[str, tuple[float, int]]:
    """Seconds until the last task of each phase was done, from the one before, and the bytes that its tasks wrote."""
    found, before = {}, start
    for name in PHASES:
        records = [*(folder / ".tasks" / name.strip("/")).glob("*.json")]
        ended = max(path.stat().st_mtime for path in records)
        written = sum(part["bytes"] for path in records for part in json.loads(path.read_bytes())["result"]["parts"])
        found[name], before = (ended - before, written), ended
    return found


def measure(num: int, size: int, language: str, workers: int) -> dict[str, Any]:
    """Generate, run the stage in a process of its own, check, delete."""
    with tempfile.TemporaryDirectory(prefix="siku-scale-", dir=os.environ.get("TMPDIR")) as folder:
        work = Path(folder)
        generate(work, num, size, language)
        text_bytes = sum(part.bytes for part in load_manifest(work / "documents").parts)
        start, began = time.perf_counter(), time.time()
        process = subprocess.Popen([sys.executable, "-c", _RUN, str(work), str(workers)])
        watch = _Watch(process.pid)
        watch.start()
        if process.wait() != 0:
            raise SystemExit("the stage failed; its message is above")
        watch.ended.set()
        wall = time.perf_counter() - start
        removed = check(*decisions(work))
        each = phases(work / "duplicates", began)
        shutil.rmtree(work / "documents")
    return {
        "documents": num,
        "MB_on_disk": text_bytes / 1e6,
        "removed": removed,
        "wall_s": wall,
        "cpu_s": sum(watch.seconds.values()),
        "peak_MB": watch.peak / 1e6,
        "phases": each,
    }


def measure_core(num: int, size: int, language: str) -> dict[str, Any]:
    """What `dedup_worker_siku.py` takes for the same documents in one Parquet file; the decisions are checked."""
    with tempfile.TemporaryDirectory(prefix="siku-core-", dir=os.environ.get("TMPDIR")) as folder:
        work, path = Path(folder), Path(folder) / "texts.parquet"
        generate(work, num, size, language)
        kinds = []
        with pq.ParquetWriter(path, pa.schema([("text", pa.string())]), compression="none") as writer:
            for part in load_manifest(work / "documents").parts:
                table = read_table(work / "documents" / part.path, ["title", "text"])
                kinds.append(table["title"].to_numpy(zero_copy_only=False))
                writer.write_table(table.select(["text"]).cast(writer.schema))
        script = Path(__file__).with_name("dedup_worker_siku.py")
        command = [sys.executable, str(script), str(path), folder, language, "0.75", ""]
        answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])
    gone = np.ones(num, bool)
    gone[answer["kept"]] = False
    check(np.concatenate(kinds), gone)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--words", type=int, default=160, help="words, or Han characters, of a document")
    parser.add_argument("--language", choices=("en", "zh"), default="en")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--core", type=int, help="so many documents through near_duplicates alone")
    options = parser.parse_args()
    versions = {name: version(name) for name in ("apache-beam", "numba", "numpy", "pyarrow")}
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {versions}")
    print(f"{options.words} words a document, {options.language}, {options.workers} workers")
    if options.core:
        found = measure_core(options.core, options.words, options.language)
        rate = options.core / found["cpu_s"]
        print(f"core, {options.core:,} documents: {rate:,.0f} a CPU second, peak {found['rss_mb']:,.0f} MB")
        return
    measure(20_000, options.words, options.language, options.workers)  # compiles the kernels
    print(f"{'documents':>11} {'wall s':>8} {'CPU s':>8} {'documents/CPU-s':>16} {'peak MB':>8} {'removed':>9}")
    for num in options.documents:
        found = measure(num, options.words, options.language, options.workers)
        print(
            f"{num:>11,} {found['wall_s']:>8.1f} {found['cpu_s']:>8.1f} {num / found['cpu_s']:>16,.0f} "
            f"{found['peak_MB']:>8,.0f} {found['removed']:>9,.0f}",
            flush=True,
        )
        for name, (seconds, written) in found["phases"].items():
            print(f"{name:>11} {seconds:>8.1f} s {written / num:>12.2f} bytes written a document", flush=True)


if __name__ == "__main__":
    main()
