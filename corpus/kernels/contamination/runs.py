"""Runs of equal tokens in a document and in items, decided by the folded characters and not by hashes.

The slow half of `numba_cpu.py`: only documents get here of which some window's hash is in the index.
"""

from typing import NamedTuple

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.shingle.fold import DROP, MANY, SEPARATOR
from corpus.kernels.shingle.tokens import WORD
from corpus.kernels.utf8 import decode

__all__ = ["Items", "Spelling", "Tally", "best_item", "clear", "follow", "new_spelling", "new_tally", "spell"]

_MOST_CODES_A_BYTE = 6  # U+FDFA, three bytes, folds to 18 code points


class Spelling(NamedTuple):
    """Tokens letter by letter: token `i` is `codes[code_at[i] : code_at[i + 1]]`."""

    codes: np.ndarray  # int32: folded code points, as the steps of `shingle.tokens.step_tables`
    code_at: np.ndarray  # int64
    bounds: np.ndarray  # int64 `[tokens, 2]`: first byte of each token in its text, byte behind its last


class Items(NamedTuple):
    """The tokens of all items."""

    codes: np.ndarray
    code_at: np.ndarray
    item_at: np.ndarray  # int64 `[items + 1]`: first token of each item
    item_of: np.ndarray  # int64 `[tokens]`


class Tally(NamedTuple):
    """What was found of each item in a document. All zero but `touched` where nothing was."""

    longest: np.ndarray  # int64 `[items]`: tokens of the longest run
    first: np.ndarray  # int64 `[items]`: the document's token where it begins
    num_windows: np.ndarray  # int64 `[items]`: windows of the item that the document holds
    seen: np.ndarray  # bool `[item tokens]`: whether the window that begins there is one of them
    touched: np.ndarray  # int64 `[items]`: the items that were found


def new_spelling(num_bytes: int) -> Spelling:
    """Room for the tokens of so many bytes of text; memory is touched only as far as it is needed."""
    most = 2 * num_bytes + 1
    code_at = np.empty(most + 1, np.int64)
    code_at[0] = 0
    return Spelling(np.empty(_MOST_CODES_A_BYTE * num_bytes, np.int32), code_at, np.empty((most, 2), np.int64))


def new_tally(num_items: int, num_tokens: int) -> Tally:
    longest, first, num_windows, touched = (np.zeros(num_items, np.int64) for _ in range(4))
    return Tally(longest, first, num_windows, np.zeros(num_tokens, np.bool_), touched)


@inner()
def spell(data, start, end, steps, many, out, count):
    """Spell out the tokens that `tokenize` makes of the same bytes, behind the first `count` of `out`.

    Returns:
        the new number of tokens in `out`.
    """
    codes, code_at, bounds = out
    filled = code_at[count]  # more than that: a word is open
    place = start
    while place < end:
        here = place
        code_point, place = decode(data, place)
        step = steps[code_point]
        first, size = 0, 1
        if step <= MANY:
            first = MANY - step
            size = many[first]
        for i in range(first + 1, first + 1 + size):
            code = many[i] if step <= MANY else step
            if code == DROP:
                continue
            in_word = code >= 0 and code & WORD != 0
            if filled > code_at[count] and not in_word:
                count += 1
                code_at[count] = filled
            if code == SEPARATOR:
                continue
            if filled == code_at[count]:
                bounds[count, 0] = here - start
            bounds[count, 1] = place - start
            codes[filled] = code
            filled += 1
            if not in_word:
                count += 1
                code_at[count] = filled
    if filled > code_at[count]:
        count += 1
        code_at[count] = filled
    return count


@inner(inline="always")  # as the next: so many arrays are dear to hand over
def _is_same(a, i, b, j):
    """Whether token `i` of `a` is token `j` of `b`."""
    size = a.code_at[i + 1] - a.code_at[i]
    same = size == b.code_at[j + 1] - b.code_at[j]
    k = 0
    while same and k < size:
        same = a.codes[a.code_at[i] + k] == b.codes[b.code_at[j] + k]
        k += 1
    return same


@inner(inline="always")
def began_before(document, place, items, position):
    """Whether the tokens before token `place` of a document and token `position` of the items are the same, too."""
    if place == 0 or position == items.item_at[items.item_of[position]]:
        return False
    return _is_same(document, place - 1, items, position - 1)


@inner()
def follow(document, count, place, items, position, n, tally, num_touched):
    """Note the run that begins at token `place` of a document of `count` and token `position` of the items.

    Returns:
        the number of items that were found.
    """
    item = items.item_of[position]
    begin, end = items.item_at[item], items.item_at[item + 1]
    length = 0
    most = min(count - place, end - position)
    while length < most and _is_same(document, place + length, items, position + length):
        length += 1
    size = min(n, end - begin)
    if length < size:
        return num_touched
    if tally.longest[item] == 0:
        tally.touched[num_touched] = item
        num_touched += 1
    if length > tally.longest[item]:
        tally.longest[item], tally.first[item] = length, place
    for window in range(position, position + length - size + 1):
        tally.num_windows[item] += not tally.seen[window]
        tally.seen[window] = True
    return num_touched


@inner()
def best_item(document, items, n, tally, num_touched, result):
    """Write the match of the item with the longest run, then with more windows, then the first; see `match_items`."""
    best = -1
    for k in range(num_touched):
        item = tally.touched[k]
        ahead = tally.longest[item] - tally.longest[best] if best >= 0 else 1
        if ahead == 0:
            ahead = tally.num_windows[item] - tally.num_windows[best]
        if ahead == 0:
            ahead = best - item
        best = item if ahead > 0 else best
    if best >= 0:
        first, length = tally.first[best], tally.longest[best]
        result[0], result[1], result[2] = best, document.bounds[first, 0], document.bounds[first + length - 1, 1]
        result[3], result[4] = length, tally.num_windows[best]
        result[5] = max(items.item_at[best + 1] - items.item_at[best] - n, 0) + 1


@inner()
def clear(items, tally, num_touched):
    for k in range(num_touched):
        item = tally.touched[k]
        tally.longest[item] = tally.first[item] = tally.num_windows[item] = 0
        for position in range(items.item_at[item], items.item_at[item + 1]):
            tally.seen[position] = False
