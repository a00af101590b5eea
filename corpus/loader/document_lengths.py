"""Documents' lengths, read from the `num_tokens` columns and from nothing else.

`read` brings stretches of bytes, each a (part, position, number of bytes); it is called once with all that are needed,
in order of part and position. Small corpora are read once and kept, larger ones as they are asked for: 65,536 documents
anywhere in 10^9 are 65,536 reads of four bytes. Maps are no help here: the kernel maps 64 KiB around each fault.
"""

from collections.abc import Callable

import numpy as np

from corpus.errors import ShardError
from corpus.loader.token_index import TokenIndex

MOST_KEPT = 1 << 24  # documents: 64 MiB of lengths

ReadMany = Callable[[list[tuple[int, int, int]]], list[bytes]]


def all_lengths(index: TokenIndex, read: ReadMany) -> np.ndarray:
    """Every document's tokens, int32 `[N]`, read-only.

    Raises:
        ShardError: the lengths of a batch do not add up to its tokens.
    """
    first = index.runs.first_document
    rows = np.diff(first)
    at = index.places[:, 0]
    joins = (index.part[1:] == index.part[:-1]) & (at[1:] == at[:-1] + 4 * rows[:-1])
    begins = np.flatnonzero(np.concatenate([np.ones(min(1, len(at)), bool), ~joins]))
    sizes = 4 * np.diff(first[np.concatenate([begins, [len(at)]])])
    wanted = [(int(index.part[k]), int(at[k]), int(size)) for k, size in zip(begins, sizes, strict=True)]
    lengths = np.frombuffer(b"".join(read(wanted)), np.int32)
    if len(lengths):
        totals = np.add.reduceat(lengths, first[:-1], dtype=np.int64)
        low = np.minimum.reduceat(lengths, first[:-1])
        for batch in np.flatnonzero((totals != index.runs.num_tokens) | (low < 0))[:1]:
            raise ShardError(
                f"part {index.part[batch]}: num_tokens of batch {batch} add up to {totals[batch]} (the least is "
                f"{low[batch]}), {index.runs.num_tokens[batch]} tokens are there; tokenize again"
            )
    return lengths


def some_lengths(index: TokenIndex, documents: np.ndarray, read: ReadMany) -> np.ndarray:
    """The tokens of some documents, int32, of the same shape `[n]`.

    Raises:
        ShardError: a length is negative or longer than its batch.
    """
    if not len(documents):
        return np.empty(0, np.int32)
    order = np.argsort(documents)
    ordered = documents[order]
    batch = np.searchsorted(index.runs.first_document, ordered, side="right") - 1
    begins = np.flatnonzero(np.concatenate([[True], np.diff(batch) != 0]))
    ends = np.concatenate([begins[1:], [len(ordered)]])
    touched = batch[begins]
    rows = ordered[ends - 1] - ordered[begins] + 1  # of each batch from the first to the last document asked for
    at = index.places[touched, 0] + 4 * (ordered[begins] - index.runs.first_document[touched])
    wanted = list(zip(index.part[touched].tolist(), at.tolist(), (4 * rows).tolist(), strict=True))
    found = np.frombuffer(b"".join(read(wanted)), np.int32)
    before = np.cumsum(rows) - rows
    counts = ends - begins
    place = np.repeat(before, counts) + ordered - np.repeat(ordered[begins], counts)
    lengths = np.empty(len(documents), np.int32)
    lengths[order] = found[place]
    wrong = (found[place] < 0) | (found[place] > index.runs.num_tokens[batch])
    for position in np.flatnonzero(wrong)[:1]:
        raise ShardError(
            f"document {ordered[position]} has a num_tokens of {found[place][position]}, its batch has "
            f"{index.runs.num_tokens[batch[position]]} tokens; tokenize again"
        )
    return lengths
