"""Components by rounds over files against union-find."""

import importlib

import numpy as np
import pytest

from corpus.dedup import components, components_in_files


def _graph(kind, rng):
    num = 3000
    if kind == "random":
        return num, np.sort(rng.integers(0, num, (2000, 2)), axis=1)
    if kind == "chain":
        names = rng.permutation(num)
        return num, np.sort(np.column_stack([names[:-1], names[1:]]), axis=1)
    if kind == "stars":
        return num, np.sort(np.column_stack([rng.integers(0, 20, num), np.arange(num)]), axis=1)
    if kind == "two rings":
        ring = np.arange(num // 2)
        edges = np.concatenate([np.column_stack([ring, np.roll(ring, 1)]) * 2 + i for i in (0, 1)])
        return num, np.sort(edges, axis=1)
    return num, np.zeros((0, 2), np.int64)


@pytest.mark.parametrize("kind", ["random", "chain", "stars", "two rings", "none"])
@pytest.mark.parametrize("width", [700, 5000])
def test_the_same_components_as_in_memory(kind, width, tmp_path):
    rng = np.random.default_rng(0)
    num, edges = _graph(kind, rng)
    expected = components(num, [edges])
    if kind != "none":
        assert len(np.unique(expected)) < num / 1.5
    found = list(components_in_files(num, np.array_split(edges, 3), tmp_path / "files", width))
    assert [len(each) for each in found[:-1]] == [width] * (len(found) - 1)
    np.testing.assert_array_equal(np.concatenate(found), expected)
    assert not list(tmp_path.rglob("*"))


def test_rounds_are_few(tmp_path, monkeypatch):
    """A chain through all documents, the worst there is for handing labels from one to the next."""
    module = importlib.import_module("corpus.dedup.components_in_files")
    rounds, half_round = [], module._half_round
    monkeypatch.setattr(module, "_half_round", lambda *a, **k: rounds.append(1) or half_round(*a, **k))
    num = 20_000
    edges = np.column_stack([np.arange(num - 1), np.arange(1, num)])
    found = np.concatenate(list(components_in_files(num, [edges], tmp_path / "files", 5000)))
    assert (found == 0).all()
    assert 2 < len(rounds) / 2 < 20
