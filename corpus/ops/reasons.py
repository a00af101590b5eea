"""Lists of reasons: every failing rule of a document with its value and threshold (`corpus.schema.REASON`)."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.schema import REASON


def reason_list(
    failed: np.ndarray, rule: str, value: np.ndarray | None = None, threshold: float | None = None
) -> pa.ListArray:
    """One reason for each row where `failed`.

    Args:
        failed: `[N]` bool.
        value: `[N]` numbers, or None where the rule has no number.
        threshold: what the value was compared with, or None.
    """
    rows = np.flatnonzero(failed)
    values = pa.nulls(len(rows), pa.float64()) if value is None else pa.array(value[rows], pa.float64())
    reasons = pa.StructArray.from_arrays(
        [pa.array([rule] * len(rows), pa.string()), values, pa.array([threshold] * len(rows), pa.float64())],
        fields=list(REASON),
    )
    offsets = np.concatenate([[0], np.cumsum(failed)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), reasons)


def concat_reasons(num_rows: int, lists: Sequence[pa.ListArray]) -> pa.ListArray:
    """The reasons of several rules for the same rows, in the order given.

    Args:
        num_rows: `N`.
        lists: arrays of `N` lists each; may be empty.
    """
    if not lists:
        return pa.array([[]] * num_rows, pa.list_(REASON))
    rows = np.concatenate([pc.list_parent_indices(array).to_numpy() for array in lists])
    flat = pa.concat_arrays([pc.list_flatten(array) for array in lists])
    order = np.argsort(rows, kind="stable")
    offsets = np.zeros(num_rows + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=num_rows), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat.take(pa.array(order)))


def reasons_where(mask: np.ndarray, reasons: pa.ListArray) -> pa.ListArray:
    """`reasons` for rows where `mask`, an empty list elsewhere."""
    rows = pc.list_parent_indices(reasons).to_numpy()
    keep = mask[rows] if len(rows) else np.zeros(0, np.bool_)
    counts = np.bincount(rows[keep], minlength=len(reasons)) if len(rows) else np.zeros(len(reasons), np.int64)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    flat = pc.list_flatten(reasons).filter(pa.array(keep))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat)
