"""Token shards to training batches: one global order, packed, resumable, the same for any number of ranks.

from corpus.loader import TokenLoader

loader = TokenLoader("work/tokens", seq_len=2048, batch_size=8, dp_rank=rank, dp_size=world_size)
for batch in loader:
    ...
"""

from corpus.loader.permutation import KeyedPermutation, derive_key
from corpus.loader.token_loader import TokenLoader
from corpus.loader.token_shards import TokenShards

__all__ = ["KeyedPermutation", "TokenLoader", "TokenShards", "derive_key"]
