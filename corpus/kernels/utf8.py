"""Code points out of UTF-8 bytes and into them, one at a time.

Only kernels can call these. They take bytes that are valid UTF-8, as those of an Arrow string are; of other bytes they
make some code point up to U+10FFFF, and may read three bytes behind the last. `data` and `out` are arrays or, from
`corpus.kernels.jit.raw`, pointers.
"""

import numpy as np

from corpus.kernels.jit import inner

__all__ = ["back", "continues", "count_chars", "decode", "encode"]

_LAST = np.int32(0x10FFFF)


@inner()
def continues(byte):
    """Whether a byte belongs to a code point that began before it."""
    return (byte & 0xC0) == 0x80


@inner()
def decode(data, at):
    """The code point at byte `at`, and where the next one begins."""
    lead = np.int32(data[at])
    if lead < 0x80:
        return lead, at + 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | np.int32(data[at + 1]) & 0x3F, at + 2
    if lead < 0xF0:
        high = (lead & 0x0F) << 12 | (np.int32(data[at + 1]) & 0x3F) << 6
        return high | np.int32(data[at + 2]) & 0x3F, at + 3
    high = (lead & 0x07) << 18 | (np.int32(data[at + 1]) & 0x3F) << 12
    return min(high | (np.int32(data[at + 2]) & 0x3F) << 6 | np.int32(data[at + 3]) & 0x3F, _LAST), at + 4


@inner()
def back(data, at, begin):
    """Where the code point before byte `at` begins, `begin` at the least."""
    at -= 1
    while at > begin and continues(data[at]):
        at -= 1
    return at


@inner()
def count_chars(data, begin, end):
    """Code points in the bytes `begin` to `end`."""
    chars = 0
    for at in range(begin, end):
        chars += not continues(data[at])
    return chars


@inner(inline="always")  # a loop that does little else is some percent slower where LLVM does the inlining
def encode(code_point, out, at):
    """Write a code point to `out` from byte `at` on; return where the next one goes."""
    if code_point < 0x80:
        out[at] = code_point
        return at + 1
    if code_point < 0x800:
        out[at] = 0xC0 | code_point >> 6
        out[at + 1] = 0x80 | code_point & 0x3F
        return at + 2
    if code_point < 0x10000:
        out[at] = 0xE0 | code_point >> 12
        out[at + 1] = 0x80 | code_point >> 6 & 0x3F
        out[at + 2] = 0x80 | code_point & 0x3F
        return at + 3
    out[at] = 0xF0 | code_point >> 18
    out[at + 1] = 0x80 | code_point >> 12 & 0x3F
    out[at + 2] = 0x80 | code_point >> 6 & 0x3F
    out[at + 3] = 0x80 | code_point & 0x3F
    return at + 4
