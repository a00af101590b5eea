"""`components` for more documents than one machine has memory for: rounds over files, each partition by itself.

Alternating large-star and small-star (Kiveris et al., *Connected Components in MapReduce and Beyond*, SoCC 2014): each
round ties every neighbour of a document to the smallest of them, until every component is a star around its smallest
document; O(log^2 documents) rounds, in practice a handful, chains included. Edges stand in one file for each range of
documents and are exchanged through new files. A partition is streamed twice, for the smallest neighbour of each of its
documents and for the new edges, so memory is 8 bytes a document of one partition and a block of edges, however many
neighbours one of them has. A worker could take a partition each; here they go one after the other.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

_BLOCK = 1 << 20  # edges


class _Edges:
    """Pairs (document, neighbour) on disk, by ranges of documents."""

    def __init__(self, folder: Path, width: int) -> None:
        folder.mkdir(parents=True)
        self._folder, self.width = folder, width

    def add(self, pairs: np.ndarray) -> None:
        """Append `[E, 2]` int64 pairs to the partitions of their first."""
        if not len(pairs):
            return
        partition = pairs[:, 0] // self.width
        order = np.argsort(partition, kind="stable")
        pairs, partition = pairs[order], partition[order]
        bounds = np.flatnonzero(np.diff(partition)) + 1
        for some, number in zip(np.split(pairs, bounds), partition[np.append(0, bounds)], strict=True):
            with (self._folder / str(number)).open("ab") as file:
                some.tofile(file)

    def blocks(self, number: int) -> Iterator[np.ndarray]:
        """The pairs of a partition."""
        path = self._folder / str(number)
        if path.exists():
            with path.open("rb") as file:
                while len(pairs := np.fromfile(file, np.int64, 2 * _BLOCK)):
                    yield pairs.reshape(-1, 2)

    def delete(self) -> None:
        for path in self._folder.iterdir():
            path.unlink()
        self._folder.rmdir()


def components_in_files(
    num_documents: int, edges: Iterable[np.ndarray], folder: Path, width: int
) -> Iterator[np.ndarray]:
    """See `components`: the roots of documents 0 to `width`, of the next `width`, and so on.

    Args:
        num_documents, edges: as there.
        folder: new, for the files; empty again at the end.
        width: documents of a partition.
    """
    assert width > 0, width
    partitions = -(-num_documents // width)
    now, step, before, state = _Edges(folder / "0", width), 0, -1, -2
    for block in edges:
        now.add(np.unique(block[block[:, 0] != block[:, 1]], axis=0))
    while state != before:
        before, step = state, step + 1
        now = _half_round(now, folder / f"{step}", num_documents, large=True)
        now = _half_round(now, folder / f"{step}-small", num_documents, large=False)
        state = _state(now, partitions)
    for number in range(partitions):
        first = number * width
        roots = np.arange(first, min(num_documents, first + width))
        for pairs in now.blocks(number):  # (document, root); the root itself has none
            roots[pairs[:, 0] - first] = pairs[:, 1]
        yield roots
    now.delete()
    folder.rmdir()


def _state(edges: _Edges, partitions: int) -> int:
    """A number that is the same for the same edges, in whatever order and however often they stand there."""
    state = 0
    for number in range(partitions):
        different = np.unique(np.concatenate([np.zeros((0, 2), np.int64), *edges.blocks(number)]), axis=0)
        pairs = different.astype(np.uint64)
        mixed = (pairs[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ pairs[:, 1]) * np.uint64(0xC2B2AE3D27D4EB4F)
        mixed ^= mixed >> np.uint64(29)
        state = (state + int(mixed.sum(dtype=np.uint64)) + len(pairs)) % 2**64
    return state


def _half_round(now: _Edges, folder: Path, num_documents: int, *, large: bool) -> _Edges:
    """Tie the larger neighbours (large) or the smaller ones and the document itself (small) to the smallest."""
    width = now.width
    partitions = range(-(-num_documents // width))
    known, tied = _Edges(folder.with_name(folder.name + "-known"), width), _Edges(folder, width)
    for number in partitions:
        for pairs in now.blocks(number):
            if large:
                known.add(pairs)
                known.add(pairs[:, ::-1])
            else:
                known.add(np.sort(pairs, axis=1)[:, ::-1])
    now.delete()
    for number in partitions:
        first = number * width
        least = np.arange(first, min(num_documents, first + width))
        for document, neighbour in (pairs.T for pairs in known.blocks(number)):
            np.minimum.at(least, document - first, neighbour)
        for document, neighbour in (pairs.T for pairs in known.blocks(number)):
            root = least[document - first]
            if large:
                new = np.column_stack([neighbour, root])[neighbour > document]
            else:
                new = np.concatenate([np.column_stack([neighbour, root]), np.column_stack([document, root])])
            tied.add(np.unique(new[new[:, 0] != new[:, 1]], axis=0))
    known.delete()
    return tied
