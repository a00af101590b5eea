"""The order of the documents of one stream in an epoch, by keyed bijections: no table, every window at once.

A *stream* is the documents of some record batches of a token folder: all of them, or those of one entry of a mixture.
Its documents are numbered from 0 in the folder's order, and in each epoch cut into windows in one of two ways:

    documents   the documents are permuted; window w is places w x W to (w + 1) x W of that. Any two documents can
                meet; a window touches every part of the folder.
    blocks      the record batches are permuted and each window is the documents of G consecutive ones. A window
                touches G stretches of the folder, so that remote parts are read in large pieces, once an epoch.
                The order of the rows inside a window is drawn in both ways (`corpus.loader.windows`).

Guarantees: every document is in one window of an epoch; the windows depend on (seed, epoch, name of the stream) and
nothing else. Price: 20 ns a document; O(batches) memory.
"""

from dataclasses import dataclass

import numpy as np

from corpus.loader.permutation import KeyedPermutation, derive_key
from corpus.loader.token_index import Runs

_DOCUMENTS, _ROWS, _BLOCKS = 1, 2, 3  # what a key is for


@dataclass(frozen=True)
class Stream:
    """Documents that have one order.

    Fields:
        name: the entry of the mixture, "" where there is none; part of the key.
        first: int64 `[K]`, the first document of each record batch, as the folder numbers them.
        rows: int64 `[K]`, documents of each.
        num_tokens: of all its documents.
    """

    name: str
    first: np.ndarray
    rows: np.ndarray
    num_tokens: int

    @property
    def num_documents(self) -> int:
        """Documents in the stream."""
        return int(self.rows.sum())


class DocumentOrder:
    """The windows of a stream.

    Args:
        stream: whose documents.
        seed: of the order.
        window: documents a window (`blocks` None).
        blocks: record batches a window, for the order by blocks; None permutes documents.
    """

    def __init__(self, stream: Stream, seed: int, window: int, blocks: int | None = None) -> None:
        self.stream, self.seed, self.window, self.blocks = stream, seed, window, blocks
        self._ends = np.cumsum(stream.rows)
        self._runs = _runs(stream)
        self._permutations: dict[int, KeyedPermutation] = {}

    @property
    def num_windows(self) -> int:
        """Windows in an epoch."""
        if self.blocks:
            return -(-len(self.stream.rows) // self.blocks)
        return -(-self.stream.num_documents // self.window)

    def key(self, epoch: int, purpose: int, *more: int) -> int:
        """A 64-bit key for one purpose in one epoch."""
        name = tuple(self.stream.name.encode())
        return derive_key(self.seed, epoch, purpose, *more, *name)

    def rows_key(self, epoch: int, window: int) -> int:
        """The key that the rows of a window are shuffled by."""
        return self.key(epoch, _ROWS, window)

    def documents(self, epoch: int, window: int) -> np.ndarray:
        """The documents of a window as the folder numbers them, int64."""
        permutation = self._permutation(epoch)
        if self.blocks:
            places = np.arange(window * self.blocks, min((window + 1) * self.blocks, permutation.n), dtype=np.int64)
            return _ranges(self.stream.first, self.stream.rows, permutation(places))
        first = window * self.window
        numbers = permutation(np.arange(first, min(first + self.window, permutation.n), dtype=np.int64))
        firsts, starts = self._runs
        if len(firsts) == 1:
            return numbers + firsts[0]
        run = np.searchsorted(starts, numbers, side="right") - 1
        return numbers + (firsts - starts)[run]

    def _permutation(self, epoch: int) -> KeyedPermutation:
        if epoch not in self._permutations:
            size = len(self.stream.rows) if self.blocks else self.stream.num_documents
            purpose = _BLOCKS if self.blocks else _DOCUMENTS
            self._permutations = {epoch: KeyedPermutation(size, self.key(epoch, purpose))}
        return self._permutations[epoch]


def _runs(stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """Record batches that follow each other, joined: their first documents, in the folder and in the stream."""
    starts = np.cumsum(stream.rows) - stream.rows
    begins = np.ones(len(stream.first), bool)
    begins[1:] = stream.first[1:] != stream.first[:-1] + stream.rows[:-1]
    return stream.first[begins], starts[begins]


def _ranges(first: np.ndarray, rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """`first[c]` to `first[c] + rows[c]` for each chosen c, one after the other."""
    counts = rows[chosen]
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0, dtype=np.int64) + np.repeat(first[chosen] - (ends - counts), counts)


def streams_of(runs: Runs, entries: dict[str, tuple[str | None, str | None]] | None) -> list[Stream]:
    """The streams of a folder: one of all documents, or one for each entry of a mixture.

    Args:
        runs: of the folder.
        entries: name -> (source or None for any, language or None for any); None makes one stream of everything.

    Raises:
        ValueError: an entry that no document matches, documents that two entries match.
    """
    first, rows = runs.first_document[:-1], np.diff(runs.first_document)
    if entries is None:
        return [Stream("", first, rows, int(runs.num_tokens.sum()))]
    owner = np.full(len(rows), -1, np.int64)
    streams: list[Stream] = []
    for number, (name, (source, language)) in enumerate(entries.items()):
        member = _is(runs.source, runs.source_names, source) & _is(runs.language, runs.language_names, language)
        if not rows[member].sum():
            raise ValueError(
                f"the mixture's {name!r} matches no document; the folder has sources {', '.join(runs.source_names)} "
                f"and languages {', '.join(runs.language_names)}; write SOURCE, SOURCE/LANGUAGE or */LANGUAGE"
            )
        if (owner[member] >= 0).any():
            other = list(entries)[int(owner[member].max())]
            raise ValueError(f"the mixture's {name!r} and {other!r} share documents; make them disjoint")
        owner[member] = number
        streams.append(Stream(name, first[member], rows[member], int(runs.num_tokens[member].sum())))
    return streams


def _is(codes: np.ndarray, names: tuple[str, ...], name: str | None) -> np.ndarray:
    """Which codes stand for `name`; all for None."""
    if name is None:
        return np.ones(len(codes), bool)
    return codes == (names.index(name) if name in names else -2)
