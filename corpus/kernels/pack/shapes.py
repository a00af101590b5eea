"""What the packing kernels give: `PackedRows`, the tensors of some rows."""

from dataclasses import dataclass

import numpy as np

IGNORE_INDEX = -100  # the label that `torch.nn.functional.cross_entropy` leaves out by default
NO_DOCUMENT = -1  # the document id of padding


@dataclass
class PackedRows:
    """The tensors of B rows; see `corpus.kernels.pack.pack_rows` for what they hold.

    Fields:
        input_ids, labels, position_ids: int64 or int32, of shape `[B, C]`; C is `seq_len`, or this rank's columns.
        cu_seqlens: int32, of shape `[B, max_segments + 1]`.
        document_ids: like `input_ids`, or None where none were asked for.
        max_seqlen: tokens of the longest segment, padding counted. Set by `pack_rows`.
    """

    input_ids: np.ndarray
    labels: np.ndarray
    position_ids: np.ndarray
    cu_seqlens: np.ndarray
    document_ids: np.ndarray | None = None
    max_seqlen: int = 0

    @classmethod
    def empty(
        cls,
        num_rows: int,
        num_columns: int,
        max_segments: int,
        *,
        dtype: type[np.signedinteger] = np.int64,
        document_ids: bool = False,
    ) -> "PackedRows":
        """Arrays of the right shape that are not yet written."""
        ids, labels, positions, documents = (np.empty((num_rows, num_columns), dtype) for _ in range(4))
        borders = np.empty((num_rows, max_segments + 1), np.int32)
        return cls(ids, labels, positions, borders, documents if document_ids else None)

    def check(
        self,
        num_rows: int,
        num_columns: int,
        max_segments: int,
        *,
        dtype: type[np.signedinteger] = np.int64,
        document_ids: bool = False,
    ) -> None:
        """Refuse arrays of another shape or type.

        Raises:
            ValueError: naming the array.
        """
        if (self.document_ids is not None) != document_ids:
            raise ValueError("out.document_ids must be an array if document_ids are given, and None if they are not")
        wide = (num_rows, num_columns), np.dtype(dtype)
        borders = (num_rows, max_segments + 1), np.dtype(np.int32)
        for name, array, (shape, expected) in [
            ("input_ids", self.input_ids, wide),
            ("labels", self.labels, wide),
            ("position_ids", self.position_ids, wide),
            ("cu_seqlens", self.cu_seqlens, borders),
            *([("document_ids", self.document_ids, wide)] if self.document_ids is not None else []),
        ]:
            if array.shape != shape or array.dtype != expected or not array.flags.carray:
                raise ValueError(
                    f"out.{name} is {array.dtype} {array.shape}, expected contiguous, aligned {expected} {shape}"
                )
