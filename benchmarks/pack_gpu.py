"""Packing: ragged tokens and a plan to `input_ids`, `labels`, `position_ids`, `cu_seqlens`; on a CUDA device and a CPU.

    python benchmarks/pack_gpu.py                        what this machine has: one core, and the GPU if there is one
    python benchmarks/pack_gpu.py --write docs/gpu.md    and puts the tables where that page has them

Everything is checked before it is timed: every contender's tensors must equal those of the numba kernel, which must
equal the specification on a smaller batch. Documents are log-normal with a mean of about 500 tokens, uint16, cut at the
ends of rows of 8,192. Needs torch, triton, numpy, and what the package's kernels need (numba); peers are timed where
they are installed: FBGEMM, flash-attn and fla, and torch.nested. These make padded rows of ragged ones, so they are
given the tokens already gathered by row, and make `input_ids` alone: a third of the work.

CPU: one core, contenders in turns, the median of the rounds. GPU: `triton.testing.do_bench` (events, cache flushed
between runs, median); "share" is of the bandwidth of a device-to-device copy of 1 GiB in the same run.
"""

import argparse
import itertools
import platform
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from corpus.kernels.pack import PackedRows, pack_rows
from corpus.kernels.pack.staging import layout, stage_rows

SEQ_LEN, MAX_SEGMENTS, PAD_ID, IGNORE = 8192, 512, 0, -100
NAMES = ("input_ids", "labels", "position_ids", "cu_seqlens")
GPU_TOKENS = (1 << 16, 1 << 20, 1 << 24, 1 << 26)
REAL = torch.cuda.is_available()  # else the GPU's part can only be rehearsed, in Triton's interpreter
DEVICE = "cuda" if REAL else "cpu"
Table = list[list[str]]


@dataclass(frozen=True)
class Batch:
    """Segments of some rows, their tokens contiguous in the order of the rows, as a loader has gathered them."""

    tokens: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    row_splits: np.ndarray

    @property
    def num_rows(self) -> int:
        return len(self.row_splits) - 1

    def packed(self, backend: str = "numba", out: PackedRows | None = None, dtype: Any = np.int64) -> PackedRows:
        return pack_rows(
            self.tokens, self.starts, self.lengths, self.row_splits, seq_len=SEQ_LEN, max_segments=MAX_SEGMENTS,
            pad_id=PAD_ID, backend=backend, out=out, dtype=dtype,
        )  # fmt: skip

    def staged(self, buffer: np.ndarray | None = None) -> np.ndarray:
        """What goes to the device."""
        where = layout(self.num_rows, len(self.starts), len(self.tokens), self.tokens.itemsize)
        buffer = np.empty(where.num_bytes, np.uint8) if buffer is None else buffer
        stage_rows(
            self.tokens, self.starts, self.lengths, self.row_splits, seq_len=SEQ_LEN, max_segments=MAX_SEGMENTS,
            loss_spans=None, document_ids=None, where=where, buffer=buffer,
            cu_seqlens=np.empty((self.num_rows, MAX_SEGMENTS + 1), np.int32),
        )  # fmt: skip
        return buffer[: where.num_bytes]

    def entries(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For torch: where each segment or padding begins (in columns of all rows together), its tokens, row splits."""
        starts, begins, splits = [], [], [0]
        for row in range(self.num_rows):
            chosen = slice(self.row_splits[row], self.row_splits[row + 1])
            columns = np.concatenate([[0], np.cumsum(self.lengths[chosen])])
            begins.append(columns + row * SEQ_LEN)
            starts.append(np.concatenate([self.starts[chosen], [-1]]))
            splits.append(splits[-1] + len(columns))
        return np.concatenate(begins), np.concatenate(starts), np.array(splits)


def make_batch(num_tokens: int, seed: int = 0) -> Batch:
    """Rows of documents, one after the other, cut where a row ends; the last few tokens of every row are padding."""
    rng = np.random.default_rng(seed)
    lengths, splits, filled = [], [0], []
    for _ in range(num_tokens // SEQ_LEN):
        row = np.maximum(rng.lognormal(np.log(500) - 0.5, 1.0, MAX_SEGMENTS - 2).astype(np.int64), 1)
        room = SEQ_LEN - int(rng.integers(1, 20))
        ends = np.minimum(np.cumsum(row), room)
        row = np.diff(ends, prepend=0)
        lengths.append(row[row > 0])
        splits.append(splits[-1] + len(lengths[-1]))
        filled.append(ends[-1])
    all_lengths = np.concatenate(lengths)
    tokens = rng.integers(0, 1 << 16, int(np.sum(filled)), dtype=np.uint16)
    return Batch(tokens, np.cumsum(all_lengths) - all_lengths, all_lengths, np.array(splits))


def numpy_loop(batch: Batch, out: PackedRows) -> PackedRows:
    """A collate function as it is usually written: slices, document by document."""
    out.input_ids.fill(PAD_ID)
    out.labels.fill(IGNORE)
    out.cu_seqlens.fill(SEQ_LEN)
    ramp = np.arange(SEQ_LEN)
    for row in range(batch.num_rows):
        column, border = 0, 0
        for segment in range(batch.row_splits[row], batch.row_splits[row + 1]):
            start, length = batch.starts[segment], batch.lengths[segment]
            tokens, end = batch.tokens[start : start + length], column + length
            out.input_ids[row, column:end] = tokens
            out.labels[row, column : end - 1] = tokens[1:]
            out.position_ids[row, column:end] = ramp[:length]
            out.cu_seqlens[row, border] = column
            column, border = end, border + 1
        out.position_ids[row, column:] = ramp[: SEQ_LEN - column]
        out.cu_seqlens[row, border] = column
    return out


def numpy_gather(batch: Batch, entries: tuple[np.ndarray, ...]) -> PackedRows:
    """Index arithmetic over all columns at once."""
    begins, starts, splits = entries
    total = batch.num_rows * SEQ_LEN
    ends = np.append(begins[1:], total)
    columns = np.arange(total)
    spread = ends - begins
    positions = columns - np.repeat(begins, spread)
    source = np.repeat(starts, spread)
    filled = source >= 0
    source += positions
    ids = np.where(filled, batch.tokens[np.where(filled, source, 0)], PAD_ID).astype(np.int64)
    labels = np.full(total, IGNORE)
    labels[:-1] = np.where(filled[:-1] & (positions[1:] > 0), ids[1:], IGNORE)
    borders = np.full((batch.num_rows, MAX_SEGMENTS + 1), SEQ_LEN, np.int32)
    row_of = np.repeat(np.arange(batch.num_rows), np.diff(splits))
    borders[row_of, np.arange(len(begins)) - splits[row_of]] = begins - row_of * SEQ_LEN
    wide = (one.reshape(batch.num_rows, SEQ_LEN) for one in (ids, labels, positions))
    return PackedRows(*wide, borders)


def torch_pack(tokens, begins, starts, splits, num_rows: int, search: bool) -> tuple[torch.Tensor, ...]:
    """The same in torch, eager or compiled. `search`: by `searchsorted`, else by `repeat_interleave`."""
    total, device = num_rows * SEQ_LEN, tokens.device
    columns = torch.arange(total, device=device)
    ends = torch.cat((begins[1:], torch.full((1,), total, device=device)))
    if search:
        entry = torch.searchsorted(begins, columns, right=True) - 1
    else:
        entry = torch.repeat_interleave(ends - begins, output_size=total)
    positions, start = columns - begins[entry], starts[entry]
    filled = start >= 0
    source = torch.where(filled, start + positions, 0)
    trained = filled & (columns + 1 < ends[entry])
    bits = tokens.view(torch.int16)  # uint16 knows few operations
    ids = torch.where(filled, bits[source].long() & 0xFFFF, PAD_ID)
    labels = torch.where(trained, bits[torch.where(trained, source + 1, 0)].long() & 0xFFFF, IGNORE)
    place = splits[:-1, None] + torch.arange(MAX_SEGMENTS + 1, device=device)
    there = place < splits[1:, None]
    column = begins[torch.where(there, place, 0)] - SEQ_LEN * torch.arange(num_rows, device=device)[:, None]
    borders = torch.where(there, column, SEQ_LEN).int()
    return *(one.view(num_rows, SEQ_LEN) for one in (ids, labels, positions)), borders


def ragged(batch: Batch) -> np.ndarray:
    """Where the tokens of each row begin among all, for libraries that pad ragged rows."""
    ends = np.append(batch.starts, len(batch.tokens))[batch.row_splits]
    return ends.astype(np.int64)


def peers(batch: Batch, tokens: torch.Tensor) -> Iterator[tuple[str, Callable[[], torch.Tensor]]]:
    """Functions of other libraries that make `input_ids` of rows already gathered; they import when called."""
    splits = torch.from_numpy(ragged(batch)).to(tokens.device)
    values, rows = tokens.to(torch.int64), batch.num_rows
    nested = torch.nested.nested_tensor_from_jagged(values.float(), splits)
    yield "torch.nested to_padded_tensor (float32)", lambda: nested.to_padded_tensor(PAD_ID, (rows, SEQ_LEN))

    def fbgemm() -> torch.Tensor:
        import fbgemm_gpu  # noqa: F401  # registers torch.ops.fbgemm

        return torch.ops.fbgemm.jagged_1d_to_dense(values, splits, SEQ_LEN, PAD_ID)

    yield "FBGEMM jagged_1d_to_dense", fbgemm
    row_of = torch.repeat_interleave(splits.diff())
    places = row_of * SEQ_LEN + torch.arange(len(values), device=tokens.device) - splits[row_of]

    def flash_attn() -> torch.Tensor:
        from flash_attn.bert_padding import pad_input

        return pad_input(values[:, None], places, rows, SEQ_LEN)[..., 0]

    yield "flash-attn pad_input", flash_attn

    def fla() -> torch.Tensor:
        from fla.ops.utils.pack import unpack_sequence

        return unpack_sequence(values[:, None], splits, "right", desired_shape=(rows, SEQ_LEN, 1))[..., 0]

    yield "fla unpack_sequence", fla


def running_peers(
    batch: Batch, tokens: torch.Tensor, expected: PackedRows
) -> tuple[dict[str, Callable[[], Any]], list[str]]:
    """Those of `peers` that run here, by a label that says if their output differs; and why the others do not."""
    found: dict[str, Callable[[], Any]] = {}
    absent: list[str] = []
    for name, function in peers(batch, tokens):
        try:
            given = function().long().cpu().numpy().reshape(expected.input_ids.shape)
        except (ImportError, OSError, RuntimeError, TypeError, ValueError, AttributeError) as error:
            absent.append(f"{name}: {type(error).__name__}, {(str(error).strip() or '?').splitlines()[0][:100]}")
            continue
        same = np.array_equal(given, expected.input_ids)
        found[f"{name}, `input_ids` alone{'' if same else ' (differs)'}"] = function
    return found, absent


def check(name: str, given: Any, expected: PackedRows) -> None:
    """Stop if a contender's tensors are not those of the numba kernel."""
    for tensor_name, one in zip(NAMES, given, strict=True):
        array = one.cpu().numpy() if isinstance(one, torch.Tensor) else one
        if not np.array_equal(array, getattr(expected, tensor_name)):
            raise SystemExit(f"{name}: {tensor_name} differs; nothing was timed")


def tensors(rows: PackedRows) -> list[np.ndarray]:
    return [getattr(rows, name) for name in NAMES]


def in_turns(contenders: dict[str, Callable[[], Any]], rounds: int, calls: int = 10) -> dict[str, float]:
    """Median seconds of each, taking turns."""
    seen: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, function in contenders.items():
            for _ in range(min(3, calls)):  # fills its caches
                function()
            for _ in range(calls):
                begin = time.perf_counter()
                function()
                seen[name].append(time.perf_counter() - begin)
    return {name: statistics.median(times) for name, times in seen.items()}


def on_one_core(rounds: int) -> Table:
    """[8, 8192] batches."""
    torch.set_num_threads(1)
    batch = make_batch(1 << 16)
    small = Batch(*(getattr(batch, name) for name in ("tokens", "starts", "lengths")), batch.row_splits)
    naive, expected = small.packed("naive"), batch.packed()
    check("numba", tensors(expected), naive)
    out, narrow = batch.packed(), batch.packed(dtype=np.int32)
    entries = batch.entries()
    arguments = (torch.from_numpy(batch.tokens), *map(torch.from_numpy, entries), batch.num_rows)
    compiled = torch.compile(torch_pack)
    contenders: dict[str, Callable[[], Any]] = {
        "Siku, numba, int64": lambda: tensors(batch.packed(out=out)),
        "Siku, numba, int32": lambda: tensors(batch.packed(out=narrow, dtype=np.int32)),
        "NumPy, a loop over documents": lambda: tensors(numpy_loop(batch, out)),
        "NumPy, one gather": lambda: tensors(numpy_gather(batch, entries)),
        "torch eager, searchsorted": lambda: torch_pack(*arguments, search=True),
        "torch eager, repeat_interleave": lambda: torch_pack(*arguments, search=False),
        "torch.compile, searchsorted": lambda: compiled(*arguments, search=True),
        "torch.compile, repeat_interleave": lambda: compiled(*arguments, search=False),
    }
    staging = np.empty_like(batch.staged())
    for name, function in contenders.items():
        check(name, function(), expected)
    also, absent = running_peers(batch, arguments[0], expected)
    contenders |= also
    contenders["Siku, staging for a device"] = lambda: batch.staged(staging)
    seconds = in_turns(contenders, rounds)
    best = seconds["Siku, numba, int64"]
    rows = [["[8, 8192], one core", "M tokens/s", "Siku is faster by"]]
    for name, one in seconds.items():
        rows.append([name, f"{batch.num_rows * SEQ_LEN / one / 1e6:,.0f}", f"{one / best:.1f}"])
    return rows + [[f"did not run: {why}", "", ""] for why in absent]


def timed(function: Callable[[], Any]) -> float:
    """Seconds on the device, the median of `do_bench`."""
    if REAL:
        from triton.testing import do_bench

        return do_bench(function, return_mode="median") / 1e3
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def finish() -> None:
    """Wait for the device."""
    if REAL:
        torch.cuda.synchronize()


def copy_bandwidth() -> float:
    """Bytes a second read and written by a device-to-device copy of 1 GiB."""
    source = torch.empty(1 << (30 if REAL else 20), dtype=torch.uint8, device=DEVICE)
    target = torch.empty_like(source)
    return 2 * len(source) / timed(lambda: target.copy_(source))


def on_the_gpu(sizes: tuple[int, ...]) -> Iterator[Table]:
    """Kernel times by size, then what a batch costs from the host."""
    copied = copy_bandwidth()
    rows = [["kernel", "tokens", "median, us", "GB moved", "GB/s", "share of copy", "Siku is faster by"]]
    for size in sizes:
        batch = make_batch(size)
        expected = batch.packed()
        own, best = siku_kernels(batch, expected, copied)
        rows += own + other_kernels(batch, expected, best)
        if REAL:
            torch.cuda.empty_cache()
    rows.append(["copy, device to device", "", "", "", f"{copied / 1e9:,.0f}", "100%", ""])
    yield rows
    yield end_to_end(sizes[:2])


def siku_kernels(batch: Batch, expected: PackedRows, copied: float) -> tuple[Table, float]:
    """Rows of the table, and the seconds with int64 outputs."""
    from corpus.kernels.pack import triton_gpu

    plan = torch.from_numpy(batch.staged()).to(DEVICE)
    size, rows, taken = batch.num_rows * SEQ_LEN, [], {}
    for kind in (torch.int64, torch.int32):
        outputs = [torch.full((batch.num_rows, SEQ_LEN), -77, dtype=kind, device=DEVICE) for _ in range(3)]
        outputs.append(torch.full((batch.num_rows, MAX_SEGMENTS + 1), -77, dtype=torch.int32, device=DEVICE))
        keys = dict(zip(NAMES, outputs, strict=True))

        def launch(keys=keys) -> None:
            triton_gpu.launch(
                plan, plan.view(torch.uint16), seq_len=SEQ_LEN, pad_id=PAD_ID, context_parallel=None,
                loss_spans=False, **keys,
            )  # fmt: skip

        launch()
        check("Siku, Triton", outputs, expected)
        taken[kind] = timed(launch)
        moved = plan.nbytes + sum(one.nbytes for one in outputs)
        share = moved / taken[kind] / copied
        rows.append([f"Siku, Triton, {str(kind)[6:]}", f"{size:,}", f"{taken[kind] * 1e6:.1f}", f"{moved / 1e9:.3f}",
                     f"{moved / taken[kind] / 1e9:,.0f}", f"{share:.0%}", "1.0"])  # fmt: skip
    return rows, taken[torch.int64]


def other_kernels(batch: Batch, expected: PackedRows, best: float) -> Table:
    """Rows of torch, eager and compiled for this very shape, and of the peers that are installed."""
    torch.compiler.reset()
    compiled = torch.compile(torch_pack, dynamic=False)
    tokens = torch.from_numpy(batch.tokens).to(DEVICE)
    arguments = (tokens, *(torch.from_numpy(one).to(DEVICE) for one in batch.entries()), batch.num_rows)
    contenders: dict[str, Callable[[], Any]] = {
        "torch eager, searchsorted": lambda: torch_pack(*arguments, search=True),
        "torch eager, repeat_interleave": lambda: torch_pack(*arguments, search=False),
        "torch.compile, searchsorted": lambda: compiled(*arguments, search=True),
        "torch.compile, repeat_interleave": lambda: compiled(*arguments, search=False),
    }
    for name, function in contenders.items():
        check(name, function(), expected)
    also, absent = running_peers(batch, tokens, expected)
    size, rows = f"{batch.num_rows * SEQ_LEN:,}", [[f"did not run: {why}", "", *[""] * 5] for why in absent]
    for name, function in (contenders | also).items():
        taken = timed(function)
        rows.append([name, size, f"{taken * 1e6:.1f}", "", "", "", f"{taken / best:.1f}"])
    return rows


def end_to_end(sizes: tuple[int, ...]) -> Table:
    """From a host batch to tensors that are ready: alone, and what it adds to steps that it overlaps."""
    from corpus.loader.device_ring import DeviceRing

    rows = [["host batch to device tensors", "tokens", "ready after, us", "added to a step, us", "launches", "waits",
             "host-to-device bytes a token"]]  # fmt: skip
    for size in sizes:
        batch = make_batch(size)
        expected = batch.packed()
        ring = DeviceRing(
            num_rows=batch.num_rows, seq_len=SEQ_LEN, max_segments=MAX_SEGMENTS, pad_id=PAD_ID, device=DEVICE
        )

        def siku(ring=ring, batch=batch) -> list[torch.Tensor]:
            given = ring.pack(batch.tokens, batch.starts, batch.lengths, batch.row_splits)
            return [given[name] for name in NAMES]

        contenders = {
            "Siku, ring": siku,
            "numba on the CPU, pinned int64": collated(expected, lambda out, batch=batch: batch.packed(out=out)),
            "NumPy loop, pinned int64": collated(expected, lambda out, batch=batch: numpy_loop(batch, out)),
        }
        for name, function in contenders.items():
            check(name, function(), expected)
        until_ready = {name: lambda function=function: (function(), finish()) for name, function in contenders.items()}
        seconds = in_turns(until_ready, 10 if REAL else 1, 10 if REAL else 1)
        wide = sum(one.nbytes for one in tensors(expected))
        for name, function in contenders.items():
            launches, waits = counted(function)
            sent = (ring.last_bytes if function is siku else wide) / size
            rows.append([name, f"{size:,}", f"{seconds[name] * 1e6:.0f}", f"{added_to_a_step(function) * 1e6:.0f}",
                         f"{launches}", f"{waits}", f"{sent:.2f}"])  # fmt: skip
    return rows


def collated(expected: PackedRows, pack: Callable[[PackedRows], Any]) -> Callable[[], list[torch.Tensor]]:
    """Packing into pinned arrays and copying those. Four sets in turn, so that it need not wait for its copies."""
    sets = []
    for _ in range(4):
        arrays = [torch.from_numpy(one.copy()) for one in tensors(expected)]
        sets.append([one.pin_memory() for one in arrays] if REAL else arrays)
    turn = itertools.cycle(sets)

    def make() -> list[torch.Tensor]:
        pinned = next(turn)
        pack(PackedRows(*(one.numpy() for one in pinned)))
        return [one.to(DEVICE, non_blocking=True) for one in pinned]

    return make


def counted(function: Callable[[], Any]) -> tuple[int, int]:
    """Kernels launched and waits of the host in one call, as the profiler sees them."""
    waiting = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize")
    activities = [torch.profiler.ProfilerActivity.CPU, *[torch.profiler.ProfilerActivity.CUDA] * REAL]

    def names(called: Callable[[], Any]) -> list[str]:
        finish()
        with torch.profiler.profile(activities=activities) as profile:
            called()
        return [event.name for event in profile.events()]

    own = sum(name in waiting for name in names(lambda: None))  # the profiler's
    seen = names(function)
    return sum("LaunchKernel" in name for name in seen), sum(name in waiting for name in seen) - own


def added_to_a_step(function: Callable[[], Any], steps: int = 50 if REAL else 1) -> float:
    """Seconds by which a step of matrix products grows if a batch is made before it."""
    weights = torch.randn(*[4096 if REAL else 64] * 2, device=DEVICE, dtype=torch.bfloat16)

    def run(make: Callable[[], Any]) -> float:
        finish()
        begin = time.perf_counter()
        for _ in range(steps):
            make()
            for _ in range(10):
                weights @ weights
        finish()
        return (time.perf_counter() - begin) / steps

    pairs = [(run(function), run(lambda: None)) for _ in range(7 if REAL else 1)]
    return statistics.median(one - other for one, other in pairs)


def show(table: Table) -> str:
    """Markdown whose columns are aligned."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def machine(gpu: bool) -> str:
    """Hardware and versions, one line."""
    import numba

    cpu = (
        re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) if Path("/proc/cpuinfo").exists() else None
    )
    parts = [
        cpu[1] if cpu else platform.processor(),
        f"Python {platform.python_version()}",
        f"torch {torch.__version__}",
    ]
    parts += [f"numba {numba.__version__}", f"NumPy {np.__version__}"]
    if gpu:
        import triton

        about = torch.cuda.get_device_properties(0)
        asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        driver = (
            subprocess.run(asked, capture_output=True, text=True).stdout.split() if shutil.which(asked[0]) else ["?"]
        )
        parts = [f"{about.name}, {about.total_memory >> 30} GiB", f"CUDA {torch.version.cuda}, driver {driver[0]}",
                 f"triton {triton.__version__}", *parts]  # fmt: skip
    return ", ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--write", type=Path, help="a page to put the tables into, between <!-- cpu --> and <!-- end -->"
    )
    parser.add_argument("--rounds", type=int, default=8, help="of the contenders on the CPU")
    parser.add_argument("--most", type=int, default=GPU_TOKENS[-1], help="tokens of the largest batch on the GPU")
    parser.add_argument("--skip-cpu", action="store_true")
    parser.add_argument("--rehearse", action="store_true", help="without a GPU: run its part once (TRITON_INTERPRET=1)")
    arguments = parser.parse_args()
    found: dict[str, str] = {}
    if not arguments.skip_cpu:
        found["cpu"] = f"{machine(False)}\n\n{show(on_one_core(arguments.rounds))}"
        print(found["cpu"], flush=True)
    if REAL or arguments.rehearse:
        tables = on_the_gpu(tuple(size for size in GPU_TOKENS if size <= arguments.most) if REAL else (2 * SEQ_LEN,))
        found["gpu"] = "\n\n".join([machine(REAL), *map(show, tables)])
        print(found["gpu"] if REAL else f"a rehearsal, its figures mean nothing\n{found.pop('gpu')}")
    else:
        print("\nno CUDA device: the kernel was not timed (its tests run in Triton's interpreter)")
    if arguments.write:
        page = arguments.write.read_text(encoding="utf-8")
        for name, text in found.items():
            page = re.sub(
                f"(<!-- {name} -->\n).*?(<!-- end -->)",
                lambda m, text=text: m[1] + text + "\n" + m[2],
                page,
                flags=re.S,
            )
        arguments.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
