"""The near-duplicates of an array of texts in one call: signatures -> bands -> candidate groups -> verified removals.

What the `dedup` stage does with files, here in memory and on one core: for notebooks, tests and benchmarks. Peak memory
is 12 bytes a band key (25 keys and the exact one a document at the default threshold), and then the shingle sets of the
documents that are a candidate of any other, 8 bytes a token.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from corpus.dedup.bands import choose_bands
from corpus.dedup.candidates import star_edges
from corpus.dedup.compare import bounded_sets
from corpus.dedup.components import components
from corpus.dedup.verify import Removals, verify_components
from corpus.kernels.minhash import document_keys, permutations
from corpus.kernels.shingle import shingle_sets


@dataclass(frozen=True)
class NearOptions:
    """What counts as a duplicate, and how surely a pair at the threshold is proposed."""

    threshold: float = 0.75
    shingle_tokens: int = 5
    recall: float = 0.9985
    rows_per_band: int = 5
    seed: int = 0


def near_duplicates(text: pa.Array, options: NearOptions, rank: np.ndarray | None = None) -> Removals:
    """Which documents are duplicates of which.

    Args:
        text: LargeStringArray of `N` documents.
        options: see there.
        rank: `[N]` int64, distinct: of two duplicates the lower is kept; by default the first.
    """
    bands = choose_bands(options.threshold, options.recall, options.rows_per_band)
    a, b = permutations(bands.num * bands.rows, options.seed)
    keys, exact, _ = document_keys(text, options.shingle_tokens, a, b, bands.rows)
    roots = components(len(text), [star_edges(keys, np.arange(len(text)))])
    del keys
    size = np.bincount(roots, minlength=len(text))
    candidates = np.flatnonzero(size[roots] > 1)
    rank = np.arange(len(text)) if rank is None else rank
    hashes, offsets = bounded_sets(*shingle_sets(text.take(pa.array(candidates)), options.shingle_tokens))
    found = verify_components(
        roots[candidates], rank[candidates], exact[candidates], hashes, offsets, options.threshold
    )
    cluster_size = np.ones(len(text), np.int32)
    cluster_size[candidates] = found.cluster_size
    return Removals(candidates[found.removed], candidates[found.kept], found.jaccard, cluster_size)
