"""From candidate components to removals that can be trusted.

Documents of a component are taken from the best to the worst. Each is compared, by the exact similarity of its shingle
set (`compare`), with the documents already kept: it is removed for the most similar of them if that reaches the
threshold, and otherwise it is kept itself. So no document is removed unless a *kept* document is similar enough, chains
do not merge, and true pairs inside a chained component are still found.

Documents of an earlier run (`stays`) come before all others, are kept whatever they are like, and where one of them
reaches the threshold a document goes for it, though a new one be more similar: what is the duplicate of an earlier
document does not depend on which of the new ones are kept in the end.

Documents with one folded text are decided together. In a component of up to `_SMALL` the others are compared with every
kept one; in a larger one `prefix_index` says which of them can be similar enough, so that a template with a million
pages costs time in proportion to its pages, whether all of them are kept or none. Where it names many, `bitmaps` leaves
out most that are not.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from corpus.dedup.bitmaps import new_bitmaps, those_in_reach
from corpus.dedup.compare import CONTAINMENT, MEASURES, MOST_HASHES, Rule, similarity
from corpus.dedup.met_again import rows_met_again
from corpus.dedup.prefix_index import (
    add_set,
    add_whole,
    await_counters,
    count_hashes,
    find_holders,
    find_sets,
    new_index,
    ordered,
    ordered_prefix,
    room_to_count,
)

KEPT, UNDECIDED = -1, -2  # instead of the document that a document goes for
_SMALL = 24
_MANY = 8  # others met, of which the bitmaps are asked first


@dataclass(frozen=True)
class Removals:
    """One row a removed document, sorted by `removed`.

    Attributes:
        removed, kept: `[R]` int64 positions in the arrays given.
        jaccard: `[R]` float64, at least the threshold; or what else was measured.
        cluster_size: `[N]` int32 for every document given: documents in its group, itself counted.
    """

    removed: np.ndarray
    kept: np.ndarray
    jaccard: np.ndarray
    cluster_size: np.ndarray


class Given(NamedTuple):
    """What is known of the documents.

    Attributes:
        hashes, offsets: sorted distinct shingle hashes of each, from `compare.bounded_sets`.
        held: `[N]` bool, kept before, so that no room is taken for them.
        stays: `[N]` bool, of an earlier run: never removed.
    """

    hashes: np.ndarray
    offsets: np.ndarray
    held: np.ndarray
    stays: np.ndarray


class _Fate(NamedTuple):
    kept_for: np.ndarray
    value: np.ndarray


def verify_components(
    component: np.ndarray,
    rank: np.ndarray,
    exact: np.ndarray,
    hashes: np.ndarray,
    offsets: np.ndarray,
    threshold: float,
    measure: str = "jaccard",
    stays: np.ndarray | None = None,
) -> Removals:
    """Decide which documents of candidate components are duplicates of a better one.

    Args:
        component: `[N]` int64, documents with the same value are candidates of each other.
        rank: `[N]` int64, distinct; the lower of two duplicates is kept.
        exact: `[N, 2]` uint64 keys (`corpus.kernels.shingle.exact_keys`): where equal, the similarity is 1 unseen.
        hashes, offsets: sorted distinct shingle hashes of each document, from `compare.bounded_sets`.
        threshold: least similarity of a removal.
        measure: one of `compare.MEASURES`.
        stays: `[N]` bool, documents that are never removed; by default none.
    """
    none = np.zeros(len(component), np.bool_)
    given = Given(hashes, offsets, none, none if stays is None else stays)
    rule = Rule(threshold, MEASURES[measure])
    kept_for, value = decide(component, rank, exact, given, rule, len(hashes) + 1)
    return removals_of(kept_for, value)


def removals_of(kept_for: np.ndarray, jaccard: np.ndarray) -> Removals:
    """The decisions as removals.

    Args:
        kept_for: `[N]` int64, the document each is removed for, negative where it is not.
        jaccard: `[N]` float64.
    """
    group = np.where(kept_for >= 0, kept_for, np.arange(len(kept_for)))
    size = np.bincount(group, minlength=len(kept_for)).astype(np.int32)[group]
    removed = np.flatnonzero(kept_for >= 0)
    return Removals(removed, kept_for[removed], jaccard[removed], size)


def decide(
    component: np.ndarray, rank: np.ndarray, exact: np.ndarray, given: Given, rule: Rule, room: int
) -> tuple[np.ndarray, np.ndarray]:
    """`verify_components` for a part of the documents: those kept before, and the next ones.

    Args:
        given: the documents `held` are the best of their component, those that `stays` aside.
        room: hashes of documents that may be kept besides; a document that would be kept beyond stays undecided.

    Returns:
        the document each goes for, `[N]` int64, KEPT or UNDECIDED; the similarity, `[N]` float64.
    """
    order = np.lexsort((rank, ~given.held, ~given.stays, component))
    first = _first_of_equals(order, component, exact)
    first = np.where(given.stays, np.arange(len(first)), first)
    counters = room_to_count(len(given.hashes))
    kept_for, value = _decide(component, order, first, given, rule, room, counters)
    twins = np.flatnonzero(first != np.arange(len(first)))
    elder = first[twins]
    goes = kept_for[elder] != KEPT
    kept_for[twins] = np.where(goes, kept_for[elder], elder)
    value[twins] = np.where(goes, value[elder], 1.0)
    return kept_for, value


def _first_of_equals(order: np.ndarray, component: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """The best-ranked document of the component with the same exact key, of each document."""
    some = rows_met_again(np.ascontiguousarray(exact[:, 0]))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    by_key = some[np.lexsort((place[some], exact[some, 1], exact[some, 0], component[some]))]
    keys = np.column_stack([component[by_key], exact[by_key].astype(np.int64)])
    starts = np.flatnonzero(np.concatenate([[True], (keys[1:] != keys[:-1]).any(axis=1)])[: len(some)])
    first = np.arange(len(order))
    first[by_key] = np.repeat(by_key[starts], np.diff(np.append(starts, len(some))))
    return first


@njit(cache=True, nogil=True)
def _decide(component, order, first, given, rule, room, counters):
    fate = _Fate(np.full(len(order), KEPT, np.int64), np.zeros(len(order), np.float64))
    members = np.empty(len(order), np.int64)
    begin = 0
    while begin < len(order):
        end, count = begin, 0
        while end < len(order) and component[order[end]] == component[order[begin]]:
            if first[order[end]] == order[end]:
                members[count] = order[end]
                count += 1
            end += 1
        if count <= _SMALL:
            room = _decide_small(members[:count], given, rule, room, fate)
        else:
            room = _decide_large(members[:count], given, rule, room, fate, counters)
        begin = end
    return fate.kept_for, fate.value


@njit(cache=True, nogil=True)
def _compare(document, keeper, given, rule, fate):
    """Let `document` go for `keeper` if that is similar enough, and more so than the one found before.

    One that stays from an earlier run comes before all others.
    """
    offsets, before = given.offsets, fate.kept_for[document]
    found = similarity(
        given.hashes, offsets[document], offsets[document + 1], offsets[keeper], offsets[keeper + 1], rule
    )
    if found == 0:
        return
    is_better = found > fate.value[document]
    if before != KEPT and given.stays[before] != given.stays[keeper]:
        is_better = given.stays[keeper]
    if is_better:
        fate.value[document] = found
        fate.kept_for[document] = keeper


@njit(cache=True, nogil=True)
def _keep(document, given, room, fate):
    """Keep a document if there is room; returns the room that is left."""
    room -= given.offsets[document + 1] - given.offsets[document]
    fate.kept_for[document] = KEPT if room >= 0 else UNDECIDED
    return room


@njit(cache=True, nogil=True)
def _decide_small(members, given, rule, room, fate):
    """`members` from the best to the worst, each against every one kept; returns the room that is left."""
    for at in range(len(members)):
        document = members[at]
        if given.held[document]:
            continue
        for other in range(0 if given.stays[document] else at):
            if fate.kept_for[members[other]] == KEPT:
                _compare(document, members[other], given, rule, fate)
        if fate.kept_for[document] == KEPT:
            room = _keep(document, given, room, fate)
    return room


@njit(cache=True, nogil=True)
def _decide_large(members, given, rule, room, fate, counters):
    """The same as `_decide_small`; sets that were cut cannot be indexed and are compared one by one."""
    hashes, offsets, whole = given.hashes, given.offsets, rule.measure == CONTAINMENT
    counters = count_hashes(hashes, offsets, members, counters)
    sizes = np.empty(len(members), np.int64)
    for at in range(len(members)):
        sizes[at] = offsets[members[at] + 1] - offsets[members[at]]
    smallest = 0 if whole else sizes.min()
    index, bitmaps = new_index(), new_bitmaps(len(members))
    seen = np.full(len(members), -1, np.int64)
    found = np.empty(len(members), np.int64)
    long_ones = np.empty(len(members), np.int64)
    num_long = 0
    for at in range(len(members)):
        document, size = members[at], sizes[at]
        begin, end, threshold = offsets[document], offsets[document + 1], rule.threshold
        is_cut, is_long = size == MOST_HASHES, size >= threshold * MOST_HASHES
        following = members[min(at + 1, len(members) - 1)]
        await_counters(hashes, offsets[following], offsets[following + 1], counters)
        prefix = ordered_prefix(hashes, begin, end, counters, threshold, smallest)
        if not (given.held[document] or given.stays[document]):
            num_found = 0
            if not is_cut and whole:
                num_found = find_holders(index, at, prefix, seen, found)
            elif not is_cut:
                num_found = find_sets(index, at, size, prefix, sizes, threshold, seen, found)
            if num_found > _MANY:
                num_found = those_in_reach(bitmaps, at, found, num_found, hashes, offsets, members, rule)
            candidates = np.sort(found[:num_found])  # of equals the best is kept
            for i in range(num_found):
                _compare(document, members[candidates[i]], given, rule, fate)
            for i in range(num_long if is_long or whole else 0):
                other = long_ones[i]
                if is_cut or sizes[other] == MOST_HASHES:
                    _compare(document, members[other], given, rule, fate)
        if fate.kept_for[document] == KEPT and not given.held[document]:
            room = _keep(document, given, room, fate)
        if fate.kept_for[document] == KEPT:
            if is_long:
                long_ones[num_long] = at
                num_long += 1
            if not is_cut and whole:
                index = add_whole(index, at, ordered(hashes, begin, end, counters, size))
            elif not is_cut:
                index = add_set(index, at, size, prefix, threshold)
    return room
