"""Which tokens a loader gave, exactly, and how well it shuffled: what `loader.py` reads out of the ids it was given.

Ids are the tokens' own numbers (`loader_data.py`), so how often each was given is a count of ids, however a loader
cuts and shuffles. 0 is padding; an id that no token of the corpus has is `strange`. Pieces, ids that stand together in
a document, are what the shuffle is judged by.

`shuffle_quality` asks what the order of an epoch is worth, beside the same pieces in a perfect shuffle: the
correlation of the documents of neighbouring pieces, how far a document travels, and how the four sources mix in
every 100 rows.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

T = 2048
ROWS = 100  # in which the shares of sources are looked at
_STEP = 1 << 24  # ids read at once; a piece may be cut there, which is seen as two


@dataclass
class Ledger:
    """What became of the tokens of the corpus.

    Attributes:
        times: of every token of the corpus, how often it was given, uint16 `[tokens]`.
        padding, strange: ids that were 0, and ids that no token has.
        pieces: of every run of one document's tokens, in order: document, place in the stream, length, int64 `[P, 3]`.
        ids: how many were read.
    """

    times: np.ndarray
    padding: int
    strange: int
    pieces: np.ndarray
    ids: int

    @property
    def delivered(self) -> int:
        """Tokens given at least once."""
        return int(np.count_nonzero(self.times))

    @property
    def repeated(self) -> int:
        """Times a token was given again."""
        return int(self.times.sum(dtype=np.int64)) - self.delivered

    @property
    def fill(self) -> float:
        """The share of positions that hold no padding."""
        return 1 - self.padding / max(1, self.ids)


class Corpus:
    """The documents as `loader_data.make_corpus` wrote them."""

    def __init__(self, folder: Path) -> None:
        self.offsets = np.load(folder / "offsets.npy")
        self.sources = np.load(folder / "sources.npy")
        self.begins = np.zeros(int(self.offsets[-1]) + 2, bool)  # by id: whether a document begins with it
        self.begins[self.offsets[:-1] + 1] = True


def read_streams(corpus: Corpus, paths: list[Path]) -> Ledger:
    """The ledger of the ids, int32, in some files together."""
    num_tokens = int(corpus.offsets[-1])
    times = np.zeros(num_tokens, np.uint16)
    padding = strange = total = 0
    pieces = [np.empty((0, 3), np.int64)]
    for path in paths:
        stream = np.memmap(path, np.int32, "r") if path.stat().st_size else np.empty(0, np.int32)
        for first in range(0, len(stream), _STEP):
            ids = np.asarray(stream[first : first + _STEP])
            known = (ids > 0) & (ids <= num_tokens)
            np.add.at(times, ids[known] - 1, 1)
            found = _pieces(ids, known, corpus)
            found[:, 1] += total
            zeros = int(np.count_nonzero(ids == 0))
            padding, total = padding + zeros, total + len(ids)
            strange += len(ids) - zeros - int(np.count_nonzero(known))
            pieces.append(found)
    return Ledger(times, padding, strange, np.concatenate(pieces), total)


def _pieces(ids: np.ndarray, known: np.ndarray, corpus: Corpus) -> np.ndarray:
    """Document, place and length of every run of numbers that follow each other in one document, int64 `[P, 3]`."""
    begins = known.copy()
    begins[1:] &= ~known[:-1] | (np.diff(ids) != 1) | corpus.begins[np.where(known, ids, 0)[1:]]
    starts = np.flatnonzero(begins)
    if not len(starts):
        return np.empty((0, 3), np.int64)
    lengths = np.add.reduceat(known.astype(np.int64), starts)  # what is not known belongs to none
    documents = np.searchsorted(corpus.offsets, ids[starts] - 1, side="right") - 1
    return np.stack([documents, starts, lengths], axis=1)


def documents_of(times: np.ndarray, corpus: Corpus) -> tuple[int, int]:
    """(documents with a token given twice, documents with a token never given)."""
    starts = corpus.offsets[:-1]
    most = np.maximum.reduceat(times, starts)
    least = np.minimum.reduceat(times, starts)
    return int((most > 1).sum()), int((least == 0).sum())


def shuffle_quality(pieces: np.ndarray, sources: np.ndarray, ids: int, seed: int = 0) -> dict[str, float]:
    """Three figures of an epoch's order, each nothing (0) or one (1) for a perfect shuffle.

    neighbours: the correlation of the document numbers of pieces that follow each other.
    place: the variance of (place of a document in the epoch - its number), both from 0 to 1, by what it is when the two
        are independent, 1/6; 0 is no shuffle.
    mixing: chi-square of the sources' tokens in every 100 rows, by what it is for the same pieces shuffled perfectly.

    Args:
        pieces: as of a `Ledger`.
        sources: of every document.
        ids: of the epoch, padding among them.
    """
    documents = pieces[:, 0]
    other = documents[1:] != documents[:-1]
    neighbours = float(np.corrcoef(documents[:-1][other], documents[1:][other])[0, 1])
    _, first = np.unique(documents, return_index=True)
    distance = pieces[first, 1] / ids - documents[first] / len(sources)
    order = np.random.default_rng(seed).permutation(len(pieces))
    mixed = _chi_square(pieces, sources), _chi_square(pieces[order], sources)
    return {"neighbours": neighbours, "place": float(distance.var() * 6), "mixing": mixed[0] / max(mixed[1], 1e-12)}


def _chi_square(pieces: np.ndarray, sources: np.ndarray) -> float:
    """Mean over blocks of 100 rows of the chi-square of the sources' shares of tokens."""
    lengths = pieces[:, 2]
    block = (np.cumsum(lengths) - lengths) // (ROWS * T)
    num_sources = int(sources.max()) + 1
    where = block * num_sources + sources[pieces[:, 0]]
    shares = np.bincount(where, lengths, minlength=(int(block[-1]) + 1) * num_sources).reshape(-1, num_sources)[:-1]
    expected = shares.sum(0) / shares.sum()
    return float((((shares / shares.sum(1, keepdims=True)) - expected) ** 2 / expected).sum(1).mean())


def check_ledger(corpus: Corpus, folder: Path) -> int:
    """Prove on a cut, shuffled, partly lost and repeated copy that nothing is miscounted; tokens checked.

    Cuts fall anywhere, so pieces of one token are among those that are lost and repeated.
    """
    rng = np.random.default_rng(3)
    size = min(400, len(corpus.sources))
    truth = np.zeros(int(corpus.offsets[-1]), np.uint16)
    pieces = []
    for document in rng.permutation(size):
        begin, end = corpus.offsets[document], corpus.offsets[document + 1]
        near = begin + rng.integers(0, min(4, end - begin), 2)
        cuts = np.unique([begin, *near, *rng.integers(begin, end, 3), end])
        for first, last in itertools.pairwise(cuts):
            truth[first:last] = copies = rng.choice([0, 1, 2], p=[0.1, 0.8, 0.1])
            piece = np.pad(np.arange(first, last, dtype=np.int32) + 1, rng.integers(0, 3, 2))
            pieces += [piece] * int(copies)
    pieces.append(np.array([-1, len(truth) + 1], np.int32))
    rng.shuffle(pieces)
    path = folder / "check.ids"
    np.concatenate(pieces).tofile(path)
    ledger = read_streams(corpus, [path])
    path.unlink()
    padding = sum(int((piece == 0).sum()) for piece in pieces)
    expected = (padding, 2, int(truth.sum()))
    found = (ledger.padding, ledger.strange, int(ledger.pieces[:, 2].sum()))
    if found != expected or not np.array_equal(ledger.times, truth):
        wrong = int(np.count_nonzero(ledger.times != truth))
        raise SystemExit(f"padding, strange, given are {found}, expected {expected}; {wrong} tokens counted wrong")
    return int(corpus.offsets[size])
