"""Code points out of UTF-8 bytes, one at a time, forwards and backwards.

All are inlined into the caller: a call would count references to each array, at several times the price of the work.
"""

import numpy as np

from corpus.kernels.jit import inner


@inner()
def decode(data, place):
    """The code point at `place` and where the next begins."""
    lead = np.int64(data[place])
    if lead < 0x80:
        return lead, place + 1
    second = np.int64(data[place + 1]) & 0x3F
    if lead < 0xE0:
        return ((lead & 0x1F) << 6) | second, place + 2
    third = np.int64(data[place + 2]) & 0x3F
    if lead < 0xF0:
        return ((lead & 0x0F) << 12) | (second << 6) | third, place + 3
    code_point = ((lead & 0x07) << 18) | (second << 12) | (third << 6) | (np.int64(data[place + 3]) & 0x3F)
    return min(code_point, np.int64(0x10FFFF)), place + 4


@inner()
def back(data, place, begin):
    """Where the character before `place` begins, `begin` at the least."""
    place -= 1
    while place > begin and data[place] & 0xC0 == 0x80:
        place -= 1
    return place


@inner()
def count_chars(data, begin, end):
    """Code points in the bytes `begin` to `end`."""
    chars = 0
    for at in range(begin, end):
        chars += (data[at] & 0xC0) != 0x80
    return chars
