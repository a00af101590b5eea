"""Bytes of files behind a URL: http(s) by ranged requests, everything else (s3, gs, file ...) by `pyarrow.fs`.

Options stand behind a `?`: for s3 and gs those of pyarrow (`scheme`, `endpoint_override`, `region` ...), for http the
query that goes with every request. They, and a key before an `@`, are left out of errors.

A read that fails, or ends early, is tried again after 0.2 s, 0.4 s, 0.8 s ... up to `retries` times; what cannot get
better (the file is not there, the server refuses, or answers no ranges) is not. Guarantee: exactly the bytes asked
for, or a ShardError that names the file and the place.
"""

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from corpus.errors import RecipeError, ShardError

_TIMEOUT_S = 60.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 10.0
_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}
_REFUSED = ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "PERMISSION_DENIED", "UNAUTHENTICATED")  # of s3 and gs

_Read = Callable[[str, int, int | None], bytes]  # (path, begin, number of bytes; None, the whole file)


class _Short(Exception):
    """A read that ended early, or brought something else."""


class RemoteFiles:
    """The files of a folder behind a URL.

    Args:
        url: of the folder.
        retries: times that a failed read is tried again.

    Attributes:
        name: the URL without key and options.
        bytes_read, reads, failed_reads: so far.

    Raises:
        RecipeError: nobody knows such a URL, or an option of it.
    """

    def __init__(self, url: str, retries: int) -> None:
        self._url, _, self._query = url.partition("?")
        self._url = self._url.rstrip("/")
        scheme, _, rest = self._url.partition("://")
        self.name, self.retries = f"{scheme}://{rest.rpartition('@')[2]}", retries
        if scheme in ("http", "https") and "@" in rest.partition("/")[0]:
            raise RecipeError(
                f"{self.name}: a URL with a user or password is not read; expected {scheme}://HOST/FOLDER"
            )
        self.bytes_read = self.reads = self.failed_reads = 0
        self._read: _Read = self._http if url.startswith(("http://", "https://")) else self._arrow()

    def read(
        self, path: str, begin: int = 0, size: int | None = None, check: Callable[[bytes], str] | None = None
    ) -> bytes:
        """Bytes of a file.

        Args:
            path: relative to the folder.
            begin, size: where and how many; a size of None is the whole file.
            check: says what is wrong with the bytes, or ""; then they are read again.

        Raises:
            ShardError: after the last try.
        """
        if size == 0:
            return b""
        where = f"{self.name}/{path}" + ("" if size is None else f" (bytes {begin} to {begin + size})")
        reason: Any = None
        for turn in range(self.retries + 1):
            try:
                self.reads += 1
                data = self._read(path, begin, size)
                wrong = check(data) if check else ""
                if not wrong:
                    self.bytes_read += len(data)
                    return data
                reason = wrong
            except (_Short, http.client.HTTPException, OSError) as error:  # urllib's errors are OSErrors
                reason = str(error) or repr(error)
                if isinstance(error, urllib.error.HTTPError):
                    error.close()
                final = isinstance(error, FileNotFoundError | PermissionError)
                final |= isinstance(error, urllib.error.HTTPError) and error.code not in _MAY_PASS
                final |= any(word in str(reason) for word in _REFUSED)
                if final:
                    raise ShardError(f"{where} cannot be read: {reason}") from error
            self.failed_reads += 1
            if turn < self.retries:
                time.sleep(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**turn))
        raise ShardError(f"{where} cannot be read, tried {self.retries + 1} times: {reason}")

    def _http(self, path: str, begin: int, size: int | None) -> bytes:
        query = self._query and f"?{self._query}"
        request = urllib.request.Request(f"{self._url}/{urllib.parse.quote(path)}{query}")
        if size is not None:
            request.add_header("Range", f"bytes={begin}-{begin + size - 1}")
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            if size is not None and answer.status != 206:
                raise ShardError(f"{self.name}: the server does not answer ranged requests; serve it by one that does")
            said = answer.headers.get("Content-Range", f"bytes {begin}-") if size is not None else ""
            if size is not None and not said.startswith(f"bytes {begin}-"):
                raise _Short(f"{said!r} came, byte {begin} was asked for")
            data = answer.read()
            expected = answer.headers.get("Content-Length") if size is None else size
        if expected is not None and len(data) != int(expected):
            raise _Short(f"{len(data)} bytes came, {expected} were asked for")
        return data

    def _arrow(self) -> _Read:
        from pyarrow import ArrowException, fs

        url = f"{self._url}?{self._query}" if self._query else self._url
        try:
            system, folder = fs.FileSystem.from_uri(url)
        except (ArrowException, ValueError, OSError) as error:
            reason = str(error).replace(url, self.name)
            raise RecipeError(
                f"{self.name} cannot be opened: {reason}; expected http(s)://, s3://, gs:// or file://, with options "
                "of pyarrow.fs behind a ?"
            ) from None

        def read(path: str, begin: int, size: int | None) -> bytes:
            with system.open_input_file(f"{folder}/{path}") as file:
                data = file.read() if size is None else file.read_at(size, begin)
            if size is not None and len(data) != size:
                raise _Short(f"{len(data)} bytes came, {size} were asked for")
            return data

        return read
