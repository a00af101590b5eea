"""Exact repeats: runs of many tokens that were met before, wherever they stand.

After Lee et al. 2022, "Deduplicating Training Data Makes Language Models Better" (ExactSubstr: 50 BPE tokens, suffix
arrays). Here a token is one of the folded text (`kernels/shingle/tokens.py`): a Han, kana, Thai ... letter, elsewhere a
word; case, width, script variant and punctuation make no difference. 50 of them are about 300 bytes of English, 150 of
Chinese. And there is no suffix array: windows whose anchor (`substrings_anchors`) occurs once are passed over, the
others are looked up in a table of first windows and compared token by token (`substrings_index`).

Exactly: a window of `num_tokens` tokens goes if an equal one stands before it: in a document earlier in order, or
earlier in the same document without overlapping it. What is cut is the union of those windows, which is every maximal
repeated run and nothing else (tokens are compared as 64-bit hashes). So the first copy of a run stays, the later ones
go, and of one word repeated a million times `num_tokens` stay. Bytes between tokens: see `substrings_places`.

Guarantees: the spans depend on the texts and on their order, not on which row a text is in. Time is linear in the
bytes, for any text. Memory above the text: 7/8 byte a byte of it, 8 bytes a token of the longest document, and 18 to 22
bytes for each window that stays and may come again. Measured (`benchmarks/substrings.py`): 1.1 bytes a byte of English,
2.1 of Chinese, at most 5.4 of texts made to cost much; 80 and 40 MB/s on one core of a busy machine.
"""

import numpy as np
import pyarrow as pa

from corpus.dedup.spans import Spans, merge_spans
from corpus.dedup.substrings_anchors import repeated_anchors
from corpus.dedup.substrings_index import repeated_runs
from corpus.dedup.substrings_places import byte_spans
from corpus.dedup.substrings_tokens import new_scratch, texts_of

__all__ = ["repeated_substrings"]

_MOST_BYTES = 1 << 31  # three bytes are four tokens at most, and tokens are numbered with 32 bits


def repeated_substrings(text: pa.Array, order: np.ndarray, num_tokens: int = 50) -> Spans:
    """What to cut of texts so that no run of `num_tokens` tokens or more occurs twice; see the module.

    Args:
        text: LargeStringArray of `N` documents, less than 2 GiB; null counts as empty.
        order: `[N]` int64, distinct: of equal runs the one in the document of lowest order stays.
        num_tokens: length of the shortest repeat, 2 or more.

    Returns:
        Sorted and apart, as of `merge_spans`.

    Raises:
        ValueError: for another order, fewer tokens, or more text.

    Example:
        num_tokens=3: ["Siku reads files. One two three!", "Again one, two, THREE; four."] -> of the second document
        "one, two, THREE; " goes, "Again four." stays.
    """
    order = np.asarray(order, np.int64)
    if order.shape != (len(text),) or len(np.unique(order)) != len(order):
        raise ValueError(f"order is {order.shape} for {len(text)} documents; give each a number of its own")
    if num_tokens < 2:
        raise ValueError(f"num_tokens is {num_tokens}; it must be 2 or more (50 in the paper)")
    texts = texts_of(text)
    num_bytes = int(texts.offsets[-1] - texts.offsets[0])
    if num_bytes >= _MOST_BYTES:
        raise ValueError(f"{num_bytes:,} bytes of text; give at most {_MOST_BYTES - 1:,} at once")
    scratch = new_scratch(texts)
    met_again, may_repeat = repeated_anchors(texts, num_tokens, scratch)
    rows = np.argsort(order)
    runs = repeated_runs(texts, rows[may_repeat[rows]], num_tokens, met_again, scratch)
    runs = runs[:, np.argsort(runs[0], kind="stable")]
    return merge_spans([Spans(runs[0], *byte_spans(texts, runs))])
