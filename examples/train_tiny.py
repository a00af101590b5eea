"""Train a tiny model on WORK/tokens, on the CPU, in under a minute: does the whole pipeline feed a model?

    python examples/train_tiny.py --work WORK --steps 50

Prints the loss each 10 steps and ends with status 1 if the mean loss of the last 10 steps is not below that
of the first 10.
"""

import argparse
import sys
import time
from pathlib import Path

import torch

from corpus.errors import SikuError
from corpus.loader import TokenLoader
from trainer.model import Decoder, ModelOptions


def main() -> int:
    arguments = _parse()
    try:
        loader = TokenLoader(
            arguments.work / "tokens",
            seq_len=arguments.seq_len,
            batch_size=arguments.batch_size,
            seed=arguments.seed,
        )
    except SikuError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    shards = loader.shards
    print(f"{len(shards):,} documents, {shards.num_tokens:,} tokens, {len(loader):,} batches an epoch")
    if not len(loader):
        print("error: less than one batch of tokens; lower --seq-len or --batch-size", file=sys.stderr)
        return 2
    model = Decoder(ModelOptions(vocab_size=shards.info["vocab_size"]), seed=arguments.seed)
    losses, tokens_per_s = train(model, loader, arguments.steps, arguments.lr)
    count = min(10, len(losses) // 2)
    first, last = sum(losses[:count]) / count, sum(losses[-count:]) / count
    print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}; mean of {count} steps {first:.3f} -> {last:.3f}; ", end="")
    print(f"{tokens_per_s:,.0f} tokens/s")
    return 0 if last < first else 1


def train(model: Decoder, loader: TokenLoader, steps: int, lr: float) -> tuple[list[float], float]:
    """AdamW with a short warm-up. Returns the loss of every step and the tokens a second."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.95), weight_decay=0.1)
    losses: list[float] = []
    num_tokens, begun = 0, time.perf_counter()
    while len(losses) < steps:
        for batch in loader:
            for group in optimizer.param_groups:
                group["lr"] = lr * min(1.0, (len(losses) + 1) / 10)
            loss = model.loss(batch["input_ids"], batch["position_ids"], batch["labels"])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            num_tokens += batch["input_ids"].numel()
            if len(losses) == 1 or len(losses) % 10 == 0:
                print(f"step {len(losses):4d}  epoch {loader.epoch}  loss {losses[-1]:.4f}", flush=True)
            if len(losses) == steps:
                break
    return losses, num_tokens / (time.perf_counter() - begun)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the pipeline's folder, with tokens/ inside")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seq-len", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.steps < 2:
        parser.error(f"--steps is {arguments.steps}, expected 2 or more: the loss is compared with itself")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
