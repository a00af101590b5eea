"""Repeated text in real runs: planted lines, paragraphs and spans go, nothing else does, and the ledger tells it."""

import io
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from rich.console import Console

from corpus.errors import RecipeError
from corpus.kernels.signals import compute_signals
from corpus.ops.spam_terms import spam_signals
from corpus.shards import load_manifest, read_table
from pipelines import funnel
from pipelines.explain import explain
from pipelines.inspect import Filter, show
from pipelines.recipe_file import make_recipe
from pipelines.report import collect
from pipelines.run import run
from pipelines.stage import current_stages
from pipelines.verify import verify_work

NAVIGATION = "Home | About us | Log in | Basket (0)"
NAVIGATION_ZH = "首页 > 新闻中心 > 正文"
FOOTER = "All rights reserved, 2024. Do not copy."
SPAN = "The river was frozen. Nobody dared to cross it. A single dog barked."
SPAN_ZH = "河水早已结冰。没有人敢走过去。只有一只狗在叫。"
NOTE = "The opening hours of the library are given below, and they may change in summer"
RUN = (
    "On the ninth day the caravan reached a well that no map had, and the oldest of the drivers said that his father "
    "had drunk there as a boy"
)
OFF = {"rules": {}, "languages": [], "thresholds": {}}


def _word(number: int, chinese: bool) -> str:
    """A number without digits, which are all one in a paragraph's key: 27 -> "two seven", "二七"."""
    words = (
        "〇一二三四五六七八九"
        if chinese
        else ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )
    return ("" if chinese else " ").join(words[int(digit)] for digit in str(number))


def _filler(number: int, chinese: bool) -> list[str]:
    """Three paragraphs that no other document has a sentence of."""
    name = _word(number, chinese)
    if chinese:
        return [
            f"{name}号仓库在{place}建成，面积很大。{place}的工人用{name}号车运来了石头。"
            for place in ("河边", "山下", "城南")
        ]
    return [
        f"Warehouse {name} near the {place} was finished in May. It took the {place} crew of {name} many carts."
        for place in ("harbour", "old mill", "station")
    ]


def _documents() -> dict[str, list[str]]:
    """Source -> texts. Sources in the order of their files; `book` has the highest priority."""
    web = []
    for number in range(30):
        chinese = number % 2 == 1
        body = _filler(number, chinese)
        lines = [NAVIGATION_ZH if chinese else (NAVIGATION if number % 4 else NAVIGATION.upper()), "", *body]
        if number in (4, 8, 12):
            lines.insert(4, f"{SPAN} Warehouse {_word(number, False)} stood by.")
        if number in (5, 9):
            lines.insert(4, f"{SPAN_ZH}{_word(number, True)}号仓库就在旁边。")
        if number in (16, 20):
            lines.append(f"{NOTE} {number}.")
        if number in (22, 24, 26):
            told = {22: RUN, 24: RUN.upper(), 26: RUN.replace(" and ", f"\n{NAVIGATION}\nand ")}[number]
            lines.append(f"{told}, says {_word(number, False)} of us.")
        web.append("\n".join([*lines, "", FOOTER]))
    web.append("\n".join([NAVIGATION, "", FOOTER, "Gone fishing."]))  # next to nothing is left
    told = [f"{SPAN} So the book has it.", f"{NOTE.upper()} 77!", f"{RUN}."]
    book = ["\n".join([*_filler(70, False), *told]), "\n\n".join(_filler(77, False))]
    return {"web": web, "book": book}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("input")
    for source, texts in _documents().items():
        values = [{"text": text, "title": f"{source} {n}"} for n, text in enumerate(texts)]
        if source == "book":  # a prompt that ends with a line of navigation, and its answer
            prompt, answer = values[1].pop("text").rsplit("\n\n", 1)
            values[1] |= {"instruction": f"{prompt}\n{NAVIGATION}", "output": answer}
        rows = [json.dumps(value, ensure_ascii=False) for value in values]
        half = len(rows) // 2
        for name, some in ((f"{source}-a", rows[:half]), (f"{source}-b", rows[half:])):
            (path / f"{name}.jsonl").write_text("\n".join(some) + "\n", encoding="utf-8")
    return path


def recipe(folder: Path, *overrides: str, turned: bool = False, runner: str = "in_memory", workers: int = 0, **trim):
    names = [["web-a", "web-b"], ["book-a", "book-b"]]
    files = [[str(folder / f"{name}.jsonl") for name in some] for some in names]
    sources = [
        {"name": "web", "files": files[0][::-1] if turned else files[0]},
        {"name": "book", "files": files[1], "priority": 3},
    ]
    values = {
        "sources": sources[::-1] if turned else sources,
        "select": OFF,
        "dedup": {"threshold": 1.0},
        "trim": {"min_chars": 60} | trim,
        "tokenizer": {"vocab_size": 400},
        "runner": {"name": runner, "num_workers": workers},
    }
    return make_recipe(values, list(overrides))


TRIM = {
    "lines": {"keep": "none", "min_documents": 14},
    "paragraphs": {"keep": "first"},
    "sentences": 3,
}


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


def rows(work: Path, stage: str = "trimmed", kind: str = "parts") -> list[dict]:
    parts = getattr(load_manifest(work / stage), kind)
    return [row for part in parts for row in read_table(work / stage / part.path).to_pylist()]


def texts(work: Path, stage: str = "trimmed") -> dict[str, str]:
    return {row["title"]: row["text"] for row in rows(work, stage)}


def hashes(work: Path, *stages: str) -> dict[str, list[str]]:
    return {stage: [part.xxh3 for part in load_manifest(work / stage).parts] for stage in stages}


@pytest.fixture(scope="module")
def finished(folder, tmp_path_factory) -> Path:
    work = tmp_path_factory.mktemp("trim") / "work"
    run(recipe(folder, **TRIM), work, quiet())
    return work


@pytest.fixture
def again(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "work"))


def test_what_was_planted_is_cut_and_nothing_else(finished):
    found, documents = texts(finished), _documents()
    for number, before in enumerate(documents["web"][:30]):
        text, lines = found[f"web {number}"], before.split("\n")
        left = [
            line
            for line in lines
            if line and line not in (FOOTER, NAVIGATION_ZH) and line.upper() != NAVIGATION.upper()
        ]
        if number in (4, 8, 12):
            left = [line.removeprefix(f"{SPAN} ") for line in left]
        if number == 9 or number == 5:
            kept = SPAN_ZH in text
            left = [line if kept else line.removeprefix(SPAN_ZH) for line in left]
        left = [line for line in left if not line.startswith(NOTE)]
        assert text == "\n".join(left), number
    assert [SPAN_ZH in found[f"web {number}"] for number in (5, 9)].count(True) == 1
    for number, before in enumerate(documents["book"]):
        assert found[f"book {number}"] == before
    assert len(found) == 32
    (asked,) = [row for row in rows(finished) if row["title"] == "book 1"]
    assert asked["text"][: asked["prompt_chars"]] == "\n\n".join(_filler(77, False)[:2])


def test_the_ledger_accounts_for_every_document(finished):
    assert [check.text for check in verify_work(finished) if not check.ok] == []
    counts = load_manifest(finished / "trimmed").counts
    assert (counts["web"].read, counts["web"].kept, counts["web"].dropped, counts["book"].kept) == (31, 30, 1, 2)
    ledger = {row["id"]: row for row in rows(finished, kind="ledger")}
    before = {row["id"]: row for row in rows(finished, "selected")}
    assert ledger.keys() == before.keys() and len(before) == 33
    left = {row["id"]: row["text"] for row in rows(finished)}
    seen = 0
    for id, row in ledger.items():
        note = row["detail"].partition("; ")[2]
        cut = json.loads(note) if note else {"cut_chars": 0}
        if row["outcome"] == "kept":
            assert len(before[id]["text"]) - len(left[id]) == cut["cut_chars"]
        for start, end in cut.get("lines", []):
            shown = before[id]["text"][start:end]
            seen += shown in (FOOTER, NAVIGATION_ZH) or shown.upper() == NAVIGATION.upper()
    assert seen == 64
    (gone,) = [row for row in ledger.values() if row["outcome"] == "dropped"]
    assert gone["reasons"] == [{"rule": "trim.min_chars", "value": 13.0, "threshold": 60.0}]
    assert before[gone["id"]]["title"] == "web 30"


def test_signals_are_those_of_the_text_that_is_left(finished):
    table = pa.concat_tables(
        read_table(finished / "trimmed" / part.path) for part in load_manifest(finished / "trimmed").parts
    )
    text = table["text"].combine_chunks()
    for name, values in (compute_signals(text) | spam_signals(text)).items():
        assert table[name].to_pylist() == pa.array(values, table[name].type).to_pylist(), name
    before = {row["id"]: row for row in rows(finished, "selected")}
    same = ("language", "language_score", "quality", "cluster_size", "source", "origin_offset", "url_num_chars", "meta")
    changed = 0
    for row in table.to_pylist():
        assert {name: row[name] for name in same} == {name: before[row["id"]][name] for name in same}
        changed += row["num_chars"] != before[row["id"]]["num_chars"]
    assert changed == 31


def test_tokens_are_of_the_trimmed_text(finished):
    assert set(load_manifest(finished / "tokens").inputs) == {"trimmed", "tokenizer"}
    assert set(load_manifest(finished / "tokenizer").inputs) == {"trimmed"}
    assert sorted(row["id"] for row in rows(finished, "tokens")) == sorted(row["id"] for row in rows(finished))


def test_two_workers_write_the_same_bytes(folder, finished, again):
    shutil.rmtree(again / "trimmed")
    done = run(recipe(folder, runner="local", workers=2, **TRIM), again, quiet(), until="trim")
    assert [stage.name for stage in done if not stage.skipped] == ["trim"]
    assert hashes(again, "trimmed") == hashes(finished, "trimmed")


def test_the_order_of_files_makes_no_difference(folder, finished, tmp_path):
    turned = recipe(folder, turned=True, **TRIM)
    run(turned, tmp_path, quiet(), until="trim")
    parts = [part.path for part in load_manifest(tmp_path / "trimmed").parts]
    assert parts != [part.path for part in load_manifest(finished / "trimmed").parts]
    assert sorted(rows(tmp_path), key=lambda row: row["id"]) == sorted(rows(finished), key=lambda row: row["id"])


def test_without_trim_nothing_is_there_and_nothing_changes(folder, finished, again, tmp_path):
    plain, console = Path(shutil.copytree(finished, tmp_path / "plain")), quiet()
    for stage in ("trimmed", "tokenizer", "tokens"):
        shutil.rmtree(plain / stage)
    run(recipe(folder), plain, console)
    assert not (plain / "trimmed").exists() and "trim" not in console.file.getvalue()
    assert set(load_manifest(plain / "tokens").inputs) == {"selected", "tokenizer"}
    assert sorted(row["id"] for row in rows(plain, "tokens")) == sorted(row["id"] for row in rows(finished, "selected"))
    run(recipe(folder), again, quiet())  # the recipe trims no longer: trimmed/ is an earlier run's
    assert hashes(again, "tokens", "tokenizer") == hashes(plain, "tokens", "tokenizer")
    assert hashes(again, "tokens") != hashes(finished, "tokens")
    assert (again / "trimmed" / "manifest.json").is_file()
    assert list(current_stages(again)) == list(current_stages(plain))
    assert list(funnel.load_counts(again)) == ["extract", "dedup", "select"]
    assert [check.text for check in verify_work(again) if not check.ok] == []
    assert collect(again)["tokens"] == collect(plain)["tokens"] and collect(again)["cut"] == {}
    (id,) = [row["id"] for row in rows(again, "selected") if row["title"] == "web 3"]
    console = quiet()
    explain(again, id, console)
    show(again / "documents", Filter(), 99, False, console)
    assert "trim" not in console.file.getvalue()


def test_what_was_made_with_other_options_is_not_current(folder, again):
    run(recipe(folder, **TRIM | {"sentences": 0}), again, quiet(), until="select")
    assert list(current_stages(again)) == ["download", "extract", "dedup", "select"]
    bad = [check.text for check in verify_work(again) if not check.ok]
    assert len(bad) == 3 and any(text.startswith("trim: made from an older selected, or with other") for text in bad)
    run(recipe(folder, **TRIM), again, quiet(), until="select")
    assert len(current_stages(again)) == 7
    run(recipe(folder), again, quiet(), until="trim")  # off, and tokens are of trimmed text
    assert list(current_stages(again)) == ["download", "extract", "dedup", "select"]
    assert any("trims no longer" in check.text for check in verify_work(again) if not check.ok)


def test_it_is_shown(finished):
    shown = collect(finished)
    assert shown["steps"][-1]["name"] == "left after trimming" and shown["steps"][-1]["count"] == 32
    assert shown["cut"]["web"]["lines"] == 31 * len(FOOTER) + 15 * len(NAVIGATION_ZH) + 17 * len(NAVIGATION)
    assert {row["reason"] for row in shown["reasons"]} >= {"trim.min_chars"}
    console = quiet()
    console.print(funnel.by_source(funnel.load_counts(finished)), funnel.by_cut(finished))
    (id,) = [row["id"] for row in rows(finished, "selected") if row["title"] == "web 4"]
    explain(finished, id, console)
    show(finished / "trimmed", Filter(reason="trim.min_chars"), 5, True, console)
    printed = console.file.getvalue()
    for expected in ("too little left", "Repeated text cut", "trimmed: kept", repr(FOOTER), "Gone fishing.", "13"):
        assert expected in printed, expected


def test_a_restart_repeats_nothing(folder, again):
    before = hashes(again, "trimmed")
    assert [done.name for done in run(recipe(folder, **TRIM), again, quiet()) if not done.skipped] == []
    (again / "trimmed" / load_manifest(again / "trimmed").parts[0].path).unlink()
    assert [done.name for done in run(recipe(folder, **TRIM), again, quiet()) if not done.skipped] == ["trim"]
    assert hashes(again, "trimmed") == before and not (again / "trimmed" / ".work").exists()


def test_a_share_that_was_cut_may_drop_a_document(folder, again):
    run(recipe(folder, **TRIM, max_share_cut=0.4), again, quiet(), until="trim")
    ledger = [row for row in rows(again, kind="ledger") if row["outcome"] == "dropped"]
    rules = [reason for row in ledger for reason in row["reasons"] if reason["rule"] == "trim.max_share_cut"]
    assert 1 <= len(rules) < 20 and all(rule["value"] > rule["threshold"] for rule in rules)


def test_repeated_runs_of_tokens_are_cut_behind_the_units(folder, again):
    lines = {"keep": "none", "min_documents": 14}
    run(recipe(folder, lines=lines, substring_tokens=24, min_chars=1), again, quiet(), until="trim")
    found, before = texts(again), {row["id"]: row for row in rows(again, "selected")}
    assert {title for title, text in found.items() if "caravan" in text.lower()} == {"book 0"}
    assert found["book 0"] == _documents()["book"][0]
    for number in (22, 24, 26):
        assert found[f"web {number}"].endswith(f"{_word(number % 10, False)} of us.")
    seen = set()
    for row in rows(again, kind="ledger"):
        for start, end in json.loads(row["detail"].partition("; ")[2] or "{}").get("substrings", []):
            cut = before[row["id"]]["text"][start:end].lower()
            if "caravan" in cut and "boy" in cut:
                seen.add(before[row["id"]]["title"])
    assert seen == {"web 22", "web 24", "web 26"}
    assert load_manifest(again / "trimmed").info["cut_chars/substrings/web"] >= 3 * (len(RUN) - 10)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trim.lines={min_documents: 20}", "min_documents 20 has no use with keep: all; add keep: none"),
        ("trim.lines={keep: some}", "trim.lines.keep"),
        ("trim.lines={kep: none}", "did you mean 'keep'"),
        ("trim.substring_tokens=1", "every word that occurs again"),
    ],
)
def test_wrong_options_are_refused(override, message):
    with pytest.raises(RecipeError, match=message):
        make_recipe({"sources": [{"name": "a", "files": ["a.jsonl"]}]}, [override])
