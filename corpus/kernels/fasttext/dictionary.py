"""The dictionary of a fastText model: words in one buffer and a hash table over them.

Words are found by fastText's own hash, a 32-bit FNV-1a whose bytes are sign-extended (a bug that every
published model was trained with), in an open-addressed table with linear probing.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from corpus.kernels.jit import inner, kernel

__all__ = ["Vocabulary", "find_word", "fnv", "read"]

FNV_BASIS = np.uint64(2166136261)
FNV_PRIME = np.uint64(16777619)
_LOW_32 = np.uint64(0xFFFFFFFF)
_HIGH_BITS = np.uint64(0xFFFFFF00)
_80 = np.uint64(0x80)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Entries in file order: `blob[offsets[i]:offsets[i + 1]]` is entry `i`. `table` holds entries or -1."""

    blob: np.ndarray
    offsets: np.ndarray
    is_label: np.ndarray
    table: np.ndarray

    def to_list(self) -> list[bytes]:
        """The entries as bytes."""
        blob, ends = self.blob.tobytes(), self.offsets.tolist()
        return [blob[begin:end] for begin, end in itertools.pairwise(ends)]


@inner()
def fnv(value, byte):
    """The hash `value` with one byte more; `value` stays below 2^32."""
    extended = np.uint64(byte)
    if extended & _80:
        extended |= _HIGH_BITS
    return ((value ^ extended) * FNV_PRIME) & _LOW_32


@inner()
def find_word(data, begin, end, hashed, blob, offsets, table):
    """The entry equal to `data[begin:end]`, whose hash is `hashed`, or -1."""
    mask = len(table) - 1
    slot = np.int64(hashed) & mask
    while table[slot] >= 0:
        entry = table[slot]
        first = offsets[entry]
        if offsets[entry + 1] - first == end - begin:
            same = True
            for i in range(end - begin):
                if blob[first + i] != data[begin + i]:
                    same = False
                    break
            if same:
                return entry
        slot = (slot + 1) & mask
    return np.int32(-1)


@kernel()
def _scan(data, at, begins, ends, counts, is_label):
    """Write each entry's begin and end, its count and kind; return where the next byte is, -1 if `data` is cut."""
    for entry in range(len(begins)):
        begins[entry] = at
        while at < len(data) and data[at] != 0:
            at += 1
        ends[entry] = at
        if at + 10 > len(data):
            return -1
        for i in range(8):
            counts[entry] |= np.int64(data[at + 1 + i]) << np.int64(8 * i)
        is_label[entry] = data[at + 9] != 0
        at += 10
    return at


@kernel()
def _index(data, begins, ends, blob, offsets, table):
    mask = len(table) - 1
    for entry in range(len(begins)):
        hashed = FNV_BASIS
        for i in range(ends[entry] - begins[entry]):
            byte = data[begins[entry] + i]
            blob[offsets[entry] + i] = byte
            hashed = fnv(hashed, byte)
        slot = np.int64(hashed) & mask
        while table[slot] >= 0:
            slot = (slot + 1) & mask
        table[slot] = entry


def read(data: np.ndarray, at: int, size: int) -> tuple[Vocabulary, np.ndarray, int]:
    """Read `size` entries at byte `at` of a model file.

    Returns:
        The vocabulary, the count of each entry `[size]` int64, and where the next byte is; -1 if `data` ends early.
    """
    size = min(size, max(0, len(data) - at) // 10 + 1)  # an entry has 10 bytes at least: a wrong size stays small
    begins, ends, counts = (np.zeros(size, np.int64) for _ in range(3))
    is_label = np.zeros(size, np.bool_)
    data = np.asarray(data)
    used = _scan(data, at, begins, ends, counts, is_label)
    offsets = np.concatenate([[0], np.cumsum(np.maximum(0, ends - begins))]).astype(np.int64)
    blob = np.empty(offsets[-1], np.uint8)
    table = np.full(1 << max(4, (2 * size).bit_length()), -1, np.int32)
    _index(data, begins, ends, blob, offsets, table)
    return Vocabulary(blob, offsets, is_label, table), counts, int(used)
