"""Finding and copying pieces of documents in mapped memory; the kernels are in `gather_numba`.

`Memory` is what a folder's parts look like to the kernels, wherever they come from: addresses from `base` on, and for
each batch of the index where its file begins and whether it may be read.
"""

from collections.abc import Callable

import numpy as np

from corpus.kernels.compiled import compiled
from corpus.loader.token_index import TokenIndex

READY, LOST = 1, 2  # of a batch; a lost one was quarantined
NOT_READY, NO_DOCUMENT, BAD_PIECE, BAD_OFFSETS, BAD_SPANS = 1, 2, 3, 4, 5  # of a piece
NOWHERE = -(1 << 62)  # the position of a piece of a lost batch

_I64 = "int64[::1]"
_locate = compiled(
    "corpus.loader.gather_numba:locate",
    f"int64({_I64}, {_I64}, {_I64}, int64, {_I64}, int64[:, ::1], {_I64}, uint8[::1], {_I64}, int32[::1], int64, "
    f"{_I64})",
)
_copy = compiled(
    "corpus.loader.gather_numba:copy",
    f"int64(uint16[::1], {_I64}, {_I64}, uint16[::1])",
    f"int64(uint32[::1], {_I64}, {_I64}, uint32[::1])",
)
_cut_spans = compiled(
    "corpus.loader.gather_numba:cut_spans",
    f"int64({_I64}, {_I64}, {_I64}, {_I64}, int64[:, ::1], int64[:, ::1], {_I64}, uint8[::1], {_I64}, int32[::1], "
    f"uint8[::1], int32[::1], {_I64})",
)


class Memory:
    """Addresses that hold a folder's batches.

    Args:
        index: of the folder.
        array: (dtype) -> the addresses from `base` on as one array, never looked at as a whole.
        dtype: of tokens.

    Attributes:
        at: int64 `[K]`: bytes from `base` to the beginning of each batch's file.
        ready: uint8 `[K]`: 0, READY or LOST.
        tokens: the addresses as tokens.
    """

    def __init__(self, index: TokenIndex, array: Callable[[np.dtype], np.ndarray], dtype: np.dtype) -> None:
        self.index = index
        self.at = np.zeros(len(index.part), np.int64)
        self.ready = np.zeros(len(index.part), np.uint8)
        self.tokens = array(dtype)
        self._words, self._counts = array(np.dtype(np.int64)), array(np.dtype(np.int32))
        self._bytes = array(np.dtype(np.uint8))
        self._shift = dtype.itemsize // 2

    def locate(self, documents: np.ndarray, starts: np.ndarray, lengths: np.ndarray, done: int, out: np.ndarray) -> int:
        """Fill `out` with positions from piece `done` on; -1, or `piece * 8 +` what is wrong with it."""
        index = self.index
        return _locate(
            documents,
            starts,
            lengths,
            done,
            index.runs.first_document,
            index.places,
            self.at,
            self.ready,
            self._words,
            self._counts,
            self._shift,
            out,
        )

    def copy(self, positions: np.ndarray, lengths: np.ndarray, out: np.ndarray) -> int:
        """Copy the pieces at `positions` into `out`, one after the other; tokens written."""
        return _copy(self.tokens, positions, lengths, out)

    def spans(self, documents: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss spans of pieces that `locate` has checked: int32 `[K, 2]` and splits `[S + 1]`.

        Raises:
            IndexError: with the piece whose spans are no spans of its document.
        """
        splits = np.empty(len(documents) + 1, np.int64)
        spans = np.empty(0, np.int32)
        index = self.index
        where = (index.runs.first_document, index.places, index.loss_places, self.at, self.ready)
        where += (self._words, self._counts, self._bytes)
        for _ in range(2):  # counted, then written
            found = _cut_spans(documents, starts, lengths, *where, spans, splits)
            if found < 0:
                raise IndexError(int(-1 - found) >> 3)
            if found == 0 or len(spans):
                break
            spans = np.empty(2 * found, np.int32)
        return spans.reshape(-1, 2), splits
