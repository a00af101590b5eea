"""A fast pass that only asks whether any window's hash is in the index, and an exact one over documents where it is."""

import functools

import numpy as np
from numba import njit

from corpus.kernels.jit import inner, kernel
from corpus.kernels.shingle.fold import DROP, MANY, SEPARATOR, fold_table
from corpus.kernels.shingle.numba_cpu import FNV_BASIS, FNV_PRIME, WINDOW_PRIME, mix64
from corpus.kernels.utf8 import decode

LETTER = np.int32(1 << 24)  # added to a folded code point that is a token of its own
MOST_TOKENS = 63  # of a window
BUFFER = 4096  # tokens
MOST_CODES_A_BYTE = 6  # U+FDFA, three bytes, folds to 18 code points
_6 = np.uint64(6)
_63 = np.uint64(63)
_ONE = np.uint64(1)
_ZERO = np.uint64(0)


@functools.cache
def fold_steps() -> np.ndarray:
    """The fold table with `LETTER` added where the folded code point is a token of its own: one look-up, not two."""
    fold, _, letter = fold_table()
    steps = fold.copy()
    one = fold >= 0
    steps[one] += LETTER * letter[fold[one]].astype(np.int32)
    return steps


@inner()
def _maybe(bloom, value):
    """Whether a window hash may be in the index: two bits of one 64-bit word."""
    word = bloom[(value >> np.uint64(12)) & np.uint64(len(bloom) - 1)]
    return (word >> (value & _63)) & (word >> ((value >> _6) & _63)) & _ONE != _ZERO


@kernel()
def fill_bloom(values, bloom):
    for value in values:
        bits = (_ONE << (value & _63)) | (_ONE << ((value >> _6) & _63))
        bloom[(value >> np.uint64(12)) & np.uint64(len(bloom) - 1)] |= bits


@inner()
def slot_of(keys, heads, value):
    """The slot of a key in an open-addressing table, or the empty slot where it would be."""
    mask = np.uint64(len(keys) - 1)
    slot = (value >> np.uint64(20)) & mask
    while heads[slot] >= 0 and keys[slot] != value:
        slot = (slot + _ONE) & mask
    return slot


@kernel()
def fill_table(values, positions, keys, heads, after):
    """Chain the positions of each window hash, the first in front."""
    for i in range(len(values) - 1, -1, -1):
        slot = slot_of(keys, heads, values[i])
        after[positions[i]] = heads[slot]
        keys[slot] = values[i]
        heads[slot] = positions[i]


@kernel()
def token_windows(hashes, first, last, n, out):
    """The hash of each window of `n` tokens in `hashes[first:last]`; their number."""
    count = 0
    for i in range(first, last - n + 1):
        value = _ZERO
        for j in range(n):
            value = value * WINDOW_PRIME + hashes[i + j]
        out[count] = value
        count += 1
    return count


@inner()
def _fill(data, at, end, steps, many, letter, tokens, count):
    """Append token hashes to `tokens` until it is full or the text ends: their number, and where the next begins."""
    word = FNV_BASIS
    in_word = False
    room = len(tokens) - 4 * MOST_CODES_A_BYTE - 2
    while at < end and (count < room or in_word):  # a word is never cut
        code_point, at = decode(data, at)
        step = steps[code_point]
        if 0 <= step < LETTER:
            word = (word ^ np.uint64(step)) * FNV_PRIME
            in_word = True
            continue
        if step == DROP:
            continue
        if step >= LETTER or step == SEPARATOR:
            if in_word:
                tokens[count] = mix64(word)
                count += 1
                word = FNV_BASIS
                in_word = False
            if step >= LETTER:
                tokens[count] = mix64((FNV_BASIS ^ np.uint64(step - LETTER)) * FNV_PRIME)
                count += 1
            continue
        first = MANY - step
        for i in range(first + 1, first + 1 + many[first]):
            code = many[i]
            if not letter[code]:
                word = (word ^ np.uint64(code)) * FNV_PRIME
                in_word = True
                continue
            if in_word:
                tokens[count] = mix64(word)
                count += 1
                word = FNV_BASIS
                in_word = False
            tokens[count] = mix64((FNV_BASIS ^ np.uint64(code)) * FNV_PRIME)
            count += 1
    if in_word:
        tokens[count] = mix64(word)
        count += 1
    return count, at


@inner()
def _any_window(tokens, count, n, top, bloom, keys, heads):
    """Whether the hash of some window of `n` tokens is in a table."""
    if n == 0 or count < n:
        return False
    value = _ZERO
    for i in range(n):
        value = value * WINDOW_PRIME + tokens[i]
    for i in range(n, count + 1):
        if _maybe(bloom, value) and heads[slot_of(keys, heads, value)] >= 0:
            return True
        if i < count:
            value = value * WINDOW_PRIME + tokens[i] - top * tokens[i - n]
    return False


@njit(cache=True, nogil=True)
def suspects(data, offsets, steps, many, letter, windows):
    """Rows in which the hash of some window is in the index.

    Token hashes are mixed, so their polynomial needs no mixing of its own. Tokens are written to a buffer that fits
    the cache and windows are rolled over it: two tight loops are faster than one that does both.

    Args:
        steps: from `fold_steps`.
        windows: two of (n, WINDOW_PRIME ** n, bloom, keys, heads), the second for short items; n is 0 if there is none.
    """
    found = np.zeros(len(offsets) - 1, np.bool_)
    tokens = np.empty(BUFFER, np.uint64)
    long, short = windows
    for row in range(len(offsets) - 1):
        at, end = offsets[row], offsets[row + 1]
        count = 0
        while at < end and not found[row]:
            kept = min(count, MOST_TOKENS - 1)  # windows may begin in the buffer before
            tokens[:kept] = tokens[count - kept : count]
            count, at = _fill(data, at, end, steps, many, letter, tokens, kept)
            found[row] = _any_window(tokens, count, *long) or _any_window(tokens, count, *short)
    return found


@kernel()
def tokens_of(data, start, end, fold, many, letter, hashes, codes, code_at, bounds):
    """Tokens with their code points and bytes: token `i` is `codes[code_at[i] : code_at[i + 1]]`; their number.

    Args:
        hashes, codes, code_at, bounds: written from 0; `bounds` holds first byte and byte behind the last.
    """
    count = 0
    filled = 0
    word = FNV_BASIS
    in_word = False
    at = start
    code_at[0] = 0
    while at < end:
        here = at
        code_point, at = decode(data, at)
        folded = fold[code_point]
        if folded == DROP:
            continue
        run = 1
        first = 0
        if folded <= MANY:
            first = MANY - folded
            run = many[first]
        for i in range(run):
            code = many[first + 1 + i] if folded <= MANY else folded
            if code >= 0 and not letter[code]:
                if not in_word:
                    bounds[count, 0] = here
                word = (word ^ np.uint64(code)) * FNV_PRIME
                in_word = True
                codes[filled] = code
                filled += 1
                bounds[count, 1] = at
                continue
            if in_word:
                hashes[count] = mix64(word)
                count += 1
                code_at[count] = filled
                word = FNV_BASIS
                in_word = False
            if code >= 0:
                hashes[count] = mix64((FNV_BASIS ^ np.uint64(code)) * FNV_PRIME)
                codes[filled] = code
                filled += 1
                bounds[count, 0], bounds[count, 1] = here, at
                count += 1
                code_at[count] = filled
    if in_word:
        hashes[count] = mix64(word)
        count += 1
        code_at[count] = filled
    return count


@inner()
def _same_token(codes, code_at, i, other, other_at, j):
    size = code_at[i + 1] - code_at[i]
    same = size == other_at[j + 1] - other_at[j]
    if same:
        for k in range(size):
            if codes[code_at[i] + k] != other[other_at[j] + k]:
                same = False
                break
    return same


@inner()
def _judge(document, count, items, windows, n, after, seen, state, touched, num):
    """Follow every window of a document that is in one table; note runs per item in `state`, windows in `seen`."""
    hashes, codes, code_at = document
    item_codes, item_code_at, item_at, item_of = items
    size, _, bloom, keys, heads = windows
    for i in range(count - size + 1):
        value = _ZERO
        for j in range(size):
            value = value * WINDOW_PRIME + hashes[i + j]
        if not _maybe(bloom, value):
            continue
        p = heads[slot_of(keys, heads, value)]
        while p >= 0:
            item = item_of[p]
            if i == 0 or p == item_at[item] or not _same_token(codes, code_at, i - 1, item_codes, item_code_at, p - 1):
                length = 0
                while (
                    i + length < count
                    and p + length < item_at[item + 1]
                    and _same_token(codes, code_at, i + length, item_codes, item_code_at, p + length)
                ):
                    length += 1
                need = min(n, item_at[item + 1] - item_at[item])
                if length >= need:
                    if state[item, 0] == 0:
                        touched[num] = item
                        num += 1
                    if length > state[item, 0] or (length == state[item, 0] and i < state[item, 1]):
                        state[item, 0], state[item, 1] = length, i
                    for window in range(p, p + length - need + 1):
                        if not seen[window]:
                            seen[window] = True
                            state[item, 2] += 1
            p = after[p]
    return num


@njit(cache=True, nogil=True)
def match_rows(data, offsets, rows, fold, many, letter, n, items, windows, after, short_after):
    """The best match of each of `rows`: item (-1: none), first byte, byte behind the last, tokens, windows found."""
    _, item_code_at, item_at, _ = items
    result = np.full((len(rows), 5), -1, np.int64)
    seen = np.zeros(len(item_code_at), np.bool_)
    state = np.zeros((len(item_at), 3), np.int64)
    touched = np.empty(len(item_at), np.int64)
    for which in range(len(rows)):
        start, end = offsets[rows[which]], offsets[rows[which] + 1]
        room = (end - start) * 2 + 8
        hashes = np.empty(room, np.uint64)
        codes = np.empty((end - start) * MOST_CODES_A_BYTE + 8, np.int32)
        code_at = np.empty(room + 1, np.int64)
        bounds = np.empty((room, 2), np.int64)
        count = tokens_of(data, start, end, fold, many, letter, hashes, codes, code_at, bounds)
        document = (hashes, codes, code_at)
        num = 0
        for table in range(2):
            if windows[table][0]:
                following = after if table == 0 else short_after
                num = _judge(document, count, items, windows[table], n, following, seen, state, touched, num)
        best = np.int64(-1)
        for k in range(num):
            item = touched[k]
            if (
                best < 0
                or state[item, 0] > state[best, 0]
                or (state[item, 0] == state[best, 0] and state[item, 2] > state[best, 2])
                or (state[item, 0] == state[best, 0] and state[item, 2] == state[best, 2] and item < best)
            ):
                best = item
        if best >= 0:
            length, first = state[best, 0], state[best, 1]
            result[which, 0] = best
            result[which, 1] = bounds[first, 0] - start
            result[which, 2] = bounds[first + length - 1, 1] - start
            result[which, 3], result[which, 4] = length, state[best, 2]
        for k in range(num):
            item = touched[k]
            state[item, 0] = state[item, 1] = state[item, 2] = 0
            seen[item_at[item] : item_at[item + 1]] = False
    return result
