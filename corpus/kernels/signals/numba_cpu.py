"""Every signal of `naive.py`, in numba over the Arrow UTF-8 buffers: no Python string is made.

Three walks over each document while it is in cache: `scan_characters` counts code points, sentences and
lines, `scan_words` cuts words and numbers them, and `corpus.kernels.signals.repetition` measures n-grams on
the numbers.

Words and lines are compared by 64-bit hashes of their bytes (a collision needs about 2^32 distinct words in
one document); n-grams are then compared exactly, as pairs of numbers. Everything else is integer counting,
so all integers equal the specification and the fractions are one float64 division away from it.

Memory: about 40 bytes a word of the longest document of the batch (950 MB for one of 25 M words), no more for
more documents. Time grows linearly, but a document too big for the caches is several times slower a byte.
Documents run one after the other and release the GIL.
"""

import numpy as np
import pyarrow as pa
from numba import njit

from corpus.errors import SchemaError
from corpus.kernels.signals import characters as ch
from corpus.kernels.signals.hash_table import new_table, number_keys
from corpus.kernels.signals.ngrams import DUPLICATE, TOP
from corpus.kernels.signals.repetition import HAN_SIZES_ARRAY, PLAIN_SIZES, measure_repetition, sieve_size

SPACE, LETTER, DIGIT, MARK = ch.SPACE, ch.LETTER, ch.DIGIT, ch.MARK
HAN, SEPARATOR, KANA, HANGUL = ch.HAN, ch.SEPARATOR, ch.KANA, ch.HANGUL
BAD, SENTENCE_END, TERMINAL, BULLET, STOP_HAN = ch.BAD, ch.SENTENCE_END, ch.TERMINAL, ch.BULLET, ch.STOP_HAN
_BREAK = SPACE | SEPARATOR | HAN  # what ends a run
_COUNTED = HAN | KANA | HANGUL | DIGIT | BAD

# Columns of the counts, one row a document.
(
    CHARS, SPACES, LETTERS, HANS, KANAS, HANGULS, DIGITS, BADS, HASHES, ELLIPSES, SENTENCES, NEWLINES,
    LINES, ELLIPSIS_LINES, BULLET_LINES, TERMINAL_LINES, SHORT_LINES, DUP_LINES, DUP_LINE_CHARS,
    WORDS, UNIQUE_WORDS, HAN_WORDS, WORD_CHARS, NO_LETTER_WORDS, STOP_WORDS,
    TOP_2, TOP_3, TOP_4, DUP_5, DUP_6, DUP_7, DUP_8, DUP_9, DUP_10, NUM_COUNTS,
) = range(35)  # fmt: skip

_SHORT_LINE_CHARS = 30
_FNV_BASIS = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_BLOCK_PRIME = np.uint64(0x9FB21C651E98DF25)
_DOT, _HASH_SIGN, _NEWLINE, _ELLIPSIS = 0x2E, 0x23, 0x0A, 0x2026
_THE, _BE, _TO, _OF, _AND, _THAT, _HAVE, _WITH = (int.from_bytes(word.encode(), "big") for word in ch.STOP_WORDS_EN)


@njit(cache=True, nogil=True)
def _decode(data, place, end):
    """The code point at `place` and its length in bytes; never reads past `end`, whatever the bytes are."""
    lead = np.int64(data[place])
    if lead < 0x80:
        return lead, 1
    if lead < 0xE0:
        if place + 1 >= end:
            return np.int64(0xFFFD), 1
        return ((lead & 0x1F) << 6) | (np.int64(data[place + 1]) & 0x3F), 2
    if lead < 0xF0:
        if place + 2 >= end:
            return np.int64(0xFFFD), 1
        return (
            ((lead & 0x0F) << 12) | ((np.int64(data[place + 1]) & 0x3F) << 6) | (np.int64(data[place + 2]) & 0x3F)
        ), 3
    if place + 3 >= end:
        return np.int64(0xFFFD), 1
    code_point = (
        ((lead & 0x07) << 18)
        | ((np.int64(data[place + 1]) & 0x3F) << 12)
        | ((np.int64(data[place + 2]) & 0x3F) << 6)
        | (np.int64(data[place + 3]) & 0x3F)
    )
    return min(code_point, np.int64(0x10FFFF)), 4


@njit(cache=True, nogil=True)
def _hash_bytes(data, first, last):
    """64 bits of the bytes `first` to `last`, eight at a time."""
    hashed, place = _FNV_BASIS ^ np.uint64(last - first), first
    while place + 8 <= last:
        block = np.uint64(data[place]) | (np.uint64(data[place + 1]) << np.uint64(8))
        block |= (np.uint64(data[place + 2]) << np.uint64(16)) | (np.uint64(data[place + 3]) << np.uint64(24))
        block |= (np.uint64(data[place + 4]) << np.uint64(32)) | (np.uint64(data[place + 5]) << np.uint64(40))
        block |= (np.uint64(data[place + 6]) << np.uint64(48)) | (np.uint64(data[place + 7]) << np.uint64(56))
        hashed = (hashed ^ block) * _BLOCK_PRIME
        hashed ^= hashed >> np.uint64(32)
        place += 8
    while place < last:
        hashed = (hashed ^ np.uint64(data[place])) * _FNV_PRIME
        place += 1
    return hashed


@njit(cache=True, nogil=True)
def _count_line(data, classes, first, end, chars, counts):
    """Count the stripped line in bytes `first` to `end`, which begins and ends with something visible."""
    counts[LINES] += 1
    counts[SHORT_LINES] += chars <= _SHORT_LINE_CHARS
    begin, _ = _decode(data, first, end)
    counts[BULLET_LINES] += (classes[begin] & BULLET) != 0
    back = end - 1
    while back > first and data[back] & 0xC0 == 0x80:
        back -= 1
    last, _ = _decode(data, back, end)
    counts[TERMINAL_LINES] += (classes[last] & TERMINAL) != 0
    dots = end - first >= 3 and data[end - 1] == _DOT and data[end - 2] == _DOT and data[end - 3] == _DOT
    counts[ELLIPSIS_LINES] += dots or last == _ELLIPSIS


@njit(cache=True, nogil=True)
def scan_characters(data, start, end, classes, counts, line_keys, line_chars):
    """Count code points by class, sentence ends, ellipses and lines of the bytes `start` to `end`.

    Out: the hash and the code points of each stripped line, -1 for one without a letter or digit; returns their number.
    """
    place, chars = start, 0
    num_lines = 0
    first, last = start, np.int64(-1)  # bytes of the visible part of the line; last < 0 before it begins
    first_char, last_char = 0, 0
    ends, dots, points = 0, 0, 0  # lengths of the runs of sentence ends, of "." and of "…" that reach here
    lone_dot, sentences, ellipses = False, 0, 0
    letters, hans, kanas, hanguls, digits, bads, hashes, spaces, newlines = 0, 0, 0, 0, 0, 0, 0, 0, 0
    told = 0  # letters and digits before this line: a line that adds none can't be a repeated one
    while place < end:
        if ends == 0 and last >= 0:
            run = place  # most of an English line is ASCII letters: count those in a loop of their own
            while place < end and 0x61 <= data[place] | 0x20 <= 0x7A:
                place += 1
            if place > run:
                chars += place - run
                letters += place - run
                last, last_char = place, chars
                continue
        code_point, size = _decode(data, place, end)
        flags = np.int64(classes[code_point])
        if flags & SENTENCE_END:
            ends += 1
            lone_dot = ends == 1 and code_point == _DOT
            if code_point == _DOT:
                dots += 1
            else:
                ellipses += dots // 3
                dots = 0
            if code_point == _ELLIPSIS:
                points += 1
            else:
                ellipses += (points + 1) // 2
                points = 0
        elif ends > 0:
            sentences += not (lone_dot and (flags & (LETTER | DIGIT)) != 0 and (flags & HAN) == 0)
            ellipses += dots // 3 + (points + 1) // 2
            ends, dots, points = 0, 0, 0
        visible = (flags & SPACE) == 0
        spaces += not visible
        letters += (flags & LETTER) != 0
        if flags & _COUNTED:
            hans += (flags & HAN) != 0
            kanas += (flags & KANA) != 0
            hanguls += (flags & HANGUL) != 0
            digits += (flags & DIGIT) != 0
            bads += (flags & BAD) != 0
        if last < 0 and visible:
            first, first_char = place, chars
        last = place + size if visible else last
        last_char = chars + 1 if visible else last_char
        if code_point == _NEWLINE:
            newlines += 1
            if last >= 0:
                line_keys[num_lines] = _hash_bytes(data, first, last)
                line_chars[num_lines] = last_char - first_char if letters + digits > told else -1
                num_lines += 1
                _count_line(data, classes, first, last, last_char - first_char, counts)
            last = np.int64(-1)
            told = letters + digits
        hashes += code_point == _HASH_SIGN
        chars += 1
        place += size
    if last >= 0:
        line_keys[num_lines] = _hash_bytes(data, first, last)
        line_chars[num_lines] = last_char - first_char if letters + digits > told else -1
        num_lines += 1
        _count_line(data, classes, first, last, last_char - first_char, counts)
    counts[CHARS], counts[SPACES], counts[LETTERS], counts[HANS] = chars, spaces, letters, hans
    counts[KANAS], counts[HANGULS], counts[DIGITS], counts[BADS] = kanas, hanguls, digits, bads
    counts[HASHES], counts[NEWLINES] = hashes, newlines
    counts[SENTENCES] = sentences + (ends > 0)
    counts[ELLIPSES] = ellipses + dots // 3 + (points + 1) // 2
    return num_lines


@njit(cache=True, nogil=True)
def _count_repeated_lines(num_lines, line_numbers, line_chars, counts):
    """Lines whose number came before: numbers are given in the order of first sight."""
    known = 0
    for at in range(num_lines):
        if line_numbers[at] < known:
            if line_chars[at] >= 0:
                counts[DUP_LINES] += 1
                counts[DUP_LINE_CHARS] += line_chars[at]
        else:
            known += 1


@njit(cache=True, nogil=True)
def _is_stop_code(code):
    """Whether a lower-case word, its bytes packed with the first one highest, is one of Gopher's eight.

    `|` and not `or`: eight comparisons are cheaper than one branch that cannot be foreseen.
    """
    return (
        (code == _THE)
        | (code == _BE)
        | (code == _TO)
        | (code == _OF)
        | (code == _AND)
        | (code == _THAT)
        | (code == _HAVE)
        | (code == _WITH)
    )


@njit(cache=True, nogil=True)
def _is_stop_word(data, begin, end, classes):
    """Whether the run in bytes `begin` to `end`, stripped of punctuation, is a stop word in any case."""
    code, chars, held, place = np.int64(0), 0, False, begin
    while place < end:
        code_point, size = _decode(data, place, end)
        place += size
        if classes[code_point] & MARK:
            held = chars > 0
            continue
        chars += 1
        if held or chars > 4 or code_point >= 0x80:
            return False
        code = (code << 8) | (code_point | 0x20)
    return _is_stop_code(code)


@njit(cache=True, nogil=True)
def scan_words(data, start, end, classes, counts, keys, chars_before):
    """Cut the bytes `start` to `end` into words; returns their number.

    Out: `keys[w]` a hash of word w, `chars_before[w]` the code points of the words before w.
    """
    num_words, total, touches, place = 0, 0, False, start
    han_words, stop_words, word_chars, no_letter = 0, 0, 0, 0
    while place < end:
        code_point, size = _decode(data, place, end)
        flags = np.int64(classes[code_point])
        if flags & HAN:
            han_words += 1
            stop_words += (flags & STOP_HAN) != 0
            keys[num_words] = np.uint64(code_point)
            chars_before[num_words] = total
            num_words += 1
            total += 1
            touches = True
            place += size
            continue
        if flags & (SPACE | SEPARATOR):
            touches = (flags & SEPARATOR) != 0
            place += size
            continue
        hashed, begin, chars = _FNV_BASIS, place, 0
        union, common, all_bits, code = np.int64(0), np.int64(-1), np.int64(0), np.int64(0)
        while True:
            union |= flags
            common &= flags
            all_bits |= code_point
            code = (code << 8) | (code_point | 0x20)
            hashed = (hashed ^ np.uint64(code_point)) * _FNV_PRIME
            chars += 1
            place += size
            if place >= end:
                flags = np.int64(SPACE)
                break
            code_point, size = _decode(data, place, end)
            flags = np.int64(classes[code_point])
            if flags & _BREAK:
                break
        separates = (common & MARK) != 0 and (touches or (flags & (SEPARATOR | HAN)) != 0)
        touches = False
        if separates:
            continue
        if (union & LETTER) == 0:
            no_letter += 1
        elif union & MARK:
            stop_words += _is_stop_word(data, begin, place, classes)
        else:
            stop_words += (all_bits < 0x80) & _is_stop_code(code)
        word_chars += chars
        keys[num_words] = hashed
        chars_before[num_words] = total
        num_words += 1
        total += chars
    chars_before[num_words] = total
    counts[WORDS], counts[HAN_WORDS], counts[STOP_WORDS] = num_words, han_words, stop_words
    counts[WORD_CHARS], counts[NO_LETTER_WORDS] = word_chars, no_letter
    return num_words


@njit(cache=True, nogil=True)
def _count(data, starts, ends, classes, table, sieve, wide_room, room, counts):
    """All counts of every document; `counts` is zero on entry, of shape `[documents, NUM_COUNTS]`, int64."""
    keys, chars_before, grams, places, numbers, tally = wide_room, room[0], room[1], room[2], room[3], room[4]
    for row in range(starts.shape[0]):
        start, end, out = starts[row], ends[row], counts[row]
        num_lines = scan_characters(data, start, end, classes, out, keys, chars_before)
        number_keys(keys, num_lines, numbers, tally, table)
        _count_repeated_lines(num_lines, numbers, chars_before, out)
        num_words = scan_words(data, start, end, classes, out, keys, chars_before)
        out[UNIQUE_WORDS] = number_keys(keys, num_words, numbers, tally, table)
        mostly_han = 2 * out[HAN_WORDS] > num_words
        sizes = HAN_SIZES_ARRAY if mostly_han else PLAIN_SIZES
        join = 0 if mostly_han else 1
        masses = out[TOP_2 : DUP_10 + 1]
        measure_repetition(
            num_words, sizes, join, chars_before, keys, grams, places, numbers, tally, sieve, table, masses
        )


def signals(text: pa.LargeStringArray) -> dict[str, np.ndarray]:
    """Every signal of every document, counts as int64 and fractions as float64.

    Raises:
        SchemaError: a document is longer than 2^31 - 1 bytes.
    """
    num_documents = len(text)
    _, offset_buffer, data_buffer = text.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[text.offset : text.offset + num_documents + 1]
    data = np.frombuffer(data_buffer or b"", dtype=np.uint8)
    starts, ends = offsets[:-1], offsets[1:]
    if text.null_count:
        ends = np.where(text.is_valid().to_numpy(zero_copy_only=False), ends, starts)
    longest = int(np.max(ends - starts, initial=0))
    if longest >= 1 << 31:
        row = int(np.argmax(ends - starts))
        raise SchemaError(f"document {row} has {longest} bytes, at most 2^31 - 1 are allowed; split it first")
    max_words = longest // 2 + 1
    room = np.empty((5, max_words + 1), dtype=np.int32)
    counts = np.zeros((num_documents, NUM_COUNTS), dtype=np.int64)
    keys = np.empty(max_words + 1, dtype=np.uint64)
    sieve = np.empty(sieve_size(max_words), dtype=np.uint8)
    _count(data, starts, ends, ch.class_table(), new_table(max_words), sieve, keys, room, counts)
    return _signals_from_counts(counts.T)


def _per(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole`, 0 where `whole` is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0)


def _signals_from_counts(count: np.ndarray) -> dict[str, np.ndarray]:
    """The divisions; `count` is of shape `[NUM_COUNTS, documents]`."""
    chars, words, lines, letters = count[CHARS], count[WORDS], count[LINES], count[LETTERS]
    top = {f"rps_doc_frac_chars_top_{n}gram": np.minimum(1.0, _per(count[TOP_2 + i], chars)) for i, n in enumerate(TOP)}
    duplicate = {f"rps_doc_frac_chars_dupe_{n}grams": _per(count[DUP_5 + i], chars) for i, n in enumerate(DUPLICATE)}
    return {
        "num_chars": chars,
        "rps_doc_word_count": words,
        "rps_doc_num_lines": lines,
        "rps_doc_num_sentences": count[SENTENCES],
        "rps_doc_mean_word_length": _per(count[WORD_CHARS], words - count[HAN_WORDS]),
        "rps_doc_symbol_to_word_ratio": _per(np.maximum(count[HASHES], count[ELLIPSES]), words),
        "rps_doc_frac_lines_end_with_ellipsis": _per(count[ELLIPSIS_LINES], lines),
        "rps_doc_frac_lines_start_with_bullet": _per(count[BULLET_LINES], lines),
        "rps_doc_frac_no_alph_words": _per(count[NO_LETTER_WORDS], words),
        "rps_doc_stop_word_count": count[STOP_WORDS],
        "frac_lines_end_with_punctuation": _per(count[TERMINAL_LINES], lines),
        "frac_short_lines": _per(count[SHORT_LINES], lines),
        "newline_to_word_ratio": _per(count[NEWLINES], words),
        "frac_dup_lines": _per(count[DUP_LINES], lines),
        "frac_chars_in_dup_lines": _per(count[DUP_LINE_CHARS], chars),
        **top,
        **duplicate,
        "frac_han": _per(count[HANS], letters),
        "frac_kana": _per(count[KANAS], letters),
        "frac_hangul": _per(count[HANGULS], letters),
        "rps_doc_frac_unique_words": _per(count[UNIQUE_WORDS], words),
        "frac_digits": _per(count[DIGITS], chars - count[SPACES]),
        "frac_bad_chars": _per(count[BADS], chars),
    }
