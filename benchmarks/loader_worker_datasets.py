"""datasets' worker of `loader.py` (see `loader_worker.py`).

Ways: "rows", Arrow rows of 2,049 tokens cut when written, shuffled by `IterableDataset.shuffle` (64 shards, a
buffer of 1,000) and batched by `iter(batch_size=8)`; "concat", Arrow documents, shuffled the same way, concatenated
and cut by a batched `map` as in the language-modelling examples. Both with `with_format("arrow")`, its documented way
without conversion, twice as fast here as "numpy". Ranks by `split_dataset_by_node`; the
state is `IterableDataset.state_dict`, a rank's own, that of rank modulo the old number where a rank is new.
"""

from types import SimpleNamespace

from loader_worker import work

T, B, SHARDS = 2048, 8, 64


def chunk(columns):
    """Rows of T + 1 of a batch of documents; what is left at its end is dropped, as in the examples."""
    import pyarrow as pa

    tokens = columns["tokens"].combine_chunks().flatten()
    whole = len(tokens) // (T + 1)
    return pa.table({"tokens": pa.FixedSizeListArray.from_arrays(tokens[: whole * (T + 1)], T + 1)})


class Stream:
    def __init__(self, folder, way, rank, world, state):
        from datasets import load_from_disk
        from datasets.distributed import split_dataset_by_node

        data = load_from_disk(folder).to_iterable_dataset(num_shards=SHARDS).shuffle(seed=1, buffer_size=1000)
        data = data.with_format("arrow")
        if way == "concat":
            data = data.map(chunk, batched=True, batch_size=1000)
        self.data = split_dataset_by_node(data, rank=rank, world_size=world)
        self.state = self.data.state_dict
        if state:
            self.data.load_state_dict(state)

    def __iter__(self):
        import numpy as np
        import torch

        for batch in self.data.iter(batch_size=B):
            tokens = batch["tokens"].combine_chunks().flatten().to_numpy()
            rows = torch.from_numpy(tokens.astype(np.int64).reshape(-1, T + 1))
            yield rows[:, :-1], rows[:, 1:]


def write(corpus, folder, way):
    import numpy as np
    import pyarrow as pa
    from datasets import Dataset
    from datasets.table import InMemoryTable

    tokens, offsets = np.load(corpus + "/tokens.npy"), np.load(corpus + "/offsets.npy")
    if way == "rows":
        offsets = np.arange(0, len(tokens) + 1, T + 1)
    column = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(tokens[: offsets[-1]]))
    if way == "rows":
        column = pa.FixedSizeListArray.from_arrays(column.values, T + 1)
    Dataset(InMemoryTable(pa.table({"tokens": column}))).save_to_disk(folder)


def peer():
    import datasets  # noqa: F401

    return SimpleNamespace(open=Stream, write=write, blocks=True, own_state=True)


if __name__ == "__main__":
    work(peer, ("datasets", "pyarrow", "torch", "numpy"))
