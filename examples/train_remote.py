"""Train from a server with a cache smaller than the data, kill the training, go on, and count what was trained on.

    python examples/train_remote.py --kill-at 40

Writes a folder of generated tokens and serves it over HTTP on this machine. A child process trains a tiny model on one
epoch of it and saves model, optimizer and loader together every few steps. In step `--kill-at`, a random one if it is
not given, it kills itself with SIGKILL, and this process starts it again. When that has finished, the rows it was
trained on are compared with those of a loader that reads the folder itself: each of them once, in the same order. Steps
behind the last save are done again, from the model as it was then, so they count once.

Ends with status 1 if a row is missing, comes twice or in another place, or if the cache grew over its bound.
"""

import argparse
import hashlib
import http.server
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch

from corpus.loader import PackedBatch, TokenLoader, TokenShards
from corpus.loader.write_tokens import write_tokens
from trainer.model import Decoder, ModelOptions

VOCAB = 512
# Four record batches (here: parts) are packed together, so that a cache of a quarter of the data is read through once.
LOADER: dict[str, Any] = {"seq_len": 128, "batch_size": 8, "blocks": 4, "document_ids": True, "seed": 1}
SAVE_EVERY = 5  # steps


def main() -> int:
    arguments = _parse()
    if arguments.train:
        return train(arguments.train, arguments.state, arguments.cache, arguments.cache_bytes, arguments.kill_at)
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        write_data(work / "tokens", arguments.tokens)
        expected = [row for batch in TokenLoader(work / "tokens", **LOADER) for row in row_names(batch)]
        size = sum(path.stat().st_size for path in (work / "tokens").glob("*.arrow"))
        cache_bytes = size // 4
        num_steps = len(expected) // LOADER["batch_size"]
        kill_at = random.SystemRandom().randrange(1, num_steps) if arguments.kill_at is None else arguments.kill_at
        print(f"{size:,} bytes of tokens, a cache of {cache_bytes:,}; {num_steps} steps, killed in step {kill_at}")
        with _served(work / "tokens") as url:
            child = [sys.executable, __file__, "--train", url, "--state", work / "state.pt", "--cache", work / "cache"]
            child = [str(word) for word in (*child, "--cache-bytes", cache_bytes)]
            first = subprocess.run([*child, "--kill-at", str(kill_at)], check=False).returncode
            second = subprocess.run(child, check=False).returncode
        if (first, second) != (-signal.SIGKILL, 0):
            print(f"the children ended with {first} and {second}, expected {-signal.SIGKILL} and 0", file=sys.stderr)
            return 1
        done = torch.load(work / "state.pt")
        return report(expected, done["rows"], done["largest_cache"], cache_bytes + done["unit"])


def write_data(folder: Path, num_tokens: int) -> None:
    """Documents that count upwards in steps of 3 from a random beginning: a language a tiny model learns."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(20, 300, num_tokens // 160)
    documents = [(rng.integers(1, VOCAB) + 3 * np.arange(length)) % (VOCAB - 1) + 1 for length in lengths]
    write_tokens(folder, documents, vocab_size=VOCAB, tokens_per_part=max(1, num_tokens // 20), eos_id=0)


def train(url: str, state: Path, cache: Path, cache_bytes: int, kill_at: int | None) -> int:
    """One epoch, from the last save on if there is one. What is saved is one file, written beside and renamed."""
    torch.set_num_threads(1)  # the model is too small for more
    shards = TokenShards(url, cache_dir=cache, cache_bytes=cache_bytes)
    loader = TokenLoader(shards, **LOADER)
    model = Decoder(ModelOptions(vocab_size=VOCAB, width=32, num_layers=1, num_heads=2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    rows: list[str] = []
    largest = 0
    if state.exists():
        saved = torch.load(state)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        loader.load_state_dict(saved["loader"])
        rows, largest = saved["rows"], saved["largest_cache"]
    step = len(rows) // LOADER["batch_size"]
    print(f"pid {os.getpid()} begins with step {step}", flush=True)

    def save() -> None:
        about = {"rows": rows, "largest_cache": largest, "unit": max(path.stat().st_size for path in cache.iterdir())}
        weights = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "loader": loader.state_dict()}
        torch.save(weights | about, state.with_suffix(".new"))
        os.replace(state.with_suffix(".new"), state)

    for batch in loader:
        loss = model.loss(batch["input_ids"], batch["position_ids"], batch["labels"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rows += row_names(batch)
        largest = max(largest, sum(path.stat().st_size for path in cache.iterdir()))
        if step == kill_at:
            print(f"step {step:4d}  loss {loss.item():.3f}  SIGKILL", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        step += 1
        if step % SAVE_EVERY == 0:
            save()
        if step % 20 == 0:
            print(f"step {step:4d}  loss {loss.item():.3f}", flush=True)
    save()
    print(json.dumps(shards.stats()))
    return 0


def row_names(batch: PackedBatch) -> list[str]:
    """A short hash of each row: which tokens of which documents."""
    rows = torch.stack([batch[name] for name in ("document_ids", "position_ids", "input_ids")], dim=1)
    return [hashlib.blake2b(row.numpy().tobytes(), digest_size=8).hexdigest() for row in rows]


def report(expected: list[str], trained: list[str], largest_cache: int, bound: int) -> int:
    """Print the comparison; 0 if every row was trained on once, in order, and the cache kept its bound."""
    missing, again = set(expected) - set(trained), len(trained) - len(set(trained))
    in_order = trained == expected
    print(
        f"{len(trained):,} rows trained on, {len(expected):,} expected: {len(missing)} missing, {again} twice, ", end=""
    )
    print("in the same order" if in_order else "NOT in the same order")
    print(f"the cache held at most {largest_cache:,} bytes, its bound is {bound:,}")
    return 0 if in_order and largest_cache <= bound and len(set(expected)) == len(expected) else 1


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files with ranges, which the standard library's server does not know."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        body = data[int(asked[1]) : int(asked[2]) + 1] if asked else data
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _served:
    """`with _served(folder) as url`."""

    def __init__(self, folder: Path) -> None:
        def handler(*args: Any) -> _Handler:
            return _Handler(*args, directory=str(folder))

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kill-at", type=int, help="the step that is killed, counted from 0")
    parser.add_argument("--tokens", type=int, default=100_000, help="tokens to generate, about")
    child = parser.add_argument_group("the child process")
    child.add_argument("--train", metavar="URL")
    child.add_argument("--state", type=Path)
    child.add_argument("--cache", type=Path)
    child.add_argument("--cache-bytes", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
