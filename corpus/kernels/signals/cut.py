"""Cut a document into tokens and count its characters by class: the kernel of `naive_tokens`.

Runs of ASCII are cut 64 bytes at a time, without a branch on what they are (`cut_window`): nearly all of English. A Han
character or CJK mark is a token at once, and numbered through the table that says which characters the document had.
Every other run goes through `cut_run`. Every character beyond ASCII is looked up in the class table once and counted
there; ASCII is counted by byte in `measure_characters`.
"""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals import characters as ch
from corpus.kernels.signals.cut_run import (
    CHARS_PLACE,
    K_END,
    K_HAN,
    K_LETTER,
    K_LINE,
    K_MARK,
    K_NUMBERED,
    K_PARAGRAPH,
    K_SPACED,
    K_STOP,
    K_WIDE,
    cut_run,
)  # fmt: skip
from corpus.kernels.signals.cut_window import take_window
from corpus.kernels.utf8 import decode

SPACE, MARK, HAN, SEPARATOR, STOP_HAN, TERMINAL = ch.SPACE, ch.MARK, ch.HAN, ch.SEPARATOR, ch.STOP_HAN, ch.TERMINAL
PREFIX = ch.PREFIX | ch.ICON
_BREAK = SPACE | HAN | SEPARATOR
_ONE_CHAR = 1 << CHARS_PLACE
_BLANK, _NEWLINE, _DOT, _COLON = 0x20, 0x0A, 0x2E, 0x3A
_ASCII_FLAGS = np.array([ch.flags_of(chr(byte)) for byte in range(128)])


@inner()
def _take_breaks(
    data, start, place, end, classes, break_kinds, seen, base, class_counts, gap, begins, ends, kinds, numbers,
    traits_of, num_breaks, count,
):  # fmt: skip
    """Take Han characters and CJK marks, most of Chinese, as long as they come, and number equal ones alike.

    Returns:
        the byte behind them, the new count, how many different ones the document has by now.
    """
    while place < end and data[place] >= 0x80:
        code_point, after = decode(data, place)
        kind_class = classes[code_point]
        kind = np.int64(break_kinds[kind_class])
        if kind == 0:
            break
        class_counts[kind_class] += 1
        known = np.int64(seen[code_point]) - base
        number = known if known >= 0 else num_breaks
        num_breaks += known < 0
        seen[code_point] = base + number
        traits_of[number] = kind | _ONE_CHAR
        numbers[count] = number
        begins[count], ends[count] = place - start, after - start
        kinds[count] = kind | gap
        count += 1
        place, gap = after, 0
    return place, count, num_breaks


@inner()
def cut_tokens(
    data, start, end, classes, flags_of, break_kinds, seen, base, run_chars, run_flags, run_offsets, marks,
    class_counts, begins, ends, kinds, numbers, traits_of,
):  # fmt: skip
    """Cut the bytes `start` to `end` into tokens.

    Returns:
        how many they are; how many numbers those with K_NUMBERED got; how many different characters beyond ASCII there
        are besides those.

    Args:
        break_kinds: `kinds_of_breaks`.
        seen: `[0x110000]` int32: from `base` on, the document has the code point. Out: `base` and its number.
        run_chars, run_flags, run_offsets, marks: room for an int32 a character.
        class_counts: out, `[classes]` int64: characters beyond ASCII of each class, added to what is there.
        begins, ends: out, int32: the bytes of each token, counted from `start`.
        kinds: out, int16: how each stands, K_SPACED to K_PARAGRAPH, and K_NUMBERED.
        numbers: out, int32: of each token with K_NUMBERED, in the order of first sight.
        traits_of: out, int64, by number: its K_* bits, and 1 code point.
    """
    count, place, num_distinct, num_breaks = 0, start, 0, 0
    gap = K_LINE | K_PARAGRAPH | K_SPACED
    while place < end:
        byte = np.int64(data[place])
        if (byte == _BLANK) | (byte == _NEWLINE):
            is_line = (gap // K_LINE) & 1
            gap |= K_SPACED | (byte == _NEWLINE) * (K_LINE + is_line * (K_PARAGRAPH - K_LINE))
            place += 1
            continue
        if _BLANK < byte < 0x7F:
            before = count
            count = take_window(data, start, place, end, classes, flags_of, gap, begins, ends, kinds, count)
            if count > before:
                gap = 0
                place = start + ends[count - 1]
                continue
        if byte >= 0x80:
            before = count
            place, count, num_breaks = _take_breaks(
                data, start, place, end, classes, break_kinds, seen, base, class_counts, gap, begins, ends, kinds,
                numbers, traits_of, num_breaks, count,
            )  # fmt: skip
            if count > before:
                gap = 0
                continue
        code_point, after = decode(data, place)
        kind_class = classes[code_point]
        flags = flags_of[kind_class]
        alone = after >= end or data[after] == _BLANK or data[after] == _NEWLINE
        if alone or flags & (SPACE | PREFIX):
            if code_point >= 0x80:
                class_counts[kind_class] += 1
                num_distinct += seen[code_point] < base
                seen[code_point] = base
            if flags & SPACE:
                gap |= K_SPACED
                place = after
                continue
            # all of the run, or off its beginning: then the rest is a run like any other
            begins[count], ends[count], kinds[count] = place - start, after - start, gap
            count += 1
            place, gap = after, 0
            continue
        run, num_marks, colons = 0, 0, 0
        while not flags & _BREAK:
            if code_point >= 0x80:
                class_counts[classes[code_point]] += 1
                num_distinct += seen[code_point] < base
                seen[code_point] = base
            run_chars[run], run_flags[run], run_offsets[run] = code_point, flags, place - start
            marks[num_marks] = run
            num_marks += (flags & MARK) != 0
            colons += code_point == _COLON
            run += 1
            place = after
            if place >= end:
                break
            code_point = np.int64(data[place])
            if code_point < 0x80:
                after, flags = place + 1, _ASCII_FLAGS[code_point]
            else:
                code_point, after = decode(data, place)
                flags = flags_of[classes[code_point]]
        run_offsets[run] = place - start
        first = count
        count = cut_run(run, run_chars, run_flags, run_offsets, marks, num_marks, colons, begins, ends, kinds, count)
        kinds[first] |= gap
        gap = 0
    return count, num_breaks, num_distinct


def kinds_of_breaks() -> np.ndarray:
    """By class, the kind of a character that is a token wherever it stands: Han, CJK mark; 0 for every other."""
    kinds = np.zeros(len(ch.class_flags()), np.int32)
    for number, flags in enumerate(ch.class_flags()):
        if flags & HAN:
            kinds[number] = K_NUMBERED | K_WIDE | K_HAN | K_LETTER | (K_STOP if flags & STOP_HAN else 0)
        elif flags & SEPARATOR and not flags & SPACE:
            kinds[number] = K_NUMBERED | K_WIDE | K_MARK | (K_END if flags & TERMINAL else 0)
    return kinds
