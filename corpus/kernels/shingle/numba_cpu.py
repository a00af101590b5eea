"""Shingle sets and exact keys straight from UTF-8 buffers. `naive.py` says what each function must return."""

import numpy as np

from corpus.kernels.arrow_text import padded
from corpus.kernels.jit import inner, kernel, raw
from corpus.kernels.shingle.naive import SECOND_PRIME as _SECOND_PRIME
from corpus.kernels.shingle.naive import WINDOW_PRIME as _WINDOW_PRIME
from corpus.kernels.shingle.tokens import mix64, new_room, step_tables, tokenize

__all__ = ["WINDOW_PRIME", "exact_keys", "fingerprint", "mix64", "shingle_sets"]

WINDOW_PRIME = np.uint64(_WINDOW_PRIME)
SECOND_PRIME = np.uint64(_SECOND_PRIME)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_BYTES_FROM = np.uint64(256)
_SMALL = 16


@inner()
def fingerprint(data, start, end, steps, many, n, room):
    """Cut a document into tokens and write the hash of every window of `n` of them to `room.windows`.

    Returns:
        number of tokens; number of windows; the two halves of the exact key.
    """
    tokens, windows = raw(room.tokens), raw(room.windows)
    count = tokenize(data, start, end, steps, many, room)
    window, first, second, top = _ZERO, _ZERO, _ZERO, _ONE
    for i in range(min(n, count)):
        window = window * WINDOW_PRIME + tokens[i]
        first = first * WINDOW_PRIME + tokens[i]
        second = second * SECOND_PRIME + tokens[i]
        top *= WINDOW_PRIME  # WINDOW_PRIME ** n: what the token that leaves the window was multiplied by
    windows[0] = mix64(window)
    for i in range(n, count):
        token = tokens[i]
        window = window * WINDOW_PRIME + (token - top * tokens[i - n])
        first = first * WINDOW_PRIME + token
        second = second * SECOND_PRIME + token
        windows[i - n + 1] = mix64(window)
    size = count
    if count == 0:
        size = end - start
        for at in range(start, end):
            byte = mix64(np.uint64(data[at]) + _BYTES_FROM)
            first = first * WINDOW_PRIME + byte
            second = second * SECOND_PRIME + byte
    num_windows = min(count, max(1, count - n + 1))
    return count, num_windows, mix64(first), mix64(second ^ np.uint64(size))


@inner()
def _sift(values, first, root, size):
    """Let the value at `root` of a heap of `size` values from `first` sink to its place."""
    value = values[first + root]
    while 2 * root + 1 < size:
        child = 2 * root + 1
        child += child + 1 < size and values[first + child] < values[first + child + 1]
        if values[first + child] <= value:
            break
        values[first + root] = values[first + child]
        root = child
    values[first + root] = value


@inner()
def _sort_bucket(values, first, last):
    """Sort `values[first:last]` in place: few by insertion, many (a hostile or repetitive text) as a heap."""
    size = last - first
    if size <= _SMALL:
        for i in range(first + 1, last):
            value, at = values[i], i
            while at > first and values[at - 1] > value:
                values[at] = values[at - 1]
                at -= 1
            values[at] = value
        return
    for root in range(size // 2 - 1, -1, -1):
        _sift(values, first, root, size)
    for left in range(size - 1, 0, -1):
        values[first], values[first + left] = values[first + left], values[first]
        _sift(values, first, 0, left)


@inner()
def _sort(values, count, out, heads):
    """Write the `count` hashes in `values` to `out` in order: they are even, so each of count / 2 buckets holds few.

    Args:
        heads: int64 scratch, `[count // 2 + 2]`.
    """
    bits = 0
    while 4 << bits <= count:
        bits += 1
    shift = np.uint64(63 - bits)
    for bucket in range(1 << bits):
        heads[bucket] = 0
    for i in range(count):
        heads[np.int64(values[i] >> _ONE >> shift)] += 1
    before = 0
    for bucket in range(1 << bits):
        here = heads[bucket]
        heads[bucket] = before
        before += here
    for i in range(count):
        bucket = np.int64(values[i] >> _ONE >> shift)
        out[heads[bucket]] = values[i]
        heads[bucket] += 1
    first = 0
    for bucket in range(1 << bits):
        last = heads[bucket]
        if last - first > 1:
            _sort_bucket(out, first, last)
        first = last


def shingle_sets(data: np.ndarray, offsets: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """See `corpus.kernels.shingle.shingle_sets`."""
    bounds = np.zeros(len(offsets), np.int64)
    room = new_room(offsets)
    hashes = np.empty(max(16, (offsets[-1] - offsets[0]) // 6), np.uint64)
    for piece, at, rows in padded(data, offsets):
        row = 0
        while row < len(at) - 1:
            part = bounds[rows.start + row : rows.stop + 1]
            done, needed = _shingle_sets(piece, at[row:], *step_tables(), n, room, hashes, part)
            row += done
            if needed:
                hashes.resize(max(needed, len(hashes) * 5 // 4), refcheck=False)  # in place where it is large
    hashes.resize(bounds[-1], refcheck=False)
    return hashes, bounds


@kernel()
def _shingle_sets(data, offsets, steps, many, n, room, hashes, bounds):
    """Write sets behind `bounds[0]` in `hashes` as long as there is room.

    Returns:
        how many; the size of `hashes` that the next document may need, or 0.
    """
    total = bounds[0]
    for row in range(len(bounds) - 1):
        _, count, _, _ = fingerprint(raw(data), offsets[row], offsets[row + 1], raw(steps), raw(many), n, room)
        if total + count > len(hashes):
            return row, total + count
        ordered = raw(room.tokens)  # not needed any more
        _sort(raw(room.windows), count, ordered, raw(room.edges))
        for i in range(count):
            hashes[total] = ordered[i]
            total += i + 1 == count or ordered[i] != ordered[i + 1]
        bounds[row + 1] = total
    return len(bounds) - 1, 0


def exact_keys(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """See `corpus.kernels.shingle.exact_keys`."""
    keys = np.empty((len(offsets) - 1, 2), np.uint64)
    room = new_room(offsets)
    for piece, at, rows in padded(data, offsets):
        _exact_keys(piece, at, *step_tables(), room, keys[rows])
    return keys


@kernel()
def _exact_keys(data, offsets, steps, many, room, keys):
    for row in range(len(keys)):
        _, _, keys[row, 0], keys[row, 1] = fingerprint(
            raw(data), offsets[row], offsets[row + 1], raw(steps), raw(many), 1, room
        )
