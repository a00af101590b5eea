"""Megatron-core's worker of `loader.py` (see `loader_worker.py`): GPTDataset over a .bin/.idx, concatenated, shuffled.

Documents are shuffled, laid end to end, cut at 2,048 tokens, and the rows are shuffled. The indices are built when
the corpus is written (in training, by rank 0 while the others wait) and mapped from then on. Sampling is as in its
training loop: row number by consumed samples and rank; that count is the state. No position resets, which is its
default.
"""

import itertools
from types import SimpleNamespace

from loader_worker import work

T, B = 2048, 8


def dataset(folder):
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
    from megatron.core.datasets.utils import Split

    tokenizer = SimpleNamespace(vocab_size=1 << 16, eod=0, pad=0, unique_identifiers={"class": "none"})
    config = GPTDatasetConfig(
        random_seed=1,
        sequence_length=T,
        blend=([folder + "/documents"], None),
        split="1,0,0",
        path_to_cache=folder + "/cache",
        tokenizer=tokenizer,
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        create_attention_mask=False,
    )
    import numpy as np

    low_level = GPTDataset.build_low_level_dataset(folder + "/documents", config)
    documents = np.arange(GPTDataset.numel_low_level_dataset(low_level), dtype=np.int32)
    return GPTDataset(low_level, folder + "/documents", documents, None, Split.train, config)


class Stream:
    def __init__(self, folder, way, rank, world, state):
        from torch.utils.data import DataLoader

        rows = dataset(folder)
        self.step, self.consumed = B * world, state or 0
        steps = range(self.consumed, len(rows) - self.step + 1, self.step)
        batches = [range(first + rank * B, first + rank * B + B) for first in steps]
        self.loader = DataLoader(rows, batch_sampler=batches, num_workers=0)

    def __iter__(self):
        for batch in self.loader:
            self.consumed += self.step
            yield batch["tokens"], batch["labels"], batch["position_ids"]

    def state(self):
        return self.consumed


def write(corpus, folder, way):
    import os

    import numpy as np
    from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

    os.makedirs(folder, exist_ok=True)
    tokens, offsets = np.load(corpus + "/tokens.npy", mmap_mode="r"), np.load(corpus + "/offsets.npy")
    builder = IndexedDatasetBuilder(folder + "/documents.bin", dtype=tokens.dtype.type)
    for first, last in itertools.pairwise(offsets):
        builder.add_document(tokens[first:last], [int(last - first)])
    builder.finalize(folder + "/documents.idx")
    dataset(folder)


def peer():
    import megatron.core.datasets.gpt_dataset  # noqa: F401

    return SimpleNamespace(open=Stream, write=write)


if __name__ == "__main__":
    work(peer, ("megatron-core", "torch", "numpy"))
