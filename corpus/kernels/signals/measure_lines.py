"""Count everything of `naive_lines` in one walk over the tokens, line by line, with one look at each line's bytes."""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals import characters as ch
from corpus.kernels.signals import naive_lines as spec
from corpus.kernels.signals.cut_run import (
    K_CURLY,
    K_DIGIT,
    K_DOTS,
    K_END,
    K_LETTER,
    K_LINE,
    K_MARK,
    K_PARAGRAPH,
    K_PHRASE,
    K_SPACED,
    K_WIDE,
)  # fmt: skip
from corpus.kernels.signals.look import PRIME, hash_of, look_at
from corpus.kernels.utf8 import back, count_chars, decode

BULLET, TERMINAL, DIGIT = ch.BULLET, ch.TERMINAL, ch.DIGIT

# Columns of what is counted on lines, one row a document.
(
    SENTENCES, ELLIPSES, LINES, LINE_CHARS, MAX_LINE_CHARS, SHORT, LONG, BULLETS, TERMINALS, ELLIPSIS_LINES, READ_MORE,
    C4_ZH, C4, C4_PAPER, C4_CURLY, C4_LOREM, LOREM, WORDS, REFINEDWEB_WORDS, DUP, DUP_CHARS, PARAGRAPHS, DUP_PARAGRAPHS,
    DUP_PARAGRAPH_CHARS, NUM_LINE_COUNTS,
) = range(25)  # fmt: skip

SHORT_CHARS, LONG_CHARS, LONG_WORD_CHARS = spec.SHORT_LINE_CHARS, spec.LONG_LINE_CHARS, spec.LONG_WORD_CHARS
C4_WORDS, C4_PAPER_WORDS = spec.C4_WORDS, spec.C4_PAPER_WORDS


def _patterns(texts):
    """Byte strings side by side: `[N, longest]` uint8 and their lengths."""
    encoded = [text.encode() for text in texts]
    table = np.zeros((len(encoded), max(map(len, encoded))), np.uint8)
    for row, text in enumerate(encoded):
        table[row, : len(text)] = np.frombuffer(text, np.uint8)
    return table, np.array([len(text) for text in encoded])


_PHRASES, _PHRASE_SIZES = _patterns((*spec.C4_PHRASES, spec.LOREM_IPSUM, "items in cart"))
_LOREM_ROW = len(spec.C4_PHRASES)
_CART_ROW = _LOREM_ROW + 1
_COUNTED, _COUNTED_SIZES = _patterns(spec.COUNTED)
_BUTTONS, _BUTTON_SIZES = _patterns(("sign-in", "read more..."))
_READ_MORE, _READ_MORE_SIZES = _patterns(spec.READ_MORE)
_C4_ZH_ENDS = np.array([ord(c) for c in spec.C4_ZH_ENDS])
_DOT, _QUESTION, _EXCLAMATION, _QUOTE, _ELLIPSIS = (ord(c) for c in '.?!"…')
_NO_END = 1 << 40
_MARK_PLACE, _SPACED_PLACE = K_MARK.bit_length() - 1, K_SPACED.bit_length() - 1


@inner()
def _stands_at(data, begin, end, table, sizes, row):
    """Whether the bytes at `begin` are pattern `row`, in any ASCII case."""
    if end - begin < sizes[row]:
        return False
    for at in range(sizes[row]):
        byte = data[begin + at]
        if 0x41 <= byte <= 0x5A:
            byte |= 0x20
        if byte != table[row, at]:
            return False
    return True


@inner()
def _has_long_word(data, start, first, last, begins, ends, kinds):
    """Whether the line of tokens `first` to `last` has a white-space word of more than 1,000 code points."""
    begin = begins[first]
    for at in range(first, last):
        if kinds[at] & K_SPACED:
            begin = begins[at]
        if ends[at] - begin > LONG_WORD_CHARS:
            if count_chars(data, start + begin, start + ends[at]) > LONG_WORD_CHARS:
                return True
    return False


@inner()
def _is_counter(data, start, first, last, begins, ends, kinds, classes, flags_of):
    """Whether a line of two words is a counter: "3 likes"."""
    word = first
    while kinds[word] & K_MARK:
        word += 1
    code_point, _ = decode(data, start + begins[word])
    if not flags_of[classes[code_point]] & DIGIT:
        return False
    word += 1
    while kinds[word] & K_MARK:
        word += 1
    size = ends[word] - begins[word]
    for row in range(_COUNTED.shape[0]):
        if size == _COUNTED_SIZES[row]:
            if _stands_at(data, start + begins[word], start + ends[word], _COUNTED, _COUNTED_SIZES, row):
                return True
    return False


@inner()
def _ends_with(data, begin, end, table, sizes, row):
    size = sizes[row]
    return end - begin >= size and _stands_at(data, end - size, end, table, sizes, row)


@inner()
def _phrases_of(data, start, end, first, last, begins, kinds):
    """Which phrases begin at a token of the line, as bits, and how often "lorem ipsum" does."""
    found, lorem = 0, 0
    for at in range(first, last):
        if kinds[at] & K_PHRASE:
            for row in range(_PHRASES.shape[0]):
                if _stands_at(data, start + begins[at], end, _PHRASES, _PHRASE_SIZES, row):
                    found |= 1 << row
                    lorem += row == _LOREM_ROW
    return found, lorem


@inner()
def _count_end(data, begin, end, chars, classes, flags_of, counts):
    """Count how the line in these bytes ends; returns whether C4 likes it."""
    code_point, _ = decode(data, back(data, end, begin))
    counts[TERMINALS] += (flags_of[classes[code_point]] & TERMINAL) != 0
    dots = end - begin >= 3 and data[end - 1] == _DOT and data[end - 2] == _DOT and data[end - 3] == _DOT
    counts[ELLIPSIS_LINES] += dots or code_point == _ELLIPSIS
    if code_point >= 0x80:
        for row in range(_READ_MORE.shape[0]):
            counts[READ_MORE] += _ends_with(data, begin, end, _READ_MORE, _READ_MORE_SIZES, row)
        for at in range(_C4_ZH_ENDS.shape[0]):
            counts[C4_ZH] += code_point == _C4_ZH_ENDS[at] and chars >= 5
        return False
    ends = code_point == _DOT or code_point == _QUESTION or code_point == _EXCLAMATION or code_point == _QUOTE
    return ends and not dots


@inner()
def _count_c4(words, sentences, found, union, counts):
    """C4's decisions on a line that ends well and has no word too long."""
    if words < C4_PAPER_WORDS:
        return
    counts[C4_LOREM] += (found >> _LOREM_ROW) & 1
    if found & 1:
        return
    counts[C4_CURLY] += (union & K_CURLY) != 0
    if found & ((1 << _LOREM_ROW) - 1):
        return
    counts[C4_PAPER] += sentences
    counts[C4] += sentences if words >= C4_WORDS else 0


@inner()
def measure_lines(
    data,
    start,
    num_tokens,
    begins,
    ends,
    kinds,
    classes,
    flags_of,
    line_keys,
    line_chars,
    part_keys,
    part_chars,
    counts,
):
    """Count lines and paragraphs.

    Args:
        kinds: completed by `measure_tokens`; one more than tokens, the last of which is overwritten.
        line_keys, part_keys: out, uint64: a hash of each line and paragraph.
        line_chars, part_chars: out, int32: their code points; -1 where there is no letter or digit.
        counts: out, `[NUM_LINE_COUNTS]` int64, zero on entry.
    """
    num_lines, num_parts, at, part_end, part_told = 0, 0, 0, 0, False
    sentence_ends, ellipses, last_end = 0, 0, -1
    kinds[num_tokens] = K_LINE
    while at < num_tokens:
        first, marks, spaced, sentences, words_then, union = at, 0, 0, 1, _NO_END, np.int64(0)
        kind = np.int64(kinds[at])
        new_part = (kind & K_PARAGRAPH) != 0
        while True:
            union |= kind
            marks += (kind >> _MARK_PLACE) & 1
            spaced += (kind >> _SPACED_PLACE) & 1
            at += 1
            if kind & (K_END | K_DOTS):
                words = at - first - marks
                sentence_ends += last_end != at - 1
                last_end = at
                if kind & K_END:
                    sentences += words > words_then  # a word came since the last
                    words_then = words
                if kind & K_DOTS:
                    ellipses += 1 if kind & K_WIDE else (ends[at - 1] - begins[at - 1]) // 3
            kind = np.int64(kinds[at])
            if kind & K_LINE:
                break
        words = at - first - marks
        sentences += words > words_then
        begin, end = start + begins[first], start + ends[at - 1]
        line_keys[num_lines] = hash_of(data, begin, end)
        chars, num_capitals = look_at(data, begin, end)
        told = (union & (K_LETTER | K_DIGIT)) != 0
        line_chars[num_lines] = chars if told else -1
        if new_part:
            if num_parts > 0 and not part_told:
                part_chars[num_parts - 1] = -1
            part_keys[num_parts], part_chars[num_parts], part_told = line_keys[num_lines], chars, told
            num_parts += 1
        else:
            last = num_parts - 1
            part_keys[last] = (part_keys[last] ^ (line_keys[num_lines] >> np.uint64(1))) * PRIME
            part_chars[last] += count_chars(data, part_end, begin) + chars
            part_told = part_told or told
        part_end = end
        num_lines += 1
        counts[LINE_CHARS] += chars
        counts[WORDS] += words
        counts[MAX_LINE_CHARS] = max(counts[MAX_LINE_CHARS], chars)
        counts[SHORT] += chars <= SHORT_CHARS
        counts[LONG] += chars >= LONG_CHARS
        code_point, _ = decode(data, begin)
        counts[BULLETS] += (flags_of[classes[code_point]] & BULLET) != 0
        found = 0
        if union & K_PHRASE:
            found, lorem = _phrases_of(data, start, end, first, at, begins, kinds)
            counts[LOREM] += lorem
        if _count_end(data, begin, end, chars, classes, flags_of, counts):
            if chars <= LONG_WORD_CHARS or not _has_long_word(data, start, first, at, begins, ends, kinds):
                _count_c4(spaced, sentences, found, union, counts)
        removed = 2 * num_capitals > chars or words == 1 or ((union & K_LETTER) == 0 and (union & K_DIGIT) != 0)
        if not removed and words <= 10:
            removed = (found >> _CART_ROW) & 1 or _stands_at(data, begin, end, _BUTTONS, _BUTTON_SIZES, 0)
            removed = removed or _ends_with(data, begin, end, _BUTTONS, _BUTTON_SIZES, 1)
            if words == 2 and not removed:
                removed = _is_counter(data, start, first, at, begins, ends, kinds, classes, flags_of)
        counts[REFINEDWEB_WORDS] += words if removed else 0
    if num_parts > 0 and not part_told:
        part_chars[num_parts - 1] = -1
    counts[SENTENCES], counts[ELLIPSES], counts[LINES], counts[PARAGRAPHS] = (
        sentence_ends,
        ellipses,
        num_lines,
        num_parts,
    )


@inner()
def count_repeated(number, firsts, chars, counts, column):
    """Count into `counts[column]` and `[column + 1]` the repeated of `number` things and their code points.

    Args:
        firsts: int32, which of them is the first that equals each.
        chars: int32, -1 for a thing that does not count.
    """
    for at in range(number):
        repeated = (firsts[at] != at) & (chars[at] >= 0)
        counts[column] += repeated
        counts[column + 1] += chars[at] * repeated
