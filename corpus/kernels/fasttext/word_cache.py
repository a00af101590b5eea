"""Where the sum of a word seen before lies: an open-addressed table over words of up to 24 bytes.

The word's bytes themselves are the key, in three numbers, so two words are never confused. A slot is a row of float32:
eight places for the key, the word's hash and its number of rows, then the sum. Only new words take a slot, and only
within a few steps of their place; when those are full a word is summed each time.
"""

import numpy as np

from corpus.kernels.jit import inner

__all__ = ["HEAD", "KEY_BYTES", "find_slot", "read_key"]

HEAD = 8
KEY_BYTES = 24
_PROBES = 4
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_SPACES = np.uint64(0x2020202020202020)
_LOW_BITS = np.uint64(0x0101010101010101)
_HIGH_BITS = np.uint64(0x8080808080808080)
_0, _1, _7, _8, _29, _32, _63 = (np.uint64(n) for n in (0, 1, 7, 8, 29, 32, 63))


@inner()
def _eight_bytes(words, at):
    """The eight bytes from byte `at` on, from the two aligned numbers that hold them."""
    shift = (np.uint64(at) & _7) * _8
    return words[at >> 3] >> shift | words[(at >> 3) + 1] << _1 << (_63 - shift)


@inner()
def read_key(words, begin, key):
    """Write the token that begins at byte `begin` and ends before a space to `key`.

    Args:
        words: uint64 view of the text, with 32 bytes after the last token.

    Returns:
        the token's length, or -1 where it has more than 24 bytes.
    """
    key[0] = key[1] = key[2] = _0
    for part in range(3):
        value = _eight_bytes(words, begin + 8 * part)
        other = value ^ _SPACES
        spaces = (other - _LOW_BITS) & ~other & _HIGH_BITS  # the lowest bit set is the first space's
        if spaces == _0:
            key[part] = value
            continue
        below = (spaces & (_0 - spaces)) - _1 >> _7  # ones below the space's lowest bit
        key[part] = value & below
        length = 8 * part
        while below != _0:
            below >>= _8
            length += 1
        return length
    following = _eight_bytes(words, begin + KEY_BYTES)
    return KEY_BYTES if following & np.uint64(0xFF) == np.uint64(32) else -1


@inner()
def find_slot(heads, key):
    """The slot that holds `key`, or the free one for it, or -1.

    Args:
        heads: the table as uint64, `[slots, ...]`; a slot is free where it begins with 0, which no token does.
    """
    mixed = (key[0] ^ key[1] * _PRIME) * _PRIME ^ key[2]
    mixed = (mixed ^ mixed >> _29) * _PRIME
    slot = np.int64(mixed >> _32) & (len(heads) - 1)
    for _ in range(_PROBES):
        if heads[slot, 0] == _0:
            return slot
        if heads[slot, 0] == key[0] and heads[slot, 1] == key[1] and heads[slot, 2] == key[2]:
            return slot
        slot = (slot + 1) & (len(heads) - 1)
    return np.int64(-1)
