"""Loss spans of documents that a loader rearranges for fill-in-the-middle: they go where their tokens go."""

import numpy as np
import pytest

from corpus.loader import FimOptions, TokenLoader
from corpus.loader.write_tokens import write_tokens

MARKS = (69_990, 69_991, 69_992)
BOS = 69_999


@pytest.fixture(scope="module")
def written(tmp_path_factory, numbered):
    """80 documents whose tokens are 1, 2, 3 ... through the corpus; what of them is trained on, by token."""
    rng = np.random.default_rng(11)
    documents = numbered(rng.integers(1, 250, 80))
    spans, trained = [], np.zeros(70_000, bool)
    for number, document in enumerate(documents):
        cuts = np.unique(rng.integers(0, len(document) + 1, 2 * int(rng.integers(0, 3))))
        spans.append(None if number % 3 == 0 else cuts[: len(cuts) // 2 * 2].tolist())
        pairs = [0, len(document)] if spans[-1] is None else spans[-1]
        for begin, end in zip(pairs[::2], pairs[1::2], strict=True):
            trained[document[begin:end]] = True
    folder = tmp_path_factory.mktemp("spans") / "tokens"
    write_tokens(folder, documents, vocab_size=70_000, loss_spans=spans, pad_id=0)
    return folder, trained, np.array([trained[document].all() for document in documents])


@pytest.mark.parametrize("options", [{}, {"bos_id": BOS}, {"mixture": {"tokens": 1.0}}], ids=["plain", "bos", "epochs"])
def test_a_label_is_the_next_token_if_that_is_trained_on(written, options):
    """Of the three tokens put in, where all of their document is."""
    folder, trained, is_whole = written
    loader = TokenLoader(
        folder,
        fim=FimOptions(*MARKS, rate=0.8, seed=1),
        seq_len=64,
        batch_size=2,
        window=30,
        document_ids=True,
        **options,
    )
    stream = loader.forever()
    targets = marks = masked = 0
    for _ in range(200):  # more than two epochs, which a mixture deals without a border
        batch = next(stream)
        ids, labels, owners = (batch[name].numpy() for name in ("input_ids", "labels", "document_ids"))
        is_mark = np.isin(ids, MARKS)
        wanted = np.where(is_mark, is_whole[np.maximum(owners, 0)], trained[ids])
        wanted[:, 1:] &= batch["position_ids"].numpy()[:, 1:] > 0  # the first of a segment is nobody's next
        expected = np.where(wanted, ids, -100)[:, 1:]
        assert np.array_equal(labels[:, :-1], expected) and (labels[:, -1] == -100).all()
        targets += int((labels != -100).sum())
        marks += int(np.isin(labels, MARKS).sum())
        masked += int((is_mark[:, 1:] & ~wanted[:, 1:]).sum())
    assert min(targets, marks, masked) > 50
    assert loader.stats()["targets"] == targets
