"""Signatures and keys in one pass over the UTF-8 buffer. `naive.py` says what each function must return."""

from typing import NamedTuple

import numpy as np

from corpus.kernels.arrow_text import padded
from corpus.kernels.jit import inner, kernel, raw
from corpus.kernels.minhash.naive import BAND_PRIME as _BAND_PRIME
from corpus.kernels.minhash.naive import NUM_THROWS
from corpus.kernels.shingle.numba_cpu import fingerprint
from corpus.kernels.shingle.tokens import STRIDE, mix64, new_room, step_tables

__all__ = ["band_keys", "document_keys", "signatures"]

BAND_PRIME = np.uint64(_BAND_PRIME)
_EMPTY = np.uint32(0xFFFFFFFF)
_1, _16, _32 = np.uint32(1), np.uint32(16), np.uint64(32)


class Scratch(NamedTuple):
    """Room of `_sketch` for the shingles of one document, uint32."""

    shingles: np.ndarray
    values: np.ndarray
    places: np.ndarray


def _new_scratch(num_windows: int) -> Scratch:
    return Scratch(*np.empty((3, num_windows), np.uint32))


def _functions(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Multipliers and offsets of 32 bits: of the throws, then of each place. In vectors 32 bits are thrice as fast."""
    thrown = slice(0, NUM_THROWS)
    return (
        np.concatenate([a[thrown] >> _32 | np.uint64(1), a]).astype(np.uint32),
        np.concatenate([b[thrown] >> _32, b]).astype(np.uint32),
    )


@inner()
def _throw(multiplier, offset, rank, count, num, scratch, least):
    """Let every shingle fall into one place, which keeps the least value; `rank` puts later throws behind."""
    shingles, values, places = raw(scratch.shingles), raw(scratch.values), raw(scratch.places)
    for i in range((count + STRIDE - 1) & -STRIDE):  # apart, since this is done in vectors
        value = np.uint32(multiplier * shingles[i] + offset)
        values[i] = rank | value >> _1
        places[i] = np.uint32((value >> _16) * num) >> _16
    for i in range(count):
        value, before = values[i], least[places[i]]
        least[places[i]] = value if value < before else before


@inner()
def _sketch(windows, count, a, b, num, scratch, least):
    """Write the signature of `count` shingles to `least`, `[num]` uint32; `a` and `b` are from `_functions`."""
    for place in range(num):
        least[place] = _EMPTY
    if count == 0:
        return
    shingles, end = raw(scratch.shingles), (count + STRIDE - 1) & -STRIDE
    for i in range(end):
        shingles[i] = np.uint32(windows[i] >> _32)
    for i in range(count, end):
        shingles[i] = shingles[0]
    throws = min(NUM_THROWS, num)
    for turn in range(throws):
        _throw(a[turn], b[turn], np.uint32(turn << 31), count, np.uint32(num), scratch, least)
    for place in range(num):
        if least[place] == _EMPTY:
            multiplier, offset, value = a[throws + place], b[throws + place], _EMPTY
            for i in range(end):
                other = np.uint32(multiplier * shingles[i] + offset)
                value = other if other < value else value
            least[place] = value


@inner()
def _band_keys(signature, num_bands, rows, keys):
    for band in range(num_bands):
        value = np.uint64(band + 1)
        for place in range(band * rows, (band + 1) * rows):
            value = value * BAND_PRIME + np.uint64(signature[place])
        keys[band] = mix64(value)


def signatures(data: np.ndarray, offsets: np.ndarray, n: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """See `corpus.kernels.minhash.signatures`."""
    result = np.empty((len(offsets) - 1, len(a)), np.uint32)
    room = new_room(offsets)
    scratch = _new_scratch(len(room.windows))
    for piece, at, rows in padded(data, offsets):
        _signatures(piece, at, *step_tables(), n, *_functions(a, b), room, scratch, result[rows])
    return result


@kernel()
def _signatures(data, offsets, steps, many, n, a, b, room, scratch, result):
    for row in range(len(result)):
        _, count, _, _ = fingerprint(raw(data), offsets[row], offsets[row + 1], raw(steps), raw(many), n, room)
        _sketch(raw(room.windows), count, raw(a), raw(b), result.shape[1], scratch, raw(result[row]))


def band_keys(signature: np.ndarray, rows: int) -> np.ndarray:
    """See `corpus.kernels.minhash.band_keys`."""
    keys = np.empty((len(signature), signature.shape[1] // rows), np.uint64)
    _keys_of_signatures(np.ascontiguousarray(signature), rows, keys)
    return keys


@kernel()
def _keys_of_signatures(signature, rows, keys):
    for row in range(len(signature)):
        _band_keys(raw(signature[row]), keys.shape[1], rows, raw(keys[row]))


def document_keys(
    data: np.ndarray, offsets: np.ndarray, n: int, a: np.ndarray, b: np.ndarray, rows: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """See `corpus.kernels.minhash.document_keys`."""
    num = len(offsets) - 1
    keys = np.empty((num, len(a) // rows + 1), np.uint64)
    exact, num_tokens = np.empty((num, 2), np.uint64), np.empty(num, np.int64)
    room, signature = new_room(offsets), np.empty(len(a), np.uint32)
    scratch = _new_scratch(len(room.windows))
    for piece, at, part in padded(data, offsets):
        tables = (*step_tables(), n, *_functions(a, b), rows, room, scratch, signature)
        _document_keys(piece, at, *tables, keys[part], exact[part], num_tokens[part])
    return keys, exact, num_tokens


@kernel()
def _document_keys(data, offsets, steps, many, n, a, b, rows, room, scratch, signature, keys, exact, num_tokens):
    num_bands = len(signature) // rows
    for row in range(len(keys)):
        num_tokens[row], count, first, second = fingerprint(
            raw(data), offsets[row], offsets[row + 1], raw(steps), raw(many), n, room
        )
        exact[row, 0], exact[row, 1] = first, second
        keys[row, num_bands] = first
        if count == 0:
            for band in range(num_bands):
                keys[row, band] = first
            continue
        _sketch(raw(room.windows), count, raw(a), raw(b), len(signature), scratch, raw(signature))
        _band_keys(raw(signature), num_bands, rows, raw(keys[row]))
