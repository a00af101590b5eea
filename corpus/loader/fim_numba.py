"""The kernels of `fim`, bit-equal to `fim_naive`."""

import numpy as np

from corpus.kernels.jit import inner, raw

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLY_A = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLY_B = np.uint64(0x94D049BB133111EB)
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
