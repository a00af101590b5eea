"""The numba packing kernel equals the specification bit for bit, and both keep the laws of packing."""

import numpy as np
import pytest

from corpus.kernels.pack import IGNORE_INDEX, PackedRows, pack_rows

LAYOUTS = [None, (0, 1, "contiguous"), (1, 2, "contiguous"), (0, 2, "zigzag"), (1, 3, "zigzag"), (2, 3, "zigzag")]


@pytest.mark.parametrize("dtype", [np.int64, np.int32])
@pytest.mark.parametrize("token_dtype", [np.uint16, np.uint32])
@pytest.mark.parametrize("seq_len", [1, 63, 64, 65, 300])
def test_rows_equal_the_specification(packing, seq_len, token_dtype, dtype):
    rng = np.random.default_rng(5)
    for turn in range(12):
        rows = [*packing.rows(rng, seq_len, 6), []]
        spans, documents = turn % 2 == 1, turn % 3 == 1
        batch = packing.batch(
            rng, rows, seq_len, token_dtype=token_dtype, dtype=dtype, spans=spans, documents=documents
        )
        packing.same(batch.pack("naive"), batch.pack("numba"))


@pytest.mark.parametrize(
    ("token_dtype", "dtype"), [(np.uint16, np.int64), (np.uint32, np.int64), (np.uint16, np.int32)]
)
@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_large_outputs_equal_small_ones(packing, token_dtype, dtype, ahead):
    """From 4 MB on outputs are written a line at a time past the caches, wherever in a line they or segments begin."""
    rng, seq_len, num_rows = np.random.default_rng(11), 1500 + ahead, 260
    batch = packing.batch(
        rng, [*packing.rows(rng, seq_len, num_rows), [seq_len], [1] * 20, []], seq_len, token_dtype=token_dtype
    )
    num_rows = len(batch.row_splits) - 1
    options = {**batch.options, "pad_id": 3, "dtype": dtype}
    names = ("input_ids", "labels", "position_ids")
    large = PackedRows.empty(num_rows, seq_len, options["max_segments"], dtype=dtype)
    for name in names:
        memory = np.full(num_rows * seq_len + ahead, -77, dtype)
        setattr(large, name, memory[ahead:].reshape(num_rows, seq_len))
    assert 3 * large.input_ids.nbytes > 1 << 22
    pack_rows(batch.tokens, batch.starts, batch.lengths, batch.row_splits, out=large, **options)
    for first in range(0, num_rows, 40):
        splits = batch.row_splits[first : first + 41]
        of = slice(splits[0], splits[-1])
        small = pack_rows(batch.tokens, batch.starts[of], batch.lengths[of], splits - splits[0], **options)
        assert 3 * small.input_ids.nbytes < 1 << 22
        for name in (*names, "cu_seqlens"):
            assert np.array_equal(getattr(large, name)[first : first + 40], getattr(small, name)), name


@pytest.mark.parametrize("parallel", LAYOUTS, ids=str)
def test_slices_equal_the_specification(packing, parallel):
    rng = np.random.default_rng(6)
    for turn in range(10):
        rows = [*packing.rows(rng, 120, 5), []]
        batch = packing.batch(rng, rows, 120, spans=turn % 2 == 0, documents=True, context_parallel=parallel)
        packing.same(batch.pack("naive"), batch.pack("numba"))


@pytest.mark.parametrize("backend", ["naive", "numba"])
def test_ranks_put_together_are_the_whole_row(packing, backend):
    rng = np.random.default_rng(7)
    batch = packing.batch(rng, packing.rows(rng, 48, 6), 48, spans=True, documents=True)
    whole = batch.pack(backend)
    for size in (2, 3, 4):
        contiguous = [batch.pack(backend, context_parallel=(rank, size, "contiguous")) for rank in range(size)]
        zigzag = [batch.pack(backend, context_parallel=(rank, size, "zigzag")) for rank in range(size)]
        for name in ("input_ids", "labels", "position_ids", "document_ids"):
            expected = getattr(whole, name)
            assert np.array_equal(np.hstack([getattr(part, name) for part in contiguous]), expected)
            halves = [np.hsplit(getattr(part, name), 2) for part in zigzag]
            there_and_back = [half[0] for half in halves] + [half[1] for half in reversed(halves)]
            assert np.array_equal(np.hstack(there_and_back), expected)
        assert all(np.array_equal(part.cu_seqlens, whole.cu_seqlens) for part in contiguous + zigzag)
        assert {part.max_seqlen for part in contiguous + zigzag} == {whole.max_seqlen}


def test_worked_rows():
    out = pack_rows(
        np.array([7, 8, 9], np.uint16), [0, 2], [2, 1], [0, 2, 2], seq_len=4, max_segments=4, pad_id=0,
        document_ids=[40, 50],
    )  # fmt: skip
    assert out.input_ids.tolist() == [[7, 8, 9, 0], [0, 0, 0, 0]]
    assert out.labels.tolist() == [[8, -100, -100, -100], [-100] * 4]
    assert out.position_ids.tolist() == [[0, 1, 0, 0], [0, 1, 2, 3]]
    assert out.document_ids.tolist() == [[40, 40, 50, -1], [-1] * 4]
    assert out.cu_seqlens.tolist() == [[0, 2, 3, 4, 4], [0, 4, 4, 4, 4]]
    assert out.max_seqlen == 4


def test_without_document_ids_there_are_none():
    out = pack_rows(np.array([7], np.uint16), [0], [1], [0, 1], seq_len=2, max_segments=2, pad_id=0)
    assert out.document_ids is None


@pytest.mark.parametrize("backend", ["naive", "numba"])
def test_spans_at_every_edge(backend):
    """Every span of a segment of 5 tokens with others before and behind it: i is trained on i + 1 if that is inside."""
    tokens = np.arange(10, 20, dtype=np.uint16)
    seen = 0
    for begin in range(5):
        for end in range(begin + 1, 6):
            out = pack_rows(
                tokens, [0, 2, 7], [2, 5, 2], [0, 3], seq_len=11, max_segments=4, pad_id=0, backend=backend,
                loss_spans=([[begin, end]], [0, 0, 1, 1]),
            )  # fmt: skip
            trained = [12 + i + 1 if begin <= i + 1 < end else IGNORE_INDEX for i in range(4)] + [IGNORE_INDEX]
            assert out.labels[0].tolist() == [-100, -100, *trained, -100, -100, -100, -100]
            seen += 1
    assert seen == 15


def test_spans_over_everything_are_no_spans(packing):
    rng = np.random.default_rng(8)
    batch = packing.batch(rng, packing.rows(rng, 100, 8), 100)
    full = batch.lengths[batch.lengths > 0]
    spans = np.stack([np.zeros_like(full), full], 1), np.cumsum([0, *(batch.lengths > 0)])
    packing.same(batch.pack("numba"), batch.pack("numba", loss_spans=spans))
    none = np.empty((0, 2)), np.zeros(len(batch.lengths) + 1)
    assert (batch.pack("numba", loss_spans=none).labels == IGNORE_INDEX).all()


def test_labels_never_cross_a_border(packing):
    rng = np.random.default_rng(9)
    out = packing.batch(rng, packing.rows(rng, 500, 100), 500).pack("numba")
    ends = np.hstack([out.position_ids[:, 1:] == 0, np.ones((100, 1), bool)])
    assert ends.sum() > 100
    assert (out.labels[ends] == IGNORE_INDEX).all()
    trained = out.labels[:, :-1] != IGNORE_INDEX
    assert trained.sum() > 3000
    assert np.array_equal(out.labels[:, :-1][trained], out.input_ids[:, 1:][trained])


def test_many_one_token_documents():
    tokens = np.arange(100_000, dtype=np.uint32)
    out = pack_rows(
        tokens, tokens, np.ones(100_000, int), np.arange(0, 100_001, 1000), seq_len=1000, max_segments=1000, pad_id=0
    )
    assert np.array_equal(out.input_ids.ravel(), tokens)
    assert (out.labels == IGNORE_INDEX).all()
    assert not out.position_ids.any()
    assert np.array_equal(out.cu_seqlens, np.tile(np.arange(1001), (100, 1)))
    assert out.max_seqlen == 1


@pytest.mark.parametrize("backend", ["naive", "numba"])
def test_one_document_fills_a_row(backend):
    tokens = np.arange(64, dtype=np.uint16)
    out = pack_rows(tokens, [0], [64], [0, 1], seq_len=64, max_segments=1, pad_id=9, backend=backend)
    assert np.array_equal(out.input_ids[0], tokens)
    assert np.array_equal(out.labels[0], [*range(1, 64), IGNORE_INDEX])
    assert np.array_equal(out.cu_seqlens, [[0, 64]])


def test_no_rows():
    out = pack_rows(np.empty(0, np.uint16), [], [], [0], seq_len=4, max_segments=2, pad_id=0)
    assert out.input_ids.shape == (0, 4)
    assert out.max_seqlen == 0


@pytest.mark.parametrize("backend", ["naive", "numba"])
def test_tokens_may_be_a_window_over_more_than_there_is(tmp_path, backend):
    """Segments far behind 2**31 tokens of an array most of which is not mapped: nothing else is touched."""
    far = (1 << 31) + 12_345
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(4 * (far + 100))
    mapped = np.memmap(path, np.uint32, "r+")
    mapped[far : far + 5] = [4_000_000_000, 2, 3, 4, 5]
    window = np.lib.stride_tricks.as_strided(mapped, ((1 << 61) - 1,), (4,))
    out = pack_rows(window, [far, far + 3], [3, 2], [0, 2], seq_len=6, max_segments=3, pad_id=0, backend=backend)
    assert out.input_ids.tolist() == [[4_000_000_000, 2, 3, 4, 5, 0]]
    assert out.labels.tolist() == [[2, 3, -100, 5, -100, -100]]


def test_large_tokens_wrap_in_int32():
    for backend in ("naive", "numba"):
        out = pack_rows(
            np.array([1, 0xFFFFFFFE], np.uint32), [0], [2], [0, 1],
            seq_len=2, max_segments=1, pad_id=0, dtype=np.int32, backend=backend,
        )  # fmt: skip
        assert out.input_ids.tolist() == [[1, -2]]


@pytest.mark.parametrize("backend", ["naive", "numba"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": np.arange(9)}, "expected one-dimensional uint16"),
        ({"starts": [0]}, "1 starts, 2 lengths"),
        ({"starts": [0, 9]}, "outside the 9 tokens"),
        ({"starts": [-1, 0]}, "outside the 9 tokens"),
        ({"starts": [0, 1 << 62], "lengths": [2, 1 << 62]}, "outside the 9 tokens"),
        ({"lengths": [2, -1]}, "segment 1 has less than no tokens"),
        ({"row_splits": [0, 1]}, "row_splits must rise"),
        ({"row_splits": [1, 2]}, "row_splits must rise"),
        ({"row_splits": [0, 2, 1, 2]}, "row_splits must rise"),
        ({"row_splits": []}, "row_splits that begin with 0"),
        ({"lengths": [3, 2]}, "row 0 has 5 tokens"),
        ({"max_segments": 2}, "3 segments with its padding"),
        ({"backend": "cuda"}, "expected one of"),
        ({"out": PackedRows.empty(2, 4, 3)}, "out.input_ids"),
        ({"out": PackedRows.empty(1, 4, 3), "dtype": np.int32}, "out.input_ids"),
        ({"out": PackedRows.empty(1, 4, 3), "document_ids": [1, 2]}, "out.document_ids"),
        ({"dtype": np.float32}, "expected np.int64 or np.int32"),
        ({"pad_id": 1 << 31}, "pad_id that fits"),
        ({"document_ids": [1]}, "expected one a segment"),
        ({"document_ids": [1, 1 << 31], "dtype": np.int32}, "does not fit int32"),
        ({"loss_spans": ([[0, 3]], [0, 1, 1])}, "spans of segment 0"),
        ({"loss_spans": ([[1, 1]], [0, 1, 1])}, "spans of segment 0"),
        ({"loss_spans": ([[-1, 1]], [0, 1, 1])}, "spans of segment 0"),
        ({"loss_spans": ([[1, 2], [0, 1]], [0, 2, 2])}, "spans of segment 0"),
        ({"loss_spans": ([[0, 1]], [0, 1])}, "loss_spans have splits"),
        ({"loss_spans": ([[0, 1]], [0, 0, 0])}, "splits of loss_spans"),
        ({"loss_spans": ([[0, 1]], [0, 5, 1])}, "spans of segment 0"),
        ({"loss_spans": ([0, 1], [0, 1, 1])}, "expected .number of spans, 2"),
        ({"context_parallel": (2, 2, "zigzag")}, "rank from 0 to size - 1"),
        ({"context_parallel": (0, 2, "striped")}, "a layout of"),
        ({"context_parallel": (0, 3, "contiguous")}, "choose a multiple of 3"),
        ({"context_parallel": (0, 4, "zigzag")}, "choose a multiple of 8"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_arguments_are_named(change, message, backend):
    given = {
        "tokens": np.arange(9, dtype=np.uint16),
        "starts": [0, 2],
        "lengths": [2, 1],
        "row_splits": [0, 2],
    }
    options = {"seq_len": 4, "max_segments": 3, "pad_id": 0, "backend": backend}
    pack_rows(*given.values(), **options)
    for key, value in change.items():
        (given if key in given else options)[key] = value
    with pytest.raises(ValueError, match=message):
        pack_rows(*given.values(), **options)


@pytest.mark.parametrize("backend", ["naive", "numba"])
def test_segments_of_no_tokens_leave_no_trace(backend):
    tokens, options = np.array([7, 8, 9], np.uint16), {"seq_len": 4, "max_segments": 3, "pad_id": 0}
    with_empty = pack_rows(tokens, [3, 0, 1, 2, 3], [0, 2, 0, 1, 0], [0, 5, 5], backend=backend, **options)
    without = pack_rows(tokens, [0, 2], [2, 1], [0, 2, 2], backend=backend, **options)
    assert with_empty.cu_seqlens.tolist() == [[0, 2, 3, 4], [0, 4, 4, 4]]
    assert with_empty.input_ids.tolist() == without.input_ids.tolist() == [[7, 8, 9, 0], [0, 0, 0, 0]]
    assert with_empty.labels.tolist() == without.labels.tolist()
    assert with_empty.position_ids.tolist() == without.position_ids.tolist()
    assert with_empty.max_seqlen == without.max_seqlen == 4
