"""A bounded folder of files fetched from elsewhere: each is whole under its name, or not there.

A file is written beside its name and renamed. Before its bytes are written its size is set aside, and files that were
used longest ago are removed until everything, what others are writing included, fits. There are no lock files and no
list: what is in the folder is the state, so that several processes may share it and any may be killed. A file that
another process removed is fetched again; one that was removed while it is mapped can still be read.

Guarantees: the files in the folder hold at most `max_bytes`, or one file more. What a killed process left is removed
when somebody makes room. Contents are not verified here: a machine that loses power may leave a file of zeros under a
good name, so callers compare hashes. Price: one listing of the folder a file that is written.
"""

import contextlib
import errno
import os
import threading
import time
from pathlib import Path

_WRITING = ".writing-"  # NAME.writing-PID-NUMBER
_LONGEST_WRITE_S = 600.0


class FileCache:
    """Files by name in a bounded folder.

    Args:
        folder: made where there is none; holds nothing else.
        max_bytes: of all its files together.

    Attributes:
        evicted: files that this process removed to make room.
    """

    def __init__(self, folder: str | Path, max_bytes: int) -> None:
        self.folder, self.max_bytes = str(folder), max_bytes
        self.evicted = 0
        self._lock = threading.Lock()
        os.makedirs(self.folder, exist_ok=True)

    def open(self, name: str, size: int) -> int:
        """A descriptor of a file of this size, now the last used; -1 where there is none."""
        path = f"{self.folder}/{name}"
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return -1
        if os.fstat(descriptor).st_size != size:
            os.close(descriptor)
            self.remove(name)
            return -1
        self.touch(name)
        return descriptor

    def touch(self, name: str) -> None:
        """Make a file the last used."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(f"{self.folder}/{name}")

    def put(self, name: str, data: bytes) -> int:
        """Write a file and return a descriptor to read it by, which is good even if the file is removed at once."""
        path = f"{self.folder}/{name}"
        beside = f"{path}{_WRITING}{os.getpid()}-{os.urandom(8).hex()}"
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            with self._lock:  # one thread at a time takes room and makes it: more than one file too much is never there
                os.truncate(descriptor, len(data))
                self._make_room(beside)
            view, written = memoryview(data), 0
            while written < len(data):
                written += os.pwrite(descriptor, view[written:], written)
            with contextlib.suppress(FileNotFoundError):  # removed for dead by another process: then it is not kept
                os.replace(beside, path)
        except BaseException as error:
            os.close(descriptor)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(beside)
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise OSError(errno.ENOSPC, "the cache's disk is full; give a smaller cache_bytes", path) from error
            raise
        return descriptor

    def remove(self, name: str) -> None:
        """Remove a file that is no good."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.folder}/{name}")

    def names(self) -> set[str]:
        """What is there."""
        return {name for name in os.listdir(self.folder) if _WRITING not in name}

    def _make_room(self, own: str) -> None:
        """Remove the files that were used longest ago until the rest fits, and what killed processes left."""
        found: list[tuple[float, int, str]] = []
        total = 0
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    about = entry.stat()
                    if entry.path != own and _is_left_over(entry.name, about.st_mtime):
                        os.unlink(entry.path)
                        continue
                    total += about.st_size
                    if _WRITING not in entry.name:
                        found.append((about.st_mtime, about.st_size, entry.path))
        for _, size, path in sorted(found):
            if total <= self.max_bytes:
                break
            total -= size  # also where another process was faster
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
                self.evicted += 1


def _is_left_over(name: str, modified: float) -> bool:
    """Whether a file is being written by nobody."""
    _, writing, who = name.partition(_WRITING)
    if not writing:
        return False
    if time.time() - modified > _LONGEST_WRITE_S:
        return True
    try:
        os.kill(int(who.partition("-")[0]), 0)
    except (ProcessLookupError, ValueError):
        return True
    except PermissionError:
        return False
    return False
