"""Planning rows: documents a second and fill of every mode, and best fit beside its peers on the same pieces.

    python benchmarks/row_plan.py [--seqpacker PYTHON or LIBRARY] [--olmo-core PYTHON] [--trl PYTHON]

Windows of 65,536 documents, their lengths drawn with replacement from those of the real pages of ../shared/data
(`real_text.py`), characters by 3.83 (English) or 1.47 (Chinese), the characters a token of the 32 k tokenizers measured
there; without that data log-normal. Each PYTHON is one that has the peer (`row_plan_peer.py` runs under it). Peers get
the pieces already cut to a row, so they plan only; Siku's time has the cutting in it where it stands alone, and beside
the peers it gets the same pieces, none of which is cut again.

Before anything is timed: every plan holds every piece once, no row is over its length, and every best-fit-decreasing
planner has as many rows as Siku, since ties between rows of equal room do not change what room is left. CPU seconds of
one process, the least of some rounds: machines differ, the ratios less.
"""

import argparse
import json
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from real_text import DATA, documents

from corpus.kernels.row_plan import RowPlan, plan_rows
from corpus.loader.permutation import KeyedPermutation

CHARS_A_TOKEN = {"en": 3.83, "zh": 1.47}
WINDOW = 65_536
SEQ_LENS = (2048, 8192)
ROUNDS = 40
MODES = {
    "best_fit": {},
    "best_fit, overlap 64, BOS": {"overlap": 64, "prefix_tokens": 1},
    "best_fit, truncate": {"overflow": "truncate"},
    "best_fit, 8 a row": {"max_documents": 8},
    "first_fit": {"mode": "first_fit"},
    "concat": {"mode": "concat"},
    "none": {"mode": "none"},
}


def windows() -> dict[str, np.ndarray]:
    """Lengths of one window by name."""
    rng = np.random.default_rng(0)
    if not DATA.is_dir():
        return {"log-normal": np.clip(rng.lognormal(6.3, 1.0, WINDOW), 4, 65_000).astype(np.int32)}
    found = {}
    for language, chars_a_token in CHARS_A_TOKEN.items():
        chars = np.array([len(text) for _, _, text in documents(language)])
        drawn = rng.choice(chars, WINDOW) / chars_a_token
        found[f"{language} ({len(chars):,} pages)"] = np.clip(drawn, 4, 65_000).astype(np.int32)
    return found


def cpu_seconds(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    call()
    seconds = []
    for _ in range(rounds):
        begin = time.process_time()
        call()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def check(plan: RowPlan, lengths: np.ndarray, seq_len: int, options: dict) -> None:
    """Every token in its place, or in the ledger."""
    used = np.add.reduceat(plan.lengths, plan.row_splits[:-1])
    ledger = plan.ledger
    assert used.max() <= seq_len
    assert ledger.used + ledger.cut + ledger.dropped == lengths.sum()
    assert ledger.positions == plan.num_rows * seq_len
    assert plan.lengths.sum() == ledger.used + ledger.repeated + ledger.prefix
    if not ledger.repeated + ledger.prefix + ledger.cut:
        held = np.bincount(plan.documents, weights=plan.lengths, minlength=len(lengths))
        assert np.array_equal(held, lengths), options


def print_modes(name: str, lengths: np.ndarray, seq_len: int) -> None:
    print(f"\n{name}, {lengths.mean():.0f} tokens a document, {len(lengths):,} documents, rows of {seq_len}")
    print(f"  {'mode':27}{'M documents/s':>14}{'rows':>9}{'fill':>10}{'pieces a document':>19}")
    for mode, options in MODES.items():
        plan = plan_rows(lengths, seq_len, **options)
        check(plan, lengths, seq_len, options)
        rate = len(lengths) / cpu_seconds(lambda options=options: plan_rows(lengths, seq_len, **options)) / 1e6
        pieces = len(plan.lengths) / len(lengths)
        print(f"  {mode:27}{rate:14.1f}{plan.num_rows:9,}{plan.ledger.fill:10.3%}{pieces:19.2f}")


def print_peers(name: str, lengths: np.ndarray, seq_len: int, peers: dict[str, str]) -> None:
    pieces = plan_rows(lengths, seq_len, mode="none").lengths
    own = plan_rows(pieces, seq_len)
    mine = cpu_seconds(lambda: plan_rows(pieces, seq_len))
    print(f"\n{name}, {len(pieces):,} pieces of at most {seq_len}: M pieces/s, CPU time of Siku's by it, rows")
    print(f"  {'Siku best_fit':27}{len(pieces) / mine / 1e6:10.2f}{1:10.0f}{own.num_rows:9,}")
    for peer, python in peers.items():
        with tempfile.TemporaryDirectory() as folder:
            given, out = Path(folder, "pieces.npy"), Path(folder, "out.npz")
            np.save(given, pieces)
            library = python.endswith(".so")
            command = ["python" if library else python, str(Path(__file__).with_name("row_plan_peer.py"))]
            command += [str(Path(python).resolve()) if library else peer, str(given), str(seq_len)]
            command += [str(ROUNDS if peer == "seqpacker" else 2), str(out)]
            said = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            )
            plan = np.load(out)
        assert np.array_equal(np.sort(plan["items"]), np.arange(len(pieces)))
        rows = np.add.reduceat(pieces[plan["items"]], np.concatenate([[0], plan["ends"][:-1]]))
        assert rows.max() <= seq_len
        assert len(rows) == own.num_rows, (peer, len(rows), own.num_rows)
        label = f"{peer} {said['version']}"
        print(f"  {label:27}{len(pieces) / said['seconds'] / 1e6:10.2f}{said['seconds'] / mine:10.1f}{len(rows):9,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for peer in ("seqpacker", "olmo-core", "trl"):
        parser.add_argument(f"--{peer}", help="a Python that has it" + ", or a library" * (peer == "seqpacker"))
    peers = {name: python for name, python in vars(parser.parse_args()).items() if python}
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    found = windows()
    for name, lengths in found.items():
        for seq_len in SEQ_LENS:
            print_modes(name, lengths, seq_len)
    for name, lengths in found.items():
        for seq_len in SEQ_LENS:
            print_peers(name, lengths, seq_len, peers)
    positions, order = np.arange(WINDOW), KeyedPermutation(10**9, 1)
    print(f"\nthe permutation of a window out of 10^9 documents: {cpu_seconds(lambda: order(positions)) * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
