"""All levels of de-duplication on the candidate groups of one task: by URL, then by text.

Of the documents of one URL (`urls.url_keys`) only the best is compared by its text; the others go for it, or for the
document that it goes for itself. This comes first, so a document that goes for its URL is nobody's keeper: where A and
B are versions of one page and C has the text of B, C goes only if it is similar to A.

A document that goes for its URL is then compared with those that stay all the same, and goes for one that has its text
if there is one: were the better version of its URL dropped by a rule later, this one could be kept in its place, and
must not be what another has that stays. Documents of an earlier run stay, and come before all others (`verify`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from corpus.dedup.blocks import verify_in_blocks
from corpus.dedup.verify import KEPT

__all__ = ["Candidates", "Decisions", "decide_levels"]

ReadSets = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Candidates:
    """The documents to decide, `N` rows each.

    Attributes:
        component: int64, documents with the same value are candidates of each other.
        rank: int64, distinct; the lower of two duplicates is kept.
        exact: `[N, 2]` uint64 keys of what is compared.
        num_chars: int, by which memory is bounded.
        url: `[N, 2]` uint64 from `urls.url_keys`; None leaves this level out.
        stays: bool, documents of an earlier run; None: there are none.
    """

    component: np.ndarray
    rank: np.ndarray
    exact: np.ndarray
    num_chars: np.ndarray
    url: np.ndarray | None = None
    stays: np.ndarray | None = None


@dataclass(frozen=True)
class Decisions:
    """One row a document.

    Attributes:
        kept_for: `[N]` int64, the document that it goes for, which stays; -1 where it stays itself.
        level: `[N]` object, "url", "exact", "near" or None.
        value: `[N]` float64, the similarity; NaN where it stays or goes for its URL.
        cluster_size: `[N]` int32, documents in its group, itself counted.
    """

    kept_for: np.ndarray
    level: np.ndarray
    value: np.ndarray
    cluster_size: np.ndarray


def decide_levels(given: Candidates, read_sets: ReadSets, threshold: float, measure: str = "jaccard") -> Decisions:
    """Which documents go, for which, and why.

    Args:
        read_sets, threshold, measure: as for `blocks.verify_in_blocks`.
    """
    num = len(given.component)
    stays = np.zeros(num, np.bool_) if given.stays is None else given.stays
    winner = np.full(num, KEPT) if given.url is None else best_of_url(given.url, given.rank, stays)
    kept_for, value = _by_text(np.flatnonzero(winner < 0), given, stays, read_sets, threshold, measure)
    losers = np.flatnonzero(winner >= 0)
    on_url = np.zeros(num, np.bool_)
    on_url[losers] = True
    best = winner[losers]
    kept_for[losers] = np.where(kept_for[best] >= 0, kept_for[best], best)
    for fixed in (stays, kept_for < 0):  # the earlier run's first
        again = losers[~stays[kept_for[losers]]]
        again = again[np.isin(given.component[again], given.component[fixed])]
        if len(again):
            fixed = fixed & np.isin(given.component, given.component[again])
            both = np.sort(np.concatenate([np.flatnonzero(fixed), again]))
            other, similar = _by_text(both, given, fixed, read_sets, threshold, measure)
            again = again[(other[again] >= 0) & fixed[other[again]] & (other[again] != kept_for[again])]
            kept_for[again], value[again], on_url[again] = other[again], similar[again], False
    removed = kept_for >= 0
    same = removed & (given.exact == given.exact[kept_for]).all(axis=1)
    level = np.full(num, None, object)
    level[removed], level[same], level[on_url] = "near", "exact", "url"
    value[~removed | on_url] = np.nan
    group = np.where(removed, kept_for, np.arange(num))
    return Decisions(kept_for, level, value, np.bincount(group, minlength=num).astype(np.int32)[group])


def best_of_url(url: np.ndarray, rank: np.ndarray, stays: np.ndarray) -> np.ndarray:
    """The document that each goes for by its URL, `[N]` int64, -1 where it is the best of its URL or has none.

    Args:
        url, rank, stays: of `Candidates`.
    """
    order = np.lexsort((rank, ~stays, url[:, 1], url[:, 0]))
    keys = url[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    first = order[np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))]
    winner = np.full(len(order), KEPT)
    goes = ~is_first & keys.any(axis=1) & ~stays[order]
    winner[order[goes]] = first[goes]
    return winner


def _by_text(
    chosen: np.ndarray, given: Candidates, stays: np.ndarray, read_sets: ReadSets, threshold: float, measure: str
) -> tuple[np.ndarray, np.ndarray]:
    """`verify_in_blocks` for some (ascending) documents: for which each goes, and the similarity, of all documents."""
    kept_for, value = np.full(len(given.component), KEPT), np.zeros(len(given.component))
    found = verify_in_blocks(
        given.component[chosen],
        given.rank[chosen],
        given.exact[chosen],
        given.num_chars[chosen],
        lambda some: read_sets(chosen[some]),
        threshold,
        measure=measure,
        stays=stays[chosen],
    )
    kept_for[chosen[found.removed]] = chosen[found.kept]
    value[chosen[found.removed]] = found.jaccard
    return kept_for, value
