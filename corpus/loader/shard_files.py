"""The parts of a local token folder as memory, mapped when they are first touched.

Addresses for all parts are set aside at once, one behind the other, without memory behind them; a part is mapped
over its place when it is first needed. So the distance of every token from `base` is known from the index, stays the
same whatever has been mapped, and 10^4 parts cost one system call until they are read. A map holds no open file. Of
parts that together are more than the machine's memory the system is asked to read single pages: reading ahead would
bring 128 KiB for a document of 2.

Guarantees: a part is mapped only if it has the size that the manifest says; nothing is read of one that is not
mapped, since its addresses are not readable. A file that is cut short while it is mapped ends the process (SIGBUS):
finished parts must not be changed in place.
"""

import ctypes
import errno
import mmap
import os
import threading
import weakref
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from corpus.errors import ShardError
from corpus.loader.gather import READY, Memory
from corpus.loader.token_index import TokenIndex
from corpus.shards.manifest import Manifest

_MAP_FIXED, _MAP_NORESERVE = 0x10, 0x4000 if os.uname().sysname == "Linux" else 0x40
_FAILED = ctypes.c_void_p(-1).value
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_int64]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_RANDOM = getattr(mmap, "MADV_RANDOM", 1)


def map_file(descriptor: int, size: int, address: int | None = None) -> int:
    """Map `size` bytes of a file for reading, at `address` or where there is room; the address, or -1 and errno set."""
    flags = mmap.MAP_SHARED | (_MAP_FIXED if address is not None else 0)
    found = _libc.mmap(address, size, mmap.PROT_READ, flags, descriptor, 0)
    return -1 if found == _FAILED else int(found or 0)


def unmap(address: int, size: int) -> None:
    """Give addresses back."""
    _libc.munmap(address, size)


def memory_at(address: int, size: int, dtype: np.dtype, owner: object = None) -> np.ndarray:
    """Memory as an array, read-only; `owner` lives as long as it."""
    memory: Any = (ctypes.c_uint8 * size).from_address(address)
    memory.owner = owner
    array = np.frombuffer(memory, dtype)
    array.flags.writeable = False
    return array


class ShardFiles:
    """Parts of tokens in a folder.

    Args:
        folder: where they are.
        paths, sizes: relative to it, and the bytes the manifest says.

    Attributes:
        base: the address of the first part's first byte.
        part_at: where each part begins, in bytes from `base`, int64 `[P]`.
        num_bytes: of addresses from `base` on.
        is_mapped: bool `[P]`.

    Raises:
        ShardError: so many addresses are not to be had.
    """

    def __init__(self, folder: Path, paths: list[str], sizes: list[int]) -> None:
        self.folder, self.paths, self.sizes = str(folder), paths, sizes
        page = mmap.ALLOCATIONGRANULARITY
        ends = np.cumsum([0] + [max(1, -(-size // page)) * page for size in sizes], dtype=np.int64)
        self.part_at = ends[:-1]
        self.num_bytes = int(max(ends[-1], page))
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
        base = _libc.mmap(None, self.num_bytes, 0, flags, -1, 0)
        if base == _FAILED:
            reason = os.strerror(ctypes.get_errno())
            raise ShardError(
                f"{folder}: {self.num_bytes:,} bytes of addresses are not to be had ({reason}); is `ulimit -v` set?"
            )
        self.base = int(base or 0)
        weakref.finalize(self, _libc.munmap, self.base, self.num_bytes).atexit = False
        self.is_mapped = np.zeros(len(sizes), bool)
        self._is_large = sum(sizes) > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

    def map(self, part: int) -> None:
        """Make a part readable.

        Raises:
            ShardError: it is missing, of another size, or cannot be mapped.
        """
        if self.is_mapped[part]:
            return
        descriptor = self.open(part)
        try:
            if self.sizes[part]:
                self._map(part, descriptor)
        finally:
            os.close(descriptor)
        self.is_mapped[part] = True

    def _map(self, part: int, descriptor: int) -> None:
        address = self.base + int(self.part_at[part])
        if map_file(descriptor, self.sizes[part], address) < 0:
            reason = os.strerror(ctypes.get_errno())
            advice = "; raise vm.max_map_count" if ctypes.get_errno() == errno.ENOMEM else ""
            raise ShardError(f"{self.folder}/{self.paths[part]} cannot be mapped: {reason}{advice}")
        if self._is_large:
            _libc.madvise(address, self.sizes[part], _RANDOM)

    def open(self, part: int) -> int:
        """A descriptor of a part that has its size.

        Raises:
            ShardError: it is missing or of another size.
        """
        path = f"{self.folder}/{self.paths[part]}"
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            what = "is missing" if error.errno == errno.ENOENT else f"cannot be opened: {error.strerror}"
            raise ShardError(f"{path} is named by the manifest and {what}; copy it here or tokenize again") from error
        size = os.fstat(descriptor).st_size
        if size != self.sizes[part]:
            os.close(descriptor)
            raise ShardError(f"{path} has {size} bytes, the manifest says {self.sizes[part]}; tokenize again")
        return descriptor

    def array(self, dtype: np.dtype) -> np.ndarray:
        """The addresses from `base` on as one array of `dtype`. Only what is mapped may be looked at."""
        return memory_at(self.base, self.num_bytes, dtype, owner=self)


class LocalShards:
    """The batches of a folder on this machine, each readable after `load`.

    Args:
        folder: of the parts.
        manifest, index: of the folder.
        dtype: of tokens.
        hashed: compare a batch's bytes with the index when it is first touched.
    """

    def __init__(self, folder: Path, manifest: Manifest, index: TokenIndex, dtype: np.dtype, *, hashed: bool) -> None:
        self.files = ShardFiles(folder, [part.path for part in manifest.parts], [part.bytes for part in manifest.parts])
        self.memory = Memory(index, self.files.array, dtype)
        self.memory.at[:] = self.files.part_at[index.part]
        self._first_batch = np.searchsorted(index.part, np.arange(len(manifest.parts) + 1, dtype=index.part.dtype))
        self._hashed = hashed
        self._lock = threading.Lock()

    def using(self, documents: np.ndarray) -> AbstractContextManager[None]:
        """Nothing: what is on this machine stays there."""
        return nullcontext()

    def prefetch(self, documents: np.ndarray) -> None:
        """Nothing."""

    def load(self, batch: int) -> None:
        """Make a batch readable.

        Raises:
            ShardError: its part is missing or of another size; its bytes are not what was written.
        """
        index = self.memory.index
        part = int(index.part[batch])
        with self._lock:
            self.files.map(part)
            if self._hashed:
                self._check_hash(batch)
                self.memory.ready[batch] = READY
            else:
                self.memory.ready[self._first_batch[part] : self._first_batch[part + 1]] = READY

    def _check_hash(self, batch: int) -> None:
        index = self.memory.index
        begin, size = int(index.begin[batch]), int(index.num_bytes[batch])
        data = memory_at(self.files.base + int(self.memory.at[batch]) + begin, size, np.dtype(np.uint8))
        found = xxhash.xxh3_64_intdigest(data.data)
        if found != int(index.xxh3[batch]):
            path = self.name_of(int(index.part[batch]))
            raise ShardError(
                f"{path} is damaged: the {size} bytes at {begin} have xxh3 {found:016x}, the index says "
                f"{int(index.xxh3[batch]):016x}; copy it here again or tokenize again"
            )

    def read_many(self, wanted: list[tuple[int, int, int]]) -> list[bytes]:
        """Stretches of bytes, each a (part, position, number of bytes), in order of part; one is open at a time."""
        found: list[bytes] = []
        opened, descriptor = -1, -1
        try:
            for part, position, size in wanted:
                if part != opened:
                    if descriptor >= 0:
                        closed, descriptor = descriptor, -1  # an interrupt must not close it twice
                        os.close(closed)
                    descriptor, opened = self.files.open(part), part
                    if hasattr(os, "posix_fadvise"):
                        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
                found.append(os.pread(descriptor, size, position))
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return found

    def name_of(self, part: int) -> str:
        """For errors."""
        return f"{self.files.folder}/{self.files.paths[part]}"

    def stats(self) -> dict[str, int]:
        """What was mapped so far."""
        return {"parts_mapped": int(self.files.is_mapped.sum()), "parts": len(self.files.paths)}
