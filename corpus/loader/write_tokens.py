"""Write a token folder from arrays: for tokens that did not come out of a Siku run, and for tests.

`write_tokens` takes all documents at once or one after the other; `TokenWriter` takes runs of them, as converters have
them. Either leaves the parts, the index and, last, the manifest that docs/shard-format.md describes: a folder that has
a manifest is complete. Price: the tokens of one part in memory, twice while it is written.
"""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from corpus.errors import RecipeError
from corpus.schema import tokens_schema
from corpus.shards.counts import Counts
from corpus.shards.manifest import FILE_NAME, Manifest, Part, save_manifest
from corpus.shards.token_batches import Row, write_token_index, write_token_part

TOKENS_PER_PART = 1 << 26


class TokenWriter:
    """A token folder in the making.

    Args:
        folder: where to; must not have a manifest yet.
        vocab_size: number of ids; decides between 16 and 32 bits.
        loss_spans: whether documents come with what is trained on of them.
        tokens_per_part: a part is closed when it has so many.

    Raises:
        RecipeError: there already is a manifest.

    Example:
        writer = TokenWriter("work/tokens", vocab_size=32000)
        writer.add(np.array([2, 1]), np.array([5, 6, 7]), source="web", language="en")
        writer.finish(eos_id=0)
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        vocab_size: int,
        loss_spans: bool = False,
        tokens_per_part: int = TOKENS_PER_PART,
    ) -> None:
        self.folder = Path(folder)
        if (self.folder / FILE_NAME).exists():
            raise RecipeError(f"{folder} already has a {FILE_NAME}; give an empty folder")
        self.vocab_size = vocab_size
        self._schema = tokens_schema(vocab_size, loss_spans=loss_spans)
        self._tokens_per_part = tokens_per_part
        self._batches: list[pa.RecordBatch] = []
        self._waiting = self._num_tokens = self._num_documents = 0
        self._parts: list[Part] = []
        self._rows: list[list[Row]] = []
        self._counts: dict[str, Counts] = {}

    def add(
        self,
        lengths: np.ndarray,
        tokens: np.ndarray,
        *,
        source: str,
        language: str,
        ids: list[str] | None = None,
        spans: list[list[int] | None] | None = None,
    ) -> None:
        """Append documents of one source and language.

        Args:
            lengths: tokens of each, `[n]`.
            tokens: of all of them, one after the other.
            source, language: of all of them.
            ids: `[n]`; None numbers them: `source/0` and so on.
            spans: `[n]`, flat pairs (begin, end) of what is trained on; None, a whole document.

        Raises:
            RecipeError: lengths that do not add up, an id outside of the vocabulary, spans that are none.
        """
        lengths, tokens = np.asarray(lengths, np.int64), np.asarray(tokens)
        if (len(lengths) and lengths.min() < 0) or int(lengths.sum()) != len(tokens):
            raise RecipeError(f"lengths of {int(lengths.sum())} tokens in all were given with {len(tokens)} tokens")
        if len(tokens) and not 0 <= int(tokens.min()) <= int(tokens.max()) < self.vocab_size:
            raise RecipeError(f"ids {tokens.min()} to {tokens.max()} were given, the vocabulary has {self.vocab_size}")
        begin, offsets = 0, np.concatenate([[0], np.cumsum(lengths)])
        while begin < len(lengths):  # a part is closed in the middle of what was given
            room = self._tokens_per_part - self._waiting
            end = max(begin + 1, int(np.searchsorted(offsets, offsets[begin] + room, side="right")) - 1)
            chosen = slice(begin, end)
            names = ids[chosen] if ids else [f"{source}/{self._num_documents + i}" for i in range(end - begin)]
            columns = [pa.array(names), pa.array([source] * len(names)), pa.array([language] * len(names))]
            columns += self._lists(lengths[chosen], tokens[offsets[begin] : offsets[end]])
            if "loss_spans" in self._schema.names:
                columns.append(_span_lists(lengths[chosen], spans[chosen] if spans else [None] * len(names)))
            self._append(pa.record_batch(columns, schema=self._schema), source)
            begin = end

    def _lists(self, lengths: np.ndarray, tokens: np.ndarray) -> list[pa.Array]:
        kind = self._schema.field("tokens").type
        values = pa.array(np.ascontiguousarray(tokens, kind.value_type.to_pandas_dtype()))
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int64())
        return [pa.array(lengths, pa.int32()), pa.LargeListArray.from_arrays(offsets, values, type=kind)]

    def _append(self, batch: pa.RecordBatch, source: str) -> None:
        counts = self._counts.setdefault(source, Counts())
        counts.read += batch.num_rows
        counts.kept += batch.num_rows
        self._batches.append(batch)
        self._num_documents += batch.num_rows
        self._waiting += len(batch["tokens"].values)
        if self._waiting >= self._tokens_per_part:
            self._close_part()

    def _close_part(self) -> None:
        if not self._batches:
            return
        part, rows = write_token_part(self.folder, f"{len(self._parts):05d}.arrow", self._batches, self._schema)
        self._parts.append(part)
        self._rows.append(rows)
        self._num_tokens += self._waiting
        self._batches, self._waiting = [], 0

    def finish(self, **info: Any) -> Manifest:
        """Write what is left, the index and the manifest.

        Args:
            info: goes into the manifest beside `vocab_size` and `num_tokens`: `tokenizer_hash`, `eos_id`, `pad_id`.
        """
        self._close_part()
        index = write_token_index(self.folder, self._rows)
        facts = {"vocab_size": self.vocab_size, "num_tokens": self._num_tokens} | info
        manifest = Manifest("tokenize", "", self._parts, counts=self._counts, info=facts, extra=[index])
        save_manifest(self.folder, manifest)
        return manifest


def write_tokens(
    folder: str | Path,
    documents: Iterable[np.ndarray] | tuple[np.ndarray, np.ndarray],
    *,
    vocab_size: int,
    source: str = "tokens",
    language: str = "und",
    loss_spans: list[list[int] | None] | None = None,
    tokens_per_part: int = TOKENS_PER_PART,
    **info: Any,
) -> Manifest:
    """Write documents of one source and language as a token folder.

    Args:
        folder: where to; must not have a manifest yet.
        documents: an array of ids each; or a pair of arrays, their lengths and all their tokens one after the other.
        vocab_size, tokens_per_part: as in `TokenWriter`.
        source, language: of every document.
        loss_spans: of every document, flat pairs (begin, end); None: all documents are trained on whole.
        info: as in `TokenWriter.finish`.

    Raises:
        RecipeError: as `TokenWriter`.

    Example: `write_tokens("work/tokens", [np.array([5, 6]), np.array([7])], vocab_size=32000, eos_id=0)`
    """
    with_loss = loss_spans is not None
    writer = TokenWriter(folder, vocab_size=vocab_size, loss_spans=with_loss, tokens_per_part=tokens_per_part)
    if isinstance(documents, tuple):
        writer.add(*documents, source=source, language=language, spans=loss_spans)
        return writer.finish(**info)
    first = 0
    iterator = iter(documents)
    while block := [np.asarray(document) for document in itertools.islice(iterator, 4096)]:
        spans = loss_spans[first : first + len(block)] if loss_spans else None
        lengths = np.array([len(one) for one in block])
        writer.add(lengths, np.concatenate(block), source=source, language=language, spans=spans)
        first += len(block)
    return writer.finish(**info)


def _span_lists(lengths: np.ndarray, spans: list[list[int] | None]) -> pa.Array:
    """The column `loss_spans`, checked: rising, disjoint, inside the document."""
    for length, pairs in zip(lengths.tolist(), spans, strict=True):
        if pairs is not None:
            borders = [0, *pairs, length]
            if len(pairs) % 2 or any(first > second for first, second in itertools.pairwise(borders)):
                raise RecipeError(f"loss spans {pairs} are not rising, disjoint pairs within {length} tokens")
    return pa.array(spans, pa.large_list(pa.field("item", pa.int32(), nullable=False)))
