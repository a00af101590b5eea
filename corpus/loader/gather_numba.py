"""Where pieces of documents lie in mapped memory, and copying them: one call for all the pieces of a batch.

Nobody imports this module but `corpus.kernels.compiled`. Memory is passed as arrays that begin at an address `base`
and are never looked at as a whole; `at[k]` is where the file that holds batch k begins, in bytes from there. So one
kernel serves thousands of maps; a NumPy slice a piece costs a microsecond, as much as copying 2,000 tokens.

Every number read from a file is checked before anything is read by it: a damaged or lying part gives an error and never
a wild read. What is wrong with a piece is one of the constants of `corpus.loader.gather`.
"""

from corpus.kernels.jit import inner, raw
from corpus.loader.gather import BAD_OFFSETS, BAD_PIECE, BAD_SPANS, LOST, NO_DOCUMENT, NOT_READY, NOWHERE


@inner()
def batch_of(first_document, document):
    """The batch that holds a document, by halving."""
    at = raw(first_document)
    low, high = 0, len(first_document) - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if at[middle] <= document:
            low = middle
        else:
            high = middle
    return low


@inner()
def locate(documents, starts, lengths, done, first_document, places, at, ready, words, counts, shift, out):
    """The distance in tokens from `base` of each piece's first token.

    Args:
        documents, starts, lengths: int64 `[S]`.
        done: pieces that are done already.
        first_document: int64 `[K + 1]`, see `Runs`.
        places: int64 `[K, 4]`, see `TokenIndex`.
        at: int64 `[K]`: bytes from `base` to the beginning of the batch's file.
        ready: uint8 `[K]`: 0, READY or LOST.
        words, counts: the memory from `base` as int64, as int32.
        shift: 1 for 2 bytes a token, 2 for 4.
        out: int64 `[S]`; NOWHERE for a piece of a lost batch.

    Returns:
        -1, or `piece * 8 + ` what is wrong with it; the pieces before are done.
    """
    num_documents = first_document[len(first_document) - 1]
    word_at, count_at = raw(words), raw(counts)
    for piece in range(done, len(documents)):
        document, start, length = documents[piece], starts[piece], lengths[piece]
        if document < 0 or document >= num_documents:
            return piece * 8 + NO_DOCUMENT
        batch = batch_of(first_document, document)
        if ready[batch] == 0:
            return piece * 8 + NOT_READY
        if ready[batch] == LOST:
            out[piece] = NOWHERE
            continue
        local = document - first_document[batch]
        place = (at[batch] + places[batch, 1]) >> 3
        begin, end = word_at[place + local], word_at[place + local + 1]
        whole = end - begin
        if begin < 0 or end > places[batch, 3] or whole != count_at[((at[batch] + places[batch, 0]) >> 2) + local]:
            return piece * 8 + BAD_OFFSETS
        if start < 0 or length < 0 or start > whole or length > whole - start:
            return piece * 8 + BAD_PIECE
        out[piece] = ((at[batch] + places[batch, 2]) >> shift) + begin + start
    return -1


@inner()
def copy(tokens, positions, lengths, out):
    """Copy pieces that `locate` found, one after the other.

    Args:
        tokens: the memory from `base` as tokens.
        positions, lengths: int64 `[S]`; NOWHERE: so many tokens of `out` stay as they are.
        out: at least `sum(lengths)` long.

    Returns:
        Tokens written.
    """
    source, target = raw(tokens), raw(out)
    written = 0
    for piece in range(len(positions)):
        position, length = positions[piece], lengths[piece]
        if position != NOWHERE:
            for place in range(length):
                target[written + place] = source[position + place]
        written += length
    return written


@inner()
def cut_spans(
    documents, starts, lengths, first_document, places, loss_places, at, ready, words, counts, memory, spans, splits
):
    """The loss spans of pieces, cut to them and counted from their beginning; of lost pieces none.

    Args:
        documents ... counts: as in `locate`, which has checked the pieces.
        loss_places: int64 `[K, 4]`, see `TokenIndex`; or `[0, 4]`.
        memory: the memory from `base` as uint8.
        spans: int32 `[2 * capacity]`; of length 0 nothing is written, only counted.
        splits: int64 `[S + 1]`: piece s has spans `splits[s]` to `splits[s + 1]`.

    Returns:
        The number of spans, or `-1 - (piece * 8 + BAD_SPANS)`.
    """
    word_at, count_at, byte_at = raw(words), raw(counts), raw(memory)
    found = 0
    splits[0] = 0
    for piece in range(len(documents)):
        start, length = starts[piece], lengths[piece]
        batch = batch_of(first_document, documents[piece])
        local = documents[piece] - first_document[batch]
        if ready[batch] == LOST:
            splits[piece + 1] = found
            continue
        has_spans = len(loss_places) > 0 and loss_places[batch, 1] >= 0
        if has_spans and loss_places[batch, 0] >= 0:
            bit = loss_places[batch, 0] + local
            has_spans = (byte_at[at[batch] + (bit >> 3)] >> (bit & 7)) & 1 != 0
        if not has_spans:
            if length > 0:
                if len(spans) > 0:
                    spans[2 * found], spans[2 * found + 1] = 0, length
                found += 1
            splits[piece + 1] = found
            continue
        place = ((at[batch] + loss_places[batch, 1]) >> 3) + local
        begin, end = word_at[place], word_at[place + 1]
        if begin < 0 or end > loss_places[batch, 3] or begin > end or (end - begin) & 1 != 0:
            return -1 - (piece * 8 + BAD_SPANS)
        values = (at[batch] + loss_places[batch, 2]) >> 2
        whole = count_at[((at[batch] + places[batch, 0]) >> 2) + local]
        last = 0
        for pair in range(begin, end, 2):
            first, behind = count_at[values + pair], count_at[values + pair + 1]
            if first < last or behind < first or behind > whole:
                return -1 - (piece * 8 + BAD_SPANS)
            last = behind
            first, behind = max(first - start, 0), min(behind - start, length)
            if first < behind:
                if len(spans) > 0:
                    spans[2 * found], spans[2 * found + 1] = first, behind
                found += 1
        splits[piece + 1] = found
    return found
