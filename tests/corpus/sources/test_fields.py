"""Publishers' fields: the forms of the field are known, explicit ones win, nothing else is lost."""

import datetime
import json

import pytest

from corpus.errors import InputError
from corpus.sources.fields import field_map, map_record

FORMS = {
    "text": ({"text": "a", "content": "b"}, "a", {"content": "b"}),
    "content": ({"content": "b", "id": 7}, "b", {"id": 7}),
    "empty text, then content": ({"text": " ", "content": "b"}, "b", {"text": " "}),
    "wudao": ({"title": "题", "content": "正文", "dataType": "news"}, "题\n正文", {"dataType": "news"}),
    "wudao with its title": ({"title": "题", "content": "题目", "dataType": "x"}, "题目", {"dataType": "x"}),
    "title of others": ({"title": "题", "content": "正文"}, "正文", None),
    "chinese web text": ({"raw_content": "r", "score": 0.5}, "r", {"score": 0.5}),
    "data": ({"data": "d"}, "d", None),
    "alpaca": ({"instruction": "i", "input": "n", "output": "o"}, "i\n\nn\n\no", None),
    "noinput": ({"instruction": "i", "input": "<noinput>", "output": "o"}, "i\n\no", None),
    "not applicable": ({"instruction": "i", "input": "N/A", "output": "o"}, "i\n\no", None),
    "alpaca without input": ({"instruction": "i", "output": "o", "history": []}, "i\n\no", {"history": []}),
    "instruction and response": ({"instruction": "i", "response": "r"}, "i\n\nr", {"response": "r"}),
    "prompt": ({"prompt": "p", "response": "r", "lang": "zh"}, "p\n\nr", {"lang": "zh"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_known_forms(form):
    record, text, meta = FORMS[form]
    if form == "instruction and response":  # an answer under either name belongs to the text
        meta = None
    row = map_record(0, record, field_map(None))
    assert row.outcome == "document" and row.text == text
    assert (json.loads(row.meta) if row.meta else None) == meta


PROMPTS = {
    "text": None,
    "content": None,
    "alpaca": "i\n\nn",
    "noinput": "i",
    "not applicable": "i",
    "alpaca without input": "i",
    "instruction and response": "i",
    "prompt": "p",
}


@pytest.mark.parametrize("form", PROMPTS)
def test_it_is_known_where_the_prompt_ends(form):
    row = map_record(0, FORMS[form][0], field_map(None))
    assert (None if row.prompt_chars is None else row.text[: row.prompt_chars]) == PROMPTS[form]


def test_prompts_of_odd_records():
    def chars(record, fields=None):
        return map_record(0, record, field_map(fields)).prompt_chars

    assert chars({"instruction": "只有问题"}) is None
    assert chars({"instruction": "问题", "output": ""}) == 2
    assert chars({"instruction": "", "output": "回答"}) == 0
    assert chars({"text": "t", "instruction": "i", "output": "o"}) is None
    mapped = {"text": ["q", "ctx"], "answer": ["a.short", "a.long"]}
    record = {"q": "一", "ctx": "二三", "a": {"long": "四", "short": "五"}, "x": 1}
    row = map_record(0, record, field_map(mapped))
    assert (row.text, row.prompt_chars, row.outcome) == ("一\n\n二三\n\n五\n\n四", 5, "document")
    assert chars({"q": "一"}, mapped) is None
    assert chars({"q": "一", "a": {"long": " "}}, mapped) == 1
    assert chars({"q": "一", "a": {"long": "二"}}, {"text": ["q", "a.long"]}) is None


def test_explicit_fields_reach_into_objects_and_leave_the_rest_in_meta():
    fields = field_map({"text": ["q", "a.body"], "url": "meta.link", "timestamp": "year"})
    row = map_record(
        5,
        {"q": "问", "a": {"body": "答"}, "meta": {"link": "u", "k": "值"}, "year": 2020, "text": "no"},
        fields,
    )
    assert (row.offset, row.text, row.url, row.timestamp) == (5, "问\n\n答", "u", "2020")
    assert json.loads(row.meta) == {"a": {"body": "答"}, "meta": {"link": "u", "k": "值"}, "text": "no"}
    assert "值" in row.meta


def test_a_record_without_text_says_which_keys_it_has():
    row = map_record(0, {"chosen": "x", "rejected": "y"}, field_map(None))
    assert (row.outcome, row.reason) == ("unreadable", "no_text_field") and "chosen, rejected" in row.detail
    row = map_record(0, {"text": "x"}, field_map({"text": "body"}))
    assert (row.outcome, row.reason) == ("unreadable", "no_text_field") and "body" in row.detail
    assert row.meta == '{"text":"x"}'


@pytest.mark.parametrize("value", [None, "", " \n", 7, ["a"], {"a": 1}])
def test_a_text_that_is_empty_or_no_string_is_dropped(value):
    assert map_record(0, {"text": value, "url": "u"}, field_map(None))[1:3] == ("dropped", "empty_text")
    assert map_record(0, {"body": value}, field_map({"text": "body"}))[1:3] == ("dropped", "empty_text")


def test_meta_holds_what_json_cannot():
    row = map_record(
        0, {"text": b"\xba\xba", "day": datetime.date(2020, 1, 2), "big": 2**70, "raw": b"x"}, field_map(None)
    )
    assert json.loads(row.meta) == {"day": "2020-01-02", "big": 2**70, "raw": "x"}
    assert row.text


@pytest.mark.parametrize("fields", [{"body": "text"}, {"text": []}, {"text": ""}, {"text": [1]}, {"answer": "a"}])
def test_a_mapping_that_is_not_understood_is_refused(fields):
    with pytest.raises(InputError, match=r"map (one of|the prompt's fields)"):
        field_map(fields)
