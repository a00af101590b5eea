"""Lines, sentences and keys of paragraphs straight from UTF-8 buffers. `naive.py` says what each must return."""

import numpy as np

from corpus.kernels.jit import inner, kernel, raw
from corpus.kernels.shingle.fold import DROP, MANY
from corpus.kernels.shingle.naive import SECOND_PRIME as _SECOND_PRIME
from corpus.kernels.shingle.naive import WINDOW_PRIME as _WINDOW_PRIME
from corpus.kernels.shingle.tokens import mix64
from corpus.kernels.units.classes import CLOSER, END, LINE_FEED, SPACE, SPACED_END, TOLD
from corpus.kernels.utf8 import decode

_WINDOW, _SECOND, _ZERO = np.uint64(_WINDOW_PRIME), np.uint64(_SECOND_PRIME), np.uint64(0)
_MARK, _AFTER = SPACED_END | END, SPACED_END | END | CLOSER
_POINT, _BLANK = ord("."), 32


@inner()
def _next(data, at):
    """As `decode`, with the short way for ASCII."""
    lead = np.int32(data[at])
    if lead < 0x80:
        return lead, at + 1
    return decode(data, at)


@inner()
def _lines(data, begin, end, flags, spans, count):
    """Append the lines of one document that hold a letter or digit; returns their new number."""
    first, told, at = begin, False, begin
    while at < end:
        code, after = _next(data, at)
        if code == 10:
            if told:
                spans[count, 1], spans[count, 2] = first - begin, at - begin
                count += 1
            first, told = after, False
            at = after
        elif told:
            while at < end and data[at] != 10:
                at += 1
        else:
            told = flags[code] & TOLD != 0
            at = after
    if told:
        spans[count, 1], spans[count, 2] = first - begin, end - begin
        count += 1
    return count


@inner()
def _sentences(data, begin, end, flags, spans, count):
    """Append the sentences of one document that hold a letter or digit; returns their new number."""
    first, last, told, at = begin, begin, False, begin  # `last` is behind the last character that is no white space
    letters = 0  # characters that tell, up to `at`
    while at < end:
        code, after = _next(data, at)
        flag = flags[code]
        ended = flag & LINE_FEED != 0
        if flag & TOLD:
            told, last = True, after
            letters += 1
        else:
            if flag & _MARK:
                everywhere, stop, num_marks = flag & END != 0, after, 1
                while stop < end:
                    following, behind = _next(data, stop)
                    if not flags[following] & _AFTER:
                        break
                    everywhere |= flags[following] & END != 0
                    stop = behind
                    num_marks += 1
                last = stop
                ended = everywhere or stop >= end or flags[_next(data, stop)[0]] & SPACE != 0
                if ended and not everywhere and num_marks == 1 and code == _POINT and letters == 1:
                    ended = False
                after = stop
            elif not flag & SPACE:
                last = after
            letters = 0
        if ended:
            if told:
                spans[count, 1], spans[count, 2] = first - begin, last - begin
                count += 1
            first, last, told = after, after, False
        elif flag & SPACE and first == at:
            first, last = after, after
        at = after
    if told:
        spans[count, 1], spans[count, 2] = first - begin, last - begin
        count += 1
    return count


@kernel()
def find(data, offsets, row, is_sentences, flags, spans):
    """Write the units of the documents from `row` on to `spans`, rows of (document, start, end), while there is room.

    Returns:
        the first document that had no room, and the number of units written.
    """
    count = 0
    while row < len(offsets) - 1:
        begin, end = offsets[row], offsets[row + 1]
        if count + (end - begin) // 2 + 1 > len(spans):  # a unit is a letter and what parts it from the next
            return row, count
        before = count
        if is_sentences:
            count = _sentences(raw(data), begin, end, raw(flags), spans, count)
        else:
            count = _lines(raw(data), begin, end, raw(flags), spans, count)
        for unit in range(before, count):
            spans[unit, 0] = row
        row += 1
    return row, count


@inner()
def _mixed(first, second, code):
    value = np.uint64(code)
    return first * _WINDOW + value, second * _SECOND + value


@kernel()
def paragraph_keys(data, starts, ends, forms, many, keys):
    """The keys of the bytes from each start to each end."""
    for unit in range(len(starts)):
        first, second, size = _ZERO, _ZERO, 0
        blank = False  # white space that is not written yet
        at = starts[unit]
        while at < ends[unit]:
            code, at = _next(data, at)
            form = forms[code]
            if form == DROP:
                continue
            if form == _BLANK:
                blank = size > 0
                continue
            if blank:
                first, second = _mixed(first, second, _BLANK)
                size += 1
                blank = False
            if form > MANY:
                first, second = _mixed(first, second, form)
                size += 1
            else:
                run = MANY - form
                for place in range(run + 1, run + 1 + many[run]):
                    first, second = _mixed(first, second, many[place])
                    size += 1
        keys[unit, 0], keys[unit, 1] = mix64(first), mix64(second ^ np.uint64(size))
