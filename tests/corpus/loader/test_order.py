"""Orders of documents: every document in one window, blocks stay together, streams have orders of their own."""

import numpy as np
import pytest

from corpus.loader.order import DocumentOrder, streams_of
from corpus.loader.token_index import Runs


def runs(rows, kinds) -> Runs:
    first = np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)
    sources, languages = zip(*kinds, strict=True)
    source_names, language_names = (tuple(sorted(set(names))) for names in (sources, languages))
    return Runs(
        first,
        np.array(rows, np.int64) * 10,
        np.array([source_names.index(name) for name in sources], np.int32),
        np.array([language_names.index(name) for name in languages], np.int32),
        source_names,
        language_names,
    )


MIXED = runs([30, 1, 17, 40, 25, 9], [("a", "zh"), ("a", "en"), ("a", "zh"), ("b", "en"), ("b", ""), ("a", "zh")])


def windows(order: DocumentOrder, epoch: int) -> list[np.ndarray]:
    return [order.documents(epoch, window) for window in range(order.num_windows)]


@pytest.mark.parametrize("blocks", [None, 1, 2, 6, 100], ids=str)
@pytest.mark.parametrize("entry", [None, ("a", "zh"), ("a", None), (None, "en")], ids=str)
def test_every_document_of_a_stream_once_an_epoch(blocks, entry):
    (stream,) = streams_of(MIXED, {"x": entry} if entry else None)
    documents = np.arange(122)
    batch = np.searchsorted(MIXED.first_document, documents, side="right") - 1
    source, language = np.array(MIXED.source_names)[MIXED.source], np.array(MIXED.language_names)[MIXED.language]
    wanted = documents
    for names, name in zip((source, language), entry or (None, None), strict=True):
        wanted = wanted[(names[batch[wanted]] == name) | (name is None)]
    assert stream.num_tokens == 10 * len(wanted) > 0
    order = DocumentOrder(stream, 7, 16, blocks)
    seen = {epoch: np.concatenate(windows(order, epoch)) for epoch in range(3)}
    for found in seen.values():
        assert np.sort(found).tolist() == wanted.tolist()
    assert len(stream.rows) == 1 or len({tuple(found) for found in seen.values()}) > 1


def test_a_window_of_blocks_is_whole_record_batches():
    (stream,) = streams_of(MIXED, None)
    order = DocumentOrder(stream, 1, 16, 2)
    batches = 0
    for found in windows(order, 0):
        breaks = np.flatnonzero(np.diff(found) != 1) + 1
        for stretch in np.split(found, breaks):
            ends = {int(stretch[0]), int(stretch[-1]) + 1}
            assert ends <= set(MIXED.first_document.tolist())
            batches += 1
    assert 4 <= batches <= 6  # neighbours may happen to follow each other


def test_windows_are_random_access():
    (stream,) = streams_of(MIXED, None)
    forward = windows(DocumentOrder(stream, 3, 16), 2)
    again = DocumentOrder(stream, 3, 16)
    for window in reversed(range(again.num_windows)):
        again.documents(1, window)  # an epoch in between changes nothing
        assert again.documents(2, window).tolist() == forward[window].tolist()


def test_streams_of_other_names_have_other_orders():
    named = [streams_of(MIXED, {name: ("a", "zh")})[0] for name in ("x", "y")]
    first, second = (DocumentOrder(stream, 3, 100).documents(0, 0).tolist() for stream in named)
    assert sorted(first) == sorted(second) and first != second
