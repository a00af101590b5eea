"""The kernels of planning on one CPU core, bit-equal to `naive`. `plan_cpu` makes their arrays and calls them.

Best fit takes O(n + T) words of work for T below 2**18. Pieces are counting-sorted by length. For every amount of room
there is a stack of the rows that have it, and a three-level bitmap, 64 ways each, marks the rooms whose stack is not
empty; the tightest room that holds a piece is then at most five word look-ups away, and mostly known already, since
pieces of one length follow each other.

First fit keeps the rooms of the rows in a tree of maxima, four ways each, and goes down it to the left wherever a piece
fits: O(log R) a piece, without a branch on the way down, and most of the tree's upper part does not change.

A counting sort by row puts segments into document order within their row.
"""

import numpy as np

from corpus.kernels.jit import inner, raw
from corpus.kernels.swar import count_trailing_zeros

_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@inner()
def split_pieces(lengths, seq_len, overlap, prefix, documents, starts, piece_lengths):
    """Cut documents into a piece of `seq_len` tokens and further ones.

    It goes from piece to piece and not by document with a loop inside, whose end no processor can foresee.

    Args:
        documents, starts, piece_lengths: out, as in `RowPlan`, of `[tokens // (seq_len - prefix - overlap) + N + 1]` or
            more: a document without tokens writes a piece that the next one overwrites.

    Returns:
        The number of pieces.
    """
    length_at, document_at, start_at, piece_at = raw(lengths), raw(documents), raw(starts), raw(piece_lengths)
    num_documents, document, piece, start, before = len(lengths), 0, 0, np.int64(0), np.int64(0)
    while document < num_documents:
        length = np.int64(length_at[document])
        end = min(length, start + seq_len - before)
        document_at[piece], start_at[piece], piece_at[piece] = document, start, before + end - start
        piece += length > 0
        ends = end == length
        document += ends
        start = np.int64(0) if ends else end - overlap
        before = np.int64(0) if ends else prefix
    return piece


@inner()
def shorten(lengths, seq_len, drop, documents, starts, piece_lengths, counts):
    """At most one piece a document: its first `seq_len` tokens, or nothing of a longer one.

    Args:
        drop: 1 to leave longer documents out, 0 to truncate them.
        documents, starts, piece_lengths: out, as in `RowPlan`, of `[N + 1]` or more.
        counts: out, `[2]`: tokens cut and dropped.

    Returns:
        The number of pieces.
    """
    length_at, document_at, start_at, piece_at = raw(lengths), raw(documents), raw(starts), raw(piece_lengths)
    piece, cut, dropped = 0, np.int64(0), np.int64(0)
    for document in range(len(lengths)):
        length = np.int64(length_at[document])
        kept = min(length, seq_len)
        if drop and length > seq_len:
            dropped += length
            kept = np.int64(0)
        else:
            cut += length - kept
        document_at[piece], start_at[piece], piece_at[piece] = document, 0, kept
        piece += kept > 0
    counts[0], counts[1] = cut, dropped
    return piece


@inner()
def concat_rows(lengths, seq_len, prefix, max_documents, documents, starts, piece_lengths, splits):
    """One document after the other.

    Args:
        documents, starts, piece_lengths: out, as in `RowPlan`, of `[tokens // (seq_len - prefix) + N]` or more.
        splits: out, where the rows begin and the last one ends, one longer.

    Returns:
        The number of rows; `splits` at that place has the number of pieces.
    """
    length_at, document_at, start_at, piece_at = raw(lengths), raw(documents), raw(starts), raw(piece_lengths)
    split_at = raw(splits)
    piece, num_rows, first, room = 0, 0, 0, np.int64(0)
    for document in range(len(lengths)):
        length, start = np.int64(length_at[document]), np.int64(0)
        while start < length:
            if room == 0 or piece - first >= max_documents:
                split_at[num_rows] = piece
                num_rows += 1
                first, room = piece, seq_len
            before = prefix if start > 0 else 0
            tokens = min(length - start, room - before)
            document_at[piece], start_at[piece], piece_at[piece] = document, start, before + tokens
            piece += 1
            start += tokens
            room -= before + tokens
    split_at[num_rows] = piece
    return num_rows


@inner()
def longest_first(piece_lengths, place, order):
    """Stable counting sort by decreasing length.

    Args:
        place: `[seq_len + 2]`, zeros; becomes where the pieces of length `seq_len - key` end, by key.
        order: out, `[S]`: piece numbers.
    """
    length_at, place_at, order_at = raw(piece_lengths), raw(place), raw(order)
    longest = len(place) - 2
    for piece in range(len(piece_lengths)):
        place_at[longest - length_at[piece] + 1] += 1
    for key in range(1, longest + 1):
        place_at[key] += place_at[key - 1]
    for piece in range(len(piece_lengths)):
        key = longest - length_at[piece]
        order_at[place_at[key]] = piece
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
def best_fit(place, order, seq_len, max_documents, level0, level1, level2, top, rows, row_of):
    """Put the pieces into rows, those of one length after the other; returns the number of rows.

    As long as pieces are of one length, the next tightest room is the one that the last left, or the one it was taken
    from; it is looked up only when that has no more rows.

    Args:
        place, order: as `longest_first` left them.
        level0, level1, level2: uint64, zeros, a bit for each room, 64 rooms and 4,096 rooms.
        top: `[seq_len + 1]`, by room: the last row with that much, -1 for none.
        rows: scratch, `[2 S]`: of each row the row below it in its stack, and its pieces.
        row_of: out, `[S]`.
    """
    stack, row_at, out, pieces, end_at = raw(top), raw(rows), raw(row_of), raw(order), raw(place)
    at, num_rows = 0, 0
    for key in range(seq_len):
        length, end = seq_len - key, np.int64(end_at[key])
        room = np.int64(-1)
        while at < end:
            if room < 0:
                room = _tightest(level0, level1, level2, length)
            if room < 0:
                row, left, filled = num_rows, seq_len - length, 1
                num_rows += 1
            else:
                row, left = np.int64(stack[room]), room - length
                below, filled = row_at[2 * row], row_at[2 * row + 1] + 1
                stack[room] = below
                if below < 0:
                    _unmark(level0, level1, level2, room)
                    room = -1
            out[pieces[at]] = row
            at += 1
            row_at[2 * row + 1] = filled
            if left > 0 and filled < max_documents:
                below = stack[left]
                row_at[2 * row] = below
                stack[left] = row
                if below < 0:
                    _mark(level0, level1, level2, left)
                if left >= length:
                    room = left
    return num_rows


@inner()
def first_fit(piece_lengths, max_documents, tree, first_leaf, filled, row_of):
    """Put each piece into the earliest row that holds it; returns the number of rows.

    Args:
        tree: all `seq_len`. From `first_leaf` on the rooms of the rows. Every other node is the largest of its four
            children: those of node q are 4 q - 8 to 4 q - 5, so that they lie in one cache line; the root is node 3.
        filled: zeros, one for each leaf: scratch, pieces of each row.
        row_of: out, `[S]`.
    """
    room_at, length_at, filled_at, out = raw(tree), raw(piece_lengths), raw(filled), raw(row_of)
    num_rows = 0
    for piece in range(len(piece_lengths)):
        length = length_at[piece]
        node = np.int64(3)
        while node < first_leaf:
            node = 4 * node - 8
            past_0 = np.int64(room_at[node] < length)
            past_1 = past_0 & np.int64(room_at[node + 1] < length)
            node += past_0 + past_1 + (past_1 & np.int64(room_at[node + 2] < length))
        row = node - first_leaf
        out[piece] = row
        num_rows = max(num_rows, row + 1)
        filled_at[row] += 1
        room = room_at[node] - length
        if filled_at[row] >= max_documents:
            room = np.int32(0)
        room_at[node] = room
        while node > 3:
            node = ((node - 4) >> 2) + 3
            child = 4 * node - 8
            room = max(max(room_at[child], room_at[child + 1]), max(room_at[child + 2], room_at[child + 3]))
            if room_at[node] == room:
                break
            room_at[node] = room
    return num_rows


@inner()
def group_by_row(documents, starts, piece_lengths, row_of, row_splits, places, documents_S, starts_S, lengths_S):
    """Stable counting sort of the pieces by row.

    Args:
        documents, starts, piece_lengths, row_of: `[S]`.
        row_splits: out, `[R + 1]`.
        places: scratch, int32 `[R]`.
        documents_S, starts_S, lengths_S: out, `[S]`.
    """
    row_at, split_at, place_at = raw(row_of), raw(row_splits), raw(places)
    document_at, start_at, length_at = raw(documents), raw(starts), raw(piece_lengths)
    document_to, start_to, length_to = raw(documents_S), raw(starts_S), raw(lengths_S)
    for row in range(len(places)):
        place_at[row] = 0
    for piece in range(len(row_of)):
        place_at[row_at[piece]] += 1
    begin = 0
    for row in range(len(places)):
        split_at[row] = begin
        begin += place_at[row]
        place_at[row] = split_at[row]
    split_at[len(places)] = begin
    for piece in range(len(row_of)):
        row = row_at[piece]
        segment = place_at[row]
        place_at[row] = segment + 1
        document_to[segment] = document_at[piece]
        start_to[segment] = start_at[piece]
        length_to[segment] = length_at[piece]
