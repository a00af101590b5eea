"""Segments of documents that are rearranged for fill-in-the-middle: their tokens, and what of them is trained on.

Whole documents are gathered, once each, and pieces of the virtual ones copied out of them (`corpus.loader.fim`). Rows
that are dealt together may be of several epochs, which rearrange differently, so pieces are made epoch by epoch and
then put back in order.
"""

import numpy as np

from corpus.loader.fim import fim_copy, fim_spans
from corpus.loader.fim_options import FimOptions
from corpus.loader.token_shards import TokenShards
from corpus.loader.windows import Segments


def rearranged(
    shards: TokenShards, segments: Segments, starts: np.ndarray, lengths: np.ndarray, options: FimOptions
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """The tokens of segments, one after the other, and their loss spans.

    Args:
        shards: where the documents are.
        segments: whose documents and epochs count.
        starts, lengths: of the segments in their virtual documents, without a BOS.
        options: how documents are rearranged.

    Returns:
        Tokens, and spans with their splits as `TokenShards.loss_spans` gives them, None where all is trained on.
    """
    numbers, which = np.unique(segments.documents, return_inverse=True)
    whole = shards.lengths_of(numbers).astype(np.int64)
    spans = shards.loss_spans(numbers, np.zeros(len(numbers), np.int64), whole)
    tokens = shards.gather(numbers)
    begins, sizes = (np.cumsum(whole) - whole)[which], whole[which]
    order: list[np.ndarray] = []
    copied: list[np.ndarray] = []
    moved: list[tuple[np.ndarray, np.ndarray]] = []
    for epoch in np.unique(segments.epochs).tolist() or [0]:
        mine = np.flatnonzero(segments.epochs == epoch)
        columns = (begins[mine], sizes[mine], segments.documents[mine], starts[mine], lengths[mine])
        order.append(mine)
        copied.append(fim_copy(tokens, *columns, options, epoch))
        if spans is not None:
            moved.append(fim_spans(tokens, *columns, _chosen(*spans, which[mine]), options, epoch))
    if len(order) == 1:
        return copied[0], moved[0] if moved else None
    made = np.concatenate(order)
    back = np.argsort(made)
    tokens, _ = _chosen(np.concatenate(copied), _splits(lengths[made]), back)
    if not moved:
        return tokens, None
    counts = np.concatenate([np.diff(splits) for _, splits in moved])
    return tokens, _chosen(np.concatenate([values for values, _ in moved]), _splits(counts), back)


def _splits(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _chosen(values: np.ndarray, splits: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of runs of values, run i being `splits[i]` to `splits[i + 1]`, those that are chosen, one after the other."""
    counts = np.diff(splits)[which]
    chosen = _splits(counts)
    return values[np.arange(chosen[-1]) + np.repeat(splits[which] - chosen[:-1], counts)], chosen
