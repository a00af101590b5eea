"""`siku inspect`: every dropped record can be found, and data is never read as markup."""

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from corpus.errors import RecipeError
from corpus.shards import load_manifest, read_table
from pipelines.inspect import Filter, show
from pipelines.recipe_file import make_recipe
from pipelines.run import run

MARKUP = "方括号[/x]与[abx]和[bold]"
TEXTS = [
    f"{MARKUP}第{n}篇文章，" + f"这里讲的是第{n}件事情，内容各不相同，读起来也有意思{n * 37}。" * 6 for n in range(12)
]


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """A run of 12 documents, a near copy of the first, two broken lines and an English text nobody wants."""
    folder = tmp_path_factory.mktemp("inspect")
    copy = TEXTS[0] + "[/y]"
    english = "An English text of a dozen plain words, which this recipe does not want to keep at all."
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in [*TEXTS, copy, english]]
    raw = folder / "[abx].jsonl"
    raw.write_text("\n".join([*lines[:3], '{"text": "[/x] cut', *lines[3:], "{"]), encoding="utf-8")
    values = {
        "sources": [{"name": "web", "files": [str(raw).replace("[", "[[]")]}],
        "select": {"languages": ["zh"], "rules": {}},
        "runner": {"name": "in_memory"},
    }
    run(make_recipe(values), folder / "work", Console(file=io.StringIO()), until="select")
    return folder / "work"


def shown(shard: Path, *, limit: int = 50, full: bool = False, **wanted: str) -> str:
    console = Console(file=io.StringIO(), width=400)
    show(shard, Filter(**wanted), limit, full, console)
    return console.file.getvalue()


def ids_in(output: str) -> list[str]:
    return re.findall(r"^╭─ ([0-9a-f]{32}) ", output, re.M)


def ledger(work: Path, stage: str) -> list[dict]:
    folder = work / stage
    return [row for part in load_manifest(folder).ledger for row in read_table(folder / part.path).to_pylist()]


def rules_of(row: dict) -> set[str]:
    return {reason["rule"] for reason in row["reasons"]}


@pytest.mark.parametrize("folder", ["documents", "selected"])
def test_every_reason_of_both_ledgers_is_found(work, folder):
    """Fails if a reason that the funnel counts leads to no row, or to the rows of another rule."""
    rows = [*ledger(work, "documents"), *ledger(work, "selected")]
    rules = set().union(*map(rules_of, rows))
    assert {"json_invalid", "duplicate_near", "language"} <= rules
    for rule in rules:
        expected = [row["id"] for row in rows if rule in rules_of(row)]
        assert ids_in(shown(work / folder, reason=rule)) == expected
        assert len(ids_in(shown(work / folder, reason=rule, limit=1))) == 1


def test_a_ledger_row_says_where_why_and_what_the_text_was(work):
    broken = shown(work / "documents", reason="json_invalid", limit=1)
    (row,) = [row for row in ledger(work, "documents") if row["reasons"]][:1]
    assert f"origin_offset: {row['origin_offset']}" in broken and "[abx].jsonl" in broken
    assert "unreadable: json_invalid" in broken and f"detail: {row['detail'][:50]}" in broken
    near = shown(work / "selected", reason="duplicate_near", full=True)
    assert re.search(r"dropped: duplicate_near \(\d", near)
    assert MARKUP in near and "num_chars=" in near and "ledger: selected/ledger" in near
    english = shown(work / "selected", reason="language", language="en")
    assert "An English text" in english and len(ids_in(english)) == 1
    assert not ids_in(shown(work / "selected", reason="language", language="zh"))
    assert not ids_in(shown(work / "documents", reason="language", source="books"))


def test_a_part_shows_its_own_rows_only(work, monkeypatch):
    folder = work / "documents"
    (part,) = load_manifest(folder).parts
    monkeypatch.chdir(folder)
    assert len(ids_in(shown(Path(part.path), reason="duplicate_near"))) == 1
    assert not ids_in(shown(Path(part.path), reason="json_invalid"))  # became no document
    (rows,) = load_manifest(folder).ledger
    assert len(ids_in(shown(folder / rows.path, reason="json_invalid"))) == 2
    every = shown(folder)
    assert len(ids_in(every)) == part.rows and every.count("dropped: ") == 2


def test_texts_that_look_like_markup_are_shown_as_they_are(work, tmp_path):
    assert shown(work / "documents").count(MARKUP) == len(TEXTS) + 1
    link = tmp_path / "[" / "x]"
    link.parent.mkdir()
    link.symlink_to(work / "documents")
    assert f"no row of {link} passes" in shown(link, id="none")


@pytest.mark.parametrize(
    ("shard", "wanted", "limit", "message"),
    [
        ("raw", {}, 5, r"publishers' files .* not Arrow; .* in .*/documents$"),
        ("raw/manifest.json", {}, 5, r"publishers' files"),
        ("nothing", {}, 5, r"nothing does not exist"),
        (".", {}, 5, r"neither a part .* nor the folder of a finished stage"),
        ("documents", {}, 0, r"--limit 0: expected 1 or more"),
        (
            "documents",
            {"reason": "json"},
            5,
            r"no ledger under .* holds this rule; those that occur: .*json_invalid \(2\)",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused_with_what_to_do(work, shard, wanted, limit, message):
    with pytest.raises(RecipeError, match=message):
        shown(work / shard, limit=limit, **wanted)


def test_at_most_ten_rules_are_listed(work, monkeypatch):
    monkeypatch.setattr("pipelines.inspect._MOST_RULES", 2)
    with pytest.raises(RecipeError, match=r"the 2 most frequent of \d: json_invalid \(2\), \w+ \(\d\)$"):
        shown(work / "documents", reason="x")
