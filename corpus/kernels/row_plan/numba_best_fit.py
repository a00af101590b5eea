"""The kernels of best fit on one CPU core, bit-equal to `naive`. `plan_cpu` makes their arrays and calls them.

A document is some pieces that fill a row, each of which is one, and a tail that does not: so only one piece a document
looks for a row, and the rows that are full need no search and no sorting. They come first.

Best fit takes O(N + T) words of work for T below 2**18. Tails are counting-sorted by length. For every amount of room
there is a stack of the rows that have it, and a three-level bitmap, 64 ways each, marks the rooms whose stack is not
empty; the tightest room that holds a tail is then at most five word look-ups away, and mostly known already, since
tails of one length follow each other.
"""

import numpy as np

from corpus.kernels.jit import inner, raw
from corpus.kernels.swar import count_trailing_zeros

_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@inner()
def split_tails(lengths, seq_len, overlap, prefix, full, tails, longer, counts):
    """Cut documents into pieces of `seq_len` tokens and a tail.

    Piece i, from 1 on, begins at token `i * step + prefix`, where `step` is the number of new tokens it has.

    Args:
        full: out, `[N]`: pieces of `seq_len` tokens.
        tails: out, `[N]`: tokens of the last piece, its prefix and overlap counted; 0 if that is full too.
        longer: out, `[N + 1]`: documents that are cut.
        counts: out, int64 `[4]`: full pieces, those of them that are a whole document, documents that are cut, and
            pieces that begin inside their document.
    """
    length_at, full_at, tail_at, longer_at = raw(lengths), raw(full), raw(tails), raw(longer)
    step = seq_len - prefix - overlap
    all_full, whole, num_cut, further = np.int64(0), np.int64(0), 0, np.int64(0)
    for document in range(len(lengths)):
        length = np.int64(length_at[document])
        pieces, tail = np.int64(0), length
        if length >= seq_len:
            more = length - seq_len
            pieces = more // step
            tail = more - pieces * step
            tail += prefix + overlap if tail > 0 else 0
            further += pieces + (tail > 0)
            whole += more == 0
            longer_at[num_cut] = document
            num_cut += more > 0
            pieces += 1
        full_at[document], tail_at[document] = pieces, tail
        all_full += pieces
    counts[0], counts[1], counts[2], counts[3] = all_full, whole, num_cut, further


@inner()
def shorten_tails(lengths, seq_len, drop, full, tails, counts):
    """At most one piece a document: its first `seq_len` tokens, or nothing of a longer one.

    Args:
        drop: 1 to leave longer documents out, 0 to truncate them.
        full, tails: as for `split_tails`.
        counts: out, int64 `[3]`: full pieces, tokens cut, and tokens dropped.
    """
    length_at, full_at, tail_at = raw(lengths), raw(full), raw(tails)
    all_full, cut, dropped = np.int64(0), np.int64(0), np.int64(0)
    for document in range(len(lengths)):
        length = np.int64(length_at[document])
        left_out = length > seq_len and drop == 1
        dropped += length if left_out else 0
        cut += length - seq_len if length > seq_len and drop == 0 else 0
        is_full = length >= seq_len and not left_out
        full_at[document], tail_at[document] = is_full, length if length < seq_len else 0
        all_full += is_full
    counts[0], counts[1], counts[2] = all_full, cut, dropped


@inner()
def longest_first(tails, place, order):
    """Stable counting sort of documents by decreasing tail.

    Args:
        place: `[seq_len + 2]`, zeros; becomes where the tails of length `seq_len - key` end, by key.
        order: out, `[N]`: document numbers.
    """
    length_at, place_at, order_at = raw(tails), raw(place), raw(order)
    longest = len(place) - 2
    for document in range(len(tails)):
        place_at[longest - length_at[document] + 1] += 1
    for key in range(1, longest + 1):
        place_at[key] += place_at[key - 1]
    for document in range(len(tails)):
        key = longest - length_at[document]
        order_at[place_at[key]] = document
        place_at[key] += 1


@inner()
def _first_set(bitmap, begin):
    """Index of the first set bit at or after `begin` in one level, or -1. Looks at one word only."""
    word = begin >> 6
    if word >= len(bitmap):
        return -1
    bits = raw(bitmap)[word] & (_ALL << np.uint64(begin & 63))
    if bits == 0:
        return -1
    return (word << 6) + np.int64(count_trailing_zeros(bits))


@inner()
def _tightest(level0, level1, level2, length):
    """The smallest room of at least `length` that some row has, or -1."""
    room = _first_set(level0, length)
    if room >= 0:
        return room
    word = _first_set(level1, (length >> 6) + 1)
    if word < 0:
        group = -1
        begin = (((length >> 6) + 1) >> 6) + 1
        for index in range(begin >> 6, len(level2)):
            group = _first_set(level2, max(begin, index << 6))
            if group >= 0:
                break
        if group < 0:
            return -1
        word = _first_set(level1, group << 6)
    return _first_set(level0, word << 6)


@inner()
def _mark(level0, level1, level2, room):
    raw(level0)[room >> 6] |= _ONE << np.uint64(room & 63)
    raw(level1)[room >> 12] |= _ONE << np.uint64((room >> 6) & 63)
    raw(level2)[room >> 18] |= _ONE << np.uint64((room >> 12) & 63)


@inner()
def _unmark(level0, level1, level2, room):
    words, groups = raw(level0), raw(level1)
    words[room >> 6] &= ~(_ONE << np.uint64(room & 63))
    if words[room >> 6] == 0:
        groups[room >> 12] &= ~(_ONE << np.uint64((room >> 6) & 63))
        if groups[room >> 12] == 0:
            raw(level2)[room >> 18] &= ~(_ONE << np.uint64((room >> 12) & 63))


@inner()
def best_fit(place, order, seq_len, max_documents, level0, level1, level2, top, below, filled, rooms, row_of):
    """Put the tails into rows, those of one length after the other; returns the number of rows.

    As long as tails are of one length, the next tightest room is the one that the last left, or the one it was taken
    from; it is looked up only when that has no more rows.

    Args:
        place, order: as `longest_first` left them.
        level0, level1, level2: uint64, zeros, a bit for each room, 64 rooms and 4,096 rooms.
        top: `[seq_len + 1]`, by room: the last row with that much, -1 for none.
        below: scratch, `[N]`: the row below each in its stack.
        filled, rooms: out, `[N]`: of each row its pieces, and the room left.
        row_of: out, `[N]`, by document; of one without a tail it is not written.
    """
    stack, below_at, filled_at, room_at = raw(top), raw(below), raw(filled), raw(rooms)
    out, document_at, end_at = raw(row_of), raw(order), raw(place)
    at, num_rows = 0, 0
    for key in range(seq_len):
        length, end = seq_len - key, np.int64(end_at[key])
        room = np.int64(-1)
        while at < end:
            if room < 0:
                room = _tightest(level0, level1, level2, length)
            if room < 0:
                row, left, pieces_in = num_rows, seq_len - length, 1
                num_rows += 1
            else:
                row, left = np.int64(stack[room]), room - length
                pieces_in = filled_at[row] + 1
                stack[room] = below_at[row]
                if stack[room] < 0:
                    _unmark(level0, level1, level2, room)
                    room = -1
            out[document_at[at]] = row
            at += 1
            filled_at[row], room_at[row] = pieces_in, left
            if left > 0 and pieces_in < max_documents:
                last = stack[left]
                below_at[row] = last
                stack[left] = row
                if last < 0:
                    _mark(level0, level1, level2, left)
                if left >= length:
                    room = left
    return num_rows


@inner()
def write_rows(
    full, tails, seq_len, step, prefix, row_of, poured, poured_starts, poured_lengths, poured_rows, num_emptied,
    num_full, filled, row_splits, documents_S, starts_S, lengths_S,
):  # fmt: skip
    """Write the plan: first the rows of one full piece, then the others; documents in order within each.

    Args:
        full, tails: as `split_tails` left them.
        row_of: of each tail, -1 where it was poured.
        poured, poured_starts, poured_lengths, poured_rows: documents, starts, lengths and rows of the pieces poured, in
            document order; one more document at the end, N.
        num_emptied: so many full pieces, the first of documents that are cut, were poured.
        num_full: full pieces that were not.
        filled: pieces of each other row; those without one are left out. Becomes where they end.
        row_splits: out, `[R + 1]`.
        documents_S, starts_S, lengths_S: out, `[S]`.
    """
    full_at, tail_at, row_at, split_at, place_at = raw(full), raw(tails), raw(row_of), raw(row_splits), raw(filled)
    poured_at, from_starts, from_lengths, from_rows = (
        raw(poured),
        raw(poured_starts),
        raw(poured_lengths),
        raw(poured_rows),
    )
    document_to, start_to, length_to = raw(documents_S), raw(starts_S), raw(lengths_S)
    for row in range(num_full):
        split_at[row] = row
    begin, num_rows = num_full, num_full
    for row in range(len(filled)):
        split_at[num_rows] = begin
        count = place_at[row]
        place_at[row] = begin
        begin += count
        num_rows += count > 0
    split_at[num_rows] = begin
    segment_of_full, at = 0, 0
    for document in range(len(full)):
        pieces, tail = np.int64(full_at[document]), tail_at[document]
        if pieces > 0:
            piece = np.int64(0)
            if num_emptied > 0 and (pieces > 1 or tail > 0):
                piece = min(pieces, num_emptied)
                num_emptied -= piece
            while piece < pieces:
                document_to[segment_of_full] = document
                start_to[segment_of_full] = piece * step + prefix if piece > 0 else 0
                length_to[segment_of_full] = seq_len
                segment_of_full += 1
                piece += 1
        while poured_at[at] == document:
            row = from_rows[at]
            segment = place_at[row]
            place_at[row] = segment + 1
            document_to[segment], start_to[segment], length_to[segment] = document, from_starts[at], from_lengths[at]
            at += 1
        row = row_at[document]
        if tail > 0 and row >= 0:
            segment = place_at[row]
            place_at[row] = segment + 1
            document_to[segment] = document
            start_to[segment] = pieces * step + prefix if pieces > 0 else 0
            length_to[segment] = tail
