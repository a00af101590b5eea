"""Which documents hold a benchmark's items: windows of `n` folded tokens that both have, verified token by token.

Texts are folded and cut into tokens as for duplicates (`corpus.kernels.shingle`): Han characters are tokens, elsewhere
words are, and case, width, script variant, punctuation and white space are gone. The hash of every window of `n`
tokens of every item goes into a table, the hashes of the windows' parts of `n // 2 + 1` tokens into a Bloom filter of
two bits. A document is cut once and few of its parts are looked for (`numba_cpu.py` says why few do); only if some
window's 64-bit hash is in the table are its tokens spelled out and compared: runs of equal tokens are followed to their
end, and the windows of each item counted (`runs.py`).

Guarantees: no hash accuses, since a match is decided by comparing code points; the index depends on items and options
alone; `naive.py` is the specification.

Price: `benchmarks/decontaminate.py`. Memory 80 bytes and more a token of the items.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from corpus.kernels.arrow_text import padded, text_buffers
from corpus.kernels.contamination import naive, numba_cpu
from corpus.kernels.contamination.runs import Items, new_spelling, new_tally
from corpus.kernels.shingle.tokens import new_room, step_tables

__all__ = ["MOST_TOKENS", "ItemIndex", "index_items", "match_items"]

MOST_TOKENS = numba_cpu.MOST_TOKENS


@dataclass(frozen=True)
class ItemIndex:
    """Items in the form the kernel reads; made by `index_items`."""

    texts: tuple[str, ...]
    n: int
    min_tokens: int
    items: Items
    long: numba_cpu.Windows  # every window of the items of `n` tokens and more
    short: numba_cpu.Windows  # the first `min_tokens` tokens of those of fewer, which are found as a whole

    @property
    def num_tokens(self) -> np.ndarray:
        """Tokens of each item; those with fewer than `min_tokens` are never found."""
        return np.diff(self.items.item_at)


def index_items(texts: Sequence[str], n: int, min_tokens: int) -> ItemIndex:
    """Index benchmark items.

    Args:
        texts: one an item.
        n: tokens a window, at most `MOST_TOKENS`.
        min_tokens: items of `min_tokens` to `n - 1` tokens are found as a whole, shorter ones not at all.
    """
    assert 1 <= min_tokens <= n <= MOST_TOKENS, (min_tokens, n)
    data, offsets = text_buffers(pa.array(texts, pa.large_string()))
    spelling, room = new_spelling(int(offsets[-1])), new_room(offsets)
    hashes, item_at = np.empty(len(spelling.bounds), np.uint64), np.zeros(len(texts) + 1, np.int64)
    for piece, at, rows in padded(data, offsets):
        numba_cpu.add_items(piece, at, *step_tables(), room, spelling, hashes, item_at[rows.start : rows.stop + 1])
    count, size = item_at[-1], np.diff(item_at)
    code_at = spelling.code_at[: count + 1].copy()
    item_of = np.repeat(np.arange(len(texts)), size)
    place = np.arange(count)
    whole = (size >= min_tokens) & (size < n)
    return ItemIndex(
        tuple(texts),
        n,
        min_tokens,
        Items(spelling.codes[: code_at[-1]].copy(), code_at, item_at, item_of),
        _windows(hashes[:count], place[place + n <= item_at[1:][item_of]], n),
        _windows(hashes[:count], item_at[:-1][whole], min_tokens),
    )


def _windows(hashes: np.ndarray, positions: np.ndarray, n: int) -> numba_cpu.Windows:
    windows = numba_cpu.empty_windows(n, len(positions), len(hashes))
    numba_cpu.fill_windows(hashes, positions, windows)
    return windows


def match_items(text: pa.Array, index: ItemIndex, *, backend: str = "numba") -> np.ndarray:
    """The best match of each document.

    Args:
        text: StringArray or LargeStringArray of `N` documents; null counts as empty.
        backend: "numba" or "naive".

    Returns:
        `[N, 6]` int64: item (-1 where there is none), first byte in the document, byte behind the last, tokens of the
        run, windows of the item found anywhere in the document, windows of the item.
    """
    result = np.full((len(text), 6), -1, np.int64)
    if backend == "naive":
        items = [[token.codes for token in naive.tokens(item)] for item in index.texts]
        for row, document in enumerate(text.to_pylist()):
            result[row] = naive.match(document or "", items, index.n, index.min_tokens) or -1
        return result
    assert backend == "numba", backend
    if not (index.long.n or index.short.n):
        return result
    data, offsets = text_buffers(text)
    longest = int(np.max(np.diff(offsets), initial=0))
    scratch = new_room(offsets), new_spelling(longest), new_tally(len(index.texts), len(index.items.item_of))
    tables = index.items, index.long, index.short
    for piece, at, rows in padded(data, offsets):
        numba_cpu.match_documents(piece, at, *step_tables(), index.n, *tables, *scratch, result[rows])
    return result
