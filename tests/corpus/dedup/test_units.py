"""Units and what of them goes, against dictionaries of strings; and what is cut is still there elsewhere."""

import itertools
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.dedup.repeats import in_many, lost_first, summarise
from corpus.dedup.seams import with_seams
from corpus.dedup.spans import Spans, cut_spans
from corpus.dedup.units import find_units
from corpus.kernels.shingle.naive import tokens
from corpus.kernels.units.naive import lines, sentences

_PIECES = st.sampled_from(["Go on. ", "Éa b. ", "ea B! ", "十五。", "\n", "\n\n", "Z9 ", "--- "])
_CORPUS = st.lists(st.lists(_PIECES, max_size=10).map("".join), min_size=1, max_size=6)


def _folded(text: str) -> tuple[tuple[int, ...], ...]:
    return tuple(tokens(text))


def _naive_units(text: str, kind: str, num: int) -> list[tuple[object, int, int]]:
    """(normalised text, start, end in bytes) of each unit."""
    spans = lines(text) if kind == "lines" else sentences(text)
    pieces = [_folded(text[begin:end]) for begin, end in spans]
    if kind == "lines":
        num = 1
    joined = [
        (tuple(pieces[i : i + num]), spans[i][0], spans[i + num - 1][1]) for i in range(max(0, len(spans) - num + 1))
    ]
    return [(key, len(text[:begin].encode()), len(text[:end].encode())) for key, begin, end in joined]


@settings(max_examples=200, deadline=None)
@given(_CORPUS, st.sampled_from(["lines", "sentences"]), st.integers(1, 4), st.data())
def test_decisions_equal_those_of_dictionaries(texts: list[str], kind: str, num: int, data: st.DataObject):
    order = np.array(data.draw(st.permutations(range(len(texts)))), np.uint64)
    parts = sorted(data.draw(st.lists(st.integers(0, len(texts)), max_size=2)))
    occurrences = defaultdict(list)
    for document, text in enumerate(texts):
        for key, start, end in _naive_units(text, kind, num):
            occurrences[key].append((int(order[document]), start, document, end))
    firsts, everywhere = set(), set()
    for found in occurrences.values():
        firsts |= {(document, start, end) for _, start, document, end in sorted(found)[1:]}
        if len({document for _, _, document, _ in found}) >= 2:
            everywhere |= {(document, start, end) for _, start, document, end in found}
    assert _decided(texts, kind, num, order, [0, *parts, len(texts)]) == (firsts, everywhere)


def _decided(texts: list[str], kind: str, num: int, order: np.ndarray, bounds: list[int]):
    """What goes by `first` and by `everywhere`, from parts that begin at these documents."""
    units, groups = [], []
    for low, high in itertools.pairwise(bounds):
        units.append(find_units(pa.array(texts[low:high], pa.large_string()), kind, num))
        groups.append(summarise(units[-1].keys, units[-1].spans.document, order[low:high][units[-1].spans.document]))
    keys, best = np.concatenate([g.keys for g in groups]), np.concatenate([g.order for g in groups])
    lost = lost_first(keys, best)
    many = in_many(keys, np.concatenate([g.num_documents for g in groups]), 2)
    gone, everywhere, row = set(), set(), 0
    for low, unit, group in zip(bounds, units, groups, strict=False):
        spans = np.array(unit.spans).T + np.array([low, 0, 0])
        its = slice(row, row + len(group.keys))
        gone |= set(map(tuple, spans[lost[its][group.group] | ~group.is_first].tolist()))
        everywhere |= set(map(tuple, spans[many[its][group.group]].tolist()))
        row += len(group.keys)
    return gone, everywhere


@settings(max_examples=200, deadline=None)
@given(_CORPUS, st.integers(1, 3))
def test_every_sentence_that_was_cut_is_still_somewhere(texts: list[str], num: int):
    """Spans overlap, so the first occurrence of one may be cut for another; no sentence is lost by that."""
    column = pa.array(texts, pa.large_string())
    units = find_units(column, "sentences", num)
    groups = summarise(units.keys, units.spans.document, units.spans.document.astype(np.uint64))
    gone = Spans(*(values[~groups.is_first] for values in units.spans))
    left = cut_spans(column, with_seams(column, gone)).to_pylist()
    before = {_folded(text[begin:end]) for text in texts for begin, end in sentences(text)}
    assert {_folded(text[begin:end]) for text in left for begin, end in sentences(text)} == before


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_one_unit_in_all_documents_costs_one_record(size: int):
    text = pa.array(["same line"] * size, pa.large_string())
    units = find_units(text, "lines")
    order = np.arange(size, dtype=np.uint64)[::-1].copy()
    groups = summarise(units.keys, units.spans.document, order[units.spans.document])
    assert len(groups.keys) == min(size, 1)
    assert np.flatnonzero(groups.is_first).tolist() == ([size - 1] if size else [])
    assert groups.num_documents.tolist() == ([size] if size else [])
    assert in_many(groups.keys, groups.num_documents, 20).tolist() == ([size >= 20] if size else [])


def test_keys_that_share_their_first_half_are_told_apart():
    keys = np.array([[7, 1], [7, 2], [7, 1], [8, 1], [7, 2]], np.uint64)
    groups = summarise(keys, np.arange(5), np.arange(5, dtype=np.uint64))
    assert len(groups.keys) == 3
    assert np.flatnonzero(~groups.is_first).tolist() == [2, 4]
    assert lost_first(keys, np.array([5, 4, 3, 2, 1], np.uint64)).tolist() == [True, True, False, False, False]
    assert in_many(keys, np.array([2, 1, 1, 3, 1], np.int32), 3).tolist() == [True, False, True, True, False]
