"""Which tokens a loader gave, exactly, and how well it shuffled: what `loader.py` reads out of the ids it was given.

`read_streams` walks the ids of an epoch, written one batch after the other. Any four that stand together in a
document name it and their places (`loader_data.py`), and the walk follows the document as long as each next id is
the one expected; so every token of every document is counted. Pieces of less than four tokens name nothing: they
are set off against the tokens that are missing, by value. Where one of them begins with the very id that would have
followed in the document before it, one token is counted as given again and one is not missed: seen once or twice in
12 million tokens of loaders that cut documents anywhere. 0 is padding; ids that belong nowhere are `strange`.

`shuffle_quality` asks what the order of an epoch is worth, beside the same pieces in a perfect shuffle: the
correlation of the documents of neighbouring pieces, how far a document travels, and how the four sources mix in
every 100 rows.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from loader_data import encode
from numba import njit

T = 2048
ROWS = 100  # in which the shares of sources are looked at
_STEP = 1 << 24  # ids read at once; a piece may be cut there, which is seen as two


@dataclass
class Ledger:
    """What became of the tokens of the corpus.

    Attributes:
        times: of every token of the corpus, how often it was given, uint8 `[tokens]`.
        padding, strange: ids that were 0, and ids that belong to no document.
        pieces: of every run of one document's tokens, in order: document, place in the stream, length, int64 `[P, 3]`.
        ids: all that was read.
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
        self.tokens = np.load(folder / "tokens.npy", mmap_mode="r")


def read_streams(corpus: Corpus, paths: list[Path]) -> Ledger:
    """The ledger of the ids in some files together."""
    times = np.zeros(int(corpus.offsets[-1]), np.uint8)
    loose = np.zeros(1 << 16, np.int64)  # by value, ids in pieces that name nothing
    padding = total = 0
    pieces: list[np.ndarray] = []
    for path in paths:
        stream = np.memmap(path, np.uint16, "r") if path.stat().st_size else np.empty(0, np.uint16)
        for first in range(0, len(stream), _STEP):
            ids = np.asarray(stream[first : first + _STEP])
            found = np.empty((len(ids) // 4 + 1, 3), np.int64)
            num_found, zeros = _walk(ids, corpus.offsets, times, loose, found)
            found[:num_found, 1] += total
            padding, total = padding + zeros, total + len(ids)
            pieces.append(found[:num_found].copy())
    strange = _match_loose(corpus, times, loose)
    return Ledger(times, padding, strange, np.concatenate([np.empty((0, 3), np.int64), *pieces]), total)


def _match_loose(corpus: Corpus, times: np.ndarray, loose: np.ndarray) -> int:
    """Set ids of tiny pieces off against missing tokens of the same value; how many are left."""
    if loose.any():
        missing = np.flatnonzero(times == 0)
        values = corpus.tokens[missing]
        order = np.argsort(values, kind="stable")
        counts = np.bincount(values, minlength=1 << 16)
        rank = np.empty(len(missing), np.int64)
        rank[order] = np.arange(len(missing)) - np.repeat(np.cumsum(counts) - counts, counts)
        times[missing[rank < loose[values]]] = 1
        loose -= np.minimum(loose, counts)
    return int(loose.sum())


@njit(cache=True, nogil=True)
def _expected(document, place):
    """The code of one token, as in `loader_data.encode`."""
    tag, frame = place & 3, place >> 2
    check = (document * 2654435761 + frame * 40503) >> 7
    if tag == 0:
        payload = document % 16383 + 1
    elif tag == 1:
        payload = (check >> 14 & 0x1FF) << 5 | document // 16383
    elif tag == 2:
        payload = frame
    else:
        payload = check & 0x3FFF
    return tag << 14 | payload


@njit(cache=True, nogil=True)
def _named(ids, at, offsets):
    """The document and the place that four ids name, or (-1, 0)."""
    low = high = frame = -1
    frame_at = 0
    for step in range(4):
        token = np.int64(ids[at + step])
        tag, payload = token >> 14, token & 0x3FFF
        if tag == 0:
            low = payload - 1
        elif tag == 1:
            high = payload & 31
        elif tag == 2:
            frame, frame_at = payload, step
    if low < 0 or high < 0 or frame < 0:
        return -1, 0
    document, place = high * 16383 + low, 4 * frame + 2 - frame_at
    if place < 0 or document >= len(offsets) - 1 or place + 4 > offsets[document + 1] - offsets[document]:
        return -1, 0
    for step in range(4):
        if ids[at + step] != _expected(document, place + step):
            return -1, 0
    return document, place


@njit(cache=True, nogil=True)
def _run(ids, at, document, place, offsets):
    """How many ids go on with a document from a place on; the last three are not its own if they name another."""
    size, most = 4, min(offsets[document + 1] - offsets[document] - place, len(ids) - at)
    while size < most and ids[at + size] == _expected(document, place + size):
        size += 1
    for back in range(min(3, size - 4), 0, -1):
        if at + size - back + 4 <= len(ids):
            other, other_place = _named(ids, at + size - back, offsets)
            if other >= 0 and (other != document or other_place != place + size - back):
                return size - back
    return size


@njit(cache=True, nogil=True)
def _walk(ids, offsets, times, loose, found):
    """Count the tokens of `ids` into `times`, or by value into `loose`; (pieces found, zeros)."""
    at, num_found, zeros = 0, 0, 0
    while at < len(ids):
        document, place = np.int64(-1), np.int64(0)
        if ids[at] != 0 and at + 4 <= len(ids):
            document, place = _named(ids, at, offsets)
        if document < 0:
            zeros += ids[at] == 0
            loose[ids[at]] += ids[at] != 0
            at += 1
            continue
        size = _run(ids, at, document, place, offsets)
        for token in range(offsets[document] + place, offsets[document] + place + size):
            times[token] += times[token] < 255
        found[num_found] = document, at, size
        num_found, at = num_found + 1, at + size
    return num_found, zeros


def documents_of(times: np.ndarray, corpus: Corpus) -> tuple[int, int]:
    """(documents with a token given twice, documents with a token never given)."""
    starts = corpus.offsets[:-1]
    most = np.maximum.reduceat(times, starts)
    least = np.minimum.reduceat(times, starts)
    return int((most > 1).sum()), int((least == 0).sum())


def shuffle_quality(ledger: Ledger, corpus: Corpus, seed: int = 0) -> dict[str, float]:
    """Three figures of an epoch's order, each nothing (0) or one (1) for a perfect shuffle.

    neighbours: the correlation of the document numbers of pieces that follow each other.
    place: the variance of (place of a document in the epoch - its number), both from 0 to 1, by what it is when the two
        are independent, 1/6; 0 is no shuffle.
    mixing: chi-square of the sources' tokens in every 100 rows, by what it is for the same pieces shuffled perfectly.
    """
    pieces = ledger.pieces
    documents = pieces[:, 0]
    other = documents[1:] != documents[:-1]
    neighbours = float(np.corrcoef(documents[:-1][other], documents[1:][other])[0, 1])
    _, first = np.unique(documents, return_index=True)
    distance = pieces[first, 1] / ledger.ids - documents[first] / len(corpus.sources)
    order = np.random.default_rng(seed).permutation(len(pieces))
    mixed = _chi_square(pieces, corpus), _chi_square(pieces[order], corpus)
    return {"neighbours": neighbours, "place": float(distance.var() * 6), "mixing": mixed[0] / max(mixed[1], 1e-12)}


def _chi_square(pieces: np.ndarray, corpus: Corpus) -> float:
    """Mean over blocks of 100 rows of the chi-square of the sources' shares of tokens."""
    lengths = pieces[:, 2]
    block = (np.cumsum(lengths) - lengths) // (ROWS * T)
    num_sources = int(corpus.sources.max()) + 1
    where = block * num_sources + corpus.sources[pieces[:, 0]]
    shares = np.bincount(where, lengths, minlength=(int(block[-1]) + 1) * num_sources).reshape(-1, num_sources)[:-1]
    expected = shares.sum(0) / shares.sum()
    return float((((shares / shares.sum(1, keepdims=True)) - expected) ** 2 / expected).sum(1).mean())


def check_ledger(corpus: Corpus, folder: Path) -> int:
    """Prove on a shuffled, cut, partly repeated and partly lost copy that nothing is miscounted; tokens checked."""
    rng = np.random.default_rng(3)
    size = min(400, len(corpus.sources))
    lengths = np.diff(corpus.offsets)[:size]
    starts = corpus.offsets[:size]
    truth = np.zeros(len(corpus.tokens), np.uint8)
    pieces = []
    for document in rng.permutation(size):
        cuts = np.unique(rng.integers(0, lengths[document] + 1, 3))
        for begin, end in zip([0, *cuts], [*cuts, lengths[document]], strict=True):
            copies = rng.choice([0, 1, 2], p=[0.1, 0.8, 0.1]) if end - begin >= 4 else 1
            span = slice(starts[document] + begin, starts[document] + end)
            truth[span] = copies
            gap = np.zeros(rng.integers(0 if end - begin >= 4 else 1, 5), np.uint16)
            pieces += [np.concatenate([gap[:1], corpus.tokens[span], gap])] * int(copies)
    rng.shuffle(pieces)
    path = folder / "check.ids"
    np.concatenate(pieces).tofile(path)
    ledger = read_streams(corpus, [path])
    path.unlink()
    again = encode(np.arange(size), lengths)
    if not np.array_equal(again, corpus.tokens[: len(again)]):
        raise SystemExit("the corpus is not what loader_data.encode writes; delete it")
    padding = sum(int((piece == 0).sum()) for piece in pieces)
    found = (ledger.delivered, ledger.repeated, ledger.strange, ledger.padding)
    expected = (int((truth > 0).sum()), int((truth > 1).sum()), 0, padding)
    if found != expected or not (ledger.times[truth > 1] > 1).all():
        raise SystemExit(f"the ledger has {found} tokens given, given again, strange, padding; expected {expected}")
    return int(lengths.sum())
