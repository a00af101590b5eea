"""A token folder of 10^12 tokens in 10^9 documents that takes 0.8 GB: the sparse case of `loader.py`.

    python benchmarks/loader_sparse.py FOLDER

Four parts are real, each 100,000 documents of 1,000 tokens on average; the other 9,996 are hard links to them. The
manifest and the index say of 10,000 parts what they would say of as many different ones. What this cannot show is a
disk that has to be read: the lengths and tokens of all 10,000 parts are the same 800 MB, which stand in the page
cache.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np

from corpus.loader.write_tokens import TokenWriter
from corpus.schema import tokens_schema
from corpus.shards import Manifest, load_manifest, save_manifest
from corpus.shards.manifest import Part
from corpus.shards.token_batches import describe_batches, write_token_index

REAL_PARTS, PARTS = 4, 10_000
DOCUMENTS, MEAN_TOKENS = 100_000, 1000
VOCAB_SIZE = 1 << 16


def make_sparse(folder: Path, seed: int = 0) -> dict[str, int]:
    """Write it unless it is there; documents, tokens and bytes of manifest and index."""
    if not (folder / "manifest.json").is_file():
        real = _write_real(folder.with_name(folder.name + "-real"), seed)
        _write_links(folder, real)
    manifest = load_manifest(folder)
    sizes = {"documents": manifest.rows, "tokens": manifest.info["num_tokens"]}
    names = [folder / "manifest.json", *(folder / part.path for part in manifest.extra)]
    return sizes | {"bytes": sum(path.stat().st_size for path in names)}


def _write_real(folder: Path, seed: int) -> Path:
    rng = np.random.default_rng(seed)
    writer = TokenWriter(folder, vocab_size=VOCAB_SIZE, tokens_per_part=1 << 40)
    for number in range(REAL_PARTS):
        lengths = np.clip(rng.lognormal(np.log(MEAN_TOKENS) - 0.5, 1.0, DOCUMENTS), 4, 65_000).astype(np.int64)
        tokens = rng.integers(1, VOCAB_SIZE, int(lengths.sum()), np.uint16)
        writer.add(lengths, tokens, source=f"source{number}", language=("en", "zh")[number % 2])
        writer._close_part()  # so that each of them is a part of its own
    writer.finish(tokenizer_hash="0" * 16, eos_id=0, pad_id=0)
    return folder


def _write_links(folder: Path, real: Path) -> None:
    manifest = load_manifest(real)
    schema = tokens_schema(VOCAB_SIZE)
    rows = [
        [row for row, _ in describe_batches(real / part.path, part, schema, hashed=True)] for part in manifest.parts
    ]
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for number in range(PARTS):
        part = manifest.parts[number % REAL_PARTS]
        parts.append(Part(f"{number:05d}.arrow", part.rows, part.bytes, part.xxh3))
        os.link(real / part.path, folder / parts[-1].path)
    index = write_token_index(folder, [rows[number % REAL_PARTS] for number in range(PARTS)])
    num_tokens = sum(row["num_tokens"] for number in range(PARTS) for row in rows[number % REAL_PARTS])
    info = manifest.info | {"num_tokens": num_tokens}
    save_manifest(folder, Manifest("tokenize", "", parts, info=info, extra=[index]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    begin = time.perf_counter()
    print(make_sparse(parser.parse_args().folder), f"{time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    main()
