"""TRL's packing on datasets' rows; a worker of `loader.py` (see `loader_worker.py`).

`pack_dataset(seq_length=2048, strategy="bfd")` once, when written, as SFTTrainer does before training; it packs by
1,000 documents and cuts what is longer than a row. Then shuffled as in `loader_worker_datasets.py`, rows of 8
flattened by `DataCollatorForLanguageModeling(padding_free=True)`: batches of [1, up to 16,384], labels as ids (the
model shifts).
"""

from types import SimpleNamespace

from loader_worker import work

T, B, SHARDS = 2048, 8, 64


class Stream:
    def __init__(self, folder, way, rank, world, state):
        from datasets import load_from_disk
        from datasets.distributed import split_dataset_by_node
        from torch.utils.data import DataLoader
        from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

        data = load_from_disk(folder).to_iterable_dataset(num_shards=SHARDS).shuffle(seed=1, buffer_size=1000)
        data = data.with_format("torch")  # without it the collator is given lists, at a quarter of the rate
        self.data = split_dataset_by_node(data, rank=rank, world_size=world)
        self.state = self.data.state_dict
        if state:
            self.data.load_state_dict(state)
        collate = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)
        self.loader = DataLoader(self.data, batch_size=B, collate_fn=collate, num_workers=0)

    def __iter__(self):
        for batch in self.loader:
            yield batch["input_ids"], batch["labels"], batch["position_ids"]


def write(corpus, folder, way):
    import numpy as np
    import pyarrow as pa
    from datasets import Dataset
    from datasets.table import InMemoryTable
    from trl.data_utils import pack_dataset

    tokens, offsets = np.load(corpus + "/tokens.npy"), np.load(corpus + "/offsets.npy")
    column = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(tokens))
    data = Dataset(InMemoryTable(pa.table({"input_ids": column})))
    pack_dataset(data, seq_length=T, strategy=way).save_to_disk(folder)


def peer():
    import datasets  # noqa: F401
    import trl.trainer.sft_trainer  # noqa: F401

    return SimpleNamespace(open=Stream, write=write, own_state=True, flat=True)


if __name__ == "__main__":
    work(peer, ("trl", "datasets", "pyarrow", "torch", "numpy"))
