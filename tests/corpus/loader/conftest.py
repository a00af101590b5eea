"""A token folder made of generated documents whose every token is unique, so that a ledger can be kept."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from corpus.schema import tokens_schema
from corpus.shards import Manifest, save_manifest, write_part


def write_tokens(
    folder: Path,
    documents: list[np.ndarray],
    *,
    vocab_size: int = 70_000,
    docs_per_part: int = 50,
    docs_per_batch: int = 20,
    compression: str | None = None,
    **info: object,
) -> Path:
    """Write documents as parts of several record batches, with a manifest."""
    schema = tokens_schema(vocab_size)
    dtype = schema.field("tokens").type.value_type

    def batch(chosen: list[np.ndarray], first: int) -> pa.RecordBatch:
        offsets = np.cumsum([0] + [len(tokens) for tokens in chosen])
        values = np.concatenate([*chosen, np.empty(0, np.int64)])
        columns = [
            pa.array([f"doc{first + i}" for i in range(len(chosen))]),
            pa.array(["test"] * len(chosen)),
            pa.array(["zh", "en"] * (len(chosen) // 2) + ["zh"] * (len(chosen) % 2), pa.string()),
            pa.array([len(tokens) for tokens in chosen], pa.int32()),
            pa.LargeListArray.from_arrays(
                pa.array(offsets, pa.int64()), pa.array(values, dtype), type=schema.field("tokens").type
            ),
        ]
        return pa.record_batch(columns, schema=schema)

    parts = []
    for begin in range(0, len(documents), docs_per_part):
        part = documents[begin : begin + docs_per_part]
        batches = [batch(part[i : i + docs_per_batch], begin + i) for i in range(0, len(part), docs_per_batch)]
        parts.append(write_part(folder, f"p{begin:06d}.arrow", batches, schema, compression=compression))
    facts = {"vocab_size": vocab_size, "tokenizer_hash": "0" * 16, "eos_id": 0, **info}
    save_manifest(folder, Manifest("tokenize", "test", parts, info=facts))
    return folder


def numbered_documents(lengths: np.ndarray) -> list[np.ndarray]:
    """Documents of these lengths whose tokens are 1, 2, 3 ... through the whole corpus."""
    ends = np.cumsum(lengths)
    return [np.arange(end - length + 1, end + 1) for length, end in zip(lengths, ends, strict=True)]


@pytest.fixture(scope="session")
def token_writer():
    return write_tokens


@pytest.fixture(scope="session")
def numbered():
    return numbered_documents


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """217 documents of 0 to 400 tokens and a few over 1,000, 3 to 5 parts; (folder, lengths)."""
    rng = np.random.default_rng(7)
    lengths = rng.integers(0, 400, 217)
    lengths[[3, 90, 216]] = [1000, 2048, 1537]
    folder = write_tokens(tmp_path_factory.mktemp("tokens"), numbered_documents(lengths))
    return folder, lengths
