"""TokenShards gives back what was written, and refuses what is damaged."""

import json
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import ShardError
from corpus.loader.token_shards import TokenShards


def documents(seed: int, count: int, vocab_size: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, vocab_size, length) for length in rng.integers(0, 90, count)]


@pytest.mark.parametrize("vocab_size", [300, 1 << 16, (1 << 16) + 1], ids=["small", "uint16", "uint32"])
def test_gather_gives_back_the_documents(tmp_path: Path, token_writer, vocab_size):
    written = documents(1, 137, vocab_size)
    shards = TokenShards(token_writer(tmp_path, written, vocab_size=vocab_size))
    assert len(shards) == 137
    assert shards.dtype == (np.uint16 if vocab_size <= 1 << 16 else np.uint32)
    assert shards.lengths.dtype == np.int32
    assert shards.lengths.tolist() == [len(tokens) for tokens in written]
    order = np.random.default_rng(2).integers(0, 137, 400)
    expected = np.concatenate([written[document] for document in order])
    out = np.full(len(expected) + 9, 7, shards.dtype)
    got = shards.gather(order, out)
    assert np.array_equal(got, expected)
    assert np.shares_memory(got, out)
    assert (out[len(expected) :] == 7).all()


def test_gather_of_pieces(tmp_path: Path, token_writer):
    written = documents(3, 60, 1000)
    shards = TokenShards(token_writer(tmp_path, written, vocab_size=1000))
    order = np.arange(60)
    starts = np.array([len(tokens) // 3 for tokens in written])
    lengths = np.array([len(tokens) // 2 for tokens in written])
    expected = [t[s : s + n] for t, s, n in zip(written, starts, lengths, strict=True)]
    got = shards.gather(order, starts=starts, lengths=lengths)
    assert np.array_equal(got, np.concatenate(expected))


def test_a_document_that_does_not_exist_is_refused(tmp_path: Path, token_writer):
    shards = TokenShards(token_writer(tmp_path, documents(4, 10, 1000), vocab_size=1000))
    for bad in ([10], [-1]):
        with pytest.raises(IndexError, match="there are 10"):
            shards.gather(np.array(bad))
    with pytest.raises(IndexError, match="ends after"):
        shards.gather(np.array([0]), starts=np.array([0]), lengths=np.array([1000]))
    with pytest.raises(ValueError, match="expected contiguous uint16"):
        shards.gather(np.array([0]), np.empty(1000, np.int64))


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["parts"][0].update(changes)
    path.write_text(json.dumps(manifest))


def test_damage_is_named(tmp_path: Path, token_writer):
    written = documents(5, 120, 1000)

    def fresh(name: str, **options) -> Path:
        return token_writer(tmp_path / name, written, vocab_size=1000, **options)

    folder = fresh("missing")
    (folder / "p000050.arrow").unlink()
    with pytest.raises(ShardError, match=r"p000050\.arrow .* is missing"):
        TokenShards(folder)
    folder = fresh("rows")
    edit_manifest(folder, rows=49)
    with pytest.raises(ShardError, match="50 rows, the manifest says 49"):
        TokenShards(folder)
    folder = fresh("short")
    part = folder / "p000000.arrow"
    part.write_bytes(part.read_bytes()[:-10])
    with pytest.raises(ShardError, match="bytes, the manifest says"):
        TokenShards(folder)
    edit_manifest(folder, bytes=part.stat().st_size)
    with pytest.raises(ShardError, match="no Arrow IPC file"):
        TokenShards(folder)
    with pytest.raises(ShardError, match="compressed"):
        TokenShards(token_writer(tmp_path / "zstd", [np.arange(5000) % 9], vocab_size=1000, compression="zstd"))
    with pytest.raises(ShardError, match="manifest"):
        TokenShards(tmp_path / "nowhere")


def test_another_vocabulary_is_refused(tmp_path: Path, token_writer):
    folder = token_writer(tmp_path, documents(6, 10, 1000), vocab_size=1000)
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"vocab_size": 1000', '"vocab_size": 70000'))
    with pytest.raises(ShardError, match=r"uint16.*uint32.*vocab_size"):
        TokenShards(folder)


def test_offsets_that_disagree_are_found_before_reading(tmp_path: Path, token_writer):
    """A flipped byte in the list offsets must raise and not read outside the map."""
    written = [np.full(1000 + i, i) for i in range(10)]
    folder = token_writer(tmp_path, written, vocab_size=1000)
    part = folder / "p000000.arrow"
    data = part.read_bytes()
    true = np.cumsum([1000 + i for i in range(3)]).astype(np.int64).tobytes()
    false = np.array([1000, 1 << 40, 3003], np.int64).tobytes()
    assert data.count(true) == 1
    part.write_bytes(data.replace(true, false))
    shards = TokenShards(folder)
    assert (shards.gather(np.array([5])) == 5).all()
    with pytest.raises(ShardError, match="document 1 has offsets"):
        shards.gather(np.array([5, 1]))
