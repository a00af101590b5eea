"""What each code point is, as bit flags: the one place that decides what a Han character or a bullet is.

`flags_of(c)` says it for one character from `unicodedata` and short lists. The kernel needs it for all 1,114,112
code points: `class_table()` gives each a class (uint8), `class_flags()` the flags of each class, so that counting
characters by any flag is a histogram over classes. The Unicode version is that of the running Python.

Price: built at first use, once a process, in about 0.4 s; 1.1 MiB.
"""

import functools
import unicodedata

import numpy as np

from corpus.kernels.shingle.fold import simplified_characters

_NAMES = (
    "SPACE",  # str.isspace()
    "LETTER",  # category L*, and every Han character: what str.isalpha() says
    "DIGIT",  # category Nd, full-width and other scripts' digits included
    "MARK",  # punctuation and symbols, categories P* and S*
    "HAN",
    "SEPARATOR",  # marks of the CJK and full-width blocks: end a run, and are tokens of their own
    "KANA",
    "HANGUL",
    "LATIN",
    "UPPER",  # category Lu
    "LOWER",  # category Ll
    "BAD",  # U+FFFD, private use, controls
    "PRIVATE",  # category Co
    "MOJIBAKE",  # C4-zh's list
    "TRADITIONAL",  # in Big5, and another character in simplified text
    "SIMPLIFIED",  # in GB 2312, not in Big5, and the simplified form of another character
    "STOP_HAN",  # a Han character on FineWeb-2's Chinese stop word list
    "TERMINAL",  # ends a sentence, and a finished line
    "BULLET",
    "PREFIX",  # stripped off the beginning of a run, see `naive_tokens`
    "SUFFIX",  # stripped off its end
    "ICON",  # category So: cut out wherever it stands
    "HYPHEN",
    "MONEY",  # a currency sign: a suffix after a digit
    "LENTICULAR",  # 【】
    "REPLACEMENT",  # U+FFFD
)
FLAGS = {name: 1 << place for place, name in enumerate(_NAMES)}
(
    SPACE, LETTER, DIGIT, MARK, HAN, SEPARATOR, KANA, HANGUL, LATIN, UPPER, LOWER, BAD, PRIVATE, MOJIBAKE, TRADITIONAL,
    SIMPLIFIED, STOP_HAN, TERMINAL, BULLET, PREFIX, SUFFIX, ICON, HYPHEN, MONEY, LENTICULAR, REPLACEMENT,
) = FLAGS.values()  # fmt: skip

# Unicode's Sentence_Terminal, https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt, without the scripts that
# neither language borrows from: what datatrove calls terminal punctuation. Closing quotes are none.
TERMINALS = ".!?։؝؞؟۔।॥။።፧፨។៕᠃᠉‼‽⁇⁈⁉⸮⸼⹓⹔。﹒﹖﹗！．？｡"
ELLIPSIS = "…"
CURRENCY = "$£€¥฿₽"
BULLETS = "•‣▪▫◦⁃●○■□◆◇►▶·・-*"
HYPHENS = "-–—~"
QUOTES = "'\"”“`‘´’‚„»«"
# spaCy's LIST_PUNCT, LIST_QUOTES, LIST_CURRENCY and the extra prefixes and suffixes of its English rules.
PREFIXES = "…,:;!?¿¡()[]{}<>_#*&·§%=—–" + CURRENCY + QUOTES
SUFFIXES = "…,:;!?¿¡()[]{}<>_#*&·%—–" + QUOTES

# Gopher, https://arxiv.org/abs/2112.11446, appendix A1.
STOP_WORDS_EN = ("the", "be", "to", "of", "and", "that", "have", "with")
# FineWeb-2, configs/cmn_Hani.yml, https://github.com/huggingface/fineweb-2. Its 22nd entry, "·", is
# punctuation and so never a word here.
STOP_WORDS_ZH = tuple("的年在月是和日了於為有被人中为他與後也而由")

_HAN_RANGES = (  # CJK unified ideographs and their extensions, compatibility ideographs, 々 and 〇
    (0x3005, 0x3005),
    (0x3007, 0x3007),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2FFFF),
    (0x30000, 0x3FFFF),
)
_KANA_RANGES = (
    (0x3041, 0x309F),
    (0x30A0, 0x30FF),
    (0x31F0, 0x31FF),
    (0xFF66, 0xFF9F),
    (0x1AFF0, 0x1AFFF),
    (0x1B000, 0x1B16F),
)
_HANGUL_RANGES = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFFA0, 0xFFDC))
_LATIN_RANGES = ((0x41, 0x5A), (0x61, 0x7A), (0xAA, 0x24F), (0x1E00, 0x1EFF), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
# CJK symbols, vertical forms, compatibility forms, small forms, half- and full-width forms.
_SEPARATOR_RANGES = ((0x3000, 0x303F), (0xFE10, 0xFE1F), (0xFE30, 0xFE6F), (0xFF00, 0xFFEF))
_MOJIBAKE_RANGES = ((0xE003, 0xE7A4), (0x25A1, 0x25A1), (0x25A0, 0x25A0), (0xFFFD, 0xFFFD))

_CODE_POINTS = 0x110000
_LISTS = (
    (STOP_HAN, frozenset(STOP_WORDS_ZH)),
    (TERMINAL, frozenset(TERMINALS)),
    (BULLET, frozenset(BULLETS)),
    (HYPHEN, frozenset(HYPHENS)),
    (MONEY, frozenset(CURRENCY)),
    (LENTICULAR, frozenset("【】")),
    (REPLACEMENT, frozenset("\ufffd")),
    (PREFIX, frozenset(PREFIXES)),
    (SUFFIX, frozenset(SUFFIXES)),
)


def _within(code_point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    for low, high in ranges:  # noqa: SIM110 - four times as fast as `any`, and there are 100,000 code points
        if low <= code_point <= high:
            return True
    return False


@functools.cache
def _simplified_forms() -> frozenset[str]:
    return frozenset(simplified_characters().values())


@functools.cache
def _charset(name: str) -> frozenset[str]:
    """The Han characters of a national character set."""
    han = "".join(chr(code_point) for low, high in _HAN_RANGES[:5] for code_point in range(low, high + 1))
    return frozenset(han.encode(name, "ignore").decode(name))


def flags_of(character: str) -> int:
    """The flags of one character, or-ed.

    Example: `flags_of("的") == LETTER | HAN | STOP_HAN`.
    """
    code_point, category = ord(character), unicodedata.category(character)
    han = _within(code_point, _HAN_RANGES)
    letter, mark = category[0] == "L" or han, category[0] in "PS"
    flags = (HAN if han else 0) | (LETTER if letter else 0) | (MARK if mark and not han else 0)
    flags |= SPACE if character.isspace() else 0
    flags |= {"Nd": DIGIT, "Lu": UPPER, "Ll": LOWER, "Co": PRIVATE | BAD, "So": ICON}.get(category, 0)
    if mark and not han and _within(code_point, _SEPARATOR_RANGES):
        flags |= SEPARATOR
    for flag, ranges in ((KANA, _KANA_RANGES), (HANGUL, _HANGUL_RANGES), (LATIN, _LATIN_RANGES)):
        if category[0] == "L" and _within(code_point, ranges):
            flags |= flag
    if character == "\ufffd" or (category == "Cc" and not flags & SPACE):
        flags |= BAD
    if _within(code_point, _MOJIBAKE_RANGES):
        flags |= MOJIBAKE
    return flags | _script_form(character, han) | _listed(character)


def _script_form(character: str, han: bool) -> int:
    """TRADITIONAL, SIMPLIFIED or 0: decided by the national character sets, so that 后 and 著 are neither."""
    if not han:
        return 0
    in_big5, in_gb2312 = character in _charset("big5"), character in _charset("gb2312")
    if in_big5 and character in simplified_characters():
        return TRADITIONAL
    return SIMPLIFIED if in_gb2312 and not in_big5 and character in _simplified_forms() else 0


def _listed(character: str) -> int:
    """The flags that come from a short list rather than from a property."""
    return sum(flag for flag, listed in _LISTS if character in listed)


_ALIKE = (  # code points of one kind, with one of them
    (range(0x3400, 0x4DC0), "\u3400"),
    (range(0xAC00, 0xD7A4), "가"),
    (range(0xE800, 0xF900), "\ue800"),
    (range(0x20000, 0x40000), "\U00020000"),
    (range(0xF0000, 0xFFFFE), "\U000f0000"),
    (range(0x100000, 0x10FFFE), "\U000f0000"),
)
_LOOKED_AT = (  # one by one; what is in neither list is a surrogate or unassigned, and has no flags
    range(0x3400),
    range(0x4DC0, 0xAC00),
    range(0xD7A4, 0xD800),
    range(0xE000, 0xE800),
    range(0xF900, 0x20000),
    range(0xE0000, 0xE1000),
)


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    flags = np.zeros(_CODE_POINTS, np.uint32)
    for code_points, example in _ALIKE:
        flags[code_points.start : code_points.stop] = flags_of(example)
    alone = [code_point for code_points in _LOOKED_AT for code_point in code_points]
    flags[alone] = [flags_of(chr(code_point)) for code_point in alone]
    values, classes = np.unique(flags, return_inverse=True)
    assert len(values) <= 256, len(values)
    table, by_class = classes.astype(np.uint8), values.astype(np.int64)
    for array in (table, by_class):
        array.setflags(write=False)
    return table, by_class


def class_table() -> np.ndarray:
    """The class of every code point, of shape `[0x110000]`, uint8, read-only."""
    return _tables()[0]


def class_flags() -> np.ndarray:
    """The flags of every class, of shape `[classes]`, int64, read-only."""
    return _tables()[1]
