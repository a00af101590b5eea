"""The specification: tokens, shingles and exact keys in plain Python."""

from collections.abc import Iterator, Sequence

import numpy as np

from corpus.kernels.shingle.fold import (
    DROP,
    SEPARATOR,
    fold_code_point,
    is_letter_token,
    simplified_characters,
)

MASK = (1 << 64) - 1
WINDOW_PRIME = 0x9E3779B97F4A7C15
SECOND_PRIME = 0xC2B2AE3D27D4EB4F


def mix64(value: int) -> int:
    """MurmurHash3's 64-bit finaliser, https://github.com/aappleby/smhasher (public domain)."""
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD & MASK
    value ^= value >> 33
    value = value * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ value >> 33


def tokens(text: str) -> Iterator[tuple[int, ...]]:
    """The tokens of a text as tuples of folded code points: "Don't 看書" -> (d,o,n,t) (看) (书)."""
    word: list[int] = []
    for character in text:
        folded = fold_code_point(character, simplified_characters())
        if folded == DROP:
            continue
        for code_point in [SEPARATOR] if folded == SEPARATOR else folded:  # type: ignore[union-attr]
            if code_point == SEPARATOR or is_letter_token(code_point):
                if word:
                    yield tuple(word)
                    word = []
                if code_point != SEPARATOR:
                    yield (code_point,)
            else:
                word.append(code_point)
    if word:
        yield tuple(word)


def token_hash(token: Sequence[int]) -> int:
    """The token's UTF-8 bytes, eight at a time as little-endian numbers, each mixed in. Eight bytes never collide."""
    value = 0
    data = "".join(map(chr, token)).encode()
    for at in range(0, len(data), 8):
        value = mix64(value ^ int.from_bytes(data[at : at + 8], "little"))
    return value


def window_hash(window: Sequence[int]) -> int:
    """Polynomial over token hashes, then mixed; so it can be rolled."""
    value = 0
    for token in window:
        value = (value * WINDOW_PRIME + token) & MASK
    return mix64(value)


def shingles(text: str, n: int) -> list[int]:
    """Every shingle hash of a document in order, repeats included."""
    hashes = [token_hash(token) for token in tokens(text)]
    if not hashes:
        return []
    return [window_hash(hashes[i : i + n]) for i in range(max(1, len(hashes) - n + 1))]


def shingle_sets(texts: Sequence[str | None], n: int) -> tuple[np.ndarray, np.ndarray]:
    """See `corpus.kernels.shingle.shingle_sets`."""
    sets = [sorted(set(shingles(text or "", n))) for text in texts]
    offsets = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    return np.array([value for values in sets for value in values], np.uint64), offsets


def exact_keys(texts: Sequence[str | None]) -> np.ndarray:
    """See `corpus.kernels.shingle.exact_keys`."""
    keys = np.empty((len(texts), 2), np.uint64)
    for row, text in enumerate(texts):
        values = [token_hash(token) for token in tokens(text or "")]
        if not values:
            values = [mix64(byte + 256) for byte in (text or "").encode()]
        first = second = 0
        for value in values:
            first = (first * WINDOW_PRIME + value) & MASK
            second = (second * SECOND_PRIME + value) & MASK
        keys[row] = mix64(first), mix64(second ^ len(values))
    return keys
