"""The loader's promises over generated corpora, options and numbers of ranks: order, elasticity, masks, ledger, state.

The other tests take one corpus and chosen options; here hypothesis chooses both. Tokens are numbered through the
corpus, so every id says which document and place it is of.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.loader import TokenLoader

LENGTHS = st.lists(st.sampled_from([0, 1, 2, 3, 15, 16, 17, 31, 33, 64, 100, 300]), min_size=1, max_size=60).filter(any)
SPLIT = st.fixed_dictionaries(
    {
        "seq_len": st.sampled_from([16, 17, 32, 64]),
        "packing": st.sampled_from(["best_fit", "first_fit", "concat"]),
        "window": st.sampled_from([1, 7, 64]),
        "seed": st.integers(0, 1 << 40),
        "epoch": st.integers(0, 3),
        "prefetch": st.sampled_from([0, 2]),
    },
    optional={"blocks": st.sampled_from([1, 3]), "dtype": st.just(torch.int32)},
)
LOSSY = st.fixed_dictionaries(
    {
        "seq_len": st.sampled_from([16, 33, 64]),
        "packing": st.sampled_from(["best_fit", "first_fit", "none"]),
        "overflow": st.sampled_from(["split", "truncate", "drop"]),
        "seed": st.integers(0, 1 << 40),
    },
    optional={"max_segments": st.sampled_from([3, 5])},
)


@pytest.fixture(scope="module")
def folder_of(token_writer, numbered):
    """A function: lengths -> a token folder of numbered documents, the last one only."""
    with tempfile.TemporaryDirectory() as name:

        def write(lengths: list[int]) -> Path:
            folder = Path(name) / "tokens"
            shutil.rmtree(folder, ignore_errors=True)
            return token_writer(folder, numbered(np.array(lengths)), docs_per_part=20, docs_per_batch=6)

        yield write


def rows_of(folder: Path, **options: Any) -> torch.Tensor:
    """`input_ids` of an epoch, row by row."""
    batches = [batch["input_ids"] for batch in TokenLoader(folder, batch_size=1, **options)]
    return torch.cat([torch.empty((0, options["seq_len"]), dtype=torch.int64), *(batch.long() for batch in batches)])


@given(LENGTHS, SPLIT, st.integers(1, 6), st.integers(1, 6), st.data())
@settings(deadline=None, max_examples=15)
def test_order_elasticity_and_state(folder_of, lengths, options, before, after, data):
    """Every token once; any ranks read one order; from a state any other ranks go on with the very next row."""
    folder = folder_of(lengths)
    rows = rows_of(folder, **options)
    assert torch.equal(rows[rows > 0].sort().values, torch.arange(1, sum(lengths) + 1))
    steps = data.draw(st.integers(0, len(rows) // (2 * before)), label="steps")
    first = [TokenLoader(folder, batch_size=2, dp_rank=rank, dp_size=before, **options) for rank in range(before)]
    begun = [next(loader)["input_ids"] for _ in range(steps) for loader in first]
    states = {json.dumps(loader.state_dict()) for loader in first}
    assert len(states) == 1 and len(next(iter(states))) < 1024
    others = [
        TokenLoader(folder, batch_size=3, dp_rank=rank, dp_size=after, drop_last=False, **options)
        for rank in range(after)
    ]
    for loader in others:
        loader.load_state_dict(json.loads(next(iter(states))))
    rest = [batch["input_ids"] for together in zip(*others, strict=True) for batch in together]
    read = torch.cat([rows[:0], *(batch.long() for batch in begun + rest)])
    assert torch.equal(read[: len(rows)], rows)
    assert not read[len(rows) :].any()  # what fills the last batch
    assert {loader.epoch for loader in others} == {options["epoch"] + 1}


@given(LENGTHS, SPLIT)
@settings(deadline=None, max_examples=15)
def test_masks(folder_of, lengths, options):
    """A label is the next token of the same document or -100; positions and borders are the segments'."""
    folder = folder_of(lengths)
    document_of = np.repeat(np.arange(len(lengths)), lengths)
    targets = 0
    for batch in TokenLoader(folder, batch_size=2, document_ids=True, drop_last=False, **options):
        ids, labels = batch["input_ids"].numpy(), batch["labels"].numpy()
        trained = labels != -100
        assert np.array_equal(labels[trained], ids[trained] + 1)
        assert np.array_equal(document_of[labels[trained] - 1], document_of[ids[trained] - 1])
        assert np.array_equal(batch["document_ids"].numpy(), np.where(ids > 0, document_of[ids - 1], -1))
        for row in range(2):
            borders = np.unique(batch["cu_seqlens"][row].numpy())
            sizes = np.diff(borders)
            assert borders[0] == 0 and borders[-1] == options["seq_len"]
            assert np.array_equal(batch["position_ids"][row].numpy(), np.concatenate([np.arange(n) for n in sizes]))
            assert not trained[row][borders[1:] - 1].any()
        assert batch["max_seqlen"] == int(batch["cu_seqlens"].diff(dim=1).max())
        targets += int(trained.sum())
    pieces = sum(-(-length // options["seq_len"]) for length in lengths)
    assert 0 <= targets <= sum(lengths) and (targets > 0 or max(lengths) <= 2 * pieces)


@given(LENGTHS, LOSSY)
@settings(deadline=None, max_examples=15)
def test_ledger(folder_of, lengths, options):
    """used + cut + dropped = the folder's tokens; used + padding = the rows'; used is what was given."""
    folder = folder_of(lengths)
    loader = TokenLoader(folder, batch_size=1, **options)
    rows, ledger = rows_of(folder, **options), loader.ledger()
    given = rows[rows > 0]
    assert len(given) == len(given.unique()) == ledger.used
    assert ledger.used + ledger.cut + ledger.dropped == sum(lengths)
    assert ledger.used + ledger.padding == rows.numel() == len(loader) * options["seq_len"]
    assert ledger.repeated == ledger.prefix == 0
    assert (ledger.cut == 0 or options["overflow"] == "truncate") and (
        ledger.dropped == 0 or options["overflow"] == "drop"
    )
