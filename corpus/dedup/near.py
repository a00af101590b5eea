"""The near-duplicates of an array of texts in one call: signatures -> bands -> candidate groups -> verified removals.

What the `dedup` stage does with files, here in memory and on one core: for notebooks, tests and benchmarks. Peak memory
is 20 bytes a band key (25 keys and the exact one a document at the default threshold), and then the shingle sets of the
documents that are a candidate of any other, 8 bytes a token. The texts themselves need not be in memory at once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from corpus.dedup.bands import choose_bands
from corpus.dedup.candidates import star_edges
from corpus.dedup.compare import joined_sets
from corpus.dedup.components import components
from corpus.dedup.verify import Removals, verify_components
from corpus.kernels.minhash import document_keys, permutations
from corpus.kernels.shingle import shingle_sets

_BANDS_AT_ONCE = 4


@dataclass(frozen=True)
class NearOptions:
    """What counts as a duplicate, and how surely a pair at the threshold is proposed."""

    threshold: float = 0.75
    shingle_tokens: int = 5
    recall: float = 0.9985
    rows_per_band: int | None = None  # what the threshold allows: `choose_bands`
    seed: int = 0
    measure: str = "jaccard"


def near_duplicates(
    text: pa.Array | Callable[[], Iterable[pa.Array]], options: NearOptions, rank: np.ndarray | None = None
) -> Removals:
    """Which documents are duplicates of which.

    Args:
        text: LargeStringArray of `N` documents, or what gives them in arrays, in the same order: it is called twice.
        options: see there.
        rank: `[N]` int64, distinct: of two duplicates the lower is kept; by default the first.

    Example:
        near_duplicates(lambda: (batch["text"] for batch in read_batches(path, ["text"])), NearOptions())
    """
    read = (lambda: [text]) if isinstance(text, pa.Array) else text
    bands = choose_bands(options.threshold, options.recall, options.rows_per_band, options.measure)
    a, b = permutations(bands.num * bands.rows, options.seed)
    signed = [document_keys(each, options.shingle_tokens, a, b, bands.rows)[:2] for each in read()]
    keys = np.concatenate([np.zeros((0, bands.num + 1), np.uint64), *(each for each, _ in signed)])
    exact = np.concatenate([np.zeros((0, 2), np.uint64), *(each for _, each in signed)])
    del signed
    roots = components(len(keys), _edges(keys))
    del keys
    size = np.bincount(roots, minlength=len(roots))
    candidates = np.flatnonzero(size[roots] > 1)
    rank = np.arange(len(roots)) if rank is None else rank
    hashes, offsets = joined_sets(shingle_sets(each, options.shingle_tokens) for each in _taken(read(), candidates))
    found = verify_components(
        roots[candidates], rank[candidates], exact[candidates], hashes, offsets, options.threshold, options.measure
    )
    cluster_size = np.ones(len(roots), np.int32)
    cluster_size[candidates] = found.cluster_size
    return Removals(candidates[found.removed], candidates[found.kept], found.jaccard, cluster_size)


def _edges(keys: np.ndarray) -> Iterator[np.ndarray]:
    """The stars of a few bands at a time, so that their tables stay in the cache."""
    documents = np.arange(len(keys))
    for band in range(0, keys.shape[1], _BANDS_AT_ONCE):
        yield star_edges(np.ascontiguousarray(keys[:, band : band + _BANDS_AT_ONCE]), documents)


def _taken(texts: Iterable[pa.Array], documents: np.ndarray) -> Iterator[pa.Array]:
    """Of each array the documents with the given (ascending) numbers, if there are any."""
    start = 0
    for text in texts:
        low, high = np.searchsorted(documents, [start, start + len(text)])
        if high - low == len(text):
            yield text
        elif low < high:
            yield text.take(pa.array(documents[low:high] - start))
        start += len(text)
