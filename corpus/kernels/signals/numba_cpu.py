"""Every signal of `naive.py`, in numba over the Arrow UTF-8 buffers: no Python string is made.

Each document is cut into tokens (`cut`), its tokens numbered and counted (`measure_tokens`), its lines walked
(`measure_lines`) and n-grams counted on token numbers (`repetition`), all while it is in cache.

Tokens and lines are compared by 64-bit keys, exact up to seven bytes and hashed beyond (a collision needs about
2^32 distinct ones in one document); n-grams are then compared exactly, as pairs of numbers. Everything else is
integer counting, so all integers equal the specification and the fractions are one float64 division away from it.

Memory: about 80 bytes a token and 10 a byte of the longest document of the batch, no more for more documents; 30 MB at
most are kept for the thread's next call. Time grows linearly, but a document too big for the caches is several times
slower a byte. Documents run one after the other and release the GIL.
"""

import threading
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from corpus.errors import SchemaError
from corpus.kernels import segment
from corpus.kernels.arrow_text import padded, text_buffers
from corpus.kernels.jit import inner, kernel, raw
from corpus.kernels.segment import segment_document
from corpus.kernels.signals import characters as ch
from corpus.kernels.signals import measure_characters as mc
from corpus.kernels.signals import measure_lines as ml
from corpus.kernels.signals import measure_tokens as mt
from corpus.kernels.signals.cut import cut_tokens, kinds_of_breaks
from corpus.kernels.signals.first_sight import first_sights, num_slots
from corpus.kernels.signals.from_counts import signals_from_counts
from corpus.kernels.signals.ngrams import DUPLICATE, LONG_HAN_SIZE, REPEATED_HAN_SIZE, TOP
from corpus.kernels.signals.repetition import HAN_SIZES_ARRAY, PLAIN_SIZES, measure_repetition
from corpus.kernels.signals.words import STOP_HANS, take_words
from corpus.kernels.swar import PLACES_SLACK, count_ones

NUM_SIZES = len(TOP) + len(DUPLICATE)
_LAST_BASE = (1 << 31) - 2  # of `Room.seen`
_MOST_KEPT = 1 << 18  # bytes of a document whose room is kept: 30 MB of memory at most
_kept = threading.local()
HAN_ONLY_SIZES = np.array([REPEATED_HAN_SIZE, LONG_HAN_SIZE])
_INT32, _FLOAT64 = np.zeros(1, np.int32), np.zeros(1)
_NO_TABLES = segment.Tables(  # stands in the dictionary's place where none is given, in its types
    _INT32, _INT32, np.zeros(1, np.int64), _FLOAT64, _FLOAT64, np.zeros((1, 4)), np.zeros((1, 4)), False
)


class Room(NamedTuple):
    """Scratch of one document, reused for the next: an entry a token or line unless said otherwise."""

    begins: np.ndarray  # int32
    ends: np.ndarray
    chars_before: np.ndarray
    grams: np.ndarray
    places: np.ndarray
    numbers: np.ndarray
    tally: np.ndarray
    line_chars: np.ndarray
    part_chars: np.ndarray
    word_ends: np.ndarray
    keys: np.ndarray  # uint64
    line_keys: np.ndarray
    part_keys: np.ndarray
    kinds: np.ndarray  # int16
    traits: np.ndarray  # int64, by number
    zeros: np.ndarray  # int32
    slots: np.ndarray  # int32, see `first_sights`
    left: np.ndarray
    bytes: np.ndarray  # int32
    classes: np.ndarray  # int64
    seen: np.ndarray  # [0x110000] int32, see `cut_tokens`
    base: np.ndarray  # [1] int64: `seen` is below it
    segment: segment.Room


class Counts(NamedTuple):
    """What is counted, one row a document, int64."""

    characters: np.ndarray
    tokens: np.ndarray
    lines: np.ndarray
    grams: np.ndarray
    han_grams: np.ndarray  # n-grams of characters where `grams` are of dictionary words
    stop_hans: np.ndarray  # [documents]
    entropy: np.ndarray  # [documents], float64


def _new_room(num_bytes: int, has_words: bool) -> Room:
    """Room for documents of at most so many bytes; memory is touched only as far as their tokens need."""
    size = num_bytes + PLACES_SLACK
    return Room(
        *np.empty((10, size), np.int32),
        *np.empty((3, size), np.uint64),
        kinds=np.empty(size, np.int16),
        traits=np.empty(size, np.int64),
        zeros=np.zeros(size, np.int32),
        slots=np.empty(num_slots(num_bytes), np.int32),
        left=np.empty(size, np.int32),
        bytes=np.zeros(mc.BYTES_ROOM, np.int32),
        classes=np.zeros(256, np.int64),
        seen=np.zeros(0x110000, np.int32),
        base=np.ones(1, np.int64),
        segment=segment.new_room(num_bytes if has_words else 0),
    )


def _room_for(num_bytes: int, has_words: bool) -> Room:
    """The thread's room where it is large enough, else a new one: fresh memory costs as much as 1 MB of text."""
    room = getattr(_kept, "room", None)
    if room is None or len(room.kinds) < num_bytes + PLACES_SLACK or has_words > _kept.has_words:
        least = 1 << num_bytes.bit_length() if num_bytes < _MOST_KEPT else num_bytes
        room = _new_room(least, has_words)
        if num_bytes < _MOST_KEPT:
            _kept.room, _kept.has_words = room, has_words
    return room


@inner()
def _measure_tokens(data, start, num_tokens, num_numbered, classes, flags_of, room, out):
    return mt.measure_tokens(
        data, start, num_tokens, num_numbered, classes, flags_of, raw(room.begins), raw(room.ends), raw(room.kinds),
        raw(room.chars_before), raw(room.numbers), raw(room.tally), raw(room.traits), raw(room.keys),
        raw(room.places), raw(room.grams), raw(room.slots), raw(room.left), raw(room.line_chars),
        raw(room.line_keys), out,
    )  # fmt: skip


@inner()
def _measure_lines(data, start, num_tokens, classes, flags_of, room, out):
    line_keys, line_chars, part_keys, part_chars = (
        raw(room.line_keys), raw(room.line_chars), raw(room.part_keys), raw(room.part_chars)
    )  # fmt: skip
    firsts, slots, left = raw(room.places), raw(room.slots), raw(room.left)
    ml.measure_lines(
        data, start, num_tokens, raw(room.begins), raw(room.ends), raw(room.kinds), classes, flags_of,
        line_keys, line_chars, part_keys, part_chars, out,
    )  # fmt: skip
    first_sights(line_keys, out[ml.LINES], firsts, slots, left)
    ml.count_repeated(out[ml.LINES], firsts, line_chars, out, ml.DUP)
    first_sights(part_keys, out[ml.PARAGRAPHS], firsts, slots, left)
    ml.count_repeated(out[ml.PARAGRAPHS], firsts, part_chars, out, ml.DUP_PARAGRAPHS)


@inner()
def _measure_repetition(num_tokens, num_distinct, sizes, num_top, join, han, room, out):
    measure_repetition(
        num_tokens, num_distinct, sizes, num_top, join, raw(room.chars_before), raw(room.keys), raw(room.grams),
        raw(room.places), raw(room.numbers), raw(room.tally), raw(room.slots), raw(room.left), han, raw(room.zeros),
        out,
    )  # fmt: skip


@kernel()
def _measure(data, offsets, classes, flags_of, break_kinds, has_words, tables, room, counts):
    """Count everything of every document. With `has_words` a mostly-Han one is counted in dictionary words."""
    begins, ends, kinds = raw(room.begins), raw(room.ends), raw(room.kinds)
    base, seen = room.base[0], raw(room.seen)
    text, class_of, flags, breaks = raw(data), raw(classes), raw(flags_of), raw(break_kinds)
    for row in range(offsets.shape[0] - 1):
        start, end = offsets[row], offsets[row + 1]
        mc.count_bytes(text, start, end, raw(room.bytes))
        if base + (end - start) > _LAST_BASE:
            room.seen[:] = 0
            base = 1
        num_tokens, num_numbered, num_others = cut_tokens(
            text, start, end, class_of, flags, breaks, seen, base, raw(room.grams), raw(room.places),
            raw(room.chars_before), raw(room.tally), raw(room.classes), begins, ends, kinds, raw(room.numbers),
            raw(room.traits),
        )  # fmt: skip
        mc.measure_characters(
            raw(room.bytes),
            raw(room.classes),
            num_numbered + num_others,
            class_of,
            flags,
            flags_of.shape[0],
            counts.characters[row],
        )
        for at in range(STOP_HANS.shape[0]):
            counts.stop_hans[row] += seen[STOP_HANS[at]] >= base
        base += num_numbered + 1
        num_words, word_grams = counts.tokens[row], counts.grams[row]
        num_distinct = _measure_tokens(text, start, num_tokens, num_numbered, class_of, flags, room, num_words)
        _measure_lines(text, start, num_tokens, class_of, flags, room, counts.lines[row])
        han = 2 * num_words[mt.HAN_WORDS] > num_words[mt.WORDS]
        if han and has_words:
            _measure_repetition(num_tokens, num_distinct, HAN_ONLY_SIZES, 1, 0, True, room, counts.han_grams[row])
            for column in range(3):
                word_grams[NUM_SIZES + column] = counts.han_grams[row, 2 + column]
            num_segments = segment_document(data, start, end, tables, room.segment, room.word_ends, 0)
            num_tokens, stop_bits = take_words(
                text, start, num_segments, raw(room.word_ends), class_of, flags, begins, ends, kinds
            )
            counts.stop_hans[row] = np.int64(count_ones(np.uint64(stop_bits)))
            num_distinct = _measure_tokens(text, start, num_tokens, 0, class_of, flags, room, num_words)
            han = False
        counts.entropy[row] = mt.entropy_of_words(
            num_distinct, raw(room.tally), raw(room.traits), raw(room.zeros), raw(room.left), num_words
        )
        _measure_repetition(
            num_tokens,
            num_distinct,
            HAN_SIZES_ARRAY if han else PLAIN_SIZES,
            len(TOP),
            0 if han else 1,
            han,
            room,
            word_grams,
        )
    room.base[0] = base


def signals(text: pa.LargeStringArray, dictionary: segment.Dictionary | None) -> dict[str, np.ndarray]:
    """Every signal of every document, counts as int64 and fractions as float64.

    Raises:
        SchemaError: a document is longer than 2^31 - 1 bytes.
    """
    data, offsets = text_buffers(text)
    sizes = np.diff(offsets)
    longest = int(np.max(sizes, initial=0))
    if longest >= 1 << 31:
        row = int(np.argmax(sizes))
        raise SchemaError(f"document {row} has {longest} bytes, at most 2^31 - 1 are allowed; split it first")
    classes, flags_of = ch.class_table(), ch.class_flags()
    counts = _new_counts(len(text))
    tables = _NO_TABLES if dictionary is None else dictionary.tables
    has_words = dictionary is not None
    for piece, starts, rows in padded(data, offsets):
        room = _room_for(int(np.max(np.diff(starts), initial=0)), has_words)
        some = Counts(*(column[rows] for column in counts))
        _measure(piece, starts, classes, flags_of, kinds_of_breaks(), has_words, tables, room, some)
    return signals_from_counts(counts)


def _new_counts(num_documents: int) -> Counts:
    widths = (mc.NUM_CHARACTER_COUNTS, mt.NUM_TOKEN_COUNTS, ml.NUM_LINE_COUNTS, NUM_SIZES + 3, 5)
    tables = (np.zeros((num_documents, width), np.int64) for width in widths)
    return Counts(*tables, stop_hans=np.zeros(num_documents, np.int64), entropy=np.zeros(num_documents))
