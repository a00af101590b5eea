"""Which of several duplicates stays: one value decides after the other, and where a document stands decides nothing."""

import itertools

import numpy as np
import pyarrow as pa

from pipelines.keeper import content_keys, keeper_rank

TIES = ["content_0", "content_1", "id"]
# From the best to the worst; each is worse than the one before in one value and better in all that come after it.
BEST_FIRST = [
    {"priority": 2, "quality": 0.1, "num_chars": 5, "content_0": 9, "content_1": 9, "id": "z"},
    {"priority": 1, "quality": 0.9, "num_chars": 10, "content_0": 9, "content_1": 9, "id": "y"},
    {"priority": 1, "quality": 0.8, "num_chars": 30, "content_0": 8, "content_1": 8, "id": "x"},
    {"priority": 1, "quality": 0.8, "num_chars": 20, "content_0": 2, "content_1": 7, "id": "w"},
    {"priority": 1, "quality": 0.8, "num_chars": 20, "content_0": 3, "content_1": 5, "id": "v"},
    {"priority": 1, "quality": 0.8, "num_chars": 20, "content_0": 3, "content_1": 6, "id": "a"},
    {"priority": 1, "quality": 0.8, "num_chars": 20, "content_0": 3, "content_1": 6, "id": "b"},
    {"priority": -1, "quality": 1.0, "num_chars": 99, "content_0": 0, "content_1": 0, "id": "0"},
]


def test_priority_then_quality_then_length_then_content_then_id():
    for order in itertools.islice(itertools.permutations(range(len(BEST_FIRST))), 0, None, 97):
        rank = keeper_rank(pa.Table.from_pylist([BEST_FIRST[i] for i in order]), TIES)
        np.testing.assert_array_equal(rank, order)


def test_content_is_told_apart_byte_by_byte_wherever_it_stands():
    texts = ["", "a", "A", "a ", "书", "書", "１", "1", None, "long " * 999]
    keys = content_keys(pa.array(["other", *texts], pa.large_string())[1:])
    assert len({tuple(row) for row in keys.tolist()}) == len(texts) - 1  # null is empty
    for row, text in zip(keys, texts, strict=True):
        np.testing.assert_array_equal(row, content_keys(pa.array([text], pa.string()))[0])
