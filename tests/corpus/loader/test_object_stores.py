"""Token folders on S3 and Google Cloud Storage, by local servers that speak their protocols.

They are no dependency of Siku: `pip install "moto[server]" gcp-storage-emulator` where their commands are on the PATH.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import numpy as np
import pytest
import torch
from pyarrow import fs

from corpus.errors import RecipeError, ShardError
from corpus.loader import TokenLoader, TokenShards
from corpus.loader.write_tokens import write_tokens
from corpus.shards import token_batches

OPTIONS = {"seq_len": 64, "batch_size": 2, "blocks": 3, "seed": 1}
TENSORS = ("input_ids", "labels", "position_ids", "cu_seqlens")


@contextlib.contextmanager
def serving(command: str, *arguments: str):
    """A server on a free port: the port. Skips where the command is not there."""
    path = shutil.which(command)
    if path is None:
        pytest.skip(f"{command} is not on the PATH (see the top of this file)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = [argument.format(port=port) for argument in arguments]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    server = subprocess.Popen([path, *given], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean)
    try:
        for _ in range(600):
            assert server.poll() is None, f"{command} ended with {server.returncode}"
            with socket.socket() as caller:
                if caller.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.kill()
        server.wait()


def asked(method: str, url: str, data: bytes | None = None) -> None:
    request = urllib.request.Request(url, data, {"Content-Type": "application/octet-stream"}, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        answer.read()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Many small batches: (folder, documents)."""
    rng = np.random.default_rng(1)
    documents = [rng.integers(1, 300, length) for length in rng.integers(1, 90, 200)]
    folder = tmp_path_factory.mktemp("store") / "tokens"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_batches, "MOST_TOKENS", 500)
        write_tokens(folder, documents, vocab_size=300, tokens_per_part=2500, pad_id=0)
    return folder, documents


@pytest.fixture(scope="module")
def s3(folder):
    """URL of the folder, and where its bucket is written to."""
    if not hasattr(fs, "S3FileSystem"):
        pytest.skip("this pyarrow was built without S3")
    with serving("moto_server", "-H", "127.0.0.1", "-p", "{port}") as port:
        bucket = f"http://127.0.0.1:{port}/bucket"
        asked("PUT", bucket, b"")
        for path in sorted(folder[0].iterdir()):
            asked("PUT", f"{bucket}/tokens/{path.name}", path.read_bytes())
        place = {"scheme": "http", "endpoint_override": f"127.0.0.1:{port}", "region": "us-east-1"}
        yield f"s3://KEY:VERYSECRET@bucket/tokens?{urllib.parse.urlencode(place)}", bucket


@pytest.fixture(scope="module")
def gs(folder):
    """URL of the folder."""
    if not hasattr(fs, "GcsFileSystem"):
        pytest.skip("this pyarrow was built without GCS")
    options = ("--host", "127.0.0.1", "--port", "{port}", "--in-memory", "--default-bucket", "bucket")
    with serving("gcp-storage-emulator", "start", *options) as port:
        for path in sorted(folder[0].iterdir()):
            name = urllib.parse.quote(f"tokens/{path.name}", safe="")
            to = f"http://127.0.0.1:{port}/upload/storage/v1/b/bucket/o?uploadType=media&name={name}"
            asked("POST", to, path.read_bytes())
        yield f"gs://anonymous@bucket/tokens?scheme=http&endpoint_override=127.0.0.1:{port}&retry_limit_seconds=2"


def assert_read(url, folder, tmp_path, monkeypatch):
    """A loader gives the batches of the folder itself, also where it goes on from a state."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    loader, local = TokenLoader(url, **OPTIONS), TokenLoader(folder, **OPTIONS)
    assert loader.shards.fingerprint == local.shards.fingerprint
    steps = 0
    for given, wanted in zip(loader, local, strict=True):
        assert all(torch.equal(given[name], wanted[name]) for name in TENSORS)
        steps += 1
        if steps == 20:
            loader, state = TokenLoader(url, **OPTIONS), loader.state_dict()
            loader.load_state_dict(state)
            assert torch.equal(next(loader)["input_ids"], local.rows(40, 42)["input_ids"])
    assert steps > 40
    small = TokenShards(url, cache_dir=tmp_path / "small", cache_bytes=6000)
    batch = int(small._index.num_bytes.max())
    assert len(small.gather(np.arange(len(small)))) == small.num_tokens
    assert small.stats()["cache_evicted"] > 3 and small.stats()["bytes_read"] < 2 * sum(
        path.stat().st_size for path in folder.iterdir()
    )
    assert sum(entry.stat().st_size for entry in os.scandir(tmp_path / "small")) <= 6000 + batch


def test_a_loader_reads_from_s3(s3, folder, tmp_path, monkeypatch):
    assert_read(s3[0], folder[0], tmp_path, monkeypatch)


def test_a_loader_reads_from_gs(gs, folder, tmp_path, monkeypatch):
    assert_read(gs, folder[0], tmp_path, monkeypatch)


def test_the_environment_says_where_s3_is(s3, folder, tmp_path, monkeypatch):
    place = dict(urllib.parse.parse_qsl(s3[0].partition("?")[2]))
    for name, value in {
        "AWS_ACCESS_KEY_ID": "KEY",
        "AWS_SECRET_ACCESS_KEY": "VERYSECRET",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{place['endpoint_override']}",
    }.items():
        monkeypatch.setenv(name, value)
    shards = TokenShards("s3://bucket/tokens", cache_dir=tmp_path)
    assert np.array_equal(shards.gather(np.arange(200)), np.concatenate(folder[1]))


def test_what_cannot_be_read_from_s3_is_named_without_its_secrets(s3, folder, tmp_path):
    url, bucket = s3
    opened = {"cache_dir": tmp_path / "cache", "retries": 1}
    for path in sorted(folder[0].iterdir()):
        data = bytearray(path.read_bytes())
        if path.name == "00001.arrow":
            data[len(data) // 2] ^= 1
        asked("PUT", f"{bucket}/damaged/{path.name}", bytes(data))
    every = np.arange(200)
    for change, message in [
        (("/tokens", "/nothing"), r"s3://bucket/nothing/manifest\.json cannot be read: .*does not exist"),
        (("@bucket", "@none"), r"s3://none/tokens/manifest\.json cannot be read"),
        (("/tokens", "/damaged"), r"s3://bucket/damaged/00001\.arrow \(bytes \d+ to .*tried 2 times: the bytes have"),
    ]:
        with pytest.raises(ShardError, match=message) as caught:
            TokenShards(url.replace(*change), **opened).gather(every)
        assert "SECRET" not in str(caught.value) and "endpoint" not in str(caught.value)
    shards = TokenShards(url.replace("/tokens", "/damaged"), on_bad_shard="quarantine", **opened)
    assert len(shards.gather(every)) == shards.num_tokens and len(shards.quarantined) == 1
    fs.FileSystem.from_uri(url)[0].delete_file("bucket/damaged/00001.arrow")
    with pytest.raises(ShardError, match=r"00001\.arrow .* cannot be read: .*does not exist"):
        TokenShards(url.replace("/tokens", "/damaged"), cache_dir=tmp_path / "other", retries=1).gather(every)


@pytest.mark.parametrize(
    "url",
    ["s3://KEY:VERYSECRET@bucket/tokens?endpoint_url=x", "s4://KEY:VERYSECRET@bucket/tokens"],
    ids=["option", "kind"],
)
def test_a_url_that_nobody_knows_is_refused(url):
    with pytest.raises(RecipeError, match=r"://bucket/tokens cannot be opened: .*expected http\(s\)") as caught:
        TokenShards(url)
    assert "SECRET" not in str(caught.value)
