"""The corpora of `loader.py`: generated documents whose tokens are counting numbers.

    python benchmarks/loader_data.py FOLDER --tokens 180       make one, in millions of tokens

Lengths are drawn, with replacement, from the lengths of the real pages of ../shared/data (`real_text.py`), counted
as characters by 3.83 (English) and 1.47 (Chinese), the characters a token of the 32 k tokenizers measured there; 85
of 100 documents are English. Without that data they are log-normal with a mean of 900. Both are cut at 65,000.

Token n of the corpus is the number n + 1, int32: whatever a loader does with it, each id says which document and
place it is of, a piece of one token too (`loader_ledger.py`). Timed is a corpus of the same documents in uint16, as
tokens of a vocabulary of 32 k or 64 k are stored: n modulo 65,535, and 1. Padding is 0, which never occurs.

FOLDER gets `tokens.npy` and `offsets.npy` (which every peer's writer reads), `sources.npy`, `meta.json`. Sources
are four, one after the other as folders of files are, with 50, 25, 15 and 10 % of the documents.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

CHARS_A_TOKEN = {"en": 3.83, "zh": 1.47}
ENGLISH_SHARE = 0.85
LEAST, MOST = 4, 65_000  # tokens a document
SOURCE_SHARES = (0.5, 0.25, 0.15, 0.1)
_AT_ONCE = 1 << 24  # tokens made at once


def make_corpus(folder: Path, num_tokens: int, dtype: type = np.int32, seed: int = 0) -> dict:
    """Write the documents unless they are there; what `meta.json` says of them."""
    meta = folder / "meta.json"
    asked = {"asked": num_tokens, "dtype": np.dtype(dtype).name}
    if meta.is_file() and (found := json.loads(meta.read_text())).items() >= asked.items():
        return found
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pool, how = length_pool(folder.parent, rng)
    lengths = rng.choice(pool, int(2 * num_tokens / pool.mean()) + 16)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), num_tokens)) + 1]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    if offsets[-1] >= 1 << 31:
        raise SystemExit(f"{offsets[-1]:,} tokens, int32 can number {(1 << 31) - 1:,}; ask for fewer")
    tokens = np.lib.format.open_memmap(folder / "tokens.npy", "w+", dtype, (int(offsets[-1]),))
    for first in range(0, len(tokens), _AT_ONCE):
        tokens[first : first + _AT_ONCE] = codes(first, min(first + _AT_ONCE, len(tokens)), dtype)
    tokens.flush()
    np.save(folder / "offsets.npy", offsets)
    ends = np.round(np.cumsum(SOURCE_SHARES) * len(lengths)).astype(np.int64)
    np.save(folder / "sources.npy", np.searchsorted(ends, np.arange(len(lengths)), side="right").astype(np.uint8))
    facts = asked | {"tokens": int(offsets[-1]), "documents": len(lengths), "lengths": how}
    meta.write_text(json.dumps(facts))
    return facts


def codes(first: int, last: int, dtype: type) -> np.ndarray:
    """The ids of tokens `first` to `last` of the corpus: the numbers from 1, modulo 65,535 where they are uint16."""
    numbers = np.arange(first, last, dtype=np.int64)
    return ((numbers % 65535 if dtype == np.uint16 else numbers) + 1).astype(dtype)


def length_pool(cache: Path, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Lengths in tokens to draw from, and how they came to be."""
    from real_text import DATA, documents

    if not DATA.is_dir():
        lengths = rng.lognormal(np.log(900) - 0.5, 1.0, 200_000)
        return np.clip(lengths, LEAST, MOST).astype(np.int64), "log-normal with mean 900 (no shared data)"
    path = cache / "real_lengths.npz"
    if not path.is_file():
        chars = {name: np.array([len(text) for _, _, text in documents(name)]) for name in CHARS_A_TOKEN}
        np.savez(path, **chars)
    chars = np.load(path)
    drawn = {"en": int(200_000 * ENGLISH_SHARE), "zh": 200_000 - int(200_000 * ENGLISH_SHARE)}
    lengths = np.concatenate([rng.choice(chars[name] / CHARS_A_TOKEN[name], n) for name, n in drawn.items()])
    rng.shuffle(lengths)
    how = f"of {sum(len(chars[name]) for name in drawn):,} real pages, 85 % en, 15 % zh, by characters a token"
    return np.clip(lengths, LEAST, MOST).astype(np.int64), how


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokens", type=float, default=180, help="millions")
    options = parser.parse_args()
    begin = time.perf_counter()
    print(make_corpus(options.folder, int(options.tokens * 1e6)), f"{time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    main()
