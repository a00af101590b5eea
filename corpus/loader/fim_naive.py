"""The specification of fill-in-the-middle, in plain Python, one document at a time. See `fim`."""

from typing import TypeVar

from corpus.loader.fim_options import FimOptions
from corpus.loader.permutation import derive_key

_MASK64 = (1 << 64) - 1
_SHORTEST = 3
_T = TypeVar("_T")


def draws(key: int, document: int) -> list[int]:
    """Four 64-bit numbers: rearrange it?, without a prefix?, one cut, the other."""
    numbers = [_splitmix64(key ^ document)]
    for _ in range(3):
        numbers.append(_splitmix64(numbers[-1]))
    return numbers


def rearrange(tokens: list[int], document: int, options: FimOptions, epoch: int) -> list[int]:
    """The virtual document."""
    marks = [options.prefix_id, options.suffix_id, options.middle_id]
    return _in_order(tokens, marks, _cuts(tokens, document, options, epoch))


def rearranged_mask(mask: list[bool], tokens: list[int], document: int, options: FimOptions, epoch: int) -> list[bool]:
    """Which tokens of the virtual document are trained on: those that were, and the three put in where all were."""
    return _in_order(mask, [all(mask)] * 3, _cuts(tokens, document, options, epoch))


def _cuts(tokens: list[int], document: int, options: FimOptions, epoch: int) -> tuple[int, int, int] | None:
    """Where the middle begins and ends, and the body; None: the document stays as it is."""
    first, second, *cuts = draws(options.key(epoch), document)
    if len(tokens) <= _SHORTEST or (first >> 11) / 2**53 >= options.rate:
        return None
    has_eos = options.eos_id is not None and tokens[-1] == options.eos_id
    body = len(tokens) - has_eos
    low, high = sorted((cut >> 32) * (body + 1) >> 32 for cut in cuts)
    if (second >> 11) / 2**53 < options.spm_rate:
        low = 0
    return low, high, body


def _in_order(values: list[_T], marks: list[_T], cuts: tuple[int, int, int] | None) -> list[_T]:
    if cuts is None:
        return values
    low, high, body = cuts
    prefix, middle, suffix, eos = values[:low], values[low:high], values[high:body], values[body:]
    return [marks[0], *prefix, marks[1], *suffix, marks[2], *middle, *eos]


def _splitmix64(state: int) -> int:
    return derive_key(state & _MASK64)
