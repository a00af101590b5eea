"""`verify_components` in bounded memory: however many documents the components have, and however long they are.

Documents are taken from the best to the worst in blocks of about `chars` characters, each block together with the
documents kept of the blocks before. When the sets of those fill a block, no more are added, and the rest is only held
against them: what is no duplicate of the first ones kept goes on to a next round. So a template with ten million pages
that are all kept needs the memory of two blocks, and reads its text once a round.

The decisions are those of `verify_components`, but in later rounds the evidence is the most similar document kept of
the round in which a document goes.
"""

from collections.abc import Callable

import numpy as np

from corpus.dedup.compare import joined_sets
from corpus.dedup.verify import KEPT, UNDECIDED, Removals, decide, removals_of

CHARS = 1 << 27  # shingle sets take up to 8 bytes a character, so about 1 GiB a block

Sets = tuple[np.ndarray, np.ndarray]


def verify_in_blocks(
    component: np.ndarray,
    rank: np.ndarray,
    exact: np.ndarray,
    num_chars: np.ndarray,
    read_sets: Callable[[np.ndarray], Sets],
    threshold: float,
    chars: int = CHARS,
) -> Removals:
    """See `verify_components`.

    Args:
        component, rank, exact, threshold: as there.
        num_chars: `[N]` int, by which blocks are cut.
        read_sets: ascending positions -> their shingle sets (hashes, offsets) from `compare.bounded_sets`.
        chars: of a block.
    """
    kept_for, jaccard = np.full(len(component), KEPT), np.zeros(len(component))
    left = np.argsort(rank, kind="stable")
    while len(left):
        kept, kept_sets, later = np.zeros(0, np.int64), (np.zeros(0, np.uint64), np.zeros(1, np.int64)), []
        for block in _blocks(left, num_chars, chars):
            both = np.concatenate([kept, np.sort(block)])
            hashes, offsets = joined_sets([kept_sets, read_sets(both[len(kept) :])])
            fixed = np.arange(len(both)) < len(kept)
            room = 0 if later else chars - len(kept_sets[0]) if len(kept) else max(chars, int(np.diff(offsets).max()))
            goes_for, value = decide(component[both], rank[both], exact[both], hashes, offsets, threshold, fixed, room)
            goes = np.flatnonzero(goes_for >= 0)
            kept_for[both[goes]], jaccard[both[goes]] = both[goes_for[goes]], value[goes]
            undecided = both[goes_for == UNDECIDED]
            later += [undecided[np.argsort(rank[undecided])]] if len(undecided) else []
            stays = np.flatnonzero(goes_for == KEPT)
            kept, kept_sets = both[stays], _taken((hashes, offsets), stays)
        left = np.concatenate([*later, np.zeros(0, np.int64)])
    return removals_of(kept_for, jaccard)


def _blocks(documents: np.ndarray, num_chars: np.ndarray, chars: int) -> list[np.ndarray]:
    """The documents in order, cut where `chars` characters are full."""
    total = np.cumsum(num_chars[documents], dtype=np.int64)
    return np.split(documents, np.flatnonzero(np.diff(total // chars)) + 1)


def _taken(sets: Sets, chosen: np.ndarray) -> Sets:
    hashes, offsets = sets
    sizes = np.diff(offsets)[chosen]
    ends = np.cumsum(sizes)
    at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(offsets[chosen] - (ends - sizes), sizes)
    return hashes[at], np.concatenate([[0], ends])
