"""The true near-duplicates of a set: the exact Jaccard of every pair of documents that share any shingle.

Brute force, and nothing of `corpus.dedup`: an inverted index from shingle to documents; for each document the shared
shingles with every earlier document are counted one posting at a time. No filter, no sketch, no sampling. Time is the
sum over shingles of (documents that have it)^2 / 2, memory a posting a shingle and one counter a document.

Shingle sets come from the kernel (`corpus.kernels.shingle`), and `check_against_text` holds them, and the Jaccard of a
sample of pairs, against Python sets of folded tokens, made by the specification `naive.tokens` without any hash.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numba import njit

from corpus.kernels.shingle import naive, shingle_sets

N = 5  # tokens a shingle


@dataclass(frozen=True)
class Truth:
    """Every pair of Jaccard `least` or above, first < second, and the sizes of the shingle sets."""

    first: np.ndarray
    second: np.ndarray
    jaccard: np.ndarray
    least: float

    def at(self, threshold: float) -> "Truth":
        """The pairs of a higher threshold."""
        assert threshold >= self.least, (threshold, self.least)
        keep = self.jaccard >= threshold
        return Truth(self.first[keep], self.second[keep], self.jaccard[keep], threshold)


def true_pairs(text: pa.Array, least: float) -> Truth:
    """All pairs of documents whose folded shingle sets have this Jaccard or more."""
    hashes, offsets = shingle_sets(text, N)
    order = np.argsort(hashes, kind="stable")
    documents = np.repeat(np.arange(len(text), dtype=np.int32), np.diff(offsets))[order]
    ordered = hashes[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    shingle = np.empty(len(hashes), np.int64)  # the dense number of each shingle of each document
    shingle[order] = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(ordered))))
    pairs = _pairs(shingle, offsets, documents, np.append(starts, len(ordered)), least)
    return Truth(pairs[0], pairs[1], pairs[2], least)


@njit(cache=True, nogil=True)
def _pairs(shingle, offsets, documents, starts, least):
    num = len(offsets) - 1
    shared = np.zeros(num, np.int32)
    touched = np.empty(num, np.int32)
    first = np.empty(1024, np.int32)
    second = np.empty(1024, np.int32)
    jaccard = np.empty(1024, np.float64)
    count = 0
    for document in range(num):
        num_touched = 0
        for at in range(offsets[document], offsets[document + 1]):
            for posting in range(starts[shingle[at]], starts[shingle[at] + 1]):
                other = documents[posting]
                if other >= document:
                    break
                if shared[other] == 0:
                    touched[num_touched] = other
                    num_touched += 1
                shared[other] += 1
        size = offsets[document + 1] - offsets[document]
        for i in range(num_touched):
            other = touched[i]
            both = shared[other]
            shared[other] = 0
            value = both / (size + offsets[other + 1] - offsets[other] - both)
            if value < least:
                continue
            if count == len(first):
                first = np.concatenate((first, np.empty_like(first)))
                second = np.concatenate((second, np.empty_like(second)))
                jaccard = np.concatenate((jaccard, np.empty_like(jaccard)))
            first[count] = other
            second[count] = document
            jaccard[count] = value
            count += 1
    return first[:count].copy(), second[:count].copy(), jaccard[:count].copy()


def pair_jaccard(hashes: np.ndarray, offsets: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The exact Jaccard of given pairs, by numpy's set operations."""
    values = np.empty(len(first), np.float64)
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        one, two = hashes[offsets[a] : offsets[a + 1]], hashes[offsets[b] : offsets[b + 1]]
        both = len(np.intersect1d(one, two, assume_unique=True))
        values[i] = both / max(1, len(one) + len(two) - both)
    return values


def token_shingles(text: str) -> set[tuple]:
    """The folded shingles of a text as tuples of tokens; nothing is hashed."""
    tokens = list(naive.tokens(text))
    return {tuple(tokens[i : i + N]) for i in range(max(1, len(tokens) - N + 1))} if tokens else set()


def check_against_text(text: pa.Array, truth: Truth, num: int, seed: int) -> int:
    """Hold sampled pairs, true ones and others, against Python sets; the number of pairs held.

    Raises:
        SystemExit: the kernel, the index or the pairs are wrong; nothing measured with them would mean anything.
    """
    rng = np.random.default_rng(seed)
    true = rng.choice(len(truth.first), min(num, len(truth.first)), replace=False)
    known = {(int(truth.first[i]), int(truth.second[i])): float(truth.jaccard[i]) for i in true}
    everything = set(zip(truth.first.tolist(), truth.second.tolist(), strict=True))
    near = {(a, b + 1) for a, b in known if b + 1 < len(text)} | {
        (int(a), int(b)) for a, b in np.sort(rng.integers(len(text), size=(num, 2)), axis=1) if a < b
    }
    for a, b in [*known, *sorted(near)]:
        one, two = token_shingles(text[a].as_py()), token_shingles(text[b].as_py())
        value = len(one & two) / len(one | two) if one | two else 0.0
        if (value >= truth.least) != ((a, b) in everything) or ((a, b) in known and abs(known[a, b] - value) > 1e-12):
            raise SystemExit(f"documents {a} and {b} have Jaccard {value}; the index says {known.get((a, b))}")
    return len(known) + len(near)
