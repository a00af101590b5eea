"""Every code point there is comes out of its bytes and goes into them as Python has it."""

import numpy as np
from numba import njit

from corpus.kernels import utf8

CODE_POINTS = np.array([c for c in range(0x110000) if not 0xD800 <= c < 0xE000])
ENCODED = np.frombuffer("".join(map(chr, CODE_POINTS)).encode(), np.uint8)


@njit  # not cached: numba would not see that `utf8` changed
def _decode_all(data, code_points, starts):
    at = count = 0
    while at < len(data):
        starts[count] = at
        code_points[count], at = utf8.decode(data, at)
        count += 1
    return count


@njit
def _encode_all(code_points, out):
    at = 0
    for code_point in code_points:
        at = utf8.encode(code_point, out, at)
    return at


@njit
def _continue(data, out):
    for at in range(len(data)):
        out[at] = utf8.continues(data[at])


def test_decode() -> None:
    code_points, starts = np.empty(len(ENCODED), np.int64), np.empty(len(ENCODED), np.int64)
    count = _decode_all(ENCODED, code_points, starts)
    sizes = [len(chr(c).encode()) for c in CODE_POINTS]
    assert code_points[:count].tolist() == CODE_POINTS.tolist()
    assert starts[:count].tolist() == [0, *np.cumsum(sizes)[:-1]]


def test_encode() -> None:
    for dtype in (np.int32, np.int64):
        out = np.empty(len(ENCODED), np.uint8)
        assert _encode_all(CODE_POINTS.astype(dtype), out) == len(ENCODED)
        assert out.tobytes() == ENCODED.tobytes()


def test_continues() -> None:
    found = np.empty(len(ENCODED), np.bool_)
    _continue(ENCODED, found)
    assert (~found).sum() == len(CODE_POINTS)
    assert np.array_equal(ENCODED[~found][CODE_POINTS < 0x80], CODE_POINTS[CODE_POINTS < 0x80])
    assert ENCODED[found].min() == 0x80 and ENCODED[found].max() == 0xBF


@njit
def _back_all(data, starts):
    at, count = len(data), 0
    while at > 0:
        at = utf8.back(data, at, 0)
        starts[count] = at
        count += 1
    return count, utf8.count_chars(data, 0, len(data))


def test_backwards_and_counted() -> None:
    some = np.frombuffer("".join(map(chr, CODE_POINTS[::997])).encode(), np.uint8)
    starts, forwards, code_points = (np.empty(len(some), np.int64) for _ in range(3))
    count, chars = _back_all(some, starts)
    assert count == chars == len(CODE_POINTS[::997]) == _decode_all(some, code_points, forwards)
    assert starts[:count][::-1].tolist() == forwards[:count].tolist()


def test_no_bytes_make_a_code_point_that_tables_have_not() -> None:
    code_points, starts = np.empty(2, np.int64), np.empty(2, np.int64)
    for data in (b"\xf7\xbf\xbf\xbf", b"\xff\xff\xff\xff", b"\xf4\x90\x80\x80"):
        _decode_all(np.frombuffer(data, np.uint8), code_points, starts)
        assert code_points[0] == 0x10FFFF
