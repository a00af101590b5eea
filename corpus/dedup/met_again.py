"""Which keys may come twice: most keys do not, and are left out before anything is sorted.

Every key sets a bit in a table of 8 to 16 bits a key, and where the bit was set already, the same one in a second
table, whose words lie beside those of the first. Only keys whose second bit is set can come twice: all that do, and one
in about ten others. Memory: 2 to 4 bytes a key, and 8 for each row that is given.
"""

import numpy as np

from corpus.kernels.jit import inner, kernel
from corpus.kernels.mixing import GOLDEN_RATIO

_MIX = np.uint64(GOLDEN_RATIO)
_ONE, _6, _63 = np.uint64(1), np.uint64(6), np.uint64(63)
_BITS_A_KEY = 8


def rows_met_again(keys: np.ndarray) -> np.ndarray:
    """The rows, ascending int64, of all keys that come twice or more and of few others.

    Args:
        keys: `[M]` uint64, contiguous.
    """
    bits = max(6, (len(keys) * _BITS_A_KEY - 1).bit_length()) if len(keys) else 6
    met = np.zeros((1 << bits - 6, 2), np.uint64)
    rows = np.empty(2 * _meet(keys, met, np.uint64(64 - bits)), np.int64)
    rows.resize(_take(keys, met, np.uint64(64 - bits), rows), refcheck=False)
    return rows


@inner()
def _bit(key, shift):
    """Where a key's bit stands: the word of the table, and the word's bit."""
    place = (key * _MIX) >> shift
    return np.int64(place >> _6), _ONE << (place & _63)


@kernel()
def _meet(keys, met, shift):
    """Set the bits of all keys; returns how many found theirs set, at least half of those whose second bit is."""
    count = 0
    for row in range(len(keys)):
        word, bit = _bit(keys[row], shift)
        again = met[word, 0] & bit
        met[word, 1] |= again
        met[word, 0] |= bit
        count += again != 0
    return count


@kernel()
def _take(keys, met, shift, rows):
    """Write the rows of the keys whose second bit is set; returns how many."""
    count = 0
    for row in range(len(keys)):
        word, bit = _bit(keys[row], shift)
        if met[word, 1] & bit:
            rows[count] = row
            count += 1
    return count
