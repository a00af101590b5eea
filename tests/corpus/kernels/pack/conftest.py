"""Batches to pack, outputs that are poisoned, and the Triton kernel, interpreted where there is no GPU."""

import importlib
import itertools
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from corpus.kernels.pack import PackedRows, pack_rows

POISON = -77
TENSORS = ("input_ids", "labels", "position_ids", "cu_seqlens", "document_ids")


@dataclass
class Batch:
    """Arguments of `pack_rows`."""

    tokens: np.ndarray
    lengths: np.ndarray
    row_splits: np.ndarray
    starts: np.ndarray
    options: dict[str, Any] = field(default_factory=dict)

    def pack(self, backend: str, **changed: Any) -> PackedRows:
        """Into poisoned outputs, none of which may stay as it was."""
        options = {"pad_id": 3, **self.options, **changed}
        dtype = options.get("dtype", np.int64)
        seq_len, parallel = options["seq_len"], options.get("context_parallel")
        width = seq_len if parallel is None else seq_len // parallel[1]
        owned = options.get("document_ids") is not None
        size = (len(self.row_splits) - 1, width, options["max_segments"])
        out = PackedRows.empty(*size, dtype=dtype, document_ids=owned)
        for name in TENSORS[: 4 + owned]:
            getattr(out, name)[:] = POISON
        given = pack_rows(self.tokens, self.starts, self.lengths, self.row_splits, out=out, backend=backend, **options)
        assert given is out
        for name in TENSORS[: 4 + owned]:
            assert not (getattr(out, name) == POISON).any(), (backend, name)
        return out


def make_batch(
    rng: np.random.Generator,
    rows: list[list[int]],
    seq_len: int,
    *,
    token_dtype: type = np.uint16,
    spans: bool = False,
    documents: bool = False,
    **options: Any,
) -> Batch:
    """Rows of these lengths, their tokens somewhere in a larger array; random spans and document ids if asked for."""
    lengths = np.array([length for row in rows for length in row], np.int64)
    row_splits = np.cumsum([0] + [len(row) for row in rows])
    num_tokens = int(lengths.sum()) + 50
    tokens = rng.integers(0, np.iinfo(token_dtype).max, num_tokens, dtype=token_dtype, endpoint=True)
    if "dtype" in options and options["dtype"] == np.int32:
        tokens &= token_dtype(0x7FFFFFFF & np.iinfo(token_dtype).max)
    tokens[tokens == np.array(POISON).astype(token_dtype)] = 5
    starts = np.array([rng.integers(0, num_tokens - length + 1) for length in lengths], np.int64)
    options = {"seq_len": seq_len, "max_segments": max(len(row) for row in rows) + 1, **options}
    if documents:
        options["document_ids"] = rng.integers(0, 1 << 31, len(lengths))
    if spans:
        options["loss_spans"] = random_spans(rng, lengths)
    return Batch(tokens, lengths, row_splits, starts, options)


def random_spans(rng: np.random.Generator, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each segment none to a few spans, often adjacent, often at its edges."""
    spans: list[tuple[int, int]] = []
    splits = [0]
    for length in lengths:
        borders = np.unique(rng.integers(0, length + 1, rng.integers(0, 7)))
        if rng.random() < 0.5:
            borders = np.unique([0, *borders, length])
        pairs = list(itertools.pairwise(borders))
        spans += [pair for pair in pairs if rng.random() < 0.6]
        splits.append(len(spans))
    return np.array(spans, np.int32).reshape(-1, 2), np.array(splits)


def random_rows(rng: np.random.Generator, seq_len: int, num_rows: int) -> list[list[int]]:
    """Rows that are empty, full or partly filled, of pieces short, long and at the edges of 64."""
    rows = []
    for _ in range(num_rows):
        room, row = seq_len, []
        stop = rng.choice([0, 0, seq_len // 3, seq_len])
        while room > stop:
            length = int(rng.choice([0, 1, 2, 63, 64, 65, rng.integers(1, seq_len + 1), room]))
            row.append(min(length, room))
            room -= row[-1]
        rows.append(row)
    return rows


def assert_same(first: PackedRows, second: PackedRows) -> None:
    """Equal in every bit, and of one type."""
    assert first.max_seqlen == second.max_seqlen
    for name in TENSORS:
        a, b = getattr(first, name), getattr(second, name)
        assert (a is None) == (b is None)
        if a is not None:
            assert a.dtype == b.dtype, name
            assert np.array_equal(a, b), name


@pytest.fixture(scope="session")
def packing():
    """The functions of this file, for test modules, which cannot import it."""

    class Functions:
        batch, rows, spans, same = (staticmethod(f) for f in (make_batch, random_rows, random_spans, assert_same))

    return Functions


@pytest.fixture(scope="session")
def triton_gpu():
    """`corpus.kernels.pack.triton_gpu`, for this machine's GPU, or interpreted where there is none."""
    pytest.importorskip("triton", reason="triton is not installed; there is none for this platform")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    before = os.environ.get("TRITON_INTERPRET")
    if not torch.cuda.is_available():
        os.environ["TRITON_INTERPRET"] = "1"  # looked at when the kernel's module is imported
    try:
        return importlib.import_module("corpus.kernels.pack.triton_gpu")
    finally:
        if before is None:
            os.environ.pop("TRITON_INTERPRET", None)
