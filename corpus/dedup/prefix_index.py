"""An index of the sets kept so far that finds every one similar enough to a new set, and of the others nearly none.

Prefix filter (Chaudhuri, Ganti, Kaushik 2006; Xiao et al., *PPJoin*, WWW 2008): order all hashes from the rare to the
frequent. Sets A and B with a Jaccard of at least t share `o = ceil(t / (1 + t) * (|A| + |B|))` hashes or more, so the
first one they share is among the first `|A| - o + 1` of A and the first `|B| - o + 1` of B. Exact: nothing is missed.

What this is for is a template with a million pages. Their common text is frequent, so it stands at the end of the
order; pages that differ in more than the threshold allows share nothing before it and never meet, and so n pages that
are all kept cost n look-ups instead of n^2 comparisons. To be sure of that a set is indexed in two parts: the hashes
that a larger set may share first (1/7 of it at 0.75), and those behind them that only a smaller set may (to 1/4).

For containment the kept set may be of any size, so all its hashes are indexed (`add_whole`), and a new set is looked
for by the first `|A| - ceil(t * |A|) + 1` of its own (`find_holders`): what has the share t of A has one of those.
Pages of a template don't meet here either, since the new page looks by its rare hashes only; the index is four times
as large.

Frequency is counted to 255 in a table of 2^22 counters at most, which stays in the processor's cache. Two hashes in one
counter are taken for more frequent than they are: a detour, never an error.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from corpus.dedup.compare import least_overlap

_MIX = np.uint64(0x9E3779B97F4A7C15)
_MOST_COUNTERS, _MOST = 1 << 22, 255
_FREQUENCY_BITS, _HASH_BITS = np.uint64(8), np.uint64(56)
_NONE = -1


class PrefixIndex(NamedTuple):
    """Open addressing from a hash's place in the order to the sets that have it; arrays are replaced when they grow."""

    keys: np.ndarray  # [slots] uint64
    heads: np.ndarray  # [2, slots] int32: last posting in the first part, in the second part; -1: none
    sets: np.ndarray  # [postings] int32
    places: np.ndarray  # [postings] int32: where the hash stands in the set's order
    next: np.ndarray  # [postings] int32
    used: np.ndarray  # [2] int64: slots, postings


@njit(cache=True, nogil=True)
def count_hashes(hashes, offsets, members):
    """How often each hash comes in the sets `members`, in counters by the hash's lowest bits."""
    total = 0
    for member in members:
        total += offsets[member + 1] - offsets[member]
    size = 1 << 10
    while size < total and size < _MOST_COUNTERS:
        size *= 2
    counters = np.zeros(size, np.uint8)
    for member in members:
        for at in range(offsets[member], offsets[member + 1]):
            place = hashes[at] & np.uint64(size - 1)
            counters[place] += counters[place] < _MOST
    return counters


@njit(cache=True, nogil=True)
def ordered(hashes, begin, end, counters):
    """The hashes of a set, the rarest first, each as its counter and its highest bits."""
    mask = np.uint64(len(counters) - 1)
    order = np.empty(end - begin, np.uint64)
    for at in range(len(order)):
        value = hashes[begin + at]
        order[at] = (np.uint64(counters[value & mask]) << _HASH_BITS) | (value >> _FREQUENCY_BITS)
    order.sort()
    return order


@njit(cache=True, nogil=True)
def ordered_prefix(hashes, begin, end, counters, threshold):
    """Of `ordered` those that the set may share first with a similar one, which shares `threshold` of it or more."""
    least = int(np.ceil(threshold * (end - begin) - 1e-6))
    return ordered(hashes, begin, end, counters)[: max(0, end - begin - least + 1)]


@njit(cache=True, nogil=True)
def new_index():
    """An empty index."""
    return PrefixIndex(
        np.zeros(1 << 10, np.uint64),
        np.full((2, 1 << 10), _NONE, np.int32),
        np.empty(1 << 10, np.int32),
        np.empty(1 << 10, np.int32),
        np.empty(1 << 10, np.int32),
        np.zeros(2, np.int64),
    )


@njit(cache=True, nogil=True)
def _slot(index, key):
    mask = np.uint64(len(index.keys) - 1)
    slot = (key * _MIX) >> np.uint64(20) & mask
    while index.keys[slot] != key and index.keys[slot] != 0:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit(cache=True, nogil=True)
def _with_room(index, postings):
    """The index, with its arrays doubled until so many more postings find room."""
    keys, heads, sets, places, following, used = index
    while used[1] + postings > len(sets):
        sets, places, following = _doubled(sets), _doubled(places), _doubled(following)
    if 2 * (used[0] + postings) > len(keys):
        size = len(keys)
        while 2 * (used[0] + postings) > size:
            size *= 2
        grown = PrefixIndex(
            np.zeros(size, np.uint64), np.full((2, size), _NONE, np.int32), sets, places, following, used
        )
        for slot in range(len(keys)):
            if keys[slot] != 0:
                to = _slot(grown, keys[slot])
                grown.keys[to] = keys[slot]
                grown.heads[0, to], grown.heads[1, to] = heads[0, slot], heads[1, slot]
        return grown
    return PrefixIndex(keys, heads, sets, places, following, used)


@njit(cache=True, nogil=True)
def _doubled(values):
    grown = np.empty(2 * len(values), values.dtype)
    grown[: len(values)] = values
    return grown


@njit(cache=True, nogil=True)
def _add(index, number, hashes, first_part):
    index = _with_room(index, len(hashes))
    for place in range(len(hashes)):
        slot = _slot(index, hashes[place])
        if index.keys[slot] == 0:
            index.keys[slot] = hashes[place]
            index.used[0] += 1
        part = 0 if place < first_part else 1
        posting = index.used[1]
        index.sets[posting], index.places[posting] = number, place
        index.next[posting] = index.heads[part, slot]
        index.heads[part, slot] = posting
        index.used[1] += 1
    return index


@njit(cache=True, nogil=True)
def add_set(index, number, size, prefix, threshold):
    """Index set `number` under its `ordered_prefix`; returns the index to go on with."""
    return _add(index, number, prefix, size - least_overlap(size, size, threshold) + 1)


@njit(cache=True, nogil=True)
def add_whole(index, number, order):
    """Index set `number` under all its hashes, for `find_holders`; returns the index to go on with."""
    return _add(index, number, order, len(order))


@njit(cache=True, nogil=True)
def find_sets(index, number, size, prefix, sizes, threshold, seen, found):
    """Write the indexed sets that may be similar enough to `found`; returns how many.

    Args:
        number: of the set asked for; `seen[s] == number` marks the sets already written.
        prefix: its `ordered_prefix`.
        sizes: of all sets, by number.
    """
    count = 0
    first_part = size - least_overlap(size, size, threshold) + 1
    for place in range(len(prefix)):
        slot = _slot(index, prefix[place])
        if index.keys[slot] == 0:
            continue
        for part in range(2 if place < first_part else 1):
            posting = index.heads[part, slot]
            while posting != _NONE:
                other = index.sets[posting]
                if seen[other] != number:
                    least = least_overlap(size, sizes[other], threshold)
                    if place <= size - least and index.places[posting] <= sizes[other] - least:
                        seen[other] = number
                        found[count] = other
                        count += 1
                posting = index.next[posting]
    return count


@njit(cache=True, nogil=True)
def find_holders(index, number, prefix, seen, found):
    """Write the sets of `add_whole` that have one of the hashes of `prefix` to `found`; returns how many."""
    count = 0
    for place in range(len(prefix)):
        slot = _slot(index, prefix[place])
        posting = index.heads[0, slot] if index.keys[slot] != 0 else _NONE
        while posting != _NONE:
            other = index.sets[posting]
            if seen[other] != number:
                seen[other] = number
                found[count] = other
                count += 1
            posting = index.next[posting]
    return count
