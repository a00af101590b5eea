"""Spaced text straight from UTF-8 buffers. `naive.py` says what it must return."""

import numpy as np

from corpus.kernels.jit import kernel
from corpus.kernels.spaced_text.classes import DROP, LETTER, MARK, SPACE
from corpus.kernels.utf8 import decode, encode

_BLANK = np.uint8(32)


def room(offsets: np.ndarray) -> int:
    """The most bytes that it may take: a line end becomes a blank and the two of "¶", others at most double."""
    return 3 * int(offsets[-1] - offsets[0])


@kernel()
def spaced(data, offsets, kinds, lower, apart, out, ends):
    """Write the spaced text to `out` and where each document ends to `ends[1:]`; `out` needs room for `room`."""
    at = np.int64(0)
    for row in range(len(offsets) - 1):
        start = at
        last = SPACE
        previous = np.int32(-1)
        repeats = 0
        here = offsets[row]
        while here < offsets[row + 1]:
            code_point, here = decode(data, here)
            this = np.int64(kinds[code_point])
            if this == DROP:
                continue
            if this == SPACE:
                last = SPACE
                continue
            form = lower[code_point]
            if this == MARK and last == MARK and form == previous:
                repeats += 1
                if repeats == 1:
                    at = encode(form, out, at)
                continue
            if at > start and not (this == last and this != MARK and (this != LETTER or not apart)):
                out[at] = _BLANK
                at += 1
            at = encode(form, out, at)
            last = this
            previous = form
            repeats = 0
        ends[row + 1] = at
