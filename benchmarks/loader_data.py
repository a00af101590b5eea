"""The corpus of `loader.py`: generated documents whose every token says which document and place it is of.

    python benchmarks/loader_data.py FOLDER --tokens 180       make it, in millions of tokens

Lengths are drawn, with replacement, from the lengths of the real pages of ../shared/data (`real_text.py`), counted
as characters by 3.83 (English) and 1.47 (Chinese), the characters a token of the 32 k tokenizers measured there; 85
of 100 documents are English. Without that data they are log-normal with a mean of 900. Both are cut at 65,000.

Code of a token, uint16: two bits for the place in the document modulo 4, 14 for what stands there: the document
number modulo 16,383 and one more; the rest of it with a check; the place by 4; another check. So any four
neighbours name their document and place, and 0 never occurs: it is padding. `loader_ledger.py` reads it back.
524,000 documents at most.

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
LEAST, MOST = 4, 65_000  # tokens a document; 65,536 would be the most that the code can name
SOURCE_SHARES = (0.5, 0.25, 0.15, 0.1)
MOST_DOCUMENTS = 32 * 16383


def make_corpus(folder: Path, num_tokens: int, seed: int = 0) -> dict:
    """Write the documents unless they are there; what `meta.json` says of them."""
    meta = folder / "meta.json"
    if meta.is_file() and (found := json.loads(meta.read_text()))["asked"] == num_tokens:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pool, how = _length_pool(folder.parent, rng)
    lengths = rng.choice(pool, int(2 * num_tokens / pool.mean()) + 16)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), num_tokens)) + 1]
    if len(lengths) > MOST_DOCUMENTS:
        raise SystemExit(
            f"{len(lengths):,} documents, the code of tokens can name {MOST_DOCUMENTS:,}; ask for fewer tokens"
        )
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    tokens = np.lib.format.open_memmap(folder / "tokens.npy", "w+", np.uint16, (int(offsets[-1]),))
    for first in range(0, len(lengths), 4096):
        last = min(first + 4096, len(lengths))
        tokens[offsets[first] : offsets[last]] = encode(np.arange(first, last), lengths[first:last])
    tokens.flush()
    np.save(folder / "offsets.npy", offsets)
    ends = np.round(np.cumsum(SOURCE_SHARES) * len(lengths)).astype(np.int64)
    np.save(folder / "sources.npy", np.searchsorted(ends, np.arange(len(lengths)), side="right").astype(np.uint8))
    facts = {"asked": num_tokens, "tokens": int(offsets[-1]), "documents": len(lengths), "lengths": how}
    meta.write_text(json.dumps(facts))
    return facts


def encode(documents: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The tokens of whole documents, one after the other, uint16."""
    document = np.repeat(documents.astype(np.int64), lengths)
    starts = np.cumsum(lengths) - lengths
    place = np.arange(int(lengths.sum())) - np.repeat(starts, lengths)
    tag, frame = place & 3, place >> 2
    check = (document * 2654435761 + frame * 40503) >> 7
    payload = np.where(tag == 0, document % 16383 + 1, (check >> 14 & 0x1FF) << 5 | document // 16383)
    payload = np.where(tag == 2, frame, np.where(tag == 3, check & 0x3FFF, payload))
    return (tag << 14 | payload).astype(np.uint16)


def _length_pool(cache: Path, rng: np.random.Generator) -> tuple[np.ndarray, str]:
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
