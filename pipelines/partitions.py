"""Keys spread over partitions by their value, so that equal ones of all parts meet in one task."""

import numpy as np


def by_partition(keys: np.ndarray, partitions: int) -> tuple[np.ndarray, np.ndarray]:
    """The order in which keys stand partition by partition, and where each partition begins.

    Args:
        keys: `[M]` uint64, hashes: their high half decides.

    Returns:
        order `[M]` int64, stable; bounds `[partitions + 1]` int64 into it.
    """
    partition = (keys >> np.uint64(32)) * np.uint64(partitions) >> np.uint64(32)
    order = np.argsort(partition, kind="stable")
    return order, np.searchsorted(partition[order], np.arange(partitions + 1))
