"""Kinds that begin with a digit: IP addresses, resident ids, bank cards. Each function is its namesake in `naive.py`.

An `*_end` function returns where the span ends, or 0.
"""

import ipaddress

import numpy as np
from numba import njit

from corpus.kernels.jit import inner
from corpus.kernels.pii import grammar as g
from corpus.kernels.pii.numba_context import (
    CARD_CUES,
    IP_CUES,
    NUMBER_CUES,
    VERSION_CUES,
    back,
    cued,
    free_after,
    is_digit,
    look,
    lower,
)

_V4_FIRST = np.array([int(ipaddress.IPv4Address(first)) for first, _ in g.PRIVATE_V4], np.int64)
_V4_SHIFT = np.array([32 - bits for _, bits in g.PRIVATE_V4], np.int64)
_PROVINCE = np.zeros(100, np.bool_)
_PROVINCE[[int(province) for province in g.PROVINCES]] = True
_WEIGHTS = np.array(g.ID_WEIGHTS, np.int64)
_CHECKS = np.array([ord(c) for c in g.ID_CHECKS], np.int32)
_FIRST_YEAR, _LAST_YEAR = g.ID_YEARS
_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
_RANGES = np.array([(*each, len(str(each[0]))) for each in g.CARD_RANGES], np.int64)
_CUED_RANGES = np.array([(*each, len(str(each[0]))) for each in g.CUED_CARD_RANGES], np.int64)
_EDITION = np.int32(ord("版"))


@inner()
def read_digits(data, at, end, digits, filled):
    """Append the run of digits at `at` to `digits`, as far as it has room; the new length and the run's end."""
    while True:
        code, after = look(data, at, end)
        if not is_digit(code):
            return filled, at
        if filled < len(digits):
            digits[filled] = code - 48
        filled += 1
        at = after


@inner()
def value_of(digits, first, last):
    value = np.int64(0)
    for i in range(first, last):
        value = value * 10 + digits[i]
    return value


@njit(cache=True, nogil=True)
def _ipv4_end(data, start, at, end, digits):
    """End of the IPv4 address, 0 where there are four numbers that are none, -1 where there are not four numbers."""
    first = at
    address = np.int64(0)
    total = 0
    good = True
    for part in range(4):
        count, at = read_digits(data, at, end, digits, 0)
        if not 1 <= count <= 3:
            return -1
        value = value_of(digits, 0, count)
        good &= value <= 255 and not (count > 1 and digits[0] == 0)
        address = address << 8 | value
        total += count
        if part < 3:
            code, at = look(data, at, end)
            if code != 46:  # .
                return -1
    for i in range(len(_V4_FIRST)):
        good &= address >> _V4_SHIFT[i] != _V4_FIRST[i] >> _V4_SHIFT[i]
    if not good or cued(data, first, start, VERSION_CUES):
        return 0
    after, _ = look(data, at, end)
    if after == _EDITION or (total < g.MIN_IP_DIGITS and not cued(data, first, start, IP_CUES)):
        return 0
    return at


@inner()
def hex_value(code):
    if 48 <= code <= 57:
        return code - 48
    code = lower(code)
    return code - 87 if 97 <= code <= 102 else -1


@inner()
def _ipv6_end(data, start, at, end):
    """End of the IPv6 address of 2000::/3 that begins at `at`, or 0."""
    before, place = back(data, at, start)
    if before == 58:  # :
        two, _ = back(data, place, start)
        if hex_value(two) >= 0 or two == 58:
            return 0
    value, size, groups, colons, gaps, last = 0, 0, 0, 0, 0, at
    prefix = np.int64(0)
    while True:
        code, after = look(data, at, end)
        digit = hex_value(code)
        if digit >= 0:
            if size == 0:
                groups += 1
            value = value << 4 | digit
            size += 1
            colons = 0
            if size > 4:
                return 0
            if groups <= 2 and gaps == 0:
                prefix = prefix & ~np.int64(0xFFFF if groups == 2 else -1) | (value if groups == 2 else value << 16)
        elif code == 58:
            if groups == 1 and colons == 0 and size != 4:
                return 0
            colons += 1
            if colons == 1:
                last = at
            elif colons == 2:
                gaps += 1
            else:
                return 0
            value, size = 0, 0
        else:
            break
        at = after
    if colons == 1:
        at = last
    full = groups == 8 and gaps == 0
    if groups < 3 or not (full or (gaps == 1 and groups <= 7)) or prefix == 0x20010DB8:
        return 0
    return at


@njit(cache=True, nogil=True)
def ip_end(data, start, at, end, digits):
    found = _ipv4_end(data, start, at, end, digits)
    if found >= 0:
        return found
    code, _ = look(data, at, end)
    return _ipv6_end(data, start, at, end) if code == 50 or code == 51 else 0


@inner()
def _is_date(year, month, day):
    if not (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12):
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= _DAYS[month - 1] + leap


@inner()
def id_end(data, at, end, digits):
    count, after = read_digits(data, at, end, digits, 0)
    if count != 17 and count < 18:
        return 0
    if count >= 18:
        check = np.int32(digits[17] + 48)
        after = at
        for _ in range(18):
            _, after = look(data, after, end)
    else:
        check, after = look(data, after, end)
        check = check - 32 if check == 120 else check  # x
    total = np.int64(0)
    for i in range(17):
        total += digits[i] * _WEIGHTS[i]
    if check != _CHECKS[total % 11] or not _PROVINCE[value_of(digits, 0, 2)]:
        return 0
    good = _is_date(value_of(digits, 6, 10), value_of(digits, 10, 12), value_of(digits, 12, 14))
    return after if good else 0


@inner()
def id_15_end(data, at, end, digits):
    count, after = read_digits(data, at, end, digits, 0)
    if count != 15 or not _PROVINCE[value_of(digits, 0, 2)]:
        return 0
    good = _is_date(1900 + value_of(digits, 6, 8), value_of(digits, 8, 10), value_of(digits, 10, 12))
    return after if good else 0


@inner()
def _is_card(digits, count, ranges):
    known = False
    for i in range(len(ranges)):
        low, high, least, most, size = ranges[i]
        known |= low <= value_of(digits, 0, size) <= high and least <= count <= most
    if not known:
        return False
    total = 0
    for i in range(count):
        value = digits[count - 1 - i] * (1 + i % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


@njit(cache=True, nogil=True)
def _good_card(data, start, at, after, end, digits, count, grouped):
    if not free_after(data, after, end):
        return False
    if _is_card(digits, count, _RANGES):
        return True
    return _is_card(digits, count, _CUED_RANGES) and (grouped or cued(data, at, start, CARD_CUES))


@njit(cache=True, nogil=True)
def _card_shape(data, start, at, end, digits):
    count, after = read_digits(data, at, end, digits, 0)
    if 13 <= count <= 19:
        return after if _good_card(data, start, at, after, end, digits, count, False) else 0
    mark, _ = look(data, after, end)
    if count != 4 or (mark != 32 and mark != 45):
        return 0
    filled = np.empty(5, np.int64)  # digits after each group, and where it ends
    ends = np.empty(5, np.int64)
    filled[0], ends[0] = count, after
    groups = 1
    while groups < 5:
        code, place = look(data, ends[groups - 1], end)
        if code != mark:
            break
        filled[groups], ends[groups] = read_digits(data, place, end, digits, filled[groups - 1])
        if filled[groups] == filled[groups - 1]:
            break
        groups += 1
    fours = groups >= 4 and filled[1] == 8 and filled[2] == 12 and filled[3] == 16
    if fours and groups == 5 and filled[4] == 19 and _good_card(data, start, at, ends[4], end, digits, 19, True):
        return ends[4]
    if fours and _good_card(data, start, at, ends[3], end, digits, 16, True):
        return ends[3]
    if (
        groups >= 3
        and filled[1] == 10
        and filled[2] == 15
        and _good_card(data, start, at, ends[2], end, digits, 15, True)
    ):
        return ends[2]
    return 0


@njit(cache=True, nogil=True)
def card_end(data, start, at, end, digits):
    found = _card_shape(data, start, at, end, digits)
    if found and not cued(data, at, start, CARD_CUES) and cued(data, at, start, NUMBER_CUES):
        return 0
    return found
