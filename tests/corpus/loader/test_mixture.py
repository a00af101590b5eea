"""Mixtures: shares hold, schedules move, caps end, a change at resume loses and repeats nothing, ranks agree."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import RecipeError, StateError
from corpus.loader import Mixture, TokenLoader
from corpus.loader.write_tokens import TokenWriter

OPTIONS: dict[str, Any] = {"seq_len": 64, "batch_size": 4, "window": 32, "seed": 5}
KINDS = [("web", "en"), ("web", "zh"), ("wiki", "zh"), ("code", "")]
MIXTURE = {"web/en": 0.5, "web/zh": 0.2, "wiki": 0.2, "code": 0.1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four kinds of documents, 150 of each; the id of a token is 1 + its kind, and its document's number follows."""
    rng = np.random.default_rng(0)
    writer = TokenWriter(tmp_path_factory.mktemp("mixed") / "tokens", vocab_size=1 << 20)
    number = 0
    for _ in range(3):
        for kind, (source, language) in enumerate(KINDS):
            lengths = rng.integers(3, 150, 50)
            tokens = np.repeat(number + np.arange(50), lengths) * 4 + kind + 1
            writer.add(lengths, tokens, source=source, language=language)
            number += 50
    writer.finish(pad_id=0)
    return writer.folder


def kinds_of(batch) -> np.ndarray:
    """Tokens of each kind in each row, `[B, 4]`."""
    ids = batch["input_ids"].numpy()
    return np.stack([((ids - 1) % 4 == kind) & (ids > 0) for kind in range(4)]).sum(axis=2).T


def take(loader, batches: int) -> list:
    return [next(loader) for _ in range(batches)]


def test_shares_are_the_weights_at_every_moment(folder):
    counts = np.concatenate([kinds_of(batch) for batch in take(TokenLoader(folder, mixture=MIXTURE, **OPTIONS), 400)])
    assert ((counts > 0).sum(axis=1) == 1).all()  # a row is of one source
    dealt = np.cumsum(counts, axis=0)
    due = dealt.sum(axis=1)[:, None] * np.array(list(MIXTURE.values()))
    assert np.abs(dealt - due).max() <= 2 * 64
    assert dealt[-1].sum() > 90_000


def test_a_source_is_read_whole_before_any_of_its_documents_comes_again(folder):
    loader = TokenLoader(folder, mixture={"web/en": 1, "code": 3}, **OPTIONS)
    tokens = np.concatenate([batch["input_ids"].numpy().ravel() for batch in take(loader, 500)])
    runs = loader.shards.runs
    for kind, name, names, codes in [
        (0, "en", runs.language_names, runs.language),
        (3, "code", runs.source_names, runs.source),
    ]:
        size = int(runs.num_tokens[codes == names.index(name)].sum())
        mine = tokens[(tokens > 0) & ((tokens - 1) % 4 == kind)]
        assert len(mine) > 2 * size
        first, second = (np.bincount(mine[begin : begin + size]) for begin in (0, size))
        assert (first == second).all() and first.sum() == size


def test_caps_end_the_run_and_count_its_length(folder):
    mixture = Mixture({"web/en": 1, "code": 1}, max_epochs={"web/en": 1, "code": 3})
    loader = TokenLoader(folder, mixture=mixture, drop_last=False, **OPTIONS)
    batches = list(loader)
    assert len(loader) == len(batches) > 0
    tokens = sum(kinds_of(batch).sum(axis=0) for batch in batches)
    runs = loader.shards.runs
    of_kind = {
        name: int(runs.num_tokens[runs.source == runs.source_names.index(name)].sum()) for name in ("web", "code")
    }
    english = int(runs.num_tokens[runs.language == runs.language_names.index("en")].sum())
    assert tokens.tolist() == [english, 0, 0, 3 * of_kind["code"]]
    assert loader.ledger().used == tokens.sum()
    with pytest.raises(StopIteration):
        next(loader)


def test_a_schedule_moves_the_shares(folder):
    """Weights are looked at every 1,024 rows, which are 64 k tokens here."""
    mixture = {"web/en": [(0, 1.0), (640_000, 0.0)], "web/zh": [(0, 0.0), (640_000, 1.0)]}
    counts = np.concatenate([kinds_of(batch) for batch in take(TokenLoader(folder, mixture=mixture, **OPTIONS), 2900)])
    dealt, chinese = np.cumsum(counts.sum(axis=1)), np.cumsum(counts[:, 1])
    for tokens in (160_000, 320_000, 640_000):
        due = tokens * tokens / 640_000 / 2
        assert abs(chinese[np.searchsorted(dealt, tokens)] - due) < 64 * 1024
        assert chinese[np.searchsorted(dealt, tokens)] > 0
    late = counts[dealt > 640_000 + 1024 * 64]
    assert len(late) > 100 and late[:, 0].sum() == 0


@pytest.fixture(scope="module")
def reference_rows(folder):
    return torch.cat([batch["input_ids"] for batch in take(TokenLoader(folder, mixture=MIXTURE, **OPTIONS), 400)])


@given(st.integers(0, 60), st.integers(1, 5), st.integers(1, 3))
@settings(deadline=None, max_examples=15)
def test_resume_at_any_step_with_any_ranks_goes_on_exactly(folder, reference_rows, step, before, after):
    rows = reference_rows
    loader = TokenLoader(folder, mixture=MIXTURE, dp_rank=before - 1, dp_size=before, **OPTIONS)
    take(loader, step)
    state = json.loads(json.dumps(loader.state_dict()))
    ranks = [
        TokenLoader(folder, mixture=MIXTURE, dp_rank=rank, dp_size=after, **{**OPTIONS, "batch_size": 3})
        for rank in range(after)
    ]
    for rank in ranks:
        rank.load_state_dict(state)
    rest = torch.cat([batch["input_ids"] for _ in range(4) for batch in [next(rank) for rank in ranks]])
    first = step * before * 4
    assert torch.equal(rest, rows[first : first + len(rest)])


def test_a_changed_mixture_loses_and_repeats_nothing(folder):
    """Before: three sources. Then other weights, one source less, one more. Then the first again."""
    first = {"web/en": 1, "web/zh": 1, "wiki": 1}
    second = {"web/zh": 1, "code": 2, "wiki": 1}
    seen: dict[int, list[int]] = {kind: [] for kind in range(4)}
    state = None
    for mixture, batches in [(first, 20), (second, 15), (first, 10)]:
        loader = TokenLoader(folder, mixture=mixture, **OPTIONS)
        if state:
            loader.load_state_dict(json.loads(json.dumps(state)))
        for batch in take(loader, batches):
            ids = batch["input_ids"].numpy()
            for kind in range(4):
                seen[kind] += ids[((ids - 1) % 4 == kind) & (ids > 0)].tolist()
        state = loader.state_dict()
    for kind, entry in enumerate(["web/en", "web/zh", "wiki", "code"]):
        alone = TokenLoader(folder, mixture={entry: 1}, **OPTIONS)
        order: list[int] = []
        while len(order) < len(seen[kind]):
            ids = next(alone)["input_ids"].numpy()
            order += ids[ids > 0].tolist()
        assert seen[kind] == order[: len(seen[kind])]
        assert len(seen[kind]) > 500


@pytest.mark.parametrize("prefetch", [0, 2])
def test_the_run_ends_where_no_source_left_has_weight(folder, prefetch):
    """Whatever is made ahead: all rows of the one source that has weight, and no error."""
    mixture = Mixture({"code": 1, "wiki": 0}, max_epochs={"code": 1})
    rows = [
        sum(len(batch["input_ids"]) for batch in TokenLoader(folder, mixture=mixture, prefetch=prefetch, **options))
        for options in ({**OPTIONS, "batch_size": 1}, {**OPTIONS, "drop_last": False, "batch_size": 1})
    ]
    alone = TokenLoader(folder, mixture=Mixture({"code": 1}, max_epochs={"code": 1}), **{**OPTIONS, "batch_size": 1})
    assert rows == [len(alone)] * 2 and rows[0] > 100


def test_a_source_without_rows_changes_no_resume(tmp_path):
    """Its documents are all longer than a row and dropped; it ends once, not anew at every resume."""
    writer = TokenWriter(tmp_path / "t", vocab_size=1000)
    for source, length in (("a", 20), ("b", 500), ("c", 25)):
        writer.add(np.full(60, length), np.arange(60 * length) % 900 + 1, source=source, language="en")
    writer.finish(pad_id=0)
    options = {**OPTIONS, "overflow": "drop", "mixture": {"a": 1, "b": 1, "c": 1}, "batch_size": 1}
    reference = TokenLoader(tmp_path / "t", **options)
    batches, states = [], []
    for _ in range(60):
        states.append(json.loads(json.dumps(reference.state_dict())))
        batches.append(next(reference)["input_ids"])
    for step in range(0, 60, 7):
        resumed = TokenLoader(tmp_path / "t", **options)
        resumed.load_state_dict(states[step])
        assert all(torch.equal(next(resumed)["input_ids"], batch) for batch in batches[step : step + 20])


def test_names_that_share_documents_with_those_of_the_state_are_refused(folder):
    loader = TokenLoader(folder, mixture={"web": 1}, **OPTIONS)
    take(loader, 3)
    with pytest.raises(StateError, match="share documents"):
        TokenLoader(folder, mixture={"web/en": 1}, **OPTIONS).load_state_dict(loader.state_dict())


def test_state_is_small_and_needs_a_mixture_on_both_sides(folder):
    with_mixture, without = TokenLoader(folder, mixture=MIXTURE, **OPTIONS), TokenLoader(folder, **OPTIONS)
    take(with_mixture, 50)
    assert len(json.dumps(with_mixture.state_dict())) < 1024
    with pytest.raises(StateError, match="made with a mixture and the loader has none"):
        without.load_state_dict(with_mixture.state_dict())
    with pytest.raises(StateError, match="made without a mixture and the loader has one"):
        with_mixture.load_state_dict(without.state_dict())
    with pytest.raises(RecipeError, match="epochs for each source"):
        with_mixture.set_epoch(1)
    with pytest.raises(TypeError, match="no end"):
        len(with_mixture)


@pytest.mark.parametrize(
    ("mixture", "message"),
    [
        ({}, "empty"),
        ({"web": -1}, "weight of 'web'"),
        ({"web": [(5, 1), (5, 2)]}, "rising tokens"),
        ({"web": [(0, 1, 2)]}, "points"),
        ({"web": 0}, "all 0 at the start"),
        ({"web": 1, "*/zh": 1}, r"'\*/zh' and 'web' share documents"),
        ({"books": 1}, "'books' matches no document; the folder has sources .*wiki"),
        ({"web/ja": 1}, "matches no document"),
    ],
    ids=str,
)
def test_mixtures_that_make_no_sense_are_refused(folder, mixture, message):
    with pytest.raises((RecipeError, ValueError), match=message):
        TokenLoader(folder, mixture=mixture, **OPTIONS)


def test_max_epochs_that_make_no_sense_are_refused():
    for epochs in ({"wiki": 2}, {"web": 0}, {"web": 1.5}):
        with pytest.raises(ValueError, match="max_epochs"):
            Mixture({"web": 1}, max_epochs=epochs)
