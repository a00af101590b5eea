"""Anchors: a few places of a text that a repeated run of tokens cannot avoid, and which of them occur more than once.

Winnowing (Schleimer, Wilkerson and Aiken 2003): of the runs of `k` tokens that lie in a window of `n` tokens, the one
with the least hash is the window's anchor (of equal ones the last). It depends on nothing outside, so equal windows
have equal anchors, and a window whose anchor occurs once need not be looked at. Neighbouring windows share theirs:
with `k` half of `n` there is about one for each `n` / 4 tokens.

Whether an anchor occurs again is kept in two bit tables of one bit a byte of text, as in `candidates`: a bit that is
set already sets the second. There are 40 to 80 bits an anchor, so one in so many is taken for a repeat that is none.
Half of each hash is noted, and documents without a repeated anchor are not looked at again. Memory: 3/8 byte a byte of
text, 1/8 when it is done.
"""

import numpy as np

from corpus.dedup.substrings_tokens import Scratch, Texts, tokens_of
from corpus.kernels.jit import inner, kernel, raw
from corpus.kernels.shingle.numba_cpu import WINDOW_PRIME
from corpus.kernels.shingle.tokens import mix64, step_tables

__all__ = ["BLOCK", "anchor_of", "hash_runs", "is_met_again", "repeated_anchors", "run_tokens"]

BLOCK = 1 << 12  # windows that are walked at a time, so that what is made for them stays in the cache
_BYTES_A_NOTE = 32  # of text: about twice the anchors there are
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_6, _32, _63 = np.uint64(6), np.uint64(32), np.uint64(63)
_LOW = np.uint64(0xFFFFFFFF)


def run_tokens(num_tokens: int) -> int:
    """Tokens of an anchor, `k`, for windows of `num_tokens`."""
    return (num_tokens + 1) // 2


@inner()
def hash_runs(tokens, begin, end, k, hashes):
    """Write the hash of each run of `k` of the tokens `begin` to `end`."""
    value, top = _ZERO, _ONE
    for at in range(begin, begin + k):
        value = value * WINDOW_PRIME + tokens[at]
        top *= WINDOW_PRIME
    hashes[0] = mix64(value)
    for at in range(begin + k, end):
        value = value * WINDOW_PRIME + (tokens[at] - top * tokens[at - k])
        hashes[at - k + 1 - begin] = mix64(value)


@inner()
def anchor_of(hashes, window, num_runs, before):
    """Where the anchor of a window begins.

    Args:
        hashes: from `hash_runs`.
        num_runs: how many of them lie in a window.
        before: the anchor of the window before this one, or -1.
    """
    last = window + num_runs - 1
    if before >= window:
        return last if hashes[last] <= hashes[before] else before
    anchor = window
    for at in range(window + 1, last + 1):
        anchor = at if hashes[at] <= hashes[anchor] else anchor
    return anchor


@inner()
def _bit(table, value):
    """Where a hash's bit stands: the word of the table, and the word's bit. The high half of an anchor's is small."""
    place = (value & _LOW) * (np.uint64(len(table)) << _6) >> _32
    return np.int64(place >> _6), _ONE << (place & _63)


@inner()
def is_met_again(met_again, value):
    """Whether an anchor's hash may have been met twice; surely so if it was."""
    word, bit = _bit(met_again, value)
    return met_again[word] & bit != _ZERO


def repeated_anchors(texts: Texts, num_tokens: int, scratch: Scratch) -> tuple[np.ndarray, np.ndarray]:
    """Which anchors occur again, and who has any.

    Returns:
        the bit table that `is_met_again` reads; `[N]` bool, False for documents that certainly have no such anchor.
    """
    num_bytes, num_documents = int(texts.offsets[-1] - texts.offsets[0]), len(texts.offsets) - 1
    met, met_again = np.zeros((2, num_bytes // 64 + 1), np.uint64)
    hashes = np.empty(BLOCK + num_tokens, np.uint64)
    noted, bounds = np.empty(num_bytes // _BYTES_A_NOTE, np.uint32), np.zeros(num_documents + 1, np.int64)
    may_repeat = np.zeros(num_documents, np.bool_)
    lengths = num_tokens, run_tokens(num_tokens)
    _meet(texts, *step_tables(), *lengths, scratch, hashes, met, met_again, noted, bounds, may_repeat)
    _look_through(met_again, noted, bounds, may_repeat)
    return met_again, may_repeat


@kernel()
def _meet(texts, steps, many, n, k, scratch, hashes, met, met_again, noted, bounds, may_repeat):
    """Set the bits of all anchors, and note the low halves of their hashes; who has one too many may have any."""
    tokens, hashes, num_runs, count = raw(scratch.tokens), raw(hashes), n - k + 1, 0
    for row in range(len(texts.offsets) - 1):
        num_windows = tokens_of(texts, row, raw(steps), raw(many), scratch) - n + 1
        anchor = -1
        for block in range(0, num_windows, BLOCK):
            last = min(block + BLOCK, num_windows)
            hash_runs(tokens, block, last + n - 1, k, hashes)
            for window in range(block, last):
                before = anchor
                anchor = block + anchor_of(hashes, window - block, num_runs, before - block)
                if anchor != before:
                    value = hashes[anchor - block]
                    word, bit = _bit(met, value)
                    met_again[word] |= met[word] & bit
                    met[word] |= bit
                    if count < len(noted):
                        noted[count] = value & _LOW
                        count += 1
                    else:
                        may_repeat[row] = True
        bounds[row + 1] = count


@kernel()
def _look_through(met_again, noted, bounds, may_repeat):
    """Set `may_repeat` for the documents that have an anchor which is met again."""
    for row in range(len(may_repeat)):
        for at in range(bounds[row], bounds[row + 1]):
            if is_met_again(met_again, np.uint64(noted[at])):
                may_repeat[row] = True
                break
