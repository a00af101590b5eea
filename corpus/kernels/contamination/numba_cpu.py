"""Look for items in documents: one walk over each, and only where a window's hash is in the index an exact comparison.

Nearly all documents are done after a few looks. Whatever window of `n` tokens a document shares with an item, one of
its parts of `part = n // 2 + 1` tokens begins at a multiple of `n - part + 1`: so only parts there are looked for, one
in 7 tokens for windows of 13, in a Bloom filter of all parts of the items' windows. Where one is found, the windows
around it are looked for by their hash.

`naive.py` says what `match_documents` must write.
"""

from typing import NamedTuple

import numpy as np

from corpus.kernels.contamination.runs import began_before, best_item, clear, follow, spell
from corpus.kernels.jit import inner, kernel, raw
from corpus.kernels.shingle.naive import WINDOW_PRIME as _WINDOW_PRIME
from corpus.kernels.shingle.tokens import tokenize

__all__ = ["MOST_TOKENS", "Windows", "add_items", "empty_windows", "fill_windows", "match_documents"]

MOST_TOKENS = 63  # of a window
WINDOW_PRIME = np.uint64(_WINDOW_PRIME)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_6, _12, _20, _63 = (np.uint64(number) for number in (6, 12, 20, 63))


class Windows(NamedTuple):
    """Windows of `n` tokens by their hash; `n` is 0 where there is none."""

    n: int
    part: int
    bloom: np.ndarray  # uint64: two bits a part, both in one of its words
    keys: np.ndarray  # uint64: hashes of windows, open addressing
    heads: np.ndarray  # int64: first of the item tokens at which a window with that hash begins, -1 in empty slots
    after: np.ndarray  # int64, of each item token: the next with the same hash, or -1


def empty_windows(n: int, num_windows: int, num_tokens: int) -> Windows:
    """Room for `num_windows` windows in items of `num_tokens`: 2 to 4 slots each, 16 to 32 bits for each part."""
    part = n // 2 + 1
    num_parts = min(num_tokens, num_windows * (n - part + 1))
    slots, words = (1 << int(2 * number).bit_length() for number in (num_windows, num_parts // 8))
    return Windows(
        n if num_windows else 0,
        part,
        np.zeros(words, np.uint64),
        np.zeros(slots, np.uint64),
        np.full(slots, -1, np.int64),
        np.full(num_tokens, -1, np.int64),
    )


@inner()
def _hash(tokens, first, size):
    """Polynomial over token hashes. They are mixed, so it needs no mixing of its own."""
    value = _ZERO
    for i in range(first, first + size):
        value = value * WINDOW_PRIME + tokens[i]
    return value


@inner()
def _slot(windows, value):
    """The slot of a window's hash, or the empty one where it would be."""
    mask = np.uint64(len(windows.keys) - 1)
    slot = value >> _20 & mask
    while windows.heads[slot] >= 0 and windows.keys[slot] != value:
        slot = (slot + _ONE) & mask
    return slot


@inner()
def _head(tokens, place, windows):
    """The first of the item tokens at which a window begins that has the hash of the one at `place`, or -1."""
    return windows.heads[_slot(windows, _hash(tokens, place, windows.n))]


@kernel()
def fill_windows(hashes, positions, windows):
    """Add the windows that begin at `positions`, which ascend: those of one hash are chained, the first in front."""
    for i in range(len(positions) - 1, -1, -1):
        value = _hash(hashes, positions[i], windows.n)
        slot = _slot(windows, value)
        windows.after[positions[i]] = windows.heads[slot]
        windows.keys[slot] = value
        windows.heads[slot] = positions[i]
        for first in range(positions[i], positions[i] + windows.n - windows.part + 1):
            value = _hash(hashes, first, windows.part)
            bits = (_ONE << (value & _63)) | (_ONE << (value >> _6 & _63))
            windows.bloom[value >> _12 & np.uint64(len(windows.bloom) - 1)] |= bits


@kernel()
def add_items(data, offsets, steps, many, room, spelling, hashes, item_at):
    """Append the tokens of items to `spelling` and `hashes`, from `item_at[0]` on; write where each item's begin."""
    for row in range(len(offsets) - 1):
        count = tokenize(raw(data), offsets[row], offsets[row + 1], raw(steps), raw(many), room)
        for i in range(count):
            hashes[item_at[row] + i] = room.tokens[i]
        item_at[row + 1] = spell(
            raw(data), offsets[row], offsets[row + 1], raw(steps), raw(many), spelling, item_at[row]
        )


@inner()
def _next_place(tokens, count, begin, windows, parts):
    """The first place from `begin` on where a window begins whose hash is in the index, or -1.

    Args:
        parts: from `_first_place`.
    """
    step, last = windows.n - windows.part + 1, count - windows.n
    if begin > last:
        return -1
    bloom, mask = raw(windows.bloom), np.uint64(len(windows.bloom) - 1)
    for i in range((begin + step - 1) // step, (count - windows.part) // step + 1):
        word = bloom[parts[i] >> _12 & mask]
        if (word >> (parts[i] & _63)) & (word >> (parts[i] >> _6 & _63)) & _ONE:
            for place in range(max(begin, (i - 1) * step + 1), min(i * step, last) + 1):
                if _head(tokens, place, windows) >= 0:
                    return place
    return -1


@inner()
def _first_place(tokens, count, windows, parts):
    """As `_next_place` from 0 on; writes `parts`, the hashes of the parts of a document that are looked for.

    All are hashed before any is looked for: then so little is left of that loop that the processor waits for several
    words of the filter at once.
    """
    if windows.n == 0 or count < windows.n:
        return -1
    step = windows.n - windows.part + 1
    for i in range((count - windows.part) // step + 1):
        parts[i] = _hash(tokens, i * step, windows.part)
    return _next_place(tokens, count, 0, windows, parts)


@inner()
def _judge(tokens, count, document, items, windows, n, parts, tally, num_touched):
    """Follow every window that is in the index; how many items `tally` holds then."""
    place = _first_place(tokens, count, windows, parts)
    while place >= 0:
        position = _head(tokens, place, windows) if place <= count - windows.n else -1
        if position < 0:
            place = _next_place(tokens, count, place, windows, parts)
            continue
        while position >= 0:
            if not began_before(document, place, items, position):
                num_touched = follow(document, count, place, items, position, n, tally, num_touched)
            position = windows.after[position]
        place += 1
    return num_touched


@kernel()
def match_documents(data, offsets, steps, many, n, items, long, short, room, document, tally, result):
    """Write the best match of each document to `result`, and leave the rows of those without one alone.

    Args:
        data, offsets: one of the pieces of `arrow_text.padded`.
        steps, many: of `step_tables`.
        n: tokens a window.
        items, long, short: of the index; `short` has the items that are looked for as a whole.
        room, document: scratch for the longest document.
        tally: all zero before and after.
        result: `[rows, 6]`.
    """
    for row in range(len(result)):
        start, end = offsets[row], offsets[row + 1]
        count = tokenize(raw(data), start, end, raw(steps), raw(many), room)
        tokens, parts = raw(room.tokens), raw(room.windows)
        if max(_first_place(tokens, count, long, parts), _first_place(tokens, count, short, parts)) >= 0:
            spell(raw(data), start, end, raw(steps), raw(many), document, 0)
            num_touched = _judge(tokens, count, document, items, long, n, parts, tally, 0)
            num_touched = _judge(tokens, count, document, items, short, n, parts, tally, num_touched)
            best_item(document, items, n, tally, num_touched, result[row])
            clear(items, tally, num_touched)
