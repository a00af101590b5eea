"""The kernels that pour pieces of cut documents into the room that best fit left. Called by `plan_cpu`.

Documents are walked twice, in order; the rows that receive once, by decreasing room. So it takes O(S + R + T).
"""

import numpy as np

from corpus.kernels.jit import inner, raw


@inner()
def most_room_first(filled, rooms, least, limit, place, order, counts):
    """Sort the rows that have room left, the most first; ties: the earlier row.

    Args:
        filled, rooms: as `best_fit` left them, `[P]`.
        least, limit: rows with more room and fewer pieces may receive.
        place: zeros, `[seq_len + 1]`; scratch.
        order: out, `[P]`.
        counts: out, int64 `[2]`: rows in `order`, and the room of those that may receive.
    """
    filled_at, room_at, place_at, order_at = raw(filled), raw(rooms), raw(place), raw(order)
    total = np.int64(0)
    for row in range(len(rooms)):
        room = room_at[row]
        place_at[room] += 1
        total += room if room > least and filled_at[row] < limit else 0
    begin = np.int64(0)
    for room in range(len(place) - 1, -1, -1):
        here = place_at[room]
        place_at[room] = begin
        begin += here
    counts[0], counts[1] = place_at[0], total
    for row in range(len(rooms)):
        room = room_at[row]
        order_at[place_at[room]] = row
        place_at[room] += 1


@inner()
def _empty(
    longer, tails, row_of, order, num_with_room, rooms, filled, num_emptied, num_cut_full, least, limit, tails_in
):
    """Choose the rows to be emptied: those with the most room first, of full ones those of full pieces first.

    Args:
        order: in: see `pour`; out: the rows that receive, one after the other.
        filled: of the rows chosen it becomes 0.
        tails_in: zeros, `[P + 1]`; scratch: tails of longer documents in each row.

    Returns:
        The rows emptied, how many of them are full pieces, and the rows that receive.
    """
    longer_at, tail_at, row_at, order_at = raw(longer), raw(tails), raw(row_of), raw(order)
    filled_at, room_at, tails_at, nowhere = raw(filled), raw(rooms), raw(tails_in), len(rooms)
    for at in range(len(longer)):
        document = longer_at[at]
        tails_at[row_at[document] if tail_at[document] > 0 else nowhere] += 1
    emptied, receiving = np.int64(0), np.int64(0)
    for at in range(num_with_room):
        row = order_at[at]
        count = filled_at[row]
        goes = np.int64(tails_at[row] == count) & np.int64(emptied < num_emptied)
        filled_at[row] = count * (1 - goes)
        emptied += goes
        order_at[receiving] = row
        receiving += (1 - goes) & np.int64(room_at[row] > least) & np.int64(count < limit)
    pieces = min(num_cut_full, num_emptied - emptied)
    emptied += pieces
    for at in range(num_with_room, len(rooms)):
        if emptied == num_emptied:
            break
        row = order_at[at]
        if tails_at[row] == filled_at[row]:
            filled_at[row] = 0
            emptied += 1
    return emptied, pieces, receiving


@inner()
def _stretches(lengths, longer, full, tails, row_of, filled, seq_len, prefix, num_pieces, documents, starts, ends):
    """What is poured of each document: tokens that follow each other, in document order; returns how many there are.

    Args:
        row_of: of each tail; becomes -1 where it is poured.
        num_pieces: full pieces that are poured.
        documents, starts, ends: out, `[2 longer + 1]`.
    """
    length_at, longer_at, full_at, tail_at, row_at = raw(lengths), raw(longer), raw(full), raw(tails), raw(row_of)
    filled_at, document_to, start_to, end_to = raw(filled), raw(documents), raw(starts), raw(ends)
    step, left, found = seq_len - prefix, num_pieces, 0
    for at in range(len(longer)):
        document = longer_at[at]
        pieces, tail, length = np.int64(full_at[document]), tail_at[document], np.int64(length_at[document])
        taken = min(pieces, left)
        left -= taken
        end = min(length, taken * step + prefix) if taken > 0 else np.int64(0)
        tail_goes = tail > 0 and filled_at[row_at[document]] == 0
        if tail_goes:
            row_at[document] = -1
            if taken == pieces:
                end, tail_goes = length, False
        document_to[found], start_to[found], end_to[found] = document, 0, end
        found += end > 0
        document_to[found], start_to[found], end_to[found] = document, pieces * step + prefix, length
        found += tail_goes
    return found


@inner()
def _room(rooms, row, seq_len):
    """The room of a row, or of one that is new."""
    room = np.int64(raw(rooms)[min(row, len(rooms) - 1)])
    return room if row < len(rooms) else seq_len


@inner()
def pour(
    lengths, longer, full, tails, row_of, order, rooms, tails_in, num_with_room, num_emptied, num_cut_full, seq_len,
    prefix, least, limit, stretched, stretch_starts, stretch_ends, filled, documents, starts, piece_lengths, rows,
    counts,
):  # fmt: skip
    """Empty rows of cut documents into the room of the others.

    Each turn of the loop writes one piece, which ends a stretch or the room of a row: what ends cannot be foreseen, so
    no branch asks.

    Args:
        lengths, longer, full, tails: as for `split_tails`.
        row_of: of each tail; becomes -1 for those poured.
        order, num_with_room: the rows and how many have room, as `most_room_first` left them; `[P + num_emptied]`,
            changed.
        rooms: as `best_fit` left them, `[P]`.
        tails_in: zeros, `[P + 1]`; scratch.
        num_emptied: rows to empty, the first with the most room that hold no whole document, or all of them.
        num_cut_full: full pieces of documents that are cut.
        least, limit: as there.
        stretched, stretch_starts, stretch_ends: scratch, `[2 longer + 1]`.
        filled: `[P + num_emptied]`: of the first P rows their pieces; becomes that of all rows, 0 for those emptied.
            Those that are added come behind, 0 for those that are not.
        documents, starts, piece_lengths, rows: out, `[2 longer + P + num_emptied + 1]`: the pieces poured, in document
            order, and their rows; one more document at the end, N.
        counts: out, int64 `[2]`: full pieces among those emptied, and the length of `filled`.

    Returns:
        The number of pieces poured, or -1 if there would be no fewer rows than before.
    """
    document_to, start_to, length_to, row_to = raw(documents), raw(starts), raw(piece_lengths), raw(rows)
    order_at, filled_at, num_rows = raw(order), raw(filled), len(rooms)
    document_of, begin_at, end_at = raw(stretched), raw(stretch_starts), raw(stretch_ends)
    emptied, num_pieces, receiving = _empty(
        longer, tails, row_of, order, num_with_room, rooms, filled, num_emptied, num_cut_full, least, limit, tails_in
    )
    stretches = (stretched, stretch_starts, stretch_ends)
    num_stretches = _stretches(lengths, longer, full, tails, row_of, filled, seq_len, prefix, num_pieces, *stretches)
    most = receiving + emptied - 1  # with as many new rows as were emptied nothing is won
    for at in range(receiving, receiving + emptied):
        row = num_rows + at - receiving
        order_at[at], filled_at[row] = row, 0
    if num_stretches > 0 and most < 1:
        return -1
    at, stretch, written, start = 0, 0, 0, np.int64(0)
    row, room, count = np.int64(-1), np.int64(0), np.int64(0)
    if num_stretches > 0:
        start, row = np.int64(begin_at[0]), np.int64(order_at[0])
        room, count = _room(rooms, row, seq_len), np.int64(filled_at[row])
    while stretch < num_stretches:
        before = prefix if start > 0 else 0
        tokens = min(end_at[stretch] - start, room - before)
        document_to[written], start_to[written] = document_of[stretch], start
        length_to[written], row_to[written] = before + tokens, row
        written += 1
        start += tokens
        room -= before + tokens
        count += 1
        filled_at[row] = count
        ends = start == end_at[stretch]
        stretch += ends
        start = np.int64(begin_at[stretch]) if ends else start
        at += room <= least or count >= limit
        if at >= most and stretch < num_stretches:
            return -1
        next_row = np.int64(order_at[at])
        next_room, next_count = _room(rooms, next_row, seq_len), np.int64(filled_at[next_row])
        room, count = (room, count) if next_row == row else (next_room, next_count)
        row = next_row
    document_to[written] = len(full)
    counts[0], counts[1] = num_pieces, num_rows + emptied
    return written
