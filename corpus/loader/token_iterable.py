"""`TokenIterable`: the loader as a dataset, for those who want `torch.utils.data.DataLoader` around it.

    DataLoader(TokenIterable("work/tokens", seq_len=2048, batch_size=8), batch_size=None, num_workers=1)

It makes whole batches, hence `batch_size=None`. With worker processes, worker w of n hands out batches w, w + n,
w + 2 n ... of its rank, and `DataLoader` asks them in turn: the order is the loader's for any number of workers.
Every batch carries the loader's state behind it (`batch.loader_state`), which stays right however many batches
`DataLoader` holds ready; `state_dict` and `load_state_dict` are what torchdata's `StatefulDataLoader` looks for.

Guarantees: the same batches in the same order as `TokenLoader`. Price: a worker goes through all batches of its rank
and hands out its own, so more workers are not faster; batches cross to the trainer through shared memory. The loader's
own threads need neither: use `TokenLoader` as it is where you can.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from torch.utils.data import IterableDataset, get_worker_info

from corpus.errors import RecipeError
from corpus.loader.packed_batch import PackedBatch
from corpus.loader.token_loader import TokenLoader
from corpus.loader.token_shards import TokenShards


class TokenIterable(IterableDataset[PackedBatch]):
    """Batches of a token folder as an iterable dataset.

    Args:
        folder: as of `TokenLoader`, or a function that opens its `TokenShards`:
            `partial(TokenShards, url, cache_dir=...)`. Every process opens a loader of its own, since neither threads
            nor what they hold survive a fork.
        options: as of `TokenLoader`.

    Each pass begins where the loader stands, and ends with the epoch. Worker processes that are started anew for each
    pass (`persistent_workers=False`) all begin where this process stands, which they do not move: call `set_epoch`
    before every pass, as with torch's `DistributedSampler`.

    Raises:
        RecipeError, ShardError: as `TokenLoader`; a `device` other than the CPU in a worker process.

    Example: `next(iter(TokenIterable("work/tokens", seq_len=2048, batch_size=8)))["input_ids"].shape` -> `[8, 2048]`.
    """

    def __init__(self, folder: str | Path | Callable[[], TokenShards], **options: Any) -> None:
        super().__init__()
        if isinstance(folder, (TokenShards, TokenLoader)):
            raise RecipeError(
                f"folder is a {type(folder).__name__}, which worker processes cannot share; give the folder's path or "
                "URL, or a function that opens it, and the loader's options"
            )
        self._pass: _Turns | None = None  # of this worker process
        self._open = partial(_loader, folder, options)
        self._loader = self._open()
        self._process = os.getpid()

    def __iter__(self) -> "_Turns":
        info, loader = get_worker_info(), self._here()
        if info is None:
            return _Turns(loader)
        if self._pass is not None and not self._pass.ended:
            raise RecipeError(
                "the last pass over this DataLoader was broken off, and its persistent workers do not agree where; "
                "go through a pass to its end, or use persistent_workers=False"
            )
        self._pass = _Turns(loader, info.id, info.num_workers)
        return self._pass

    def __len__(self) -> int:
        """Batches of a whole epoch; see `TokenLoader.__len__`."""
        return len(self._here())

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of another epoch; nothing happens if this one is it."""
        self._here().set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Where this process's loader stands. With worker processes take `batch.loader_state` of the last batch."""
        return self._here().state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Begin the next pass where `state` stood; workers that are already running do not hear of it.

        Raises:
            StateError: the state is of another recipe.
        """
        self._here().load_state_dict(state)

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.__dict__.items() if name not in ("_loader", "_process", "_pass")}
        return {**kept, "_state": self.state_dict()}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        state = kept.pop("_state")
        self.__dict__.update(kept)
        self._loader, self._process, self._pass = self._open(), os.getpid(), None
        self._loader.load_state_dict(state)

    def _here(self) -> TokenLoader:
        """This process's loader: the one made here, or one that stands where the parent's stood at the fork."""
        if self._process != os.getpid():
            if self._loader.device.type != "cpu":
                raise RecipeError(
                    f"device is {self._loader.device}, and a worker process cannot use it; give device='cpu' with "
                    "DataLoader(pin_memory=True), or num_workers=0"
                )
            state = self._loader.state_dict()
            self._loader, self._process, self._pass = self._open(), os.getpid(), None
            self._loader.load_state_dict(state)
        return self._loader


def _loader(folder: str | Path | Callable[[], TokenShards], options: dict[str, Any]) -> TokenLoader:
    return TokenLoader(folder() if callable(folder) else folder, **options)


class _Turns(Iterator[PackedBatch]):
    """Every `num_workers`-th batch of a loader, from the `worker`-th on."""

    def __init__(self, loader: TokenLoader, worker: int = 0, num_workers: int = 1) -> None:
        self._loader, self._worker, self._num_workers = loader, worker, num_workers
        self._num_passed = 0
        self.ended = False

    def __next__(self) -> PackedBatch:
        while True:
            try:
                batch = next(self._loader)
            except StopIteration:
                self.ended = True
                raise
            is_mine = self._num_passed % self._num_workers == self._worker
            self._num_passed += 1
            if is_mine:
                batch.loader_state = self._loader.state_dict()
                return batch

    def state_dict(self) -> dict[str, Any]:
        """Where this worker stands: the loader's state, and whose turn comes next."""
        return {"loader": self._loader.state_dict(), "num_passed": self._num_passed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on behind the batch after which `state` was taken."""
        self._loader.load_state_dict(state["loader"])
        self._num_passed = state["num_passed"]
