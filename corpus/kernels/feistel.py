"""Format-preserving encryption of numbers, many at a time; see `corpus.loader.permutation`, which calls it.

Imported by `corpus.kernels.compiled` alone: it imports numba.
"""

import numpy as np

from corpus.kernels import mixing
from corpus.kernels.jit import inner, raw

_ROUNDS = mixing.FEISTEL_ROUNDS
_MULTIPLY_A, _MULTIPLY_B = np.uint64(mixing.MULTIPLY_A), np.uint64(mixing.MULTIPLY_B)


@inner()
def encrypt_until_below(words, pending, n, shift, keys, swapped):
    """Encrypt each word until it is below `n`, all of them once in each turn, so that many are on their way at a time.

    Args:
        words: uint64 `[m]`, in and out.
        pending: int32 `[m]`: all places; scratch.
        n, shift: uint64: the size of the set, and half the bits of a word.
        keys: uint64 `[FEISTEL_ROUNDS]`.
        swapped: the word's halves have changed places: with the keys in reverse order this decrypts.
    """
    word_at, place_at, key_at = raw(words), raw(pending), raw(keys)
    mask, num_pending = (np.uint64(1) << shift) - np.uint64(1), len(words)
    while num_pending > 0:
        left_over = 0
        for index in range(num_pending):
            place = place_at[index]
            word = word_at[place]
            left, right = word >> shift, word & mask
            if swapped:
                left, right = right, left
            for turn in range(_ROUNDS):
                mixed = (right + key_at[turn]) * _MULTIPLY_A
                mixed = (mixed ^ (mixed >> np.uint64(32))) * _MULTIPLY_B
                left, right = right, left ^ ((mixed ^ (mixed >> np.uint64(29))) & mask)
            if swapped:
                left, right = right, left
            word = (left << shift) | right
            word_at[place] = word
            place_at[left_over] = place
            left_over += word >= n
        num_pending = left_over
