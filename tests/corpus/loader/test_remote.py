"""Remote folders give the same tokens as local ones, whatever the server, the cache and other processes do."""

import collections
import concurrent.futures
import errno
import http.server
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import xxhash

from corpus.errors import RecipeError, ShardError
from corpus.loader import remote_files
from corpus.loader.cache import FileCache
from corpus.loader.token_shards import TokenShards
from corpus.loader.write_tokens import write_tokens
from corpus.shards import token_batches

UNIT = 1500  # bytes of the largest batch, about


class _Handler(http.server.BaseHTTPRequestHandler):
    """Files with ranges; `server.fault(path, begin, number)` may say "500", "short", "flip", "gone" or "whole"."""

    def do_GET(self):
        path = self.server.folder / self.path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        begin, end = (int(asked[1]), int(asked[2]) + 1) if asked else (0, len(data))
        with self.server.lock:
            self.server.asked.append((self.path, begin))
            fault = self.server.fault(self.path.lstrip("/"), begin, len(self.server.asked))
        if fault in ("500", "gone"):
            self.send_error(500 if fault == "500" else 404)
            return
        body = data if fault == "whole" else data[begin:end]
        if fault == "flip":
            body = bytes([body[0] ^ 1]) + body[1:]
        self.send_response(206 if asked and fault != "whole" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if fault == "short" else body)

    def log_message(self, format, *args):
        pass


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A folder of many small batches, with loss spans: (folder, documents, spans)."""
    monkeypatch.setattr(token_batches, "MOST_TOKENS", 500)
    monkeypatch.setattr(remote_files, "_FIRST_PAUSE_S", 0.001)
    rng = np.random.default_rng(1)
    documents = [rng.integers(0, 300, length) for length in rng.integers(0, 90, 300)]
    spans = [None if i % 2 else [0, len(one) // 2] for i, one in enumerate(documents)]
    folder = tmp_path / "tokens"
    write_tokens(folder, documents, vocab_size=300, loss_spans=spans, tokens_per_part=4000, pad_id=7)
    return folder, documents, spans


@pytest.fixture
def server(written):
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    served.folder, served.lock, served.asked = written[0], threading.Lock(), []
    served.fault = lambda path, begin, number: None
    served.url = f"http://127.0.0.1:{served.server_port}"
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


def folder_bytes(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder))


def read_at_random(shards, documents, seed, turns=25, cache=None, most=0):
    """Gather random pieces and compare; the cache's size is looked at after each."""
    rng = np.random.default_rng(seed)
    for _ in range(turns):
        chosen = rng.integers(0, len(documents), 12)
        whole = np.array([len(documents[document]) for document in chosen])
        starts = rng.integers(0, whole + 1)
        lengths = rng.integers(0, whole - starts + 1)
        expected = [documents[d][s : s + n] for d, s, n in zip(chosen, starts, lengths, strict=True)]
        assert np.array_equal(shards.gather(chosen, starts=starts, lengths=lengths), np.concatenate(expected))
        if cache is not None:
            assert folder_bytes(cache) <= most


def test_a_cache_smaller_than_the_data(written, server, tmp_path):
    folder, documents, _ = written
    local, cache = TokenShards(folder), tmp_path / "cache"
    size = 4 * UNIT
    shards = TokenShards(server.url, cache_dir=cache, cache_bytes=size)
    assert shards.fingerprint == local.fingerprint and len(shards) == len(documents)
    assert local._index.num_bytes.max() < UNIT and local._index.num_bytes.sum() > 5 * size
    assert np.array_equal(shards.lengths, local.lengths)
    read_at_random(shards, documents, 2, cache=cache, most=size + UNIT)
    assert not shards.is_local
    stats = shards.stats()
    assert stats["cache_evicted"] > 20 and stats["failed_reads"] == 0 and stats["bytes_read"] > size
    assert stats["batches_mapped"] < 20  # what the cache removed was given up
    every = np.arange(len(documents)), np.zeros(len(documents), np.int64), local.lengths
    for one, other in zip(shards.loss_spans(*every), local.loss_spans(*every), strict=True):
        assert np.array_equal(one, other)


def test_a_second_job_finds_everything_in_the_cache(written, server, tmp_path):
    _, documents, _ = written
    for turn in range(2):
        server.asked.clear()
        shards = TokenShards(server.url, cache_dir=tmp_path / "cache")
        assert len(shards.lengths) == 300
        shards.prefetch(np.arange(50))
        assert np.array_equal(shards.gather(np.arange(300)), np.concatenate(documents))
        paths = {path for path, _ in server.asked}
        assert paths == ({"/manifest.json", "/index.arrow"} if turn else paths) and len(paths) > 1
    assert shards.stats()["cache_misses"] == 0 < shards.stats()["cache_hits"]


@pytest.mark.parametrize("fault", ["500", "short", "flip"])
def test_a_server_that_often_fails(written, server, tmp_path, fault):
    _, documents, _ = written
    shards = TokenShards(server.url, cache_dir=tmp_path / "cache", retries=2)
    assert len(shards.lengths) == 300
    tries = collections.Counter()

    def twice(path, begin, number):
        tries[path, begin] += 1
        return fault if tries[path, begin] <= 2 else None

    server.fault = twice
    read_at_random(shards, documents, 3, turns=8)
    assert shards.stats()["failed_reads"] > 5


def test_what_cannot_be_read_is_named(written, server, tmp_path):
    folder, documents, _ = written
    index = TokenShards(folder)._index
    bad = 4
    first, last = index.runs.first_document[bad : bad + 2]
    place = int(index.begin[bad])
    name = f"{index.part[bad]:05d}.arrow"

    def fault(path, begin, number):
        return "flip" if path == name and begin == place else None

    opened = {"cache_dir": tmp_path / "cache", "retries": 2}
    shards = TokenShards(server.url, **opened)
    assert len(shards.lengths) == 300
    server.fault = fault
    assert len(shards.gather(np.array([int(first) - 1, int(last)]))) > 0
    for _ in range(2):  # and again when asked for again
        with pytest.raises(ShardError, match=rf"{name} \(bytes {place} to .*tried 3 times: the bytes have xxh3"):
            shards.gather(np.array([int(first)]))
    shards = TokenShards(server.url, on_bad_shard="quarantine", **opened)
    every = np.arange(300), np.zeros(300, np.int64), shards.lengths
    expected = documents[:first] + [np.full(len(one), 7) for one in documents[first:last]] + documents[last:]
    assert np.array_equal(shards.gather(every[0]), np.concatenate(expected))
    spans, splits = shards.loss_spans(*every)
    local, local_splits = TokenShards(folder).loss_spans(*every)
    counts = np.diff(local_splits)
    counts[first:last] = 0
    assert np.array_equal(np.diff(splits), counts)
    assert np.array_equal(spans, np.delete(local, np.s_[local_splits[first] : local_splits[last]], axis=0))
    (lost,) = shards.quarantined
    tokens = sum(len(one) for one in documents[first:last])
    assert lost["part"].endswith(name) and (lost["byte"], lost["num_tokens"]) == (place, tokens)
    assert shards.stats()["quarantined_tokens"] == tokens


def test_a_local_part_that_is_gone_is_quarantined_too(written, monkeypatch):
    folder, documents, _ = written
    (folder / "00001.arrow").unlink()
    runs, part = TokenShards(folder).runs, TokenShards(folder)._index.part
    shards = TokenShards(folder, on_bad_shard="quarantine")
    with pytest.raises(ShardError, match=r"00001\.arrow .* is missing"):
        shards.lengths  # noqa: B018
    lengths = np.array([len(one) for one in documents])
    gone = np.repeat(part == 1, np.diff(runs.first_document))
    found = np.split(shards.gather(np.arange(300), lengths=lengths), np.cumsum(lengths)[:-1])
    for one, tokens, is_gone in zip(found, documents, gone, strict=True):
        assert np.array_equal(one, np.full(len(tokens), 7) if is_gone else tokens)
    assert len(shards.quarantined) == (part == 1).sum() > 0 and not shards.is_local
    monkeypatch.setattr("corpus.loader.token_shards._MOST_LOST", 2)
    with pytest.raises(ShardError, match=r"00001\.arrow .* is missing"):
        TokenShards(folder, on_bad_shard="quarantine").gather(np.arange(300), lengths=lengths)


def test_what_a_server_must_do(written, server, tmp_path):
    opened = {"cache_dir": tmp_path / "cache", "retries": 1}
    server.fault = lambda path, begin, number: "whole" if path.startswith("0") else None
    with pytest.raises(ShardError, match="does not answer ranged requests"):
        TokenShards(server.url, **opened).gather(np.arange(3), lengths=np.zeros(3))
    server.fault = lambda path, begin, number: "gone" if path.startswith("0") else None
    server.asked.clear()
    with pytest.raises(ShardError, match=r"00000\.arrow .* cannot be read: HTTP Error 404"):
        TokenShards(server.url, **opened).gather(np.arange(3), lengths=np.zeros(3))
    assert len(server.asked) == 3  # what cannot get better is not tried again
    with pytest.raises(ShardError, match=r"manifest\.json"):
        TokenShards(f"{server.url}/nothing", **opened)
    with pytest.raises(RecipeError, match="'full' would read all of"):
        TokenShards(server.url, verify="full", **opened)


def test_a_file_url(written, tmp_path):
    folder, documents, _ = written
    shards = TokenShards(folder.as_uri(), cache_dir=tmp_path / "cache", cache_bytes=UNIT)
    read_at_random(shards, documents, 5, turns=5)
    (folder / "00000.arrow").unlink()
    shards = TokenShards(folder.as_uri(), cache_dir=tmp_path / "other")
    with pytest.raises(ShardError, match=r"00000\.arrow .* cannot be read"):
        shards.gather(np.arange(3), lengths=np.zeros(3))


def test_a_cache_that_was_damaged_or_emptied_is_filled_again(written, server, tmp_path):
    _, documents, _ = written
    cache = tmp_path / "cache"
    shards = TokenShards(server.url, cache_dir=cache)
    read_at_random(shards, documents, 6, turns=10)
    damaged = 0
    for number, entry in enumerate(sorted(cache.iterdir())):
        if number % 3 == 0:
            entry.unlink()
        elif number % 3 == 1:
            os.truncate(entry, entry.stat().st_size - 1)
        else:
            size = entry.stat().st_size
            entry.unlink()  # what is mapped must not be changed in place
            entry.write_bytes(bytes(size))
        damaged += 1
    again = TokenShards(server.url, cache_dir=cache)
    read_at_random(again, documents, 6, turns=10)
    assert damaged > 10 and again.stats()["cache_misses"] > 10
    read_at_random(shards, documents, 7, turns=10)  # while the first job goes on


_JOB = """
import sys, types, corpus
sys.modules["corpus.loader"] = loader = types.ModuleType("corpus.loader")
loader.__path__ = [corpus.__path__[0] + "/loader"]  # not its __init__, which imports torch
import sys, numpy as np
from corpus.loader.token_shards import TokenShards
shards = TokenShards(sys.argv[1], cache_dir=sys.argv[2], cache_bytes=int(sys.argv[3]))
local = TokenShards(sys.argv[4])
rng = np.random.default_rng(int(sys.argv[5]))
print("begun", flush=True)
for turn in range(int(sys.argv[6])):
    chosen = rng.integers(0, len(local), 12)
    assert np.array_equal(shards.gather(chosen), local.gather(chosen))
print("done", shards.stats()["cache_misses"])
"""


def job(server, written, cache, size, seed, turns):
    arguments = [server.url, str(cache), str(size), str(written[0]), str(seed), str(turns)]
    return subprocess.Popen([sys.executable, "-c", _JOB, *arguments], stdout=subprocess.PIPE, text=True)


def test_processes_share_a_cache_and_may_be_killed(written, server, tmp_path):
    """Two jobs thrash one cache of three units; a third is killed in the middle: nobody reads anything wrong."""
    cache, size = tmp_path / "cache", 3 * UNIT
    jobs = [job(server, written, cache, size, seed, 30) for seed in range(2)]
    victim = job(server, written, cache, size, 9, 100_000)
    assert victim.stdout.readline() == "begun\n"
    time.sleep(0.5)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    for one in jobs:
        said, _ = one.communicate(timeout=120)
        assert one.returncode == 0 and "done" in said
    names = {entry.name for entry in cache.iterdir()}
    assert names and folder_bytes(cache) <= size + 3 * UNIT
    FileCache(cache, size).put("last", bytes(100))
    assert not any(".writing-" in entry.name for entry in cache.iterdir())
    assert folder_bytes(cache) <= size + 100


_WRITER = """
import sys, types, corpus
sys.modules["corpus.loader"] = loader = types.ModuleType("corpus.loader")
loader.__path__ = [corpus.__path__[0] + "/loader"]  # not its __init__, which imports torch
import sys, xxhash
from corpus.loader.cache import FileCache
cache = FileCache(sys.argv[1], 1 << 24)
for number in range(1 << 30):
    data = number.to_bytes(8, "little") * (1 << 17)
    import os
    os.close(cache.put(xxhash.xxh3_64_hexdigest(data), data))
    if number == 3:
        print("begun", flush=True)
"""


def test_a_kill_while_writing_leaves_whole_files_only(tmp_path):
    left_over = 0
    for _ in range(2):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        writer.kill()
        writer.communicate()
        whole = 0
        for entry in tmp_path.iterdir():
            if ".writing-" in entry.name:
                left_over += 1
            else:
                assert xxhash.xxh3_64_hexdigest(entry.read_bytes()) == entry.name
                whole += 1
        assert whole >= 4 and folder_bytes(tmp_path) <= (1 << 24) + (1 << 20)
    os.close(FileCache(tmp_path, 1 << 24).put("next", b"data"))
    assert not any(".writing-" in entry.name for entry in tmp_path.iterdir())


def test_the_file_used_longest_ago_goes_first(tmp_path):
    cache = FileCache(tmp_path, 300)
    for number, name in enumerate("abc"):
        os.close(cache.put(name, bytes(100)))
        os.utime(tmp_path / name, (number, number))
    os.close(cache.open("a", 100))  # now the last used
    os.close(cache.put("d", bytes(100)))
    assert cache.names() == {"a", "c", "d"} and cache.evicted == 1
    assert cache.open("b", 100) == -1 and cache.open("c", 99) == -1 and cache.names() == {"a", "d"}
    os.close(cache.put("large", bytes(500)))
    assert cache.names() == {"large"}  # one file more than the limit, never two
    os.close(cache.put("small", bytes(1)))
    assert cache.names() == {"small"}
    theirs = tmp_path / f"x.writing-{os.getppid()}-1"
    theirs.write_bytes(bytes(250))
    (tmp_path / "y.writing-999999999-1").write_bytes(bytes(9))
    os.close(cache.put("e", bytes(100)))  # what another process is writing counts, what a dead one left goes
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(["e", theirs.name])


def test_threads_read_at_once(written, server, tmp_path):
    _, documents, _ = written
    shards = TokenShards(server.url, cache_dir=tmp_path / "cache", cache_bytes=3 * UNIT)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(read_at_random, shards, documents, seed, 10) for seed in range(4)]:
            done.result()


def test_a_full_disk_is_not_taken_for_a_bad_shard(written, server, tmp_path, monkeypatch):
    shards = TokenShards(server.url, cache_dir=tmp_path / "cache", on_bad_shard="quarantine")
    assert len(shards.lengths) == 300

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="disk is full; give a smaller cache_bytes"):
        shards.gather(np.arange(9))
    assert not shards.quarantined
