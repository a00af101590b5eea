"""The kernels of `fim`, bit-equal to `fim_naive`."""

import numpy as np

from corpus.kernels import mixing
from corpus.kernels.jit import inner, raw

_STEP = np.uint64(mixing.GOLDEN_RATIO)
_MULTIPLY_A, _MULTIPLY_B = np.uint64(mixing.MULTIPLY_A), np.uint64(mixing.MULTIPLY_B)
_ADDED, _SHORTEST = 3, 3  # tokens added; tokens up to which a document stays as it is


@inner()
def _mix(state):
    """SplitMix64."""
    state += _STEP
    state = (state ^ (state >> np.uint64(30))) * _MULTIPLY_A
    state = (state ^ (state >> np.uint64(27))) * _MULTIPLY_B
    return state ^ (state >> np.uint64(31))


@inner()
def _is_rearranged(first, length, rate):
    return length > _SHORTEST and (first >> np.uint64(11)) < rate


@inner()
def virtual_lengths(documents, lengths, key, rate, out):
    """Args: documents int64 `[N]`, lengths int32 `[N]`, rate times 2**53, out int32 `[N]`."""
    document_at, length_at, out_at = raw(documents), raw(lengths), raw(out)
    for place in range(len(documents)):
        length = np.int64(length_at[place])
        rearranged = _is_rearranged(_mix(key ^ np.uint64(document_at[place])), length, rate)
        out_at[place] = length + (_ADDED if rearranged else 0)


@inner()
def _put(token, place, begin, end, out, written):
    """Write the one token that stands at `place` of the virtual document, if it lies in the piece."""
    if begin <= place < end:
        raw(out)[written + place - begin] = token


@inner()
def _put_span(tokens, source, place, size, begin, end, out, written):
    """Write the `size` tokens from `source` that stand from `place` on, as far as they lie in the piece."""
    first, last = max(begin, place), min(end, place + size)
    token_at, out_at, shift = raw(tokens), raw(out), source - place
    for at in range(first, last):
        out_at[written + at - begin] = token_at[shift + at]


@inner()
def _cuts(tokens, source, whole, first, spm_rate, eos_id):
    """Where the middle begins and ends, and the body, in tokens of the document; `first` is its first draw."""
    body = whole
    if eos_id >= 0 and raw(tokens)[source + whole - 1] == eos_id:
        body -= 1
    second = _mix(first)
    third = _mix(second)
    fourth = _mix(third)
    places = np.uint64(body + 1)
    low = np.int64(((third >> np.uint64(32)) * places) >> np.uint64(32))
    high = np.int64(((fourth >> np.uint64(32)) * places) >> np.uint64(32))
    low, high = min(low, high), max(low, high)
    if (second >> np.uint64(11)) < spm_rate:
        low = 0
    return low, high, body


@inner()
def copy_pieces(
    tokens, positions, whole_lengths, documents, starts, lengths, key, rate, spm_rate, prefix_id, suffix_id, middle_id,
    eos_id, out,
):  # fmt: skip
    """Args: as `fim.fim_copy`, int64 `[S]` each; rates times 2**53; eos_id -1 for none."""
    position_at, whole_at, document_at = raw(positions), raw(whole_lengths), raw(documents)
    start_at, length_at = raw(starts), raw(lengths)
    written = 0
    for piece in range(len(starts)):
        source, whole = position_at[piece], whole_at[piece]
        begin, end = start_at[piece], start_at[piece] + length_at[piece]
        first = _mix(key ^ np.uint64(document_at[piece]))
        if not _is_rearranged(first, whole, rate):
            _put_span(tokens, source, 0, whole, begin, end, out, written)
        else:
            low, high, body = _cuts(tokens, source, whole, first, spm_rate, eos_id)
            at = low + 1  # of SUF
            _put(prefix_id, 0, begin, end, out, written)
            _put_span(tokens, source, 1, low, begin, end, out, written)
            _put(suffix_id, at, begin, end, out, written)
            _put_span(tokens, source + high, at + 1, body - high, begin, end, out, written)
            at += body - high + 1  # of MID
            _put(middle_id, at, begin, end, out, written)
            _put_span(tokens, source + low, at + 1, high - low, begin, end, out, written)
            _put_span(tokens, source + body, body + _ADDED, whole - body, begin, end, out, written)
        written += end - begin


@inner()
def _num_covered(span_at, one, last):
    """Tokens in spans `one` to `last`."""
    covered = np.int64(0)
    for span in range(one, last):
        covered += np.int64(span_at[2 * span + 1]) - np.int64(span_at[2 * span])
    return covered


@inner()
def _move(span_at, first_span, last_span, source, size, place, begin, end, moved, found):
    """Write what the spans have of the `size` tokens from `source`, which stand from `place` on, as far as they lie in
    the piece; the number of spans written so far."""
    moved_at = raw(moved)
    for span in range(first_span, last_span):
        first = max(np.int64(span_at[2 * span]), source) - source + place
        behind = min(np.int64(span_at[2 * span + 1]), source + size) - source + place
        first, behind = max(first, begin), min(behind, end)
        if first < behind:
            moved_at[2 * found], moved_at[2 * found + 1] = first - begin, behind - begin
            found += 1
    return found


@inner()
def move_spans(
    tokens, positions, whole_lengths, documents, starts, lengths, key, rate, spm_rate, eos_id, spans, splits, moved,
    moved_splits,
):  # fmt: skip
    """The loss spans of pieces of virtual documents.

    Args:
        tokens ... eos_id: as of `copy_pieces`.
        spans: int32 `[K, 2]`, of whole documents as they were written; `splits`, int64 `[S + 1]`: piece s is of the
            document with spans `splits[s]` to `splits[s + 1]`.
        moved: out, int32 `[K + 3 S, 2]`: each of a document's three cuts makes at most one span more.
        moved_splits: out, int64 `[S + 1]`.

    Returns:
        The number of spans written.
    """
    position_at, whole_at, document_at = raw(positions), raw(whole_lengths), raw(documents)
    start_at, length_at, span_at, split_at, out_at = (
        raw(starts), raw(lengths), raw(spans), raw(splits), raw(moved_splits)
    )  # fmt: skip
    found = np.int64(0)
    out_at[0] = 0
    for piece in range(len(starts)):
        source, whole = position_at[piece], whole_at[piece]
        begin, end = start_at[piece], start_at[piece] + length_at[piece]
        one, last = split_at[piece], split_at[piece + 1]
        first = _mix(key ^ np.uint64(document_at[piece]))
        if not _is_rearranged(first, whole, rate):
            found = _move(span_at, one, last, 0, whole, 0, begin, end, moved, found)
        elif _num_covered(span_at, one, last) == whole:
            raw(moved)[2 * found], raw(moved)[2 * found + 1] = 0, end - begin
            found += begin < end
        else:
            low, high, body = _cuts(tokens, source, whole, first, spm_rate, eos_id)
            found = _move(span_at, one, last, 0, low, 1, begin, end, moved, found)
            found = _move(span_at, one, last, high, body - high, low + 2, begin, end, moved, found)
            found = _move(span_at, one, last, low, high - low, body - high + low + 3, begin, end, moved, found)
            found = _move(span_at, one, last, body, whole - body, body + _ADDED, begin, end, moved, found)
        out_at[piece + 1] = found
    return found
