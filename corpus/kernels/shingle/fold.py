"""Fold one code point: what counts as the same character when documents are compared.

NFKD, combining marks dropped, NFKC, case folding, traditional to simplified (OpenCC's character table). Letters, digits
and symbols stay. Punctuation, separators and control characters end a token; apostrophes and invisible format
characters vanish, so that "don't", "don’t" and "dont" agree. The fold of a text is the concatenation of the folds of
its code points, which makes it a table look-up. Used inside hashing only: text that is kept is never folded.
"""

import functools
import itertools
import unicodedata

import numpy as np
import opencc

DROP = -1
SEPARATOR = -2
MANY = -3  # `fold[cp] <= MANY`: the code points are at `-(fold[cp] - MANY)` in the second table, length first

_APOSTROPHES = frozenset("'’ʼ＇‘")
_SIZE = 0x110000
# Blocks whose characters fold to themselves or their simplified form, and all that have to be looked at one by one: the
# rest, private use and unassigned, stand for themselves.
_HAN_BLOCKS = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0x20000, 0x2F800), range(0x30000, 0x32400))
_FOLDED = (
    range(0x3400),
    range(0x4DC0, 0x4E00),
    range(0xA000, 0xE000),
    range(0xF900, 0x20000),
    range(0x2F800, 0x30000),
    range(0xE0000, 0xE0200),
)

# Scripts written without spaces: each letter is a token.
LETTER_TOKENS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # 々 〆 〇
    (0x3041, 0x30FF),  # hiragana, katakana
    (0x31F0, 0x31FF),  # katakana extensions
    (0x3400, 0x4DBF),  # CJK extension A
    (0x4E00, 0x9FFF),  # CJK
    (0xF900, 0xFAFF),  # CJK compatibility
    (0x20000, 0x323AF),  # CJK extensions B to H
)


def is_letter_token(code_point: int) -> bool:
    """Whether this (folded) code point is a token of its own."""
    return any(low <= code_point <= high for low, high in LETTER_TOKENS)


def fold_code_point(character: str, simplified: dict[str, str]) -> list[int] | int:
    """The folded code points of one character, or DROP, or SEPARATOR."""
    category = unicodedata.category(character)
    if character in _APOSTROPHES or category == "Cf" or category[0] == "M":
        return DROP
    if category[0] in "ZP" or category == "Cc":
        return SEPARATOR
    if category in ("Cn", "Co", "Cs"):
        return [ord(character)]
    marked = unicodedata.normalize("NFKD", character)
    bare = "".join(c for c in marked if unicodedata.category(c)[0] != "M")
    folded = unicodedata.normalize("NFKC", bare).casefold()
    kept = [simplified.get(c, c) for c in folded if unicodedata.category(c)[0] not in "ZPM"]
    return [ord(c) for c in "".join(kept)] or DROP


@functools.cache
def simplified_characters() -> dict[str, str]:
    """Traditional -> simplified for single characters, from OpenCC's t2s table."""
    han = [chr(cp) for low, high in LETTER_TOKENS[6:] for cp in range(low, high + 1)]
    converted = opencc.OpenCC("t2s").convert("\n".join(han)).split("\n")
    return {a: b for a, b in zip(han, converted, strict=True) if a != b and len(b) == 1}


@functools.cache
def fold_table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The fold of every code point, built once a process (about 0.15 s).

    Returns:
        fold `[0x110000]` int32: one folded code point, DROP, SEPARATOR, or <= MANY;
        many int32: length-prefixed runs for the code points that fold to several;
        letter `[0x110000]` bool: whether a folded code point is a token of its own.
    """
    fold = np.arange(_SIZE, dtype=np.int32)
    many: list[int] = []
    simplified = simplified_characters()
    for code_point in itertools.chain(*_FOLDED):
        folded = fold_code_point(chr(code_point), simplified)
        if isinstance(folded, int):
            fold[code_point] = folded
        elif len(folded) == 1:
            fold[code_point] = folded[0]
        else:
            fold[code_point] = MANY - len(many)
            many += [len(folded), *folded]
    for traditional, simple in simplified.items():
        if any(ord(traditional) in block for block in _HAN_BLOCKS):
            fold[ord(traditional)] = ord(simple)
    letter = np.zeros(_SIZE, np.bool_)
    for low, high in LETTER_TOKENS:
        letter[low : high + 1] = True
    return fold, np.array(many, np.int32), letter
