"""Units of text that may be repeated: lines, paragraphs and spans of sentences, each with a key of its normalised text.

**lines**: non-empty lines, compared by their folded tokens (`corpus.kernels.shingle`: case, width, script, punctuation
and white space make no difference), so that a navigation line is the same wherever it stands.

**paragraphs**, after CCNet (Wenzek et al. 2020, https://aclanthology.org/2020.lrec-1.494, 3.2 and its code). The
paper's: a paragraph is a line; it is lower-cased, digits become 0, punctuation and accents are removed. (Its code
leaves accents and removes a list of some 30 marks; removing every occurrence, the first included, is what it does with
units in two documents or more.) Ours: all of Unicode's punctuation, white space as one space, 128 bits of key instead
of 64, and a paragraph without a letter or digit is none, where the code compares empty lines as well.

**sentences**, after C4 (Raffel et al. 2020, https://jmlr.org/papers/v21/20-074.html, 2.2): "we discarded all but one of
any three-sentence span occurring more than once". The paper does not say how sentences are told or compared (TFDS' code
compares single lines). Ours: `corpus.kernels.units.naive` says where a sentence ends, in English and Chinese; a
sentence is compared by its folded tokens, one without a letter or digit is none, and a document with fewer sentences
than a span has no span. datatrove's SentenceDedup does the same with NLTK's or spaCy's sentences, but a line feed ends
none of them, digits are all one, and what parts sentences does not count.

A key has 128 bits, made of 64-bit hashes of tokens. Two units with one key are taken to be one text.
"""

from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa

from corpus.dedup.spans import Spans
from corpus.kernels.shingle.naive import SECOND_PRIME, WINDOW_PRIME
from corpus.kernels.units import find_spans, folded_keys, paragraph_keys

Kind = Literal["lines", "paragraphs", "sentences"]


class Units(NamedTuple):
    """Units of the documents of an array, in the order in which they stand there.

    Attributes:
        spans: `[M]` documents and ranges of bytes; those of `sentences` overlap.
        keys: `[M, 2]` uint64, equal where the normalised texts are.
    """

    spans: Spans
    keys: np.ndarray


def find_units(text: pa.Array, kind: Kind, num_sentences: int = 3) -> Units:
    """The units of one kind.

    Args:
        text: LargeStringArray of `N` documents; null counts as empty.
        num_sentences: of a span, for `sentences`.

    Example: of "A b. C d!\\nE f" three sentences are one span, bytes 0 to 14, and of "A b." none.
    """
    if kind == "lines" or kind == "paragraphs":
        lines = find_spans(text, "lines")
        return Units(Spans(*lines), (folded_keys if kind == "lines" else paragraph_keys)(text, *lines))
    document, start, end = find_spans(text, "sentences")
    return _joined(Spans(document, start, end), folded_keys(text, document, start, end), num_sentences)


def _joined(spans: Spans, keys: np.ndarray, num: int) -> Units:
    """Every `num` sentences of one document that follow each other."""
    count = max(0, len(keys) - num + 1)
    first = np.flatnonzero(spans.document[:count] == spans.document[len(keys) - count :]) if count else np.zeros(0, int)
    joined = np.zeros((len(first), 2), np.uint64)
    primes = np.array([WINDOW_PRIME, SECOND_PRIME], np.uint64)
    for at in range(num):
        joined = joined * primes + keys[first + at]
    return Units(Spans(spans.document[first], spans.start[first], spans.end[first + num - 1]), joined)
