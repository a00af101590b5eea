"""The specification of packing, in plain Python: obvious and slow. Called by `corpus.kernels.pack`.

Price: about two microseconds a token.
"""

import itertools

import numpy as np

from corpus.kernels.pack.checks import check_rows
from corpus.kernels.pack.shapes import IGNORE_INDEX, NO_DOCUMENT, PackedRows


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
    """Write every element of `out`, token by token: first whole rows, then the columns of this rank."""
    check_rows(len(tokens), starts, lengths, row_splits, seq_len, max_segments, loss_spans)
    columns = _columns(seq_len, context_parallel)
    for row in range(len(row_splits) - 1):
        ids, labels, positions, documents, borders = [], [], [], [], [0]
        for segment in range(row_splits[row], row_splits[row + 1]):
            start, length = int(starts[segment]), int(lengths[segment])
            if not length:
                continue
            trained = _trained(loss_spans, segment, length)
            for position in range(length):
                ids.append(int(tokens[start + position]))
                target = position + 1
                labels.append(int(tokens[start + target]) if target in trained else IGNORE_INDEX)
                positions.append(position)
                documents.append(0 if document_ids is None else int(document_ids[segment]))
            borders.append(len(ids))
        padding = seq_len - len(ids)
        ids += [pad_id] * padding
        labels += [IGNORE_INDEX] * padding
        positions += range(padding)
        documents += [NO_DOCUMENT] * padding
        borders += [seq_len] * (out.cu_seqlens.shape[1] - len(borders))
        for values, array in ((ids, out.input_ids), (labels, out.labels), (positions, out.position_ids)):
            array[row] = np.array(values, np.int64)[columns].astype(array.dtype)
        if out.document_ids is not None:
            out.document_ids[row] = np.array(documents, np.int64)[columns].astype(out.document_ids.dtype)
        out.cu_seqlens[row] = borders
        longest = max(end - begin for begin, end in itertools.pairwise(borders))
        out.max_seqlen = longest if row == 0 else max(longest, out.max_seqlen)


def _trained(loss_spans: tuple[np.ndarray, np.ndarray] | None, segment: int, length: int) -> set[int]:
    """The positions of a segment whose tokens are targets."""
    if loss_spans is None:
        return set(range(length))
    spans, span_splits = loss_spans
    chosen = spans[span_splits[segment] : span_splits[segment + 1]]
    return {position for begin, end in chosen for position in range(begin, end)}


def _columns(seq_len: int, context_parallel: tuple[int, int, str] | None) -> list[int]:
    """The row's columns that this rank writes, in order."""
    if context_parallel is None:
        return list(range(seq_len))
    rank, size, layout = context_parallel
    if layout == "contiguous":
        width = seq_len // size
        return list(range(rank * width, (rank + 1) * width))
    width = seq_len // (2 * size)
    return [chunk * width + column for chunk in (rank, 2 * size - 1 - rank) for column in range(width)]
