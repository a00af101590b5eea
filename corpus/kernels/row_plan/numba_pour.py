"""The kernels that pour pieces of cut documents into the room that best fit left. Called by `plan_cpu`.

Pieces are walked once, in document order; the rows that receive once, by decreasing room. So it takes O(S + R + T).
"""

import numpy as np

from corpus.kernels.jit import inner, raw


@inner()
def measure_rows(lengths, documents, starts, piece_lengths, row_of, least, limit, rooms, filled, whole):
    """What is in the rows.

    Args:
        lengths: of the documents, `[N]`.
        documents, starts, piece_lengths, row_of: `[S]`.
        least, limit: rows with more room and fewer pieces may receive.
        rooms: in: `seq_len` each; out, `[R]`: the room left.
        filled: zeros; out, `[R]`: pieces.
        whole: zeros; out, `[R]`: pieces that are a whole document.

    Returns:
        The room of all rows that may receive.
    """
    document_at, start_at, length_at, row_at = raw(documents), raw(starts), raw(piece_lengths), raw(row_of)
    given_at, room_at, filled_at, whole_at = raw(lengths), raw(rooms), raw(filled), raw(whole)
    for piece in range(len(row_of)):
        row, length = row_at[piece], length_at[piece]
        room_at[row] -= length
        filled_at[row] += 1
        whole_at[row] += start_at[piece] == 0 and given_at[document_at[piece]] == length
    total = np.int64(0)
    for row in range(len(rooms)):
        if room_at[row] > least and filled_at[row] < limit:
            total += room_at[row]
    return total


@inner()
def pour(
    documents, starts, piece_lengths, row_of, order, rooms, filled, whole, num_emptied, seq_len, prefix, least, limit,
    new_row, documents_to, starts_to, lengths_to, row_to,
):  # fmt: skip
    """Empty rows of cut documents into the room of the others.

    Args:
        documents, starts, piece_lengths, row_of: `[S]`, in document order.
        order: `[R]`: rows by decreasing room.
        rooms, filled, whole: as `measure_rows` left them.
        num_emptied: rows to empty, the first of `order` that hold no whole document, or all of them.
        least, limit: as there.
        new_row: out, `[R + 1]`: the new numbers of the rows, -1 of those emptied; at the end how many there are now.
        documents_to, starts_to, lengths_to, row_to: out, `[S + R]`.

    Returns:
        The number of pieces now, or -1 if there would be no fewer rows than before.
    """
    document_at, start_at, length_at, row_at = raw(documents), raw(starts), raw(piece_lengths), raw(row_of)
    document_out, start_out, length_out, row_out = raw(documents_to), raw(starts_to), raw(lengths_to), raw(row_to)
    order_at, room_at, filled_at, whole_at, new_at = raw(order), raw(rooms), raw(filled), raw(whole), raw(new_row)
    num_rows = len(rooms)
    for row in range(num_rows):
        new_at[row] = 0
    at, num_kept = 0, num_rows
    while num_kept > num_rows - num_emptied and at < num_rows:
        row = order_at[at]
        if whole_at[row] == 0:
            new_at[row] = -1
            num_kept -= 1
        at += 1
    most_fresh, num_kept = num_rows - num_kept - 1, 0
    for row in range(num_rows):
        if new_at[row] == 0:
            new_at[row] = num_kept
            num_kept += 1
    at, written, count, num_fresh = 0, 0, 0, 0
    target, room = -1, 0
    for piece in range(len(row_of)):
        row = new_at[row_at[piece]]
        if row >= 0:
            document_out[written], start_out[written] = document_at[piece], start_at[piece]
            length_out[written], row_out[written] = length_at[piece], row
            written += 1
            continue
        start = start_at[piece]
        before = prefix if start > 0 else 0
        rest = length_at[piece] - before
        while rest > 0:
            while room <= least or count >= limit:
                while at < num_rows and new_at[order_at[at]] < 0:
                    at += 1
                if at < num_rows:
                    row = order_at[at]
                    target, room, count = new_at[row], room_at[row], filled_at[row]
                    at += 1
                else:
                    target, room, count = num_kept + num_fresh, seq_len, 0
                    num_fresh += 1
                    if num_fresh > most_fresh:
                        return -1
            tokens = min(rest, room - before)
            document_out[written], start_out[written] = document_at[piece], start
            length_out[written], row_out[written] = before + tokens, target
            written += 1
            start += tokens
            rest -= tokens
            room -= before + tokens
            before = prefix
            count += 1
    new_at[num_rows] = num_kept + num_fresh
    return written
