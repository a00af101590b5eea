"""JSON arrays: objects are found whatever they hold, and a broken one loses only itself."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.sources import read_records
from corpus.sources.json_array import split_objects

_nasty = st.text(alphabet='{}[],:"\\\n a汉\t', max_size=12)
_values = st.recursive(
    st.none() | st.integers(-9, 9) | _nasty,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_nasty, inner, max_size=3),
    max_leaves=10,
)
_objects = st.lists(st.dictionaries(_nasty, _values, max_size=4), max_size=8)


def _chunks(data: bytes, sizes: list[int]):
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


def _write(path, data: bytes | str):
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def _rows(path, **options) -> list[dict]:
    return [row for batch in read_records(path, **options) for row in batch.to_pylist()]


@settings(max_examples=300, deadline=None)
@given(
    objects=_objects,
    sizes=st.lists(st.integers(1, 30), max_size=40),
    indent=st.sampled_from([None, 0, 2]),
    wrapper=st.booleans(),
)
def test_the_splitter_agrees_with_json_loads_whatever_the_chunks(objects, sizes, indent, wrapper):
    data = json.dumps({"RECORDS": objects} if wrapper else objects, indent=indent, ensure_ascii=False).encode()
    spans = list(split_objects(_chunks(data, sizes)))
    assert [json.loads(span.data) for span in spans] == objects
    assert all(data[span.offset : span.offset + span.num_bytes] == span.data for span in spans)


@settings(max_examples=50, deadline=None)
@given(objects=_objects, indent=st.sampled_from([None, 2]))
def test_objects_without_an_array_are_split_too(objects, indent):
    data = "\n".join(json.dumps(one, indent=indent) for one in objects).encode()
    assert [json.loads(span.data) for span in split_objects(iter([data]))] == objects


@pytest.mark.parametrize(
    "data",
    [
        '[{"text":"a"},{"text":"b"},]',
        '\ufeff[\r\n{"text":"a"},\r\n{"text":"b"}\r\n]\r\n',
        '{"RECORDS": [{"text":"a"},{"text":"b"}]}',
        '{\n  "RECORDS": [\n{"text":"a"},\n{"text":"b"}\n]\n}',
        '{"text":"a"}\n{"text":"b"}\n',
        '{\n"text":"a"\n}\n{\n"text":"b"\n}',
        '[{"text":"a"},{"text":"b"}',
    ],
    ids=[
        "trailing_comma",
        "bom_crlf",
        "wrapper",
        "wrapper_lines",
        "json_lines",
        "objects",
        "no_closing_bracket",
    ],
)
def test_the_forms_of_a_json_file(tmp_path, data):
    for format in ("json", "auto"):
        assert [row["text"] for row in _rows(_write(tmp_path / "a.json", data), format=format)] == ["a", "b"]


BREAKS = {
    "missing closing quote": lambda one: one.replace('4"', "4", 1),
    "missing opening quote": lambda one: one.replace(': "', ": ", 1),
    "missing quote of a key": lambda one: one.replace('"text', "text", 1),
    "extra quote": lambda one: one.replace("4", '"4', 1),
    "bad escape": lambda one: one.replace("4", "\\x", 1),
    "missing closing brace": lambda one: one.rstrip()[:-1],
    "missing colon": lambda one: one.replace(":", "", 1),
    "missing bracket of a list": lambda one: one.replace("]", "", 1),
    "bracket for brace": lambda one: one.rstrip()[:-1] + "]",
    "lone backslash at the end of a string": lambda one: one.replace('4"', '4\\"', 1),
}


@pytest.mark.parametrize("layout", ["pretty", "line", "one_line"])
@pytest.mark.parametrize("last_is_text", [True, False], ids=["text_last", "number_last"])
@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_object_loses_only_itself(tmp_path, what, last_is_text, layout):
    def one(number: int) -> str:
        record = {"n": [number, "x"], "text": f"第 {number}"}
        if not last_is_text:
            record["score"] = number
        return json.dumps(record, ensure_ascii=False, indent=2 if layout == "pretty" else None)

    objects = [one(number) for number in range(10)]
    broken = BREAKS[what](objects[4])
    assert broken != objects[4]
    objects[4] = broken
    path = _write(tmp_path / "a.json", "[" + (", " if layout == "one_line" else ",\n").join(objects) + "]")
    rows = _rows(path)
    documents = [row["text"] for row in rows if row["outcome"] == "document"]
    assert documents == [f"第 {number}" for number in range(10) if number != 4]
    bad = [row for row in rows if row["outcome"] != "document"]
    assert len(bad) == 1 and bad[0]["reason"] in ("json_invalid", "json_not_object")


def test_random_damage_never_costs_more_than_neighbours():
    """A byte overwritten anywhere: the objects more than two away from it all come out."""
    draw, num_checked = random.Random(3), 0
    objects = [{"n": n, "text": f'say "{n}" {{a}}, [b]', "list": [{"k": n}, "z"]} for n in range(40)]
    whole = json.dumps(objects, indent=1).encode()
    places = [span.offset for span in split_objects(iter([whole]))]
    assert len(places) == 40
    for _ in range(400):
        at = draw.randrange(1, len(whole) - 1)
        data = whole[:at] + bytes([draw.choice(b'{}[],:"\\x')]) + whole[at + 1 :]
        hit = sum(place <= at for place in places) - 1
        found = set()
        for span in split_objects(_chunks(data, [draw.randrange(1, 500) for _ in range(5)])):
            try:
                value = json.loads(span.data)
            except json.JSONDecodeError:
                continue
            found.add(value.get("n") if isinstance(value, dict) else None)
        lost = {n for n in range(40) if abs(n - hit) > 1} - found
        assert not lost, (at, data[at - 40 : at + 40], lost)
        num_checked += 1
    assert num_checked == 400


def test_what_is_no_object_is_one_row_a_run(tmp_path):
    rows = _rows(_write(tmp_path / "a.json", '[{"text":"a"}, null, 5, "x", {"text":"b"}, 7]'), format="json")
    assert [row["text"] or row["reason"] for row in rows] == ["a", "json_invalid", "b", "json_invalid"]
    assert _rows(_write(tmp_path / "b.json", "[]")) == []


def test_an_object_larger_than_the_limit_is_skipped():
    data = b'[{"a":"' + b"x" * 5000 + b'"},{"b":1}]'
    spans = list(split_objects(_chunks(data, [100] * 40), max_bytes=1000))
    assert [(span.offset, span.data) for span in spans] == [(1, None), (5012 - 2, b'{"b":1}')]
    assert spans[0].num_bytes == 5008


def test_a_truncated_array_keeps_its_whole_objects(tmp_path):
    import gzip

    draw = random.Random(1)
    objects = [{"text": f"{n} {draw.getrandbits(200)}"} for n in range(2000)]
    packed = gzip.compress(json.dumps(objects).encode())
    rows = _rows(_write(tmp_path / "a.json.gz", packed[: len(packed) // 2]))
    assert len(rows) > 500
    assert [row["text"] for row in rows[:-1]] == [one["text"] for one in objects[: len(rows) - 1]]
    assert rows[-1]["reason"] == "truncated_gzip"
