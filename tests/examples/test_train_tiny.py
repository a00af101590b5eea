"""examples/train_tiny.py learns a language that can be learnt, and says so when it cannot."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from corpus.schema import tokens_schema
from corpus.shards import Manifest, save_manifest, write_part

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "train_tiny.py"


def write_work(work: Path, documents: list[np.ndarray], vocab_size: int) -> Path:
    schema = tokens_schema(vocab_size)
    names = pa.array([str(i) for i in range(len(documents))])
    lengths = [len(tokens) for tokens in documents]
    tokens = pa.LargeListArray.from_arrays(
        pa.array(np.cumsum([0, *lengths]), pa.int64()),
        pa.array(np.concatenate(documents), pa.uint16()),
        type=schema.field("tokens").type,
    )
    batch = pa.record_batch([names, names, names, pa.array(lengths, pa.int32()), tokens], schema=schema)
    part = write_part(work / "tokens", "p.arrow", [batch], schema, compression=None)
    info = {"vocab_size": vocab_size, "tokenizer_hash": "0", "eos_id": 0}
    save_manifest(work / "tokens", Manifest("tokenize", "test", [part], info=info))
    return work


def run(monkeypatch: pytest.MonkeyPatch, work: Path, *more: str) -> int:
    """The script's `main` in this process: importing torch anew takes longer than the training."""
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, "--work", str(work), *more])
    return runpy.run_path(str(SCRIPT))["main"]()


def test_it_learns_counting(tmp_path: Path, monkeypatch, capsys):
    """Token n is followed by n + 3; ln 200 = 5.3 is the loss of knowing nothing."""
    rng = np.random.default_rng(0)
    documents = [(rng.integers(1, 200) + 3 * np.arange(length)) % 199 + 1 for length in rng.integers(20, 120, 300)]
    work = write_work(tmp_path, documents, 200)
    assert run(monkeypatch, work, "--steps", "40", "--seq-len", "64", "--batch-size", "8") == 0
    printed = capsys.readouterr().out
    assert "tokens/s" in printed
    losses = [float(line.split()[-1]) for line in printed.splitlines() if line.startswith("step")]
    assert len(losses) == 5
    assert losses[0] > 5
    assert losses[-1] < 2


def test_it_ends_with_status_1_where_the_loss_rises(tmp_path: Path, monkeypatch, capsys):
    """Random tokens hold nothing to learn, and a learning rate of 5 throws the model far from its start."""
    documents = [np.random.default_rng(0).integers(1, 200, 500) for _ in range(8)]
    work = write_work(tmp_path, documents, 200)
    assert run(monkeypatch, work, "--steps", "10", "--seq-len", "64", "--lr", "5") == 1
    before, after = capsys.readouterr().out.splitlines()[-1].split("mean of 5 steps ")[1].split(";")[0].split(" -> ")
    assert float(after) > float(before)


def test_the_command_names_a_missing_folder(tmp_path: Path):
    """The one run as a user starts it: in a fresh process, with warnings as errors."""
    command = [sys.executable, "-W", "error", str(SCRIPT), "--work", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert result.returncode == 2
    assert "manifest.json" in result.stderr
