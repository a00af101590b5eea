"""Calls the kernel of `numba_cpu`, whose machine code is loaded without numba. Called by `corpus.kernels.pack`.

Price on one core: see docs/gpu.md.
"""

import numpy as np

from corpus.kernels.pack.checks import call, kernel_of_rows
from corpus.kernels.pack.columns import column_map
from corpus.kernels.pack.shapes import PackedRows

_pack_rows = {  # by the types of tokens and outputs; each is compiled when it is first wanted
    (np.dtype(tokens), np.dtype(out)): kernel_of_rows(
        "pack_rows", tokens, f"int64, int64, int64, int64, {', '.join([f'{out}[:, ::1]'] * 4)}, int32[:, ::1]"
    )
    for tokens in ("uint16", "uint32")
    for out in ("int64", "int32")
}


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
    out.max_seqlen = call(
        _pack_rows[tokens.dtype, out.input_ids.dtype],
        tokens,
        starts,
        lengths,
        row_splits,
        loss_spans,
        document_ids,
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
    )
