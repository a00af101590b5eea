"""`first_sights` against a dictionary: random keys, few different ones, and keys made to share one slot."""

import numpy as np
import pytest

from corpus.kernels.jit import kernel, raw
from corpus.kernels.signals.first_sight import first_sights, num_slots

MIX = 0x9E3779B97F4A7C15


@kernel()
def _find(keys, firsts, slots, left):
    first_sights(raw(keys), keys.shape[0], raw(firsts), raw(slots), raw(left))


def _keys(kind: str, number: int) -> np.ndarray:
    random = np.random.default_rng(number)
    if kind == "all different":
        return random.permutation(np.arange(number, dtype=np.uint64) << np.uint64(32))
    if kind == "all equal":
        return np.full(number, 7, np.uint64)
    if kind == "one slot":  # their hashes are 0, 1, 2 ...: the highest bits, which choose the slot, are all 0
        inverse = pow(MIX, -1, 1 << 64)
        picks = random.integers(0, max(1, number // 3), number).tolist()
        return np.array([pick * inverse % (1 << 64) for pick in picks], np.uint64)
    return random.integers(0, max(1, number // 2), number).astype(np.uint64) * np.uint64(0x9E3779B1)


@pytest.mark.parametrize("kind", ["random", "all different", "all equal", "one slot"])
@pytest.mark.parametrize("number", [0, 1, 2, 31, 32, 33, 1000, 20_000])
def test_each_key_finds_the_first_that_equals_it(kind: str, number: int) -> None:
    keys = _keys(kind, number)
    poison = np.int32(-5)
    firsts, left = np.full(number + 1, poison), np.full(number + 1, poison)
    slots = np.full(num_slots(number), np.int32(1 << 30))  # of an earlier document
    _find(keys, firsts, slots, left)
    known: dict[int, int] = {}
    expected = [known.setdefault(key, place) for place, key in enumerate(keys.tolist())]
    assert firsts[:number].tolist() == expected
    assert firsts[number] == poison
