"""Count a document's characters: by byte, and from there and from the counts of `cut` by flag."""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals import characters as ch

# Columns of what is counted on characters, one row a document: first one a flag, in the order of `characters.FLAGS`.
NUM_FLAGS = len(ch.FLAGS)
CHARS, DISTINCT, ASCII_MARKS, HASHES, NEWLINES, CURLY, NUM_CHARACTER_COUNTS = range(NUM_FLAGS, NUM_FLAGS + 7)
BYTES_ROOM = 1024  # int32

_IS_MARK = np.array([(ch.flags_of(chr(byte)) & ch.MARK) != 0 for byte in range(128)])
_HASH, _NEWLINE, _OPEN, _CLOSE = (ord(c) for c in "#\n{}")


@inner()
def count_bytes(data, start, end, room):
    """Count the bytes `start` to `end` in `room[:256]`; `room` is `[BYTES_ROOM]` int32, zero on entry.

    Four tables, so that a byte that repeats doesn't wait for its own count.
    """
    place = start
    while place + 4 <= end:
        room[np.int64(data[place])] += 1
        room[256 + np.int64(data[place + 1])] += 1
        room[512 + np.int64(data[place + 2])] += 1
        room[768 + np.int64(data[place + 3])] += 1
        place += 4
    while place < end:
        room[np.int64(data[place])] += 1
        place += 1
    for byte in range(256):
        room[byte] += room[256 + byte] + room[512 + byte] + room[768 + byte]
    for byte in range(256, 1024):
        room[byte] = 0


@inner()
def measure_characters(bytes_room, class_counts, num_distinct, classes, flags_of, num_classes, counts):
    """Count characters by flag.

    Args:
        bytes_room: from `count_bytes`; zero on exit.
        class_counts: characters beyond ASCII of each class; zero on exit.
        num_distinct: different characters beyond ASCII.
        counts: out, `[NUM_CHARACTER_COUNTS]` int64, zero on entry.
    """
    counts[HASHES], counts[NEWLINES] = bytes_room[_HASH], bytes_room[_NEWLINE]
    counts[CURLY] = bytes_room[_OPEN] + bytes_room[_CLOSE]
    marks = 0
    for byte in range(128):
        often = bytes_room[byte]
        num_distinct += often > 0
        marks += often * _IS_MARK[byte]
        class_counts[classes[byte]] += often
    for byte in range(256):
        bytes_room[byte] = 0
    counts[DISTINCT], counts[ASCII_MARKS] = num_distinct, marks
    chars = 0
    for number in range(num_classes):
        often = class_counts[number]
        if often > 0:
            class_counts[number] = 0
            chars += often
            for column in range(NUM_FLAGS):
                counts[column] += often * ((flags_of[number] >> column) & 1)
    counts[CHARS] = chars
