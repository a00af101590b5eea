"""Number equal 64-bit keys alike: 0, 1, 2 ... in the order of first sight.

Open addressing with linear probing. A slot holds the number of a key, and the key stands in a dense array beside it, so
that the part which is touched at random is 8 to 16 bytes a key. The table starts with two slots a key, 2^14 at most,
and doubles when half full.
"""

from typing import NamedTuple

import numpy as np

from corpus.kernels.jit import inner, raw

MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing
_FIRST_BITS, _LAST_FIRST_BITS = 6, 14


class Table(NamedTuple):
    """Room for distinct keys: see `new_table`."""

    slots: np.ndarray  # int32, number + 1; 0 is empty
    keys: np.ndarray  # [capacity + 1], uint64: the key of each number


def new_table(capacity: int) -> Table:
    """A table for at most `capacity` distinct keys. Memory is touched only as it is filled."""
    slots = 1 << max(_FIRST_BITS, (2 * capacity + 1).bit_length())
    return Table(slots=np.empty(slots, dtype=np.int32), keys=np.empty(capacity + 1, dtype=np.uint64))


@inner()
def empty_slots(slots, bits):
    """Empty the first `2 ** bits` slots."""
    for slot in range(np.int64(1) << bits):
        slots[slot] = 0


@inner()
def first_bits(num_keys):
    """How many slots to begin with, as bits."""
    bits = np.int64(_FIRST_BITS)
    while (np.int64(1) << bits) < 2 * num_keys and bits < _LAST_FIRST_BITS:
        bits += 1
    return bits


@inner()
def grow(slots, known, size, bits):
    """Give `2 ** bits` slots to the `size` keys of `known`."""
    empty_slots(slots, bits)
    mask, down = (np.int64(1) << bits) - 1, np.uint64(64 - bits)
    for number in range(size):
        slot = np.int64((known[number] * MIX) >> down)
        while slots[slot] != 0:
            slot = (slot + 1) & mask
        slots[slot] = number + 1


@inner()
def find(key, slots, known, mask, down):
    """The slot where `key` is or belongs, and its number, -1 for a new one."""
    slot = np.int64((key * MIX) >> down)
    number = np.int64(slots[slot]) - 1
    while number >= 0 and known[number] != key:
        slot = (slot + 1) & mask
        number = np.int64(slots[slot]) - 1
    return slot, number


@inner()
def number_keys(keys, num_keys, numbers, tally, table):
    """Number `keys[:num_keys]`; returns how many are distinct.

    Args:
        keys: uint64.
        numbers: out, int32: the number of each key.
        tally: out, int32: how often the key of each number comes.
        table: see `new_table`.
    """
    slots, known = raw(table.slots), raw(table.keys)
    bits, size = first_bits(num_keys), np.int64(0)
    empty_slots(slots, bits)
    mask, down = (np.int64(1) << bits) - 1, np.uint64(64 - bits)
    for at in range(num_keys):
        key = keys[at]
        slot, number = find(key, slots, known, mask, down)
        if number >= 0:
            numbers[at] = number
            tally[number] += 1
            continue
        slots[slot] = size + 1
        known[size] = key
        numbers[at] = size
        tally[size] = 1
        size += 1
        if 2 * size > mask:
            bits += 1
            mask, down = (np.int64(1) << bits) - 1, np.uint64(64 - bits)
            grow(slots, known, size, bits)
    return size
