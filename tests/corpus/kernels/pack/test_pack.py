"""The numba packing kernels equal the specification bit for bit, and both keep the laws of packing."""

import numpy as np
import pytest

from corpus.kernels.pack import PackedRows, pack_rows, plan_best_fit

FIELDS = ("documents", "starts", "lengths", "row_splits")
TENSORS = ("input_ids", "labels", "position_ids", "cu_seqlens")


def random_lengths(rng: np.random.Generator, seq_len: int) -> np.ndarray:
    count = int(rng.integers(0, 120))
    kind = rng.integers(0, 3)
    if kind == 0:
        return rng.integers(0, 3 * seq_len + 2, count)
    if kind == 1:
        return np.minimum(rng.lognormal(np.log(seq_len / 4 + 1), 1.0, count).astype(int), 9 * seq_len)
    return rng.choice([0, 1, seq_len - 1, seq_len, seq_len + 1, 2 * seq_len], count)


@pytest.mark.parametrize("max_documents", [None, 1, 2, 5])
def test_plan_equals_the_specification(max_documents):
    rng = np.random.default_rng(1)
    rows = 0
    for _ in range(80):
        seq_len = int(rng.choice([1, 2, 63, 64, 65, 128, 300, 4096]))
        lengths = random_lengths(rng, seq_len)
        naive = plan_best_fit(lengths, seq_len, max_documents=max_documents, backend="naive")
        numba = plan_best_fit(lengths, seq_len, max_documents=max_documents, backend="numba")
        for field in FIELDS:
            a, b = getattr(naive, field), getattr(numba, field)
            assert a.dtype == b.dtype
            assert np.array_equal(a, b), field
        rows += naive.num_rows
    assert rows > 1000


@pytest.mark.parametrize("seq_len", [5000, 70_000, 300_000, 1_100_000])
def test_plan_searches_every_level_of_the_bitmap(seq_len):
    """Long rows and few, far-apart rooms: the search has to climb to the second and third level and
    beyond."""
    rng = np.random.default_rng(2)
    for _ in range(10):
        large = seq_len - rng.choice([3, 70, 4500, seq_len // 2, seq_len - 1], 20)
        lengths = np.concatenate([large, rng.choice([1, 2, 60, 4200, seq_len // 3], 30)])
        naive = plan_best_fit(lengths, seq_len, backend="naive")
        numba = plan_best_fit(lengths, seq_len)
        assert all(np.array_equal(getattr(naive, field), getattr(numba, field)) for field in FIELDS)


def test_plan_holds_every_token_once():
    rng = np.random.default_rng(3)
    lengths = np.minimum(rng.lognormal(5, 1.3, 20_000).astype(int), 50_000)
    plan = plan_best_fit(lengths, 512, max_documents=9)
    used = np.add.reduceat(plan.lengths, plan.row_splits[:-1])
    assert used.max() <= 512
    assert np.diff(plan.row_splits).max() <= 9
    assert plan.lengths.min() >= 1
    order = np.lexsort((plan.starts, plan.documents))
    documents, starts, piece_lengths = plan.documents[order], plan.starts[order], plan.lengths[order]
    held = np.bincount(documents, weights=piece_lengths, minlength=len(lengths))
    assert np.array_equal(held, lengths)
    goes_on = documents[1:] == documents[:-1]
    assert goes_on.sum() > 100
    assert np.array_equal(starts[1:][goes_on], (starts + piece_lengths)[:-1][goes_on])
    assert (starts[1:][~goes_on] == 0).all()


def test_best_fit_fills_rows():
    """Fails if the tightest row is not taken: first fit of a window leaves more than a per mille empty."""
    lengths = np.clip(np.random.default_rng(4).lognormal(6, 1.1, 65_536), 1, 100_000).astype(int)
    for seq_len in (2048, 8192):
        assert lengths.sum() / (plan_best_fit(lengths, seq_len).num_rows * seq_len) > 0.999


def test_worked_example():
    plan = plan_best_fit(np.array([3, 9, 2]), 5)
    rows = [
        [(int(plan.documents[s]), int(plan.starts[s]), int(plan.lengths[s])) for s in range(begin, end)]
        for begin, end in zip(plan.row_splits[:-1], plan.row_splits[1:], strict=True)
    ]
    assert rows == [[(1, 0, 5)], [(1, 5, 4)], [(0, 0, 3), (2, 0, 2)]]


def poisoned(num_rows: int, seq_len: int, max_segments: int) -> PackedRows:
    out = PackedRows.empty(num_rows, seq_len, max_segments)
    for name in TENSORS:
        getattr(out, name)[:] = -77
    return out


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
@pytest.mark.parametrize("seq_len", [1, 63, 64, 65, 1000])
def test_rows_equal_the_specification(dtype, seq_len):
    rng = np.random.default_rng(5)
    tokens = rng.integers(0, np.iinfo(dtype).max, 40_000, dtype=dtype, endpoint=True)
    assert (tokens > 0x7FFF).any()
    for _ in range(12):
        plan = plan_best_fit(random_lengths(rng, seq_len)[:40], seq_len)
        starts = rng.integers(0, len(tokens) - seq_len, len(plan.lengths))
        splits = np.concatenate([plan.row_splits, plan.row_splits[-1:]])  # and a row of nothing but padding
        size = (len(splits) - 1, seq_len, seq_len)
        results = []
        for backend in ("naive", "numba"):
            out = poisoned(*size)
            options = {
                "seq_len": seq_len,
                "max_segments": seq_len,
                "pad_id": 3,
                "out": out,
                "backend": backend,
            }
            assert pack_rows(tokens, starts, plan.lengths, splits, **options) is out
            results.append(out)
        for name in TENSORS:
            naive, numba = (getattr(result, name) for result in results)
            assert np.array_equal(naive, numba), name
            assert not (naive == -77).any(), name


def test_worked_rows():
    out = pack_rows(
        np.array([7, 8, 9], np.uint16), [0, 2], [2, 1], [0, 2, 2], seq_len=4, max_segments=4, pad_id=0
    )  # fmt: skip
    assert out.input_ids.tolist() == [[7, 8, 9, 0], [0, 0, 0, 0]]
    assert out.labels.tolist() == [[8, -100, -100, -100], [-100] * 4]
    assert out.position_ids.tolist() == [[0, 1, 0, 0], [0, 1, 2, 3]]
    assert out.cu_seqlens.tolist() == [[0, 2, 3, 4, 4], [0, 4, 4, 4, 4]]


def test_many_one_token_documents():
    tokens = np.arange(50_000, dtype=np.uint32)
    plan = plan_best_fit(np.ones(50_000, int), 1000)
    assert plan.num_rows == 50
    out = pack_rows(tokens, plan.documents, plan.lengths, plan.row_splits, seq_len=1000, max_segments=1000, pad_id=0)
    assert np.array_equal(np.sort(out.input_ids.ravel()), tokens)
    assert (out.labels == -100).all()
    assert np.array_equal(out.cu_seqlens, np.tile(np.arange(1001), (50, 1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": np.arange(9)}, "expected one-dimensional uint16"),
        ({"starts": [0]}, "1 starts and 2 lengths"),
        ({"starts": [0, 9]}, "outside the 9 tokens"),
        ({"starts": [-1, 0]}, "outside the 9 tokens"),
        ({"lengths": [2, 0]}, "segment 1 is empty"),
        ({"row_splits": [0, 1]}, "row_splits must rise"),
        ({"lengths": [3, 2]}, "row 0 has 5 tokens"),
        ({"max_segments": 2}, "3 segments with its padding"),
        ({"backend": "cuda"}, "expected one of"),
        ({"out": PackedRows.empty(2, 4, 3)}, "out.input_ids"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_arguments_are_named(change, message):
    given = {
        "tokens": np.arange(9, dtype=np.uint16),
        "starts": [0, 2],
        "lengths": [2, 1],
        "row_splits": [0, 2],
    }
    options = {"seq_len": 4, "max_segments": 3, "pad_id": 0}
    pack_rows(*given.values(), **options)
    for key, value in change.items():
        (given if key in given else options)[key] = value
    with pytest.raises(ValueError, match=message):
        pack_rows(*given.values(), **options)


def test_bad_lengths_are_named():
    with pytest.raises(ValueError, match="hold -1"):
        plan_best_fit(np.array([1, -1]), 4)
    with pytest.raises(ValueError, match="integer type"):
        plan_best_fit(np.array([1.5]), 4)
    with pytest.raises(ValueError, match="seq_len is 0"):
        plan_best_fit(np.array([1]), 0)
    with pytest.raises(ValueError, match="max_documents"):
        plan_best_fit(np.array([1]), 4, max_documents=0)
