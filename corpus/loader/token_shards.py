"""A folder of token shards: its manifest, the lengths of its documents, and their tokens by document number.

A folder of tokens is a manifest, an index and Arrow IPC files of schema `corpus.schema.tokens_schema`, written without
compression so that a token is read where it lies (docs/shard-format.md). Documents are numbered densely, in the order
of the manifest's parts. Opening reads the manifest and the index and no part; a part is opened and mapped when one of
its documents is first asked for. A folder may be a URL: then its batches are read into a bounded cache.

Guarantees: an index that does not fit the manifest is refused on opening, a part that is missing, cut short or of
another size when it is first touched, a document whose list offsets disagree with its `num_tokens` when it is read.
Hashes are checked as `verify` says. Price: opening 10^9 documents in 10^4 parts takes 0.1 to 0.2 s; lengths are
4 bytes a document up to 2^24 documents, and beyond that are read as they are asked for (docs/shard-format.md).
"""

import functools
import logging
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import RecipeError, ShardError
from corpus.loader.document_lengths import MOST_KEPT, all_lengths, some_lengths
from corpus.loader.gather import BAD_OFFSETS, LOST, NO_DOCUMENT, NOT_READY, NOWHERE
from corpus.loader.open_folder import fingerprint, open_local, token_dtype
from corpus.loader.token_index import Runs
from corpus.loader.tokenizer_check import check_tokenizer

_VERIFY = ("size", "first_touch", "full")
_MOST_LOST = 16  # batches, or 1 % of them
_ON_BAD_SHARD = ("raise", "quarantine")
_log = logging.getLogger(__name__)


class TokenShards:
    """The documents of a token folder.

    Args:
        folder: holds `manifest.json` and what it names.
        tokenizer: a tokenizer.json, or its xxh3-64 as 16 hex digits: must be the one the tokens were made with.
        verify: "size" compares the sizes of files, "first_touch" also the hash of each batch when it is first read,
            "full" the hash of every file on opening. None is "size" for a folder, "first_touch" for a URL.
        cache_dir: for a URL, where batches are kept; None is `siku/tokens` in the user's cache folder. May be shared
            by processes.
        cache_bytes: what the files there may hold together.
        retries: for a URL, how often a failed read is tried again.
        on_bad_shard: "raise", or "quarantine": documents of a batch that cannot be read are `pad_id` all over and
            trained on nowhere; `quarantined` lists the batches. The plan, and so every rank's share, stays the same.
            After 16 batches, or 1 % of them, it raises. Ranks that read the same rows for one replica (tensor or
            pipeline parallel) must raise: one that could read and one that could not would disagree.

    Attributes:
        info: the manifest's `info`, with at least `vocab_size`.
        dtype: uint16 or uint32.
        fingerprint: 16 hex digits over the manifest's parts (path, rows, hash) and info.
        runs: the documents as runs of one source and language, see `Runs`.
        is_local: whether tokens stay mapped, so that `locate` can say where they are.
        quarantined: batches that could not be read: part, byte, documents, tokens and reason.

    Raises:
        ShardError: the manifest, the index or a part is missing, damaged, or disagrees with the others.
        RecipeError: another tokenizer, an unknown `verify`.

    Example: `TokenShards("work/tokens").gather(np.array([3, 0]))` -> the tokens of documents 3 and 0,
        concatenated.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        tokenizer: str | Path | None = None,
        verify: str | None = None,
        cache_dir: str | Path | None = None,
        cache_bytes: int = 16 << 30,
        retries: int = 4,
        on_bad_shard: str = "raise",
    ) -> None:
        is_url = "://" in str(folder)
        verify = verify or ("first_touch" if is_url else "size")
        for name, value, allowed in (("verify", verify, _VERIFY), ("on_bad_shard", on_bad_shard, _ON_BAD_SHARD)):
            if value not in allowed:
                raise RecipeError(f"{name} is {value!r}, expected one of {', '.join(allowed)}")
        if is_url:
            from corpus.loader.open_remote import open_remote  # here: a local job need not wait for urllib

            given = (verify, cache_dir, cache_bytes, retries)
            manifest, self._index, self._shards = open_remote(str(folder), *given)
        else:
            manifest, self._index, self._shards = open_local(Path(folder), verify)
        self.folder = folder
        self.info: dict[str, Any] = manifest.info
        self.dtype = token_dtype(manifest, str(folder))
        self.fingerprint = fingerprint(manifest)
        if tokenizer is not None:
            check_tokenizer(tokenizer, self.info, str(folder))
        self.runs: Runs = self._index.runs
        self._quarantines = on_bad_shard == "quarantine"
        self.quarantined: list[dict[str, Any]] = []
        self.is_local = not is_url and not self._quarantines

    def __len__(self) -> int:
        """Documents."""
        return int(self.runs.first_document[-1])

    @property
    def num_tokens(self) -> int:
        """Tokens of all documents together."""
        return int(self.runs.num_tokens.sum(dtype=np.int64))

    @property
    def has_loss_spans(self) -> bool:
        """Whether any document says what of it is trained on."""
        return self._index.has_loss

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """Tokens of every document, int32 `[N]`, read-only: 4 bytes a document, read when first asked for."""
        return all_lengths(self._index, self._shards.read_many)

    def lengths_of(self, documents: np.ndarray) -> np.ndarray:
        """Tokens of some documents, int32, of the same shape `[n]`.

        Raises:
            IndexError: a document that does not exist.
            ShardError: a part is damaged.
        """
        documents = self._checked(documents)
        if len(self) <= MOST_KEPT:
            return self.lengths[documents]
        return some_lengths(self._index, documents, self._shards.read_many)

    @property
    def base(self) -> int:
        """The address that positions are counted from, in tokens."""
        return self.all_tokens.ctypes.data

    @property
    def all_tokens(self) -> np.ndarray:
        """An array of `dtype` that begins at `base` and holds every part. Only what `locate` found may be looked at."""
        return self._shards.memory.tokens

    def locate(self, documents: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """The place in `all_tokens` of each piece's first token. Only where `is_local`: elsewhere nothing stays put.

        Args:
            documents: document numbers, of shape `[S]`, in any order, repeats allowed.
            starts: first token of each piece in its document.
            lengths: tokens of each piece.

        Returns:
            int64 `[S]`; good as long as this object is.

        Raises:
            IndexError: a document or a piece that does not exist.
            ShardError: a part is damaged.
        """
        assert self.is_local, "a remote or quarantining folder is read by gather"
        return self._located(*(np.ascontiguousarray(given, np.int64) for given in (documents, starts, lengths)))

    def gather(
        self,
        documents: np.ndarray,
        out: np.ndarray | None = None,
        *,
        starts: np.ndarray | None = None,
        lengths: np.ndarray | None = None,
    ) -> np.ndarray:
        """Copy whole documents, or pieces of them, one after the other.

        Args:
            documents: document numbers, of shape `[S]`, in any order, repeats allowed.
            out: where to; of `self.dtype` and at least as long as the tokens asked for. None makes a new
                array.
            starts: first token of each piece in its document; None is 0.
            lengths: tokens of each piece; None is the rest of its document.

        Returns:
            `out`, cut to the tokens written.

        Raises:
            IndexError: a document or a piece that does not exist.
            ShardError: a part is damaged.
        """
        documents = np.ascontiguousarray(documents, np.int64)
        starts = np.zeros(len(documents), np.int64) if starts is None else np.ascontiguousarray(starts, np.int64)
        lengths = self.lengths_of(documents) - starts if lengths is None else np.ascontiguousarray(lengths, np.int64)
        total = int(lengths.sum())
        out = np.empty(total, self.dtype) if out is None else out
        if out.dtype != self.dtype or len(out) < total or not out.flags.c_contiguous:
            raise ValueError(f"out is {out.dtype} of {len(out)}, expected contiguous {self.dtype} of {total} or more")
        with self._shards.using(documents):
            positions = self._located(documents, starts, lengths)
            if self.quarantined and (positions == NOWHERE).any():
                out[:total] = self._pad_id()
            self._shards.memory.copy(positions, lengths, out)
        return out[:total]

    def prefetch(self, documents: np.ndarray) -> None:
        """Begin to fetch what `gather` of these documents will need; of a local folder nothing."""
        self._shards.prefetch(self._checked(documents))

    def stats(self) -> dict[str, int]:
        """What was read so far, and what could not be."""
        lost = sum(one["num_tokens"] for one in self.quarantined)
        return self._shards.stats() | {"quarantined_batches": len(self.quarantined), "quarantined_tokens": lost}

    def loss_spans(
        self, documents: np.ndarray, starts: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """What of each piece is trained on; None where that is everything, in all that was read of the folder.

        Args:
            documents, starts, lengths: as in `locate`.

        Returns:
            spans: int32 `[K, 2]`, begin and end in tokens from the piece's beginning, rising and disjoint.
            span_splits: int64 `[S + 1]`; piece s has spans `span_splits[s]` to `span_splits[s + 1]`.

        Raises:
            IndexError, ShardError: as `locate`.
        """
        if not self._index.has_loss and not self._quarantines:
            return None
        pieces = [np.ascontiguousarray(given, np.int64) for given in (documents, starts, lengths)]
        with self._shards.using(pieces[0]):
            self._located(*pieces)
            if not self._index.has_loss and not self.quarantined:
                return None
            try:
                return self._shards.memory.spans(*pieces)
            except IndexError as error:
                document = int(pieces[0][error.args[0]])
                where = self._shards.name_of(int(self._index.part[self._batch_of(document)]))
                raise ShardError(f"{where}: document {document} has loss spans that are none") from None

    def _located(self, documents: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        positions = np.empty(len(documents), np.int64)
        done = 0
        while (found := self._shards.memory.locate(documents, starts, lengths, done, positions)) >= 0:
            done, fault = found >> 3, found & 7
            document = int(documents[done])
            if fault == NOT_READY:
                self._load(self._batch_of(document))
            elif fault == NO_DOCUMENT:
                raise IndexError(f"document {document} asked for, there are {len(self)}")
            elif fault == BAD_OFFSETS:
                batch = self._batch_of(document)
                where = self._shards.name_of(int(self._index.part[batch]))
                what = "has offsets that disagree with num_tokens; copy it here again or tokenize again"
                self._lose(batch, ShardError(f"{where}: document {document} {what}"))
            else:
                raise IndexError(
                    f"the piece of {lengths[done]} tokens from {starts[done]} begins before document {document} or "
                    "ends after it"
                )
        return positions

    def _load(self, batch: int) -> None:
        try:
            self._shards.load(batch)
        except ShardError as error:
            self._lose(batch, error)

    def _lose(self, batch: int, error: ShardError) -> None:
        """Raise, or do without the batch; when there are too many it is no bad shard but a bad day."""
        if not self._quarantines or len(self.quarantined) >= max(_MOST_LOST, len(self.runs.num_tokens) // 100):
            raise error
        runs, part = self.runs, int(self._index.part[batch])
        self._shards.memory.ready[batch] = LOST
        self.quarantined.append(
            {
                "part": self._shards.name_of(part),
                "byte": int(self._index.begin[batch]),
                "documents": int(runs.first_document[batch + 1] - runs.first_document[batch]),
                "num_tokens": int(runs.num_tokens[batch]),
                "reason": str(error),
            }
        )
        _log.warning("quarantined: %s", error)

    def _batch_of(self, document: int) -> int:
        return int(np.searchsorted(self.runs.first_document, document, side="right")) - 1

    def _pad_id(self) -> int:
        return next(choice for choice in (self.info.get("pad_id"), self.info.get("eos_id"), 0) if choice is not None)

    def _checked(self, documents: np.ndarray) -> np.ndarray:
        documents = np.ascontiguousarray(documents, np.int64)
        if len(documents) and not (documents.min() >= 0 and documents.max() < len(self)):
            raise IndexError(f"documents {documents.min()} to {documents.max()} asked for, there are {len(self)}")
        return documents
