"""`siku explain`: every signal and every rule of one document, with the verdict that the stored numbers give."""

import io
import json
import re
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from corpus.errors import RecipeError
from corpus.ops.default_rules import DEFAULT_THRESHOLDS
from corpus.ops.rule_sets import RULE_SETS
from corpus.schema import RULE_SIGNALS
from corpus.shards import load_manifest, read_table
from pipelines.explain import explain
from pipelines.recipe_file import make_recipe
from pipelines.reselect import reselect
from pipelines.run import run

MARKUP = "[bold]not markup[/x]"
GOOD = (
    "In the first winter of the war the people of the valley had to carry lamps to school, and nobody thought it odd. "
    "Fog came up from the river with the morning train; by noon it lay over every roof that we could see. "
    "My aunt would tell us to be home before four. She had lost a goat that way, and would not have us follow. "
    "What I remember best is how quiet it was: bells, a dog, someone sawing wood behind the mill."
)
LINES = {
    "good": f"{MARKUP} {GOOD}",
    "copy": f"{MARKUP} {GOOD} And that was all of it.",  # longer, so this one is kept of the two
    "short": "There were not enough of the words to say what it was about.",
    "chinese": "清晨的集市上人来人往，卖菜的老人把新摘的黄瓜摆得整整齐齐。他说今年雨水多，地里的庄稼长势比去年好。",
    "other": " ".join(
        f"The {n}th lamp is with the keeper of the {n * 7}th gate, and that is {n * n} steps." for n in range(9)
    ),
}


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    lines = [json.dumps({"text": text, "title": name}, ensure_ascii=False) for name, text in LINES.items()]
    (folder / "web.jsonl").write_text("\n".join([*lines, '{"text": "cut']), encoding="utf-8")
    values = {
        "sources": [{"name": "web", "files": [str(folder / "web.jsonl")]}],
        "select": {"thresholds": {"gopher_quality.min_words": 40}, "min_quality": {"en": 0.01}},
        "runner": {"name": "in_memory"},
    }
    run(make_recipe(values), folder / "work", Console(file=io.StringIO()), until="select")
    return folder / "work"


def rows(work: Path, stage: str, kind: str) -> list[dict]:
    folder = work / stage
    return [row for part in getattr(load_manifest(folder), kind) for row in read_table(folder / part.path).to_pylist()]


def documents(work: Path) -> dict[str, dict]:
    return {row["title"]: row for row in rows(work, "documents", "parts")}


def shown(work: Path, id: str, **options) -> str:
    console = Console(file=io.StringIO(), width=220)
    explain(work, id, console, **options)
    return console.file.getvalue()


def table(output: str, title: str) -> list[list[str]]:
    """The rows of one of the printed tables."""
    lines = output.split(f"\n{title}", 1)[1].split("└", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


def test_every_signal_is_shown_with_its_value(work):
    row = documents(work)["good"]
    signals = table(shown(work, row["id"]), "Signals")
    assert [cells[0] for cells in signals] == list(RULE_SIGNALS)
    for name, value, _ in signals:
        assert number(value) == pytest.approx(row[name], rel=1e-3, abs=1e-6), name


@pytest.mark.parametrize("title", ["good", "short", "chinese", "other"])
def test_every_rule_is_shown_with_the_verdict_of_the_stored_numbers(work, title):
    row = documents(work)[title]
    (ledger,) = [each for each in rows(work, "selected", "ledger") if each["id"] == row["id"]]
    dropped_by = {reason["rule"] for reason in ledger["reasons"]}
    output = shown(work, row["id"])
    sets = ["fineweb2_cmn_hani_characters"] if title == "chinese" else ["gopher_quality", "gopher_repetition"]
    sets.append("spam")
    expected = [(name, rule) for name in sets for rule in RULE_SETS[name].rules]
    checks = [cells for cells in table(output, "Checks") if cells[1] in RULE_SIGNALS]
    failed = set()
    for (name, rule), (shown_rule, signal, value, bound, verdict) in zip(expected, checks, strict=True):
        assert (shown_rule, signal) == (rule.name, rule.signal)
        assert number(value) == pytest.approx(row[signal], rel=1e-3, abs=1e-6)
        changed = DEFAULT_THRESHOLDS | {"gopher_quality.min_words": 40.0}
        threshold = changed.get(f"{name}.{rule.name}", rule.threshold)
        if threshold is None:
            assert bound.startswith("turned off (published") and verdict != "FAILS", rule.name
            continue
        assert number(bound.split()[1]) == pytest.approx(threshold)
        assert bound[0] == ("≥" if rule.maximum is None else "≤")
        if verdict == "FAILS":
            failed.add(f"{name}.{rule.name}")
    assert failed == {rule for rule in dropped_by if "." in rule}
    assert f"the run decided: {ledger['outcome']}" in output
    for rule in dropped_by:
        assert f"  {rule}" in output.split("Checks")[0]


def test_a_changed_threshold_is_shown_beside_the_published_one(work):
    output = shown(work, documents(work)["short"]["id"])
    assert "≥ 40 (published 50)" in output
    assert "gopher_quality.min_words: 13 against 40" in output


def test_other_thresholds_and_sets_can_be_tried(work):
    id = documents(work)["short"]["id"]
    least = "select.thresholds.gopher_quality.min_words"
    output = shown(work, id, rules=["gopher_quality"], overrides=[f"{least}=13"])
    assert "with these values it would be kept" in output and "≥ 13 (published 50)" in output
    output = shown(work, id, rules=["gopher_quality"], overrides=[f"{least}=null"])
    assert "would be kept" in output and "turned off (published 50)" in output
    output = shown(work, id, rules=["github_code"], overrides=["select.thresholds.github_code.max_line_chars=10"])
    assert "github_code.max_line_chars: 60 against 10" in output and "gopher" not in output
    assert "the run decided: dropped" in shown(work, id)  # nothing was written


def test_a_duplicate_names_its_keeper_and_takes_its_place_where_the_rules_drop_it(work):
    found = documents(work)
    id, keeper = found["good"]["id"], found["copy"]["id"]
    output = shown(work, id)
    assert re.search(rf"near duplicate of {keeper}, Jaccard 0\.\d+, 2 in the group", output)
    assert ["duplicate", "", "near", "no", "FAILS"] in table(output, "Checks")
    assert "kept for its group of 2" in shown(work, keeper)
    limit = found["good"]["rps_doc_word_count"]
    override = f"select.thresholds.gopher_quality.max_words={limit}"
    assert "the rules drop that one too" in shown(work, id, overrides=[override])
    copied = work.parent / "copied"
    shutil.copytree(work, copied)
    reselect(copied, [override, "runner.name=in_memory"], Console(file=io.StringIO()))
    output = shown(copied, id)
    assert "this one stays in its place" in output and "the run decided: kept" in output


def test_text_is_never_read_as_markup(work):
    assert MARKUP in shown(work, documents(work)["good"]["id"])


def test_a_record_that_became_no_document_is_explained_too(work):
    (row,) = [row for row in rows(work, "documents", "ledger") if row["outcome"] == "unreadable"]
    output = shown(work, row["id"])
    assert "unreadable by extract: json_invalid" in output and row["origin_file"] in output


@pytest.mark.parametrize(
    ("id", "options", "message"),
    [
        ("no such id", {}, "no id in .* begins so"),
        ("", {}, "5 ids begin so"),
        ("0", {"rules": ["gofer"]}, "unknown rule set 'gofer'"),
        ("0", {"overrides": ["select.thresholds.gopher_quality.min_wrds=3"]}, "min_wrds"),
    ],
)
def test_what_is_wrong_is_refused(work, id, options, message):
    id = documents(work)["short"]["id"] if options else id
    with pytest.raises(RecipeError, match=message):
        shown(work, id, **options)
