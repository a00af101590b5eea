"""The token loader beside its peers, in one run: start, speed, tokens, resuming, ranks, shuffle, and a trillion tokens.

    python benchmarks/loader.py --peers DIR           DIR/loader_NAME/bin/python of each peer
    python benchmarks/loader.py --grain PYTHON ...    or one by one; what is not named is left out
    python benchmarks/loader.py --only siku --tokens 20

Corpus: `loader_data.py`, generated documents, once with tokens of uint16, which is timed, and once with tokens that are
numbered, so that what a loader gives is counted exactly (`loader_ledger.py`, which is checked first). Every loader is
a worker in an environment of its own (`loader_worker.py`, `loader_worker_NAME.py`: what it is given and how it is
used), in one process without worker processes, and gives int64 batches [8, 2048]. An epoch is walked and counted, and
ranks are changed in one of fewer documents, before anything is timed. Then each is started afresh `--rounds` times, in
turns, and its best run counts, in seconds and in CPU-seconds: on a busy machine the latter are what to compare.

What a loader fails in is said under the table, and the others go on. The exit code is 1 where Siku lost a token, gave
one twice, or failed. Most of the time goes to Grain (0.4 to 1.2 CPU-seconds a million tokens, three ways): on busy
cores give `--tokens 60` or `--without-worlds`. Needs 0.07 GB of disk a million tokens, 13 for the default.
"""

import argparse
import os
import platform
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from loader_data import make_corpus
from loader_ledger import Corpus, check_ledger
from loader_runs import ENTRIES, SHARES, WORLDS, Bench, Entry, Result, prepare, pythons_of, time_rounds, time_torch
from loader_sparse import PARTS, make_sparse

SMALL_TOKENS = 6_000_000  # of the corpus on which ranks are changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in sorted({entry.name for entry in ENTRIES} - {"siku", "memmap"}):
        parser.add_argument(f"--{name}", help=f"the Python of an environment with {name}")
    parser.add_argument("--peers", help="a folder of environments called loader_NAME")
    parser.add_argument("--only", nargs="+", help="names of loaders")
    parser.add_argument("--tokens", type=float, default=180, help="millions")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each timed run")
    parser.add_argument("--folder", type=Path, help="to keep the corpora in; by default a temporary one")
    parser.add_argument("--without-sparse", action="store_true", help="no trillion tokens")
    parser.add_argument("--without-worlds", action="store_true", help="no changes of ranks")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        raise SystemExit(measure(options, options.folder.resolve()))
    with tempfile.TemporaryDirectory() as name:
        raise SystemExit(measure(options, Path(name)))


def measure(options: argparse.Namespace, folder: Path) -> int:
    """All tables; 1 if Siku lost or repeated a token, or failed."""
    corpora = []
    for name, tokens, dtype in (
        ("timed", int(options.tokens * 1e6), np.uint16),
        ("counted", int(options.tokens * 1e6), np.int32),
        ("small", SMALL_TOKENS, np.int32),
    ):
        corpora.append(folder / f"{name}-{tokens}")
        facts = make_corpus(corpora[-1], tokens, dtype)
        print(f"{name}: {facts['tokens']:,} tokens, {facts['documents']:,} documents; lengths {facts['lengths']}")
    checked = check_ledger(Corpus(corpora[-1]), folder)
    print(f"ledger: {checked:,} tokens of a cut, shuffled, partly lost and repeated copy counted right")
    pythons = pythons_of(options)
    chosen = [entry for entry in ENTRIES if not options.only or entry.name in options.only]
    missing = sorted({entry.name for entry in chosen} - set(pythons))
    print(f"left out, no environment: {', '.join(missing)}" if missing else "no peer is left out")
    bench = Bench(folder, *corpora, pythons)
    results = prepare_all(bench, [entry for entry in chosen if entry.name in pythons], not options.without_worlds)
    wrong = check_siku(results)
    print_ledger(results)
    print_worlds(results)
    print_shuffle(results)
    torch_s = time_torch(pythons, options.rounds)
    time_rounds(bench, results, options.rounds, options.seconds)
    done = [result for result in results if result.runs and not result.failed]
    print_speed(done, torch_s)
    with_sparse = not options.without_sparse and any(entry.name == "siku" for entry in chosen)
    sparse = run_sparse(bench, options.rounds) if with_sparse else None
    print_targets(done, sparse)
    for result in [*results, sparse] if sparse else results:
        if result.failed:
            print(f"FAILED {result.entry.label.strip()}: {result.failed}")
    return int(wrong or any(result.failed for result in results if result.entry.name == "siku"))


def prepare_all(bench: Bench, entries: list[Entry], worlds: bool) -> list[Result]:
    """`prepare` each, two at a time; the second way of Siku after the first, whose folder it reads."""
    first = [entry for entry in entries if entry.way != "in_place"]
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(first, pool.map(lambda entry: prepare(bench, entry, worlds=worlds), first), strict=True))
    found |= {entry: prepare(bench, entry, worlds=worlds) for entry in entries if entry not in found}
    return [found[entry] for entry in entries]


def check_siku(results: list[Result]) -> int:
    """Siku's epochs that lack a token or have one twice, or its changes of ranks that do."""
    wrong = 0
    for result in results:
        if result.entry.name == "siku":
            facts = result.ledger
            whole = not result.failed and not (facts["lost"] or facts["repeated"] or facts["strange"])
            if not whole or any(given != (0, 0) for given in result.worlds.values()):
                print(f"WRONG {result.entry.label.strip()}: {result.failed or facts} {result.worlds}")
                wrong += 1
    return wrong


def print_ledger(results: list[Result]) -> None:
    """What became of every token in an epoch."""
    print(f"\n{'an epoch':<22}{'fill':>9}{'tokens given':>14}{'lost':>13}{'':>8}{'again':>9}{'strange':>9}")
    for result in results:
        if facts := result.ledger:
            share = facts["lost"] / (facts["lost"] + facts["delivered"])
            print(
                f"{result.entry.label:<22}{facts['fill']:>9.2%}{facts['delivered']:>14,}{facts['lost']:>13,}"
                f"{f'({share:.1%})':>8}{facts['repeated']:>9,}{facts['strange']:>9,}"
            )


def print_speed(results: list[Result], torch_s: float) -> None:
    """Start, speed, memory, state, resuming."""
    print()
    versions = {result.entry.name: result.runs[0]["versions"] for result in results}
    for name, found in versions.items():
        print(f"{name}: " + ", ".join(f"{package} {version}" for package, version in found.items()))
    print(f"import torch alone: {torch_s:.2f} s; load {os.getloadavg()[0]:.1f}")
    siku = next((result for result in results if result.entry.name == "siku"), results[0])
    print(
        f"{'':<22}{'M tok/s':>8}{'CPU-s/M':>9}{f'{siku.entry.name} is':>18}{'first batch':>13}{'over torch':>12}",
        end="",
    )
    print(f"{'MB over torch':>15}{'state':>7}{'resume':>16}")
    print(f"{'':<22}{'':>8}{'':>9}{'wall':>9}{'CPU':>9}{'s':>13}{'s':>6}{'CPU-s':>6}{'first':>8}{'later':>7}", end="")
    print(f"{'bytes':>7}{'s':>8}{'same':>8}")
    for result in results:
        same = "yes" if all(run["batch"] == result.ledger.get("batch") for run in result.resumed) else "NO"
        first_mb, later_mb = result.best("first_mb"), result.best("memory_mb")
        print(
            f"{result.entry.label:<22}{result.rate / 1e6:>8.1f}{result.cpu_a_million:>9.4f}"
            f"{siku.rate / result.rate:>8.1f}x{result.cpu_a_million / siku.cpu_a_million:>8.1f}x"
            f"{result.best('first_s'):>13.2f}{result.over_torch_s:>6.2f}{result.over_torch_cpu_s:>6.2f}{first_mb:>8.0f}"
            f"{later_mb:>7.0f}{result.ledger['state_bytes']:>7,}{resume_s(result):>8.2f}{same:>8}"
        )


def resume_s(result: Result) -> float:
    """Seconds from the end of `import torch` to the batch after the state."""
    return min(run["first_s"] - run["torch_s"] for run in result.resumed)


def print_worlds(results: list[Result]) -> None:
    """Two ranks, stopped, others go on: documents given twice / not whole, of the smaller corpus."""
    if not any(result.worlds for result in results):
        return
    documents = next((result.documents for result in results if result.worlds), 0)
    print(f"\nof {documents:,} documents, given again / not given whole after a change of ranks")
    keys = [(share, world) for share in SHARES for world in WORLDS]
    print(f"{'':<22}" + "".join(f"{f'{share:.0%} 2>{world}':>15}" for share, world in keys))
    for result in results:
        if not result.worlds:
            continue
        cells, notes = [], []
        for key in keys:
            given = result.worlds[key]
            cells.append(f"{given[0]:,} / {given[1]:,}" if isinstance(given, tuple) else "fails")
            notes += [given] if isinstance(given, str) else []
        print(f"{result.entry.label:<22}" + "".join(f"{cell:>15}" for cell in cells))
        for note in sorted(set(notes)):
            print(f"{'':<24}fails: {note}")


def print_shuffle(results: list[Result]) -> None:
    """How far the order of the epoch is from that of the files and from a perfect shuffle."""
    print(f"\n{'shuffle':<22}{'neighbours':>12}{'place':>8}{'mixing':>8}")
    print(f"{'perfect':<22}{0:>12.3f}{1:>8.3f}{1:>8.2f}")
    for result in results:
        if found := result.shuffle:
            values = f"{found['neighbours']:>12.3f}{found['place']:>8.3f}{found['mixing']:>8.2f}"
            print(f"{result.entry.label:<22}{values}")


def run_sparse(bench: Bench, rounds: int) -> Result:
    """Siku on 10^12 tokens in 10^9 documents."""
    result = Result(ENTRIES[0], ledger=make_sparse(bench.formatted(ENTRIES[0], Path("sparse"))))
    facts = result.ledger
    try:
        result.runs = [bench.work(result.entry, "run", Path("sparse"), seconds=0) for _ in range(rounds)]
    except RuntimeError as error:
        result.failed = f"{facts['tokens']:,} tokens: {error}"
        return result
    print(f"\nsparse: {facts['tokens']:,} tokens in {facts['documents']:,} documents, {PARTS:,} parts (hard links)")
    print(f"manifest and index {facts['bytes'] / 1e6:.0f} MB; first batch {result.best('first_s'):.2f} s, ", end="")
    print(f"{result.over_torch_s:.2f} s ({result.over_torch_cpu_s:.2f} CPU-s) over torch, ", end="")
    print(f"{max(run['first_mb'] for run in result.runs):.0f} MB over torch")
    return result


def print_targets(results: list[Result], sparse: Result | None) -> None:
    """The thresholds of the issue beside what was found."""
    siku = next((result for result in results if result.entry.name == "siku"), None)
    if siku is None:
        return
    print(f"\n{'target':<52}{'found':>10}{'asked':>10}")
    packing = [result for result in results if result.entry.kind == "packs" and result.entry.name != "siku"]
    if packing:
        fastest = max(packing, key=lambda result: result.rate)
        target(f"tokens/s by {fastest.entry.label}", siku.rate / fastest.rate, least=25)
    for peer in results:
        if peer.entry.name == "litdata":
            target("tokens/s by litdata's rows", siku.rate / peer.rate, least=1)
            target("CPU by litdata's rows", peer.cpu_a_million / siku.cpu_a_million, least=1)
    target("CPU-seconds a million tokens", siku.cpu_a_million, most=0.012)
    target("first batch after import torch, s", siku.over_torch_s, most=0.3)
    target("  in CPU-seconds", siku.over_torch_cpu_s, most=0.3)
    target("resuming after import torch, s", resume_s(siku), most=0.5)
    if sparse and not sparse.failed:
        target("10^12 tokens: first batch after import torch, s", sparse.over_torch_s, most=1)
        target("  in CPU-seconds", sparse.over_torch_cpu_s, most=1)
        target("10^12 tokens: MB over torch", max(run["first_mb"] for run in sparse.runs), most=200)


def target(name: str, found: float, *, least: float | None = None, most: float | None = None) -> None:
    """One line of the table of targets."""
    met = found >= least if least is not None else found <= (most or 0)
    asked = f">= {least}" if least is not None else f"<= {most}"
    print(f"{name:<52}{found:>10.3f}{asked:>10}  {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
