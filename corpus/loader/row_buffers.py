"""Memory for batches on the host, used again once nobody looks at the batches in it any more.

Arrays of some megabytes come from the system page by page, and zeroed: as much work as packing. So a few sets of them
are kept. A tensor made by `torch.from_numpy` refers to its array, and all views of it share the tensor's storage: an
array to which this pool has the only reference is free. Somebody who keeps batches keeps their memory, and the pool
makes new ones.
"""

import sys
from dataclasses import replace
from threading import Lock

import numpy as np

from corpus.kernels.pack import PackedRows

_MOST = 8  # sets that are kept
_MINE = 3  # references to an array of a set that is free: the set's, `_is_free`'s, `getrefcount`'s


class RowBuffers:
    """Sets of arrays of one shape.

    Args:
        num_columns, max_segments, dtype, document_ids: see `PackedRows.empty`.
    """

    def __init__(
        self, num_columns: int, max_segments: int, dtype: type[np.signedinteger], *, document_ids: bool
    ) -> None:
        self._columns, self._segments, self._dtype, self._documents = num_columns, max_segments, dtype, document_ids
        self._sets: list[PackedRows] = []
        self._lock = Lock()

    def take(self, num_rows: int) -> PackedRows:
        """Arrays for so many rows, to be written in full. Whoever takes them keeps a reference while writing."""
        with self._lock:
            for place, rows in enumerate(self._sets):
                if len(rows.input_ids) == num_rows and _is_free(rows):
                    self._sets.append(self._sets.pop(place))
                    return replace(rows)
            rows = PackedRows.empty(
                num_rows, self._columns, self._segments, dtype=self._dtype, document_ids=self._documents
            )
            self._sets = [*self._sets[-(_MOST - 1) :], rows]
            return replace(rows)


def _is_free(rows: PackedRows) -> bool:
    for name in ("input_ids", "labels", "position_ids", "cu_seqlens", "document_ids"):
        array = getattr(rows, name)
        if array is not None and sys.getrefcount(array) > _MINE:
            return False
    return True
