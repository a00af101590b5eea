"""`TokenIterable` under `DataLoader`: the loader's batches in its order, resumed where a batch says it stood."""

import json
import pickle
from functools import partial
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader

from corpus.errors import RecipeError
from corpus.loader import TokenLoader, TokenShards
from corpus.loader.packed_batch import PackedBatch
from corpus.loader.token_iterable import TokenIterable, _Turns

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

OPTIONS: dict[str, Any] = {"seq_len": 128, "batch_size": 4, "window": 40, "seed": 3}
TENSORS = ("input_ids", "labels", "position_ids", "cu_seqlens")


def same(a: dict, b: dict) -> bool:
    return a["max_seqlen"] == b["max_seqlen"] and all(torch.equal(a[name], b[name]) for name in TENSORS)


def over(iterable: TokenIterable, num_workers: int) -> DataLoader:
    """A `DataLoader`, its workers forked while this process's loaders have threads: those must not be relied on."""
    context = {"multiprocessing_context": "fork"} if num_workers else {}
    return DataLoader(iterable, batch_size=None, num_workers=num_workers, **context)


@pytest.fixture(scope="module")
def reference(corpus) -> list[PackedBatch]:
    folder, _ = corpus
    batches = list(TokenLoader(folder, **OPTIONS))
    assert len(batches) > 50
    return batches


@pytest.mark.parametrize("num_workers", [0, 1, 2])
def test_the_loader_s_batches_in_the_loader_s_order(corpus, reference, num_workers):
    """Fails if two workers both read the epoch, or theirs come back in another order."""
    folder, _ = corpus
    data = over(TokenIterable(folder, **OPTIONS), num_workers)
    assert len(data) == len(reference)
    seen = list(data)
    assert len(seen) == len(reference)
    for batch, expected in zip(seen, reference, strict=True):
        assert type(batch) is PackedBatch
        assert same(batch, expected)
        assert batch.split(2)[1]["input_ids"].shape == (2, 128)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_any_batch_says_where_to_go_on(corpus, reference, num_workers):
    """The state comes with the batch: fails if it is that of a worker which is already further on."""
    folder, _ = corpus
    for number, batch in enumerate(over(TokenIterable(folder, **OPTIONS), num_workers)):
        if number % 9 == 4:
            resumed = TokenIterable(folder, **OPTIONS)
            resumed.load_state_dict(json.loads(json.dumps(batch.loader_state)))
            following = next(iter(resumed), None)
            if number + 1 < len(reference):
                assert following is not None
                assert same(following, reference[number + 1])
    assert number == len(reference) - 1


def test_workers_begin_where_the_state_stands(corpus, reference):
    folder, _ = corpus
    iterable = TokenIterable(folder, **OPTIONS)
    rows = iter(iterable)
    for _ in range(7):
        next(rows)
    resumed = TokenIterable(folder, **OPTIONS)
    resumed.load_state_dict(iterable.state_dict())
    rest = list(over(resumed, 2))
    assert len(rest) == len(reference) - 7
    assert all(same(batch, expected) for batch, expected in zip(rest, reference[7:], strict=True))


def test_epochs(corpus, reference):
    """In one process the next pass is the next epoch; workers are told by `set_epoch`."""
    folder, _ = corpus
    second = list(TokenLoader(folder, epoch=1, **OPTIONS))
    assert not same(second[0], reference[0])
    data = over(TokenIterable(folder, **OPTIONS), 0)
    assert sum(1 for _ in data) == len(reference)
    assert all(same(batch, expected) for batch, expected in zip(data, second, strict=True))
    data = over(TokenIterable(folder, **OPTIONS), 1)
    data.dataset.set_epoch(1)
    assert all(same(batch, expected) for batch, expected in zip(data, second, strict=True))


def test_every_rank_reads_its_own(corpus):
    folder, _ = corpus
    for rank in range(2):
        expected = list(TokenLoader(folder, dp_rank=rank, dp_size=2, **OPTIONS))
        seen = list(over(TokenIterable(folder, dp_rank=rank, dp_size=2, **OPTIONS), 2))
        assert len(seen) == len(expected) > 20
        assert all(same(batch, other) for batch, other in zip(seen, expected, strict=True))


@pytest.mark.parametrize("num_workers", [1, 2, 3])
def test_a_worker_goes_on_with_its_own_turn(corpus, reference, num_workers):
    """What torchdata's StatefulDataLoader does: each worker's iterator saves, and a new one loads, its own state."""
    folder, _ = corpus
    for worker in range(num_workers):
        turns = _Turns(TokenLoader(folder, **OPTIONS), worker, num_workers)
        for _ in range(5):
            next(turns)
        resumed = _Turns(TokenLoader(folder, **OPTIONS), worker, num_workers)
        resumed.load_state_dict(pickle.loads(pickle.dumps(turns.state_dict())))
        rest = list(resumed)
        expected = reference[worker::num_workers][5:]
        assert len(rest) == len(expected) > 5
        assert all(same(batch, other) for batch, other in zip(rest, expected, strict=True))


def test_a_copy_stands_where_the_original_stood(corpus, reference):
    folder, _ = corpus
    iterable = TokenIterable(folder, **OPTIONS)
    next(iter(iterable))
    sent = pickle.dumps(iterable)
    assert len(sent) < 4096
    assert same(next(iter(pickle.loads(sent))), reference[1])


def test_a_function_may_open_the_folder(corpus, reference):
    folder, _ = corpus
    opened = partial(TokenShards, folder, verify="full")
    assert all(same(a, b) for a, b in zip(over(TokenIterable(opened, **OPTIONS), 1), reference, strict=True))


def test_what_processes_cannot_share_is_refused(corpus):
    folder, _ = corpus
    shards = TokenShards(folder)
    for unshared in (shards, TokenLoader(shards, **OPTIONS)):
        with pytest.raises(RecipeError, match="cannot share"):
            TokenIterable(unshared, **OPTIONS)


def test_wrong_options_stop_before_any_worker(corpus):
    folder, _ = corpus
    with pytest.raises(RecipeError, match="batch_size"):
        TokenIterable(folder, **{**OPTIONS, "batch_size": 0})
