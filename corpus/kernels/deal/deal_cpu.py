"""Dealing on one core. Imported by `corpus.kernels.compiled` alone: it imports numba.

Price: 3 ns a row and source; 3 ns a segment.
"""

from corpus.kernels.jit import inner, raw


@inner()
def deal_rows(credits_, weights, row_tokens, at, end, sources, rows, first_mark, mark_every, marks, totals):
    """See `corpus.kernels.deal.deal_rows`; `totals` becomes (tokens, the source without a row or -1)."""
    credit, weight, length, place, last = raw(credits_), raw(weights), raw(row_tokens), raw(at), raw(end)
    num_sources, all_weights, tokens = len(weights), 0, 0
    mark, next_mark = 0, first_mark
    for source in range(num_sources):
        all_weights += weight[source]
    totals[1] = -1
    for row in range(len(sources)):
        best = -1
        for source in range(num_sources):
            if weight[source] > 0 and (best < 0 or credit[source] > credit[best]):
                best = source
        if place[best] == last[best]:
            totals[0], totals[1] = tokens, best
            return row
        sources[row], rows[row] = best, place[best]
        taken = length[place[best]]
        place[best] += 1
        tokens += taken
        for source in range(num_sources):
            credit[source] += taken * weight[source]
        credit[best] -= taken * all_weights
        if row + 1 == next_mark:
            marks[mark, 0] = tokens
            for source in range(num_sources):
                marks[mark, 1 + source] = place[source]
                marks[mark, 1 + num_sources + source] = credit[source]
            mark += 1
            next_mark += mark_every
    totals[0] = tokens
    return len(sources)


@inner()
def select_rows(window_documents, documents, starts, lengths, row_splits, chosen, splits, out_d, out_s, out_l):
    """See `corpus.kernels.deal.select_rows`."""
    numbers, from_documents, from_starts, from_lengths = (
        raw(window_documents),
        raw(documents),
        raw(starts),
        raw(lengths),
    )
    to_documents, to_starts, to_lengths = raw(out_d), raw(out_s), raw(out_l)
    for row in range(len(chosen)):
        shift = row_splits[chosen[row]] - splits[row]
        for segment in range(splits[row], splits[row + 1]):
            to_documents[segment] = numbers[from_documents[segment + shift]]
            to_starts[segment] = from_starts[segment + shift]
            to_lengths[segment] = from_lengths[segment + shift]
