"""Text as classifiers and language models read it: lower case, on one line, tokens with one space between them.

Training and scoring must see the same text, so there is one function for both. A token is

    a letter of a script written without spaces (Han, kana, Thai, ..., see `shingle.fold.LETTER_TOKENS`), or with
        `han="joined"` a run of them, for models that look at sub-words;
    a maximal run of other letters, combining marks and digits;
    a punctuation mark or symbol; a run of the same one is one token of two, so that a line of "-----" is not
        twenty tokens and still differs from a hyphen.

Everything is lower-cased one code point at a time (Unicode's simple mapping), full-width ASCII letters and digits
become ASCII, invisible format characters vanish, and white space and controls, line ends and NUL among them, end a
token. No other fold: full-width punctuation, traditional characters and accents stay, they tell a model something.
A fastText label in the text (`__label__x`) can't survive, since "_" is a symbol, nor can its end-of-sentence word
`</s>`.

Guarantees: the numba kernel equals `naive.py` byte for byte; applied to its own output it changes nothing.

Price: about 100 MB/s on one busy core; the output takes up to twice the input's bytes, with line ends three times.
"""

from typing import Literal

import numpy as np
import pyarrow as pa

from corpus.kernels.arrow_text import text_buffers
from corpus.kernels.spaced_text import naive, numba_cpu
from corpus.kernels.spaced_text.classes import class_tables

__all__ = ["Han", "spaced_text"]

Han = Literal["apart", "joined"]


def spaced_text(
    text: pa.Array,
    *,
    han: Han = "apart",
    digits_to_zero: bool = False,
    line_ends: bool = False,
    backend: str = "numba",
) -> pa.LargeStringArray:
    """The tokens of each document, one space between them.

    Args:
        text: large_string or string of `N` documents; a null is an empty one.
        han: "apart" makes each letter of a script without spaces a token, "joined" keeps runs of them.
        digits_to_zero: write 0 for every decimal digit, as cc_net does before its language models.
        line_ends: write a line end as the token "¶", and an empty line or several as "¶¶"; carriage returns vanish.
        backend: "numba" or "naive".

    Example: `spaced_text(pa.array(["He said:\\n用Python写!!!"]))` gives `["he said : 用 python 写 !!"]`.
    """
    assert han in ("apart", "joined"), han
    if backend == "naive":
        spaced = [
            naive.spaced(document or "", han == "apart", digits_to_zero, line_ends) for document in text.to_pylist()
        ]
        return pa.array(spaced, pa.large_string())
    assert backend == "numba", backend
    data, offsets = text_buffers(text)
    kinds, lower = class_tables(digits_to_zero, line_ends)
    out, ends = np.empty(numba_cpu.room(offsets), np.uint8), np.zeros(len(offsets), np.int64)
    numba_cpu.spaced(data, offsets, kinds, lower, han == "apart", out, ends)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(out[: ends[-1]].copy())]
    return pa.Array.from_buffers(pa.large_string(), len(text), buffers)  # pyright: ignore[reportReturnType]
