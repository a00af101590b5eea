"""How many LSH bands a threshold needs.

A pair of Jaccard J agrees in all `r` rows of a band with probability J^r, so at least one of `b` bands proposes it with
probability 1 - (1 - J^r)^b. Since every proposal is verified on the text, bands are chosen for recall alone: the fewest
that propose a pair *at* the threshold with the wanted probability. At 0.75 with 5 rows that is 25 bands for 0.9985
(they give 0.9988); a pair at 0.85 is then missed 4 times in 10^7.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Bands:
    """`num` bands of `rows` rows: a signature has `num * rows` positions."""

    num: int
    rows: int

    def recall(self, jaccard: float) -> float:
        """Probability that a pair of this Jaccard is proposed."""
        return 1 - (1 - jaccard**self.rows) ** self.num


def choose_bands(threshold: float, recall: float, rows: int) -> Bands:
    """The fewest bands that propose pairs at `threshold` with probability `recall`.

    Example:
        choose_bands(0.75, 0.9985, 5) == Bands(num=25, rows=5)
    """
    miss = 1 - threshold**rows
    num = 1 if miss <= 0 else math.ceil(math.log(1 - recall) / math.log(miss))
    return Bands(num=max(1, num), rows=rows)
