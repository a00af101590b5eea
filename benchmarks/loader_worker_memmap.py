"""Rows of a memory map, as small trainers read them; a worker of `loader.py` (see `loader_worker.py`).

Documents stand one after the other in one file of uint16; row i is tokens 2,048 i to 2,048 (i + 1), one more for
the labels. torch's DataLoader without worker processes over a DistributedSampler; its state is the number of
batches, which are skipped in the sampler, as trainers do. Packs nothing: rows were cut when the file was written.
"""

from types import SimpleNamespace

from loader_worker import work

T, B = 2048, 8


class Rows:
    def __init__(self, folder):
        import numpy as np

        self.tokens = np.load(folder + "/tokens.npy", mmap_mode="r")

    def __len__(self):
        return (len(self.tokens) - 1) // T

    def __getitem__(self, index):
        import numpy as np
        import torch

        chunk = torch.from_numpy(self.tokens[index * T : (index + 1) * T + 1].astype(np.int64))
        return chunk[:-1], chunk[1:]


class Stream:
    def __init__(self, folder, rank, world, state):
        from torch.utils.data import DataLoader, DistributedSampler

        rows = Rows(folder)
        sampler = DistributedSampler(rows, num_replicas=world, rank=rank, seed=1, drop_last=True)
        self.step, self.consumed = B * world, state or 0
        order = list(sampler)[self.consumed // world :]
        self.loader = DataLoader(rows, batch_size=B, sampler=order, num_workers=0)

    def __iter__(self):
        for batch in self.loader:
            self.consumed += self.step
            yield batch

    def state(self):
        return self.consumed


def write(corpus, folder, way):
    import os

    os.symlink(corpus, folder)


def peer():
    import torch.utils.data  # noqa: F401

    return SimpleNamespace(open=lambda folder, way, rank, world, state: Stream(folder, rank, world, state), write=write)


if __name__ == "__main__":
    work(peer, ("torch", "numpy"))
