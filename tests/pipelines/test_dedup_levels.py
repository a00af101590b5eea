"""The levels URL and prompt and the measure containment through real runs: who goes, why, and who comes back."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from corpus.errors import RecipeError
from corpus.shards import load_manifest, read_table
from pipelines import dedup
from pipelines.compared import compared
from pipelines.duplicates import show
from pipelines.recipe_file import make_recipe
from pipelines.report import write_report
from pipelines.run import run
from pipelines.verify import verify_work

_WORDS = "harbour lantern ledger copper meadow saddle thimble orchard gravel pigeon mortar candle ribbon anvil barley"
EN = _WORDS.split()
ZH = "山水风云花鸟虫鱼春夏秋冬东南西北日月星辰金木水火土江河湖海松竹梅兰琴棋书画诗酒茶米油盐"


def text(seed: int, language: str = "en", words: int = 90) -> str:
    """A text that has nothing in common with that of another seed."""
    rng = np.random.default_rng(seed)
    if language == "zh":
        return "".join(rng.choice(list(ZH), words)) + "。"
    numbered = zip(rng.choice(EN, words), rng.integers(0, 999, words), strict=True)
    return " ".join(f"{word}{number}" for word, number in numbered) + "."


def run_on(folder: Path, sources: dict, *, until: str = "dedup", options: dict | None = None, **values) -> Path:
    """Run on sources given as name -> records, or name -> (records, options of the source)."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for name, given in sources.items():
        records, more = given if isinstance(given, tuple) else (given, {})
        path = folder / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in records), encoding="utf-8")
        entries.append({"name": name, "files": [str(path)]} | more)
    recipe = {"sources": entries, "dedup": options or {}, "runner": {"name": "in_memory"}}
    recipe |= {"select": {"rules": {}, "languages": []}} | values
    run(make_recipe(recipe), folder / "work", Console(file=io.StringIO()), until=until)
    return folder / "work"


def rows(work: Path, stage: str) -> list[dict]:
    return [
        row for part in load_manifest(work / stage).parts for row in read_table(work / stage / part.path).to_pylist()
    ]


def decisions(work: Path) -> dict[str, tuple[str | None, str | None, float | None]]:
    """Title -> (title of the document it goes for, level, similarity)."""
    titles = {row["id"]: row["title"] for row in rows(work, "documents")}
    return {
        titles[row["id"]]: (titles.get(row["kept_id"]), row["level"], row["jaccard"])
        for row in rows(work, "duplicates")
    }


def reasons(work: Path) -> dict[str, list[tuple]]:
    titles = {row["id"]: row["title"] for row in rows(work, "documents")}
    manifest = load_manifest(work / "selected")
    ledger = [row for part in manifest.ledger for row in read_table(work / "selected" / part.path).to_pylist()]
    return {titles[row["id"]]: [(reason["rule"], reason["value"]) for reason in row["reasons"]] for row in ledger}


def page(title: str, url: str | None, body: str) -> dict:
    return {"title": title, "url": url, "text": body}


STAYS = (None, None, None)
PAGES = {
    "best": (
        [page("old a", "http://www.a.org/p/?utm_source=x", text(1)), page("b", "http://b.org", text(2, "zh"))],
        {"priority": 2},
    ),
    "good": ([page("near b", "https://d.org/q", text(2, "zh")[:-4])], {"priority": 1}),
    "web": [
        page("new a", "https://a.org/p", text(3)),
        page("text of new a", "https://c.org/", text(3)),
        page("shorter at d", "https://d.org/q#part", text(4, "zh", 60)),
        page("no url 1", None, text(5)),
        page("no url 2", "unknown", text(6)),
        page("no url 3", "unknown", text(7)),
    ],
}


LONG = "The keeper of the light wrote that the boats and the nets of the bay have to be with him by night. " * 2
VERSIONS = {  # of one page, the first too short for its rules
    "first": (
        [page("short", "http://v.org/p", "The sea and the boats of the bay.")],
        {"priority": 2, "rules": {"en": ["gopher_quality"]}},
    ),
    "next": ([page("second", "http://v.org/p/", LONG * 2)], {"priority": 1}),
    "last": [page("third", "https://www.v.org/p", LONG + "Now of others: that is what we have to be with. " * 9)],
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> Path:
    options = {"seed": 1, "url": True}
    return run_on(tmp_path_factory.mktemp("pages"), PAGES | VERSIONS, until="select", options=options)


def test_the_best_of_a_url_stays_and_is_not_taken_for_the_text_of_another(pages):
    found = decisions(pages)
    assert found["new a"] == ("text of new a", "exact", 1.0) and found["old a"] == STAYS
    assert found["text of new a"] == STAYS  # though it is what "new a" was, which its URL's best version beat
    assert found["near b"][:2] == ("b", "near") and found["near b"][2] >= 0.75
    assert found["shorter at d"] == ("b", "url", None)  # where the better one of its URL went
    assert {title: found[title] for title in ("no url 1", "no url 2", "no url 3")} == dict.fromkeys(
        ("no url 1", "no url 2", "no url 3"), STAYS
    )
    sizes = {row["id"]: row["cluster_size"] for row in rows(pages, "duplicates")}
    titles = {row["title"]: row["id"] for row in rows(pages, "documents")}
    assert sizes[titles["b"]] == 3 and sizes[titles["text of new a"]] == 2


def test_the_level_is_known_to_all_that_count_and_show(pages):
    counts = load_manifest(pages / "duplicates").counts
    assert counts["web"].reasons == {"duplicate_exact": 1, "duplicate_url": 1} and counts["good"].reasons == {
        "duplicate_near": 1
    }
    found = reasons(pages)
    assert found["new a"] == [("duplicate_exact", 1.0)] and found["shorter at d"] == [("duplicate_url", None)]
    assert found["near b"][0][0] == "duplicate_near"
    assert [check.text for check in verify_work(pages) if not check.ok] == []
    output = Console(file=io.StringIO(), width=120)
    show(pages, None, 10, False, output)
    show(pages, next(row["id"] for row in rows(pages, "documents") if row["title"] == "new a"), 10, False, output)
    printed = output.file.getvalue()
    assert (
        "5 removed (1 exact, 1 near, 3 url)" in printed
        and "  url  " in printed
        and "Jaccard with the kept one" in printed
    )
    html = write_report(pages).read_text(encoding="utf-8")
    assert "<b>url</b>" in html and "3 url" in html
    from pipelines.funnel import by_source, load_counts

    output = Console(file=io.StringIO(), width=200)
    output.print(by_source(load_counts(pages)))
    (line,) = (line for line in output.file.getvalue().splitlines() if " all " in line)
    assert [cell.strip() for cell in line.split("│")][5:8] == ["12", "4", "1"]  # documents, duplicates, rules


def test_a_url_whose_best_version_the_rules_drop_gets_its_next_best_back(pages):
    """Of three versions the first is dropped for its length: the better of the others comes back, and only it."""
    found, why = decisions(pages), reasons(pages)
    assert found["short"] == STAYS and why["short"][0][0] == "gopher_quality.min_words"
    assert found["second"] == ("short", "url", None) and why["second"] == []
    assert found["third"] == ("short", "url", None) and why["third"] == [("duplicate_url", None)]
    assert load_manifest(pages / "selected").info["promoted"] == 1


def task(title: str, prompt: str, answer: str | None, language: str = "en") -> dict:
    record = {"title": title, "instruction": prompt, "input": ""}
    return record if answer is None else record | {"output": answer}


ASKED = [
    task("short answer", text(20), text(21, words=20)),
    task("long answer", text(20), text(22, words=80)),
    task("other prompt, same answer", text(23), text(22, words=80)),
    task("zh short", text(24, "zh"), text(25, "zh", 20)),
    task("zh long", text(24, "zh").replace("。", "！"), text(26, "zh", 60)),
    task("same length 1", text(27), text(28, words=30)[:150]),
    task("same length 2", text(27), text(29, words=30)[:150]),
]


TIES = [task(f"tie {i}", text(40), "".join(np.random.default_rng(i).permutation(list("abcdefgh")))) for i in range(6)]


def test_of_the_answers_to_one_prompt_the_best_stays(tmp_path):
    web = [page("the prompt as a page", None, text(23)), page("page", None, text(20) + "\n\n" + text(22, words=80))]
    kept = []
    for turn, tasks in enumerate((ASKED + TIES, (ASKED + TIES)[::-1])):
        work = run_on(tmp_path / str(turn), {"tasks": (tasks, {"dedup_on": "prompt"}), "web": web})
        found = decisions(work)
        better = {row["title"]: (row["quality"], row["num_chars"]) for row in rows(work, "documents")}
        for one, other in (("short answer", "long answer"), ("zh short", "zh long")):
            worse, best = sorted((one, other), key=lambda title: better[title])
            assert better[worse] != better[best]
            assert found[worse] == (best, "exact", 1.0) and found[best] == STAYS
        # one that is compared by its prompt and one compared by its text are the same if these are
        pair = {title: found[title] for title in ("other prompt, same answer", "the prompt as a page")}
        assert sorted(level or "" for _, level, _ in pair.values()) == ["", "exact"]
        assert found["page"] == STAYS  # prompt and answer together are not the prompt
        kept.append({title for title, decision in found.items() if decision == STAYS})
    # of equal prompt, quality and length the content of the whole decides, not the id, which knows the place
    ties = [better[f"tie {i}"] for i in range(6)]
    assert ties.count(max(ties)) > 1 and len(better) == 15
    assert kept[0] == kept[1] and sum(title.startswith("tie") for title in kept[0]) == 1
    assert sum(title.startswith("same length") for title in kept[0]) == 1


def test_what_is_compared_is_the_prompt_where_there_is_one():
    import pyarrow as pa

    batch = pa.record_batch(
        {
            "text": pa.array(["问题\n\n答", "问题\n\n答", "𠀀a\n\nb", "没有答案", "\n\n空"], pa.large_string()),
            "source": ["tasks", "web", "tasks", "tasks", "tasks"],
            "prompt_chars": pa.array([2, 2, 2, None, 0], pa.int32()),
        }
    )
    whole = batch["text"].to_pylist()
    assert compared(batch, ["tasks"]).to_pylist() == ["问题", whole[1], "𠀀a", *whole[3:]]
    assert compared(batch, []).equals(batch["text"]) and compared(batch.slice(3), ["tasks"]).to_pylist() == whole[3:]


def test_parts_of_longer_documents_go_by_containment_and_by_default_neither_url_nor_prompt_count(tmp_path):
    long = {language: text(60, language, 200) for language in ("en", "zh")}
    part = {"en": " ".join(long["en"].split()[20:180]), "zh": long["zh"][20:170]}
    sources = {
        "books": ([page(f"long {name}", None, value) for name, value in long.items()], {"priority": 3}),
        "parts": [page(f"part {name}", None, value) for name, value in part.items()],
        "tasks": ASKED,
    }
    options = {"threshold": 0.9, "rows_per_band": 3, "measure": "containment"}
    work = run_on(tmp_path, PAGES | sources, options=options)
    found = decisions(work)
    assert found["part en"] == ("long en", "near", 1.0) and found["part zh"] == ("long zh", "near", 1.0)
    assert found["near b"] == ("b", "near", 1.0)
    assert {found["new a"][1], found["text of new a"][1]} == {"exact", None}
    removed = {title for title, decision in found.items() if decision != STAYS}
    assert len(removed) == 4 and len(found) == 9 + 4 + len(ASKED)
    output = Console(file=io.StringIO(), width=120)
    show(work, None, 10, False, output)
    assert "Containment with the kept one" in output.file.getvalue() and "near 1.0000" in output.file.getvalue()


def test_wrong_values_are_refused():
    for section, message in (
        ({"sources": [{"name": "a", "files": ["x"], "dedup_on": "answer"}]}, "'text' or 'prompt'"),
        ({"sources": [{"name": "a", "files": ["x"]}], "dedup": {"measure": "cosine"}}, "'jaccard' or 'containment'"),
    ):
        with pytest.raises(RecipeError, match=message):
            make_recipe(section)
    with pytest.raises(RecipeError, match=r"dedup\.against: .*nowhere.* does not exist"):
        dedup.check_options(
            make_recipe({"sources": [{"name": "a", "files": ["x"]}], "dedup": {"against": ["nowhere"]}})
        )
