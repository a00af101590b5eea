"""Which documents train the tokenizer, which measure it, and which are left out: by a hash of the text.

A hash does not depend on the order of files, so the same documents give the same tokenizer wherever they
lie, and equal documents share one fate: none is trained on and measured with at once.
"""

from dataclasses import dataclass

import xxhash

_HASHES = 1 << 64


@dataclass(frozen=True)
class Sample:
    """A split of documents by hash.

    Fields:
        held_out: share of documents to measure with, 0 to 1.
        kept: share of the others to train on, 0 to 1.
        seed: of the hash.
    """

    held_out: float
    kept: float
    seed: int

    def side(self, text: str) -> str:
        """ "held_out", "train" or "left_out"."""
        share = xxhash.xxh3_64_intdigest(text.encode(), seed=self.seed) / _HASHES
        if share < self.held_out:
            return "held_out"
        return "train" if share < self.held_out + (1 - self.held_out) * self.kept else "left_out"


def share_to_keep(num_bytes: int, max_bytes: int | None) -> float:
    """The share of documents that makes about `max_bytes` of `num_bytes`; 1 where there is no limit."""
    return 1.0 if max_bytes is None or num_bytes <= max_bytes else max_bytes / num_bytes
