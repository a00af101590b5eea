"""A batch under every trainer's names: the same rows, the same masks, the same labels, whoever cuts it."""

import copy
import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, default_convert

from corpus.errors import RecipeError
from corpus.kernels.pack import pack_rows
from corpus.loader.packed_batch import PackedBatch
from trainer.model import Decoder, ModelOptions

VOCAB = 97
MAX_SEGMENTS = 8
WIDE = ("input_ids", "labels", "position_ids", "document_ids")


def make_batch(rows: list[list[int]], seq_len: int, seed: int = 0, dtype: torch.dtype = torch.int64) -> PackedBatch:
    """Rows of segments of these lengths, filled with random tokens and padded, as the specification says."""
    rng = np.random.default_rng(seed)
    ids, labels, positions, documents, borders = [], [], [], [], []
    for row, lengths in enumerate(rows):
        padding = seq_len - sum(lengths)
        tokens = [rng.integers(1, VOCAB, length) for length in lengths]
        ids.append(np.concatenate([*tokens, np.zeros(padding, np.int64)]))
        shifted = [np.append(segment[1:], -100) for segment in tokens if len(segment)]
        labels.append(np.concatenate([*shifted, np.full(padding, -100)]))
        positions.append(np.concatenate([np.arange(length) for length in [*lengths, padding]]))
        numbers = [np.full(length, 10 * row + index) for index, length in enumerate(lengths)]
        documents.append(np.concatenate([*numbers, np.full(padding, -1)]))
        ends = np.cumsum([0, *lengths] + [padding] * (padding > 0))
        borders.append(np.append(ends, np.full(MAX_SEGMENTS + 1 - len(ends), seq_len)))
    wide = (torch.from_numpy(np.stack(x)).to(dtype) for x in (ids, labels, positions, documents))
    cu_seqlens = torch.from_numpy(np.stack(borders).astype(np.int32))
    longest = int(cu_seqlens.diff(dim=1).max())
    return PackedBatch({**dict(zip(WIDE, wide, strict=True)), "cu_seqlens": cu_seqlens, "max_seqlen": longest})


def rows_of(seq_len: int, num_rows: int) -> st.SearchStrategy[list[list[int]]]:
    """Rows of 0 to 6 segments of 1 token and more that fit."""

    def cut(ends: list[int]) -> list[int]:
        return [length for length in np.diff([0, *sorted(set(ends))]).tolist() if length]

    return st.lists(st.lists(st.integers(1, seq_len), max_size=6).map(cut), min_size=num_rows, max_size=num_rows)


ROWS = [[5, 17, 10], [32], [1, 1, 1], [20, 11], [], [31, 1], [16, 16], [2, 29]]


@pytest.fixture
def batch() -> PackedBatch:
    return make_batch(ROWS, 32)


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(
        torch.equal(a[name], b[name]) if isinstance(a[name], torch.Tensor) else a[name] == b[name] for name in a
    )


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    return Decoder(ModelOptions(vocab_size=VOCAB, width=32, num_layers=2, num_heads=2)).eval()


def segments(batch: dict[str, Any], row: int) -> list[slice]:
    """The segments of a row that are documents."""
    borders = batch["cu_seqlens"][row].tolist()
    found = [slice(a, b) for a, b in pairwise(borders) if b > a]
    return [piece for piece in found if batch["input_ids"][row, piece].any()]


def test_a_packed_row_is_its_documents_one_by_one(batch, decoder):
    """Attention written out in the model, masked by positions; fails if a document sees its neighbour."""
    seen = 0
    with torch.no_grad():
        logits = decoder(batch["input_ids"], batch["position_ids"])
        for row in range(len(ROWS)):
            for piece in segments(batch, row):
                alone = batch["input_ids"][row, piece][None]
                expected = decoder(alone, torch.arange(alone.shape[1])[None])[0]
                torch.testing.assert_close(logits[row, piece], expected, rtol=1e-4, atol=1e-5)
                seen += 1
    assert seen == sum(len(lengths) for lengths in ROWS)


def hf_model():
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        vocab_size=VOCAB, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=64, attn_implementation="sdpa", use_cache=False,
    )  # fmt: skip
    torch.manual_seed(0)
    return transformers.LlamaForCausalLM(config).eval()


def test_hugging_face_s_own_model_and_loss(batch):
    """Hugging Face shifts labels itself. Fails if it is given shifted ones, or looks across documents."""
    model = hf_model()
    with torch.no_grad():
        packed = model(**batch.to_hf())
        total, count = 0.0, 0
        for row in range(len(ROWS)):
            for piece in segments(batch, row):
                ids = batch["input_ids"][row, piece][None]
                logits = model(ids).logits[0]
                torch.testing.assert_close(packed.logits[row, piece], logits, rtol=1e-4, atol=1e-5)
                total += cross_entropy(logits[:-1], ids[0, 1:], reduction="sum").item() if len(logits) > 1 else 0.0
                count += len(logits) - 1
    assert count == int((batch["labels"] != -100).sum())
    assert packed.loss.item() == pytest.approx(total / count, rel=1e-5)


@settings(deadline=None, max_examples=40)
@given(rows=rows_of(24, 4))
def test_flat_borders_are_the_segments_in_line(rows):
    batch = make_batch(rows, 24)
    flat, thd = batch.to_hf(flat=True), batch.to_thd()
    borders = flat["cu_seq_lens_q"]
    assert borders.dtype == torch.int32
    assert (borders.diff() > 0).all()
    starts = (flat["position_ids"][0] == 0).nonzero().flatten().tolist()
    assert borders.tolist() == [*starts, 4 * 24]
    assert flat["max_length_q"] == flat["max_length_k"] == int(borders.diff().max()) == batch["max_seqlen"]
    assert flat["input_ids"].shape == flat["labels"].shape == (1, 96)
    assert torch.equal(flat["labels"][0, 1:], batch["labels"].flatten()[:-1])
    assert flat["labels"][0, 0] == -100
    # the same borders with empty segments among them, of a length that never changes
    assert thd["cu_seqlens"].shape == (4 * MAX_SEGMENTS + 1,)
    assert thd["cu_seqlens"].dtype == torch.int32
    assert torch.equal(thd["cu_seqlens"].unique(), borders)
    assert (thd["cu_seqlens"].diff() >= 0).all()
    assert thd["max_seqlen"] == batch["max_seqlen"]
    for name in ("input_ids", "labels", "position_ids"):
        assert torch.equal(thd[name], batch[name].flatten())


def megatron_merged(cu_seqlens: torch.Tensor, seq_len: int) -> list[int]:
    """What Megatron makes of padded rows: up to the first entry that is seq_len, one row behind the other."""
    merged = [0]
    for row, borders in enumerate(cu_seqlens.tolist()):
        merged += [row * seq_len + border for border in borders[1 : borders.index(seq_len) + 1]]
    return merged


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_megatron_s_keys(dtype):
    batch = make_batch(ROWS, 32, dtype=dtype)
    item = batch.to_megatron()
    assert set(item) == {"tokens", "labels", "loss_mask", "position_ids", "cu_seqlens", "max_seqlen"}
    assert all(item[name].dtype == torch.int64 for name in ("tokens", "labels", "position_ids"))
    assert item["loss_mask"].dtype == torch.float32
    assert item["cu_seqlens"].dtype == item["max_seqlen"].dtype == torch.int32
    trained = batch["labels"] != -100
    assert item["loss_mask"].sum() == trained.sum() > 0
    assert torch.equal(item["labels"][trained], batch["labels"][trained].long())
    assert (item["labels"][~trained] == 0).all()
    assert item["max_seqlen"].tolist() == [17, 32, 29, 20, 32, 31, 16, 29]
    assert megatron_merged(item["cu_seqlens"], 32) == batch.to_hf(flat=True)["cu_seq_lens_q"].tolist()
    assert set(batch.to_megatron(cu_seqlens=False)) == {"tokens", "labels", "loss_mask", "position_ids"}


def test_megatron_s_loss_is_the_loss(batch, decoder):
    """sum(loss * loss_mask) / sum(loss_mask), as Megatron computes it, against the mean over real labels."""
    item = batch.to_megatron()
    with torch.no_grad():
        logits = decoder(item["tokens"], item["position_ids"])
        losses = cross_entropy(logits.flatten(0, 1), item["labels"].flatten(), reduction="none")
        expected = decoder.loss(batch["input_ids"], batch["position_ids"], batch["labels"])
    mask = item["loss_mask"].flatten()
    torch.testing.assert_close((losses * mask).sum() / mask.sum(), expected)


def test_an_item_of_deepspeed_s_pipeline():
    """`_exec_load_micro_batch` asserts tensors, and stages agree on shapes once: they may not change."""
    shapes = set()
    for seed, rows in enumerate([ROWS, ROWS[::-1], [[32]] * 8, [[]] * 8]):
        batch = make_batch(rows, 32, seed)
        inputs, labels = batch.to_deepspeed_pipe()
        assert all(isinstance(tensor, torch.Tensor) for tensor in (*inputs, labels))
        ids, positions, cu_seqlens = inputs
        assert torch.equal(ids, batch["input_ids"])
        assert torch.equal(positions, batch["position_ids"])
        assert torch.equal(cu_seqlens, batch["cu_seqlens"])
        assert torch.equal(labels, batch["labels"])
        shapes.add(tuple((tensor.shape, tensor.dtype) for tensor in (*inputs, labels)))
    assert len(shapes) == 1


def test_shapes_never_change(batch):
    every = set()
    for rows in (ROWS, [[32]] * 8, [[]] * 8, [[4] * 7 + [1]] * 8):
        made = make_batch([lengths[: MAX_SEGMENTS - 1] for lengths in rows], 32)
        forms = (made, made.to_megatron(), made.to_thd(), made.to_titan()[0], made.to_titan(flat=True)[0], made.to_hf())
        tensors = [v for form in forms for v in form.values() if isinstance(v, torch.Tensor)]
        every.add(tuple((tensor.shape, tensor.dtype) for tensor in tensors))
    assert len(every) == 1


def test_titan_s_pair(batch):
    inputs, labels = batch.to_titan()
    assert set(inputs) == {"input", "positions"}
    assert inputs["input"] is batch["input_ids"]
    assert labels is batch["labels"]
    flat, flat_labels = batch.to_titan(flat=True)
    assert flat["positions"].shape == flat_labels.shape == (256,)
    assert flat["input"].data_ptr() == batch["input_ids"].data_ptr()


@pytest.mark.parametrize("num_parts", [1, 2, 4, 8])
def test_micro_batches_joined_are_the_whole(batch, num_parts):
    parts = batch.split(num_parts)
    assert len(parts) == num_parts
    for name in (*WIDE, "cu_seqlens"):
        assert torch.equal(torch.cat([part[name] for part in parts]), batch[name])
        assert all(
            part[name].untyped_storage().data_ptr() == batch[name].untyped_storage().data_ptr() for part in parts
        )
    assert max(part["max_seqlen"] for part in parts) == batch["max_seqlen"]
    for part in parts:
        assert part["max_seqlen"] == int(part["cu_seqlens"].diff(dim=1).max())
        assert (part.host_cu_seqlens == part["cu_seqlens"].numpy()).all()
    with pytest.raises(RecipeError, match="8 rows"):
        batch.split(3)


def test_torch_s_pipeline_schedule_keeps_rows_and_borders_together(batch):
    """What broke in torchtitan (#4098): one flat vector of borders is cut in the middle; borders by rows are not."""
    from torch.distributed.pipelining.microbatch import split_args_kwargs_into_chunks  # seconds, as in `test_convert`

    arguments, keywords = split_args_kwargs_into_chunks(
        (batch["input_ids"],), {name: batch[name] for name in ("position_ids", "cu_seqlens")}, chunks=4
    )
    assert len(arguments) == len(keywords) == 4
    for part, (ids,), named in zip(batch.split(4), arguments, keywords, strict=True):
        assert torch.equal(ids, part["input_ids"])
        assert torch.equal(named["position_ids"], part["position_ids"])
        assert torch.equal(named["cu_seqlens"], part["cu_seqlens"])


def zigzag_columns(rank: int, size: int, seq_len: int) -> list[int]:
    width = seq_len // (2 * size)
    chunks = [range(chunk * width, (chunk + 1) * width) for chunk in range(2 * size)]
    return [*chunks[rank], *chunks[2 * size - 1 - rank]]


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_context_parallel_slices(batch, size):
    for layout in ("contiguous", "zigzag"):
        columns = []
        for rank in range(size):
            part = batch.context_parallel(rank, size, layout)
            width = 32 // size
            chosen = zigzag_columns(rank, size, 32) if layout == "zigzag" else range(rank * width, (rank + 1) * width)
            for name in WIDE:
                assert torch.equal(part[name], batch[name][:, list(chosen)])
            assert torch.equal(part["cu_seqlens"], batch["cu_seqlens"])
            assert part["max_seqlen"] == batch["max_seqlen"]
            columns += chosen
        assert sorted(columns) == list(range(32))


@pytest.mark.parametrize("layout", ["contiguous", "zigzag"])
def test_the_kernel_that_writes_a_slice_writes_this_slice(layout):
    """The loader has the kernel write a rank's columns at once: one definition in two places must be one."""
    lengths = np.array([len_ for row in ROWS for len_ in row])
    splits = np.cumsum([0, *(len(row) for row in ROWS)])
    tokens = np.random.default_rng(0).integers(1, VOCAB, lengths.sum()).astype(np.uint16)
    given = (tokens, np.cumsum(lengths) - lengths, lengths, splits)
    options: dict[str, Any] = {"seq_len": 32, "max_segments": MAX_SEGMENTS, "pad_id": 0}

    def packed(**more: Any) -> PackedBatch:
        rows = pack_rows(*given, **options, **more)
        names = ("input_ids", "labels", "position_ids", "cu_seqlens")
        fields = {name: torch.from_numpy(getattr(rows, name)) for name in names}
        return PackedBatch({**fields, "max_seqlen": rows.max_seqlen})

    whole = packed()
    for rank in range(4):
        assert same(packed(context_parallel=(rank, 4, layout)), whole.context_parallel(rank, 4, layout))


def test_a_slice_is_not_taken_for_rows(batch):
    """A slice's positions do not begin at 0 and its last label is no -100: what wants rows refuses it."""
    part = batch.context_parallel(1, 2)
    for method in (part.to_hf, part.to_thd, part.block_mask, lambda: part.context_parallel(0, 2)):
        with pytest.raises(RecipeError, match="context-parallel slice of 16"):
            method()


@pytest.mark.parametrize(
    ("rank", "size", "layout", "says"),
    [(2, 2, "contiguous", "rank 2 of 2"), (0, 3, "contiguous", "multiple of 3"), (0, 32, "zigzag", "multiple of 64"),
     (0, 0, "contiguous", "rank 0 of 0"), (0, 2, "ring", "'ring'")],
)  # fmt: skip
def test_impossible_slices_are_refused(batch, rank, size, layout, says):
    with pytest.raises(RecipeError, match=says):
        batch.context_parallel(rank, size, layout)


@settings(deadline=None, max_examples=60)
@given(
    data=st.data(),
    seq_len=st.sampled_from([1, 7, 64, 65, 100]),
    size_q=st.sampled_from([5, 8, 16]),
    size_k=st.sampled_from([3, 8, 32]),
)
def test_block_mask_is_create_block_mask_s(data, seq_len, size_q, size_k):
    """torch evaluates the mask on every pair of tokens; the closed form must name the same blocks in the same order."""
    batch = make_batch(data.draw(rows_of(seq_len, 2)), seq_len)
    made = batch.block_mask((size_q, size_k))
    expected = create_block_mask(
        made.mask_mod, B=2, H=None, Q_LEN=seq_len, KV_LEN=seq_len, device="cpu", BLOCK_SIZE=(size_q, size_k)
    )
    for name in ("kv_num_blocks", "full_kv_num_blocks", "q_num_blocks", "full_q_num_blocks"):
        assert torch.equal(getattr(made, name), getattr(expected, name)), name
    for kind in ("kv", "full_kv", "q", "full_q"):
        counts, indices = getattr(made, f"{kind}_num_blocks"), getattr(made, f"{kind}_indices")
        named = torch.arange(indices.shape[-1]) < counts[..., None]
        assert torch.equal(indices[named], getattr(expected, f"{kind}_indices")[named]), kind
        assert indices.dtype == getattr(expected, f"{kind}_indices").dtype
    assert made.seq_lengths == expected.seq_lengths


def test_the_mask_inside_blocks_is_the_documents_(batch):
    segment = (batch["position_ids"] == 0).cumsum(dim=1)
    index = torch.arange(32)
    dense = (segment[:, :, None] == segment[:, None, :]) & (index[:, None] >= index)
    rows = torch.arange(len(ROWS))[:, None, None]
    assert torch.equal(batch.block_mask(16).mask_mod(rows, 0, index[:, None], index), dense)
    for part, expected in zip(batch.split(4), dense.split(2), strict=True):  # each micro-batch has its own
        assert torch.equal(part.block_mask(16).mask_mod(rows[:2], 0, index[:, None], index), expected)


@pytest.mark.filterwarnings("ignore::UserWarning")  # flex_attention is slow without torch.compile, and says so
def test_flex_attention_under_it(batch):
    torch.manual_seed(0)
    query, key, value = torch.randn(3, len(ROWS), 2, 32, 16).unbind(0)
    segment = (batch["position_ids"] == 0).cumsum(dim=1)
    dense = (segment[:, None, :, None] == segment[:, None, None, :]) & torch.ones(32, 32).tril().bool()
    scores = (query @ key.mT / 4).masked_fill(~dense, -torch.inf)
    expected = scores.softmax(-1) @ value
    torch.testing.assert_close(flex_attention(query, key, value, block_mask=batch.block_mask(16)), expected)


def test_the_host_s_borders_travel_with_the_batch(batch, monkeypatch):
    """Fails if moving a batch loses the borders, so that a later call would have to wait for a GPU."""
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor.clone())
    moved = [
        batch.to("cpu", non_blocking=True),
        batch.pin_memory(),
        copy.copy(batch),
        pickle.loads(pickle.dumps(batch)),
        default_convert(batch),
        next(iter(DataLoader([batch], batch_size=None))),
    ]
    for made in moved:
        assert type(made) is PackedBatch
        assert same(made, batch)
        assert (made.host_cu_seqlens == batch["cu_seqlens"].numpy()).all()
    far = batch.to("meta")  # a device that gives nothing back
    assert far["input_ids"].device.type == far["cu_seqlens"].device.type == "meta"
    assert far["max_seqlen"] == 32
    assert (far.host_cu_seqlens == batch.host_cu_seqlens).all()
    assert far.split(2)[1]["cu_seqlens"].shape == (4, MAX_SEGMENTS + 1)


def test_no_method_asks_the_device(batch):
    """On torch's meta device there are shapes and no numbers: reading one raises. So does waiting for a GPU here."""
    far = batch.to("meta")
    for method in (far.to_hf, far.to_megatron, far.to_deepspeed_pipe, far.to_titan, far.to_thd, far.block_mask):
        method()
    assert far.to_hf(flat=True)["cu_seq_lens_q"].shape == batch.to_hf(flat=True)["cu_seq_lens_q"].shape
    assert far.context_parallel(1, 2, "zigzag")["labels"].shape == (8, 16)


def test_a_batch_built_anew_on_a_device_says_what_is_missing(batch):
    far = PackedBatch(dict(batch.to("meta")))
    assert far.to_deepspeed_pipe()[1].shape == (8, 32)
    with pytest.raises(RecipeError, match="built anew"):
        far.to_thd()
