"""An index of the sets kept so far that finds every one similar enough to a new set, and of the others nearly none.

Prefix filter (Chaudhuri, Ganti, Kaushik 2006; Xiao et al., *PPJoin*, WWW 2008): order all hashes from the rare to the
frequent. Sets A and B with a Jaccard of at least t share `o = ceil(t / (1 + t) * (|A| + |B|))` hashes or more, so the
first one they share is among the first `|A| - o + 1` of A and the first `|B| - o + 1` of B. Exact: nothing is missed.

What this is for is a template with a million pages. Their common text is frequent, so it stands at the end of the
order; pages that differ in more than the threshold allows share nothing before it and never meet, and so n pages that
are all kept cost n look-ups instead of n^2 comparisons. To be sure of that a set is indexed in two parts: the hashes
that a larger set may share first (1/7 of it at 0.75), and those behind them that only a smaller set may (to 1/4, and
less where the group's smallest set is no smaller).

For containment the kept set may be of any size, so all its hashes are indexed (`add_whole`), and a new set is looked
for by the first `|A| - ceil(t * |A|) + 1` of its own (`find_holders`): what has the share t of A has one of those.
Pages of a template don't meet here either, since the new page looks by its rare hashes only; the index is four times
as large.

Frequency is counted to 255 in a table of 2^24 counters at most, 16 MB. Two hashes in one counter are taken for more
frequent than they are: a detour, never an error. A hash that was counted once is of one set alone, and neither indexed
nor looked for.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from corpus.dedup.compare import least_overlap
from corpus.kernels.jit import inner, kernel, prefetch, raw
from corpus.kernels.mixing import GOLDEN_RATIO

_MIX = np.uint64(GOLDEN_RATIO)
_LEAST_BITS, _MOST_BITS, _MOST = 10, 24, 255
_AHEAD = 128  # hashes, of the one whose counter is asked for
_FREQUENCY_BITS, _HASH_BITS = np.uint64(8), np.uint64(56)
_ONCE, _20, _32, _LOW = np.uint64(1), np.uint64(20), np.uint64(32), np.uint64(0xFFFFFFFF)


class PrefixIndex(NamedTuple):
    """Open addressing from a hash's place in the order to the sets that have it; arrays are replaced when they grow.

    What is looked at together lies together: a look-up waits for memory once.
    """

    slots: np.ndarray  # [slots, 2] uint64: key; number of the last posting in the first part, above it in the second
    postings: np.ndarray  # [postings, 3] int32: set, where the hash stands in the set's order, next posting's number
    used: np.ndarray  # [2] int64: slots, postings; postings are numbered from 1, 0 is none


def room_to_count(num_hashes):
    """Counters for `count_hashes` in sets of so many hashes altogether: uint8, a power of two of them.

    numpy asks for huge pages where an array is large, which numba does not; here they are half the price.
    """
    return np.zeros(1 << max(_LEAST_BITS, min(_MOST_BITS, (num_hashes - 1).bit_length())), np.uint8)


@njit(cache=True, nogil=True)
def count_hashes(hashes, offsets, members, counters):
    """How often each hash comes in the sets `members`, by its lowest bits: a part of `room_to_count`, renewed."""
    total = 0
    for member in members:
        total += offsets[member + 1] - offsets[member]
    size = 1 << _LEAST_BITS
    while size < total and size < len(counters):
        size *= 2
    counters = counters[:size]
    counters[:] = 0
    _count(hashes, offsets, members, counters)
    return counters


@inner()
def _count(hashes, offsets, members, counters):
    mask, table, last = np.uint64(len(counters) - 1), raw(counters), len(hashes) - 1
    for member in members:
        for at in range(offsets[member], offsets[member + 1]):
            prefetch(table, np.int64(hashes[min(at + _AHEAD, last)] & mask))
            place = np.int64(hashes[at] & mask)
            table[place] += table[place] < _MOST  # a branch would wait for memory


@kernel()
def await_counters(hashes, begin, end, counters):
    """Have the counters of a set brought into the cache, while something else is done."""
    mask, table = np.uint64(len(counters) - 1), raw(counters)
    for at in range(begin, end):
        prefetch(table, np.int64(hashes[at] & mask))


@njit(cache=True, nogil=True)
def ordered(hashes, begin, end, counters, most):
    """The first `most` hashes of a set, the rarest first, each as its counter and its highest bits."""
    order = np.empty(most + 1, np.uint64)
    _order(hashes, begin, end, counters, np.empty(end - begin + 1, np.uint64), np.empty(_MOST + 1, np.int64), order)
    return order[:most]


@inner()
def _order(hashes, begin, end, counters, rare, runs, order):
    """Write `ordered`, and what is beyond it to the last place, without a branch that waits for memory.

    A set is sorted already, so hashes only go to the end of their frequency's run, and those that are counted to the
    most, a template's text, are taken as they stand.

    Args:
        rare: scratch, `[end - begin + 1]`.
        runs: scratch; where the next hash of each frequency goes.
    """
    mask, table, most, count = np.uint64(len(counters) - 1), raw(counters), len(order) - 1, 0
    for at in range(begin, end):
        frequency = table[np.int64(hashes[at] & mask)]
        rare[count] = np.uint64(frequency) << _HASH_BITS | hashes[at] >> _FREQUENCY_BITS
        count += frequency < _MOST
    runs[:] = 0
    for at in range(count):
        runs[np.int64(rare[at] >> _HASH_BITS) + 1] += 1
    for frequency in range(1, _MOST):
        runs[frequency + 1] += runs[frequency]
    for at in range(count):
        frequency = np.int64(rare[at] >> _HASH_BITS)
        order[min(runs[frequency], most)] = rare[at]
        runs[frequency] += 1
    at = begin
    while count < most:
        frequency = table[np.int64(hashes[at] & mask)]
        order[count] = np.uint64(frequency) << _HASH_BITS | hashes[at] >> _FREQUENCY_BITS
        count += frequency == _MOST
        at += 1


@njit(cache=True, nogil=True)
def ordered_prefix(hashes, begin, end, counters, threshold, smallest):
    """Of `ordered` those that the set may share first with a similar one of at least `smallest` hashes."""
    size = end - begin
    least = max(int(np.ceil(threshold * size - 1e-6)), least_overlap(size, smallest, threshold))
    return ordered(hashes, begin, end, counters, max(0, min(size, size - least + 1)))


@inner()
def _first_of_others(order):
    """Where in `ordered` the hashes begin that another set may have too: no one asks for those that come once."""
    place = 0
    while place < len(order) and order[place] >> _HASH_BITS == _ONCE:
        place += 1
    return place


@njit(cache=True, nogil=True)
def new_index():
    """An empty index."""
    return PrefixIndex(np.zeros((1 << 10, 2), np.uint64), np.empty((1 << 10, 3), np.int32), np.array([0, 1]))


@inner()
def _slot(slots, key):
    mask = len(slots) - 1
    slot = np.int64((key * _MIX) >> _20) & mask
    while slots[slot, 0] != key and slots[slot, 0] != 0:
        slot = (slot + 1) & mask
    return slot


@inner()
def _last_posting(heads, part):
    return np.int64((heads >> _32) if part else heads & _LOW)


@njit(cache=True, nogil=True)
def _with_room(index, postings):
    """The index, with its arrays doubled until so many more postings find room."""
    slots, before, used = index
    size = len(before)
    while used[1] + postings > size:
        size *= 2
    after = before
    if size > len(before):
        after = np.empty((size, 3), np.int32)
        after[: len(before)] = before
    size = len(slots)
    while 2 * (used[0] + postings) > size:
        size *= 2
    if size > len(slots):
        grown = np.zeros((size, 2), np.uint64)
        _move(slots, grown)
        slots = grown
    return PrefixIndex(slots, after, used)


@inner()
def _move(slots, grown):
    for slot in range(len(slots)):
        if slots[slot, 0] != 0:
            to = _slot(grown, slots[slot, 0])
            grown[to, 0], grown[to, 1] = slots[slot, 0], slots[slot, 1]


@njit(cache=True, nogil=True)
def _add(index, number, hashes, first_part):
    begin = _first_of_others(hashes)
    index = _with_room(index, len(hashes) - begin)
    _write(index, number, hashes, begin, first_part)
    return index


@inner()
def _write(index, number, hashes, begin, first_part):
    """Add the postings of `hashes[begin:]`, for which there is room."""
    slots, postings, used = index
    for place in range(begin, len(hashes)):
        slot = _slot(slots, hashes[place])
        used[0] += slots[slot, 0] == 0
        slots[slot, 0] = hashes[place]
        posting, heads = used[1], slots[slot, 1]
        postings[posting, 0], postings[posting, 1] = number, place
        if place < first_part:
            postings[posting, 2] = heads & _LOW
            slots[slot, 1] = heads >> _32 << _32 | np.uint64(posting)
        else:
            postings[posting, 2] = heads >> _32
            slots[slot, 1] = np.uint64(posting) << _32 | heads & _LOW
        used[1] += 1


@njit(cache=True, nogil=True)
def add_set(index, number, size, prefix, threshold):
    """Index set `number` under its `ordered_prefix`; returns the index to go on with."""
    return _add(index, number, prefix, size - least_overlap(size, size, threshold) + 1)


@njit(cache=True, nogil=True)
def add_whole(index, number, order):
    """Index set `number` under all its hashes, for `find_holders`; returns the index to go on with."""
    return _add(index, number, order, len(order))


@kernel()
def find_sets(index, number, size, prefix, sizes, threshold, seen, found):
    """Write the indexed sets that may be similar enough to `found`; returns how many.

    Args:
        number: of the set asked for; `seen[s] == number` marks the sets already written.
        prefix: its `ordered_prefix`.
        sizes: of all sets, by number.
    """
    count, slots, postings = 0, index.slots, index.postings
    first_part = size - least_overlap(size, size, threshold) + 1
    for place in range(_first_of_others(prefix), len(prefix)):
        heads = slots[_slot(slots, prefix[place]), 1]
        for part in range(2 if place < first_part else 1):
            posting = _last_posting(heads, part)
            while posting:
                other = postings[posting, 0]
                if seen[other] != number:
                    least = least_overlap(size, sizes[other], threshold)
                    if place <= size - least and postings[posting, 1] <= sizes[other] - least:
                        seen[other] = number
                        found[count] = other
                        count += 1
                posting = postings[posting, 2]
    return count


@kernel()
def find_holders(index, number, prefix, seen, found):
    """Write the sets of `add_whole` that have one of the hashes of `prefix` to `found`; returns how many."""
    count, slots, postings = 0, index.slots, index.postings
    for place in range(_first_of_others(prefix), len(prefix)):
        posting = _last_posting(slots[_slot(slots, prefix[place]), 1], 0)
        while posting:
            other = postings[posting, 0]
            if seen[other] != number:
                seen[other] = number
                found[count] = other
                count += 1
            posting = postings[posting, 2]
    return count
