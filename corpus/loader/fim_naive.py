"""The specification of fill-in-the-middle, in plain Python, one document at a time. See `fim`."""

from corpus.loader.fim_options import FimOptions
from corpus.loader.permutation import derive_key

_MASK64 = (1 << 64) - 1
_SHORTEST = 3


def draws(key: int, document: int) -> list[int]:
    """Four 64-bit numbers: rearrange it?, without a prefix?, one cut, the other."""
    numbers = [_splitmix64(key ^ document)]
    for _ in range(3):
        numbers.append(_splitmix64(numbers[-1]))
    return numbers


def rearrange(tokens: list[int], document: int, options: FimOptions, epoch: int) -> list[int]:
    """The virtual document."""
    first, second, *cuts = draws(options.key(epoch), document)
    if len(tokens) <= _SHORTEST or (first >> 11) / 2**53 >= options.rate:
        return tokens
    has_eos = options.eos_id is not None and tokens[-1] == options.eos_id
    body, eos = (tokens[:-1], tokens[-1:]) if has_eos else (tokens, [])
    low, high = sorted((cut >> 32) * (len(body) + 1) >> 32 for cut in cuts)
    if (second >> 11) / 2**53 < options.spm_rate:
        low = 0
    prefix, middle, suffix = body[:low], body[low:high], body[high:]
    return [options.prefix_id, *prefix, options.suffix_id, *suffix, options.middle_id, *middle, *eos]


def _splitmix64(state: int) -> int:
    return derive_key(state & _MASK64)
