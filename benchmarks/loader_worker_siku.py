"""Siku's worker of `loader.py` (see `loader_worker.py`): `TokenLoader`, which packs best fit and splits.

Ways: "threads", as it comes; "in_place", `prefetch=0`, no thread but the caller's. Both read the same folder.
"""

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

from loader_worker import work

sys.path.insert(0, str(Path(__file__).parents[1]))
DOCUMENTS_AT_ONCE = 20_000


class Stream:
    def __init__(self, loader):
        self.loader, self.state = loader, loader.state_dict

    def __iter__(self):
        for batch in self.loader:
            yield batch["input_ids"], batch["labels"], batch["position_ids"]


def open_loader(folder, way, rank, world, state):
    from corpus.loader import TokenLoader

    threads = {"prefetch": 0} if way == "in_place" else {}
    sizes = {"seq_len": 2048, "batch_size": 8}
    loader = TokenLoader(folder, **sizes, seed=1, dp_rank=rank, dp_size=world, drop_last=False, **threads)
    if state:
        loader.load_state_dict(state)
    return Stream(loader)


def write(corpus, folder, way):
    import numpy as np

    from corpus.loader.write_tokens import TokenWriter

    offsets, sources = (np.load(f"{corpus}/{name}.npy") for name in ("offsets", "sources"))
    tokens = np.load(corpus + "/tokens.npy", mmap_mode="r")
    vocab_size = 1 << 16 if tokens.dtype == np.uint16 else len(tokens) + 1
    writer = TokenWriter(folder, vocab_size=vocab_size)
    borders = [0, *(np.flatnonzero(np.diff(sources)) + 1), len(sources)]
    for begin, end in itertools.pairwise(borders):
        for first in range(begin, end, DOCUMENTS_AT_ONCE):
            last = min(first + DOCUMENTS_AT_ONCE, end)
            lengths = np.diff(offsets[first : last + 1])
            writer.add(lengths, tokens[offsets[first] : offsets[last]], source=f"s{sources[first]}", language="en")
    writer.finish(tokenizer_hash="0" * 16, eos_id=0, pad_id=0)


def peer():
    import corpus.loader  # noqa: F401

    return SimpleNamespace(open=open_loader, write=write)


if __name__ == "__main__":
    work(peer, ("torch", "numpy", "pyarrow", "numba"))
