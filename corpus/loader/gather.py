"""Copy pieces of documents out of memory-mapped Arrow buffers, one call for a whole batch.

The buffers of thousands of record batches are known by their addresses, so that one numba kernel serves them
all; a NumPy slice a piece costs a microsecond, which is as much as copying 2,000 tokens. Each document's
Arrow offsets are compared with its `num_tokens` before a byte of it is read, so a damaged part cannot make
the kernel read outside the map.
"""

import numpy as np
from numba import carray, njit, types  # pyright: ignore[reportPrivateImportUsage]
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def _pointer(typingctx, address):  # type: ignore[no-untyped-def]
    """An int64 address as a pointer."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), codegen


@njit(cache=True, nogil=True)
def gather_bytes(documents, starts, lengths, item_bytes, document_lengths, first_document, chunks, out):
    """Copy `lengths[s]` tokens from `starts[s]` of document `documents[s]`, one after the other, into `out`.

    Args:
        documents, starts, lengths: int64 `[S]`, in range (the caller has checked).
        item_bytes: bytes a token, 2 or 4.
        document_lengths: int32 `[N]`.
        first_document: int64 `[C + 1]`; chunk c (a record batch) holds documents from its entry to the next.
        chunks: int64 `[C, 3]`: address of the list offsets, address of token 0, tokens in the buffer.
        out: uint8, at least `sum(lengths) * item_bytes` long.

    Returns:
        -1, or the first document whose Arrow offsets disagree with its length.
    """
    written = 0
    for segment in range(len(documents)):
        document = documents[segment]
        chunk = np.searchsorted(first_document, document, side="right") - 1
        local = document - first_document[chunk]
        num_rows = first_document[chunk + 1] - first_document[chunk]
        offsets = carray(_pointer(chunks[chunk, 0]), (num_rows + 1,), np.int64)  # pyright: ignore[reportCallIssue]
        begin, end = offsets[local], offsets[local + 1]
        if begin < 0 or end > chunks[chunk, 2] or end - begin != document_lengths[document]:
            return document
        size = chunks[chunk, 2] * item_bytes
        source = carray(_pointer(chunks[chunk, 1]), (size,), np.uint8)  # pyright: ignore[reportCallIssue]
        first = (begin + starts[segment]) * item_bytes
        num_bytes = lengths[segment] * item_bytes
        out[written : written + num_bytes] = source[first : first + num_bytes]
        written += num_bytes
    return -1
