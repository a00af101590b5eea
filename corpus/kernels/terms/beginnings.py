"""What terms can begin with, in bytes: tables that say of nearly every place in a text that no term begins there.

A key is the first bytes of a term as they stand in a text, at the high end of a uint64. Keys are in a bitmap of
hashes, so the answer may be yes wrongly and is never no wrongly.

- A term that begins in ASCII: up to 8 bytes. How many, the first two bytes say (`rows`): as many as are known of every
  term that begins so. ODD bytes (what vanishes, what is not ASCII, white space but for the space) can stand anywhere
  in a term, so where one is among them the text is taken for a term.
- A character of HAN and a PLAIN one behind it: both, six bytes or four, in every variant that folds alike.
- Any other character: itself. So is one of HAN where what follows is not plain: it may vanish, or be several.

`fours` is asked first, in ASCII: it knows four bytes of each term, and no row has to be looked up.
"""

import functools
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from corpus.kernels.shingle.fold import DROP, MANY
from corpus.kernels.terms.fold import SPACE, term_fold

FACTOR = 0x9E3779B97F4A7C15
FOURS_BITS = 16  # binary logarithm of the size of `fours`
ODD = [byte for byte in range(256) if byte < SPACE or byte == ord("'") or byte >= 0x80]
HAN = range(0x4000, 0xA000)  # three bytes, the first of them 0xE4 to 0xE9
PLAIN = [*(set(range(0x80)) - {ord("'")}), *range(0x3000, 0x302A), *(set(range(0xFF00, 0xFF40)) - {0xFF07}), *HAN]
_KEY_BYTES = 8
_LEAST_SLOTS, _MOST_SLOTS, _SLOTS_BY_KEY = 1 << 18, 1 << 26, 32

Term = tuple[int, ...]  # folded code points


class Beginnings(NamedTuple):
    """Tables of `make_beginnings`."""

    fours: np.ndarray  # uint64, bitmap of hashes of five bits of each of the first four bytes, none of them odd
    rows: (
        np.ndarray
    )  # [32 * 256] uint8, by five bits of the first byte and the second: 0x80 | bits not in the key, or 0
    slots: np.ndarray  # uint64, bitmap of hashed keys, a power of two of bits
    pairs: bool  # whether HAN and what is plain are one key; not if a term is a single character of HAN
    marks: bool  # whether a term begins in ASCII with what is neither letter nor digit


def make_beginnings(terms: Sequence[Term]) -> Beginnings:
    """Tables for some folded terms."""
    latin = [codes for codes in terms if codes[0] < 0x80]
    widths = _widths(latin)
    pairs = not any(len(codes) == 1 and codes[0] in HAN for codes in terms)
    keys = _latin_keys(latin, widths) | _characters(terms) | (_pairs(terms) if pairs else set())
    return Beginnings(
        _fours(latin),
        np.where(widths > 0, 0x80 | 8 * (_KEY_BYTES - widths), 0).astype(np.uint8).reshape(-1),
        _bitmap(keys),
        pairs,
        any(not chr(codes[0]).isalnum() for codes in latin),
    )


def _known(codes: Term) -> Term:
    """What comes before the first code point beyond ASCII."""
    return codes[: next((place for place, code in enumerate(codes) if code >= 0x80), len(codes))]


def _widths(terms: Sequence[Term]) -> np.ndarray:
    """Length of the key by five bits of the first byte, and the second byte; 0 if no term begins so."""
    widths = np.full((32, 256), _KEY_BYTES + 1)
    for codes in terms:
        row, known = widths[codes[0] & 31], _known(codes)
        row[ODD] = 1
        if len(codes) == 1:
            row[:] = 1
        elif len(known) > 1:
            second = [known[1], ord(chr(known[1]).upper())]
            row[second] = np.minimum(row[second], min(len(known), _KEY_BYTES))
    return np.where(widths > _KEY_BYTES, 0, widths)


def _spelled(codes: Term, length: int) -> set[Term]:
    """The first bytes of a term in ASCII where none is odd: any number of spaces for one, -1 for any byte behind it."""
    if length == 0:
        return {()}
    if not codes:
        return {(-1,) * length}
    again = _spelled(codes, length - 1) if codes[0] == SPACE else set()
    return {codes[:1] + rest for rest in _spelled(codes[1:], length - 1) | again}


def _latin_keys(terms: Sequence[Term], widths: np.ndarray) -> set[bytes]:
    """What a text begins with where one of these terms does, as long as `widths` says; capitals are small."""
    keys: set[Term] = set()
    for codes in terms:
        known = _known(codes)
        keys.add(known[:1])  # of rows with an odd byte
        if len(known) > 1:
            keys |= _spelled(known, int(widths[known[0] & 31, known[1]]))
    return {bytes(code | 0x20 for code in key) for key in keys}


def _fours(terms: Sequence[Term]) -> np.ndarray:
    """Bitmap of what the first four bytes of terms can be, by five bits each."""
    found = np.zeros((32,) * 4, np.bool_)  # the first byte is the last axis
    for codes in terms:
        known = _known(codes)
        for spelled in _spelled(known, 4):
            if known == codes or -1 not in spelled:  # else an odd byte is among them
                found[tuple(slice(None) if code < 0 else code & 31 for code in reversed(spelled))] = True
    values = np.zeros(np.count_nonzero(found), np.uint64)
    for place in np.nonzero(found):
        values = values << np.uint64(8) | place.astype(np.uint64)
    return _hashed(values, 1 << FOURS_BITS)


def _characters(terms: Sequence[Term]) -> set[bytes]:
    """Characters beyond ASCII whose fold begins as a term does."""
    fold, many, _ = term_fold()
    first = np.where(fold > MANY, fold, DROP)
    several = np.flatnonzero(fold <= MANY)
    first[several] = many[MANY - fold[several] + 1]
    found = np.flatnonzero(np.isin(first, [codes[0] for codes in terms])).tolist()
    return {chr(code).encode() for code in found if code >= 0x80 and not 0xD800 <= code < 0xE000}


@functools.cache
def _plain_variants() -> dict[int, list[int]]:
    """Plain characters by what they fold to."""
    fold = term_fold()[0]
    variants: dict[int, list[int]] = {}
    for code_point in PLAIN:
        variants.setdefault(int(fold[code_point]), []).append(code_point)
    return variants


def _pairs(terms: Sequence[Term]) -> set[bytes]:
    """A character of HAN and a plain one that fold to the first two code points of a term."""
    variants = _plain_variants()
    keys: set[bytes] = set()
    for one, two in {codes[:2] for codes in terms if len(codes) > 1}:
        for first, second in product(variants.get(one, []), variants.get(two, [])):
            if first in HAN:
                keys.add((chr(first) + chr(second)).encode())
    return keys


def _bitmap(keys: set[bytes]) -> np.ndarray:
    size = min(max(_SLOTS_BY_KEY * len(keys), _LEAST_SLOTS), _MOST_SLOTS)
    values = [int.from_bytes(key.rjust(_KEY_BYTES, b"\0"), "little") for key in keys]
    return _hashed(np.array(values, np.uint64), 1 << (size - 1).bit_length())


def _hashed(values: np.ndarray, slots: int) -> np.ndarray:
    """Bitmap of the hashes of uint64 values."""
    bits = np.zeros(slots, np.bool_)
    bits[values * np.uint64(FACTOR) >> np.uint64(65 - slots.bit_length())] = True
    return np.packbits(bits, bitorder="little").view(np.uint64)
