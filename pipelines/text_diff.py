"""What differs between two texts, token by token, as `git diff --word-diff` has it, and as `dedup` sees it.

The units are the tokens of which shingles are made (`corpus.kernels.shingle`: folded words, single Han characters),
each with the marks and the white space after it. So what is aligned as the same is the same to `dedup`; where it is
written in another way (case, width, script variant, punctuation), the piece is told apart as folded.

An alignment takes off what both ends share; up to `_MOST_CELLS` pairs the rest is difflib's, beyond that it is cut at
the windows of tokens that each side has once (patience diff: the longest increasing run of them), and what stays longer
between two of those counts as replaced. So the work grows with the text and not with its square: 1 to 5 s of CPU for
two texts of 300,000 characters.
"""

import functools
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise

from corpus.kernels.shingle.fold import DROP, SEPARATOR, fold_code_point, is_letter_token, simplified_characters

_MOST_CELLS = 1 << 14  # units of the one by units of the other: difflib takes milliseconds for so many
_WINDOW = 6  # tokens that must stand once on each side to be trusted as the same place
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\ufeff]"
)


@dataclass(frozen=True)
class Piece:
    """A stretch of both texts.

    Attributes:
        kind: "same"; "folded", the same tokens written in another way; or "changed".
        kept, other: the stretch in either text; of a changed piece one may be empty. White space may differ in any.
        num_kept, num_other: of a changed piece, the tokens of either side.
    """

    kind: str
    kept: str
    other: str
    num_kept: int = 0
    num_other: int = 0


@dataclass(frozen=True)
class Run:
    """Text to show. `kind` is "same", "kept" (only there), "other" (only there) or "elided" (the same, left out).

    Attributes:
        num_chars: of the whole run, of which `text` may be the beginning and the end.
        folded: of "kept" and "other": what differs is of no account to `dedup`.
        text_other: of "same": how it is written in the other text.
    """

    kind: str
    text: str
    num_chars: int
    folded: bool = False
    text_other: str = ""


def compare(kept: str, other: str) -> list[Piece]:
    """The two texts as pieces, in order; all `kept` together are the one, all `other` the other.

    Example: `compare("A b c", "a d c")` has ("folded", "A ", "a "), ("changed", "b ", "d ") and ("same", "c", "c").
    """
    pieces: list[Piece] = []
    (keys_a, texts_a), (keys_b, texts_b) = _units(kept), _units(other)
    for same, a0, a1, b0, b1 in _stretches(keys_a, keys_b):
        if same:
            pieces += _told_apart(texts_a[a0:a1], texts_b[b0:b1])
        else:
            sizes = (sum(map(bool, keys)) for keys in (keys_a[a0:a1], keys_b[b0:b1]))
            pieces += _with_shared_tail(Piece("changed", "".join(texts_a[a0:a1]), "".join(texts_b[b0:b1]), *sizes))
    return pieces


def _units(text: str) -> tuple[list[str], list[str]]:
    """The folded tokens, and the text of each with what follows it (of the first, also with what is before)."""
    keys: list[str] = []
    begins: list[int] = []
    in_word = False
    for place, character in enumerate(text):
        for folded in _folded(character):
            if not folded:
                in_word = False
            elif in_word and not is_letter_token(ord(folded)):
                keys[-1] += folded
            else:
                keys.append(folded)
                begins.append(place)
                in_word = not is_letter_token(ord(folded))
    if not keys:
        return ([""], [text]) if text else ([], [])
    return keys, [text[begin:end] for begin, end in pairwise([0, *begins[1:], len(text)])]


@functools.lru_cache(1 << 16)
def _folded(character: str) -> tuple[str, ...]:
    """The folded characters of one; `""` for the end of a token."""
    folded = fold_code_point(character, simplified_characters())
    if isinstance(folded, int):
        assert folded in (DROP, SEPARATOR), character
        return () if folded == DROP else ("",)
    return tuple(chr(code_point) for code_point in folded)


def _told_apart(kept: Sequence[str], other: Sequence[str]) -> Iterator[Piece]:
    """Pieces of a stretch with the same tokens: where it is written in the same way, and where not."""
    differs = [a != b and "".join(a.split()) != "".join(b.split()) for a, b in zip(kept, other, strict=True)]
    bounds = [0, *(i for i in range(1, len(differs)) if differs[i] != differs[i - 1]), len(differs)]
    for begin, end in pairwise(bounds):
        left, right = "".join(kept[begin:end]), "".join(other[begin:end])
        if not differs[begin]:
            yield Piece("same", left, right)
            continue
        head = _num_shared(left, right)
        if any(_folded(character) != ("",) for side in (left, right) for character in side[head : head + 1]):
            head = 0  # not at the end of a word
        if head:
            yield Piece("same", left[:head], right[:head])
        yield from _with_shared_tail(Piece("folded", left[head:], right[head:]))


def _with_shared_tail(piece: Piece) -> Iterator[Piece]:
    """A piece that differs; the marks and white space with which both sides end are a piece of their own."""
    left, right = piece.kept, piece.other
    tail = _num_shared(left[::-1], right[::-1])
    tail = next((n for n in range(tail) if any(_folded(left[-1 - n]))), tail)
    yield replace(piece, kept=left[: len(left) - tail], other=right[: len(right) - tail])
    if tail:
        yield Piece("same", left[len(left) - tail :], right[len(right) - tail :])


def _num_shared(a: Sequence[str], b: Sequence[str]) -> int:
    """How long both begin in the same way."""
    length, shorter = 0, min(len(a), len(b))
    while length < shorter and a[length] == b[length]:
        length += 1
    return length


def _stretches(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """(same, begin and end in `a`, begin and end in `b`), in order, without gaps, in turn same and not."""
    same_from = at = bt = 0  # what is the same so far ends at `at`, `bt`
    for a0, b0, length in [*_matches(a, b), (len(a), len(b), 0)]:
        if a0 > at or b0 > bt:
            if at > same_from:
                yield True, same_from, at, bt - (at - same_from), bt
            yield False, at, a0, bt, b0
            same_from = a0
        at, bt = a0 + length, b0 + length
    if at > same_from:
        yield True, same_from, at, bt - (at - same_from), bt


def _matches(a: Sequence[str], b: Sequence[str], anchored: bool = True) -> list[tuple[int, int, int]]:
    """Runs that are equal, as (place in `a`, place in `b`, length), both places increasing.

    Args:
        anchored: whether what is too long for difflib is cut at anchors; else it stays unmatched.
    """
    head = _num_shared(a, b)
    tail = min(_num_shared(a[::-1], b[::-1]), min(len(a), len(b)) - head)
    middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
    found: list[tuple[int, int, int]] = []
    if len(middle_a) * len(middle_b) <= _MOST_CELLS:
        blocks = SequenceMatcher(None, middle_a, middle_b, autojunk=False).get_matching_blocks()
        found = [(x, y, n) for x, y, n in blocks if n]
    elif anchored:
        found = _between_anchors(middle_a, middle_b)
    runs = [(0, 0, head), *((x + head, y + head, n) for x, y, n in found), (len(a) - tail, len(b) - tail, tail)]
    return [run for run in runs if run[2]]


def _between_anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int, int]]:
    runs: list[tuple[int, int, int]] = []
    at, bt = 0, 0
    for x, y in [*_anchors(a, b), (len(a), len(b))]:
        if x > at and y > bt:
            runs += [(at + i, bt + j, n) for i, j, n in _matches(a[at:x], b[bt:y], anchored=False)]
        if x < len(a):
            runs.append((x, y, 1))
        at, bt = x + 1, y + 1
    return runs


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Places of windows that stand once in each, as many as can be had with both places increasing."""
    first, second = (list(zip(*(units[i:] for i in range(_WINDOW)), strict=False)) for units in (a, b))
    once_a, once_b = Counter(first), Counter(second)
    place = {unit: i for i, unit in enumerate(second) if once_b[unit] == 1}
    pairs = [(i, place[unit]) for i, unit in enumerate(first) if once_a[unit] == 1 and unit in place]
    ends: list[int] = []  # the smallest place in `b` at which a run of each length ends
    chosen: list[int] = []  # ... and the pair that ends it
    before: list[int] = []
    for index, (_, y) in enumerate(pairs):
        length = bisect_left(ends, y)
        before.append(chosen[length - 1] if length else -1)
        ends[length : length + 1] = [y]
        chosen[length : length + 1] = [index]
    result, index = [], chosen[-1] if chosen else -1
    while index >= 0:
        result.append(pairs[index])
        index = before[index]
    return result[::-1]


def shortened(
    pieces: Sequence[Piece], context: int, most_changes: int, most_chars: int, with_folded: bool
) -> tuple[list[Run], int]:
    """What to show of a comparison, and how many changes are left out at its end.

    Args:
        context: characters shown of what is the same, on each side of a change.
        most_changes: pieces that differ to show.
        most_chars: characters to show of one side of a change.
        with_folded: whether what is only written in another way is shown as a change too; it is where all is so.
    """
    marked = {"changed", "folded"} if with_folded or all(piece.kind != "changed" for piece in pieces) else {"changed"}
    pieces = _joined(pieces, marked)
    changes = [index for index, piece in enumerate(pieces) if piece.kind in marked]
    shown = changes[:most_changes]
    runs: list[Run] = []
    for index, piece in enumerate(pieces[: shown[-1] + 2] if shown else []):
        if piece.kind not in marked:
            runs += _same(piece, context if index else 0, context if index + 1 in shown else 0)
        else:
            sides, folded = [("kept", piece.kept), ("other", piece.other)], piece.kind == "folded"
            runs += [Run(kind, _middle_out(text, most_chars), len(text), folded) for kind, text in sides if text]
    return runs, len(changes) - len(shown)


def _joined(pieces: Sequence[Piece], marked: set[str]) -> list[Piece]:
    """The pieces with those side by side that are shown as the same made one."""
    result: list[Piece] = []
    group: list[Piece] = []
    for piece in [*pieces, None]:
        if piece is not None and piece.kind not in marked:
            group.append(piece)
            continue
        if group:
            result.append(Piece("same", "".join(p.kept for p in group), "".join(p.other for p in group)))
            group = []
        result += [piece] if piece is not None else []
    return result


def _same(piece: Piece, head: int, tail: int) -> list[Run]:
    """The beginning and the end of what is the same, and between them how much is left out."""
    text, other = piece.kept, piece.other
    if len(text) <= head + tail + max(head, tail) // 2:
        return [Run("same", text, len(text), text_other=other)]
    (first, last), (first_other, last_other) = _ends(text, head, tail), _ends(other, head, tail)
    runs = [
        Run("same", first, len(first), text_other=first_other),
        Run("elided", "", len(text) - len(first) - len(last)),
        Run("same", last, len(last), text_other=last_other),
    ]
    return [run for run in runs if run.num_chars]


def _ends(text: str, head: int, tail: int) -> tuple[str, str]:
    """So many characters of either end, or up to a space where one is near."""
    first, last = text[:head], text[max(len(text) - tail, 0) :]
    if (space := first.rfind(" ")) > head // 2:
        first = first[:space]
    if -1 < (space := last.find(" ")) < tail // 2:
        last = last[space + 1 :]
    return first, last


def _middle_out(text: str, most: int) -> str:
    left_out = len(text) - most
    return text if left_out <= 0 else f"{text[: most // 2]} … {left_out:,} … {text[-(most // 2) :]}"


def visible(text: str, newline: str = " ⏎ ") -> str:
    """`text` with what cannot be seen, or would command a terminal, as `<U+200B>`; line ends as `newline`."""
    text = text.replace("\r\n", "\n").replace("\t", " ")
    text = _INVISIBLE.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)
    return text if newline == "\n" else re.sub(r" *\n[ \n]*", newline, text)
