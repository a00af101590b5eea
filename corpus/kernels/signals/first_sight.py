"""Where each of many 64-bit keys comes first, without a branch on what they are.

From the last key to the first each writes its place into the slot of its hash, so that a slot is left with the first
place of those that share it. Then each key looks into its slot: the key that stands at the place found there is its
own, or another of the same slot, and then it goes on to a round with other slots. Equal keys share every slot, so all
of them go on or none.

Nothing has to be emptied, no store waits for a load, the loads don't wait for each other, and no branch asks whether a
key is new, which is so of one in three and can't be predicted. About one key in eight goes on to a second round. In the
worst case, keys made to collide, each round decides one key a slot.
"""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.mixing import GOLDEN_RATIO

_MIX = np.uint64(GOLDEN_RATIO)
_NEXT = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_LEAST_BITS, _SLOTS_A_KEY = 6, 2


def num_slots(max_keys: int) -> int:
    """How many slots `first_sights` needs for at most so many keys."""
    return 2 * max(1 << _LEAST_BITS, _SLOTS_A_KEY * max_keys)


@inner()
def _shift(num_keys):
    """What brings a hash down to the slots for so many keys: 64 less their number as bits."""
    bits = np.int64(_LEAST_BITS)
    while (np.int64(1) << bits) < _SLOTS_A_KEY * num_keys:
        bits += 1
    return np.uint64(64 - bits)


@inner()
def first_sights(keys, num_keys, firsts, slots, left):
    """Write to `firsts[at]` the first place whose key is `keys[at]`.

    Args:
        keys: uint64.
        firsts: out, int32.
        slots: room for `num_slots(num_keys)` int32.
        left: room for an int32 a key.
    """
    shift, num_left = _shift(num_keys), 0
    for at in range(num_keys - 1, -1, -1):
        slots[np.int64((keys[at] * _MIX) >> shift)] = at
    for at in range(num_keys):
        key = keys[at]
        first = np.int64(slots[np.int64((key * _MIX) >> shift)])
        firsts[at] = first
        left[num_left] = at
        num_left += keys[first] != key
    factor = _MIX
    while num_left > 0:
        shift, factor, before, num_left = _shift(num_left), factor * _NEXT, num_left, 0
        for index in range(before - 1, -1, -1):
            at = np.int64(left[index])
            slots[np.int64(_mixed(keys[at], factor) >> shift)] = at
        for index in range(before):
            at = np.int64(left[index])
            key = keys[at]
            first = np.int64(slots[np.int64(_mixed(key, factor) >> shift)])
            firsts[at] = first
            left[num_left] = at
            num_left += keys[first] != key


@inner()
def _mixed(key, factor):
    return (key ^ (key >> _HALF)) * factor
