"""Repeated substrings: Siku beside a suffix array on the same tokens, then hostile texts; time and memory.

    python benchmarks/substrings.py --suffix PYTHON      a Python that has pydivsufsort and numpy

Real text of ../shared/data (`real_text.py`) with passages planted into other documents, some in other case, width or
script. Siku's runs of tokens are held against those of the suffix array, one by one. That is the fastest in pip
(libdivsufsort, in C) over the numbers of the tokens, as Lee et al. 2022 sort the bytes of theirs; the numbers come from
the naive tokens and cost it nothing, while Siku begins at UTF-8 and ends at spans of bytes. Each is a process of its
own, on one core. Memory is its peak in the first call above what it held before, the input. CPU seconds: machines
differ, the ratios less.
"""

import argparse
import ctypes
import importlib.metadata
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

NUM_TOKENS = 50
NUM_PLANTED = 600
ROUNDS = 3
HOSTILE_BYTES = 8_000_000

SUFFIX_WORKER = """
import json, sys, time
import numpy as np
from pydivsufsort import divsufsort
sys.path.insert(0, sys.argv[1])
from substrings import peak_since, reset_peak
numbers, n = np.load(sys.argv[2]), int(sys.argv[4])
divsufsort(numbers[:100])
reset_peak()
before, start = peak_since(0), time.process_time()
suffixes = divsufsort(numbers)
suffixes = suffixes[suffixes <= len(numbers) - n]
same = np.arange(1, len(suffixes))  # the window of `n` at a suffix is that at the one before it
for at in range(n):
    of_one = numbers[suffixes[same] + at]
    same = same[(of_one == numbers[suffixes[same - 1] + at]) & (of_one > 0)]
is_first = np.ones(len(suffixes), bool)
is_first[same] = False
grouped = np.flatnonzero(~is_first | np.append(~is_first[1:], False))
group = np.flatnonzero(is_first[grouped])
places = suffixes[grouped]
first = np.minimum.reduceat(places, group) if len(group) else places
repeats = np.sort(places[places - np.repeat(first, np.diff(np.append(group, len(places)))) >= n])
begins = np.flatnonzero(np.diff(repeats, prepend=-n - 2) > n)
runs = np.stack([repeats[begins], repeats[np.append(begins[1:], len(repeats)) - 1] + n]) if len(repeats) else repeats
seconds = time.process_time() - start
np.save(sys.argv[3], runs)
print(json.dumps({"seconds": seconds, "memory": peak_since(before)}))
"""


def reset_peak() -> None:
    """Give back what is free, and let the kernel count this process's peak memory anew (Linux)."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def peak_since(before: int) -> int:
    """Bytes of peak memory above `before`."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024 - before


def planted(language: str) -> list[str]:
    """Real documents; into some a passage of another one is put, or more than one, changed in ways that fold away."""
    import opencc
    import real_text

    texts = [text for _, _, text in real_text.documents(language)]
    rng = random.Random(0)
    traditional = opencc.OpenCC("s2t").convert
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(ord("0"), ord("z") + 1)})
    changes = (str, str, str.upper, lambda text: text.translate(wide), traditional if language == "zh" else str.lower)
    for _ in range(NUM_PLANTED):
        source, into = rng.choice(texts), rng.randrange(len(texts))
        length = rng.choice((200, 400, 2000)) // (3 if language == "zh" else 1)
        begin, at = rng.randrange(max(1, len(source) - length)), rng.randrange(len(texts[into]) + 1)
        passage = rng.choice(changes)(source[begin : begin + length])
        texts[into] = f"{texts[into][:at]} {passage} {texts[into][at:]}"
    return texts


def words_of(letters: int, count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices("abcdefghij", k=letters)) for _ in range(count)]


def hostile() -> dict[str, list[str]]:
    """Texts of about HOSTILE_BYTES bytes each."""
    rng = random.Random(0)
    many = " ".join(words_of(5, HOSTILE_BYTES // 12, 0))
    page = " ".join(words_of(5, 200, 1))
    halves = [" ".join(words_of(5, NUM_TOKENS - 12, seed)) for seed in range(200)]
    pieces = HOSTILE_BYTES // len(halves[0])
    return {
        "one token": ["a " * (HOSTILE_BYTES // 2)],
        "one Han character": ["汉" * (HOSTILE_BYTES // 3)],
        "a period of 3 tokens": ["a b c " * (HOSTILE_BYTES // 6)],
        "a period of 49 tokens": [(" ".join(words_of(5, 49, 2)) + " ") * (HOSTILE_BYTES // 294)],
        "two equal documents": [many, many],
        "all documents equal": [page] * (HOSTILE_BYTES // len(page)),
        "known halves, new wholes": ["a ".join(rng.choices(halves, k=pieces // 40)) for _ in range(40)],
        "no repeat": [many],
    }


def siku_worker(folder: Path) -> None:
    """Time the whole call, and write the runs of tokens it cuts, and the tokens as numbers for the suffix array."""
    import pyarrow as pa

    from corpus.dedup import substrings
    from corpus.dedup.substrings_tokens import new_scratch

    with pa.ipc.open_file(folder / "texts.arrow") as file:
        text = file.read_all()["text"].combine_chunks()
    few = pa.array(["compiled before it is timed " * 40] * 2, pa.large_string())
    substrings.repeated_substrings(few, np.arange(2), NUM_TOKENS)
    order, times, memory = np.arange(len(text)), [], []
    reset_peak()
    before = peak_since(0)
    for _ in range(ROUNDS):
        start = time.process_time()
        spans = substrings.repeated_substrings(text, order, NUM_TOKENS)
        times.append(time.process_time() - start)
        memory.append(peak_since(before))
    result = {"seconds": min(times), "memory": memory[0], "cut": int((spans.end - spans.start).sum())}
    given = substrings.texts_of(text)
    scratch = new_scratch(given)
    met_again, may_repeat = substrings.repeated_anchors(given, NUM_TOKENS, scratch)
    rows = np.flatnonzero(may_repeat)
    np.save(folder / "runs.npy", substrings.repeated_runs(given, rows, NUM_TOKENS, met_again, scratch))
    print(json.dumps({**result, "bytes": int(given.offsets[-1])}))


def write_numbers(texts: list[str], folder: Path) -> np.ndarray:
    """Every token's number, a 0 behind each document; returns where documents begin among them.

    The tokens are those of Siku's kernel; tests hold them against plain Python.
    """
    import pyarrow as pa

    from corpus.kernels.shingle import shingle_sets  # of one token: a document's different ones
    from corpus.kernels.shingle.naive import tokens

    kinds: dict[tuple[int, ...], int] = {}
    numbers, begins = [], [0]
    for text in texts:
        numbers += [kinds.setdefault(token, len(kinds) + 1) for token in tokens(text)]
        numbers.append(0)
        begins.append(len(numbers))
    different, _ = shingle_sets(pa.array(texts, pa.large_string()), 1)
    assert len(np.unique(different)) == len(kinds), "two tokens with one hash"
    np.save(folder / "numbers.npy", np.array(numbers, np.uint32))
    return np.array(begins)


def run(command: list[str | Path]) -> dict[str, float]:
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def siku(texts: list[str], folder: Path) -> dict[str, float]:
    import pyarrow as pa

    table = pa.table({"text": pa.array(texts, pa.large_string())})
    with pa.ipc.new_file(folder / "texts.arrow", table.schema) as file:
        file.write_table(table)
    return run([sys.executable, __file__, "--worker", folder])


def line(name: str, figures: dict[str, float], num_bytes: float) -> None:
    speed, memory = num_bytes / 1e6 / figures["seconds"], figures["memory"] / num_bytes
    print(f"  {name:<28}{speed:>8.1f} MB/s{figures['memory'] / 1e6:>9.1f} MB, {memory:>6.2f} bytes a byte", end="")
    print(f"{figures['cut'] / num_bytes:>8.1%} cut" if "cut" in figures else "")


def beside(name: str, texts: list[str], suffix: Path, folder: Path) -> None:
    """Both on the same tokens: the runs must be equal."""
    here = siku(texts, folder)
    num_bytes = here["bytes"]
    print(f"{name}: {len(texts):,} documents, {num_bytes / 1e6:.1f} MB")
    begins = write_numbers(texts, folder)
    worker = [suffix, "-c", SUFFIX_WORKER, Path(__file__).parent, folder / "numbers.npy", folder / "theirs.npy"]
    there = run([*worker, NUM_TOKENS])
    row, first, last = np.load(folder / "runs.npy")
    assert len(row) > NUM_PLANTED / 4, len(row)
    assert np.array_equal(np.stack([begins[row] + first, begins[row] + last]), np.load(folder / "theirs.npy"))
    print(f"  {len(row):,} runs of tokens, the same from both")
    line("Siku", here, num_bytes)
    line("suffix array", there, num_bytes)
    speed, memory = there["seconds"] / here["seconds"], there["memory"] / here["memory"]
    print(f"  ratio{'':<23}{speed:>8.1f} x   {memory:>9.1f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suffix", type=Path, help="a Python that has pydivsufsort and numpy")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        siku_worker(arguments.worker)
        return
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "numba", "pyarrow"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {versions}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for language in ("en", "zh"):
            texts = planted(language)
            if arguments.suffix:
                beside(language, texts, arguments.suffix, folder)
            for times in (1, 4):
                figures = siku(texts * times, folder)
                line(f"{language}, {times} times over", figures, figures["bytes"])
        for kind, texts in hostile().items():
            figures = siku(texts, folder)
            line(kind, figures, figures["bytes"])


if __name__ == "__main__":
    main()
