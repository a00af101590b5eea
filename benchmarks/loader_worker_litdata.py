"""litdata's worker of `loader.py` (see `loader_worker.py`): TokensLoader as its README shows it, rows cut when written.

`optimize` with `chunk_size=(2048 + 1) * 8012`, blocks of 2,049 tokens, shuffled, StreamingDataLoader without worker
processes. The state is rank 0's.
"""

from types import SimpleNamespace

from loader_worker import work

T, B = 2048, 8


class Stream:
    def __init__(self, folder, state):
        from litdata import StreamingDataLoader, StreamingDataset, TokensLoader

        rows = StreamingDataset(
            folder, item_loader=TokensLoader(block_size=T + 1), shuffle=True, drop_last=True, seed=1
        )
        self.loader = StreamingDataLoader(rows, batch_size=B, num_workers=0)
        self.state = self.loader.state_dict
        if state:
            self.loader.load_state_dict(state)

    def __iter__(self):
        for rows in self.loader:
            rows = rows.long()
            yield rows[:, :-1], rows[:, 1:]


def open_loader(folder, way, rank, world, state):
    import os

    os.environ["GLOBAL_RANK"] = str(rank)
    return Stream(folder, state)


def write(corpus, folder, way):
    import numpy as np
    from litdata import TokensLoader, optimize

    size = len(np.load(corpus + "/offsets.npy")) - 1
    spans = [(corpus, first, min(first + 2000, size)) for first in range(0, size, 2000)]
    chunk = (T + 1) * 8012
    optimize(documents, spans, folder, chunk_size=chunk, item_loader=TokensLoader(), num_workers=1)


def documents(span):
    import numpy as np
    import torch

    corpus, first, last = span
    tokens, offsets = np.load(corpus + "/tokens.npy", mmap_mode="r"), np.load(corpus + "/offsets.npy")
    for document in range(first, last):
        yield torch.from_numpy(np.array(tokens[offsets[document] : offsets[document + 1]]))


def peer():
    import litdata  # noqa: F401

    return SimpleNamespace(open=open_loader, write=write, blocks=True)


if __name__ == "__main__":
    work(peer, ("litdata", "torch", "numpy"))
