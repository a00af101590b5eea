"""What the model is shown of a document: its beginning, white space as spaces, capitals lowered, an end mark."""

import numpy as np

from corpus.kernels.fasttext.case import SMALL
from corpus.kernels.jit import inner
from corpus.kernels.utf8 import continues, decode, encode

__all__ = ["END", "show"]

END = np.frombuffer(b" </s> ", np.uint8)


@inner()
def _in_capitals(data, begin, end, lower):
    found = False
    at = begin
    while at < end:
        code_point, at = decode(data, at)
        if code_point < len(lower):
            if lower[code_point] == SMALL:
                return False
            found |= lower[code_point] != 0
    return found


@inner()
def show(data, begin, end, max_chars, lower, out):
    """Write what the model is shown to `out[1:]`, ending with `</s>`; return where that ends."""
    if end - begin > max_chars:
        chars = 0
        at = begin
        while at < end:
            if not continues(data[at]):
                if chars == max_chars:
                    end = at
                    break
                chars += 1
            at += 1
    used = 1
    if len(lower) and _in_capitals(data, begin, end, lower):
        at = begin
        while at < end:
            code_point, at = decode(data, at)
            if code_point < len(lower) and lower[code_point] != 0:
                code_point = lower[code_point]
            used = encode(code_point, out, used)
    else:
        for at in range(begin, end):
            out[used] = data[at]
            used += 1
    for at in range(1, used):
        if out[at] <= 13 and (out[at] >= 9 or out[at] == 0):
            out[at] = 32
    for i in range(len(END)):
        out[used + i] = END[i]
    return used + len(END)
