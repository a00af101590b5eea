"""Masking replaces what is personal and leaves every other byte; on the labelled set it stays above a floor."""

import importlib
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from corpus.errors import RecipeError, SchemaError
from corpus.ops.pii import DEFAULT_KINDS, PII_KINDS, PiiOptions, find_personal_data, mask_personal_data

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"  # the labelled set is theirs


def _batch(texts):
    return pa.RecordBatch.from_pydict(
        {"id": pa.array(map(str, range(len(texts)))), "text": pa.array(texts, pa.large_string())}
    )


def _masked(text, **options):
    return mask_personal_data(_batch([text]), PiiOptions(**options))[0]["text"][0].as_py()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13812345678联系", "电话<PHONE>联系"),
        ("ｔｅｌ：１３８１２３４５６７８。", "ｔｅｌ：<PHONE>。"),
        ("Write to jane.doe@mail.edu.cn.", "Write to <EMAIL>."),
        ("发到abc@qq.com谢谢", "发到<EMAIL>谢谢"),
        ("from 39.156.66.10:8080, 192.168.1.1", "from <IP_ADDRESS>:8080, 192.168.1.1"),
        ("[2400:cb00:2048:1::c629:d7a2]", "[<IP_ADDRESS>]"),
        ("身份证11010519491231002X", "身份证<ID_NUMBER>"),
        ("card 4111 1111 1111 1111 exp", "card <BANK_CARD> exp"),
        ("key=AKIAABCDEFGHIJKLMNOP;", "key=<KEY>;"),
        ("+1 (415) 555-2671 or +86-138-1234-5678", "<PHONE> or <PHONE>"),
    ],
)
def test_each_kind_is_replaced_in_place(text, masked):
    assert _masked(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Chrome/117.0.5938.132 and v1.2.3.4 and 版本 12.34.56.78",
        "订单号：13812345678 QQ 13812345678 ￥13812345678 13812345678元",
        "git@github.com:a/b.git, user@example.com, logo@2x.png, vue@2.6.14",
        "11010519491231002" + "1",  # wrong check digit
        "4111 1111 1111 1112",  # wrong check sum
        "2001:db8::1 12:30:45 de:ad:be:ef:00:01 std::vector",
        "客服400-123-4567 and 1-800-555-2671",
        "0.13812345678 113812345678 13812345678.5 a13812345678",
        ".sk-fading-circle-before-animation-2 sk-learn",
    ],
)
def test_look_alikes_stay(text):
    assert _masked(text) == text


def test_counts_other_columns_and_nulls():
    batch = _batch(["a@qq.com b@qq.com 13812345678", None, "", "nothing"])
    masked, counts = mask_personal_data(batch)
    assert masked["text"].to_pylist() == ["<EMAIL> <EMAIL> <PHONE>", None, "", "nothing"]
    assert masked["id"].equals(batch["id"])
    assert counts.schema.names == [f"pii_{kind}" for kind in DEFAULT_KINDS]
    assert all(field.type == pa.int32() for field in counts.schema)
    assert counts["pii_email"].to_pylist() == [2, 0, 0, 0]
    assert counts["pii_phone"].to_pylist() == [1, 0, 0, 0]
    assert batch["text"][0].as_py() == "a@qq.com b@qq.com 13812345678"


def test_kinds_and_tokens_are_options():
    text = "a@qq.com 电话13812345678 110105491231002"
    assert _masked(text, kinds=("phone",), replacements={"phone": "电"}) == "a@qq.com 电话电 110105491231002"
    assert _masked(text, kinds=PII_KINDS).endswith("<ID_NUMBER>")
    assert _masked(text, kinds=()) == text
    with pytest.raises(RecipeError, match="no kind of personal data 'name'"):
        PiiOptions(kinds=("name",))
    with pytest.raises(RecipeError, match="'mail'"):
        PiiOptions(replacements={"mail": ""})
    with pytest.raises(SchemaError, match="text"):
        mask_personal_data(pa.RecordBatch.from_pydict({"id": ["a"]}))


def test_spans_are_bytes_of_each_document():
    spans = find_personal_data(pa.array(["x", "致电13812345678"], pa.large_string()))
    assert spans.to_pylist() == [{"document": 1, "start": 6, "end": 17, "kind": "phone"}]


def test_precision_and_recall_on_the_labelled_set(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = importlib.import_module("pii_cases")
    labelled = module.cases(60, 8)
    found = [[] for _ in labelled]
    for span in find_personal_data(pa.array([case.text for case in labelled], pa.large_string())).to_pylist():
        text = labelled[span["document"]].text.encode()
        start, end = (len(text[: span[name]].decode()) for name in ("start", "end"))
        found[span["document"]].append((start, end, span["kind"]))
    right, missed, wrong = Counter(), Counter(), Counter()
    for case, spans in zip(labelled, found, strict=True):
        right.update(span[2] for span in spans if span in case.spans)
        wrong.update(span[2] for span in spans if span not in case.spans)
        missed.update(span[2] for span in case.spans if span not in spans)
    assert set(right) == set(module.KINDS)
    for kind in module.KINDS:
        assert right[kind] / (right[kind] + wrong[kind]) >= 0.97, (kind, wrong)
        assert right[kind] / (right[kind] + missed[kind]) >= 0.9, (kind, missed)
