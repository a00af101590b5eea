"""`siku select`: changed thresholds over a finished run give what `siku run` with them gives, dry or not."""

import io
import json
import random
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from corpus.errors import RecipeError
from corpus.ops.default_rules import DEFAULT_THRESHOLDS
from corpus.shards import Counts, load_manifest, read_table
from pipelines.recipe_file import make_recipe
from pipelines.reselect import reselect, stored_recipe
from pipelines.run import run
from pipelines.verify import verify_work

WORDS = ("river", "stone", "lantern", "market", "winter", "harbour", "copper", "garden", "letter", "morning")
STOP = ("the", "of", "and", "to", "that", "with", "have", "be")
MAX_WORDS = "select.thresholds.gopher_quality.max_words"


def document(num_words: int, seed: int) -> str:
    """English of a kind: every other word is a stop word."""
    rng = random.Random(seed)
    return " ".join(f"{rng.choice(STOP)} {rng.choice(WORDS)}{rng.randrange(999)}" for _ in range(num_words // 2)) + "."


def values(folder: Path) -> dict:
    """Documents of 40 to 200 words from two sources, and a pair of near-duplicates of 150 and 142 words."""
    long = document(150, 77)
    texts = [document(40 + 8 * n, n) for n in range(21)] + [long, " ".join(long.split()[:-8])]
    for name, own in (("a", texts[::2]), ("b", texts[1::2])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in own))
    return {
        "sources": [{"name": name, "files": [str(folder / f"{name}.jsonl")]} for name in "ab"],
        "select": {"languages": [], "rules": {"en": ["gopher_quality"], "fr": []}},
        "runner": {"name": "in_memory"},
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("reselect")
    run(make_recipe(values(folder)), folder / "work", quiet(), until="select")
    return folder


@pytest.fixture
def work(finished, tmp_path) -> Path:
    """A copy of the run that the test may change."""
    shutil.copytree(finished / "work", tmp_path / "work")
    return tmp_path / "work"


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


def outcomes(work: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    rows = [
        row
        for part in load_manifest(work / "selected").ledger
        for row in read_table(work / "selected" / part.path).to_pylist()
    ]
    return {row["id"]: (row["outcome"], tuple(reason["rule"] for reason in row["reasons"])) for row in rows}


def contents(work: Path) -> dict[str, bytes]:
    return {str(path.relative_to(work)): path.read_bytes() for path in work.rglob("*") if path.is_file()}


def without_bytes(counts: dict[str, Counts]) -> dict[str, tuple]:
    return {name: (each.read, each.kept, each.dropped, each.reasons) for name, each in counts.items()}


@pytest.mark.parametrize(
    "overrides",
    [
        [f"{MAX_WORDS}=146"],  # drops the keeper of the pair, so the other takes its place
        ["select.thresholds.gopher_quality.min_words=100", "sources.0.rules={}", "select.languages=[en]"],
    ],
    ids=["keeper goes", "several"],
)
def test_a_dry_run_counts_what_selecting_gives_and_what_a_run_gives(finished, work, tmp_path, overrides):
    before = contents(work)
    counted = reselect(work, [*overrides, "runner.name=in_memory"], quiet(), dry_run=True)
    assert contents(work) == before
    selected = reselect(work, [*overrides, "runner.name=in_memory"], quiet())
    assert without_bytes(counted) == without_bytes(selected) == without_bytes(load_manifest(work / "selected").counts)
    whole, others = values(finished), [each for each in overrides if "thresholds" not in each]
    changed = (each.removeprefix("select.thresholds.").split("=") for each in overrides if each not in others)
    whole["select"]["thresholds"] = {rule: float(value) for rule, value in changed}
    shutil.copytree(finished / "work", tmp_path / "whole")
    run(make_recipe(whole, others), tmp_path / "whole", quiet(), until="select")
    assert outcomes(work) == outcomes(tmp_path / "whole") != outcomes(finished / "work")
    assert [check.text for check in verify_work(work) if not check.ok] == []


def test_the_other_of_a_pair_is_kept_where_its_keeper_goes(finished, work):
    (removed,) = [id for id, (_, rules) in outcomes(finished / "work").items() if "duplicate_near" in rules]
    reselect(work, [f"{MAX_WORDS}=146", "runner.name=in_memory"], quiet())
    assert outcomes(work)[removed] == ("kept", ())


def test_the_stored_recipe_holds_the_new_values_and_further_changes_add_to_them(work):
    reselect(work, [f"{MAX_WORDS}=120", "runner.name=in_memory"], quiet())
    reselect(work, ["select.thresholds.gopher_quality.min_words=60", "runner.name=in_memory"], quiet())
    expected = DEFAULT_THRESHOLDS | {"gopher_quality.max_words": 120, "gopher_quality.min_words": 60}
    assert stored_recipe(work).select.thresholds == expected
    kept = [id for id, (outcome, _) in outcomes(work).items() if outcome == "kept"]
    assert 0 < len(kept) < 10


def test_what_changed_is_printed(work):
    console = quiet()
    before = load_manifest(work / "selected").counts
    after = reselect(work, [f"{MAX_WORDS}=100"], console, dry_run=True)
    shown = console.file.getvalue()
    change = sum(each.kept for each in after.values()) - sum(each.kept for each in before.values())
    now = sum(each.reasons.get("gopher_quality.max_words", 0) for each in after.values())
    assert change < -5 and f"{change:+,}" in shown
    (line,) = [line for line in shown.splitlines() if "gopher_quality.max_words" in line]
    assert [cell.strip() for cell in line.strip("│ ").split("│")] == [
        "gopher_quality.max_words",
        "0",
        str(now),
        f"+{now}",
    ]


def test_nothing_changes_where_no_document_is_at_the_threshold(work):
    console = quiet()
    reselect(work, [f"{MAX_WORDS}=100001"], console, dry_run=True)
    assert "no reason's count changed" in console.file.getvalue()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("dedup.threshold=0.9", "'dedup', which is applied before `select`"),
        ("sources.0.priority=3", "'sources'"),
        ("select.thresholds.gopher_quality.max_wrds=3", "max_wrds"),
        ("select.thresholds.gopher_quality.max_words=many", "thresholds"),
        ("select.thresholds.gopher_quality.max_words=[", "not YAML"),
        ("select.langages=[zh]", "did you mean 'languages'"),
    ],
)
def test_what_needs_more_than_select_or_is_wrong_is_refused(work, override, message):
    before = contents(work)
    with pytest.raises(RecipeError, match=message):
        reselect(work, [override], quiet())
    assert contents(work) == before


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"recipe.json does not exist"):
        reselect(tmp_path, [], quiet())
