"""Cut one run into tokens: the kernel of `naive_tokens._cut_run`, for runs that are not simply a word.

A run is what stands between white space, Han characters and CJK marks, here as arrays with an entry a character.
Each step is the specification's of the same name.
"""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals import characters as ch

LETTER, DIGIT, UPPER, LOWER = ch.LETTER, ch.DIGIT, ch.UPPER, ch.LOWER
PREFIX, SUFFIX, ICON, HYPHEN = ch.PREFIX | ch.ICON, ch.SUFFIX | ch.ICON, ch.ICON, ch.HYPHEN
MONEY, _BARE_SUFFIX = ch.MONEY, ch.SUFFIX

# What a token is, as bits of its kind. How it stands, K_SPACED to K_PARAGRAPH, is told by `cut`, what it is by
# `token_traits`, K_PHRASE: one of `naive_lines`' phrases may begin there. K_NUMBERED: a Han character or CJK mark,
# which `cut` has numbered already; the sign of an int16.
(
    K_LETTER, K_DIGIT, K_CAPS, K_MARK, K_HAN, K_END, K_DOTS, K_WIDE, K_CURLY, K_STOP, K_SPACED, K_LINE, K_PARAGRAPH,
    K_PHRASE, K_NUMBERED,
) = (1 << place for place in (*range(14), 15))  # fmt: skip
CHARS_PLACE = 32  # of a token's traits: its K_* bits, some more of `measure_tokens`, and from here its code points

_DOT, _COMMA, _PLUS, _STAR, _CARET, _SLASH, _COLON = (ord(c) for c in ".,+*^/:")
_LESS, _EQUALS, _GREATER, _APOSTROPHE, _MINUS = (ord(c) for c in "<=>'-")
_ELLIPSIS, _CURLED_APOSTROPHE = ord("…"), ord("’")
_S, _T, _M, _D, _R, _E, _V, _L, _W = (ord(c) for c in "stmdrevlw")


@inner()
def _num_dots(chars, place, end):
    stop = place
    while stop < end and chars[stop] == _DOT:
        stop += 1
    return stop - place


@inner()
def _after_prefixes(size, chars, flags):
    begin = 0
    while begin < size:
        if flags[begin] & PREFIX:
            begin += 1
        elif chars[begin] == _DOT:
            dots = _num_dots(chars, begin, size)
            if dots < 2:
                break
            begin += dots
        else:
            break
    return begin


@inner()
def _is_apostrophe(char):
    return char == _APOSTROPHE or char == _CURLED_APOSTROPHE


@inner()
def _dot_ends(begin, place, chars, flags):
    """Whether a dot after the character at `place` is a token of its own."""
    if place < begin:
        return False
    if flags[place] & LETTER:
        return place > begin and ((flags[place - 1] & LETTER) != 0 or _is_apostrophe(chars[place - 1]))
    return (flags[place] & (DIGIT | _BARE_SUFFIX)) != 0 or chars[place] == _MINUS or chars[place] == _PLUS


@inner()
def _before_suffixes(begin, size, chars, flags):
    end = size
    while end > begin:
        if flags[end - 1] & SUFFIX:
            end -= 1
        elif chars[end - 1] == _DOT:
            dots = 1
            while end - dots > begin and chars[end - dots - 1] == _DOT:
                dots += 1
            if dots == 1 and not _dot_ends(begin, end - 2, chars, flags):
                break
            end -= dots
        elif end - begin > 2 and (chars[end - 1] | 0x20) == _S and _is_apostrophe(chars[end - 2]):
            end -= 2
        elif end - begin > 1 and flags[end - 1] & MONEY and flags[end - 2] & DIGIT:
            end -= 1
        else:
            break
    return end


@inner()
def _is_address(begin, end, chars, colons):
    """Whether "://" stands in the core or "www." begins it."""
    if end - begin >= 4 and chars[begin] == _W and chars[begin + 1] == _W and chars[begin + 2] == _W:
        if chars[begin + 3] == _DOT:
            return True
    for at in range(begin, end - 2 if colons > 0 else 0):
        if chars[at] == _COLON and chars[at + 1] == _SLASH and chars[at + 2] == _SLASH:
            return True
    return False


@inner()
def _infix_size(begin, place, end, chars, flags):
    """How many characters the mark at `place` has that cuts there; 0: none does."""
    char = chars[place]
    if char < 0x80 and char != _DOT and place > begin and place + 1 < end:
        before, after = flags[place - 1], flags[place + 1]
        if before & (LETTER | DIGIT) == 0 or (after & (LETTER | DIGIT) == 0 and flags[place] & HYPHEN == 0):
            return 0  # most marks that stand together
    if char == _ELLIPSIS or flags[place] & ICON:
        return 1
    if char == _DOT:
        dots = _num_dots(chars, place, end)
        if dots >= 2:
            return dots
    if place == begin or place + 1 >= end:
        return 0
    before, after = flags[place - 1], flags[place + 1]
    if flags[place] & HYPHEN:
        stop = place + 1
        while stop < end and flags[stop] & HYPHEN:
            stop += 1
        after = flags[stop] if stop < end else np.int64(0)
        if before & LETTER and after & LETTER:
            return stop - place
        return 1 if before & DIGIT and after & DIGIT and stop == place + 1 else 0
    cuts = False
    if char == _PLUS or char == _STAR or char == _CARET:
        cuts = (before & DIGIT) != 0 and (after & DIGIT) != 0
    elif char == _COMMA:
        cuts = (before & LETTER) != 0 and (after & LETTER) != 0
    elif char == _DOT:
        cuts = (before & LOWER) != 0 and (after & UPPER) != 0
    elif char == _COLON or char == _LESS or char == _EQUALS or char == _GREATER or char == _SLASH:
        cuts = (before & (LETTER | DIGIT)) != 0 and (after & LETTER) != 0
    return 1 if cuts else 0


@inner()
def _clitic_at(begin, end, chars, flags):
    """Where the clitic begins with which the token ends, `end` if there is none: 't 'm 'd 're 've 'll."""
    for letters in range(1, 3):
        mark = end - letters - 1
        if mark <= begin:
            return end
        if _is_apostrophe(chars[mark]) and flags[mark - 1] & LETTER:
            first, last = chars[mark + 1] | 0x20, chars[end - 1] | 0x20
            if max(chars[mark + 1], chars[end - 1]) >= 0x80:
                return end
            if letters == 1:
                found = first == _T or first == _M or first == _D
            else:
                found = (last == _E and (first == _R or first == _V)) or (last == _L and first == _L)
            return mark if found else end
    return end


@inner()
def _put_marks(first, last, chars, begins, ends, count):
    """One token a character, but one for two or more dots and for 's."""
    while first < last:
        begins[count] = first
        clitic = first + 1 < last and _is_apostrophe(chars[first]) and (chars[first + 1] | 0x20) == _S
        first += 2 if clitic else max(1, _num_dots(chars, first, last))
        ends[count] = first
        count += 1
    return count


@inner()
def _put_core(begin, end, chars, flags, marks, num_marks, colons, begins, ends, count):
    """The tokens of what is left between the marks at the ends."""
    token, place = begin, begin
    addressed, address = False, False
    for index in range(num_marks):
        mark = np.int64(marks[index])
        if mark < place:
            continue
        if mark >= end:
            break
        if not addressed:
            addressed, address = True, _is_address(begin, end, chars, colons)
        cut = 0 if address else _infix_size(begin, mark, end, chars, flags)
        if cut == 0:
            continue
        if mark > token:
            begins[count], ends[count] = token, mark
            count += 1
        begins[count], ends[count] = mark, mark + cut
        count += 1
        token = place = mark + cut
    if token < end:
        clitic = _clitic_at(token, end, chars, flags)
        begins[count], ends[count] = token, clitic
        count += 1
        if clitic < end:
            begins[count], ends[count] = clitic, end
            count += 1
    return count


@inner()
def cut_run(size, chars, flags, offsets, marks, num_marks, colons, begins, ends, kinds, count):
    """Write the tokens of a run to `begins[count:]` and so on; returns the new count.

    Args:
        chars, flags: int32, code point and flags of each of the `size` characters.
        offsets: int32, where each begins in bytes, and where the last ends.
        marks, num_marks: int32, which of them are marks.
        colons: how many of those are colons.
    """
    begin = _after_prefixes(size, chars, flags)
    end = _before_suffixes(begin, size, chars, flags)
    first = count
    count = _put_marks(0, begin, chars, begins, ends, count)
    count = _put_core(begin, end, chars, flags, marks, num_marks, colons, begins, ends, count)
    count = _put_marks(end, size, chars, begins, ends, count)
    for token in range(first, count):
        begins[token], ends[token], kinds[token] = offsets[begins[token]], offsets[ends[token]], 0
    return count
