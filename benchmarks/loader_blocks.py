"""What the order by blocks is worth: rows of windows made of whole record batches, beside documents permuted.

    python benchmarks/loader_blocks.py                 2,000,000 documents of the lengths of real pages, four sources

Only lengths are needed, so nothing is written: the windows of an epoch are planned as `TokenLoader` plans them, and
their pieces judged by `loader_ledger.shuffle_quality`. Sources stand one after the other, as folders of files do,
which is the worst that an order by blocks can be given.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from loader_data import SOURCE_SHARES, length_pool
from loader_ledger import T, shuffle_quality

from corpus.loader.order import DocumentOrder, Stream
from corpus.loader.windows import PackingOptions, plan_window

BATCH = 4096  # documents a record batch


def pieces_of(lengths: np.ndarray, blocks: int | None, seed: int) -> tuple[np.ndarray, int]:
    """Document, place and length of every piece of an epoch, in order; and the number of windows."""
    first = np.arange(0, len(lengths), BATCH)
    stream = Stream("", first, np.diff(first, append=len(lengths)), int(lengths.sum()))
    options = PackingOptions(T, "best_fit", "split", 0, 1 << 16, blocks, 128, 0, None, None, seed)
    order = DocumentOrder(stream, seed, options.window, blocks)
    found = []
    for number in range(order.num_windows):
        window = plan_window(lambda documents: lengths[documents], order, options, 0, number)
        rows = window.rows(np.arange(window.num_rows))
        found.append(np.stack([rows.documents, np.zeros_like(rows.documents), rows.lengths], axis=1))
    pieces = np.concatenate(found)
    pieces[:, 1] = np.cumsum(pieces[:, 2]) - pieces[:, 2]
    return pieces, order.num_windows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as name:
        pool, how = length_pool(Path(name), rng)
    lengths = rng.choice(pool, options.documents).astype(np.int32)
    ends = np.round(np.cumsum(SOURCE_SHARES) * len(lengths))
    sources = np.searchsorted(ends, np.arange(len(lengths)), side="right").astype(np.uint8)
    print(f"{len(lengths):,} documents, {lengths.sum():,} tokens; lengths {how}; record batches of {BATCH:,}")
    print(f"{'':<16}{'windows':>8}{'neighbours':>12}{'place':>8}{'mixing':>8}")
    print(f"{'perfect':<16}{'':>8}{0:>12.3f}{1:>8.3f}{1:>8.2f}")
    for blocks in (None, 64, 16, 4, 1):
        pieces, windows = pieces_of(lengths, blocks, options.seed)
        found = shuffle_quality(pieces, sources, int(pieces[:, 2].sum()))
        values = f"{found['neighbours']:>12.3f}{found['place']:>8.3f}{found['mixing']:>8.2f}"
        print(f"{f'blocks={blocks}' if blocks else 'documents':<16}{windows:>8}{values}")


if __name__ == "__main__":
    main()
