"""Packing modes, BOS, loss spans, document ids, context parallelism, random access, threads, memory."""

import gc
import json
import os
import threading
from typing import Any

import numpy as np
import pytest
import torch

from corpus.errors import RecipeError, ShardError, StateError
from corpus.loader import FimOptions, TokenLoader, TokenShards, Topology, feed
from corpus.loader.assemble import Assembler
from corpus.loader.write_tokens import write_tokens

OPTIONS: dict[str, Any] = {"seq_len": 128, "batch_size": 4, "window": 40, "seed": 3}
TENSORS = ("input_ids", "labels", "position_ids", "cu_seqlens")


def same(a, b) -> bool:
    return a["max_seqlen"] == b["max_seqlen"] and all(torch.equal(a[name], b[name]) for name in TENSORS)


def tokens_of(batches) -> np.ndarray:
    ids = np.concatenate([batch["input_ids"].numpy().ravel() for batch in batches])
    return ids[ids != 0]


@pytest.mark.parametrize(
    "options",
    [
        {"packing": "first_fit"},
        {"packing": "concat"},
        {"packing": "none"},
        {"overlap": 16},
        {"overflow": "truncate"},
        {"overflow": "drop"},
        {"blocks": 2},
        {"packing": "none", "overflow": "truncate", "blocks": 3},
        {"bos_id": 69_999},
    ],
    ids=str,
)
def test_every_token_is_delivered_or_in_the_ledger(corpus, options):
    folder, lengths = corpus
    loader = TokenLoader(folder, drop_last=False, **OPTIONS, **options)
    batches = list(loader)
    ledger, stats = TokenLoader(folder, **OPTIONS, **options).ledger(), loader.stats()
    found = tokens_of(batches)
    added = (found == 69_999).sum() if "bos_id" in options else 0
    found = found[found != 69_999] if "bos_id" in options else found
    with_bos = (lengths > 0).sum() if "bos_id" in options else 0
    assert len(np.unique(found)) == ledger.used - with_bos
    assert len(found) == ledger.used - with_bos + ledger.repeated
    assert added == ledger.prefix + with_bos
    assert ledger.used + ledger.cut + ledger.dropped == lengths.sum() + with_bos
    assert (ledger.cut > 0) == (options.get("overflow") == "truncate")
    assert (ledger.dropped > 0) == (options.get("overflow") == "drop")
    assert (ledger.repeated > 0) == ("overlap" in options)
    targets = sum(int((batch["labels"] != -100).sum()) for batch in batches)
    assert (stats["tokens"], stats["targets"]) == (len(found) + added, targets)
    assert stats["tokens"] + stats["padding"] == len(batches) * 4 * 128 == stats["batches"] * 4 * 128
    assert stats["masked"] == stats["tokens"] - targets > 0


def test_packings_differ_in_fill(corpus):
    folder, _ = corpus
    fill = {
        mode: TokenLoader(folder, packing=mode, **OPTIONS).ledger().fill for mode in ("best_fit", "first_fit", "none")
    }
    assert 0.95 < fill["first_fit"] <= fill["best_fit"] and fill["none"] < 0.8


def test_every_segment_begins_with_bos_and_documents_stay_whole(corpus):
    """BOS stands before documents and before the further pieces of split ones; labels are still the next token."""
    folder, lengths = corpus
    segments = seen = 0
    for batch in TokenLoader(folder, drop_last=False, bos_id=69_999, **OPTIONS):
        ids, labels = batch["input_ids"].numpy(), batch["labels"].numpy()
        is_start = (batch["position_ids"].numpy() == 0) & (ids != 0)
        assert (ids[is_start] == 69_999).all() and (ids[~is_start] != 69_999).all()
        inside = (labels != -100) & ~is_start
        assert (labels[inside] == ids[inside] + 1).all()
        assert (ids[:, 0] == 69_999).all() or (ids[:, 0] == 0).any()
        segments += int(is_start.sum())
        seen += int(inside.sum())
    assert segments > (lengths > 0).sum() and seen > 0.9 * lengths.sum()


@pytest.mark.parametrize("bos_id", [None, 69_999])
@pytest.mark.parametrize("mixture", [None, {"test": 1}], ids=["epochs", "mixture"])
def test_fill_in_the_middle_rearranges_and_loses_nothing(corpus, bos_id, mixture):
    """Over two epochs: every token of every document each time, three marks around the parts, other cuts."""
    folder, lengths = corpus
    fim = FimOptions(69_990, 69_991, 69_992, rate=0.5, spm_rate=0.3, seed=4)
    loader = TokenLoader(folder, fim=fim, bos_id=bos_id, mixture=mixture, **OPTIONS)
    stream = loader.forever()
    orders, plain = [], np.arange(1, lengths.sum() + 1)
    tokens = np.empty(0, np.int64)
    for _ in range(2):
        while len(np.unique(tokens[tokens < 69_000])) < len(plain) - 600:
            tokens = np.concatenate([tokens, next(stream)["input_ids"].numpy().ravel()])
        marks = [(tokens == mark).sum() for mark in (69_990, 69_991, 69_992)]
        assert min(marks) > 60 and max(marks) < 160 and max(marks) - min(marks) < 6
        rest = tokens[(tokens > 0) & (tokens < 69_000)]
        assert len(np.unique(rest)) == len(rest)
        orders.append((np.diff(rest) != 1).sum())
        tokens = np.empty(0, np.int64)
        if mixture:  # its epochs have no border
            break
        loader.set_epoch(1)
    assert orders[0] > 250 and len(set(orders)) == len(orders)


def test_document_ids_name_the_document_of_every_token(corpus):
    folder, lengths = corpus
    document_of = np.repeat(np.arange(len(lengths)), lengths)
    for batch in TokenLoader(folder, document_ids=True, dtype=torch.int32, **OPTIONS):
        ids, documents = batch["input_ids"].numpy(), batch["document_ids"].numpy()
        assert ids.dtype == documents.dtype == np.int32
        assert (documents[ids == 0] == -1).all()
        assert (documents[ids != 0] == document_of[ids[ids != 0] - 1]).all()


def test_loss_spans_become_labels(tmp_path):
    """Two thirds of the documents have spans; a label is there where its token is in one and in the same segment."""
    rng = np.random.default_rng(1)
    documents, spans, trained, number = [], [], {0}, 1
    for place in range(90):
        length = int(rng.integers(1, 300))
        documents.append(np.arange(number, number + length))
        if place % 3:
            begin = int(rng.integers(0, length))
            spans.append([begin, length] if place % 3 == 1 else [0, 1, begin, min(begin + 20, length)] if begin else [])
        else:
            spans.append(None)
        pairs = [[0, length]] if spans[-1] is None else np.array(spans[-1]).reshape(-1, 2)
        trained |= {number + token for begin, end in pairs for token in range(begin, end)}
        number += length
    write_tokens(tmp_path / "t", documents, vocab_size=70_000, loss_spans=spans, pad_id=0)
    loader = TokenLoader(tmp_path / "t", drop_last=False, **OPTIONS)
    trained_on = 0
    for batch in loader:
        ids, labels = batch["input_ids"].numpy(), batch["labels"].numpy()
        following = np.concatenate([batch["position_ids"].numpy()[:, 1:] != 0, np.zeros((4, 1), bool)], axis=1)
        wanted = following & (ids > 0) & np.isin(ids + 1, list(trained))
        assert (labels[wanted] == ids[wanted] + 1).all() and (labels[~wanted] == -100).all()
        trained_on += int(wanted.sum())
    assert 1000 < trained_on == loader.stats()["targets"] < number * 0.95


@pytest.mark.parametrize("layout", ["contiguous", "zigzag"])
def test_context_parallel_ranks_share_the_rows(corpus, layout):
    folder, _ = corpus
    whole = list(TokenLoader(folder, **OPTIONS))
    ranks = [
        TokenLoader(folder, topology=Topology(0, 1, cp_rank=rank, cp_size=4), context_parallel=layout, **OPTIONS)
        for rank in range(4)
    ]
    steps = 0
    for batch, *slices in zip(whole, *ranks, strict=True):
        for rank, piece in enumerate(slices):
            expected = batch.context_parallel(rank, 4, layout)
            assert piece["input_ids"].shape == (4, 32) and same(piece, expected)
        steps += 1
    assert steps > 50


def test_rows_by_number_are_the_rows_that_are_dealt(corpus):
    folder, _ = corpus
    rows = torch.cat([batch["labels"] for batch in TokenLoader(folder, **{**OPTIONS, "batch_size": 1})])
    loader = TokenLoader(folder, **OPTIONS)
    state = loader.state_dict()
    for first, last in [(0, 1), (len(rows) - 3, len(rows)), (5, 90), (0, len(rows))]:
        assert torch.equal(loader.rows(first, last)["labels"], rows[first:last])
    counts, total = [], 0
    while total < len(rows):
        counts.append(loader.window_rows("", 0, len(counts), np.arange(1))["labels"])
        assert torch.equal(counts[-1][0], rows[total])
        total += int(loader._plans.count(0, 0).rows[len(counts) - 1])
    assert len(counts) > 4
    assert loader.state_dict() == state and torch.equal(next(loader)["labels"], rows[:4])
    for first, last in [(-1, 2), (3, 3), (0, len(rows) + 1)]:
        with pytest.raises(IndexError, match="asked for"):
            loader.rows(first, last)


@pytest.mark.parametrize("prefetch", [0, 1, 5])
@pytest.mark.parametrize("num_threads", [1, 4])
def test_threads_change_nothing(corpus, prefetch, num_threads):
    folder, _ = corpus
    reference = list(TokenLoader(folder, prefetch=0, **OPTIONS))
    loader = TokenLoader(folder, prefetch=prefetch, num_threads=num_threads, **OPTIONS)
    assert sum(same(a, b) for a, b in zip(loader, reference, strict=True)) == len(reference) > 50
    loader.close()


def test_batches_that_are_kept_are_not_written_again(corpus):
    """Memory is used again, but only that of batches nobody holds."""
    folder, _ = corpus
    options = {**OPTIONS, "window": 10}
    loader = TokenLoader(folder, **options)
    kept, places = [], set()
    for epoch in range(4):
        for step, batch in enumerate(loader):
            places.add(batch["input_ids"].untyped_storage().data_ptr())
            if step % 9 == epoch:
                kept.append((batch, {name: batch[name].clone() for name in TENSORS}))
    del batch
    gc.collect()
    assert len(kept) > 20
    assert all(torch.equal(batch[name], copies[name]) for batch, copies in kept for name in TENSORS)
    again = TokenLoader(folder, **options)
    pointers = [next(again)["input_ids"].untyped_storage().data_ptr() for _ in range(60)]
    assert len(set(pointers)) < 12


@pytest.mark.parametrize("error", [ShardError, KeyboardInterrupt], ids=["shard", "interrupt"])
@pytest.mark.parametrize("method", ["locate", "lengths_of"])
@pytest.mark.parametrize("prefetch", [0, 2])
def test_after_a_failure_the_next_batch_is_the_one_that_failed(corpus, monkeypatch, prefetch, method, error):
    """Whether planning or reading fails, at whatever batch, and how often: nothing is lost or given twice."""
    folder, _ = corpus
    reference = list(TokenLoader(folder, **OPTIONS))
    real, calls = getattr(TokenShards, method), [0]

    def fails_now_and_then(*arguments):
        calls[0] += 1
        if calls[0] % 3 == 0:
            raise error("the disk is gone")
        return real(*arguments)

    monkeypatch.setattr(TokenShards, method, fails_now_and_then)
    loader = TokenLoader(folder, prefetch=prefetch, **OPTIONS)
    taken, failures = [], 0
    while True:
        state = loader.state_dict()
        try:
            taken.append(next(loader))
        except StopIteration:
            break
        except error:
            failures += 1
            assert loader.state_dict() == state
    assert calls[0] > 3
    assert failures > 0 or (method, prefetch) == ("lengths_of", 2)  # a plan made ahead may fail unseen
    assert len(taken) == len(reference)
    assert all(same(a, b) for a, b in zip(taken, reference, strict=True))


def test_a_state_of_a_place_that_is_not_there_is_refused(corpus):
    folder, _ = corpus
    loader = TokenLoader(folder, **OPTIONS)
    next(loader)
    state = loader.state_dict()
    for sources, epoch, message in [
        ({"": [0, 10**6, 0, 0, 0]}, 0, "stands in window 1000000"),
        ({}, 3, "is it whole"),
        ({"": [0, 0, 10**9, 0, 0]}, 0, "stands in row 1000000000"),
    ]:
        other = TokenLoader(folder, **OPTIONS)
        with pytest.raises(StateError, match=message):
            other.load_state_dict({**state, "sources": sources, "epoch": epoch})
            next(other)


def test_a_forked_process_is_told_to_make_its_own_loader(corpus):
    folder, _ = corpus
    loader = TokenLoader(folder, **OPTIONS)
    loader._process = os.getppid()  # as it looks from a child
    with pytest.raises(RuntimeError, match="made in another process"):
        next(loader)


def test_forever_goes_through_the_epochs(corpus):
    folder, _ = corpus
    loader = TokenLoader(folder, **OPTIONS)
    length = len(loader)
    stream = loader.forever()
    batches = [next(stream) for _ in range(2 * length + 1)]
    assert loader.epoch == 2
    assert same(batches[length], next(TokenLoader(folder, epoch=1, **OPTIONS)))
    empty = TokenLoader(folder, dp_size=10_000, **OPTIONS)
    with pytest.raises(RecipeError, match="less than one batch"):
        next(empty.forever())


def test_pipeline_and_tensor_ranks_of_3072_agree(corpus):
    """8 tensor x 64 pipeline x 6 data: the batches of one replica are equal, those of the replicas are an epoch."""
    folder, lengths = corpus
    options = {**OPTIONS, "batch_size": 1, "drop_last": False}
    places = [
        Topology.from_env({"RANK": str(rank), "WORLD_SIZE": "3072"}, tensor=8, pipeline=64) for rank in range(3072)
    ]
    shards = TokenShards(folder)
    by_replica: dict[int, list[list[bytes]]] = {}
    replicas = [[place for place in places if place.dp_rank == rank] for rank in range(6)]
    for place in [place for ranks in replicas for place in ranks[::32]]:
        loader = TokenLoader(shards, topology=place, prefetch=0, **options)
        by_replica.setdefault(place.dp_rank, []).append([batch["input_ids"].numpy().tobytes() for batch in loader])
    assert sorted(by_replica) == list(range(6)) and {len(ranks) for ranks in by_replica.values()} == {16}
    for ranks in by_replica.values():
        assert all(batches == ranks[0] for batches in ranks)
    seen = np.concatenate([np.frombuffer(batch, np.int64) for ranks in by_replica.values() for batch in ranks[0]])
    assert np.array_equal(np.sort(seen[seen > 0]), np.arange(1, lengths.sum() + 1))
    assert len({(p.dp_rank, p.tp_rank, p.pp_rank) for p in places}) == 3072


def test_state_is_under_a_kilobyte_and_plain_json(corpus):
    folder, _ = corpus
    loader = TokenLoader(folder, bos_id=5, overlap=3, blocks=2, **OPTIONS)
    next(loader)
    text = json.dumps(loader.state_dict())
    assert len(text) < 1024 and json.loads(text) == loader.state_dict()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"packing": "worst_fit"}, "mode is 'worst_fit'"),
        ({"packing": "concat", "overlap": 4}, "concat"),
        ({"overlap": 128}, "no room"),
        ({"blocks": 0}, "blocks is 0"),
        ({"prefetch": -1}, "prefetch is -1"),
        ({"num_threads": 0}, "num_threads is 0"),
        ({"bos_id": -1}, "bos_id is -1"),
        ({"pad_id": 1 << 40}, "pad_id is"),
        ({"window": 2.5}, "window is 2.5, expected a whole number"),
        ({"dtype": torch.float32}, "dtype is torch.float32"),
        ({"topology": Topology(0, 1), "dp_rank": 0}, "both topology"),
        ({"topology": Topology(0, 1, cp_rank=1, cp_size=3), "context_parallel": "contiguous"}, "128"),
        ({"topology": Topology(0, 1, cp_rank=1, cp_size=2), "context_parallel": "diagonal"}, "diagonal"),
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(corpus, bad, message):
    folder, _ = corpus
    with pytest.raises(RecipeError, match=message):
        TokenLoader(folder, **{**OPTIONS, **bad})


@pytest.mark.parametrize("is_away", [True, False])
def test_threads_make_ahead_for_a_caller_that_is_away(corpus, monkeypatch, is_away):
    folder, _ = corpus
    threads, make = [], Assembler.batches
    monkeypatch.setattr(feed, "_AWAY", 1e12 if is_away else 1e-12)
    monkeypatch.setattr(feed, "_BATCHES_A_JOB", 4)
    noted = lambda *given: threads.append(threading.current_thread().name) or make(*given)  # noqa: E731
    monkeypatch.setattr(Assembler, "batches", noted)
    found = list(TokenLoader(folder, **OPTIONS))
    assert len(threads) > 5 and threads[0] == "MainThread"  # the first batch stands alone
    assert any(name.startswith("siku-loader") for name in threads) == is_away
    assert all(same(a, b) for a, b in zip(found, TokenLoader(folder, prefetch=0, **OPTIONS), strict=True))
