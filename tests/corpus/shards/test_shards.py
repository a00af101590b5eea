"""Parts are whole or absent, hashed truly, and counted from what was written."""

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings

from corpus.errors import ConservationError, SchemaError, ShardError
from corpus.schema import LEDGER
from corpus.shards import (
    Counts,
    Manifest,
    PartWriter,
    add_counts,
    check_conservation,
    count_outcomes,
    hash_file,
    load_manifest,
    read_batches,
    read_table,
    save_manifest,
    write_part,
)

SCHEMA = pa.schema([("id", pa.int64()), ("text", pa.large_string())])


def _batch(ids):
    return pa.record_batch([pa.array(ids, pa.int64()), pa.array([f"文{i}" for i in ids], pa.large_string())], SCHEMA)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2**40), max_size=20), max_size=5), st.sampled_from([None, "zstd", "lz4"]))
def test_round_trip(tmp_path_factory, groups, compression):
    folder = tmp_path_factory.mktemp("parts")
    batches = [_batch(ids) for ids in groups]
    part = write_part(folder, "a.arrow", batches, SCHEMA, compression=compression)
    assert [batch.to_pylist() for batch in read_batches(folder / "a.arrow")] == [b.to_pylist() for b in batches]
    assert (part.rows, part.xxh3) == (sum(map(len, groups)), hash_file(folder / "a.arrow"))
    assert part.bytes == (folder / "a.arrow").stat().st_size


def test_only_the_wanted_columns_are_read(tmp_path):
    write_part(tmp_path, "a.arrow", [_batch([1, 2])], SCHEMA)
    assert read_table(tmp_path / "a.arrow", ["text"]).column_names == ["text"]
    with pytest.raises(ShardError, match="no column 'txt'; it has"):
        read_table(tmp_path / "a.arrow", ["txt"])


def test_an_exception_while_writing_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), PartWriter(tmp_path, "a.arrow", SCHEMA) as writer:
        writer.write(_batch([1]))
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_batch_of_another_schema_is_refused(tmp_path):
    with (
        pytest.raises(SchemaError, match="'id' is string, expected int64"),
        PartWriter(tmp_path, "a", SCHEMA) as writer,
    ):
        writer.write(pa.record_batch({"id": ["1"], "text": ["x"]}))


@pytest.mark.parametrize("damage", [b"", b"ARROW1 but not really", None], ids=["empty", "garbage", "missing"])
def test_damaged_parts_name_the_file(tmp_path, damage):
    if damage is not None:
        (tmp_path / "a.arrow").write_bytes(damage)
    with pytest.raises(ShardError, match=r"a\.arrow"):
        list(read_batches(tmp_path / "a.arrow"))


def test_manifest_round_trip_and_refusals(tmp_path):
    part = write_part(tmp_path, "a.arrow", [_batch([1, 2])], SCHEMA)
    manifest = Manifest("extract", "f", [part], counts={"web": Counts(3, 2, 1, reasons={"http_status_404": 1})})
    save_manifest(tmp_path, manifest)
    assert load_manifest(tmp_path) == manifest
    text = (tmp_path / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(text.replace('"schema_version": 1', '"schema_version": 99'))
    with pytest.raises(ShardError, match="schema v99, this siku reads v1"):
        load_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ShardError, match="is not a manifest"):
        load_manifest(tmp_path)


def test_counts_come_from_ledger_rows_and_every_reason_counts():
    rows = [
        ("1", "a", "kept", []),
        ("2", "a", "dropped", ["short", "symbols"]),
        ("3", "a", "dropped", ["short"]),
        ("4", "b", "unreadable", ["json_invalid"]),
    ]
    ledger = pa.RecordBatch.from_pylist(
        [{"id": i, "source": s, "outcome": o, "reasons": [{"rule": r} for r in reasons]} for i, s, o, reasons in rows],
        schema=LEDGER,
    )
    counts = count_outcomes(ledger)
    assert counts == {
        "a": Counts(kept=1, dropped=2, reasons={"short": 2, "symbols": 1}),
        "b": Counts(unreadable=1, reasons={"json_invalid": 1}),
    }
    both = add_counts([counts, {"a": Counts(read=3), "b": Counts(read=2)}])
    with pytest.raises(ConservationError, match="'b' read 2 records but kept 0, dropped 0 and found 1 unreadable"):
        check_conservation(both, "extract")
