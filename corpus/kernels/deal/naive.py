"""The specification of dealing, in plain Python. Called by `corpus.kernels.deal`."""

import numpy as np


def deal_rows(
    credits_: np.ndarray,
    weights: np.ndarray,
    row_tokens: np.ndarray,
    at: np.ndarray,
    end: np.ndarray,
    sources: np.ndarray,
    rows: np.ndarray,
    first_mark: int,
    mark_every: int,
    marks: np.ndarray,
) -> tuple[int, int, int]:
    """See `corpus.kernels.deal.deal_rows`."""
    dealt_tokens = 0
    for row in range(len(sources)):
        source = max((k for k in range(len(weights)) if weights[k] > 0), key=lambda k: (credits_[k], -k))
        if at[source] == end[source]:
            return row, dealt_tokens, source
        sources[row], rows[row] = source, at[source]
        tokens = int(row_tokens[at[source]])
        at[source] += 1
        dealt_tokens += tokens
        credits_ += tokens * weights
        credits_[source] -= tokens * weights.sum()
        if row + 1 >= first_mark and (row + 1 - first_mark) % mark_every == 0:
            marks[(row + 1 - first_mark) // mark_every] = [dealt_tokens, *at, *credits_]
    return len(sources), dealt_tokens, -1
