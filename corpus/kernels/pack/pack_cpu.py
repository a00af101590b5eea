"""Calls the kernel of `numba_cpu`, whose machine code is loaded without numba. Called by `corpus.kernels.pack`.

Price on one core: see docs/gpu.md.
"""

import numpy as np

from corpus.kernels.compiled import compiled
from corpus.kernels.pack.checks import NO_SPANS, fault_error
from corpus.kernels.pack.columns import column_map
from corpus.kernels.pack.shapes import PackedRows

_pack_rows = {  # by the types of tokens and outputs; each is compiled when it is first wanted
    (np.dtype(tokens), np.dtype(out)): compiled(
        "corpus.kernels.pack.numba_cpu:pack_rows",
        f"int64({tokens}[::1], int64[::1], int64[::1], int64[::1], int32[:, ::1], int64[::1], int64[::1], "
        f"int64, int64, int64, int64, int64, int64, {out}[:, ::1], {out}[:, ::1], {out}[:, ::1], {out}[:, ::1], "
        "int32[:, ::1], int64[::1])",
    )
    for tokens in ("uint16", "uint32")
    for out in ("int64", "int32")
}
_NO_DOCUMENTS = np.empty(0, np.int64)


def pack_rows(
    tokens: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    row_splits: np.ndarray,
    *,
    seq_len: int,
    max_segments: int,
    pad_id: int,
    loss_spans: tuple[np.ndarray, np.ndarray] | None,
    document_ids: np.ndarray | None,
    context_parallel: tuple[int, int, str] | None,
    out: PackedRows,
) -> None:
    """See `corpus.kernels.pack.pack_rows`."""
    columns = column_map(seq_len, context_parallel)
    place = np.empty(2, np.int64)
    longest = _pack_rows[tokens.dtype, out.input_ids.dtype](
        tokens,
        starts,
        lengths,
        row_splits,
        *(NO_SPANS if loss_spans is None else loss_spans),
        _NO_DOCUMENTS if document_ids is None else document_ids,
        seq_len,
        max_segments,
        pad_id,
        columns.chunk,
        columns.first_shift,
        columns.second_shift,
        out.input_ids,
        out.labels,
        out.position_ids,
        out.input_ids[:0] if out.document_ids is None else out.document_ids,
        out.cu_seqlens,
        place,
    )
    if longest < 0:
        raise fault_error(-longest, place, len(tokens), row_splits, seq_len, max_segments)
    out.max_seqlen = longest
