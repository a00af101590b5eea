"""The numba planner equals the specification bit for bit, in every mode; and the specification keeps its laws."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.kernels.row_plan import PlanOptions, RowPlan, TokenLedger, plan_rows

FIELDS = ("documents", "starts", "lengths", "row_splits")
MODES = ("best_fit", "first_fit", "concat", "none")
SEQ_LENS = (1, 2, 3, 5, 63, 64, 65, 130)


def assert_equal_plans(a: RowPlan, b: RowPlan) -> None:
    for field in FIELDS:
        left, right = getattr(a, field), getattr(b, field)
        assert left.dtype == right.dtype == (np.int64 if field == "row_splits" else np.int32)
        assert np.array_equal(left, right), field
    assert a.ledger == b.ledger
    assert all(type(value) is int for value in vars(b.ledger).values())


def rows_of(plan: RowPlan) -> list[list[tuple[int, int, int]]]:
    segments = list(zip(plan.documents.tolist(), plan.starts.tolist(), plan.lengths.tolist(), strict=True))
    return [segments[begin:end] for begin, end in zip(plan.row_splits[:-1], plan.row_splits[1:], strict=True)]


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, PlanOptions]:
    """Lengths around the multiples of a row, and options that do not contradict each other."""
    seq_len = draw(st.sampled_from(SEQ_LENS))
    mode = draw(st.sampled_from(MODES))
    overflow = "split" if mode == "concat" else draw(st.sampled_from(("split", "truncate", "drop")))
    prefix = draw(st.integers(0, min(1, seq_len - 1)))
    overlap = draw(st.integers(0, seq_len - prefix - 1)) if mode != "concat" and overflow == "split" else 0
    limit = draw(st.sampled_from((None, 1, 2, 3, 1000)))
    near = st.builds(lambda rows, more: max(0, rows * seq_len + more), st.integers(0, 4), st.integers(-2, 2))
    length = st.one_of(near, st.integers(0, 4 * seq_len), st.integers(0, seq_len))
    lengths = np.array(draw(st.lists(length, max_size=40)), np.int32)
    return lengths, PlanOptions(seq_len, mode, overflow, overlap, prefix, limit)


@settings(max_examples=400, deadline=None)
@given(problems())
def test_numba_equals_the_specification(problem):
    lengths, options = problem
    naive, numba = (plan_rows(lengths, **vars(options), backend=backend) for backend in ("naive", "numba"))
    assert_equal_plans(naive, numba)


@settings(max_examples=300, deadline=None)
@given(problems())
def test_laws(problem):
    """What holds for any plan whatever the mode: rows, pieces, coverage and the ledger's sums."""
    lengths, options = problem
    plan = plan_rows(lengths, **vars(options))
    ledger, prefix = plan.ledger, options.prefix_tokens * (plan.starts > 0)
    assert ledger.used + ledger.cut + ledger.dropped == lengths.sum()
    assert ledger.positions == plan.num_rows * options.seq_len
    assert plan.lengths.sum() == ledger.used + ledger.repeated + ledger.prefix
    assert prefix.sum() == ledger.prefix
    assert min(vars(ledger).values()) >= 0
    tokens = plan.lengths - prefix
    assert (tokens >= 1).all()
    most = 1 if options.mode == "none" else options.max_documents or options.seq_len
    if options.mode != "concat":
        in_one_piece = np.bincount(plan.documents, minlength=len(lengths)) <= 1
        assert in_one_piece[lengths <= options.seq_len].all()
    for row in rows_of(plan):
        assert 1 <= len(row) <= most
        assert sum(length for _, _, length in row) <= options.seq_len
        assert row == sorted(row)
    times = [np.zeros(length, int) for length in lengths]
    for document, start, count in zip(plan.documents, plan.starts, tokens, strict=True):
        assert start + count <= lengths[document]
        times[document][start : start + count] += 1
    for length, seen in zip(lengths, times, strict=True):
        kept = {"split": length, "truncate": min(length, options.seq_len)}.get(options.overflow)
        if kept is None:
            kept = length if length <= options.seq_len else 0
        assert (seen[:kept] >= 1).all()
        assert not seen[kept:].any()
        if options.overlap == 0:
            assert (seen <= 1).all()
    assert (ledger.repeated == 0) or options.overlap > 0


@settings(max_examples=100, deadline=None)
@given(problems())
def test_a_plan_is_stable_in_its_type_of_lengths(problem):
    lengths, options = problem
    wide = plan_rows(lengths.astype(np.int64)[:], **vars(options))
    assert_equal_plans(plan_rows(lengths, **vars(options)), wide)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("overflow", ["split", "truncate", "drop"])
def test_larger_windows_equal_the_specification(mode, overflow):
    if mode == "concat" and overflow != "split":
        return
    rng = np.random.default_rng(1)
    rows = 0
    for overlap, prefix, limit in [(0, 0, None), (7, 1, None), (0, 1, 2), (63, 0, 5)]:
        overlap = 0 if mode == "concat" or overflow != "split" else overlap
        for seq_len in (128, 300, 4096):
            lengths = np.minimum(rng.lognormal(np.log(seq_len / 4), 1.0, 120).astype(int), 9 * seq_len)
            options = {"mode": mode, "overflow": overflow, "overlap": overlap, "prefix_tokens": prefix}
            naive, numba = (
                plan_rows(lengths, seq_len, **options, max_documents=limit, backend=backend)
                for backend in ("naive", "numba")
            )
            assert_equal_plans(naive, numba)
            rows += numba.num_rows
    assert rows > 200


@pytest.mark.parametrize("seq_len", [5000, 70_000, 300_000, 1_100_000])
def test_best_fit_searches_every_level_of_the_bitmap(seq_len):
    """Long rows and few, far-apart rooms: the search has to climb to the second and third level and beyond."""
    rng = np.random.default_rng(2)
    for _ in range(10 if seq_len < 100_000 else 3):
        large = seq_len - rng.choice([3, 70, 4500, seq_len // 2, seq_len - 1], 20)
        lengths = np.concatenate([large, rng.choice([1, 2, 60, 4200, seq_len // 3], 30)])
        assert_equal_plans(plan_rows(lengths, seq_len, backend="naive"), plan_rows(lengths, seq_len))


def test_first_fit_has_leaves_enough():
    """The bound on rows that the tree is made for is met: pieces just over half a row, and rows closed by number."""
    for lengths, limit in [(np.full(65, 33), None), (np.full(64, 1), 1), (np.arange(1, 65), 1), (np.full(9, 64), 2)]:
        options = {"mode": "first_fit", "max_documents": limit}
        numba = plan_rows(lengths, 64, **options)
        assert_equal_plans(plan_rows(lengths, 64, **options, backend="naive"), numba)
        assert numba.num_rows == len(lengths)


def test_rows_of_cut_documents_fill_the_room_of_others():
    """Three documents of 5 leave 3 of 8 each; the last 5 of 21 tokens, alone in a row, go there."""
    for backend in ("naive", "numba"):
        plan = plan_rows(np.array([5, 5, 5, 21]), 8, backend=backend)
        assert rows_of(plan) == [
            [(3, 0, 8)], [(3, 8, 8)], [(0, 0, 5), (3, 16, 3)], [(1, 0, 5), (3, 19, 2)], [(2, 0, 5)]
        ]  # fmt: skip
        beginning = plan_rows(np.array([5, 5, 5, 7, 12]), 8, prefix_tokens=1, backend=backend)  # B 8 9 10 11
        assert rows_of(beginning) == [
            [(4, 0, 8)], [(3, 0, 7)], [(0, 0, 5), (4, 8, 3)], [(1, 0, 5), (4, 10, 3)], [(2, 0, 5)]
        ]  # fmt: skip
        joined = plan_rows(np.array([5, 5, 5, 5, 5, 5, 16]), 8, backend=backend)  # no border at 8
        assert [piece for row in rows_of(joined) for piece in row if piece[0] == 6] == [
            (6, 0, 3), (6, 3, 3), (6, 6, 3), (6, 9, 3), (6, 12, 3), (6, 15, 1)
        ]  # fmt: skip
        whole = plan_rows(np.array([5, 5, 5, 5, 5, 8]), 8, backend=backend)  # nothing here was cut, nothing is
        assert whole.num_rows == 6


@pytest.mark.parametrize("prefix_tokens", [0, 1])
def test_best_fit_fills_rows_where_few_pieces_go_together(prefix_tokens):
    """Documents of 0.55 to 0.95 rows and long ones: best fit alone leaves a tenth empty. Short ones stay whole."""
    rng = np.random.default_rng(6)
    lengths = np.concatenate([rng.integers(1126, 1946, 3000), rng.integers(2049, 16_000, 1500)])
    rng.shuffle(lengths)
    options = {"prefix_tokens": prefix_tokens}
    plan = plan_rows(lengths, 2048, **options)
    assert plan_rows(lengths, 2048, **options, overlap=1).ledger.fill < 0.93
    assert plan.ledger.fill > 0.999
    assert (np.bincount(plan.documents)[lengths <= 2048] == 1).all()
    assert len(plan.lengths) < len(plan_rows(lengths, 2048, mode="concat").lengths)
    assert_equal_plans(
        plan_rows(lengths[:700], 2048, **options, backend="naive"), plan_rows(lengths[:700], 2048, **options)
    )


def test_plans_share_no_memory():
    """Scratch is kept between calls and belongs to one thread: no plan may change under its owner."""
    rng = np.random.default_rng(7)
    problems = [
        (rng.integers(0, 3 * seq_len, 3000), {"seq_len": seq_len, "mode": mode})
        for mode in MODES
        for seq_len in (100, 700)
    ]
    alone = []
    for lengths, options in problems:
        plan = plan_rows(lengths, **options)
        fields = [getattr(plan, field).copy() for field in FIELDS]
        alone.append(RowPlan(*fields, plan.ledger))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda problem: plan_rows(problem[0], **problem[1]), problems * 5))
    for one, other in zip(alone * 5, together, strict=True):
        assert_equal_plans(one, other)


def test_large_windows_hold_every_token_once():
    lengths = np.minimum(np.random.default_rng(3).lognormal(5, 1.3, 20_000).astype(int), 50_000)
    for mode in MODES:
        plan = plan_rows(lengths, 512, mode=mode, max_documents=9)
        assert np.add.reduceat(plan.lengths, plan.row_splits[:-1]).max() <= 512
        assert np.diff(plan.row_splits).max() <= 9
        order = np.lexsort((plan.starts, plan.documents))
        documents, starts, pieces = plan.documents[order], plan.starts[order], plan.lengths[order]
        assert np.array_equal(np.bincount(documents, weights=pieces, minlength=len(lengths)), lengths)
        goes_on = documents[1:] == documents[:-1]
        assert goes_on.sum() > 100
        assert np.array_equal(starts[1:][goes_on], (starts + pieces)[:-1][goes_on])
        assert (starts[1:][~goes_on] == 0).all()


WORKED = {
    "best_fit": ({}, [[(1, 0, 5)], [(1, 5, 4)], [(0, 0, 3), (2, 0, 2)]]),
    "best_fit, one a row": ({"max_documents": 1}, [[(1, 0, 5)], [(1, 5, 4)], [(0, 0, 3)], [(2, 0, 2)]]),
    "first_fit": ({"mode": "first_fit"}, [[(0, 0, 3), (2, 0, 2)], [(1, 0, 5)], [(1, 5, 4)]]),
    "concat": ({"mode": "concat"}, [[(0, 0, 3), (1, 0, 2)], [(1, 2, 5)], [(1, 7, 2), (2, 0, 2)]]),
    "concat, prefix": (
        {"mode": "concat", "prefix_tokens": 1},  # B 2 3 4 5, B 6 7 8 | 0
        [[(0, 0, 3), (1, 0, 2)], [(1, 2, 5)], [(1, 6, 4), (2, 0, 1)], [(2, 1, 2)]],
    ),
    "concat, two a row": (
        {"mode": "concat", "max_documents": 2},
        [[(0, 0, 3), (1, 0, 2)], [(1, 2, 5)], [(1, 7, 2), (2, 0, 2)]],
    ),
    "none": ({"mode": "none"}, [[(0, 0, 3)], [(1, 0, 5)], [(1, 5, 4)], [(2, 0, 2)]]),
    "none, overlap": ({"mode": "none", "overlap": 1}, [[(0, 0, 3)], [(1, 0, 5)], [(1, 4, 5)], [(2, 0, 2)]]),
    "none, overlap and prefix": (
        {"mode": "none", "overlap": 1, "prefix_tokens": 1},
        [[(0, 0, 3)], [(1, 0, 5)], [(1, 4, 5)], [(1, 7, 3)], [(2, 0, 2)]],
    ),
    "truncate": ({"overflow": "truncate"}, [[(1, 0, 5)], [(0, 0, 3), (2, 0, 2)]]),
    "drop": ({"overflow": "drop"}, [[(0, 0, 3), (2, 0, 2)]]),
}
LEDGERS = {
    "best_fit": TokenLedger(used=14, padding=1),
    "concat, prefix": TokenLedger(used=14, prefix=3, padding=3),
    "none, overlap and prefix": TokenLedger(used=14, repeated=2, prefix=2, padding=7),
    "truncate": TokenLedger(used=10, cut=4),
    "drop": TokenLedger(used=5, dropped=9),
}


@pytest.mark.parametrize("backend", ["naive", "numba"])
@pytest.mark.parametrize("case", WORKED)
def test_worked_examples(case, backend):
    options, expected = WORKED[case]
    plan = plan_rows(np.array([3, 9, 2]), 5, **options, backend=backend)
    assert rows_of(plan) == expected
    assert plan.ledger == LEDGERS.get(case, plan.ledger)


def test_best_fit_takes_the_tightest_row_and_the_latest_of_equals():
    """5, 4, 4 and 3 of 6 leave rooms 1, 2, 2 and 3: 2 goes where 2 is left, to the row that came to it last."""
    plan = plan_rows(np.array([4, 5, 4, 2, 3]), 6)
    assert rows_of(plan) == [[(1, 0, 5)], [(0, 0, 4)], [(2, 0, 4), (3, 0, 2)], [(4, 0, 3)]]


def test_no_documents():
    for mode in MODES:
        for backend in ("naive", "numba"):
            for lengths in ([], [0, 0]):
                plan = plan_rows(np.array(lengths, int), 4, mode=mode, backend=backend)
                assert plan.num_rows == 0
                assert plan.row_splits.tolist() == [0]
                assert plan.ledger == TokenLedger()
                assert plan.ledger.fill == 1


def test_ledgers_add_up():
    first, second = TokenLedger(1, 2, 3, 4, 5, 6), TokenLedger(10, 20, 30, 40, 50, 60)
    assert first + second == TokenLedger(11, 22, 33, 44, 55, 66)
    assert (first + second).positions == 11 + 22 + 33 + 66
    assert (first + second).fill == pytest.approx(1 - 66 / 132)


def test_best_fit_fills_rows():
    """Fails if the tightest row is not taken: first fit of a window leaves more than a per mille empty."""
    lengths = np.clip(np.random.default_rng(4).lognormal(6, 1.1, 65_536), 1, 100_000).astype(int)
    for seq_len in (2048, 8192):
        assert plan_rows(lengths, seq_len).ledger.fill > 0.999


@pytest.mark.parametrize(
    ("lengths", "options", "message"),
    [
        ([1, -1], {}, "hold -1"),
        ([1, 1 << 31], {}, "hold 2147483648"),
        ([1.5], {}, "integer type"),
        ([[1]], {}, "one-dimensional"),
        ([1], {"seq_len": 0}, "seq_len is 0"),
        ([1], {"max_documents": 0}, "max_documents is 0"),
        ([1], {"mode": "bestfit"}, "mode is 'bestfit', expected one of best_fit"),
        ([1], {"overflow": "wrap"}, "overflow is 'wrap'"),
        ([1], {"prefix_tokens": 2}, "prefix_tokens is 2"),
        ([1], {"overlap": 4}, "leave no room"),
        ([1], {"overlap": 3, "prefix_tokens": 1}, "leave no room"),
        ([1], {"overlap": -1}, "overlap -1"),
        ([1], {"overlap": 1, "overflow": "drop"}, "makes no further pieces"),
        ([1], {"mode": "concat", "overflow": "drop"}, "concat cuts documents"),
        ([1], {"mode": "concat", "overlap": 1}, "concat cuts documents"),
        ([1], {"backend": "cuda"}, "backend is 'cuda'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_arguments_are_named(lengths, options, message):
    with pytest.raises(ValueError, match=message):
        plan_rows(np.array(lengths), **{"seq_len": 4, **options})


def test_too_many_pieces_are_refused_before_memory_is_taken():
    lengths = np.full(3, 2**31 - 1)
    with pytest.raises(ValueError, match="fewer than 2\\*\\*31"):
        plan_rows(lengths, 2, mode="concat")
    with pytest.raises(ValueError, match="fewer than 2\\*\\*31"):
        plan_rows(lengths, 1000, overlap=998)
