"""The kernels of first fit, concat and none on one CPU core, bit-equal to `naive`. `plan_cpu` makes their arrays and
calls them; those of best fit are in `numba_best_fit`.

First fit keeps the rooms of the rows in a tree of maxima, four ways each, and goes down it to the left wherever a piece
fits: O(log R) a piece, without a branch on the way down, and most of the tree's upper part does not change. A counting
sort by row then puts segments into document order within their row.
"""

import numpy as np

from corpus.kernels.jit import inner, raw


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
def group_by_row(documents, starts, piece_lengths, row_of, filled, row_splits, documents_S, starts_S, lengths_S):
    """Stable counting sort of the pieces by row.

    Args:
        documents, starts, piece_lengths, row_of: `[S]`.
        filled: pieces of each row, `[R]`; becomes where they end.
        row_splits: out, `[R + 1]`.
        documents_S, starts_S, lengths_S: out, `[S]`.
    """
    row_at, split_at, place_at = raw(row_of), raw(row_splits), raw(filled)
    document_at, start_at, length_at = raw(documents), raw(starts), raw(piece_lengths)
    document_to, start_to, length_to = raw(documents_S), raw(starts_S), raw(lengths_S)
    begin = 0
    for row in range(len(filled)):
        split_at[row] = begin
        begin += place_at[row]
        place_at[row] = split_at[row]
    split_at[len(filled)] = begin
    for piece in range(len(row_of)):
        row = row_at[piece]
        segment = place_at[row]
        place_at[row] = segment + 1
        document_to[segment] = document_at[piece]
        start_to[segment] = start_at[piece]
        length_to[segment] = length_at[piece]
