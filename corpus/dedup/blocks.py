"""`verify_components` in bounded memory: however many documents the components have, and however long they are.

Documents are taken from the best to the worst in blocks of about `chars` characters, each block together with the
documents kept of the blocks before. When the sets of those fill a block, no more are added, and the rest is only held
against them: what is no duplicate of the first ones kept goes on to a next round. So a template with ten million pages
that are all kept needs the memory of two blocks, and reads its text once a round. Documents of an earlier run, which
stay whatever they are like, come first in each round and fill the block as others do.

The decisions are those of `verify_components`, but in later rounds the evidence is the most similar document kept of
the round in which a document goes.
"""

from collections.abc import Callable

import numpy as np

from corpus.dedup.compare import MEASURES, Rule, joined_sets
from corpus.dedup.verify import KEPT, UNDECIDED, Given, Removals, decide, removals_of

# Of a block. Shingle sets take up to 8 bytes a character, so about 1 GiB; the index of whole sets four times as much.
CHARS = {"jaccard": 1 << 27, "containment": 1 << 25}

Sets = tuple[np.ndarray, np.ndarray]


def verify_in_blocks(
    component: np.ndarray,
    rank: np.ndarray,
    exact: np.ndarray,
    num_chars: np.ndarray,
    read_sets: Callable[[np.ndarray], Sets],
    threshold: float,
    chars: int | None = None,
    measure: str = "jaccard",
    stays: np.ndarray | None = None,
) -> Removals:
    """See `verify_components`.

    Args:
        component, rank, exact, threshold, measure, stays: as there.
        num_chars: `[N]` int, by which blocks are cut.
        read_sets: ascending positions -> their shingle sets (hashes, offsets) from `compare.bounded_sets`.
        chars: of a block; `CHARS` by default.
    """
    rule, chars = Rule(threshold, MEASURES[measure]), CHARS[measure] if chars is None else chars
    stays = np.zeros(len(component), np.bool_) if stays is None else stays
    kept_for, value = np.full(len(component), KEPT), np.zeros(len(component))
    left = np.lexsort((rank, ~stays))
    place = np.empty(len(left), np.int64)
    place[left] = np.arange(len(left))
    while len(left):
        kept, kept_sets, later = np.zeros(0, np.int64), (np.zeros(0, np.uint64), np.zeros(1, np.int64)), []
        for block in _blocks(left, num_chars, chars):
            both = np.concatenate([kept, np.sort(block)])
            hashes, offsets = joined_sets([kept_sets, read_sets(both[len(kept) :])])
            held = np.arange(len(both)) < len(kept)
            room = -1 if later else chars - len(kept_sets[0]) if len(kept) else max(chars, int(np.diff(offsets).max()))
            given = Given(hashes, offsets, held, stays[both])
            goes_for, found = decide(component[both], rank[both], exact[both], given, rule, room)
            goes = np.flatnonzero(goes_for >= 0)
            kept_for[both[goes]], value[both[goes]] = both[goes_for[goes]], found[goes]
            undecided = both[goes_for == UNDECIDED]
            later += [undecided[np.argsort(place[undecided])]] if len(undecided) else []
            now_kept = np.flatnonzero(goes_for == KEPT)
            kept, kept_sets = both[now_kept], _taken((hashes, offsets), now_kept)
        left = np.concatenate([*later, np.zeros(0, np.int64)])
    return removals_of(kept_for, value)


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
