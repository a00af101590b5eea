"""Cut the runs of ASCII in 64 bytes at once: every rule of `naive_tokens`, as arithmetic on masks with a bit a byte.

A mask says where the letters are, another where the commas; "a comma between two letters" is then three operations
for all 64 bytes, and no branch asks what the text is. What spreads along a run does so by a carry (the marks at its
beginning) or by doubling steps (those at its end). The tokens' first and last bytes come out as two masks and are
written sixteen at a time.

Taken are whole runs of printable ASCII, from the window's beginning up to the first that is otherwise: one that goes
on behind the window, has a character beyond ASCII, two dots, two hyphens behind a letter, more than eight marks at its
end. Those are for `cut_run`.
"""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals import characters as ch
from corpus.kernels.signals.cut_run import K_LINE, K_PARAGRAPH, K_SPACED
from corpus.kernels.swar import count_leading_zeros, count_ones, count_trailing_zeros, places_of
from corpus.kernels.utf8 import decode

_BREAK = ch.SPACE | ch.HAN | ch.SEPARATOR
_ZERO, _ONE, _ALL, _LAST = np.uint64(0), np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(63)
_TWO, _THREE, _FOUR = np.uint64(2), np.uint64(3), np.uint64(4)
_SPACED_PLACE = np.uint64(K_SPACED.bit_length() - 1)
_AT_ONCE = 16
_T, _M, _D, _R, _E, _V, _L = (ord(c) for c in "tmdrevl")


def _having(flag):
    return "".join(chr(byte) for byte in range(128) if ch.flags_of(chr(byte)) & flag)


_PREFIXES, _SUFFIXES = _having(ch.PREFIX), _having(ch.SUFFIX)
assert set(_SUFFIXES) < set(_PREFIXES) and not _having(ch.ICON)

_blanks, _newlines, _printed = places_of(" "), places_of("\n"), places_of(map(chr, range(0x21, 0x7F)))
_letters, _digits, _capitals = places_of(_having(ch.LETTER)), places_of(_having(ch.DIGIT)), places_of(_having(ch.UPPER))
_prefixes, _only_prefixes = places_of(_PREFIXES), places_of(set(_PREFIXES) - set(_SUFFIXES))
_dots, _apostrophes, _dollars, _esses = places_of("."), places_of("'"), places_of(_having(ch.MONEY)), places_of("sS")
_hyphens, _joiners, _commas, _powers = places_of(_having(ch.HYPHEN)), places_of("-+"), places_of(","), places_of("+*^")
_relations, _colons, _slashes, _ws = places_of(":<>=/"), places_of(":"), places_of("/"), places_of("w")


@inner()
def _below(bit):
    """A mask of the bits below the lowest of `bit`, which has one."""
    return (bit - _ONE) & ~bit


@inner()
def _highest(bits):
    """The place of the highest bit of `bits`, which has one."""
    return _LAST - count_leading_zeros(bits)


@inner()
def _stretch(bits, place):
    """The unbroken stretch of `bits` that has the one at `place`."""
    bit = _ONE << place
    gaps = ~bits & (bit - _ONE)
    lower = (bit - _ONE) & (_ALL << (np.uint64(64) - count_leading_zeros(gaps)))
    return lower | (bits & ~(bits + bit) & ~(bit - _ONE))


@inner()
def _down(marks, through):
    """`marks` and up to seven more behind each other below each, as long as they are `through`."""
    marks |= (marks >> _ONE) & through
    through &= through >> _ONE
    marks |= (marks >> _TWO) & through
    through &= through >> _TWO
    return marks | ((marks >> _FOUR) & through)


@inner()
def _clitics(data, place, marks, core):
    """Those of the apostrophes behind a letter that begin 't 'm 'd 're 've 'll at the end of a core."""
    found = _ZERO
    while marks:
        at = count_trailing_zeros(marks)
        marks &= marks - _ONE
        size = np.int64(count_trailing_zeros(~(core >> at))) - 1
        here = place + np.int64(at)
        first, last = data[here + 1] | 0x20, data[here + size] | 0x20
        one = (size == 1) & ((first == _T) | (first == _M) | (first == _D))
        two = (last == _E) & ((first == _R) | (first == _V)) | (last == _L) & (first == _L)
        found |= np.uint64(one | (size == 2) & two) << at
    return found


@inner()
def _mark_lines(newlines, runs, starts, gap_of_first, kinds, count):
    """Write K_LINE and K_PARAGRAPH to the tokens behind line feeds; the first token is at the lowest bit."""
    kinds[count] |= gap_of_first
    while newlines:
        at = count_trailing_zeros(newlines)
        behind = (_ONE << (at + count_trailing_zeros(runs >> at))) - _ONE
        here = newlines & behind
        token = count + np.int64(count_ones(starts & behind))
        kinds[token] |= K_LINE | (here & (here - _ONE) != _ZERO) * K_PARAGRAPH
        newlines &= ~behind


@inner()
def take_window(data, start, place, end, classes, flags_of, gap, begins, ends, kinds, count):
    """Take the runs in the 64 bytes from `place`, where one begins with a printable ASCII character.

    Returns:
        the new count: that given where nothing is taken.
    """
    newlines = _newlines(data, place)
    gaps, others, bad = _blanks(data, place) | newlines, ~_printed(data, place), _ZERO
    if end - place < 64:
        gaps |= _ALL << np.uint64(end - place)
    others &= ~gaps
    if others:
        first_other = count_trailing_zeros(others)
        code_point, _ = decode(data, place + np.int64(first_other))
        if flags_of[classes[code_point]] & _BREAK:
            gaps |= _ALL << first_other
        else:
            bad = _ONE << first_other
    runs = ~gaps
    firsts = runs & ~(runs << _ONE)
    bad |= runs & (_ONE << _LAST)

    prefixes = _prefixes(data, place) & runs
    suffixes = prefixes & ~_only_prefixes(data, place)
    prefix = prefixes & ~(prefixes + (firsts & prefixes))
    rest = runs & ~prefix
    suffixes &= rest
    letters, digits, dots = _letters(data, place) & rest, _digits(data, place) & rest, _dots(data, place) & rest
    apostrophes = _apostrophes(data, place) & rest
    bad |= dots & (dots << _ONE)
    ends_well = digits | suffixes | (_joiners(data, place) & rest) | (letters & ((letters | apostrophes) << _ONE))
    esses = _esses(data, place) & (apostrophes << _ONE) & (rest << _TWO)
    strips = suffixes | (dots & (ends_well << _ONE)) | esses | (_dollars(data, place) & (digits << _ONE))
    suffix = _down(runs & ~(runs >> _ONE) & strips, strips)
    bad |= (suffix >> _ONE) & strips & ~suffix

    core = rest & ~suffix
    letters, digits, dots, apostrophes = letters & core, digits & core, dots & core, apostrophes & core
    behind_letter, behind_digit = letters << _ONE, digits << _ONE
    capitals = _capitals(data, place) & letters
    letters_both, digits_both = behind_letter & (letters >> _ONE), behind_digit & (digits >> _ONE)
    hyphens = _hyphens(data, place)
    bad |= hyphens & (hyphens >> _ONE) & behind_letter
    cuts = hyphens & (letters_both | digits_both) | _commas(data, place) & letters_both
    cuts |= _powers(data, place) & digits_both
    cuts |= _relations(data, place) & (behind_letter | behind_digit) & (letters >> _ONE)
    cuts |= dots & ((letters & ~capitals) << _ONE) & (capitals >> _ONE)
    slashes, ws = _slashes(data, place) & core, _ws(data, place) & core
    addresses = _colons(data, place) & (slashes >> _ONE) & (slashes >> _TWO) & core
    addresses |= ws & ~(core << _ONE) & (ws >> _ONE) & (ws >> _TWO) & (dots >> _THREE)
    while addresses:
        cuts &= ~_stretch(core, count_trailing_zeros(addresses))
        addresses &= addresses - _ONE

    starts = prefix | (suffix & ~esses) | (core & ~(core << _ONE)) | cuts | (cuts << _ONE)
    starts |= _clitics(data, place, apostrophes & behind_letter & (core >> _ONE), core)
    if bad:
        gaps_before = gaps & _below(bad)
        if not gaps_before:
            return count
        keep = (_ONE << _highest(gaps_before)) - _ONE
        runs, firsts, starts = runs & keep, firsts & keep, starts & keep
    new_count = count + np.int64(count_ones(starts))
    _write(starts, (starts | gaps) & (runs << _ONE), firsts, place - start, begins, ends, kinds, count, new_count)
    _mark_lines(newlines & ((_ONE << _highest(firsts)) - _ONE), runs, starts, gap, kinds, count)
    return new_count


@inner()
def _write(starts, stops, firsts, first, begins, ends, kinds, here, count):
    """Write the tokens, up to 16 behind the last; all but the first of the window that begin a run are K_SPACED."""
    firsts &= ~_ONE
    while here < count:
        for at in range(_AT_ONCE):
            begin = count_trailing_zeros(starts)
            begins[here + at] = first + np.int64(begin)
            ends[here + at] = first + np.int64(count_trailing_zeros(stops))
            kinds[here + at] = ((firsts >> (begin & _LAST)) & _ONE) << _SPACED_PLACE
            starts &= starts - _ONE
            stops &= stops - _ONE
        here += _AT_ONCE
