"""The Triton kernel equals the numba one bit for bit: compiled where there is a GPU, else in Triton's interpreter.

The interpreter takes tens of milliseconds a program, so batches are small; tiles of 64 columns have edges.
"""

import subprocess
import sys

import numpy as np
import pytest

from corpus.kernels.pack import pack_rows
from corpus.kernels.pack.staging import layout, stage_rows

EDGES = [[63, 64, 65], [193], [], [1, 62, 1, 64, 65], [64, 1, 1, 127], [1] * 66 + [2, 59, 66]]


@pytest.mark.parametrize(
    ("token_dtype", "dtype", "spans", "documents"),
    [
        (np.uint16, np.int64, False, False),
        (np.uint32, np.int64, True, True),
        (np.uint16, np.int32, True, False),
        (np.uint32, np.int32, False, True),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_edges_of_tiles_and_segments(packing, triton_gpu, monkeypatch, token_dtype, dtype, spans, documents):
    monkeypatch.setattr(triton_gpu, "BLOCK", 64)
    rng = np.random.default_rng(11)
    batch = packing.batch(
        rng, EDGES, 193, token_dtype=token_dtype, dtype=dtype, spans=spans, documents=documents, max_segments=193
    )
    packing.same(batch.pack("triton"), batch.pack("numba"))


@pytest.mark.parametrize(
    "parallel", [(1, 2, "contiguous"), (0, 2, "zigzag"), (1, 3, "zigzag"), (2, 3, "zigzag")], ids=str
)
def test_slices(packing, triton_gpu, monkeypatch, parallel):
    monkeypatch.setattr(triton_gpu, "BLOCK", 32)
    rng = np.random.default_rng(12)
    rows = [[30, 61, 1, 28], [120], [], [7, 100]]
    batch = packing.batch(rng, rows, 120, spans=True, documents=True, context_parallel=parallel, max_segments=9)
    packing.same(batch.pack("triton"), batch.pack("numba"))


@pytest.mark.parametrize("chunk", [15, 16, 17])
def test_halves_of_a_zigzag_at_the_edge_of_a_tile(packing, triton_gpu, monkeypatch, chunk):
    """Short segments, so that a tile whose last column is taken for one of the other half misses some."""
    monkeypatch.setattr(triton_gpu, "BLOCK", 16)
    rng = np.random.default_rng(15)
    batch = packing.batch(rng, [[1, 2] * chunk], 4 * chunk, context_parallel=(0, 2, "zigzag"))
    packing.same(batch.pack("triton"), batch.pack("numba"))


@pytest.mark.parametrize("seq_len", [1, 2, 65])
def test_short_rows_and_padding(packing, triton_gpu, seq_len):
    rng = np.random.default_rng(13)
    batch = packing.batch(rng, [[], [1], [seq_len], []], seq_len, pad_id=1, max_segments=2)
    packing.same(batch.pack("triton"), batch.pack("numba"))


def test_100_000_one_token_documents(packing, triton_gpu, monkeypatch):
    monkeypatch.setattr(triton_gpu, "BLOCK", 32_768)
    rng = np.random.default_rng(14)
    rows = [[1] * 30_000] * 3 + [[1] * 10_000]
    batch = packing.batch(rng, rows, 30_000, token_dtype=np.uint32, documents=True)
    assert len(batch.lengths) == 100_000
    packing.same(batch.pack("triton"), batch.pack("numba"))


def test_spans_at_every_edge_of_a_segment(triton_gpu):
    """One row a span: all [begin, end) of a segment of 4 tokens that has neighbours."""
    pairs = [(begin, end) for begin in range(4) for end in range(begin + 1, 5)]
    count = len(pairs)
    tokens = np.arange(50, 58, dtype=np.uint16)
    starts, lengths = np.tile([0, 2, 6], count), np.tile([2, 4, 2], count)
    spans = np.array(pairs, np.int32), (np.arange(3 * count + 1) + 1) // 3
    out = pack_rows(
        tokens, starts, lengths, np.arange(0, 3 * count + 1, 3), seq_len=8, max_segments=3, pad_id=0,
        loss_spans=spans, backend="triton",
    )  # fmt: skip
    for row, (begin, end) in enumerate(pairs):
        trained = [52 + i + 1 if begin <= i + 1 < end else -100 for i in range(3)]
        assert out.labels[row].tolist() == [-100, -100, *trained, -100, -100, -100]
    assert count == 10


def test_tokens_beyond_2_31_that_lie_on_the_device(tmp_path, triton_gpu):
    """The plan alone is staged, the tokens are a tensor of more than 2**32 bytes of which all but a page is a hole."""
    torch = pytest.importorskip("torch")
    far = (1 << 31) + 4321
    if triton_gpu.device().type == "cuda":
        tokens = torch.empty(far + 100, dtype=torch.uint16, device="cuda")
        tokens[far : far + 5] = torch.arange(1, 6, dtype=torch.int32).to(torch.uint16).cuda()
    else:
        with (tmp_path / "sparse").open("wb") as file:
            file.truncate(2 * (far + 100))
        mapped = np.memmap(tmp_path / "sparse", np.uint16, "r+")
        mapped[far : far + 5] = [1, 2, 3, 4, 5]
        tokens = torch.from_numpy(mapped)
    starts, lengths, splits = np.array([far + 3, far]), np.array([2, 3]), np.array([0, 2])
    where = layout(1, 2, -1, 2)
    buffer = np.zeros(where.num_bytes, np.uint8)
    stage_rows(
        np.lib.stride_tricks.as_strided(np.zeros(1, np.uint16), (len(tokens),), (2,)), starts, lengths, splits,
        seq_len=6, max_segments=3, loss_spans=None, document_ids=None, where=where, buffer=buffer,
        cu_seqlens=np.empty((1, 4), np.int32),
    )  # fmt: skip
    ids, labels, positions = (torch.full((1, 6), -77, device=triton_gpu.device()) for _ in range(3))
    borders = torch.full((1, 4), -77, dtype=torch.int32, device=triton_gpu.device())
    triton_gpu.launch(
        torch.from_numpy(buffer).to(triton_gpu.device()), tokens, seq_len=6, pad_id=0, context_parallel=None,
        loss_spans=False, input_ids=ids, labels=labels, position_ids=positions, cu_seqlens=borders,
    )  # fmt: skip
    assert ids.tolist() == [[4, 5, 1, 2, 3, 0]]
    assert labels.tolist() == [[5, -100, 2, 3, -100, -100]]
    assert positions.tolist() == [[0, 1, 0, 1, 2, 0]]
    assert borders.tolist() == [[0, 2, 5, 6]]


def test_bad_arguments_are_named(triton_gpu):
    for lengths in ([2, -1], [2, -5], [2, 1 << 61]):
        with pytest.raises(ValueError, match="segment 1 has less than no tokens or lies outside"):
            pack_rows(
                np.arange(9, dtype=np.uint16), [0, 2], lengths, [0, 2],
                seq_len=4, max_segments=3, pad_id=0, backend="triton",
            )  # fmt: skip


COMPILE = """
import re, sys, warnings
warnings.simplefilter("ignore")
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from corpus.kernels.pack.triton_gpu import _pack_kernel as kernel
for tokens, outputs, rest in (("u16", "i64", False), ("u32", "i32", True)):
    types = ["*i64", "*i32", "*" + tokens, *["*" + outputs] * 4, "*i32", *["i32"] * 8]
    constants = {"HAS_SPANS": rest, "HAS_DOCUMENTS": rest, "BLOCK": 1024, "BORDERS": 64}
    signature = dict(zip(kernel.arg_names, types + ["constexpr"] * 4, strict=True))
    aligned = {(place,): [["tt.divisibility", 16]] for place in (*range(8), kernel.arg_names.index("num_columns"))}
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants, attrs=aligned)
    done = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4})
    wide = re.findall(r"st[.]global[.](v2[.]b64|v4[.]b32)", done.asm["ptx"])
    print(len(done.asm["cubin"]) > 0, len(wide))
"""


def test_it_compiles_for_a_gpu():
    """Down to machine code of an H100, which takes no GPU; the outputs are stored 16 bytes at a time."""
    pytest.importorskip("triton", reason="triton is not installed; there is none for this platform")
    done = subprocess.run([sys.executable, "-c", COMPILE], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["True 12", "True 8"]
