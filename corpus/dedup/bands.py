"""How many LSH bands, of how many rows, a threshold needs.

A pair of Jaccard J agrees in all `r` rows of a band with probability J^r, so at least one of `b` bands proposes it with
probability 1 - (1 - J^r)^b. Since every proposal is verified on the text, bands are chosen for recall alone: the fewest
that propose a pair *at* the threshold with the wanted probability. At 0.75 with 5 rows that is 25 bands for 0.9985
(they give 0.9988); a pair at 0.85 is then missed 4 times in 10^7.

More rows propose fewer pairs that are not similar, which saves verification, and need more bands. So rows are 5, or
fewer where 5 would take a signature of more than 192 positions:

    threshold     0.3   0.4   0.5   0.6   0.7  0.75   0.8   0.9
    bands x rows 69x2  38x2  49x3  47x4  36x5  25x5  17x5   8x5

Containment is about parts of longer documents, and those have a lower Jaccard: 0.5 for a document that is wholly in
another of twice its length, c / (2 - c) for one of which another of its own length has the share c. So there bands are
chosen for the lower of these two, which is 0.5 (49x3) from a threshold of 2/3 on; docs/dedup.md has a table.
"""

import math
from dataclasses import dataclass

_MOST_ROWS, _MOST_POSITIONS = 5, 192  # where rows are not given


@dataclass(frozen=True)
class Bands:
    """`num` bands of `rows` rows: a signature has `num * rows` positions."""

    num: int
    rows: int

    def recall(self, jaccard: float) -> float:
        """Probability that a pair of this Jaccard is proposed."""
        return 1 - (1 - jaccard**self.rows) ** self.num


def choose_bands(threshold: float, recall: float, rows: int | None = None, measure: str = "jaccard") -> Bands:
    """The fewest bands that propose pairs at `threshold` with probability `recall`.

    Args:
        threshold: least similarity of a duplicate.
        rows: of a band; by default what the threshold allows, see above.
        measure: one of `compare.MEASURES`, of which the threshold is.

    Example:
        choose_bands(0.75, 0.9985) == Bands(num=25, rows=5)
    """
    jaccard = min(0.5, threshold / (2 - threshold)) if measure == "containment" else threshold
    if rows is not None:
        return _fewest(jaccard, recall, rows)
    each = (_fewest(jaccard, recall, rows) for rows in range(_MOST_ROWS, 1, -1))
    return next((bands for bands in each if bands.num * bands.rows <= _MOST_POSITIONS), _fewest(jaccard, recall, 1))


def _fewest(jaccard: float, recall: float, rows: int) -> Bands:
    miss = 1 - jaccard**rows
    num = 1 if miss <= 0 else math.ceil(math.log(1 - recall) / math.log(miss))
    return Bands(num=max(1, num), rows=rows)
