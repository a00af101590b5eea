"""A folder opens from its index alone, and no damaged index or part makes a kernel read where it must not."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import RecipeError, ShardError
from corpus.loader import document_lengths
from corpus.loader.token_shards import TokenShards
from corpus.loader.write_tokens import TokenWriter, write_tokens
from corpus.schema import tokens_schema
from corpus.shards import hash_file, load_manifest, read_table, save_manifest, token_batches
from corpus.shards.token_batches import write_token_part

KINDS = [("web", "zh"), ("web", "en"), ("books", "zh")]


def write_mixed(folder: Path, seed: int = 0, *, with_loss: bool = True, vocab_size: int = 300, count: int = 230):
    """Documents of three kinds in parts of about 1,000 tokens: (tokens, spans, kind), in the folder's order."""
    rng = np.random.default_rng(seed)
    writer = TokenWriter(folder, vocab_size=vocab_size, loss_spans=with_loss, tokens_per_part=1000)
    written = []
    for number in range(count):
        tokens = rng.integers(0, vocab_size, rng.integers(0, 60))
        cuts = np.sort(rng.integers(0, len(tokens) + 1, 2 * rng.integers(0, 4))).tolist()
        spans = None if rng.random() < 0.4 else cuts
        kind = KINDS[rng.integers(0, 3)]
        lengths = np.array([len(tokens)])
        writer.add(lengths, tokens, source=kind[0], language=kind[1], ids=[str(number)], spans=[spans])
        written.append((tokens, spans, kind))
    manifest = writer.finish(eos_id=0, tokenizer_hash="0" * 16)
    order = [int(name) for part in manifest.parts for name in read_table(folder / part.path, ["id"])["id"].to_pylist()]
    assert sorted(order) == list(range(count))
    return [written[number] for number in order]


def pieces_of(written, seed: int, count: int = 500):
    rng = np.random.default_rng(seed)
    documents = rng.integers(0, len(written), count)
    whole = np.array([len(written[document][0]) for document in documents])
    starts = rng.integers(0, whole + 1)
    return documents, starts, rng.integers(0, whole - starts + 1)


@pytest.mark.parametrize("verify", ["size", "first_touch", "full"])
@pytest.mark.parametrize("vocab_size", [300, 70_000], ids=["uint16", "uint32"])
def test_locate_and_gather_give_what_was_written(tmp_path, vocab_size, verify):
    written = write_mixed(tmp_path, vocab_size=vocab_size)
    shards = TokenShards(tmp_path, verify=verify)
    assert shards._shards.stats()["parts_mapped"] == 0 and len(load_manifest(tmp_path).parts) > 3
    documents, starts, lengths = pieces_of(written, 1)
    expected = [written[d][0][s : s + n] for d, s, n in zip(documents, starts, lengths, strict=True)]
    positions = shards.locate(documents, starts, lengths)
    for position, tokens in zip(positions, expected, strict=True):
        assert np.array_equal(shards.all_tokens[position : position + len(tokens)], tokens)
    assert shards.all_tokens.ctypes.data == shards.base
    assert np.array_equal(shards.gather(documents, starts=starts, lengths=lengths), np.concatenate(expected))
    assert shards._shards.stats()["parts_mapped"] == len(load_manifest(tmp_path).parts)


def test_runs_say_what_the_documents_are(tmp_path):
    written = write_mixed(tmp_path)
    shards = TokenShards(tmp_path)
    runs = shards.runs
    assert len(shards) == len(written) == runs.first_document[-1]
    assert shards.num_tokens == sum(len(tokens) for tokens, _, _ in written)
    seen = 0
    for run, (first, last) in enumerate(zip(runs.first_document, runs.first_document[1:], strict=False)):
        kind = runs.source_names[runs.source[run]], runs.language_names[runs.language[run]]
        assert {one[2] for one in written[first:last]} == {kind}
        assert runs.num_tokens[run] == sum(len(one[0]) for one in written[first:last])
        seen += last - first
    assert seen == len(written)


def test_a_folder_without_an_index_is_the_same_folder(tmp_path, token_writer, numbered):
    written = write_mixed(tmp_path)
    indexed = TokenShards(tmp_path)
    manifest = load_manifest(tmp_path)
    manifest.extra.clear()
    save_manifest(tmp_path, manifest)
    scanned = TokenShards(tmp_path)
    pieces = pieces_of(written, 2)
    assert np.array_equal(indexed.locate(*pieces), scanned.locate(*pieces))
    assert np.array_equal(indexed.gather(pieces[0]), scanned.gather(pieces[0]))
    for one, other in zip(indexed.loss_spans(*pieces), scanned.loss_spans(*pieces), strict=True):
        assert np.array_equal(one, other)
    assert indexed.fingerprint == scanned.fingerprint
    with pytest.raises(ShardError, match=r"no index\.arrow"):
        TokenShards(tmp_path, verify="first_touch")
    alternating = TokenShards(token_writer(tmp_path / "rows", numbered(np.arange(1, 90)), vocab_size=70_000))
    assert np.array_equal(alternating.lengths, np.arange(1, 90))
    kinds = [alternating.runs.language_names[code] for code in alternating.runs.language]
    assert kinds[:3] == ["zh", "en", "zh"] and len(kinds) == 89


def naive_spans(spans, length, start, num):
    kept = [True] * length if spans is None else [False] * length
    for begin, end in zip((spans or [])[::2], (spans or [])[1::2], strict=True):
        kept[begin:end] = [True] * (end - begin)
    return kept[start : start + num]


def test_loss_spans_are_cut_to_the_pieces(tmp_path):
    written = write_mixed(tmp_path, seed=5)
    shards = TokenShards(tmp_path)
    documents, starts, lengths = pieces_of(written, 6)
    spans, splits = shards.loss_spans(documents, starts, lengths)
    assert spans.dtype == np.int32 and spans.shape == (splits[-1], 2) and splits[0] == 0
    partly = 0
    for piece, (document, start, length) in enumerate(zip(documents, starts, lengths, strict=True)):
        found = np.zeros(length, bool)
        last = 0
        for begin, end in spans[splits[piece] : splits[piece + 1]]:
            assert last <= begin < end <= length
            found[begin:end] = True
            last = end
        tokens, given, _ = written[document]
        assert found.tolist() == naive_spans(given, len(tokens), start, length)
        partly += 0 < found.sum() < length
    assert partly > 50
    plain = tmp_path / "plain"
    write_mixed(plain, with_loss=False)
    assert TokenShards(plain).loss_spans(documents, starts, lengths) is None


def test_lengths_of_a_large_corpus_are_read_as_they_are_asked_for(tmp_path, monkeypatch):
    written = write_mixed(tmp_path)
    expected = np.array([len(tokens) for tokens, _, _ in written])
    documents = np.random.default_rng(3).integers(0, len(written), 300)
    kept = TokenShards(tmp_path).lengths_of(documents)
    monkeypatch.setattr("corpus.loader.token_shards.MOST_KEPT", 10)
    shards = TokenShards(tmp_path)
    for chosen in (documents, documents[:1], documents[:0]):
        found = shards.lengths_of(chosen)
        assert found.dtype == np.int32 and np.array_equal(found, expected[chosen])
    assert "lengths" not in vars(shards)
    assert np.array_equal(kept, expected[documents])
    with pytest.raises(IndexError, match="there are 230"):
        shards.lengths_of(np.array([230]))
    assert document_lengths.MOST_KEPT == 1 << 24


def test_opening_and_lengths_read_no_tokens(tmp_path):
    """The whole of the tokens is overwritten: nothing notices before a document is read."""
    write_mixed(tmp_path)
    for part in load_manifest(tmp_path).parts:
        os.truncate(tmp_path / part.path, 8)
    assert len(TokenShards(tmp_path)) == 230
    with pytest.raises(ShardError, match="has 8 bytes, the manifest says"):
        TokenShards(tmp_path).gather(np.arange(1))


def test_what_is_missing_or_changed_is_named(tmp_path):
    write_mixed(tmp_path)
    path = tmp_path / "00001.arrow"
    data = path.read_bytes()
    path.unlink()
    shards = TokenShards(tmp_path)
    documents = np.arange(len(shards))
    with pytest.raises(ShardError, match=r"00001\.arrow .* is missing"):
        shards.gather(documents, lengths=np.zeros(len(shards)))
    with pytest.raises(ShardError, match=r"00001\.arrow .* is missing"):
        TokenShards(tmp_path, verify="full")
    index = read_table(tmp_path / "index.arrow").to_pylist()
    at = next(row for row in index if row["part"] == 1)["tokens_at"]
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert len(TokenShards(tmp_path).gather(documents))
    for verify in ("first_touch", "full"):
        with pytest.raises(ShardError, match=r"00001\.arrow is damaged"):
            TokenShards(tmp_path, verify=verify).gather(documents, lengths=np.zeros(len(shards)))
    with pytest.raises(RecipeError, match="expected one of size, first_touch, full"):
        TokenShards(tmp_path, verify="all")


def test_another_vocabulary_or_tokenizer_is_refused(tmp_path):
    tokenizer = tmp_path / "tokenizer.json"
    vocab = {chr(97 + i): i for i in range(7)}
    tokenizer.write_text(json.dumps({"model": {"vocab": vocab}, "added_tokens": [{"content": "<e>"}]}))
    info = {"tokenizer_hash": hash_file(tokenizer)}
    write_tokens(tmp_path / "a", [np.arange(8)], vocab_size=8, **info)
    for good in (tokenizer, tmp_path, info["tokenizer_hash"]):
        assert len(TokenShards(tmp_path / "a", tokenizer=good)) == 1
    write_tokens(tmp_path / "b", [np.arange(8)], vocab_size=9, **info)
    with pytest.raises(RecipeError, match=r"has 8 ids, the tokens .* with 9"):
        TokenShards(tmp_path / "b", tokenizer=tokenizer)
    with pytest.raises(RecipeError, match="were made with"):
        TokenShards(tmp_path / "a", tokenizer="0" * 16)
    with pytest.raises(RecipeError, match="is no file"):
        TokenShards(tmp_path / "a", tokenizer=tmp_path / "nothing.json")
    manifest = tmp_path / "a" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"vocab_size": 8', '"vocab_size": 70000'))
    with pytest.raises(ShardError, match=r"16-bit.*info\.vocab_size right"):
        TokenShards(tmp_path / "a")


def test_batches_keep_to_their_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(token_batches, "MOST_ROWS", 7)
    monkeypatch.setattr(token_batches, "MOST_TOKENS", 100)
    lengths = np.random.default_rng(4).integers(0, 40, 200)
    lengths[[5, 6]] = [500, 101]
    write_tokens(tmp_path, (lengths, np.zeros(lengths.sum(), np.int64)), vocab_size=9)
    rows = read_table(tmp_path / "index.arrow").to_pylist()
    first = 0
    for row in rows:
        assert row["num_tokens"] == lengths[first : first + row["rows"]].sum()
        assert row["rows"] <= 7 and (row["num_tokens"] <= 100 or row["rows"] == 1)
        first += row["rows"]
    assert first == 200 and {500, 101} <= {row["num_tokens"] for row in rows}


def test_an_empty_folder_and_empty_documents(tmp_path):
    write_tokens(tmp_path / "none", [], vocab_size=9)
    assert len(TokenShards(tmp_path / "none")) == 0 == TokenShards(tmp_path / "none").num_tokens
    assert TokenShards(tmp_path / "none").gather(np.empty(0, np.int64)).shape == (0,)
    write_tokens(tmp_path / "empty", [np.zeros(0, int)] * 3, vocab_size=9, loss_spans=[None, [], [0, 0]])
    shards = TokenShards(tmp_path / "empty")
    assert shards.gather(np.arange(3)).shape == (0,)
    assert shards.loss_spans(np.arange(3), np.zeros(3), np.zeros(3))[1].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("lengths", "tokens", "spans", "message"),
    [
        ([2], [1], None, "lengths of 2 tokens"),
        ([1], [9], None, "the vocabulary has 9"),
        ([1], [-1], None, "the vocabulary has 9"),
        ([3], [1, 1, 1], [[0, 4]], "not rising"),
        ([3], [1, 1, 1], [[1]], "not rising"),
        ([3], [1, 1, 1], [[0, 2, 1, 3]], "not rising"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, lengths, tokens, spans, message):
    with pytest.raises(RecipeError, match=message):
        write_tokens(tmp_path, (np.array(lengths), np.array(tokens)), vocab_size=9, loss_spans=spans)


_FUZZ = """
import sys, types, corpus
sys.modules["corpus.loader"] = loader = types.ModuleType("corpus.loader")
loader.__path__ = [corpus.__path__[0] + "/loader"]  # not its __init__, which imports torch
import json, sys
import numpy as np, pyarrow as pa
from pathlib import Path
from corpus.errors import ShardError
from corpus.loader.token_shards import TokenShards
from corpus.schema import TOKEN_BATCHES
from corpus.shards import load_manifest, read_table, save_manifest, write_part

folder, target = Path(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(1)
whole, rows = (folder / "00000.arrow").read_bytes(), read_table(folder / "index.arrow").to_pylist()
manifest = load_manifest(folder)
numbers = [field.name for field in TOKEN_BATCHES if field.name not in ("source", "language")]

def value(turn):
    return int([rng.integers(0, 1 << 62), -1, 1 << 62, rng.integers(0, 5000), rng.integers(-300, 300)][turn % 5])

def damage(turn):
    data = bytearray(whole)
    for _ in range(rng.integers(1, 4)):
        place = int(rng.integers(0, len(data) // 8)) * 8
        data[place : place + 8] = np.int64(value(turn)).tobytes()
    (folder / "00000.arrow").write_bytes(data)

def lie(turn):
    lying = [dict(row) for row in rows]
    name = numbers[turn % len(numbers)]
    kind = TOKEN_BATCHES.field(name).type.to_pandas_dtype()
    lying[rng.integers(len(lying))][name] = np.array(value(turn), np.int64).astype(kind).item()
    part = write_part(folder, "index.arrow", [pa.RecordBatch.from_pylist(lying, TOKEN_BATCHES)], TOKEN_BATCHES)
    manifest.extra[:] = [part]
    save_manifest(folder, manifest)

refused = read = 0
for turn in range(int(sys.argv[3])):
    damage(turn) if target == "part" else lie(turn)
    try:
        shards = TokenShards(folder)
        every = np.arange(len(shards))
        shards.locate(every, 0 * every, 0 * every)
        lengths = shards.lengths
        shards.gather(every)
        shards.loss_spans(every, 0 * every, lengths)
        read += 1
    except ShardError:
        refused += 1
print(refused, read)
"""


@pytest.mark.parametrize("target", ["index", "part"])
def test_no_damage_makes_a_kernel_read_elsewhere(tmp_path, target):
    """Every damage is refused, or touches nothing that is read; in its own process, which a wild read would end."""
    rng = np.random.default_rng(11)
    lengths = rng.integers(0, 9, 150)
    spans = [None if i % 3 else [0, int(n)] for i, n in enumerate(lengths)]
    write_tokens(tmp_path, (lengths, np.zeros(lengths.sum(), int)), vocab_size=9, loss_spans=spans)
    done = subprocess.run(
        [sys.executable, "-c", _FUZZ, str(tmp_path), target, "80"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    refused, read = map(int, done.stdout.split())
    assert refused + read == 80 and refused > (50 if target == "index" else 8)


def test_a_damaged_index_is_refused(tmp_path):
    write_mixed(tmp_path)
    path = tmp_path / "index.arrow"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ShardError, match=r"index\.arrow is damaged"):
        TokenShards(tmp_path)
    path.unlink()
    with pytest.raises(ShardError, match=r"index\.arrow .* is missing"):
        TokenShards(tmp_path)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", None]), st.sampled_from(["zh", "en", None])), max_size=40))
def test_sorting_by_kind_is_stable_and_loses_nothing(tmp_path_factory, kinds):
    folder = tmp_path_factory.mktemp("sorted")
    schema = tokens_schema(9)
    columns = [[str(i) for i in range(len(kinds))], [s for s, _ in kinds], [c for _, c in kinds]]
    columns += [[i % 5 for i in range(len(kinds))], [[i % 9] * (i % 5) for i in range(len(kinds))]]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    _, rows = write_token_part(folder, "a.arrow", [pa.record_batch(arrays, schema=schema)], schema)
    table = read_table(folder / "a.arrow").to_pylist()
    expected = sorted(range(len(kinds)), key=lambda i: tuple((name is not None, name or "") for name in kinds[i]))
    assert [int(row["id"]) for row in table] == expected
    assert all(row["tokens"] == [int(row["id"]) % 9] * row["num_tokens"] for row in table)
    first = 0
    for row in rows:
        assert {(one["source"], one["language"]) for one in table[first : first + row["rows"]]} == {
            (row["source"], row["language"])
        }
        first += row["rows"]
    assert first == len(kinds)


def test_the_reader_of_the_specification_reads(tmp_path, monkeypatch):
    """docs/shard-format.md, word for word."""
    page = (Path(__file__).parents[3] / "docs" / "shard-format.md").read_text(encoding="utf-8")
    section = page[page.index("### A reader of tokens") :]
    section = section[: section.index("###", 4)]
    code = "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))
    for vocab_size in (300, 70_000):
        monkeypatch.chdir(tmp_path)
        folder = Path("work/laptop/tokens")
        written = write_mixed(folder, vocab_size=vocab_size)
        assert '/tokens"), 7\n' in code
        for document in (7, 0, 229, 100):
            found = {}
            exec(code.replace('/tokens"), 7\n', f'/tokens"), {document}\n'), found)
            assert found["tokens"].tolist() == written[document][0].tolist()
        shutil.rmtree("work")


_OPEN = """
import sys, types, corpus
sys.modules["corpus.loader"] = loader = types.ModuleType("corpus.loader")
loader.__path__ = [corpus.__path__[0] + "/loader"]  # not its __init__, which imports torch
from corpus.loader.token_shards import TokenShards
shards = TokenShards(sys.argv[1])
print(shards.lengths.sum(), *sorted({"numba", "pandas", "pyarrow.compute", "urllib.request"} & set(sys.modules)))
"""


def test_opening_imports_nothing_slow(tmp_path):
    written = write_mixed(tmp_path)
    done = subprocess.run([sys.executable, "-c", _OPEN, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(sum(len(tokens) for tokens, _, _ in written))]
