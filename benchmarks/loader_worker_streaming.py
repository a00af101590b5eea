"""mosaicml-streaming's worker of `loader.py` (see `loader_worker.py`): MDS rows of 2,049 tokens, cut when written.

StreamingDataset with `shuffle=True`, local files, StreamingDataLoader without worker processes. `predownload` is the
whole epoch; the way "defaults" leaves it at 64 samples, for which its threads wait in steps of 7 ms, at a third of
the rate.
The state is rank 0's. Its ranks wait for each other in shared memory, which it leaves behind when one is killed.

It imports torchvision for pictures; where that is not installed an empty module stands in, which makes its start
faster.
"""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

from loader_worker import work

T, B = 2048, 8


def collate(rows):
    import numpy as np
    import torch

    rows = torch.from_numpy(np.stack([row["tokens"] for row in rows]).astype(np.int64))
    return rows[:, :-1], rows[:, 1:]


class Stream:
    def __init__(self, folder, way, rank, world, state):
        from streaming import StreamingDataLoader, StreamingDataset

        ahead = {} if way == "defaults" else {"predownload": 1 << 30}
        rows = StreamingDataset(
            local=folder, shuffle=True, shuffle_seed=1, batch_size=B, num_canonical_nodes=1, **ahead
        )
        self.loader = StreamingDataLoader(rows, batch_size=B, num_workers=0, collate_fn=collate)
        self.state = self.loader.state_dict
        if state:
            self.loader.load_state_dict(state)

    def __iter__(self):
        yield from self.loader


def write(corpus, folder, way):
    import numpy as np
    from streaming import MDSWriter

    tokens = np.load(corpus + "/tokens.npy", mmap_mode="r")
    with MDSWriter(out=folder, columns={"tokens": f"ndarray:{tokens.dtype}:{T + 1}"}) as writer:
        for first in range(0, len(tokens) - T, T + 1):
            writer.write({"tokens": np.array(tokens[first : first + T + 1])})


def stand_in_for_torchvision():
    for name in ("torchvision", "torchvision.datasets", "torchvision.transforms", "torchvision.transforms.functional"):
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__spec__ = ModuleSpec(name, None)
    sys.modules["torchvision.datasets"].VisionDataset = object
    sys.modules["torchvision.transforms.functional"].to_tensor = None


def peer():
    if importlib.util.find_spec("torchvision") is None:
        stand_in_for_torchvision()
    import streaming

    streaming.base.util.clean_stale_shared_memory()
    return SimpleNamespace(open=Stream, write=write, blocks=True)


if __name__ == "__main__":
    work(peer, ("mosaicml-streaming", "torch", "numpy"))
