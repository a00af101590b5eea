"""Tokens and shingles straight from UTF-8 buffers. `naive.py` says what each function must return."""

import numpy as np
from numba import njit

from corpus.kernels.jit import inner
from corpus.kernels.shingle.fold import DROP, MANY, SEPARATOR
from corpus.kernels.shingle.naive import FNV_BASIS as _FNV_BASIS
from corpus.kernels.shingle.naive import FNV_PRIME as _FNV_PRIME
from corpus.kernels.shingle.naive import SECOND_PRIME as _SECOND_PRIME
from corpus.kernels.shingle.naive import WINDOW_PRIME as _WINDOW_PRIME
from corpus.kernels.utf8 import decode

FNV_BASIS = np.uint64(_FNV_BASIS)
FNV_PRIME = np.uint64(_FNV_PRIME)
WINDOW_PRIME = np.uint64(_WINDOW_PRIME)
SECOND_PRIME = np.uint64(_SECOND_PRIME)
_M1 = np.uint64(0xFF51AFD7ED558CCD)
_M2 = np.uint64(0xC4CEB9FE1A85EC53)
_33 = np.uint64(33)


@inner()
def mix64(value):
    value ^= value >> _33
    value *= _M1
    value ^= value >> _33
    value *= _M2
    return value ^ (value >> _33)


@inner()
def tokenize(data, start, end, fold, many, letter, out):
    """Write the token hashes of `data[start:end]` to `out`, which has room for `scratch_size`; return their number."""
    count = 0
    word = FNV_BASIS
    in_word = False
    at = start
    while at < end:
        code_point, at = decode(data, at)
        folded = fold[code_point]
        if folded == DROP:
            continue
        if folded == SEPARATOR:
            if in_word:
                out[count] = mix64(word)
                count += 1
                in_word = False
                word = FNV_BASIS
            continue
        run = 1
        first = 0
        if folded <= MANY:
            first = MANY - folded
            run = many[first]
        for i in range(run):
            if folded <= MANY:
                value = many[first + 1 + i]
            else:
                value = folded
            if letter[value]:
                if in_word:
                    out[count] = mix64(word)
                    count += 1
                    in_word = False
                    word = FNV_BASIS
                out[count] = mix64((FNV_BASIS ^ np.uint64(value)) * FNV_PRIME)
                count += 1
            else:
                word = (word ^ np.uint64(value)) * FNV_PRIME
                in_word = True
    if in_word:
        out[count] = mix64(word)
        count += 1
    return count


@inner()
def window_hashes(tokens, count, n, out):
    """Write the hash of every window of `n` of `count` tokens to `out`; return their number."""
    if count == 0:
        return 0
    value = np.uint64(0)
    top = np.uint64(1)  # WINDOW_PRIME ** n: what the token that leaves the window was multiplied by
    for i in range(min(n, count)):
        value = value * WINDOW_PRIME + tokens[i]
        top *= WINDOW_PRIME
    out[0] = mix64(value)
    for i in range(n, count):
        value = value * WINDOW_PRIME + tokens[i] - top * tokens[i - n]
        out[i - n + 1] = mix64(value)
    return max(1, count - n + 1)


@inner()
def scratch_size(offsets):
    """Room for the tokens of the longest document: a code point of 3 bytes folds to 4 letter tokens at most."""
    longest = np.int64(0)
    for i in range(len(offsets) - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    return longest * 2 + 8


@njit(cache=True, nogil=True)
def shingle_sets(data, offsets, n, fold, many, letter):
    rows = len(offsets) - 1
    tokens = np.empty(scratch_size(offsets), np.uint64)
    windows = np.empty(len(tokens), np.uint64)
    capacity = max(np.int64(16), (offsets[rows] - offsets[0]) // 3)
    hashes = np.empty(capacity, np.uint64)
    bounds = np.zeros(rows + 1, np.int64)
    total = 0
    for row in range(rows):
        count = tokenize(data, offsets[row], offsets[row + 1], fold, many, letter, tokens)
        count = window_hashes(tokens, count, n, windows)
        ordered = np.sort(windows[:count])
        if total + count > capacity:
            capacity = max(2 * capacity, total + count)
            grown = np.empty(capacity, np.uint64)
            grown[:total] = hashes[:total]
            hashes = grown
        for i in range(count):
            if i == 0 or ordered[i] != ordered[i - 1]:
                hashes[total] = ordered[i]
                total += 1
        bounds[row + 1] = total
    return hashes[:total].copy(), bounds


@njit(cache=True, nogil=True)
def exact_keys(data, offsets, fold, many, letter):
    rows = len(offsets) - 1
    tokens = np.empty(scratch_size(offsets), np.uint64)
    keys = np.empty((rows, 2), np.uint64)
    for row in range(rows):
        count = tokenize(data, offsets[row], offsets[row + 1], fold, many, letter, tokens)
        if count == 0:
            for at in range(offsets[row], offsets[row + 1]):
                tokens[count] = mix64(np.uint64(data[at]) + np.uint64(256))
                count += 1
        first = np.uint64(0)
        second = np.uint64(0)
        for i in range(count):
            first = first * WINDOW_PRIME + tokens[i]
            second = second * SECOND_PRIME + tokens[i]
        keys[row, 0] = mix64(first)
        keys[row, 1] = mix64(second ^ np.uint64(count))
    return keys
