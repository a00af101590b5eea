"""The batches of a token folder behind a URL, read into a bounded cache and mapped from there.

The unit is the record batch: the bytes from its `num_tokens` to its last loss span, up to 8 MiB, in one ranged read.
A unit is hashed when this process first touches it, whether it was fetched or found in the cache; one that is not what
was written is fetched again, and after `retries` an error. What a call needs is fetched by several threads at a time,
what a later one will need by `prefetch`.

Guarantees: what a call needs stays mapped while it runs. Between calls units that the cache removed are given up, so
that at most the cache's bytes stay on disk. Price: a document somewhere costs its whole batch, so read documents of a
batch close together (blocks of batches in the order); with full shuffling of a corpus much larger than the cache every
document is a read of 8 MiB.
"""

import hashlib
import os
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import numpy as np
import xxhash

from corpus.loader.cache import FileCache
from corpus.loader.gather import READY, Memory
from corpus.loader.remote_files import RemoteFiles
from corpus.loader.shard_files import map_file, memory_at, unmap
from corpus.loader.token_index import TokenIndex
from corpus.shards.manifest import Manifest

_NUM_THREADS = 8
_TOUCH_S = 10.0  # a unit in use is marked as used so often
_PAGE = 1 << 16


class RemoteShards:
    """The batches of a folder behind a URL, each readable while `using` holds it.

    Args:
        files: of the folder.
        cache: where units go.
        manifest, index: of the folder.
        dtype: of tokens.
        fingerprint: of the tokens; names in the cache depend on it.
        hashed: compare units with the index.
    """

    def __init__(
        self,
        files: RemoteFiles,
        cache: FileCache,
        manifest: Manifest,
        index: TokenIndex,
        dtype: np.dtype,
        fingerprint: str,
        *,
        hashed: bool,
    ) -> None:
        self._files, self._cache = files, cache
        self._paths = [part.path for part in manifest.parts]
        self._fingerprint, self._hashed = fingerprint, hashed
        page = np.zeros(2 * _PAGE, np.uint8)
        self._base = -(-page.ctypes.data // _PAGE) * _PAGE  # positions are counted from here; maps lie anywhere
        self.memory = Memory(index, lambda kind: memory_at(self._base, _PAGE, kind, owner=page), dtype)
        self._mapped: dict[int, int] = {}  # batch -> address
        self._touched: dict[int, float] = {}
        self._coming: dict[int, Future[int]] = {}
        self._pool = ThreadPoolExecutor(_NUM_THREADS, thread_name_prefix="siku-fetch")
        self._lock = threading.RLock()
        self._num_puts = self._puts_seen = self._hits = self._misses = 0
        weakref.finalize(self, _close, self._pool, self._mapped, index.num_bytes)

    def load(self, batch: int) -> None:
        """Make a batch readable until the end of `using`.

        Raises:
            ShardError: it cannot be read, or is not what was written.
        """
        with self._lock:
            coming = self._coming.pop(batch, None)
            address = coming.result() if coming else self._obtained(batch)
            self._mapped[batch] = address
            self.memory.at[batch] = address - int(self.memory.index.begin[batch]) - self._base
            self.memory.ready[batch] = READY

    @contextmanager
    def using(self, documents: np.ndarray) -> Iterator[None]:
        """Begin to fetch the batches of `documents`, and keep what is loaded inside until the end."""
        batches = self._batches_of(documents)
        with self._lock:
            self._fetch(batches)
            coming = [self._coming[batch] for batch in batches if batch in self._coming]
        wait(coming)  # without the lock: another thread's batches may be there already
        with self._lock:
            try:
                yield
            finally:
                self._touch(batches)
                self._give_up(set(batches))

    def prefetch(self, documents: np.ndarray) -> None:
        """Begin to fetch the batches of `documents`, for a call to come."""
        with self._lock:
            self._fetch(self._batches_of(documents))

    def read_many(self, wanted: list[tuple[int, int, int]]) -> list[bytes]:
        """Stretches of bytes, each a (part, position, number of bytes); kept in the cache as one file."""
        sizes = [size for _, _, size in wanted]
        name = hashlib.blake2b(f"{self._fingerprint} {wanted}".encode(), digest_size=16).hexdigest()
        descriptor = self._cache.open(name, sum(sizes) + 8)
        if descriptor >= 0:
            with os.fdopen(descriptor, "rb") as file:
                data = file.read()
            if xxhash.xxh3_64_digest(data[:-8]) == data[-8:]:
                ends = np.cumsum(sizes).tolist()
                return [data[end - size : end] for end, size in zip(ends, sizes, strict=True)]
            self._cache.remove(name)
        found = list(self._pool.map(lambda one: self._files.read(self._paths[one[0]], one[1], one[2]), wanted))
        data = b"".join(found)
        os.close(self._cache.put(name, data + xxhash.xxh3_64_digest(data)))
        return found

    def name_of(self, part: int) -> str:
        """For errors."""
        return f"{self._files.name}/{self._paths[part]}"

    def stats(self) -> dict[str, int]:
        """Reads, and what the cache did."""
        return {
            "reads": self._files.reads,
            "failed_reads": self._files.failed_reads,
            "bytes_read": self._files.bytes_read,
            "cache_hits": self._hits,
            "cache_misses": self._misses,
            "cache_evicted": self._cache.evicted,
            "batches_mapped": len(self._mapped),
        }

    def _batches_of(self, documents: np.ndarray) -> list[int]:
        first = self.memory.index.runs.first_document
        inside = documents[(documents >= 0) & (documents < first[-1])]
        return np.unique(np.searchsorted(first, inside, side="right") - 1).tolist()

    def _fetch(self, batches: list[int]) -> None:
        for batch in batches:
            if self.memory.ready[batch] == 0 and batch not in self._coming:
                self._coming[batch] = self._pool.submit(self._obtained, batch)

    def _obtained(self, batch: int) -> int:
        """The address of a unit, mapped from the cache or from what is written there. Runs in any thread."""
        index = self.memory.index
        part, begin, size = (int(column[batch]) for column in (index.part, index.begin, index.num_bytes))
        name = self._name(batch)
        descriptor = self._cache.open(name, size)
        if descriptor >= 0:
            address = self._map(descriptor, size)
            if not self._wrong(batch, memory_at(address, size, np.dtype(np.uint8)).data):
                self._hits += 1
                return address
            unmap(address, size)
            self._cache.remove(name)
        self._misses += 1
        data = self._files.read(self._paths[part], begin, size, check=lambda data: self._wrong(batch, data))
        descriptor = self._cache.put(name, data)
        self._num_puts += 1
        return self._map(descriptor, size)

    def _wrong(self, batch: int, data: bytes | memoryview) -> str:
        expected = int(self.memory.index.xxh3[batch])
        if not self._hashed or (found := xxhash.xxh3_64_intdigest(data)) == expected:
            return ""
        return f"the bytes have xxh3 {found:016x}, the index says {expected:016x}"

    def _map(self, descriptor: int, size: int) -> int:
        try:
            address = map_file(descriptor, size)
        finally:
            os.close(descriptor)
        if address < 0:
            raise OSError(f"a file of the cache {self._cache.folder} cannot be mapped; raise vm.max_map_count")
        return address

    def _name(self, batch: int) -> str:
        """Of the unit's file in the cache."""
        key = f"{self._fingerprint} {batch}"
        return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()

    def _touch(self, batches: list[int]) -> None:
        """What is in use is what the cache gives up last."""
        now = time.monotonic()
        for batch in batches:
            if now - self._touched.get(batch, 0.0) > _TOUCH_S:
                self._touched[batch] = now
                self._cache.touch(self._name(batch))

    def _give_up(self, used: set[int]) -> None:
        """Unmap what the cache has removed since the last time, apart from what was just used."""
        if self._num_puts == self._puts_seen:
            return
        self._puts_seen = self._num_puts
        names = self._cache.names()
        for batch in [batch for batch in self._mapped if batch not in used and self._name(batch) not in names]:
            self.memory.ready[batch] = 0
            unmap(self._mapped.pop(batch), int(self.memory.index.num_bytes[batch]))
            self._touched.pop(batch, None)
        for batch, coming in [one for one in self._coming.items() if one[1].done() and self._name(one[0]) not in names]:
            if coming.exception() is None:
                unmap(coming.result(), int(self.memory.index.num_bytes[batch]))
            del self._coming[batch]


def _close(pool: ThreadPoolExecutor, mapped: dict[int, int], num_bytes: np.ndarray) -> None:
    pool.shutdown(wait=False, cancel_futures=True)
    for batch, address in mapped.items():
        unmap(address, int(num_bytes[batch]))
