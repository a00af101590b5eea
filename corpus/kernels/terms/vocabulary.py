"""Terms as a trie over folded code points, with the tables of what they begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.errors import RecipeError
from corpus.kernels.terms.beginnings import FACTOR, Beginnings, make_beginnings
from corpus.kernels.terms.fold import fold_term

ROOT = 0


@dataclass(frozen=True)
class Vocabulary:
    """Terms in groups, as a trie; made by `make_vocabulary`."""

    groups: tuple[str, ...]
    terms: tuple[tuple[tuple[int, ...], int], ...]  # folded code points and group, sorted
    beginnings: Beginnings
    keys: np.ndarray  # open addressing: node << 21 | code point -> node
    nodes: np.ndarray
    group: np.ndarray  # [nodes] group of the term that ends here, -1: none does


def make_vocabulary(groups: Mapping[str, Sequence[str]]) -> Vocabulary:
    """Compile terms: group -> terms. A term that is given twice counts once.

    Raises:
        RecipeError: a term is empty once folded, or is in two groups.
    """
    found: dict[tuple[int, ...], int] = {}
    for number, (name, terms) in enumerate(groups.items()):
        for term in terms:
            codes = fold_term(term)
            if not codes:
                raise RecipeError(f"term {term!r} of {name!r} holds nothing to look for; take it out")
            if found.setdefault(codes, number) != number:
                other = list(groups)[found[codes]]
                raise RecipeError(f"term {term!r} is in {other!r} and in {name!r}; leave it in one of them")
    terms = tuple(sorted(found.items()))
    trie: dict[tuple[int, int], int] = {}
    group = [-1]
    for codes, number in terms:
        node = ROOT
        for code in codes:
            node = trie.setdefault((node, code), len(group))
            if node == len(group):
                group.append(-1)
        group[node] = number
    slots = 1 << max(4, (4 * len(trie)).bit_length())
    keys, nodes = np.zeros(slots, np.int64), np.zeros(slots, np.int32)
    for (node, code), child in trie.items():
        slot = _trie_slot(node << 21 | code, slots)
        while nodes[slot]:
            slot = (slot + 1) % slots
        keys[slot], nodes[slot] = node << 21 | code, child
    return Vocabulary(tuple(groups), terms, make_beginnings(list(found)), keys, nodes, np.array(group, np.int32))


def _trie_slot(key: int, slots: int) -> int:
    return (key * FACTOR & (1 << 64) - 1) >> 32 & slots - 1
