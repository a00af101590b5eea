"""A ring's batches equal `pack_rows`, stay as they are while somebody holds them, and wait for nothing they need not.

Without a GPU the kernel is interpreted and things happen in the order of the calls; the order that the ring asks of a
device's streams is then read from a record of it.
"""

import gc
import importlib
import os
from contextlib import contextmanager

import numpy as np
import pytest

from corpus.kernels.pack import pack_rows

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("triton", reason="triton is not installed; there is none for this platform")

GPU = torch.cuda.is_available()
ROWS, WIDTH, SEGMENTS = 2, 40, 6
TENSORS = ("input_ids", "labels", "position_ids", "cu_seqlens")


@pytest.fixture(scope="module")
def ring_class():
    """`DeviceRing`; the kernel is interpreted where there is no GPU."""
    before = os.environ.get("TRITON_INTERPRET")
    if not GPU:
        os.environ["TRITON_INTERPRET"] = "1"  # looked at when the kernel's module is imported
    try:
        importlib.import_module("corpus.kernels.pack.triton_gpu")
        return importlib.import_module("corpus.loader.device_ring").DeviceRing
    finally:
        if before is None:
            os.environ.pop("TRITON_INTERPRET", None)


def make(ring_class, **options):
    options = {"num_rows": ROWS, "seq_len": WIDTH, "max_segments": SEGMENTS, "pad_id": 7, **options}
    return ring_class(device="cuda" if GPU else "cpu", **options)


def batch(seed, dtype=np.uint16):
    """Tokens, starts, lengths and row splits of two rows."""
    rng = np.random.default_rng(seed)
    lengths = np.array([WIDTH // 2, 3, 9, WIDTH - seed % 5])
    tokens = rng.integers(0, 60_000, 500).astype(dtype)
    return tokens, rng.integers(0, 400, 4), lengths, np.array([0, 3, 4])


def assert_packed(given, arguments, **options):
    expected = pack_rows(*arguments, seq_len=WIDTH, max_segments=SEGMENTS, pad_id=7, **options)
    for name in (*TENSORS, *["document_ids"] * (expected.document_ids is not None)):
        array = given[name].cpu().numpy()
        assert array.dtype == getattr(expected, name).dtype
        assert np.array_equal(array, getattr(expected, name)), name
    assert given["max_seqlen"] == expected.max_seqlen
    assert np.array_equal(given["host_cu_seqlens"], expected.cu_seqlens)


def test_batches_are_those_of_pack_rows(ring_class):
    ring = make(ring_class)
    for seed in range(5):
        arguments = batch(seed, np.uint16 if seed % 2 else np.uint32)
        assert_packed(ring.pack(*arguments), arguments)


def test_options_reach_the_kernel(ring_class):
    slice_ = (1, 2, "zigzag")
    ring = make(ring_class, dtype=torch.int32, document_ids=True, context_parallel=slice_)
    arguments = batch(1)
    more = {"document_ids": [4, 5, 6, 7], "loss_spans": ([[0, 2], [4, 9], [1, 30]], [0, 2, 2, 2, 3])}
    given = ring.pack(*arguments, **more)
    assert_packed(given, arguments, dtype=np.int32, context_parallel=slice_, **more)
    assert given["input_ids"].shape == (ROWS, WIDTH // 2)


def test_a_batch_that_is_held_stays(ring_class):
    """As a list of micro-batches does; fails if the ring turns by counting."""
    ring = make(ring_class, slots=2)
    held = [(ring.pack(*batch(seed)), batch(seed)) for seed in range(6)]
    for given, arguments in held:
        assert_packed(given, arguments)
    places = {given["input_ids"].data_ptr() for given, _ in held}
    assert len(places) == 6
    del given, held
    gc.collect()
    later = [ring.pack(*batch(seed))["input_ids"].data_ptr() for seed in range(12)]
    assert set(later) <= places


@pytest.mark.parametrize(
    "keep",
    [
        lambda given: given["labels"][0, 3:],
        lambda given: given["cu_seqlens"].detach(),
        lambda given: given["position_ids"].view(-1).unbind(),
        lambda given: torch.nn.Embedding(60_000, 1, device=given["input_ids"].device)(given["input_ids"]),
        pytest.param(lambda given: given["labels"].numpy(), marks=pytest.mark.skipif(GPU, reason="a GPU's has none")),
    ],
    ids=["slice", "detached", "unbound", "saved for the backward pass", "numpy"],
)
def test_a_part_that_is_held_keeps_the_batch(ring_class, keep):
    ring = make(ring_class, slots=1)
    given = ring.pack(*batch(1))
    place, kept = given["input_ids"].data_ptr(), keep(given)
    del given
    others = [ring.pack(*batch(seed))["input_ids"].data_ptr() for seed in range(3)]
    assert place not in others
    del kept
    assert place in [ring.pack(*batch(seed))["input_ids"].data_ptr() for seed in range(3)]


def test_memory_does_not_grow(ring_class):
    ring = make(ring_class)
    places = set()
    given = None
    for seed in range(9):
        given = ring.pack(*batch(seed % 4))
        places.add(given["input_ids"].data_ptr())
    assert given is not None
    assert len(places) == 3


def test_bytes_over_the_bus(ring_class):
    """16 rows of documents of 500 tokens: at most 2.2 bytes a token."""
    lengths = np.tile([500, 500, 500, 500, 48], 2)
    tokens = np.ones(5000, np.uint16)
    ring = make(ring_class, seq_len=2048, max_segments=128)
    ring.pack(tokens, np.zeros(10, int), lengths, np.array([0, 5, 10]))
    assert 2.0 <= ring.last_bytes / 4096 <= 2.2


def test_spans_without_number(ring_class):
    """More spans than there was room for: the buffers grow."""
    ring = make(ring_class)
    tokens, starts, _, _ = batch(1)
    lengths, splits = np.array([WIDTH, WIDTH]), np.array([0, 1, 2])
    odd = np.stack([np.arange(0, WIDTH, 2), np.arange(1, WIDTH, 2)], 1)
    spans = np.concatenate([odd, odd]), np.array([0, len(odd), 2 * len(odd)])
    arguments = tokens, starts[:2], lengths, splits
    assert_packed(ring.pack(*arguments, loss_spans=spans), arguments, loss_spans=spans)
    assert_packed(ring.pack(*arguments), arguments)


def test_a_bad_batch_is_refused_and_costs_nothing(ring_class):
    ring = make(ring_class, slots=1)
    place = ring.pack(*batch(0))["input_ids"].data_ptr()
    tokens, starts, lengths, splits = batch(0)
    for change, message in [
        ((tokens, starts, lengths + np.array([0, 0, 0, 5]), splits), "row 1 has 45"),
        ((tokens, starts, lengths * (1 << 40), splits), "room for 80 tokens"),
        ((tokens, starts + 500, lengths, splits), "outside the 500 tokens"),
        ((tokens, starts, lengths, splits[:2]), "3 row_splits"),
        ((tokens.astype(np.int64), starts, lengths, splits), "tokens are int64"),
    ]:
        with pytest.raises(ValueError, match=message):
            ring.pack(*change)
    with pytest.raises(ValueError, match="document_ids=False"):
        ring.pack(*batch(0), document_ids=[1, 2, 3, 4])
    given = ring.pack(*batch(0))
    assert given["input_ids"].data_ptr() == place
    assert_packed(given, batch(0))


def test_bad_options_are_named(ring_class):
    with pytest.raises(ValueError, match="numbers of 1 or more"):
        make(ring_class, slots=0)
    with pytest.raises(ValueError, match=r"torch\.int64 or torch\.int32"):
        make(ring_class, dtype=torch.float32)
    with pytest.raises(ValueError, match="multiple of 3"):
        make(ring_class, context_parallel=(0, 3, "contiguous"))
    with pytest.raises(ValueError, match="triton runs on"):
        ring_class(num_rows=1, seq_len=4, max_segments=4, pad_id=0, device="cpu" if GPU else "cuda")


class Record:
    """Stands for the streams: writes down what the ring asks of them."""

    def __init__(self):
        self.log = []

    def events(self):
        return None, None, None

    @contextmanager
    def beside(self):
        self.log.append("beside")
        yield
        self.log.append("back")

    def __getattr__(self, name):
        return lambda slot: self.log.append((name, slot.outputs["input_ids"].data_ptr()))


@pytest.mark.skipif(GPU, reason="has streams of its own, tested below")
def test_the_order_asked_of_streams(ring_class):
    """Staging waits for the copy before it; packing for those who used the memory; they were done a step ago."""
    ring = make(ring_class)
    record = ring._order = Record()
    given, places = None, []
    for seed in range(6):
        given = ring.pack(*batch(seed))
        places.append(given["input_ids"].data_ptr())
    calls = "".join("\n" if one == "beside" else "" if one == "back" else f" {one[0]}" for one in record.log)
    assert calls.split("\n")[-1].split() == ["was_copied", "wait_until_free", "was_packed"]
    assert calls.split("\n")[-2].split()[-2:] == ["was_freed", "wait_for_copy"]
    # When batch 5 is made, 4 is held and 3 was only just given up: the memory of 2 is taken, free since batch 4.
    assert places[5] == places[2]
    freed = [place for one in record.log if one[0] == "was_freed" for place in one[1:]]
    assert freed[-2:] == [places[2], places[3]]


@pytest.mark.skipif(not GPU, reason="no CUDA device")
def test_no_synchronisation(ring_class):
    ring = make(ring_class)
    kept = [(ring.pack(*batch(seed)), batch(seed)) for seed in range(3)]  # compiles
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        kept += [(ring.pack(*batch(seed)), batch(seed)) for seed in range(3)]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    for given, arguments in kept:
        assert_packed(given, arguments)


@pytest.mark.skipif(not GPU, reason="no CUDA device")
def test_a_slow_step_sees_its_own_batch(ring_class):
    """The step reads its batch long after the host went on: fails if memory is written before the step is done."""
    ring = make(ring_class)
    sums, expected = [], []
    for seed in range(20):
        given = ring.pack(*batch(seed))
        torch.cuda._sleep(20_000_000)
        sums.append((given["input_ids"] * torch.arange(WIDTH, device="cuda")).sum())
        packed = pack_rows(*batch(seed), seq_len=WIDTH, max_segments=SEGMENTS, pad_id=7)
        expected.append(int((packed.input_ids * np.arange(WIDTH)).sum()))
    assert [int(one) for one in sums] == expected


@pytest.mark.skipif(not GPU, reason="no CUDA device")
def test_a_launch_can_be_captured(ring_class):
    """Replayed on another batch in the same buffer."""
    launcher = importlib.import_module("corpus.kernels.pack.triton_gpu")
    ring = make(ring_class, slots=1)
    ring.pack(*batch(0))
    slot = ring._free_slot(0)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        launcher.launch(
            slot.plan, slot.plan.view(torch.uint16), seq_len=WIDTH, pad_id=7, context_parallel=None, loss_spans=False,
            **slot.outputs,
        )  # fmt: skip
    given = ring.pack(*batch(1))  # its plan is in the slot's buffer now
    for name in TENSORS:
        given[name].fill_(-77)
    graph.replay()
    torch.cuda.synchronize()
    assert_packed(given, batch(1))


@pytest.mark.parametrize(
    "options", [{}, {"document_ids": True, "bos_id": 9, "dtype": torch.int32}], ids=["plain", "more"]
)
def test_a_loader_through_the_ring_gives_the_batches_of_the_cpu(ring_class, tmp_path, options):
    """What `TokenLoader(device="cuda")` does; without a GPU the ring is put in by hand."""
    from corpus.loader import TokenLoader
    from corpus.loader.write_tokens import write_tokens

    rng = np.random.default_rng(2)
    documents = [rng.integers(1, 900, size) for size in rng.integers(1, 90, 60)]
    spans = [None if place % 2 else [len(row) // 2, len(row)] for place, row in enumerate(documents)]
    write_tokens(tmp_path / "t", documents, vocab_size=1000, loss_spans=spans, pad_id=0)
    shape = {"seq_len": 32, "batch_size": 2, "drop_last": False, **options}
    expected = list(TokenLoader(tmp_path / "t", **shape))
    loader = TokenLoader(tmp_path / "t", device="cuda" if GPU else "cpu", **shape)
    if not GPU:
        about = {"num_rows": 2, "seq_len": 32, "max_segments": loader.options.max_segments, "pad_id": 0}
        about |= {name: value for name, value in options.items() if name != "bos_id"}
        loader._feed.ring = ring_class(device="cpu", **about)
    seen = 0
    for given, wanted in zip(loader, expected, strict=True):
        for name in (*TENSORS, *["document_ids"] * ("document_ids" in options)):
            assert torch.equal(given[name].cpu(), wanted[name]), name
        assert given["max_seqlen"] == wanted["max_seqlen"]
        assert np.array_equal(given.host_cu_seqlens, wanted.host_cu_seqlens)
        seen += 1
    assert seen > 30 and loader.stats()["targets"] == sum(int((batch["labels"] != -100).sum()) for batch in expected)
