"""MinHash signatures: Siku's kernel beside datasketch and rensa, on the same documents, one core, in one run.

    python benchmarks/minhash.py --rensa PYTHON      a Python that has rensa, and needs nothing else
    python benchmarks/minhash.py --quality           variance and pairs missed at Jaccard 0.75, beside plain MinHash

All sign 5-grams (words in English, characters in Chinese) of the same generated documents with 128 permutations.
Peers get the shingles Python makes of them, as their documentation shows it; "sketch" is a peer without the time that
takes, so less work than Siku's time holds: from UTF-8 through folding and shingling. CPU seconds of all threads. Before
anything is timed each estimate is held against the exact Jaccard of planted pairs.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

NUM_PERM = 128
NUM_DOCUMENTS = 4000
NUM_CHECKED = 200
ROUNDS = 5
PEER_ROUNDS = 2
SIZES = (4, 20, 40, 100, 200, 400, 1000, 3000)


def documents(language: str) -> list[str]:
    """Pairs of documents of about 1 KB; the second of each has about 5 % of its words (characters) changed."""
    rng = random.Random(0)
    if language == "en":
        letters, gap, length = "etaoinshrdlucmfwypvbgkjqxz", " ", 170
        words = ["".join(rng.choices(letters, k=1 + min(rng.randrange(9), rng.randrange(14)))) for _ in range(20_000)]
    else:
        words, gap, length = [chr(0x4E00 + i) for i in range(6000)], "", 340
    texts = []
    for _ in range(NUM_DOCUMENTS // 2):
        picked = [words[min(int(rng.paretovariate(0.6)), len(words)) - 1] for _ in range(length)]
        other = [rng.choice(words) if rng.random() < 0.05 else word for word in picked]
        texts += [gap.join(picked), gap.join(other)]
    return texts


def shingles(text: str, language: str) -> set[str]:
    tokens = text.split() if language == "en" else text
    gap = " " if language == "en" else ""
    return {gap.join(tokens[i : i + 5]) for i in range(len(tokens) - 4)}


def check(name: str, texts: list[str], language: str, estimates: list[float]) -> None:
    """Refuse to time what is wrong: the mean error must be within 4 standard errors of the mean."""
    errors = []
    for i, estimate in enumerate(estimates):
        a, b = shingles(texts[2 * i], language), shingles(texts[2 * i + 1], language)
        errors.append(estimate - len(a & b) / len(a | b))
    mean = sum(errors) / len(errors)
    assert len(errors) >= NUM_CHECKED // 2 and abs(mean) < 4 * 0.5 / (NUM_PERM * len(errors)) ** 0.5, (name, mean)


def best(work: Callable[[], Any], rounds: int) -> float:
    """Least CPU seconds of all threads."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def agreement(digests: Any) -> list[float]:
    """The estimate for each checked pair of consecutive rows."""
    pairs = ((digests[i], digests[i + 1]) for i in range(0, NUM_CHECKED, 2))
    return [sum(x == y for x, y in zip(a, b, strict=True)) / NUM_PERM for a, b in pairs]


def siku(texts: list[str], language: str) -> dict[str, float]:
    import pyarrow as pa

    from corpus.kernels.minhash import permutations, signatures

    column, functions = pa.array(texts, pa.large_string()), permutations(NUM_PERM, 1)
    check("siku", texts, language, agreement(signatures(column, 5, *functions).tolist()))
    return {"siku": len(texts) / best(lambda: signatures(column, 5, *functions), ROUNDS)}


def datasketch(texts: list[str], language: str) -> dict[str, float]:
    from datasketch import MinHash

    def sketch(tokens: set[str]) -> MinHash:
        result = MinHash(num_perm=NUM_PERM)
        result.update_batch([token.encode() for token in tokens])
        return result

    some = texts[:NUM_CHECKED]
    sets = [shingles(text, language) for text in some]
    sketches = [sketch(tokens) for tokens in sets]
    pairs = zip(sketches[::2], sketches[1::2], strict=True)
    check("datasketch", texts, language, [a.jaccard(b) for a, b in pairs])
    whole = best(lambda: [sketch(shingles(text, language)) for text in some], PEER_ROUNDS)
    alone = best(lambda: [sketch(tokens) for tokens in sets], PEER_ROUNDS)
    return {"datasketch": len(some) / whole, "datasketch, sketch": len(some) / alone}


def rensa(texts: list[str], language: str) -> dict[str, float]:
    from rensa import RMinHash

    def one_by_one(sets: list[set[str]]) -> list[list[int]]:
        digests = []
        for tokens in sets:
            sketch = RMinHash(num_perm=NUM_PERM, seed=42)
            sketch.update(list(tokens))
            digests.append(sketch.digest())
        return digests

    def in_bulk(sets: list[set[str]]) -> Any:
        return RMinHash.digest_matrix_from_token_sets(sets, NUM_PERM, 42)

    sets = [shingles(text, language) for text in texts]
    check("rensa", texts, language, agreement(one_by_one(sets[:NUM_CHECKED])))
    return {
        "rensa": len(texts) / best(lambda: one_by_one([shingles(text, language) for text in texts]), PEER_ROUNDS),
        "rensa in bulk": len(texts) / best(lambda: in_bulk([shingles(text, language) for text in texts]), PEER_ROUNDS),
        "rensa in bulk, sketch": len(texts) / best(lambda: in_bulk(sets), PEER_ROUNDS),
    }


def compare(rensa_python: str | None) -> None:
    names = ["datasketch", "numba", "numpy", "pyarrow"]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", end="")
    print("".join(f", {name} {importlib.metadata.version(name)}" for name in names))
    for language in ("en", "zh"):
        texts = documents(language)
        size = sum(len(text.encode()) for text in texts) / len(texts)
        found = siku(texts, language) | datasketch(texts, language)
        if rensa_python:
            worker = [rensa_python, __file__, "--worker", language]
            answer = json.loads(subprocess.run(worker, check=True, capture_output=True, text=True).stdout)
            print("rensa", answer.pop("version"))
            found |= answer
        print(f"{language}: {len(texts):,} documents of {size:,.0f} bytes, {NUM_PERM} permutations, 5-grams, one core")
        for name, speed in found.items():
            print(f"  {name:<24}{speed:>10,.0f} documents a CPU-second {found['siku'] / speed:>8.1f}x")


def quality() -> None:
    """Sets of single words whose Jaccard is 0.75 exactly; 25 bands of 5 rows."""
    import numpy as np
    import pyarrow as pa

    from corpus.kernels.minhash import band_keys, permutations, signatures

    print("Jaccard 0.75: shingles of the union, pairs, error of the mean, variance / MinHash's, pairs missed of 10,000")
    for union in SIZES:
        num_pairs = 4_000_000 // (union + 100)
        words = np.arange(num_pairs * union).reshape(num_pairs, union)
        x, y = (
            signatures(pa.array([" ".join(map(str, row)) for row in rows], pa.large_string()), 1, *permutations(125, 1))
            for rows in (words, words[:, union // 4 :])
        )
        agree = (x == y).mean(1)
        missed = (band_keys(x, 5) != band_keys(y, 5)).all(1).mean()
        ratio = agree.var() / (0.75 * 0.25 / 125)
        print(f"{union:>6}{num_pairs:>8}{agree.mean() - 0.75:>10.4f}{ratio:>8.2f}{missed * 1e4:>8.1f}")
    print(f"MinHash misses {(1 - 0.75**5) ** 25 * 1e4:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rensa", metavar="PYTHON", help="a Python with rensa; left out without it")
    parser.add_argument("--quality", action="store_true", help="measure variance and recall instead of speed")
    parser.add_argument("--worker", metavar="LANGUAGE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        speeds = rensa(documents(options.worker), options.worker)
        json.dump({"version": importlib.metadata.version("rensa"), **speeds}, sys.stdout)
    elif options.quality:
        quality()
    else:
        compare(options.rensa)
