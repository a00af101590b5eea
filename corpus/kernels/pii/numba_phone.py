"""Phone numbers: `naive.phone_end` over bytes."""

import numpy as np
from numba import njit

from corpus.kernels.jit import inner
from corpus.kernels.pii import grammar as g
from corpus.kernels.pii.numba_context import (
    NUMBER_CUES,
    PHONE_CUES,
    back,
    cued,
    free_after,
    is_digit,
    look,
)
from corpus.kernels.pii.numba_numbers import read_digits, value_of

_QUANTITIES = np.array([ord(c) for c in g.QUANTITIES], np.int32)
_MOBILE = np.zeros(1000, np.bool_)
_MOBILE[[int(prefix) for prefix in g.MOBILE_PREFIXES]] = True
_TOLL_FREE = np.zeros(1000, np.bool_)
_TOLL_FREE[[int(prefix) for prefix in g.TOLL_FREE]] = True


def _lengths() -> np.ndarray:
    """Least and greatest number of digits for each first three digits."""
    lengths = np.zeros((1000, 2), np.int64)
    lengths[:, 0] = 1
    for first in range(1000):
        digits = f"{first:03}"
        known = [digits[:size] for size in (1, 2, 3) if digits[:size] in g.CALLING_CODES]
        if known:
            lengths[first] = g.CALLING_CODES[known[0]]
        elif digits[:2] in g.THREE_DIGIT_CODES:
            lengths[first] = 10, 13
    return lengths


_LENGTHS = _lengths()


@inner()
def _is_international(digits, count):
    if count < 3:
        return False
    least, most = _LENGTHS[value_of(digits, 0, 3)]
    if not least <= count <= most:
        return False
    if digits[0] == 1:
        area = value_of(digits, 1, 4)
        return area >= 200 and digits[4] >= 2 and area % 100 != 11 and not _TOLL_FREE[area]
    if digits[0] == 8 and digits[1] == 6:
        return _MOBILE[value_of(digits, 2, 5)] if count == 13 and digits[2] == 1 else digits[2] != 0
    return True


@inner()
def _bracket(data, at, end, digits, filled):
    """Digits in brackets with a space or `-` around: the new length and where what follows begins, 0 if none."""
    code, after = look(data, at, end)
    if code == 32 or code == 45:
        code, after = look(data, after, end)
    if code != 40:  # (
        return filled, 0
    inner = filled
    count, after = read_digits(data, after, end, digits, inner)
    code, place = look(data, after, end)
    if not inner < count <= inner + 4 or code != 41:
        return filled, 0
    code, after = look(data, place, end)
    if code == 32 or code == 45:
        place = after
        code, _ = look(data, place, end)
    if not is_digit(code):
        return filled, 0
    if count == inner + 1 and inner < len(digits) and digits[inner] == 0:
        count = inner  # (0), the trunk prefix
    return count, place


@inner()
def _international_end(data, at, end, digits):
    _, at = look(data, at, end)
    best = 0
    count = 0
    for group in range(8):
        filled, after = read_digits(data, at, end, digits, count)
        if filled > count:
            count, at = filled, after
            if count > 15:
                break
            code, place = look(data, at, end)
            more, _ = look(data, place, end)
            if _is_international(digits, count) and ((code == 32 and is_digit(more)) or free_after(data, at, end)):
                best = at
            any_digits = True
        else:
            if group == 0:
                break
            any_digits = False
        bracketed, after = _bracket(data, at, end, digits, count)
        if after:
            count, at = bracketed, after
            continue
        code, place = look(data, at, end)
        more, _ = look(data, place, end)
        if any_digits and (code == 32 or code == 46 or code == 45) and is_digit(more):
            at = place
        else:
            break
    return best


@inner()
def _group(data, at, end, digits, size, mark):
    """End of `mark` and exactly `size` digits at `at`, 0 otherwise."""
    code, place = look(data, at, end)
    if code != mark:
        return 0
    count, after = read_digits(data, place, end, digits, 0)
    return after if count == size else 0


@inner()
def _mobile_end(data, at, end, digits):
    """End of a mainland mobile number, 0 if none; and whether its groups are parted by spaces."""
    count, after = read_digits(data, at, end, digits, 0)
    skip = 0
    if count >= 4 and value_of(digits, 0, 4) == 86:
        skip = 4
    elif count >= 2 and value_of(digits, 0, 2) == 86:
        skip = 2
    if skip and count == skip:
        code, place = look(data, after, end)
        if code != 32 and code != 45:
            return 0, False
        count, after = read_digits(data, place, end, digits, 0)
        skip = 0
    count -= skip
    if count < 3 or not _MOBILE[value_of(digits, skip, skip + 3)]:
        return 0, False
    if count == 11:
        return after, False
    mark, _ = look(data, after, end)
    if count != 3 or (mark != 32 and mark != 45):
        return 0, False
    after = _group(data, after, end, digits, 4, mark)
    return (_group(data, after, end, digits, 4, mark) if after else 0), mark == 32


@inner()
def _is_area(digits, count):
    """Whether digits are `0` and a mainland area code."""
    if count < 3 or digits[0] != 0:
        return False
    if digits[1] >= 3:
        return count == 4
    return count == 3 and (digits[1] == 2 or (digits[1] == 1 and digits[2] == 0))


@inner()
def _local_end(data, at, end, digits):
    """End of a local number of 7 or 8 digits, one mark before the last four allowed; and an extension."""
    count, after = read_digits(data, at, end, digits, 0)
    if count == 0 or not 2 <= digits[0] <= 8:
        return 0
    if count == 3 or count == 4:
        mark, _ = look(data, after, end)
        if mark != 32 and mark != 45:
            return 0
        after = _group(data, after, end, digits, 4, mark)
    elif count != 7 and count != 8:
        return 0
    if after:
        code, place = look(data, after, end)
        if code == 45:
            count, extension = read_digits(data, place, end, digits, 0)
            if 1 <= count <= 5:
                after = extension
    return after


@inner()
def _landline_end(data, at, end, digits):
    """End of a mainland landline number with its area code apart; and whether a space follows the area code."""
    code, place = look(data, at, end)
    bracketed = code == 40
    count, after = read_digits(data, place if bracketed else at, end, digits, 0)
    if not _is_area(digits, count):
        return 0, False
    mark, place = look(data, after, end)
    if bracketed:
        if mark != 41:
            return 0, False
        mark, after = look(data, place, end)
        if mark == 32 or mark == 45:
            place = after
    elif mark != 32 and mark != 45:
        return 0, False
    return _local_end(data, place, end, digits), not bracketed and mark == 32


@inner()
def _joined_landline_end(data, at, end, digits):
    count, after = read_digits(data, at, end, digits, 0)
    if not 10 <= count <= 12:
        return 0
    area = 4 if digits[1] >= 3 else 3
    if not _is_area(digits, area) or not 7 <= count - area <= 8 or not 2 <= digits[area] <= 8:
        return 0
    return after


@inner()
def _north_american_end(data, at, end, digits):
    code, after = look(data, at, end)
    dashed = True  # without brackets the mark after a leading 1 is no space
    if code == 49:
        code, after = look(data, after, end)
        if code != 45 and code != 46 and code != 32:
            return 0
        dashed = code != 32
        at = after
        code, after = look(data, at, end)
    bracketed = code == 40
    if not bracketed and not dashed:
        return 0
    count, after = read_digits(data, after if bracketed else at, end, digits, 0)
    if count != 3 or digits[0] < 2:
        return 0
    area = value_of(digits, 0, 3)
    code, at = look(data, after, end)
    if bracketed:
        if code != 41:
            return 0
        code, after = look(data, at, end)
        if code == 32 or code == 45:
            at = after
    elif code != 45 and code != 46:
        return 0
    count, after = read_digits(data, at, end, digits, 0)
    if count != 3 or digits[0] < 2:
        return 0
    exchange = value_of(digits, 0, 3)
    code, at = look(data, after, end)
    count, after = read_digits(data, at, end, digits, 0)
    if (code != 45 and code != 46) or count != 4:
        return 0
    return 0 if _TOLL_FREE[area] or area % 100 == 11 or exchange % 100 == 11 else after


@njit(cache=True, nogil=True)
def _national_end(data, start, at, end, digits):
    found, spaced = _mobile_end(data, at, end, digits)
    if not found:
        found, spaced = _landline_end(data, at, end, digits)
    if not found:
        found = _joined_landline_end(data, at, end, digits)
        if found and not cued(data, at, start, PHONE_CUES):
            return 0
    if not found:
        found = _north_american_end(data, at, end, digits)
    if not found:
        return 0
    after, place = look(data, found, end)
    for code in _QUANTITIES:
        if after == code:
            return 0
    if spaced:
        more, _ = look(data, place, end)
        before, place = back(data, at, start)
        two, _ = back(data, place, start)
        if (after == 32 and is_digit(more)) or (before == 32 and is_digit(two)):
            return 0
    return found if cued(data, at, start, PHONE_CUES) or not cued(data, at, start, NUMBER_CUES) else 0


@njit(cache=True, nogil=True)
def phone_end(data, start, at, end, digits):
    code, _ = look(data, at, end)
    if code == 43:  # +
        return _international_end(data, at, end, digits)
    return _national_end(data, start, at, end, digits)
