"""Documents go to other formats and come back; what is written is what their published layouts say."""

import itertools
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import RecipeError, ShardError
from corpus.loader import convert_megatron
from corpus.loader.convert_hf import export_hf, import_hf
from corpus.loader.convert_mds import export_mds, import_mds
from corpus.loader.convert_megatron import export_megatron, import_megatron
from corpus.loader.loss_masks import mask_of, spans_of
from corpus.loader.token_shards import TokenShards
from corpus.loader.write_tokens import TokenWriter, write_tokens
from corpus.shards import load_manifest, read_table


def documents(count: int = 130, vocab_size: int = 300, least: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(count)
    return [rng.integers(0, vocab_size, length) for length in rng.integers(least, 50, count)]


def read_all(folder: Path) -> list[list[int]]:
    shards = TokenShards(folder, verify="full")
    every = shards.gather(np.arange(len(shards)))
    return [one.tolist() for one in np.split(every, np.cumsum(shards.lengths)[:-1])]


def megatron_files(prefix: Path, sequences: list[np.ndarray], indices: list[int], dtype: str, code: int) -> None:
    """As megatron-core's IndexedDatasetBuilder writes them."""
    Path(f"{prefix}.bin").write_bytes(b"".join(one.astype(dtype).tobytes() for one in sequences))
    lengths = [len(one) for one in sequences]
    item = np.dtype(dtype).itemsize
    with Path(f"{prefix}.idx").open("wb") as file:
        file.write(b"MMIDIDX\x00\x00" + struct.pack("<Q", 1) + struct.pack("<B", code))
        file.write(struct.pack("<Q", len(sequences)) + struct.pack("<Q", len(indices)))
        file.write(np.array(lengths, np.int32).tobytes())
        file.write(np.array([item * sum(lengths[:i]) for i in range(len(lengths))], np.int64).tobytes())
        file.write(np.array(indices, np.int64).tobytes())


@pytest.mark.parametrize(("dtype", "code", "vocab_size"), [("uint16", 8, 300), ("int32", 4, 70_000)])
def test_megatron_files_come_back_byte_for_byte(tmp_path, monkeypatch, dtype, code, vocab_size):
    monkeypatch.setattr(convert_megatron, "_TOKENS_AT_A_TIME", 333)
    written = documents(vocab_size=vocab_size)
    megatron_files(tmp_path / "given", written, list(range(len(written) + 1)), dtype, code)
    manifest = import_megatron(tmp_path / "given", tmp_path / "tokens", vocab_size=vocab_size, source="cc", eos_id=0)
    assert read_all(tmp_path / "tokens") == [one.tolist() for one in written]
    assert manifest.info["eos_id"] == 0 and manifest.counts["cc"].kept == 130
    assert export_megatron(tmp_path / "tokens", tmp_path / "made") == 130
    for ending in ("bin", "idx"):
        assert (tmp_path / f"made.{ending}").read_bytes() == (tmp_path / f"given.{ending}").read_bytes()


def test_megatron_documents_of_several_sequences(tmp_path):
    written = documents(9, least=1)
    megatron_files(tmp_path / "a", written, [0, 2, 2, 5, 9], "int32", 4)
    import_megatron(tmp_path / "a", tmp_path / "tokens")
    joined = [np.concatenate([*written[a:b], []]).tolist() for a, b in [(0, 2), (2, 2), (2, 5), (5, 9)]]
    assert read_all(tmp_path / "tokens") == joined
    largest = max(int(one.max()) for one in written)
    assert load_manifest(tmp_path / "tokens").info["vocab_size"] == largest + 1


def test_what_is_no_megatron_file_is_refused(tmp_path):
    written = documents(9)
    prefix = tmp_path / "a"
    megatron_files(prefix, written, list(range(10)), "uint16", 8)
    index, tokens = Path(f"{prefix}.idx").read_bytes(), Path(f"{prefix}.bin").read_bytes()

    def refused(message, index=index, tokens=tokens):
        Path(f"{prefix}.idx").write_bytes(index)
        Path(f"{prefix}.bin").write_bytes(tokens)
        with pytest.raises(ShardError, match=message):
            import_megatron(prefix, tmp_path / "tokens")

    refused("does not begin with MMIDIDX", index=b"nothing at all, but long enough for a head of its own")
    refused("version 2", index=index[:9] + struct.pack("<Q", 2) + index[17:])
    refused("type 7", index=index[:17] + b"\x07" + index[18:])
    refused("cut short", index=index[:-1])
    refused("its index speaks of", tokens=tokens[:-2])
    refused("do not run from 0", index=index[:-8] + bytes(8))
    with pytest.raises(ShardError, match="is missing"):
        import_megatron(tmp_path / "a.bin", tmp_path / "tokens")
    write_tokens(tmp_path / "masked", [np.arange(3)], vocab_size=9, loss_spans=[[0, 1]])
    with pytest.raises(RecipeError, match="has loss spans"):
        export_megatron(tmp_path / "masked", tmp_path / "b")
    with pytest.raises(RecipeError, match="cannot hold 70000 ids"):
        write_tokens(tmp_path / "wide", [np.arange(3)], vocab_size=70_000)
        export_megatron(tmp_path / "wide", tmp_path / "b", dtype="uint16")


KINDS = [("web", "zh"), ("web", "en"), ("books", "zh")]


def masked_folder(folder: Path, *, with_loss: bool = True, least: int = 0, vocab_size: int = 300) -> Path:
    writer = TokenWriter(folder, vocab_size=vocab_size, loss_spans=with_loss, tokens_per_part=900)
    rng = np.random.default_rng(8)
    for number, tokens in enumerate(documents(least=least, vocab_size=vocab_size)):
        source, language = KINDS[number % 3]
        spans = [None, [], spans_of(rng.random(len(tokens)) < 0.5, len(tokens))][number % 3 if len(tokens) else 0]
        lengths = np.array([len(tokens)])
        writer.add(lengths, tokens, source=source, language=language, ids=[f"id{number}"], spans=[spans])
    writer.finish(eos_id=1)
    return folder


def rows_of(folder: Path, *, with_empty: bool = True) -> list[dict]:
    """What the parts say, in an order that does not depend on how they were cut."""
    rows = [row for part in load_manifest(folder).parts for row in read_table(folder / part.path).to_pylist()]
    for row in rows:
        row["mask"] = mask_of(row.pop("loss_spans", None), row["num_tokens"]).tolist()
    return sorted((row for row in rows if with_empty or row["num_tokens"]), key=lambda row: row["id"])


@pytest.mark.parametrize("with_loss", [True, False])
def test_mds_there_and_back(tmp_path, with_loss):
    folder = masked_folder(tmp_path / "a", with_loss=with_loss)
    counts = export_mds(folder, tmp_path / "mds", shard_bytes=2000)
    assert counts["empty"] > 0 and sum(counts.values()) == 130
    assert len(json.loads((tmp_path / "mds" / "index.json").read_bytes())["shards"]) > 3
    import_mds(tmp_path / "mds", tmp_path / "b", vocab_size=300, mask="loss_mask" if with_loss else None)
    assert rows_of(tmp_path / "b") == rows_of(folder, with_empty=False)


def mds_folder(path: Path, columns: dict[str, tuple[str, int | None]], samples: list[list[bytes]]) -> None:
    """As streaming's MDSWriter writes a folder; the columns are sorted."""
    names = sorted(columns)
    about = {"version": 2, "format": "mds", "compression": None, "hashes": [], "size_limit": 1 << 26}
    about |= {"column_names": names, "column_encodings": [columns[name][0] for name in names]}
    about |= {"column_sizes": [columns[name][1] for name in names]}
    head = json.dumps(about, sort_keys=True).encode()
    bodies = []
    for sample in samples:
        free = [len(one) for one, name in zip(sample, names, strict=True) if columns[name][1] is None]
        bodies.append(np.array(free, np.uint32).tobytes() + b"".join(sample))
    offsets = np.array([0, *map(len, bodies)]).cumsum().astype(np.uint32)
    offsets += 4 + 4 * len(offsets) + len(head)
    data = np.uint32(len(samples)).tobytes() + offsets.tobytes() + head + b"".join(bodies)
    path.mkdir()
    (path / "shard.00000.mds").write_bytes(data)
    raw = {"basename": "shard.00000.mds", "bytes": len(data), "hashes": {}}
    shards = [about | {"samples": len(samples), "raw_data": raw, "zip_data": None}]
    (path / "index.json").write_text(json.dumps({"version": 2, "shards": shards}))


@pytest.mark.parametrize(
    ("encoding", "size", "head", "dtype", "options"),
    [
        ("ndarray", None, bytes([33, 1 << 2, 20]), "int32", {}),
        ("ndarray:int64", None, bytes([1 << 2 | 1, 20, 0]), "int64", {}),
        ("ndarray:uint16:20", 40, b"", "uint16", {}),
        ("bytes", None, b"", "int64", {"bytes_dtype": "int64"}),
    ],
)
def test_every_way_mds_stores_ids(tmp_path, encoding, size, head, dtype, options):
    rng = np.random.default_rng(5)
    written = rng.integers(0, 300, (40, 20))
    samples = [[np.int64(number).tobytes(), head + one.astype(dtype).tobytes()] for number, one in enumerate(written)]
    mds_folder(tmp_path / "mds", {"at": ("int", 8), "tokens": (encoding, size)}, samples)
    import_mds(tmp_path / "mds", tmp_path / "tokens", vocab_size=300, **options)
    assert read_all(tmp_path / "tokens") == written.tolist()
    with pytest.raises(RecipeError, match="there are at, tokens"):
        import_mds(tmp_path / "mds", tmp_path / "x", vocab_size=300, tokens="input_ids")
    with pytest.raises(RecipeError, match="read are ndarray"):
        import_mds(tmp_path / "mds", tmp_path / "x", vocab_size=300, tokens="at")


def test_damaged_mds_is_refused(tmp_path):
    mds_folder(tmp_path / "mds", {"tokens": ("ndarray:uint16", None)}, [[bytes([4, 1, 7, 0])]] * 3)
    shard, index = tmp_path / "mds" / "shard.00000.mds", tmp_path / "mds" / "index.json"
    data, said = shard.read_bytes(), index.read_text()
    shard.write_bytes(data[:-1])
    with pytest.raises(ShardError, match=r"index\.json says"):
        import_mds(tmp_path / "mds", tmp_path / "a", vocab_size=9)
    shard.write_bytes(data[:4] + b"\xff\xff" + data[6:])
    with pytest.raises(ShardError, match="offsets that lie outside"):
        import_mds(tmp_path / "mds", tmp_path / "a", vocab_size=9)
    shard.unlink()
    index.write_text(said.replace("null", '"zstd"', 1))
    with pytest.raises(ShardError, match="decompress it first"):
        import_mds(tmp_path / "mds", tmp_path / "a", vocab_size=9)
    index.write_text("{}")
    with pytest.raises(ShardError, match="no index of MDS"):
        import_mds(tmp_path / "mds", tmp_path / "a", vocab_size=9)


@pytest.mark.parametrize("with_loss", [True, False])
@pytest.mark.parametrize("vocab_size", [300, 70_000])
def test_datasets_there_and_back(tmp_path, with_loss, vocab_size):
    import datasets  # seconds, which every worker would need to collect the tests

    folder = masked_folder(tmp_path / "a", with_loss=with_loss, vocab_size=vocab_size)
    assert export_hf(folder, tmp_path / "hf") == 130
    files = sorted(map(str, (tmp_path / "hf").glob("*.parquet")))
    loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=tmp_path / "cache")
    first = rows_of(folder)[0]
    row = next(row for row in loaded if row["id"] == first["id"])
    assert row["input_ids"] == first["tokens"] and (row["source"], row["language"]) == (first["source"], "zh")
    if with_loss:
        assert [label != -100 for label in row["labels"]] == first["mask"]
        assert all(label in (-100, id_) for label, id_ in zip(row["labels"], row["input_ids"], strict=True))
    loaded.save_to_disk(tmp_path / "disk")
    labels = "labels" if with_loss else None
    for number, dataset in enumerate([loaded, tmp_path / "disk", tmp_path / "hf"]):
        import_hf(dataset, tmp_path / f"back{number}", vocab_size=vocab_size, labels=labels)
        assert rows_of(tmp_path / f"back{number}") == rows_of(folder)


def test_a_dataset_with_a_mask_and_nothing_else(tmp_path):
    import datasets

    rows = {"ids": [[1, 2, 3], [], [4]], "trained": [[0, 1, 1], [], [1]]}
    dataset = datasets.Dataset.from_dict(rows)
    import_hf(dataset, tmp_path / "a", vocab_size=9, tokens="ids", mask="trained", source="s", language="en")
    found = rows_of(tmp_path / "a")
    assert [(row["id"], row["tokens"], row["mask"]) for row in found] == [
        ("s/0", [1, 2, 3], [False, True, True]),
        ("s/1", [], []),
        ("s/2", [4], [True]),
    ]
    for options, message in [
        ({"tokens": "input_ids"}, "there are ids, trained"),
        ({"tokens": "ids", "mask": "trained", "labels": "trained"}, "one of them"),
    ]:
        with pytest.raises(RecipeError, match=message):
            import_hf(dataset, tmp_path / "b", vocab_size=9, **options)
    with pytest.raises(RecipeError, match="other lengths"):
        ragged = datasets.Dataset.from_dict({"ids": [[1, 2]], "trained": [[1]]})
        import_hf(ragged, tmp_path / "b", vocab_size=9, tokens="ids", mask="trained")
    with pytest.raises(RecipeError, match="no Parquet files"):
        import_hf(tmp_path / "a", tmp_path / "b", vocab_size=9)


@given(st.lists(st.booleans(), max_size=30))
def test_masks_and_spans_say_the_same(mask):
    spans = spans_of(np.array(mask, bool), len(mask))
    assert (spans is None) == all(mask)
    assert mask_of(spans, len(mask)).tolist() == mask
    borders = [-1, *(spans or []), len(mask) + 1]
    assert all(first < second for first, second in itertools.pairwise(borders)) and len(borders) % 2 == 0
