"""Token shards to training batches: one global order, packed, resumable, the same for any number of ranks.

from corpus.loader import TokenLoader

loader = TokenLoader("work/tokens", seq_len=2048, batch_size=8, dp_rank=rank, dp_size=world_size)
for batch in loader:
    ...

Names are imported when they are first asked for: `siku tokens` needs no torch.
"""

import gc
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corpus.loader.fim_options import FimOptions
    from corpus.loader.mixture import Mixture
    from corpus.loader.packed_batch import PackedBatch
    from corpus.loader.permutation import KeyedPermutation, derive_key
    from corpus.loader.token_iterable import TokenIterable
    from corpus.loader.token_loader import TokenLoader
    from corpus.loader.token_shards import TokenShards
    from corpus.loader.topology import Topology

__all__ = [
    "FimOptions",
    "KeyedPermutation",
    "Mixture",
    "PackedBatch",
    "TokenIterable",
    "TokenLoader",
    "TokenShards",
    "Topology",
    "derive_key",
]

_MODULES = {
    "FimOptions": "fim_options",
    "KeyedPermutation": "permutation",
    "Mixture": "mixture",
    "PackedBatch": "packed_batch",
    "TokenIterable": "token_iterable",
    "TokenLoader": "token_loader",
    "TokenShards": "token_shards",
    "Topology": "topology",
    "derive_key": "permutation",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    collects = gc.isenabled()
    gc.disable()  # among what torch has left, one garbage collection takes 0.1 s, and these imports would set one off
    try:
        found = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    finally:
        if collects:
            gc.enable()
    globals()[name] = found
    return found
