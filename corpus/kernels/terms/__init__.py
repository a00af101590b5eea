"""How often terms of a vocabulary occur in each document, by group.

Terms and text are folded alike (case, width, traditional to simplified, `fold.py`). A term that begins or ends
in a letter or digit of a script with spaces must begin or end a word there ("ad" is not in "bad"); Han terms match
anywhere. From the left the longest term wins, and matches do not overlap.

Algorithm: masks of 56 bytes say where words and other characters begin, small tables of the first bytes of terms leave
one place in some hundred of them (`beginnings.py`, `blocks.py`), and from there a trie in a hash table is walked
(`numba_cpu.py`). `naive.py` is the specification.

Price: about 900 MB/s in English and 700 in Chinese on a free core of 2 GHz, see docs/blocklists.md.
"""

import numpy as np
import pyarrow as pa

from corpus.kernels.arrow_text import padded, text_buffers
from corpus.kernels.terms import naive, numba_cpu
from corpus.kernels.terms.fold import term_fold
from corpus.kernels.terms.vocabulary import Vocabulary, make_vocabulary

__all__ = ["Vocabulary", "count_terms", "make_vocabulary"]


def count_terms(text: pa.Array, vocabulary: Vocabulary, *, backend: str = "numba") -> np.ndarray:
    """Occurrences and matched characters.

    Args:
        text: StringArray or LargeStringArray of `N` documents; null counts as empty.
        vocabulary: from `make_vocabulary`.
        backend: "numba" or "naive".

    Returns:
        `[N, groups, 2]` int64: occurrences, and code points of the text in them.
    """
    if backend == "naive":
        return naive.count_terms(text.to_pylist(), vocabulary)
    assert backend == "numba", backend
    data, offsets = text_buffers(text)
    counts = np.zeros((len(text), len(vocabulary.groups), 2), np.int64)
    tables = (*term_fold(), *vocabulary.beginnings, vocabulary.keys, vocabulary.nodes, vocabulary.group)
    for piece, starts, rows in padded(data, offsets):
        numba_cpu.count_terms(piece, starts, *tables, counts[rows])
    return counts
