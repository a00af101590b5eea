"""The tokens of one document after another, in any order of documents, with little memory for long ones.

`shingle.tokens` needs up to 32 bytes a token while it works. A long document is given to it in pieces, cut where a
token ends whatever stands there: before a separator or a character that is a token of its own. Only a word of more than
PIECE bytes is not cut. So a document costs 8 bytes a token.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from corpus.kernels.arrow_text import padded, text_buffers
from corpus.kernels.jit import inner, raw
from corpus.kernels.shingle.fold import DROP, MANY, SEPARATOR
from corpus.kernels.shingle.tokens import WORD, Room, new_room, tokenize
from corpus.kernels.utf8 import continues, decode

__all__ = ["Scratch", "Texts", "document", "new_scratch", "texts_of", "tokens_of"]

PIECE = 1 << 16  # bytes
_ZERO = np.uint64(0)


class Texts(NamedTuple):
    """The documents of an array as kernels read them, with bytes that may be read behind each."""

    data: np.ndarray
    rest: np.ndarray  # of the last documents a copy, see `padded`
    num_ahead: int  # documents that are not among these
    offsets: np.ndarray
    rest_at: int  # where in `data` the first byte of `rest` stands


class Scratch(NamedTuple):
    """Room for one document, reused for the next; memory is touched only as far as the document needs."""

    room: Room
    tokens: np.ndarray  # uint64


def texts_of(text: pa.Array) -> Texts:
    """The buffers of a LargeStringArray."""
    data, offsets = text_buffers(text)
    pieces = padded(data, offsets)
    rest, _, rows = pieces[1] if len(pieces) == 2 else (data, None, slice(len(text), None))
    return Texts(data, rest, rows.start, offsets, int(offsets[rows.start]))


def new_scratch(texts: Texts) -> Scratch:
    """Room for the longest document. A code point of 3 bytes folds to 4 letter tokens at most, one of 2 to 3."""
    room = new_room(texts.offsets)
    return Scratch(room, np.empty_like(room.tokens))


@inner()
def document(texts, row):
    """A `raw` array, and where in it a document begins and ends."""
    start, end = texts.offsets[row], texts.offsets[row + 1]
    if row < texts.num_ahead:
        return raw(texts.data), start, end
    return raw(texts.rest), start - texts.rest_at, end - texts.rest_at


@inner()
def _piece_end(data, at, end, steps, many):
    """Where a piece that begins at byte `at` ends."""
    at += PIECE
    while at < end and continues(data[at]):
        at += 1
    while at < end:
        code_point, after = decode(data, at)
        step = steps[code_point]
        if step <= MANY:
            step = many[MANY - step + 1]
        if step == SEPARATOR or (step != DROP and step & WORD == 0):
            return at
        at = after
    return end


@inner()
def tokens_of(texts, row, steps, many, scratch):
    """Write the token hashes of a document to `scratch.tokens`, a hash of 0 as 1; their number."""
    data, at, end = document(texts, row)
    piece, tokens = raw(scratch.room.tokens), raw(scratch.tokens)
    count = 0
    while at < end:
        stop = _piece_end(data, at, end, steps, many)
        size = tokenize(data, at, stop, steps, many, scratch.room)
        for place in range(size):
            tokens[count + place] = piece[place] + np.uint64(piece[place] == _ZERO)
        count += size
        at = stop
    return count
