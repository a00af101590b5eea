"""What the packing kernels take and give: `PackPlan` (who stands where) and `PackedRows` (the tensors)."""

from dataclasses import dataclass

import numpy as np

IGNORE_INDEX = -100  # the label that `torch.nn.functional.cross_entropy` leaves out by default


@dataclass(frozen=True)
class PackPlan:
    """The rows of one window. Segment s of row r: `row_splits[r] <= s < row_splits[r + 1]`.

    Fields:
        documents: index of the document in the lengths given, int32 `[S]`.
        starts: first token of the segment inside its document, int32 `[S]`.
        lengths: tokens of the segment, int32 `[S]`.
        row_splits: int64 `[R + 1]`.
    """

    documents: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    row_splits: np.ndarray

    @property
    def num_rows(self) -> int:
        """Rows in the plan, R."""
        return len(self.row_splits) - 1


@dataclass(frozen=True)
class PackedRows:
    """The tensors of B rows; see `corpus.kernels.pack.pack_rows` for what they hold."""

    input_ids: np.ndarray
    labels: np.ndarray
    position_ids: np.ndarray
    cu_seqlens: np.ndarray

    @classmethod
    def empty(cls, num_rows: int, seq_len: int, max_segments: int) -> "PackedRows":
        """Arrays of the right shape that are not yet written."""
        ids, labels, positions = (np.empty((num_rows, seq_len), np.int64) for _ in range(3))
        return cls(ids, labels, positions, np.empty((num_rows, max_segments + 1), np.int32))

    def check(self, num_rows: int, seq_len: int, max_segments: int) -> None:
        """Refuse arrays of another shape or type.

        Raises:
            ValueError: naming the array.
        """
        wide, borders = (num_rows, seq_len), (num_rows, max_segments + 1)
        for name, shape, dtype in [
            ("input_ids", wide, np.dtype(np.int64)),
            ("labels", wide, np.dtype(np.int64)),
            ("position_ids", wide, np.dtype(np.int64)),
            ("cu_seqlens", borders, np.dtype(np.int32)),
        ]:
            array = getattr(self, name)
            if array.shape != shape or array.dtype != dtype or not array.flags.c_contiguous:
                raise ValueError(f"out.{name} is {array.dtype} {array.shape}, expected contiguous {dtype} {shape}")
