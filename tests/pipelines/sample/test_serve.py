"""The local server: whole files, ranges, resumed downloads, refusals and cut connections."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from pipelines.sample import Faults, serve
from pipelines.sample.serve import parse_range

DATA = bytes(range(256)) * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a.bin").write_bytes(DATA)
    (tmp_path / "secret.txt").write_text("not served")
    return tmp_path / "inside"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", (0, 10)),
        ("bytes=3-5", (3, 6)),
        ("bytes=3-99", (3, 10)),
        ("bytes=-4", (6, 10)),
        ("bytes=-40", (0, 10)),
        ("bytes=9-9", (9, 10)),
        ("bytes=10-", None),
        ("bytes=5-3", None),
        ("bytes=-0", None),
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=0-1,3-4", None),
    ],
)
def test_parse_range(header: str, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, 10) == expected


def test_whole_file_and_head(folder: Path) -> None:
    with serve(folder) as base:
        got = requests.get(f"{base}/a.bin", timeout=10)
        head = requests.head(f"{base}/a.bin", timeout=10)
    assert got.status_code == 200
    assert got.content == DATA
    assert got.headers["Accept-Ranges"] == "bytes"
    assert head.headers["Content-Length"] == str(len(DATA))
    assert head.headers["ETag"] == got.headers["ETag"]
    assert head.content == b""


@pytest.mark.parametrize(("first", "last"), [(0, 99), (100, 100), (5000, None)])
def test_a_range_is_answered_with_206_and_says_where_it_lies(folder: Path, first: int, last: int | None) -> None:
    end = len(DATA) if last is None else last + 1
    header = f"bytes={first}-" if last is None else f"bytes={first}-{last}"
    with serve(folder) as base:
        got = requests.get(f"{base}/a.bin", headers={"Range": header}, timeout=10)
    assert got.status_code == 206
    assert got.content == DATA[first:end]
    assert got.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(DATA)}"


def test_a_range_past_the_end_is_416_and_a_changed_file_is_sent_whole(folder: Path) -> None:
    with serve(folder) as base:
        past = requests.get(f"{base}/a.bin", headers={"Range": f"bytes={len(DATA)}-"}, timeout=10)
        stale = {"Range": "bytes=10-", "If-Range": '"of another version"'}
        whole = requests.get(f"{base}/a.bin", headers=stale, timeout=10)
    assert past.status_code == 416
    assert past.headers["Content-Range"] == f"bytes */{len(DATA)}"
    assert (whole.status_code, whole.content) == (200, DATA)


@pytest.mark.parametrize("path", ["/nothing", "/../secret.txt", "/%2e%2e/secret.txt", "/"])
def test_nothing_outside_the_folder_is_served(folder: Path, path: str) -> None:
    with serve(folder) as base:
        where = urlsplit(base)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 404
        assert answer.read() == b""
        connection.close()


def test_a_cut_download_can_be_resumed(folder: Path) -> None:
    log: list[str] = []
    with serve(folder, faults=Faults(cut_first_bytes={"a.bin": 1000}), log=log) as base:
        where = urlsplit(base)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
        connection.request("GET", "/a.bin")
        answer = connection.getresponse()
        with pytest.raises(http.client.IncompleteRead) as cut:
            answer.read()
        answer.close()
        connection.close()
        part = cut.value.partial
        rest = requests.get(f"{base}/a.bin", headers={"Range": f"bytes={len(part)}-"}, timeout=10)
    assert part == DATA[:1000]
    assert part + rest.content == DATA
    assert log == ["GET a.bin", "GET a.bin bytes=1000-"]


def test_a_refusal_comes_once(folder: Path) -> None:
    with serve(folder, faults=Faults(refuse_first=frozenset({"a.bin"}))) as base:
        codes = [requests.get(f"{base}/a.bin", timeout=10).status_code for _ in range(3)]
    assert codes == [503, 200, 200]


def test_the_port_is_free_again_afterwards(folder: Path) -> None:
    with serve(folder) as base:
        assert requests.get(f"{base}/a.bin", timeout=10).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{base}/a.bin", timeout=10)
