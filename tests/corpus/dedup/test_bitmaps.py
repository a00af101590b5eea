"""Bitmaps of sets against the sets themselves."""

import numpy as np
import pytest

from corpus.dedup.bitmaps import new_bitmaps, those_in_reach
from corpus.dedup.compare import CONTAINMENT, JACCARD, Rule

NUM = 150


def _sets(rng):
    """Sets of 1 to 2,000 hashes around one of three, some with nearly nothing in common."""
    bases = [rng.integers(1, 2**63, size).astype(np.uint64) for size in (5, 150, 1500)]
    sets = []
    for _ in range(NUM):
        base = bases[rng.integers(3)]
        keep = base[rng.random(len(base)) >= rng.choice([0, 0.05, 0.1, 0.15, 0.5])]
        own = rng.integers(1, 2**63, 1 + int(len(base) * rng.choice([0, 0.05, 0.1, 0.15, 0.5]))).astype(np.uint64)
        sets.append(np.unique(np.concatenate([keep, own])))
    return sets


@pytest.mark.parametrize("measure", [JACCARD, CONTAINMENT], ids=["jaccard", "containment"])
@pytest.mark.parametrize("threshold", [0.5, 0.75, 1.0])
def test_nothing_that_reaches_the_threshold_is_left_out(threshold, measure):
    rng = np.random.default_rng(3)
    sets = _sets(rng)
    hashes, offsets = np.concatenate(sets), np.cumsum([0, *(len(one) for one in sets)])
    plain = [set(one.tolist()) for one in sets]
    members = rng.permutation(NUM)
    bitmaps, reaching, left_out = new_bitmaps(NUM), 0, 0
    for number in range(NUM):
        others = rng.permutation(NUM)
        count = those_in_reach(bitmaps, number, others, NUM, hashes, offsets, members, Rule(threshold, measure))
        found = set(others[:count].tolist())
        mine = plain[members[number]]
        for other in range(NUM):
            both = len(mine & plain[members[other]])
            of = len(mine | plain[members[other]]) if measure == JACCARD else len(mine)
            reaching += both >= threshold * of
            assert other in found or both < threshold * of
        left_out += NUM - count
    assert reaching >= NUM
    assert left_out > NUM * NUM / 4
