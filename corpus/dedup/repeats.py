"""Which units of a corpus are repeated and go.

Two policies. **first**: all but the first occurrence go, inside a document and across documents; the first is the one
in the document of the lowest `order`, and there the earliest. **everywhere**: a unit that stands in `min_documents`
different documents or more goes from all of them (navigation, licences), and any other stays.

Two steps, so that no key costs more than one record a part of the corpus, however often it occurs. `summarise` groups
the units of one part by key and keeps one record a group: its best order, and in how many documents it is. `lost_first`
and `in_many` take the records of all parts that belong to a range of keys, and say which groups go. Every decision
depends on keys, orders and counts alone: not on how documents are spread over parts, nor on which comes first.

Memory: `summarise` 50 bytes a unit of its part. The others 4 to 8 bytes a record and 60 for each whose key occurs again
(`corpus.dedup.met_again` leaves out the others). Both are linear but for one sort.
"""

from typing import NamedTuple

import numpy as np

from corpus.dedup.met_again import rows_met_again
from corpus.kernels.jit import kernel


class Groups(NamedTuple):
    """Units of one part by key, a row a distinct key.

    Attributes:
        keys: `[G, 2]` uint64.
        order: `[G]` uint64, the lowest of the documents that have it.
        num_documents: `[G]` int32, how many have it.
        group: `[M]` int32, the row of each unit.
        is_first: `[M]` bool, whether the unit is the first of its group.
    """

    keys: np.ndarray
    order: np.ndarray
    num_documents: np.ndarray
    group: np.ndarray
    is_first: np.ndarray


def summarise(keys: np.ndarray, document: np.ndarray, order: np.ndarray) -> Groups:
    """Group the units of one part.

    Args:
        keys: `[M, 2]` uint64, of units in the order in which they stand in the part.
        document: `[M]` int64, not decreasing.
        order: `[M]` uint64, of the unit's document: the lower goes before.
    """
    group, count = _numbered(keys)
    first, num_documents = np.full(count, -1, np.int64), np.zeros(count, np.int32)
    _survey(group, document, order, first, num_documents, np.full(count, -1, np.int64))
    is_first = np.zeros(len(keys), np.bool_)
    is_first[first] = True
    return Groups(keys[first], order[first], num_documents, group, is_first)


def lost_first(keys: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Which records of several parts don't hold the first occurrence of their key.

    Args:
        keys, order: of the `Groups` of all parts, joined: `[R, 2]` and `[R]`.

    Returns:
        `[R]` bool: in these parts the first of the group goes as well.
    """
    lost = np.zeros(len(keys), np.bool_)
    rows = rows_met_again(np.ascontiguousarray(keys[:, 0]))
    group, count = _numbered(keys[rows])
    first = np.full(count, -1, np.int64)
    _survey(group, np.arange(len(rows)), order[rows], first, np.zeros(count, np.int32), np.full(count, -1, np.int64))
    lost[rows] = True
    lost[rows[first]] = False
    return lost


def in_many(keys: np.ndarray, num_documents: np.ndarray, min_documents: int) -> np.ndarray:
    """Which records of several parts are of a key that stands in `min_documents` documents or more: `[R]` bool."""
    many = num_documents >= min_documents  # in one part alone
    rows = rows_met_again(np.ascontiguousarray(keys[:, 0]))
    group, count = _numbered(keys[rows])
    total = np.bincount(group, weights=num_documents[rows], minlength=count)  # exact: below 2^53
    many[rows] |= total[group] >= min_documents
    return many


def _numbered(keys: np.ndarray) -> tuple[np.ndarray, int]:
    """The number of each key among the distinct ones, int32, and how many those are."""
    group = np.empty(len(keys), np.int32)
    return group, _group(keys, np.argsort(keys[:, 0], kind="stable"), group)


@kernel()
def _group(keys, sorted_by, group):
    """Number the distinct keys, `sorted_by` their first half; returns how many there are.

    Keys that share only the first half follow each other in the sort, and are told apart by walking over their run.
    """
    count, begin = 0, 0
    while begin < len(sorted_by):
        end = begin
        while end < len(sorted_by) and keys[sorted_by[end], 0] == keys[sorted_by[begin], 0]:
            group[sorted_by[end]] = -1
            end += 1
        for at in range(begin, end):
            unit = sorted_by[at]
            if group[unit] >= 0:
                continue
            for other in range(at, end):
                if keys[sorted_by[other], 1] == keys[unit, 1]:
                    group[sorted_by[other]] = count
            count += 1
        begin = end
    return count


@kernel()
def _survey(group, document, order, first, num_documents, last):
    """Find each group's first unit, and count its documents."""
    for unit in range(len(group)):
        its = group[unit]
        if first[its] < 0 or order[unit] < order[first[its]]:
            first[its] = unit
        num_documents[its] += document[unit] != last[its]
        last[its] = document[unit]
