"""Planted leaks are found with their span, near misses are not accused, and wrong files are refused with a reason."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.errors import InputError, RecipeError
from corpus.ops.decontaminate import (
    CONTAMINATION,
    READY,
    Benchmark,
    contamination_evidence,
    contamination_reasons,
    find_contamination,
    load_benchmarks,
    make_index,
)

EN = "A farmer has seventeen sheep and buys twice as many goats every spring until the barn holds ninety animals"
ZH = "某工厂计划在三年内把产量提高到原来的两倍，若每年增长率相同，则每年应增长百分之多少？"
ZH_TRADITIONAL = "某工廠計劃在三年內把產量提高到原來的兩倍若每年增長率相同則每年應增長百分之多少"
FULL_WIDTH = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in EN)


def _array(texts):
    return pa.array(texts, pa.large_string())


def _index():
    return make_index({"sums": ["unrelated words " * 9, EN], "exam": [ZH]})


@pytest.mark.parametrize(
    ("leak", "benchmark", "item"),
    [
        (EN, "sums", 1),
        (EN.upper().replace(" ", "\n"), "sums", 1),
        (EN.replace(" ", ", ") + "!", "sums", 1),
        (FULL_WIDTH, "sums", 1),
        (ZH, "exam", 0),
        (ZH_TRADITIONAL, "exam", 0),
        (" ".join(ZH), "exam", 0),
    ],
    ids=["exact", "case", "punctuation", "full-width", "chinese", "traditional", "spaced"],
)
def test_a_leak_is_found_with_its_span_in_whatever_dress(leak, benchmark, item):
    documents = _array([f"前文 before it. {leak} 后文 and after.", "A page about nothing of the kind."])
    found = find_contamination(documents, _index()).to_pylist()
    assert (found[0]["benchmark"], found[0]["item"], found[0]["share"]) == (benchmark, item, 1.0)
    span = documents[0].as_py().encode()[found[0]["start"] : found[0]["end"]].decode()
    assert span == leak.rstrip("!？ ")
    assert set(found[1].values()) == {None}


@pytest.mark.parametrize("text", [EN.split(), list(ZH.replace("，", "").replace("？", ""))], ids=["en", "zh"])
def test_twelve_tokens_are_no_leak_and_thirteen_are(text):
    joiner = " " if text[0].isascii() else ""
    windows = [joiner.join(text[i : i + size]) for size in (12, 13) for i in range(len(text) - size + 1)]
    found = find_contamination(_array([f"甲 {window} 乙" for window in windows]), _index())
    assert found["num_tokens"].to_pylist() == [
        13 if len(window.split() if joiner else window) == 13 else None for window in windows
    ]
    assert len(windows) > 10


def test_near_misses_with_a_changed_token_every_twelve():
    words = EN.split()
    words[12] = "eleven"
    found = find_contamination(_array([" ".join(words[:13] + words[13:])]), make_index({"sums": [EN]}))
    assert found["benchmark"].to_pylist() == [None]


def test_short_items_only_as_a_whole():
    item = "one two three four five six seven eight nine ten"
    index = make_index({"short": [item, "two words", "下列说法正确的是"]})
    documents = [
        f"so {item} then",
        "one two three four five six seven eight nine eleven",
        "two words",
        "下列说法正确的是",
    ]
    found = find_contamination(_array(documents), index).to_pylist()
    assert [row["benchmark"] for row in found] == ["short", None, None, None]
    assert index.summary() == [{"benchmark": "short", "num_items": 3, "num_whole": 1, "num_too_short": 2}]
    reasons = contamination_reasons(find_contamination(_array(documents), index)).to_pylist()
    assert [len(each) for each in reasons] == [1, 0, 0, 0]


def test_reasons_and_evidence():
    half = " ".join(EN.split()[:14])
    documents = _array([f"x {EN}", f"x {half}", "nothing", None])
    matches = find_contamination(documents, _index())
    assert matches.schema == CONTAMINATION
    assert contamination_reasons(matches).to_pylist() == [
        [{"rule": "contamination.sums", "value": 19.0, "threshold": 13.0}],
        [{"rule": "contamination.sums", "value": 14.0, "threshold": 13.0}],
        [],
        [],
    ]
    assert [len(each) for each in contamination_reasons(matches, min_share=0.5).to_pylist()] == [1, 0, 0, 0]
    assert [len(each) for each in contamination_reasons(matches, min_tokens=15).to_pylist()] == [1, 0, 0, 0]
    lines = contamination_evidence(documents, matches, max_chars=20).to_pylist()
    assert lines[0] == f'sums item 1, bytes 2-{2 + len(EN)}, 19 tokens, 100% of the item: "A farmer has sevente…"'
    assert lines[2:] == [None, None]


def test_nothing_to_look_for_finds_nothing():
    for items in ({}, {"none": []}, {"short": ["two words"]}):
        found = find_contamination(_array([EN, ""]), make_index(items))
        assert found["benchmark"].null_count == 2
        assert contamination_reasons(found).to_pylist() == [[], []]


QUESTION, CHOICES = "What is drawn here, with a “quote”\nand a line end?", ["a, b", "c", "d", "e"]
PRINTED = f"{QUESTION}\nA. a, b\nB. c\nC. d\nD. e"


def _write(folder, name):
    row = dict(zip("ABCD", CHOICES, strict=True))
    if name == "mmlu":
        path, cells = folder / "x_test.csv", [QUESTION, *CHOICES, "A"]
        path.write_text(",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n", encoding="utf-8")
    elif name == "mmlu_parquet":
        path = folder / "x.parquet"
        pq.write_table(pa.table({"question": [QUESTION], "choices": [CHOICES], "answer": [0]}), path)
    elif name in ("ceval", "cmmlu"):
        head = ["id", "question"] if name == "ceval" else ["", "Question"]
        path = folder / "x.csv"
        cells = [[*head, *row, "answer"], ["0", QUESTION, *CHOICES, "A"]]
        lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in cells]
        path.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    elif name == "gsm8k":
        path = folder / "x.jsonl"
        path.write_text(json.dumps({"question": "How many?", "answer": "Two.\n#### 2"}) + "\n\n", encoding="utf-8")
    else:
        path = folder / "HumanEval.jsonl.gz"
        record = {"task_id": "HumanEval/0", "prompt": "def f():\n", "canonical_solution": "    return 1\n"}
        path.write_bytes(gzip.compress(json.dumps(record).encode()))
    return path


@pytest.mark.parametrize("name", sorted(READY))
def test_ready_templates_print_the_published_formats(name, tmp_path):
    path = _write(tmp_path, name)
    index = load_benchmarks([Benchmark(name, str(path), name)], n=5, min_item_tokens=1)
    expected = {"gsm8k": "How many?\nTwo.\n#### 2", "humaneval": "def f():\n    return 1\n"}.get(name, PRINTED)
    assert index.items.texts == (expected,)


def test_own_templates_and_json_and_tsv(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"data": [{"q": {"stem": EN}}]}), encoding="utf-8")
    (tmp_path / "b.txt").write_text(f"id\tq\n1\t{ZH}\n", encoding="utf-8")
    benchmarks = [
        Benchmark("a", str(tmp_path / "a.json"), "{q[stem]}"),
        Benchmark("b", str(tmp_path / "b.txt"), "{q}", "tsv"),
    ]
    found = find_contamination(_array([EN, ZH]), load_benchmarks(benchmarks))
    assert found["benchmark"].to_pylist() == ["a", "b"]


def test_wrong_files_are_refused_with_a_reason(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"question": "q"}\n', encoding="utf-8")
    for benchmark, message in [
        (Benchmark("x", str(path), "gsm8k"), "item 0 has the fields .*'answer'"),
        (Benchmark("x", str(tmp_path / "none.jsonl"), "gsm8k"), "is not a file"),
        (Benchmark("x", str(tmp_path / "x.jsonl"), "{0}"), "item 0"),
    ]:
        with pytest.raises(RecipeError, match=message):
            load_benchmarks([benchmark])
    with pytest.raises(RecipeError, match="one name"):
        load_benchmarks([Benchmark("x", str(path), "{question}")] * 2)
    with pytest.raises(RecipeError, match="names no field"):
        Benchmark("x", str(path), "gsm")
    with pytest.raises(RecipeError, match="min_item_tokens"):
        make_index({}, n=5, min_item_tokens=6)
    path.write_text("{broken", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as jsonl"):
        load_benchmarks([Benchmark("x", str(path), "{question}")])


def test_the_index_is_the_same_each_time():
    first, second = _index().items, _index().items
    for name in ("item_at", "codes", "code_at", "item_of"):
        np.testing.assert_array_equal(getattr(first.items, name), getattr(second.items, name))
    for name in ("bloom", "keys", "heads", "after"):
        np.testing.assert_array_equal(getattr(first.long, name), getattr(second.long, name))
        np.testing.assert_array_equal(getattr(first.short, name), getattr(second.short, name))
