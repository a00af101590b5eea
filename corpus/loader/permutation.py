"""A keyed permutation of 0 .. n - 1 that needs no table: the order of the documents of an epoch.

A balanced Feistel network (Luby and Rackoff 1988) of 8 rounds on the smallest even number of bits that holds
n, with a 64-bit multiply-xor-shift round function and round keys drawn from the key by SplitMix64
(https://prng.di.unimi.it/splitmix64.c). A value at or beyond n is encrypted again until it falls below n
(cycle walking, Black and Rogaway 2002), which keeps it a bijection and takes fewer than 4 turns on average.

Guarantees: a bijection with an inverse, for every n from 0 to 2**62; the same on any machine; O(1) memory.
It is for shuffling, not for secrets. Below about 100 elements it reaches only some of the n! orders.
"""

import numpy as np

from corpus.kernels.jit import kernel, raw

_ROUNDS = 8
_MASK64 = (1 << 64) - 1
_MULTIPLY_A = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_B = np.uint64(0x94D049BB133111EB)


class KeyedPermutation:
    """A permutation of `0 .. n - 1` chosen by a 64-bit key.

    Args:
        n: number of elements, 0 to 2**62.
        key: any integer; see `derive_key`.

    Raises:
        ValueError: for an `n` out of range.

    Example: `KeyedPermutation(5, key=1)(np.arange(5))` holds each of 0 .. 4 once.
    """

    def __init__(self, n: int, key: int) -> None:
        if not 0 <= n <= 1 << 62:
            raise ValueError(f"n is {n}, expected 0 to 2**62")
        self.n = n
        self._half_bits = max(1, ((max(n, 2) - 1).bit_length() + 1) // 2)
        self._round_keys = np.array([derive_key(key, turn) for turn in range(_ROUNDS)], np.uint64)

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        """The elements at `positions`, int64, of the same shape `[m]`."""
        return _walk(self._checked(positions), self.n, self._half_bits, self._round_keys, swapped=False)

    def inverse(self, elements: np.ndarray) -> np.ndarray:
        """The positions of `elements`, int64, of the same shape `[m]`."""
        return _walk(self._checked(elements), self.n, self._half_bits, self._round_keys[::-1].copy(), swapped=True)

    def _checked(self, values: np.ndarray) -> np.ndarray:
        values = np.ascontiguousarray(values, dtype=np.int64)
        if len(values) and not (values.min() >= 0 and values.max() < self.n):
            raise IndexError(f"positions run from {values.min()} to {values.max()}, expected 0 to {self.n - 1}")
        return values


def derive_key(*numbers: int) -> int:
    """A 64-bit key from integers, in order: `derive_key(seed, epoch, purpose)`.

    Every number is absorbed by a SplitMix64 step, so (1, 0) and (0, 1) give unrelated keys.
    """
    state = 0
    for number in numbers:
        state = _splitmix64(state ^ (number & _MASK64))
    return state


def _splitmix64(state: int) -> int:
    state = (state + 0x9E3779B97F4A7C15) & _MASK64
    state = ((state ^ (state >> 30)) * int(_MULTIPLY_A)) & _MASK64
    state = ((state ^ (state >> 27)) * int(_MULTIPLY_B)) & _MASK64
    return state ^ (state >> 31)


def _walk(values: np.ndarray, n: int, half_bits: int, keys: np.ndarray, *, swapped: bool) -> np.ndarray:
    words, pending = values.astype(np.uint64), np.arange(len(values), dtype=np.int32)
    _encrypt_until_below(words, pending, np.uint64(n), np.uint64(half_bits), keys, swapped)
    return words.astype(np.int64)


@kernel()
def _encrypt_until_below(words, pending, n, shift, keys, swapped):
    """Encrypt each word until it is below `n`, all of them once in each turn, so that many are on their way at a time.

    Args:
        words: in and out.
        pending: in: all places; scratch.
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
