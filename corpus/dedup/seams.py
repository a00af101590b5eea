"""Spans to cut, with the white space that belongs to them: what is left reads as if they had not been there.

The rules, for a span and the spans that touch it:
- Whole lines go with their line end, and where an empty line or the document's beginning stands before them, with the
  empty lines behind: no empty lines grow.
- A span that begins inside a line leaves that line's end; where it reaches it, it goes with the blanks before it.
- A span that begins with its line or behind blanks, but ends inside its line, goes with the blanks behind it.
- Where the end of a document is cut, so is the white space before that.

All else stays byte for byte. `spans_before` carries spans over from a text that is cut already.
"""

import numpy as np
import pyarrow as pa

from corpus.dedup.spans import Spans, merge_spans
from corpus.kernels.arrow_text import text_buffers
from corpus.kernels.jit import inner, kernel
from corpus.kernels.utf8 import count_chars

_SPACE, _TAB, _LINE_FEED, _RETURN = 32, 9, 10, 13


def with_seams(text: pa.Array, spans: Spans) -> Spans:
    """The spans, merged and widened.

    Args:
        text: LargeStringArray of `N` documents.
        spans: in it; need be neither sorted nor apart.

    Returns:
        spans as `merge_spans` gives them.
    """
    data, offsets = text_buffers(text)
    for _ in range(2):  # spans that come to touch may be a whole line only together
        merged = np.array(merge_spans([spans]), np.int64)
        out = np.empty((3, 2 * merged.shape[1]), np.int64)
        spans = Spans(*out[:, : _widen_in_line(data, offsets, merged, out)])
    merged = np.array(merge_spans([spans]), np.int64)
    _take_empty_lines(data, offsets, merged)
    return merge_spans([Spans(*merged)])


def count_span_chars(text: pa.Array, spans: Spans) -> np.ndarray:
    """Code points in each span: `[R]` int64."""
    data, offsets = text_buffers(text)
    chars = np.empty(len(spans.document), np.int64)
    _count(data, offsets, *spans, chars)
    return chars


def spans_before(later: Spans, cuts: Spans) -> Spans:
    """Where spans of a text that is cut already stood before it was, what was cut inside them included.

    Args:
        later: in the text without `cuts`; sorted, as `merge_spans` gives them.
        cuts: in the text before, from `merge_spans`.
    """
    before = np.array(later, np.int64)
    _shift(before, *cuts)
    return Spans(*before)


@inner()
def _blank_back(data, begin, at):
    """Where the run of blanks before `at` begins. Blanks are space, tab, return, U+00A0 and U+3000."""
    while at > begin:
        byte = data[at - 1]
        if byte == _SPACE or byte == _TAB or byte == _RETURN:  # noqa: SIM109 (numba searches a tuple)
            at -= 1
        elif byte == 0xA0 and at - 2 >= begin and data[at - 2] == 0xC2:
            at -= 2
        elif byte == 0x80 and at - 3 >= begin and data[at - 2] == 0x80 and data[at - 3] == 0xE3:
            at -= 3
        else:
            break
    return at


@inner()
def _blank_on(data, at, end):
    """Where the run of blanks from `at` on ends."""
    while at < end:
        byte = data[at]
        if byte == _SPACE or byte == _TAB or byte == _RETURN:  # noqa: SIM109 (numba searches a tuple)
            at += 1
        elif byte == 0xC2 and at + 2 <= end and data[at + 1] == 0xA0:
            at += 2
        elif byte == 0xE3 and at + 3 <= end and data[at + 1] == 0x80 and data[at + 2] == 0x80:
            at += 3
        else:
            break
    return at


@inner()
def _after_empty_lines(data, at, end):
    """Behind the empty lines that begin at `at`."""
    while at < end:
        behind = _blank_on(data, at, end)
        if behind < end and data[behind] != _LINE_FEED:
            return at
        at = min(behind + 1, end)
    return at


@kernel()
def _widen_in_line(data, offsets, spans, out):
    """Write the spans to `out`, each as far as its first and last line allow; returns how many there are then.

    One that begins inside a line and goes on in a later one becomes two: the line ends between them stay.
    """
    count = 0
    for row in range(spans.shape[1]):
        begin, end = offsets[spans[0, row]], offsets[spans[0, row] + 1]
        start, stop = begin + spans[1, row], begin + spans[2, row]
        before = _blank_back(data, begin, start)
        starts_line = before == begin or data[before - 1] == _LINE_FEED
        if not starts_line:
            line_end = start
            while line_end < stop and data[line_end] != _LINE_FEED:
                line_end += 1
            behind = _blank_on(data, line_end, end)
            ends_line = behind == end or data[behind] == _LINE_FEED
            out[0, count], out[1, count] = spans[0, row], (before if ends_line else start) - begin
            out[2, count] = (behind if ends_line or before < start else line_end) - begin
            count += 1
            if line_end == stop:
                continue
            start = min(_after_empty_lines(data, line_end + 1, end), stop)
            before = start
        behind = _blank_on(data, stop, end)
        if data[stop - 1] != _LINE_FEED:
            stop = behind + (behind < end and data[behind] == _LINE_FEED)
        out[0, count], out[1, count], out[2, count] = spans[0, row], before - begin, stop - begin
        count += 1
    return count


@kernel()
def _take_empty_lines(data, offsets, spans):
    """Widen merged spans in place; a span that comes to touch the next is merged by the caller."""
    num = spans.shape[1]
    reached = np.int64(0)  # where the last span of this document ends, widened
    for row in range(num):
        document = spans[0, row]
        begin, end = offsets[document], offsets[document + 1]
        if row == 0 or spans[0, row - 1] != document:
            reached = begin
        start, stop = begin + spans[1, row], begin + spans[2, row]
        if stop < reached:
            stop = reached
        at_line = start == begin or data[start - 1] == _LINE_FEED
        if at_line and (stop == end or data[stop - 1] == _LINE_FEED):
            above = _blank_back(data, begin, start - 1) if start > begin else begin
            if above == begin or data[above - 1] == _LINE_FEED or (start <= reached and reached > begin):
                stop = _after_empty_lines(data, stop, end)
        spans[2, row] = stop - begin
        reached = stop
    row = num - 1
    while row >= 0:  # white space before a cut end of a document, over spans that it leads to
        document = spans[0, row]
        begin, end = offsets[document], offsets[document + 1]
        open_end = begin + spans[2, row] == end
        while row >= 0 and spans[0, row] == document:
            if open_end:
                start, low = begin + spans[1, row], begin
                if row > 0 and spans[0, row - 1] == document:
                    low = begin + spans[2, row - 1]
                while start > low:
                    before = _blank_back(data, low, start)
                    if before > low and data[before - 1] == _LINE_FEED:
                        before -= 1
                    if before == start:
                        break
                    start = before
                spans[1, row] = start - begin
                open_end = start <= low
            row -= 1


@kernel()
def _count(data, offsets, document, start, end, chars):
    for row in range(len(document)):
        begin = offsets[document[row]]
        chars[row] = count_chars(data, begin + start[row], begin + end[row])


@kernel()
def _shift(spans, document, start, end):
    """Add what was cut before them to the places of spans, which are sorted as the cuts are."""
    cut, gone = 0, np.int64(0)
    for row in range(spans.shape[1]):
        while cut < len(document) and document[cut] < spans[0, row]:
            cut += 1
            gone = 0
        if row > 0 and spans[0, row - 1] != spans[0, row]:
            gone = 0
        first, last = spans[1, row], spans[2, row]
        while cut < len(document) and document[cut] == spans[0, row] and start[cut] <= first + gone:
            gone += end[cut] - start[cut]
            cut += 1
        spans[1, row] = first + gone
        inside = cut
        more = gone
        while inside < len(document) and document[inside] == spans[0, row] and start[inside] < last + more:
            more += end[inside] - start[inside]
            inside += 1
        spans[2, row] = last + more
