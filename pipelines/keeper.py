"""Which of several duplicates is kept."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_128_digest

from corpus.kernels.arrow_text import text_buffers


def content_keys(text: pa.Array) -> np.ndarray:
    """XXH3 of the bytes of each text, `[N, 2]` uint64: of two that fold alike one stays, in whatever file it stands."""
    data, offsets = text_buffers(text)
    view = memoryview(data)
    digests = b"".join(xxh3_128_digest(view[begin:end]) for begin, end in pairwise(offsets.tolist()))
    return np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2)


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
