"""A diff as two columns of text: the kept document left, the other one right, differences marked as in `marked`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from pipelines.cluster_views import side_by_side

_BETWEEN = " │ "
_MARKS = {"left": ("[-", "-]", "red"), "right": ("{+", "+}", "green")}


def two_columns(runs: Sequence[Mapping[str, Any]], width: int) -> Iterator[Text]:
    """The lines of a diff.

    Args:
        runs: as `cluster_views.views` gives them.
        width: of both columns together, in cells of a terminal.
    """
    own = (width - len(_BETWEEN)) // 2
    for row in side_by_side(runs):
        sides = [_lines(_marked(row[side], *_MARKS[side]), own) for side in ("left", "right")]
        for left, right in zip_longest(*sides, fillvalue=Text()):
            line = left.copy()
            line.append(" " * (own - cell_len(left.plain))).append(_BETWEEN, "dim").append(right)
            line.rstrip()
            yield line
        if row["elided"]:
            yield Text(f"… {row['elided']:,} characters alike …", "dim")


def _marked(cells: Sequence[tuple[str, str]], begin: str, end: str, style: str) -> Text:
    text = Text()
    for part, differs in cells:
        if differs:
            text.append(begin + part + end + ("~" if differs == "form" else ""), style)
        else:
            text.append(part)
    return text


def _lines(text: Text, width: int) -> list[Text]:
    """The lines of a text, broken where they are full; empty ones at either end left out."""
    lines = [piece for line in text.split("\n", allow_blank=True) for piece in broken(line, width)]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    while lines and not lines[0].plain.strip():
        lines.pop(0)
    return lines


def broken(text: Text, width: int) -> Iterator[Text]:
    """Cut after the last space or wide character that fits: Chinese has no spaces to break at."""
    for line in text.divide(_line_ends(text.plain, width)):
        line.rstrip()
        yield line


def _line_ends(text: str, width: int) -> list[int]:
    ends, used, last, begin = [], 0, 0, 0
    for place, character in enumerate(text):
        cells = cell_len(character)
        if used + cells > width:
            begin = last if last > begin else place
            ends.append(begin)
            used = cell_len(text[begin:place])
        used += cells
        if character == " " or cells > 1:
            last = place + 1
    return ends
