"""Fill-in-the-middle only rearranges: the parts put back give the document, whatever piece is copied."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.loader import fim_naive
from corpus.loader.fim import FimOptions, fim_copy, fim_spans, virtual_lengths
from corpus.loader.loss_masks import mask_of, spans_of

PRE, SUF, MID, EOS = 101, 102, 103, 100


def joined(parts: list[list[int]]) -> list[int]:
    return [token for part in parts for token in part]


def undo(tokens: list[int]) -> list[int]:
    """The document of a virtual one."""
    if PRE not in tokens:
        return tokens
    assert tokens[0] == PRE
    assert [tokens.count(mark) for mark in (PRE, SUF, MID)] == [1, 1, 1]
    suffix_at, middle_at = tokens.index(SUF), tokens.index(MID)
    prefix, suffix, middle = tokens[1:suffix_at], tokens[suffix_at + 1 : middle_at], tokens[middle_at + 1 :]
    eos = [EOS] if middle[-1:] == [EOS] else []
    return prefix + middle[: len(middle) - len(eos)] + suffix + eos


def copy(documents: list[list[int]], numbers, starts, lengths, options, epoch, dtype=np.uint16) -> list[int]:
    """Pieces of documents `numbers`, each document being its own number in the corpus."""
    sizes = np.array([len(document) for document in documents], np.int64)
    positions = np.cumsum(sizes) - sizes
    tokens = np.array(joined(documents), dtype)
    columns = (positions[numbers], sizes[numbers], numbers, starts, lengths)
    out = np.full(int(np.sum(lengths)), 9999, dtype)
    assert fim_copy(tokens, *columns, options, epoch, out=out) is out
    return out.tolist()


bodies = st.lists(st.integers(0, 99), max_size=12)
documents_of = st.lists(st.builds(lambda body, eos: body + [EOS] * eos, bodies, st.booleans()), min_size=1, max_size=12)
shares = st.sampled_from((0.0, 0.3, 1.0))


@settings(max_examples=150, deadline=None)
@given(documents_of, shares, shares, st.sampled_from((None, EOS)), st.integers(0, 2**70), st.data())
def test_kernels_equal_the_specification(documents, rate, spm_rate, eos_id, seed, data):
    options, epoch = FimOptions(PRE, SUF, MID, rate, spm_rate, eos_id, seed), data.draw(st.integers(0, 3))
    virtual = [fim_naive.rearrange(document, i, options, epoch) for i, document in enumerate(documents)]
    numbers = np.arange(len(documents))
    lengths = virtual_lengths(numbers, np.array([len(document) for document in documents]), options, epoch)
    assert lengths.tolist() == [len(tokens) for tokens in virtual]
    assert lengths.dtype == np.int32
    whole = copy(documents, numbers, np.zeros(len(documents), int), lengths, options, epoch, np.uint32)
    assert whole == joined(virtual)
    if eos_id is not None:
        assert [undo(tokens) for tokens in virtual] == documents
    chosen = np.array(data.draw(st.lists(st.sampled_from(numbers.tolist()), min_size=1, max_size=9)))
    starts = np.array([data.draw(st.integers(0, int(lengths[i]))) for i in chosen])
    sizes = np.array([data.draw(st.integers(0, int(lengths[i] - s))) for i, s in zip(chosen, starts, strict=True)])
    expected = [virtual[i][s : s + n] for i, s, n in zip(chosen, starts, sizes, strict=True)]
    assert copy(documents, chosen, starts, sizes, options, epoch) == joined(expected)


@settings(max_examples=150, deadline=None)
@given(documents_of, shares, shares, st.sampled_from((None, EOS)), st.integers(0, 2**70), st.data())
def test_loss_spans_go_where_their_tokens_go(documents, rate, spm_rate, eos_id, seed, data):
    options, epoch = FimOptions(PRE, SUF, MID, rate, spm_rate, eos_id, seed), data.draw(st.integers(0, 3))
    kinds = (st.booleans(), st.just(True), st.just(False))
    masks = [[data.draw(kind) for _ in one] for one in documents for kind in [data.draw(st.sampled_from(kinds))]]
    virtual = [
        fim_naive.rearranged_mask(mask, document, number, options, epoch)
        for number, (mask, document) in enumerate(zip(masks, documents, strict=True))
    ]
    numbers = np.array(data.draw(st.lists(st.integers(0, len(documents) - 1), min_size=1, max_size=9)))
    ends = [len(virtual[number]) for number in numbers]
    starts = np.array([data.draw(st.integers(0, end)) for end in ends])
    lengths = np.array([data.draw(st.integers(0, end - start)) for end, start in zip(ends, starts, strict=True)])
    sizes = np.array([len(document) for document in documents])
    flat = [spans_of(np.array(masks[number], bool), sizes[number]) for number in numbers]
    flat = [[0, int(sizes[number])] if one is None else one for number, one in zip(numbers, flat, strict=True)]
    spans = np.array(joined(flat)).reshape(-1, 2)
    splits = np.cumsum([0] + [len(one) // 2 for one in flat])
    columns = ((np.cumsum(sizes) - sizes)[numbers], sizes[numbers], numbers, starts, lengths)
    tokens = np.array(joined(documents), np.uint16)
    found, found_splits = fim_spans(tokens, *columns, (spans, splits), options, epoch)
    assert len(found_splits) == len(numbers) + 1 and found_splits[-1] == len(found)
    for piece, (number, start, length) in enumerate(zip(numbers, starts, lengths, strict=True)):
        mine = found[found_splits[piece] : found_splits[piece + 1]].ravel()
        assert (np.diff(mine) >= 0).all() and (mine[::2] < mine[1::2]).all()
        assert mask_of(mine.tolist(), length).tolist() == virtual[number][start : start + length]


def test_shares_and_cuts_are_as_asked():
    """A fifth of 4,000 documents is left, a quarter of the rest has an empty prefix by choice; cuts are spread."""
    options = FimOptions(PRE, SUF, MID, 0.8, 0.25, EOS, seed=5)
    document = [*range(99), EOS]
    numbers = np.arange(4000)
    lengths = virtual_lengths(numbers, np.full(4000, 100), options, 0)
    assert 0.78 < (lengths == 103).mean() < 0.82
    virtual = [fim_naive.rearrange(document, number, options, 0) for number in numbers[lengths == 103].tolist()]
    assert all(tokens[-1] == EOS and undo(tokens) == document for tokens in virtual)
    prefixes = np.array([tokens.index(SUF) - 1 for tokens in virtual])
    assert 0.25 < (prefixes == 0).mean() < 0.30
    assert 30 < prefixes[prefixes > 0].mean() < 37  # the smaller of two places, a third of the way
    suffixes = np.array([tokens.index(MID) - tokens.index(SUF) - 1 for tokens in virtual])
    assert 30 < suffixes.mean() < 36
    assert 0 in suffixes


def test_epochs_seeds_and_documents_choose_for_themselves():
    lengths = np.full(1000, 50)
    chosen = [
        virtual_lengths(np.arange(first, first + 1000), lengths, FimOptions(PRE, SUF, MID, 0.5, seed=seed), epoch) == 53
        for first, seed, epoch in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (10**12, 0, 0)]
    ]
    for one in range(4):
        for other in range(one):
            assert 0.4 < (chosen[one] == chosen[other]).mean() < 0.6


def test_worked_example():
    """The document 5 6 7 8 eos; a seed whose cuts are behind 5 and 7."""
    document = [5, 6, 7, 8, EOS]
    wanted = [PRE, 5, SUF, 8, MID, 6, 7, EOS]
    options = [FimOptions(PRE, SUF, MID, 1.0, 0.0, EOS, seed) for seed in range(200)]
    found = [one for one in options if fim_naive.rearrange(document, 0, one, 0) == wanted]
    assert found
    assert copy([document], np.array([0]), [2], [3], found[0], 0) == [SUF, 8, MID]
    given = (np.array(document, np.uint16), [0], [5], [0], [0], [8])
    spans, splits = fim_spans(*given, (np.array([[2, 4]]), np.array([0, 1])), found[0], 0)
    assert (spans.tolist(), splits.tolist()) == ([[3, 4], [6, 7]], [0, 2])
    without = FimOptions(PRE, SUF, MID, 1.0, 1.0, EOS, found[0].seed)
    assert copy([document], np.array([0]), [0], [8], without, 0) == [PRE, SUF, 8, MID, 5, 6, 7, EOS]
    assert copy([[5, 6, 7]], np.array([0]), [0], [3], without, 0) == [5, 6, 7]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"starts": [7]}, "piece 0: tokens 7 to 9 of document 0"),
        ({"starts": [-1]}, "piece 0"),
        ({"positions": [1]}, "lies at 1 of 5 tokens"),
        ({"lengths": [1, 1]}, "as many of each"),
        ({"tokens": np.arange(5)}, "expected one-dimensional uint16"),
        ({"out": np.empty(1, np.uint16)}, "out is uint16"),
        ({"options": FimOptions(PRE, SUF, 70_000, 1.0)}, "at most 65535"),
    ],
)
def test_bad_arguments_are_named(change, message):
    given = {
        "tokens": np.arange(5, dtype=np.uint16),
        "positions": [0],
        "whole_lengths": [5],
        "documents": [0],
        "starts": [6],
        "lengths": [2],
        "options": FimOptions(PRE, SUF, MID, 1.0),
        "epoch": 0,
    }
    fim_copy(**given)
    with pytest.raises(ValueError, match=message):
        fim_copy(**{**given, **change})
    with pytest.raises(ValueError, match="2 splits for 0 pieces"):
        fim_spans(np.arange(5, dtype=np.uint16), *[[]] * 5, (np.ones((1, 2)), np.array([0, 1])), given["options"], 0)


def test_bad_options_are_named():
    with pytest.raises(ValueError, match="rate is 1\\.5"):
        FimOptions(1, 2, 3, rate=1.5)
    with pytest.raises(ValueError, match="expected different ids"):
        FimOptions(1, 2, 2)
    with pytest.raises(ValueError, match="expected different ids"):
        FimOptions(1, 2, 3, eos_id=3)
    with pytest.raises(ValueError, match="2\\*\\*31 - 4"):
        virtual_lengths(np.zeros(1, int), np.array([2**31 - 2]), FimOptions(1, 2, 3), 0)
