"""Bands and rows follow from threshold and recall, for either measure."""

import numpy as np
import pyarrow as pa
import pytest

from corpus.dedup import NearOptions, choose_bands, near_duplicates

THRESHOLDS = [round(0.3 + 0.05 * i, 2) for i in range(15)]


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("measure", ["jaccard", "containment"])
def test_no_threshold_needs_more_than_a_small_signature(threshold, measure):
    bands = choose_bands(threshold, 0.9985, measure=measure)
    lowest = threshold if measure == "jaccard" else min(0.5, threshold / (2 - threshold))
    assert bands.recall(lowest) >= 0.9985 and bands.num * bands.rows <= 192
    assert bands.num == 1 or 1 - (1 - lowest**bands.rows) ** (bands.num - 1) < 0.9985
    more = choose_bands(lowest, 0.9985, bands.rows + 1)
    assert bands.rows == 5 or more.num * more.rows > 192


def test_the_table_of_the_docstring():
    found = [choose_bands(threshold, 0.9985) for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9)]
    expected = [(69, 2), (38, 2), (49, 3), (47, 4), (36, 5), (25, 5), (17, 5), (8, 5)]
    assert [(bands.num, bands.rows) for bands in found] == expected
    assert int(1e4 * found[5].recall(0.75)) == 9988 and round(1e7 * (1 - found[5].recall(0.85))) == 4


@pytest.mark.parametrize(("language", "gap"), [("en", " "), ("zh", "")])
@pytest.mark.parametrize("threshold", [0.75, 0.95])
def test_a_document_in_one_of_twice_its_length_is_found_by_containment(language, gap, threshold):
    rng = np.random.default_rng(5)
    units = np.array([f"w{i}" for i in range(30_000)] if language == "en" else [chr(0x4E00 + i) for i in range(9000)])
    texts = []
    for _ in range(200):
        long = rng.choice(units, 160)
        begin = rng.integers(0, 80)
        texts += [gap.join(long), gap.join(long[begin : begin + 80])]
    found = near_duplicates(
        pa.array(texts, pa.large_string()), NearOptions(threshold=threshold, measure="containment"), np.arange(400)
    )
    assert len(found.removed) >= 198
    assert (found.removed == found.kept + 1).all() and (found.jaccard == 1).all()
