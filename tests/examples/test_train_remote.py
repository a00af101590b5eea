"""examples/train_remote.py: a training killed with SIGKILL goes on with the next row; and the comparison can fail."""

import re
import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "train_remote.py"


def test_killed_and_started_again_it_trains_on_every_row_once(monkeypatch: pytest.MonkeyPatch, capfd):
    """Killed three steps behind a save, so that steps are done again. Reads with a cache a quarter of the data."""
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, "--kill-at", "8", "--tokens", "16000"])
    assert runpy.run_path(str(SCRIPT))["main"]() == 0
    printed = capfd.readouterr().out
    assert "SIGKILL" in printed
    assert re.findall(r"begins with step (\d+)", printed) == ["0", "5"]
    rows = re.search(r"(\d+) rows trained on, (\d+) expected: 0 missing, 0 twice, in the same order", printed)
    assert rows is not None
    assert int(rows[1]) == int(rows[2]) > 100
    assert int(re.findall(r'"cache_evicted": (\d+)', printed)[0]) > 0


def test_a_lost_row_a_repeated_one_and_a_cache_over_its_bound_are_seen():
    report = runpy.run_path(str(SCRIPT))["report"]
    rows = ["a", "b", "c"]
    assert report(rows, rows, 10, 10) == 0
    for trained in (["a", "c"], ["a", "b", "b", "c"], ["a", "c", "b"]):
        assert report(rows, trained, 10, 10) == 1
    assert report(rows, rows, 11, 10) == 1
