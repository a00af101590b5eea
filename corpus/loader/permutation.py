"""A keyed permutation of 0 .. n - 1 that needs no table: the order of the documents of an epoch.

A balanced Feistel network (Luby and Rackoff 1988) of 8 rounds on the smallest even number of bits that holds
n, with a 64-bit multiply-xor-shift round function and round keys drawn from the key by SplitMix64
(https://prng.di.unimi.it/splitmix64.c). A value at or beyond n is encrypted again until it falls below n
(cycle walking, Black and Rogaway 2002), which keeps it a bijection and takes fewer than 4 turns on average.

Guarantees: a bijection with an inverse, for every n from 0 to 2**62; the same on any machine; O(1) memory.
It is for shuffling, not for secrets. Below about 100 elements it reaches only some of the n! orders.
"""

import numpy as np

from corpus.kernels.compiled import compiled
from corpus.kernels.mixing import FEISTEL_ROUNDS, GOLDEN_RATIO, MULTIPLY_A, MULTIPLY_B

_MASK64 = (1 << 64) - 1

_encrypt_until_below = compiled(
    "corpus.kernels.feistel:encrypt_until_below",
    "void(uint64[::1], int32[::1], uint64, uint64, uint64[::1], int64)",
)


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
        self._round_keys = np.array([derive_key(key, turn) for turn in range(FEISTEL_ROUNDS)], np.uint64)

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
    state = (state + GOLDEN_RATIO) & _MASK64
    state = ((state ^ (state >> 30)) * MULTIPLY_A) & _MASK64
    state = ((state ^ (state >> 27)) * MULTIPLY_B) & _MASK64
    return state ^ (state >> 31)


def _walk(values: np.ndarray, n: int, half_bits: int, keys: np.ndarray, *, swapped: bool) -> np.ndarray:
    words, pending = values.astype(np.uint64), np.arange(len(values), dtype=np.int32)
    _encrypt_until_below(words, pending, n, half_bits, keys, swapped)
    return words.astype(np.int64)
