"""Which of several duplicates is kept."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def keeper_rank(documents: pa.Table, ties: Sequence[str]) -> np.ndarray:
    """Rank of each document, 0 for the best: higher source priority, then quality, then length. Never arrival.

    Args:
        documents: `[N]` rows with `priority`, `quality`, `num_chars` and the columns of `ties`.
        ties: columns that decide between equals, smaller first; together they tell all documents apart.

    Returns:
        `[N]` int64, distinct.
    """
    keys = [(name, "descending") for name in ("priority", "quality", "num_chars")]
    order = pc.sort_indices(documents, sort_keys=[*keys, *((name, "ascending") for name in ties)]).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank
