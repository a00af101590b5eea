"""Stage 1, raw files: fetch what is remote, hash what is local, and say where each file is.

A transfer that is cut goes on where it stopped (Range with If-Range), also after the process was killed. A file that
can't be had is counted as unreadable with its reason; the run goes on, and the next run tries it again.
"""

import functools
import glob
import hashlib
import json
import logging
import os
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import xxhash

from corpus.errors import DownloadError, RecipeError
from corpus.shards import Counts, Part, hash_file, write_json
from pipelines.recipe import Download, Recipe, Source
from pipelines.stage import StagePlan
from pipelines.task import Task, TaskResult

_log = logging.getLogger(__name__)
_CHUNK = 1 << 20
_REMOTE_BYTES = 64 << 20  # what a remote file is taken for: fetching several at a time is worth processes
_GONE = (400, 401, 403, 404, 405, 410, 451)  # trying again does not help


def plan(recipe: Recipe, work: Path, sample_url: str = "") -> StagePlan:
    """One task a file.

    Args:
        sample_url: base URL that `sample:/NAME` stands for; the files are in `work/sample`.
    """
    tasks = [task for source in recipe.sources for task in _tasks(source, work / "sample")]
    inputs = {"files": [[task.spec["source"], task.spec["file"]] for task in tasks]}
    num_bytes = sum(task.spec.get("bytes", 0) for task in tasks)
    num_bytes += sum(_REMOTE_BYTES for task in tasks if task.spec["file"].startswith("http"))
    stage = StagePlan("download", work / "raw", __name__, {}, inputs, num_bytes=num_bytes)
    return stage.with_tasks(tasks, functools.partial(fetch, options=recipe.download, sample_url=sample_url))


def _tasks(source: Source, sample: Path) -> list[Task]:
    tasks: dict[str, Task] = {}
    for pattern in source.files:
        for file in expand(pattern, source.name):
            name = f"{source.name}.{xxhash.xxh3_64_hexdigest(file.encode())}"
            spec: dict[str, Any] = {"source": source.name, "file": file, "sha256": source.sha256.get(file)}
            if file.startswith("sample:/"):
                path = sample / file.removeprefix("sample:/")
                spec["generated"] = hash_file(path) if path.is_file() else None
            elif not is_remote(file):
                status = Path(file).stat()
                spec |= {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
            place = file if is_remote(file) else os.path.realpath(file)
            tasks.setdefault(place, Task(name, spec))
    return list(tasks.values())


def is_remote(file: str) -> bool:
    """Whether `file` has to be fetched."""
    return file.startswith(("http://", "https://", "sample:/"))


def expand(pattern: str, source: str) -> list[str]:
    """The files a path, glob or URL stands for, sorted.

    Raises:
        RecipeError: it matches nothing.
    """
    if is_remote(pattern):
        return [pattern]
    if Path(pattern).is_file():
        return [pattern]
    files = sorted(file for file in glob.glob(pattern, recursive=True) if Path(file).is_file())
    if not files:
        kind = "is a folder; name the files in it, e.g." if Path(pattern).is_dir() else "matches no file; try"
        hint = f"{pattern.rstrip('/')}/**/*.jsonl.zst" if Path(pattern).is_dir() else f"`ls {pattern}`"
        raise RecipeError(f"source {source!r}: {pattern!r} {kind} {hint}")
    return files


def fetch(task: Task, folder: Path, *, options: Download, sample_url: str) -> TaskResult:
    """Make one raw file available; never raises for a file that can't be had."""
    source, file = task.spec["source"], task.spec["file"]
    entry: dict[str, Any] = {"source": source, "file": file}
    try:
        if is_remote(file):
            part = _download(file, folder, task, options, sample_url)
            parts, entry = (
                [part],
                entry | {"path": part.path, "bytes": part.bytes, "xxh3": part.xxh3, "local": False},
            )
        else:
            path = Path(file)
            _check_sha256(file, path, task.spec["sha256"])
            parts, entry = [], entry | {"path": file, "bytes": path.stat().st_size, "local": True}
            entry["xxh3"] = hash_file(path)
    except OSError as error:
        _log.warning("%s: %s", file, error)
        counts = Counts(read=1, unreadable=1, reasons={"download_failed": 1})
        failed = {"source": source, "file": file, "reason": str(error)}
        return TaskResult(task.name, counts={source: counts}, info={"failed": [failed]})
    return TaskResult(
        task.name,
        parts,
        counts={source: Counts(read=1, kept=1, kept_bytes=entry["bytes"])},
        info={"files": [entry]},
    )


def _download(file: str, folder: Path, task: Task, options: Download, sample_url: str) -> Part:
    url = sample_url + file.removeprefix("sample:/") if file.startswith("sample:/") else file
    base = re.sub(r"[^A-Za-z0-9._-]", "_", unquote(urlsplit(file).path.rsplit("/", 1)[-1])) or "index"
    name = f"{task.spec['source']}/{task.name.rsplit('.', 1)[-1]}-{base[-100:]}"
    partial = folder / ".tasks" / "partial" / task.name
    partial.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(options.retries + 1):
        try:
            _transfer(url, partial, options.timeout_s)
            break
        except (requests.RequestException, DownloadError) as error:
            status = getattr(getattr(error, "response", None), "status_code", None)
            if status in _GONE or attempt == options.retries:
                raise DownloadError(f"{file} could not be fetched after {attempt + 1} attempts: {error}") from error
            time.sleep(0.25 * 2**attempt)
    try:
        _check_sha256(file, partial, task.spec["sha256"])
    except DownloadError:
        partial.unlink()
        raise
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hash_file(partial), partial.stat().st_size
    partial.replace(path)
    _meta(partial).unlink(missing_ok=True)
    return Part(path=name, rows=0, bytes=size, xxh3=digest)


def _meta(partial: Path) -> Path:
    """Beside a partial file: what the server called the copy it is part of."""
    return partial.with_name(partial.name + ".meta")


def _transfer(url: str, partial: Path, timeout_s: float) -> None:
    """Fetch `url` into `partial`, going on behind the bytes that are there if the server's copy is the same."""
    headers = {"Accept-Encoding": "identity"}
    have = partial.stat().st_size if partial.is_file() else 0
    validator = json.loads(_meta(partial).read_bytes())["validator"] if _meta(partial).is_file() else ""
    if have and validator:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    with requests.get(url, headers=headers, stream=True, timeout=timeout_s) as response:
        if response.status_code == 416:  # longer than the server's copy: begin again
            partial.unlink()
            raise DownloadError(f"{url}: the partial file is longer than the server's")
        response.raise_for_status()
        goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if response.status_code == 206 and not goes_on:
            partial.unlink()
            raise DownloadError(f"{url}: asked from byte {have}, got {response.headers.get('Content-Range')!r}")
        if response.status_code != 206:  # empty before the new validator is noted, or a kill would join two copies
            partial.write_bytes(b"")
            etag = response.headers.get("ETag", "")
            strong = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")
            write_json(_meta(partial), {"validator": strong})
        expected = response.headers.get("Content-Length")
        received = 0
        with partial.open("ab") as out:
            while chunk := _read(response, url):
                received += out.write(chunk)
        if expected is not None and received != int(expected):
            raise DownloadError(f"{url}: got {received} of {expected} bytes")


def _read(response: requests.Response, url: str) -> bytes:
    try:
        return response.raw.read(_CHUNK, decode_content=False)
    except Exception as error:  # urllib3's errors are not requests' when its raw stream is read
        raise DownloadError(f"{url}: the transfer broke off ({error})") from error


def _check_sha256(file: str, path: Path, expected: str | None) -> None:
    if expected is None:
        return
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected.lower():
        raise DownloadError(f"{file} has SHA-256 {found}, the recipe expects {expected}; it is not used")
