"""One peer of `row_plan.py`, run by a Python that has it: plans rows for pieces and says how long it took.

    python benchmarks/row_plan_peer.py NAME PIECES.npy SEQ_LEN ROUNDS OUT.npz

NAME is seqpacker, olmo_core or trl; or the path of a shared library with seqpacker's `pack_flat` in C, for machines
where its Python package cannot be built: `pack_flat(int64* lengths, n, capacity, 0, int64* items, int64* ends)`, which
returns the number of rows. Every peer gets pieces of at most SEQ_LEN tokens. OUT gets `items`, the pieces in the order
of the rows, and `ends`, where each row ends. TRL packs tokens, not lengths; each token is its piece's number, which is
how the plan is read back, and its time has the copying of 4 bytes a token in it.
"""

import ctypes
import importlib.metadata
import json
import sys
import time
from collections.abc import Callable

import numpy as np

Plan = tuple[np.ndarray, np.ndarray]


def seqpacker(lengths: np.ndarray, seq_len: int) -> Callable[[], Plan]:
    import seqpacker

    packer = seqpacker.Packer(seq_len, strategy="obfd")

    def plan() -> Plan:
        items, splits = packer.pack_flat(lengths)
        return items, np.append(splits, len(items))

    return plan


def seqpacker_library(path: str, lengths: np.ndarray, seq_len: int) -> Callable[[], Plan]:
    pack_flat = ctypes.CDLL(path).pack_flat
    pack_flat.restype = ctypes.c_int64
    pack_flat.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int64] + [ctypes.c_void_p] * 2
    items, ends = np.empty_like(lengths), np.empty_like(lengths)

    def plan() -> Plan:
        num_rows = pack_flat(lengths.ctypes.data, len(lengths), seq_len, 0, items.ctypes.data, ends.ctypes.data)
        return items, ends[:num_rows]

    return plan


def olmo_core(lengths: np.ndarray, seq_len: int) -> Callable[[], Plan]:
    from olmo_core.data.utils import InstancePacker

    ends = np.cumsum(lengths)
    spans = np.stack([ends - lengths, ends], axis=1).astype(np.uint64)

    def plan() -> Plan:
        rows, sorted_spans, _ = InstancePacker(seq_len).pack_documents(spans)
        plan.spans = sorted_spans  # type: ignore[attr-defined]
        return rows, None  # type: ignore[return-value]

    def numbered() -> Plan:
        rows, _ = plan()
        order = np.searchsorted(spans[:, 0], plan.spans[:, 0])  # type: ignore[attr-defined]
        return order[[piece for row in rows for piece in row]], np.cumsum([len(row) for row in rows])

    plan.numbered = numbered  # type: ignore[attr-defined]
    return plan


def trl(lengths: np.ndarray, seq_len: int) -> Callable[[], Plan]:
    import datasets
    import pyarrow as pa
    from trl import pack_dataset

    datasets.disable_progress_bars()
    tokens = pa.array(np.repeat(np.arange(len(lengths), dtype=np.int32), lengths))
    column = pa.LargeListArray.from_arrays(np.concatenate([[0], np.cumsum(lengths)]), tokens)
    dataset = datasets.Dataset(pa.table({"input_ids": column}))
    options = {"batch_size": len(lengths), "load_from_cache_file": False, "keep_in_memory": True}

    def plan() -> Plan:
        return pack_dataset(dataset, seq_len, "bfd_split", map_kwargs=options), None  # type: ignore[return-value]

    def numbered() -> Plan:
        packed, _ = plan()
        table = packed.with_format("arrow")[:]
        flat = table["input_ids"].combine_chunks().flatten().to_numpy()
        first = np.cumsum(np.concatenate([[0], table["seq_lengths"].combine_chunks().flatten().to_numpy()]))[:-1]
        items, num_pieces = flat[first], [len(row) for row in table["seq_lengths"].to_pylist()]
        assert np.array_equal(np.repeat(items, lengths[items]), flat)
        return items, np.cumsum(num_pieces)

    plan.numbered = numbered  # type: ignore[attr-defined]
    return plan


def main() -> None:
    name, path, seq_len, rounds, out = sys.argv[1:]
    lengths = np.load(path).astype(np.int64)
    if "/" in name:
        plan, version = seqpacker_library(name, lengths, int(seq_len)), "library"
    else:
        plan = {"seqpacker": seqpacker, "olmo_core": olmo_core, "trl": trl}[name](lengths, int(seq_len))
        version = importlib.metadata.version({"olmo_core": "ai2-olmo-core"}.get(name, name))
    items, ends = getattr(plan, "numbered", plan)()
    np.savez(out, items=items, ends=ends)
    seconds = []
    for _ in range(int(rounds)):
        begin = time.process_time()
        plan()
        seconds.append(time.process_time() - begin)
    print(json.dumps({"version": version, "seconds": min(seconds)}))


if __name__ == "__main__":
    main()
