"""A local HTTP server for a folder, with Range requests and, for tests, planted faults.

Answers GET and HEAD with 200, 206 (one byte range), 404 or 416, an ETag from the file's bytes, and If-Range.
It listens on 127.0.0.1 at a port of the system's choice, and is quiet.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from xxhash import xxh3_64_hexdigest

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Faults:
    """What goes wrong, by file name, each once: the first answer cut after n bytes, or refused with 503."""

    cut_first_bytes: Mapping[str, int] = field(default_factory=dict)
    refuse_first: frozenset[str] = frozenset()


class _State:
    """What the request threads share: which faults are still to come, and the log."""

    def __init__(self, folder: Path, faults: Faults, log: list[str] | None) -> None:
        self.folder = folder.resolve()
        self.log = log
        self._lock = threading.Lock()
        self._cuts = dict(faults.cut_first_bytes)
        self._refusals = set(faults.refuse_first)

    def note(self, line: str) -> None:
        with self._lock:
            if self.log is not None:
                self.log.append(line)

    def next_cut(self, name: str) -> int | None:
        with self._lock:
            return self._cuts.pop(name, None)

    def next_refusal(self, name: str) -> bool:
        with self._lock:
            refused = name in self._refusals
            self._refusals.discard(name)
            return refused


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """(first, end) of a single byte range, end exclusive; None where it cannot be satisfied.

    >>> parse_range("bytes=2-", 10), parse_range("bytes=-3", 10), parse_range("bytes=10-", 10)
    ((2, 10), (7, 10), None)
    """
    match = _RANGE.fullmatch(header.strip())
    if not match or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    end = min(size, int(last) + 1) if last else size
    return (int(first), end) if int(first) < end else None


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    def __init__(self, state: _State, *args: object) -> None:
        self.state = state
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        """Quiet; tests read `log`."""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _plain(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, *, with_body: bool) -> None:
        name = unquote(urlsplit(self.path).path).lstrip("/")
        asked = self.headers.get("Range")
        self.state.note(f"{self.command} {name} {asked or ''}".rstrip())
        path = (self.state.folder / name).resolve()
        if not path.is_relative_to(self.state.folder) or not path.is_file():
            self._plain(404)
            return
        if with_body and self.state.next_refusal(name):
            self._plain(503, {"Retry-After": "0"})
            return
        data = path.read_bytes()
        etag = f'"{xxh3_64_hexdigest(data)}"'
        first, end, status = 0, len(data), 200
        if asked and self.headers.get("If-Range", etag) == etag:
            wanted = parse_range(asked, len(data))
            if wanted is None:
                self._plain(416, {"Content-Range": f"bytes */{len(data)}"})
                return
            (first, end), status = wanted, 206
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", etag)
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{len(data)}")
        self.send_header("Content-Length", str(end - first))
        self.end_headers()
        if with_body:
            cut = self.state.next_cut(name)
            self.wfile.write(data[first : end if cut is None else min(end, first + cut)])
            self.close_connection = True


@contextmanager
def serve(folder: Path, *, faults: Faults | None = None, log: list[str] | None = None) -> Iterator[str]:
    """Serve a folder while the block runs; yields the base URL, without a slash at its end.

    Args:
        faults: what to do wrong, for tests of downloads.
        log: takes a line "GET name bytes=5-" for each request.
    """
    state = _State(folder, faults or Faults(), log)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, state))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
