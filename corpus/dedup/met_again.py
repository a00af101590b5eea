"""Which keys may come twice: most keys do not, and are left out before anything is sorted.

Every key sets a bit in a table of 16 bits a key, and where the bit was set already, the same one in a second table.
Only keys whose second bit is set can come twice: all that do, and one in about thirty others. Memory: 4 bytes a key,
and 8 for each row that is given.
"""

import numpy as np

from corpus.kernels.jit import inner, kernel

_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing
_ONE, _6, _63 = np.uint64(1), np.uint64(6), np.uint64(63)
_BITS_A_KEY = 16


def rows_met_again(keys: np.ndarray) -> np.ndarray:
    """The rows, ascending int64, of all keys that come twice or more and of few others.

    Args:
        keys: `[M]` uint64, contiguous.
    """
    bits = max(6, (len(keys) * _BITS_A_KEY - 1).bit_length()) if len(keys) else 6
    met, met_again = np.zeros((2, 1 << bits - 6), np.uint64)
    rows = np.empty(_meet(keys, met, met_again, np.uint64(64 - bits)), np.int64)
    _take(keys, met_again, np.uint64(64 - bits), rows)
    return rows


@inner()
def _bit(key, shift):
    """Where a key's bit stands: the word of the table, and the word's bit."""
    place = (key * _MIX) >> shift
    return np.int64(place >> _6), _ONE << (place & _63)


@kernel()
def _meet(keys, met, met_again, shift):
    """Set the bits of all keys; returns how many keys there are whose second bit is set in the end."""
    for row in range(len(keys)):
        word, bit = _bit(keys[row], shift)
        met_again[word] |= met[word] & bit
        met[word] |= bit
    count = 0
    for row in range(len(keys)):
        word, bit = _bit(keys[row], shift)
        count += met_again[word] & bit != 0
    return count


@kernel()
def _take(keys, met_again, shift, rows):
    """Write the rows of the keys whose second bit is set."""
    count = 0
    for row in range(len(keys)):
        word, bit = _bit(keys[row], shift)
        if met_again[word] & bit:
            rows[count] = row
            count += 1
