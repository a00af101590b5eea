"""Benchmarks, blocklists and personal data in a small run: who goes, on what evidence, and what the kept ones read."""

import io
import json
import pickle
import random
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from rich.console import Console

from corpus.errors import InputError, RecipeError
from corpus.schema import DOCUMENTS
from corpus.shards import load_manifest, read_table
from pipelines import funnel, select
from pipelines.explain import explain
from pipelines.inspect import Filter, show
from pipelines.recipe import Select
from pipelines.recipe_file import make_recipe
from pipelines.report import write_report
from pipelines.reselect import reselect
from pipelines.run import StageRun, run
from pipelines.screen import hash_files, load_screens, mask
from pipelines.verify import verify_work

ITEM = "Olga has eleven jars of plum jam and gives four of them to each of her two neighbours; how many are left?"
WORDS = ("river", "stone", "lantern", "market", "winter", "harbour", "copper", "garden", "letter", "morning")
STOP = ("the", "of", "and", "to", "that", "with", "have", "be")


def prose(num_words: int, seed: int) -> str:
    rng = random.Random(seed)
    return " ".join(f"{rng.choice(STOP)} {rng.choice(WORDS)}{rng.randrange(999)}" for _ in range(num_words // 2)) + "."


PAIR = prose(300, 1)
TEXTS = {
    "clean": (prose(120, 2), None),
    "personal": (f"{prose(60, 3)} Write to anna.lind@posteo.de or ben@posteo.de, or call +86 138 1234 5678.", None),
    "chinese": ("清晨的集市上人来人往，卖菜的老人把新摘的黄瓜摆得整整齐齐。要买请致电13812345678，他天天都在。", None),
    "leak": (f"{prose(80, 4)} {ITEM.upper()} {prose(20, 5)}", None),
    "pair kept by dedup": (f"{PAIR} {ITEM}", None),  # the longer of the two
    "pair": (PAIR, None),
    "listed words": (f"{prose(60, 6)} grimble frob grimble", None),
    "one listed word": (f"{prose(60, 7)} grimble", None),
    "listed host": (prose(70, 8), "https://www.forum.rubbish.example/t/9"),
    "other host": (prose(70, 9), "https://notrubbish.example/"),
}


def values(folder: Path) -> dict:
    """All screens on; the files they need lie in `folder`."""
    (folder / "web.jsonl").write_text(
        "".join(json.dumps({"title": title, "text": text, "url": url}) + "\n" for title, (text, url) in TEXTS.items())
    )
    (folder / "sums.jsonl").write_text(json.dumps({"q": "Too short?"}) + "\n" + json.dumps({"q": ITEM}) + "\n")
    (folder / "words.txt").write_text("# of the test\ngrimble\nfrob\n")
    (folder / "urls.txt").write_text("rubbish.example\n")
    return {
        "sources": [{"name": "web", "files": [str(folder / "web.jsonl")]}],
        "select": {
            "languages": [],
            "rules": {},
            "decontaminate": {
                "benchmarks": [{"name": "sums", "path": str(folder / "sums.jsonl"), "template": "{q}"}],
            },
            "blocklists": {"words": [str(folder / "words.txt")], "urls": [str(folder / "urls.txt")]},
            "pii": {"kinds": ["email", "phone", "ip"], "replacements": {"phone": "[tel]"}},
        },
        "runner": {"name": "in_memory"},
    }


OFF = ["select.decontaminate.benchmarks=[]", "select.blocklists={}", "select.pii.kinds=[]", "runner.name=in_memory"]


def quiet() -> Console:
    return Console(file=io.StringIO(), width=300)


def select_again(folder: Path, work: Path) -> StageRun:
    recipe = json.loads((folder / "recipe.json").read_text())
    return run(make_recipe(recipe), work, quiet(), until="select")[-1]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("screen")
    (folder / "recipe.json").write_text(json.dumps(values(folder)))
    select_again(folder, folder / "work")
    return folder


@pytest.fixture
def work(finished, tmp_path) -> Path:
    """A copy of the run that the test may change."""
    shutil.copytree(finished / "work", tmp_path / "work")
    return tmp_path / "work"


def rows(work: Path, stage: str, kind: str = "parts") -> list[dict]:
    folder = work / stage
    return [row for part in getattr(load_manifest(folder), kind) for row in read_table(folder / part.path).to_pylist()]


def ledger(work: Path) -> dict[str, dict]:
    """Title -> row of the ledger."""
    titles = {row["id"]: row["title"] for row in rows(work, "documents")}
    found = {titles[row["id"]]: row for row in rows(work, "selected", "ledger")}
    assert set(found) == set(TEXTS)
    return found


def reasons(work: Path) -> dict[str, list[str]]:
    return {title: [reason["rule"] for reason in row["reasons"]] for title, row in ledger(work).items()}


EXPECTED = {title: [] for title in TEXTS} | {
    "leak": ["contamination.sums"],
    "pair kept by dedup": ["contamination.sums"],
    "listed words": ["word_blocklist"],
    "listed host": ["url_blocklist"],
}


def test_what_was_planted_goes_and_nothing_else_and_a_copy_takes_the_place_of_a_contaminated_keeper(finished):
    work = finished / "work"
    assert reasons(work) == EXPECTED
    decisions = {row["id"]: row for row in rows(work, "duplicates")}
    found = ledger(work)
    assert decisions[found["pair"]["id"]]["kept_id"] == found["pair kept by dedup"]["id"]
    assert load_manifest(work / "selected").info["promoted"] == 1
    assert [check.text for check in verify_work(work) if not check.ok] == []


def test_the_evidence_stands_in_the_ledger(finished):
    row = ledger(finished / "work")["leak"]
    text = TEXTS["leak"][0]
    start = text.index("OLGA")
    assert row["detail"].startswith(f"en; sums item 1, bytes {start}-")
    assert f"{len(ITEM.split())} tokens, 100% of the item" in row["detail"] and "OLGA HAS ELEVEN JARS" in row["detail"]
    (reason,) = row["reasons"]
    assert (reason["value"], reason["threshold"]) == (len(ITEM.split()), 13)
    (row,) = ledger(finished / "work")["listed words"]["reasons"]
    assert (row["value"], row["threshold"]) == (3, 1)


def test_personal_data_is_replaced_in_what_is_kept_and_counted(finished):
    work = finished / "work"
    texts = {row["title"]: row["text"] for row in rows(work, "selected")}
    expected = {title: TEXTS[title][0] for title in texts}
    expected["personal"] = expected["personal"].replace("anna.lind@posteo.de", "<EMAIL>")
    expected["personal"] = (
        expected["personal"].replace("ben@posteo.de", "<EMAIL>").replace("+86 138 1234 5678", "[tel]")
    )
    expected["chinese"] = expected["chinese"].replace("13812345678", "[tel]")
    assert texts == expected and set(texts) == {title for title, rules in EXPECTED.items() if not rules}
    details = {title: row["detail"] for title, row in ledger(work).items()}
    assert details["personal"] == "en; masked: 2 email, 1 phone"
    assert details["chinese"] == "zh; masked: 1 phone"
    assert details["clean"] == "en"
    manifest = load_manifest(work / "selected")
    assert funnel.masked(manifest) == {"email": 2, "phone": 2, "ip": 0, "documents": 2}
    assert manifest.counts["web"].kept_bytes == sum(len(text.encode()) for text in texts.values())
    assert manifest.info["benchmarks"] == [{"benchmark": "sums", "num_items": 2, "num_whole": 0, "num_too_short": 1}]


def test_columns_other_than_text_are_as_they_were(finished):
    documents = {row["id"]: row for row in rows(finished / "work", "documents")}
    seen = 0
    for row in rows(finished / "work", "selected"):
        assert {name: row[name] for name in DOCUMENTS.names if name != "text"} == {
            name: value for name, value in documents[row["id"]].items() if name != "text"
        }
        seen += 1
    assert seen == 6


def test_masking_decides_nothing_and_off_is_off(finished, work):
    reselect(work, ["select.pii.kinds=[]", "runner.name=in_memory"], quiet())
    assert reasons(work) == EXPECTED
    assert {row["title"]: row["text"] for row in rows(work, "selected")} == {
        title: TEXTS[title][0] for title, rules in EXPECTED.items() if not rules
    }
    assert funnel.by_kind(work) is None
    reselect(work, OFF, quiet())
    off = EXPECTED | {title: [] for title in TEXTS} | {"pair": ["duplicate_near"]}
    assert reasons(work) == off
    assert {row["detail"] for row in ledger(work).values()} == {"en", "zh"}
    assert load_manifest(work / "selected").info == {"promoted": 0}


def test_no_text_is_read_for_counting_where_nothing_asks_for_it(work, monkeypatch):
    reselect(work, OFF, quiet())
    read: list[set[str]] = []
    original = select.read_batches

    def noted(path, columns=None):
        read.append(set(DOCUMENTS.names if columns is None else columns))
        return original(path, columns)

    monkeypatch.setattr(select, "read_batches", noted)
    reselect(work, ["select.min_language_score=0.1"], quiet(), dry_run=True)
    assert len(read) == 2 and all(not {"text", "url"} & columns for columns in read)


@pytest.mark.parametrize(
    ("override", "columns"),
    [
        ("select.decontaminate.benchmarks=[{name: a, path: SUMS, template: '{q}'}]", {"text"}),
        ("select.blocklists.words=[WORDS]", {"text"}),
        ("select.blocklists.urls=[URLS]", {"url"}),
        ("select.pii.kinds=[email]", set()),
    ],
    ids=["benchmark", "words", "urls", "pii"],
)
def test_only_what_is_asked_for_is_read(finished, override, columns):
    for name in ("sums.jsonl", "words.txt", "urls.txt"):
        override = override.replace(name.split(".")[0].upper(), str(finished / name))
    criteria = select.criteria_of(make_recipe({"sources": [{"name": "a", "files": ["x"]}]}, [override]))
    assert {"text", "url", "title", "meta"} & set(criteria.columns) == columns
    assert pickle.loads(pickle.dumps(criteria)) == criteria  # workers get it so


def test_no_rows(finished):
    """A part without duplicate groups, or of which nothing is kept."""
    recipe = make_recipe(json.loads((finished / "recipe.json").read_text()))
    criteria = select.criteria_of(recipe)
    nothing = pa.RecordBatch.from_pylist([], DOCUMENTS)
    assert len(select.failing_rules(nothing.select(criteria.columns), None, criteria)) == 0
    batch, notes, totals = mask(nothing, load_screens(criteria.options, criteria.files))
    assert batch.equals(nothing) and notes == {} and set(totals.values()) == {0}


def test_a_masked_prompt_is_as_long_as_it_reads():
    screens = load_screens(Select.model_validate({"pii": {"kinds": ["email"]}}), {})
    rows = [
        ("Write to jo@mail.org, please.\n\nDone, to jo@mail.org.", 29),
        ("Where?\n\nAt jo@mail.org.", 6),
        ("No address\n\nhere", 10),
        ("jo@mail.org", None),
        ("Mail jo@mail.org now", 10),  # a prompt that ends inside an address: not one any more
    ]
    text, chars = zip(*rows, strict=True)
    batch = pa.record_batch([pa.array(text, pa.large_string()), pa.array(chars, pa.int32())], ["text", "prompt_chars"])
    masked, notes, _ = mask(batch, screens)
    assert sorted(notes) == [0, 1, 3, 4]
    pairs = zip(masked["text"].to_pylist(), masked["prompt_chars"].to_pylist(), strict=True)
    prompts = [text[:chars] if chars is not None else None for text, chars in pairs]
    assert prompts == ["Write to <EMAIL>, please.", "Where?", "No address", None, None]


def test_a_dry_run_counts_what_selecting_gives(finished, work):
    reselect(work, OFF, quiet())
    recipe = values(finished)["select"]
    overrides = [
        f"select.decontaminate.benchmarks={json.dumps(recipe['decontaminate']['benchmarks'])}",
        f"select.blocklists={json.dumps(recipe['blocklists'])}",
        "runner.name=in_memory",
    ]
    counted = reselect(work, overrides, quiet(), dry_run=True)["web"]
    selected = reselect(work, overrides, quiet())["web"]
    assert (counted.kept, counted.reasons) == (selected.kept, selected.reasons)
    assert reasons(work) == EXPECTED


def test_a_changed_list_runs_select_again_and_an_unchanged_one_does_not(finished, work, tmp_path):
    for file in finished.glob("*.*"):
        shutil.copy(file, tmp_path)
    recipe = (finished / "recipe.json").read_text().replace(str(finished), str(tmp_path))
    recipe = recipe.replace(str(tmp_path / "web.jsonl"), str(finished / "web.jsonl"))
    (tmp_path / "recipe.json").write_text(recipe)
    select_again(tmp_path, work)
    assert select_again(tmp_path, work).skipped
    (tmp_path / "urls.txt").write_text("nothing.example\n")
    changed = select_again(tmp_path, work)
    assert not changed.skipped and reasons(work) == EXPECTED | {"listed host": []}
    (tmp_path / "sums.jsonl").write_text(json.dumps({"q": "What " + ITEM[::-1]}) + "\n")
    changed = select_again(tmp_path, work)
    assert not changed.skipped and reasons(work)["leak"] == []


def test_a_file_that_changes_under_a_run_is_refused(tmp_path):
    (tmp_path / "urls.txt").write_text("a.example\n")
    options = Select.model_validate({"blocklists": {"urls": [str(tmp_path / "urls.txt")]}})
    hashes = hash_files(options)
    (tmp_path / "urls.txt").write_text("b.example\n")
    with pytest.raises(RecipeError, match=r"urls\.txt changed while the run went on"):
        load_screens(options, hashes)


@pytest.mark.parametrize(
    ("override", "error", "message"),
    [
        ("select.pii.kinds=[emial]", RecipeError, "select.pii: there is no kind of personal data 'emial'"),
        ("select.pii.replacements={fone: x}", RecipeError, "'fone'"),
        ("select.blocklists.urls=[nowhere.txt]", RecipeError, "'nowhere.txt' can't be read"),
        ("select.blocklists.words=[EMPTY]", RecipeError, "has no term"),
        ("select.decontaminate.benchmarks=[{name: a, path: SUMS, template: '{question}'}]", RecipeError, "the fields"),
        ("select.decontaminate.benchmarks=[{name: a, path: SUMS, template: mlmu}]", RecipeError, "names no field"),
        (
            "select.decontaminate.benchmarks=[{name: a, path: EMPTY, format: json, template: '{q}'}]",
            InputError,
            "cannot",
        ),
        ("select.decontaminate={benchmarks: [{name: a, path: SUMS, template: '{q}'}], n: 5}", RecipeError, "n is 5"),
        (
            "select.decontaminate={benchmarks: [{name: a, path: SHORT, template: '{q}'}]}",
            RecipeError,
            "nothing would be",
        ),
        ("select.decontaminate.benchmarks=[{name: a, file: x, template: '{q}'}]", RecipeError, "unknown key"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_starts(tmp_path, override, error, message):
    files = {"SUMS": {"q": ITEM}, "SHORT": {"q": "Why?"}, "EMPTY": None}
    for name, item in files.items():
        path = tmp_path / f"{name.lower()}.jsonl"
        path.write_text("" if item is None else json.dumps(item))
        override = override.replace(name, str(path))
    with pytest.raises(error, match=message):
        select.check_options(make_recipe({"sources": [{"name": "a", "files": ["x"]}]}, [override]))


def test_commands_show_it(finished, work):
    found = ledger(work)
    console = quiet()
    explain(work, found["leak"]["id"], console)
    shown = console.file.getvalue()
    assert f"contamination.sums: {len(ITEM.split())} against 13" in shown and "sums item 1" in shown
    console = quiet()
    show(work / "documents", Filter(None, "en", "contamination.sums", None), 5, False, console)
    assert "OLGA" in console.file.getvalue()
    console = quiet()
    console.print(funnel.by_kind(work))
    assert "in 2 of the kept documents" in console.file.getvalue() and "email" in console.file.getvalue()
    html = write_report(work).read_text(encoding="utf-8")
    assert "Personal data replaced" in html and "Benchmarks looked for" in html
