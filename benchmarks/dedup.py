"""Can the de-duplication be trusted? Wrong removals, recall by kind of edit, and speed, beside its peers, in one run.

    python benchmarks/dedup.py --datasketch PYTHON --rensa PYTHON --gaoya PYTHON --textdedup PYTHON --datatrove PYTHON

Sets: `dedup_sets.py` (real text, natural and planted duplicates). Truth: `dedup_truth.py` (exact Jaccard of all pairs).
Definitions of wrong removal and recall: `dedup_judge.py`. Each de-duplicator is a worker of its own
(`dedup_worker.py`), from a Parquet file of texts to a file of kept texts, in its own environment, pinned to one core;
the best of `--rounds` runs counts, in CPU time. Peers get the text as it is and use the tokens that their documentation
shows, 5-grams where they let one choose; the rows "folded" get text that Siku's fold has been applied to, so that their
shingles are exactly the truth's and only method is left to differ (no speed there: the fold is not in it).

Before anything is measured the truth must agree with sets of tokens in plain Python, every reason Siku gives for a
removal is computed again, and two shuffles of the documents must give the same removals. A wrong removal by Siku is
printed with its text and makes the exit status 1.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from dedup_judge import Verdict, check_evidence, check_order, judge
from dedup_sets import DuplicateSet, planted_set
from dedup_truth import Truth, check_against_text, true_pairs
from dedup_worker import PLAIN
from real_text import DATA

from corpus.dedup import NearOptions, near_duplicates
from corpus.kernels.shingle import naive

THRESHOLDS = (0.75, 0.8)
PEERS = ("datasketch", "rensa", "gaoya", "textdedup", "datatrove")
WAYS = {  # way -> name, short name
    "siku": {"text": ("siku", "siku")},
    "datasketch": {"text": ("datasketch MinHashLSH", "datask."), "folded": ("  on folded text", "folded")},
    "rensa": {
        "text": ("rensa RMinHashDeduplicator", "rensa"),
        "folded": ("  on folded text", "folded"),
        "words": ("  tokens as in its README", "README"),
        "lsh": ("rensa RMinHashLSH 16 x 8", "its LSH"),
    },
    "gaoya": {"text": ("gaoya MinHashStringIndex", "gaoya"), "folded": ("  on folded text", "folded")},
    "textdedup": {"text": ("text-dedup, verified", "t.-dedup")},
    "datatrove": {"text": ("datatrove 14 x 8", "datatr.")},
}
SLOW = ("datasketch", "textdedup", "datatrove")  # run once
CHECKED_PAIRS = 300


@dataclass
class Row:
    """One de-duplicator on one set at one threshold."""

    name: str
    short: str
    verdict: Verdict
    cpu_s: float | None  # None where the work was not the same
    rss_mb: float
    versions: dict[str, str] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in PEERS:
        parser.add_argument(f"--{name}", help=f"the Python of an environment with {name}")
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    parser.add_argument("--thresholds", nargs="+", type=float, default=THRESHOLDS)
    parser.add_argument("--most", type=int, help="natural documents; by default all, about 20,000 a language")
    parser.add_argument("--rounds", type=int, default=3, help="runs of which the fastest counts; slow peers run once")
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"skipped: the shared data is not at {DATA}")
        return
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(f"{platform.machine()}, {os.cpu_count()} cores, one used, load {os.getloadavg()[0]:.1f}")
    wrong = sum(measure(language, options) for language in options.languages)
    raise SystemExit(1 if wrong else 0)


def measure(language: str, options: argparse.Namespace) -> int:
    """All tables of a language; the number of Siku's wrong removals."""
    each = planted_set(language, most=options.most)
    truth = true_pairs(each.text, min(options.thresholds))
    checked = check_against_text(each.text, truth, CHECKED_PAIRS, seed=1)
    size = each.text.nbytes / len(each.text)
    print(f"\n## {language}: {len(each.text):,} documents of {size:,.0f} bytes, {each.kind.count('natural'):,} natural")
    print(f"truth: {checked} pairs agree with Python sets of tokens")
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        write_texts(each, Path(name), folded=any(getattr(options, peer) for peer in WAYS if "folded" in WAYS[peer]))
        once: dict[str, dict] = {}  # datatrove does not know the threshold
        for threshold in options.thresholds:
            at = truth.at(threshold)
            check_siku(each, threshold)
            rows = list(run_all(each, at, language, Path(name), options, once))
            print_rows(rows, each)
            print_kinds(rows)
            wrong += show_wrong(rows[0].verdict, each)
    return wrong


def write_texts(each: DuplicateSet, folder: Path, folded: bool) -> None:
    """The texts as they are and, where a peer needs it, folded: one Parquet file each."""
    ids = [str(i) for i in range(len(each.text))]
    texts = each.text.to_pylist()
    pq.write_table(pa.table({"id": ids, "text": texts}), folder / "text.parquet", **PLAIN)
    if folded:
        texts = [" ".join("".join(map(chr, token)) for token in naive.tokens(text)) for text in texts]
        pq.write_table(pa.table({"id": ids, "text": texts}), folder / "folded.parquet", **PLAIN)


def check_siku(each: DuplicateSet, threshold: float) -> None:
    """Refuse to measure removals whose reasons are wrong or that depend on the order of the documents."""
    removals = near_duplicates(each.text, NearOptions(threshold=threshold))
    checked = check_evidence(each.text, removals, np.arange(len(each.text)), threshold)
    for seed in (1, 2):
        check_order(each.text, NearOptions(threshold=threshold), removals, seed)
    print(f"\n{threshold}: {checked:,} reasons for removal computed again; the same from two other orders")


def run_all(each, truth: Truth, language: str, folder: Path, options: argparse.Namespace, once: dict):
    """Every worker in every way of it."""
    pythons = {"siku": sys.executable} | {name: getattr(options, name) for name in PEERS}
    for name, python in pythons.items():
        if not python:
            continue
        for way, names in WAYS[name].items():
            key = f"{language} {name}"
            rounds = options.rounds if name not in SLOW and way != "folded" else 1
            answer = once.get(key) or run_worker(python, name, way, language, truth.least, folder, rounds)
            if name == "datatrove":
                once[key] = answer
            kept = np.zeros(len(each.text), bool)
            kept[answer["kept"]] = True
            cpu_s = None if way == "folded" else answer["cpu_s"]
            yield Row(*names, judge(each, truth, kept), cpu_s, answer["rss_mb"], answer["versions"])


def run_worker(python: str, name: str, way: str, language: str, threshold: float, folder: Path, rounds: int) -> dict:
    """The fastest of some runs of a worker."""
    script = Path(__file__).with_name(f"dedup_worker_{name}.py")
    path = folder / ("folded.parquet" if way == "folded" else "text.parquet")
    answers = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            command = [python, script, path, scratch, language, str(threshold), way]
            done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{script.name} failed:\n{done.stderr[-2000:]}")
        answers.append(json.loads(done.stdout.splitlines()[-1]))
    return min(answers, key=lambda answer: answer["cpu_s"])


def print_rows(rows: list[Row], each: DuplicateSet) -> None:
    """The table of a language and a threshold."""
    versions = {name: value for row in rows for name, value in row.versions.items()}
    first = rows[0].verdict
    print(f"{first.pairs:,} true pairs, {first.natural_pairs:,} of them of two natural documents; {versions}")
    head = f"{'':<27}{'recall':>8}{'natural':>9}{'removed':>9}{'wrong':>7}"
    print(head + f"{'':>8}{'docs/s':>9}{'MB/s':>7}{'siku is':>9}{'peak MB':>9}")
    for row in rows:
        verdict = row.verdict
        share = f"({len(verdict.wrong) / max(1, verdict.removed):.1%})"
        speed = f"{'-':>9}{'-':>7}{'':>9}"
        if row.cpu_s is not None:
            speed = f"{len(each.text) / row.cpu_s:>9,.0f}{each.text.nbytes / 1e6 / row.cpu_s:>7.1f}"
            speed += f"{row.cpu_s / rows[0].cpu_s:>8.1f}x" if rows[0].cpu_s else ""
        print(
            f"{row.name:<27}{verdict.recall:>8.4f}{verdict.natural_recall:>9.4f}{verdict.removed:>9,}"
            f"{len(verdict.wrong):>7,}{share:>8}{speed}{row.rss_mb:>9,.0f}"
        )


def print_kinds(rows: list[Row]) -> None:
    """Recall of each kind of edit / wrong removals of it."""
    print(f"\n{'recall / wrong':<18}{'pairs':>6}" + "".join(f"{row.short:>12}" for row in rows))
    for kind, (pairs, _, _) in rows[0].verdict.kinds.items():
        cells = []
        for row in rows:
            _, recall, wrong = row.verdict.kinds[kind]
            cells.append(("-" if np.isnan(recall) else f"{recall:.3f}") + f" /{wrong:>4}")
        print(f"{kind:<18}{pairs:>6}" + "".join(f"{cell:>12}" for cell in cells))


def show_wrong(verdict: Verdict, each: DuplicateSet) -> int:
    """Print the first of Siku's wrong removals with their text; their number."""
    for document in verdict.wrong[:5]:
        print(f"WRONG {document} ({each.kind[document]}): {each.text[int(document)].as_py()[:300]!r}")
    return len(verdict.wrong)


if __name__ == "__main__":
    main()
