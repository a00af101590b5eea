"""Keys and e-mail addresses: `naive.keys` and `naive.emails` from the byte that gives each of them away."""

import numpy as np
from numba import njit

from corpus.kernels.jit import inner
from corpus.kernels.pii import grammar as g
from corpus.kernels.pii.numba_context import back, is_alnum, is_digit, is_letter, look, lower

_PREFIXES = np.array([ord(c) for each in g.KEY_FORMATS for c in each[0]], np.uint8)
_PREFIX_AT = np.cumsum([0, *(len(each[0]) for each in g.KEY_FORMATS)])
_FORMATS = np.array([each[1:] for each in g.KEY_FORMATS], np.int64)


def _given_away(prefix: str) -> int:
    """Place of the byte of a prefix that is rare in text."""
    return next(prefix.rindex(mark) for mark in ("_", "-", "K", "z", "S") if mark in prefix)


_TELL_AT = np.array([_given_away(each[0]) for each in g.KEY_FORMATS], np.int64)
_TELL = np.array([ord(each[0][_given_away(each[0])]) for each in g.KEY_FORMATS], np.uint8)
TELLS = sorted({*map(int, _TELL), ord("J"), ord("-")})


def _before_tells() -> np.ndarray:
    """Bytes that stand before the tell of some format."""
    before = np.zeros(256, np.bool_)
    for place, (prefix, *_) in zip(_TELL_AT, g.KEY_FORMATS, strict=True):
        before[ord(prefix[place - 1])] = True
    before[ord("y")] = True
    return before


_BEFORE_TELL = _before_tells()


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


_BEGIN = _bytes("-----BEGIN ")
_END = _bytes("-----END ")
_DASHES = _bytes("-----")
_PRIVATE = _bytes("PRIVATE KEY")
_BLOCK = _bytes("PRIVATE KEY BLOCK")
_EXAMPLES = tuple(_bytes(domain) for domain in g.EXAMPLE_DOMAINS)
_TOP_LEVEL = _bytes(" " + " ".join(sorted(g.TOP_LEVEL)) + " ")
_NO_COUNTRY = _bytes(" " + " ".join(sorted(g.NO_COUNTRY)) + " ")


@inner()
def _here(data, at, end, word):
    """Whether the bytes of `word` are at `at`."""
    if at + len(word) > end:
        return False
    same = True
    for i in range(len(word)):
        same &= data[at + i] == word[i]
        if not same:
            break
    return same


@inner()
def _is_body(byte, marks):
    return is_alnum(byte) or (marks and (byte == 95 or byte == 45))


@inner()
def _body_end(data, at, end, marks):
    while at < end and _is_body(data[at], marks):
        at += 1
    return at


@inner()
def _key_at(data, first, start, end, which):
    """End of a key of format `which` whose prefix begins at `first`, or 0."""
    marks, least, most, least_digits, least_run = _FORMATS[which]
    prefix = _PREFIXES[_PREFIX_AT[which] : _PREFIX_AT[which + 1]]
    if first < start or not _here(data, first, end, prefix):
        return 0
    if first > start and _is_body(data[first - 1], True):
        return 0
    body = first + len(prefix)
    after = _body_end(data, body, end, marks)
    if not least <= after - body <= most or (after < end and (data[after] == 95 or data[after] == 45)):
        return 0
    digits, run, longest = 0, 0, 0
    for at in range(body, after):
        digits += is_digit(data[at])
        run = run + 1 if is_alnum(data[at]) else 0
        longest = max(longest, run)
    return after if digits >= least_digits and longest >= least_run else 0


@inner()
def _jwt_end(data, first, start, end):
    if first < start or data[first] != 101 or data[first + 1] != 121:  # ey
        return 0
    if first > start and (_is_body(data[first - 1], True) or data[first - 1] == 46):
        return 0
    at = first
    for part in range(3):
        if part < 2:
            if at + 3 > end or data[at] != 101 or data[at + 1] != 121 or data[at + 2] != 74:
                return 0
            at += 3
        after = _body_end(data, at, end, True)
        if after - at < g.JWT_PART:
            return 0
        at = after
        if part < 2:
            if at >= end or data[at] != 46:
                return 0
            at += 1
    return at


@inner()
def _key_block_end(data, first, end):
    if not _here(data, first, end, _BEGIN):
        return 0
    kind = first + len(_BEGIN)
    at = kind
    while at < end and (65 <= data[at] <= 90 or is_digit(data[at]) or data[at] == 32):
        at += 1
    size = at - kind
    known = size >= len(_PRIVATE) and _here(data, at - len(_PRIVATE), end, _PRIVATE)
    known |= size >= len(_BLOCK) and _here(data, at - len(_BLOCK), end, _BLOCK)
    if size > g.KEY_BLOCK_TYPE or not known or not _here(data, at, end, _DASHES):
        return 0
    at += len(_DASHES)
    length = len(_END) + size + len(_DASHES)
    for place in range(at, min(end, at + g.KEY_BLOCK_BYTES) - length + 1):
        if data[place] != 45 or not _here(data, place, end, _END):
            continue
        after = place + len(_END)
        if _here(data, after, end, data[kind : kind + size]) and _here(data, after + size, end, _DASHES):
            return place + length
    return 0


@inner()
def may_be_key(data, at, end):
    """Whether the bytes beside a tell allow a key, so that most hyphens cost nothing more."""
    return _BEFORE_TELL[data[at - 1]] or (data[at] == 45 and at + 1 < end and data[at + 1] == 45)


@inner()
def key_span(data, at, start, end):
    """Start and end of the key that byte `at` gives away; 0, 0 if there is none."""
    byte = data[at]
    for which in range(len(_TELL)):
        if _TELL[which] == byte:
            first = at - _TELL_AT[which]
            found = _key_at(data, first, start, end, which)
            if found:
                return first, found
    if byte == 74:  # J
        found = _jwt_end(data, at - 2, start, end)
        return (at - 2, found) if found else (0, 0)
    if byte == 45:
        found = _key_block_end(data, at, end)
        if found:
            return at, found
    return 0, 0


@inner()
def _is_local(code):
    return is_alnum(code) or code == 46 or code == 95 or code == 37 or code == 43 or code == 45


@inner()
def _local_start(data, at, start):
    """Where the local part before `@` at `at` begins; `at` if it has none or is too long."""
    first = at
    place = at
    size = 0
    kept = 0  # characters from `first` on
    while True:
        code, before = back(data, place, start)
        if not _is_local(code):
            break
        place = before
        size += 1
        if is_alnum(code) or code == 95:
            first = place
            kept = size
    if kept > g.MAX_LOCAL or kept == 0:
        return at
    return at if kept == 3 and _is_git(data, first, at) else first


@inner()
def _is_git(data, at, end):
    first, at = look(data, at, end)
    second, at = look(data, at, end)
    third, _ = look(data, at, end)
    return lower(first) == 103 and lower(second) == 105 and lower(third) == 116


@inner()
def _domain(data, at, end, name, ends):
    """The lower-case domain at `at` in `name`: its labels' ends in `name`, the bytes' in `ends[:, 1]`; their number."""
    labels = 0
    size = 0
    while labels < len(ends):
        first = size
        kept = size  # without trailing '-'
        kept_at = at
        code, after = look(data, at, end)
        while (is_alnum(code) or code == 45) and size < len(name):
            name[size] = lower(code)
            size += 1
            at = after
            if code != 45:
                kept, kept_at = size, at
            code, after = look(data, at, end)
        if kept == first or kept - first > 63 or name[first] == 45:
            break
        ends[labels, 0], ends[labels, 1] = kept, kept_at
        labels += 1
        if kept != size or code != 46 or size >= len(name):
            break
        name[size] = 46
        size += 1
        at = after
    return labels


@inner()
def _listed(words, name, first, size):
    """Whether `name[first : first + size]` is one of the words, which have spaces round them."""
    for at in range(len(words) - size - 1):
        if words[at] == 32 and words[at + size + 1] == 32:
            same = True
            for i in range(size):
                same &= words[at + 1 + i] == name[first + i]
            if same:
                return True
    return False


@inner()
def _is_top_level(name, first, last):
    size = last - first
    return not _listed(_NO_COUNTRY, name, first, size) if size == 2 else _listed(_TOP_LEVEL, name, first, size)


@njit(cache=True, nogil=True)
def email_span(data, at, after, start, end):
    """Start and end of the address round the `@` of `data[at:after]`; 0, 0 if there is none."""
    first = _local_start(data, at, start)
    if first == at:
        return 0, 0
    name = np.zeros(g.MAX_DOMAIN + 66, np.uint8)
    ends = np.empty((160, 2), np.int64)
    labels = _domain(data, after, end, name, ends)
    while labels:
        begin = ends[labels - 2, 0] + 1 if labels > 1 else 0
        letters = True
        for i in range(begin, ends[labels - 1, 0]):
            letters &= is_letter(name[i])
        if letters:
            break
        labels -= 1
    if labels < 2:
        return 0, 0
    size = ends[labels - 1, 0]
    if size > g.MAX_DOMAIN or not _is_top_level(name, ends[labels - 2, 0] + 1, size):
        return 0, 0
    for example in _EXAMPLES:
        cut = size - len(example)
        if cut >= 0 and (cut == 0 or name[cut - 1] == 46) and _here(name, cut, size, example):
            return 0, 0
    return first, ends[labels - 1, 1]
