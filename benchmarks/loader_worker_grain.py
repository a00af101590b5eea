"""Grain's worker of `loader.py` (see `loader_worker.py`): shuffled documents, packed as it offers.

Ways: "concat" and "defaults" (ConcatThenSplitIterDataset), "first_fit" (8 bins, torchtitan's default), "best_fit" (64
bins). Documents come from one memory map, which is the least work for it; they are shuffled, sharded, packed to 2,049
tokens and batched. They are read without threads (`ReadOptions`), of which it takes 16 by default ("defaults"): for a
memory map that is a fifth of the rate. First and best fit do not take documents longer than a row: as in torchtitan
they are left out. The state is a rank's own; a rank that was not there before begins with that of rank modulo the
old number.
"""

from types import SimpleNamespace

from loader_worker import work

T, B = 2048, 8


class Documents:
    def __init__(self, folder):
        import numpy as np

        self.tokens = np.load(folder + "/tokens.npy", mmap_mode="r")
        self.offsets = np.load(folder + "/offsets.npy")

    def __len__(self):
        return len(self.offsets) - 1

    def __getitem__(self, index):
        return {"tokens": self.tokens[self.offsets[index] : self.offsets[index + 1]]}


class Stream:
    def __init__(self, folder, way, rank, world, state):
        import grain
        from grain import experimental

        documents = grain.MapDataset.source(Documents(folder)).seed(1).shuffle()[rank::world]
        concatenates = way in ("concat", "defaults")
        if not concatenates:
            documents = documents.filter(lambda each: len(each["tokens"]) <= T + 1)
        reading = grain.ReadOptions() if way == "defaults" else grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
        items = documents.to_iter_dataset(reading)
        sizes = {"tokens": T + 1}
        if concatenates:
            rows = experimental.ConcatThenSplitIterDataset(items, length_struct=sizes)
        elif way == "first_fit":
            rows = experimental.FirstFitPackIterDataset(items, length_struct=sizes, num_packing_bins=8)
        else:
            rows = experimental.BestFitPackIterDataset(items, length_struct=sizes, num_packing_bins=64)
        self.iterator = iter(rows.batch(B, drop_remainder=False))
        self.state = self.iterator.get_state
        if state:
            self.iterator.set_state(state)

    def __iter__(self):
        import numpy as np
        import torch

        for batch in self.iterator:
            rows = torch.from_numpy(batch["tokens"].astype(np.int64))
            positions = torch.from_numpy(batch["tokens_positions"].astype(np.int64))
            yield rows[:, :-1], rows[:, 1:], positions[:, :-1]


def write(corpus, folder, way):
    import os

    os.symlink(corpus, folder)


def peer():
    import grain  # noqa: F401
    from grain import experimental  # noqa: F401

    return SimpleNamespace(open=Stream, write=write, blocks=True, own_state=True)


if __name__ == "__main__":
    work(peer, ("grain", "torch", "numpy"))
