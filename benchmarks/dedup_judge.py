"""What was kept, held against the truth: the definitions behind the tables of `dedup.py`.

All are about the exact Jaccard J of folded shingle sets and one threshold t.

- A *true pair* is two documents with J >= t, planted or natural.
- *Recall* is the share of true pairs that do not both survive. So removing too much does not lower it, which is why
  wrong removals stand beside it. *Recall of a kind* is the same over the pairs (planted document, its origin) that
  have J >= t.
- A *wrong removal* is a removed document without any kept document of J >= t to it. The text is then lost. Chains show
  the difference to clustering: of a - b - c with only neighbours near, keeping a alone loses c.
- *Evidence* is checked by itself: every (removed, kept, Jaccard) that Siku gives is computed again, the kept one must
  be kept, and must stand before the removed one in rank.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from dedup_edits import EDITS
from dedup_sets import DuplicateSet
from dedup_truth import N, Truth, pair_jaccard

from corpus.dedup import NearOptions, Removals, near_duplicates
from corpus.kernels.shingle import shingle_sets

KINDS = (*EDITS, "template", "chain")


@dataclass(frozen=True)
class Verdict:
    """How good one kept set is.

    Attributes:
        kept, removed: documents.
        wrong: positions of the wrong removals.
        recall, natural_recall: over all true pairs, and over those of two natural documents.
        pairs, natural_pairs: true pairs, and those of two natural documents.
        kinds: kind -> (pairs at the threshold, share of them that do not both survive, wrong removals of the kind).
    """

    kept: int
    removed: int
    wrong: np.ndarray
    recall: float
    natural_recall: float
    pairs: int
    natural_pairs: int
    kinds: dict[str, tuple[int, float, int]]


def judge(each: DuplicateSet, truth: Truth, kept: np.ndarray) -> Verdict:
    """Hold kept documents (`[N]` bool) against all true pairs."""
    has_keeper = np.zeros(len(kept), bool)
    has_keeper[truth.first[kept[truth.second]]] = True
    has_keeper[truth.second[kept[truth.first]]] = True
    wrong = np.flatnonzero(~kept & ~has_keeper)
    survive = kept[truth.first] & kept[truth.second]
    kind = np.array(each.kind)
    natural = (kind[truth.first] == "natural") & (kind[truth.second] == "natural")
    true = dict(zip(zip(truth.first.tolist(), truth.second.tolist(), strict=True), survive.tolist(), strict=True))
    return Verdict(
        kept=int(kept.sum()),
        removed=int((~kept).sum()),
        wrong=wrong,
        recall=float(1 - survive.mean()),
        natural_recall=float(1 - survive[natural].mean()),
        pairs=len(survive),
        natural_pairs=int(natural.sum()),
        kinds={name: _of_kind(each, kind == name, true, wrong) for name in KINDS if name in set(each.kind)},
    )


def _of_kind(each: DuplicateSet, of_kind: np.ndarray, true: dict, wrong: np.ndarray) -> tuple[int, float, int]:
    planted = np.flatnonzero(of_kind & (each.origin >= 0)).tolist()
    pairs = [tuple(sorted((document, int(each.origin[document])))) for document in planted]
    survive = [true[pair] for pair in pairs if pair in true]
    recall = 1 - float(np.mean(survive)) if survive else float("nan")
    return len(survive), recall, int(of_kind[wrong].sum())


def check_evidence(text: pa.Array, removals: Removals, rank: np.ndarray, threshold: float) -> int:
    """Compute the Jaccard of every removal again; the number of removals checked.

    Raises:
        SystemExit: a removal without a good reason.
    """
    hashes, offsets = shingle_sets(text, N)
    found = pair_jaccard(hashes, offsets, removals.removed, removals.kept)
    kept = np.ones(len(text), bool)
    kept[removals.removed] = False
    bad = (found < threshold) | ~kept[removals.kept] | (rank[removals.kept] >= rank[removals.removed])
    bad |= np.abs(found - removals.jaccard) > 1e-12
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise SystemExit(
            f"removed {removals.removed[i]} for {removals.kept[i]}: {removals.jaccard[i]}, it is {found[i]}"
        )
    return len(found)


def check_order(text: pa.Array, options: NearOptions, removals: Removals, seed: int) -> None:
    """The same documents in another order, ranks moved along, must give the same removals for the same reasons.

    Raises:
        SystemExit: they do not.
    """
    order = np.random.default_rng(seed).permutation(len(text))
    other = near_duplicates(text.take(pa.array(order)), options, rank=order)
    there = sorted(zip(order[other.removed], order[other.kept], other.jaccard, strict=True))
    here = list(zip(removals.removed, removals.kept, removals.jaccard, strict=True))
    if there != here:
        at = next((pair for pair in zip(there, here, strict=False) if pair[0] != pair[1]), None)
        raise SystemExit(f"another order of the documents gives {len(there)} removals, not {len(here)}; first: {at}")
