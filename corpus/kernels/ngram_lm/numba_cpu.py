"""Token hashes, the table and scores straight from Arrow buffers. `naive.py` says what each function must return."""

import numpy as np
from numba import njit

from corpus.kernels.ngram_lm import naive
from corpus.kernels.shingle.tokens import mix64

FNV_BASIS, FNV_PRIME = np.uint64(naive.FNV_BASIS), np.uint64(naive.FNV_PRIME)
CHAIN_PRIME, START = np.uint64(naive.CHAIN_PRIME), np.uint64(naive.START)
_BLANK = np.uint8(32)
_0 = np.uint64(0)
_1 = np.uint64(1)
MAX_ORDER = 16


@njit(inline="always")
def _next_token(data, at, end):
    """Hash of the token that begins at `at`, and where the next one begins."""
    value = FNV_BASIS
    while at < end and data[at] != _BLANK:
        value = (value ^ np.uint64(data[at])) * FNV_PRIME
        at += 1
    value = mix64(value)
    return (_1 if value == _0 else value), at + 1


@njit(inline="always")
def _extend(key, token):
    key = mix64(key * CHAIN_PRIME + token)
    return _1 if key == _0 else key


@njit(cache=True, nogil=True)
def token_hashes(data, offsets):
    rows = len(offsets) - 1
    blanks = np.int64(0)
    for at in range(offsets[0], offsets[rows]):
        blanks += data[at] == _BLANK
    hashes = np.empty(blanks + 2 * rows, np.uint64)
    bounds = np.zeros(rows + 1, np.int64)
    count = np.int64(0)
    for row in range(rows):
        hashes[count] = START
        count += 1
        at = offsets[row]
        while at < offsets[row + 1]:
            hashes[count], at = _next_token(data, at, offsets[row + 1])
            count += 1
        bounds[row + 1] = count
    return hashes[:count].copy(), bounds


@njit(cache=True, nogil=True)
def fill(keys, log_prob, log_backoff):
    """The open-addressing table, at most 2/3 full; linear probing, in the order of the entries."""
    capacity = 16
    while 2 * capacity < 3 * len(keys):
        capacity *= 2
    slots = np.zeros((capacity, 2), np.uint64)
    floats = slots.view(np.float32)
    mask = np.uint64(capacity - 1)
    for i in range(len(keys)):
        slot = keys[i] & mask
        while slots[slot, 0] != _0:
            slot = (slot + _1) & mask
        slots[slot, 0] = keys[i]
        floats[slot, 2] = log_prob[i]
        floats[slot, 3] = log_backoff[i]
    return slots


@njit(inline="always")
def _find(slots, key):
    """The slot of a key, or -1."""
    mask = np.uint64(len(slots) - 1)
    slot = key & mask
    while slots[slot, 0] != key:
        if slots[slot, 0] == _0:
            return np.int64(-1)
        slot = (slot + _1) & mask
    return np.int64(slot)


@njit(cache=True, nogil=True)
def log_probability(data, offsets, slots, floats, order, unknown):
    """`floats` is `slots` seen as float32 `[capacity, 4]`, so that an entry is one cache line."""
    rows = len(offsets) - 1
    sums = np.zeros(rows)
    lengths = np.zeros(rows, np.int64)
    past = np.zeros(MAX_ORDER, np.uint64)  # hashes of the tokens before, a ring
    backoff = np.zeros(MAX_ORDER + 1, np.float64)  # of the n-grams that end at the token before, by n
    found = np.zeros(MAX_ORDER + 1, np.float64)
    start = _find(slots, START)
    for row in range(rows):
        at = offsets[row]
        seen = 1
        past[0] = START
        known = 0  # longest n-gram that ends at the token before
        if start >= 0 and order > 1:
            known = 1
            backoff[1] = floats[start, 3]
        total = 0.0
        while at < offsets[row + 1]:
            token, at = _next_token(data, at, offsets[row + 1])
            value = unknown
            matched = 0
            key = token
            for n in range(1, min(order, known + 1) + 1):
                if n > 1:
                    key = _extend(key, past[(seen - n + 1) % MAX_ORDER])
                slot = _find(slots, key)
                if slot < 0:
                    break
                value = np.float64(floats[slot, 2])
                found[n] = np.float64(floats[slot, 3])
                matched = n
            for n in range(max(matched, 1), known + 1):
                value += backoff[n]
            total += value
            known = min(matched, order - 1)
            for n in range(1, known + 1):
                backoff[n] = found[n]
            past[seen % MAX_ORDER] = token
            seen += 1
        sums[row] = total
        lengths[row] = seen - 1
    return sums, lengths
