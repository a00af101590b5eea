"""What each code point is, as bit flags: the one place that decides what a Han character or a bullet is.

`flags_of(c)` says it for one character from `unicodedata` and short lists; `class_table()` holds the same for
all 1,114,112 code points, as the numba kernel needs it. The Unicode version is that of the running Python.

Price: the table is 2.1 MiB and is built at first use, once a process, in about 0.1 s.
"""

import functools
import unicodedata

import numpy as np

SPACE = 1  # str.isspace()
LETTER = 2  # category L*, and every Han character
DIGIT = 4  # category Nd, full-width and other scripts' digits included
MARK = 8  # punctuation and symbols, categories P* and S*: what is stripped off a stop word
HAN = 16
SEPARATOR = 32  # Han punctuation: ends a word without being one
KANA = 64
HANGUL = 128
BAD = 256  # U+FFFD, private use, controls
SENTENCE_END = 512
TERMINAL = 1024  # may end a finished line
BULLET = 2048
STOP_HAN = 4096  # a Han character on FineWeb-2's Chinese stop word list

SENTENCE_ENDS = ".!?。！？…"
TERMINALS = ".!?…\"'。！？．｡”’」』﹒﹖﹗‼⁇⁈⁉"
BULLETS = "•‣▪▫◦⁃●○■□◆◇►▶·・-*"

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
# CJK symbols, vertical forms, compatibility forms, small forms, half- and full-width forms.
_SEPARATOR_RANGES = ((0x3000, 0x303F), (0xFE10, 0xFE1F), (0xFE30, 0xFE6F), (0xFF00, 0xFFEF))

_CODE_POINTS = 0x110000
_ASSIGNED = (
    (0, 0x1FFFF),
    (0xE0000, 0xE0FFF),
)  # where a category can be other than Han, private or unassigned
_PRIVATE_PLANES = 0xF0000  # everything from here on is private use or a non-character


def _within(code_point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code_point <= high for low, high in ranges)


def flags_of(character: str) -> int:
    """The flags of one character, or-ed.

    Example: `flags_of("的") == LETTER | HAN | STOP_HAN`.
    """
    code_point, category = ord(character), unicodedata.category(character)
    han = _within(code_point, _HAN_RANGES)
    flags = HAN if han else 0
    if character.isspace():
        flags |= SPACE
    if category[0] == "L" or han:
        flags |= LETTER
    if category == "Nd":
        flags |= DIGIT
    if category[0] in "PS":
        flags |= MARK
        if _within(code_point, _SEPARATOR_RANGES):
            flags |= SEPARATOR
    if category[0] == "L" and _within(code_point, _KANA_RANGES):
        flags |= KANA
    if category[0] == "L" and _within(code_point, _HANGUL_RANGES):
        flags |= HANGUL
    if character == "\ufffd" or category == "Co" or (category == "Cc" and not flags & SPACE):
        flags |= BAD
    return flags | _listed(character)


def _listed(character: str) -> int:
    """The flags that come from a short list rather than from a property."""
    return (
        (SENTENCE_END if character in SENTENCE_ENDS else 0)
        | (TERMINAL if character in TERMINALS else 0)
        | (BULLET if character in BULLETS else 0)
        | (STOP_HAN if character in STOP_WORDS_ZH else 0)
    )


@functools.cache
def class_table() -> np.ndarray:
    """`flags_of` of every code point, of shape `[0x110000]`, uint16, read-only."""
    table = np.zeros(_CODE_POINTS, dtype=np.uint16)
    category = np.full(_CODE_POINTS, "Cn", dtype="U2")
    for low, high in _ASSIGNED:
        category[low : high + 1] = [unicodedata.category(chr(code_point)) for code_point in range(low, high + 1)]
    category[_PRIVATE_PLANES:] = "Co"
    category[_PRIVATE_PLANES + 0xFFFE : _PRIVATE_PLANES + 0x10000] = "Cn"
    category[-2:] = "Cn"
    major = category.astype("U1")

    def add(flag: int, where: np.ndarray) -> None:
        table[where] |= np.uint16(flag)

    spaces = np.array([code_point for code_point in range(0x3001) if chr(code_point).isspace()])
    letter, mark, han = major == "L", (major == "P") | (major == "S"), _mask(_HAN_RANGES)
    add(SPACE, spaces)
    add(LETTER, letter | han)
    add(DIGIT, category == "Nd")
    add(MARK, mark)
    add(HAN, han)
    add(SEPARATOR, mark & _mask(_SEPARATOR_RANGES))
    add(KANA, letter & _mask(_KANA_RANGES))
    add(HANGUL, letter & _mask(_HANGUL_RANGES))
    add(BAD, (category == "Co") | ((category == "Cc") & ((table & SPACE) == 0)))
    add(BAD, np.array([0xFFFD]))
    for character in SENTENCE_ENDS + TERMINALS + BULLETS + "".join(STOP_WORDS_ZH):
        table[ord(character)] |= _listed(character)
    table.setflags(write=False)
    return table


def _mask(ranges: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Whether each code point lies in one of `ranges` (both ends belong), of shape `[0x110000]`, bool."""
    mask = np.zeros(_CODE_POINTS, dtype=bool)
    for low, high in ranges:
        mask[low : high + 1] = True
    return mask
