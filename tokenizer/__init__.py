"""Train and look at byte-level BPE tokenizers for English and Chinese: `siku tokenizer`, or `python -m
tokenizer`."""

from tokenizer.train import SPECIAL_TOKENS, SPLIT_PATTERN, TrainOptions, train_tokenizer

__all__ = ["SPECIAL_TOKENS", "SPLIT_PATTERN", "TrainOptions", "train_tokenizer"]
