"""One walk over the UTF-8 buffer: most bytes are a table look-up, the rest go to the kind that they may begin."""

import numpy as np
from numba import njit

from corpus.kernels.jit import inner
from corpus.kernels.pii import grammar as g
from corpus.kernels.pii.numba_context import free_after, free_before, is_digit, is_letter, look
from corpus.kernels.pii.numba_keys import TELLS, email_span, key_span, may_be_key
from corpus.kernels.pii.numba_numbers import card_end, id_15_end, id_end, ip_end
from corpus.kernels.pii.numba_phone import phone_end

_NOTHING, _DIGIT, _AT, _FULL_WIDTH, _TELL, _OPENER = range(6)


def _classes() -> np.ndarray:
    """What each byte may begin or give away."""
    classes = np.zeros(256, np.uint8)
    classes[TELLS] = _TELL
    classes[[ord(c) for c in "0123456789"]] = _DIGIT
    classes[[ord("+"), ord("(")]] = _OPENER
    classes[ord("@")] = _AT
    classes[0xEF] = _FULL_WIDTH
    return classes


_CLASSES = _classes()


@inner()
def _add(spans, count, document, first, last, kind):
    if count < len(spans):
        spans[count, 0], spans[count, 1], spans[count, 2], spans[count, 3] = document, first, last, kind
    return count + 1


@njit(cache=True, nogil=True)
def _numbers_at(data, at, start, end, code, wanted, digits, spans, count, document):
    """Candidates that begin at `at` with a digit, `+` or `(`."""
    phone = wanted[g.PHONE] and free_before(data, at, start, g.PHONE)
    ip = person = other = False
    if is_digit(code):
        ip = wanted[g.IP] and free_before(data, at, start, g.IP)
        person = free_before(data, at, start, g.RESIDENT_ID)
        other = free_before(data, at, start, g.BANK_CARD)
    for kind in range(g.IP, g.PHONE + 1):
        found = 0
        if kind == g.IP and ip:
            found = ip_end(data, start, at, end, digits)
        elif kind == g.RESIDENT_ID and person and wanted[kind]:
            found = id_end(data, at, end, digits)
        elif kind == g.RESIDENT_ID_15 and other and wanted[kind]:
            found = id_15_end(data, at, end, digits)
        elif kind == g.BANK_CARD and other and wanted[kind]:
            found = card_end(data, start, at, end, digits)
        elif kind == g.PHONE and phone:
            found = phone_end(data, start, at, end, digits)
        if found and free_after(data, found, end):
            count = _add(spans, count, document, at, found, kind)
    return count


@inner()
def _run_of_digits(data, at, end):
    """How many digits there are at `at`, where they end, and whether anything longer may begin with them."""
    count = 0
    first, _ = look(data, at, end)
    code, after = look(data, at, end)
    while is_digit(code):
        count += 1
        at = after
        code, after = look(data, at, end)
    if count >= 10:
        return at, True
    if code == 32 or code == 45 or code == 46:  # a mark, and a digit or a bracket behind it
        more, _ = look(data, after, end)
        return at, is_digit(more) or more == 40
    return at, (first == 50 or first == 51) and count <= 4 and (code == 58 or is_letter(code))  # 2xxx:, 3xxx:


@njit(cache=True, nogil=True)
def candidates(data, offsets, wanted, spans):
    """Write candidates to `spans` as far as there is room, and return how many there are."""
    digits = np.zeros(32, np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        start, end = offsets[document], offsets[document + 1]
        at = start
        while at < end:
            kind = _CLASSES[data[at]]
            if kind == _NOTHING:
                at += 1
                continue
            if kind == _TELL:
                if wanted[g.KEY] and (at == start or may_be_key(data, at, end)):
                    first, last = key_span(data, at, start, end)
                    if last:
                        count = _add(spans, count, document, first, last, g.KEY)
                at += 1
                continue
            code, after = look(data, at, end)
            if is_digit(code):
                after, promising = _run_of_digits(data, at, end)
                if promising:
                    count = _numbers_at(data, at, start, end, code, wanted, digits, spans, count, document)
            elif (code == 43 or code == 40) and is_digit(look(data, after, end)[0]):
                count = _numbers_at(data, at, start, end, code, wanted, digits, spans, count, document)
            elif code == 64 and wanted[g.EMAIL]:
                first, last = email_span(data, at, after, start, end)
                if last:
                    count = _add(spans, count, document, first, last, g.EMAIL)
            at = after
    return count


@njit(cache=True, nogil=True)
def keep_first(spans):
    """Of spans sorted by document, start and kind, mark those that do not overlap one marked before."""
    keep = np.zeros(len(spans), np.bool_)
    last = -1
    for i in range(len(spans)):
        if last < 0 or spans[i, 0] != spans[last, 0] or spans[i, 1] >= spans[last, 2]:
            keep[i] = True
            last = i
    return keep


@njit(cache=True, nogil=True)
def replace(data, offsets, spans, tokens, token_at):
    """The buffers with each span replaced by the token of its kind; `spans` in absolute bytes, in order."""
    rows = len(offsets) - 1
    size = offsets[rows] - offsets[0]
    for i in range(len(spans)):
        size += token_at[spans[i, 3] + 1] - token_at[spans[i, 3]] - (spans[i, 2] - spans[i, 1])
    out = np.empty(size, np.uint8)
    bounds = np.zeros(rows + 1, np.int64)
    done = offsets[0]
    filled = 0
    i = 0
    for row in range(rows):
        while i < len(spans) and spans[i, 0] == row:
            kept = spans[i, 1] - done
            out[filled : filled + kept] = data[done : done + kept]
            filled += kept
            for at in range(token_at[spans[i, 3]], token_at[spans[i, 3] + 1]):
                out[filled] = tokens[at]
                filled += 1
            done = spans[i, 2]
            i += 1
        kept = offsets[row + 1] - done
        out[filled : filled + kept] = data[done : done + kept]
        filled += kept
        done = offsets[row + 1]
        bounds[row + 1] = filled
    return out, bounds
