"""The promises of TokenLoader: exact resume, the same batches for any number of ranks, every token once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from corpus.errors import RecipeError, StateError
from corpus.loader import TokenLoader
from corpus.loader.loader_state import STATE_VERSION

OPTIONS: dict[str, Any] = {"seq_len": 128, "batch_size": 4, "window": 40, "seed": 3}
TENSORS = ("input_ids", "labels", "position_ids", "cu_seqlens")


def same(a: dict, b: dict) -> bool:
    return a["max_seqlen"] == b["max_seqlen"] and all(torch.equal(a[name], b[name]) for name in TENSORS)


def real_tokens(batch: dict) -> torch.Tensor:
    """Tokens that are no padding: in the fixture ids start at 1 and padding is 0."""
    return batch["input_ids"][batch["input_ids"] != 0]


def test_resume_at_every_step_equals_the_uninterrupted_run(corpus):
    folder, _ = corpus
    loader = TokenLoader(folder, **OPTIONS)
    states, batches = [loader.state_dict()], []
    for batch in loader:
        batches.append(batch)
        states.append(loader.state_dict())
    assert len(batches) > 50
    for step in range(len(batches)):
        resumed = TokenLoader(folder, **OPTIONS)
        resumed.load_state_dict(json.loads(json.dumps(states[step])))
        assert same(next(resumed), batches[step]), f"step {step}"
        assert resumed.state_dict() == states[step + 1]
    resumed.load_state_dict(states[len(batches)])
    assert next(resumed, None) is None
    assert resumed.epoch == 1


def test_ranks_share_one_global_order(corpus):
    folder, _ = corpus
    reference = [batch["input_ids"] for batch in TokenLoader(folder, **{**OPTIONS, "batch_size": 8})]
    assert len(reference) > 20
    for dp_size in (2, 4, 8):
        options = {**OPTIONS, "batch_size": 8 // dp_size}
        loaders = [TokenLoader(folder, dp_rank=rank, dp_size=dp_size, **options) for rank in range(dp_size)]
        seen = 0
        for step, parts in enumerate(zip(*loaders, strict=True)):
            assert torch.equal(torch.cat([part["input_ids"] for part in parts]), reference[step])
            seen += 1
        assert seen == len(reference)


def test_states_are_equal_on_every_rank_and_small(corpus):
    folder, _ = corpus
    loaders = [TokenLoader(folder, dp_rank=rank, dp_size=3, **OPTIONS) for rank in range(3)]
    for _ in range(7):
        for loader in loaders:
            next(loader)
        first, *others = (loader.state_dict() for loader in loaders)
        assert all(other == first for other in others)
    assert first["row"] == 7 * 3 * 4
    assert len(json.dumps(first)) < 1024


@pytest.mark.parametrize("dp_size", [1, 3, 4])
def test_another_number_of_ranks_goes_on_with_the_next_row(corpus, dp_size):
    folder, _ = corpus
    rows = torch.cat([batch["input_ids"] for batch in TokenLoader(folder, **{**OPTIONS, "batch_size": 1})])
    before = [TokenLoader(folder, dp_rank=rank, dp_size=2, **OPTIONS) for rank in range(2)]
    for _ in range(11):
        for loader in before:
            next(loader)
    after = [TokenLoader(folder, dp_rank=rank, dp_size=dp_size, **OPTIONS) for rank in range(dp_size)]
    for loader in after:
        loader.load_state_dict(before[1].state_dict())
    rest = torch.cat([batch["input_ids"] for parts in zip(*after, strict=True) for batch in parts])
    assert len(rest) > 8 * dp_size
    assert torch.equal(rest, rows[11 * 2 * 4 :][: len(rest)])
    assert len(rows) - 88 - len(rest) < 4 * dp_size


def test_every_token_once_an_epoch(corpus):
    """Fails if a window, a row or a piece of a split document is lost or read twice."""
    folder, lengths = corpus
    for epoch in range(3):
        loader = TokenLoader(folder, drop_last=False, epoch=epoch, **OPTIONS)
        tokens = torch.cat([real_tokens(batch) for batch in loader])
        assert torch.equal(tokens.sort().values, torch.arange(1, int(lengths.sum()) + 1))


def test_drop_last_drops_only_the_rows_of_the_last_batch(corpus):
    folder, lengths = corpus
    kept = [batch["input_ids"] for batch in TokenLoader(folder, **{**OPTIONS, "batch_size": 16})]
    every = [batch["input_ids"] for batch in TokenLoader(folder, drop_last=False, **{**OPTIONS, "batch_size": 16})]
    assert len(every) == len(kept) + 1
    assert all(torch.equal(a, b) for a, b in zip(kept, every[:-1], strict=True))
    missing = int(lengths.sum()) - sum(int((batch != 0).sum()) for batch in kept)
    assert 0 < missing == int((every[-1] != 0).sum())


def test_filler_rows_are_padding_only(corpus):
    folder, _ = corpus
    loaders = [TokenLoader(folder, drop_last=False, dp_rank=rank, dp_size=64, **OPTIONS) for rank in range(64)]
    empty = 0
    for loader in loaders:
        last = list(loader)[-1]
        assert last["input_ids"].shape == (4, 128)
        rows = (last["input_ids"] == 0).all(dim=1)
        assert (last["labels"][rows] == -100).all()
        assert (last["cu_seqlens"][rows, 1:] == 128).all()
        empty += int(rows.sum())
    assert empty > 0


def test_labels_are_the_next_token_of_the_same_document(corpus):
    folder, lengths = corpus
    document_of = np.repeat(np.arange(len(lengths)), lengths)
    checked = 0
    for batch in TokenLoader(folder, drop_last=False, **OPTIONS):
        ids, labels, positions = (batch[name].numpy() for name in ("input_ids", "labels", "position_ids"))
        has_label = labels != -100
        assert (labels[has_label] == ids[has_label] + 1).all()  # tokens are numbered through the corpus
        assert (document_of[labels[has_label] - 1] == document_of[ids[has_label] - 1]).all()
        following = np.roll(ids, -1, axis=1)
        assert (following[has_label] == labels[has_label]).all()
        assert (np.roll(positions, -1, axis=1)[has_label] == positions[has_label] + 1).all()
        checked += int(has_label.sum())
    assert checked > 0.9 * lengths.sum()


def test_borders_agree_with_positions(corpus):
    folder, _ = corpus
    segments = 0
    for batch in TokenLoader(folder, drop_last=False, **OPTIONS):
        longest = 0
        for positions, borders in zip(batch["position_ids"], batch["cu_seqlens"], strict=True):
            starts = torch.nonzero(positions == 0).flatten()
            assert torch.equal(starts, borders[: len(starts)].long())
            assert (borders[len(starts) :] == 128).all()
            longest = max(longest, int(borders.diff().max()))
            segments += len(starts)
        assert batch["max_seqlen"] == longest
    assert segments > 217


def test_length_is_the_number_of_batches(corpus):
    folder, _ = corpus
    for drop_last in (True, False):
        for dp_size in (1, 5):
            loader = TokenLoader(folder, drop_last=drop_last, dp_rank=dp_size - 1, dp_size=dp_size, **OPTIONS)
            assert len(loader) == sum(1 for _ in loader) > 0


def test_epochs_and_seeds_give_other_orders(corpus):
    folder, _ = corpus
    first = {}
    for epoch, seed in [(0, 3), (1, 3), (0, 4)]:
        loader = TokenLoader(folder, **{**OPTIONS, "seed": seed, "epoch": epoch})
        first[epoch, seed] = torch.cat([batch["input_ids"] for batch in loader])[:100]
    assert not torch.equal(first[0, 3], first[1, 3])
    assert not torch.equal(first[0, 3], first[0, 4])


def test_a_loop_a_epoch_reads_each_epoch_once(corpus):
    """Guards against a second `for` that yields nothing, and against set_epoch losing a resumed place."""
    folder, _ = corpus
    expected = [[b["input_ids"] for b in TokenLoader(folder, epoch=epoch, **OPTIONS)] for epoch in range(2)]
    loader = TokenLoader(folder, **OPTIONS)
    for _ in range(5):
        next(loader)
    state = loader.state_dict()
    loader = TokenLoader(folder, **OPTIONS)
    loader.load_state_dict(state)
    for epoch in range(2):
        loader.set_epoch(epoch)
        got = [batch["input_ids"] for batch in loader]
        want = expected[epoch][5:] if epoch == 0 else expected[epoch]
        assert len(got) == len(want) > 0
        assert all(torch.equal(a, b) for a, b in zip(got, want, strict=True))


@pytest.mark.parametrize("window", [1, 7, 217, 65536])
def test_any_window_delivers_every_token(corpus, window):
    folder, lengths = corpus
    loader = TokenLoader(folder, drop_last=False, **{**OPTIONS, "window": window, "batch_size": 13})
    assert sum(len(real_tokens(batch)) for batch in loader) == lengths.sum()


def test_few_segments_a_row_still_hold_everything(corpus):
    folder, lengths = corpus
    loader = TokenLoader(folder, drop_last=False, max_segments=2, **OPTIONS)
    batches = list(loader)
    assert batches[0]["cu_seqlens"].shape == (4, 3)
    assert sum(len(real_tokens(batch)) for batch in batches) == lengths.sum()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"seq_len": 64}, "seq_len"),
        ({"seed": 9}, "seed"),
        ({"window": 41}, "window"),
        ({"pad_id": 5}, "pad_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_state_of_another_recipe_is_refused_by_name(corpus, change, name):
    folder, _ = corpus
    state = TokenLoader(folder, **OPTIONS).state_dict()
    with pytest.raises(StateError, match=f"{name} was .* and is"):
        TokenLoader(folder, **{**OPTIONS, **change}).load_state_dict(state)


def test_a_state_of_other_tokens_or_version_is_refused(corpus, tmp_path: Path, token_writer, numbered):
    folder, lengths = corpus
    other = token_writer(tmp_path, numbered(lengths[:100]))
    loader = TokenLoader(folder, **OPTIONS)
    with pytest.raises(StateError, match="tokens was"):
        loader.load_state_dict(TokenLoader(other, **OPTIONS).state_dict())
    with pytest.raises(StateError, match="version 0"):
        loader.load_state_dict({**loader.state_dict(), "version": 0})
    with pytest.raises(StateError, match="keys"):
        loader.load_state_dict({"version": STATE_VERSION, "row": 3})
    with pytest.raises(StateError, match="row is -1"):
        loader.load_state_dict({**loader.state_dict(), "row": -1})


@pytest.mark.parametrize(
    "bad",
    [{"dp_rank": 2, "dp_size": 2}, {"batch_size": 0}, {"seq_len": 1}, {"max_segments": 1}, {"window": 0}],
    ids=str,
)
def test_bad_arguments_are_refused(corpus, bad):
    folder, _ = corpus
    with pytest.raises(RecipeError):
        TokenLoader(folder, **{**OPTIONS, **bad})


@pytest.mark.parametrize(
    ("facts", "given", "expected"),
    [
        ({"eos_id": 7}, None, 7),
        ({"pad_id": None, "eos_id": 7}, None, 7),
        ({"pad_id": None, "eos_id": None}, None, 0),
        ({"pad_id": 0, "eos_id": 7}, None, 0),
        ({"pad_id": 3, "eos_id": 7}, 0, 0),
    ],
    ids=["no pad", "null pad", "all null", "pad 0", "given 0"],
)
def test_padding_falls_back_past_null_and_not_past_0(tmp_path: Path, token_writer, facts, given, expected):
    """Fails if a tokenizer without a padding token (`pad_id: null`) stops the loader, or id 0 counts as none."""
    folder = token_writer(tmp_path, [np.arange(1, 6)], **facts)
    loader = TokenLoader(folder, seq_len=8, batch_size=1, drop_last=False, pad_id=given)
    assert next(loader)["input_ids"].tolist() == [[1, 2, 3, 4, 5, *[expected] * 3]]


def test_a_folder_without_tokens_is_refused(tmp_path: Path, token_writer):
    folder = token_writer(tmp_path, [np.empty(0, np.int64)])
    with pytest.raises(RecipeError, match="nothing to train on"):
        TokenLoader(folder, **OPTIONS)
