"""`siku duplicates` and the report: the right keeper, every member counted, the marks where the edits were planted."""

import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from rich.console import Console

from corpus.errors import RecipeError, ShardError
from corpus.schema import DUPLICATES
from corpus.shards import Manifest, load_manifest, read_table, save_manifest, write_part
from pipelines import cluster_views, clusters
from pipelines.cluster_views import bin_name, side_by_side, size_classes
from pipelines.duplicates import marked, show
from pipelines.recipe_file import make_recipe
from pipelines.report import write_report
from pipelines.run import run
from pipelines.two_columns import two_columns

EN = (
    "The miller of {0} kept a careful ledger of every sack that crossed the old stone bridge, and each spring she read "
    * 2
)
EN += "it aloud [/x] to her three sons while the river below {0} rose slowly past the painted marks on the quay wall."
ZH = "{0}的磨坊主每年春天都会把账本从头念一遍，河水慢慢涨过码头墙上的红线，三个儿子在旁边听着，谁也不出声。" * 2
ZH += "到了{1}月，村里的人沿着石桥走过去，把一袋一袋的麦子放在门口，然后坐下来喝茶。"
TRADITIONAL = "臺灣的圖書館門口貼有說明，這裡的書可以借閱三個星期，過期未還要繳納罰款，請愛護書籍，不要在書頁上寫字。"
SIMPLIFIED = "台湾的图书馆门口贴有说明，这里的书可以借阅三个星期，过期未还要缴纳罚款，请爱护书籍，不要在书页上写字。"
LOUD = EN.format("Ashby").upper()
WEB = {
    "kept of two sources": EN.format("Ashby").replace("three", "four"),
    "loud": LOUD,
    "zh 1": ZH.format("杏花村", "五"),
    "zh 2": ZH.format("杏花村", "七"),
    "traditional": TRADITIONAL * 3,
    "simplified": SIMPLIFIED * 3,
    "alone": "Nothing else in this collection is in the least like these few plain words about a lighthouse.",
    **{f"template {n}": EN.format("Overton") for n in range(9)},
}
BOOKS = {"book": EN.format("Ashby")}


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """A run up to `dedup` of two sources, of which `books` has the higher priority."""
    folder = tmp_path_factory.mktemp("duplicates")
    sources = []
    for name, texts, priority in (("web", WEB, 0), ("books", BOOKS, 5)):
        path = folder / f"{name}.jsonl"
        lines = [json.dumps({"text": text, "title": title}, ensure_ascii=False) for title, text in texts.items()]
        path.write_text("\n".join(lines), encoding="utf-8")
        sources.append({"name": name, "files": [str(path)], "priority": priority})
    recipe = make_recipe({"sources": sources, "runner": {"name": "in_memory"}, "select": {"rules": {}}})
    run(recipe, folder / "work", Console(file=io.StringIO()), until="dedup")
    return folder / "work"


@pytest.fixture(scope="module")
def ids(work) -> dict[str, str]:
    """title -> id."""
    parts = [part.path for part in load_manifest(work / "documents").parts]
    tables = [read_table(work / "documents" / part, ["id", "title"]) for part in parts]
    return {row["title"]: row["id"] for table in tables for row in table.to_pylist()}


def shown(work: Path, doc: str | None = None, *, top: int = 10, as_json: bool = False, **console) -> str:
    output = Console(file=io.StringIO(), width=100, **console)
    show(work, doc, top, as_json, output)
    return output.file.getvalue()


def as_json(work: Path, doc: str | None = None, *, top: int = 10) -> dict:
    return json.loads(shown(work, doc, top=top, as_json=True))


def test_the_summary_counts_what_dedup_wrote(work):
    parts = [part.path for part in load_manifest(work / "duplicates").parts]
    rows = [row for part in parts for row in read_table(work / "duplicates" / part).to_pylist()]
    removed = [row for row in rows if row["kept_id"]]
    summary = as_json(work)["summary"]
    assert summary["documents"] == len(rows) == len(WEB) + len(BOOKS)
    assert summary["removed"] == len(removed) and len(removed) >= 12
    for level in ("exact", "near"):
        values = [row["jaccard"] for row in removed if row["level"] == level]
        assert summary["levels"][level] == len(values) > 0
        found = {row["from"]: row[level] for row in summary["jaccard"] if row[level]}
        low = [np.floor(value * 20 + 1e-9) / 20 for value in values]
        assert found == {value: low.count(value) for value in set(low)}
    sizes = [row["cluster_size"] for row in rows if not row["kept_id"] and row["cluster_size"] > 1]
    assert {row["documents"]: row["clusters"] for row in summary["sizes"]} == {n: sizes.count(n) for n in sizes}
    assert summary["clusters"] == len(sizes)


def test_clusters_come_by_size_with_the_right_keepers(work, ids):
    found = as_json(work)["clusters"]
    sizes = [cluster["documents"] for cluster in found]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] == 9
    largest = found[0]
    assert len(largest["members"]) == cluster_views.BRIEF.members == 5 and largest["members_left_out"] == 3
    names = {id: title for title, id in ids.items()}
    members = {names[cluster["kept"]["id"]]: {names[m["id"]] for m in cluster["members"]} for cluster in found}
    assert members["book"] == {"kept of two sources", "loud"}
    assert any({key, *value} == {"zh 1", "zh 2"} for key, value in members.items())
    assert any({key, *value} == {"traditional", "simplified"} for key, value in members.items())
    assert [cluster["kept"]["id"] for cluster in as_json(work, top=2)["clusters"]] == [
        cluster["kept"]["id"] for cluster in found[:2]
    ]


def test_the_marks_are_on_the_planted_edits(work, ids):
    text = shown(work)
    assert "her [-three-]{+four+} sons" in text
    assert re.search(r"到了\[-[五七]-\]\{\+[五七]\+\}月", text)
    assert "1 change, -1 +1 tokens" in text and "the same text" in text
    assert "[/x]" in text and "\x1b" not in text
    loud = shown(work, ids["loud"])
    assert "exact 1.0000" in loud and "[-The miller of Ashby" in loud and "{+THE MILLER OF ASHBY" in loud
    assert "1 place written in another way" in loud
    assert max(map(len, text.splitlines())) < 200


def test_members_of_a_cluster_stand_least_similar_first(work, ids):
    (cluster,) = as_json(work, ids["book"])["clusters"]
    jaccard = [member["jaccard"] for member in cluster["members"]]
    assert jaccard[0] < jaccard[1] == 1.0
    assert [member["decided_by"] for member in cluster["members"]] == ["priority", "priority"]
    assert "kept for its source priority: source priority 5 and 0" in shown(work, ids["book"])


@pytest.mark.parametrize("title", ["book", "kept of two sources", "loud", "template 3", "zh 2"])
def test_a_cluster_is_found_by_its_keeper_and_by_any_member(work, ids, title):
    result = as_json(work, ids[title])
    (cluster,) = result["clusters"]
    names = {cluster["kept"]["id"], *(member["id"] for member in cluster["members"])}
    assert ids[title] in names and len(names) == cluster["documents"] and not cluster["members_left_out"]
    assert result["summary"] == {"id": ids[title], "kept": cluster["kept"]["id"] == ids[title]}
    assert shown(work, ids[title][:10]) == shown(work, ids[title])
    assert all(id in shown(work, ids[title]) for id in names)


def test_what_decided_is_told_value_by_value(work, ids):
    (cluster,) = as_json(work, ids["template 0"])["clusters"]
    assert {member["decided_by"] for member in cluster["members"]} == {"id"}
    assert cluster["kept"]["id"] == min(id for title, id in ids.items() if title.startswith("template"))
    text = shown(work, ids["template 0"])
    for name in ("source priority 0 and 0", "quality 0.", "length", "content hash", f"id {cluster['kept']['id']} and"):
        assert name in text.replace("\n    ", " ")


def test_the_asked_member_is_shown_where_there_are_more_than_fit(work, ids, monkeypatch):
    monkeypatch.setattr("pipelines.duplicates.FULL", cluster_views.BRIEF)
    kept = as_json(work, ids["template 0"])["clusters"][0]["kept"]["id"]
    last = max(id for title, id in ids.items() if title.startswith("template") and id != kept)
    (cluster,) = as_json(work, last)["clusters"]
    assert cluster["members"][0]["id"] == last and len(cluster["members"]) == 5 and cluster["members_left_out"] == 3


def test_json_has_the_diff_as_runs(work, ids):
    (cluster,) = as_json(work, ids["kept of two sources"])["clusters"]
    member = next(member for member in cluster["members"] if member["id"] == ids["kept of two sources"])
    assert (member["level"], member["changes"], member["identical"], member["cut"]) == ("near", 1, False, False)
    assert [run["text"] for run in member["diff"] if run["kind"] == "kept"] == ["three"]
    assert [run["text"] for run in member["diff"] if run["kind"] == "other"] == ["four"]
    assert sum(run["num_chars"] for run in member["diff"] if run["kind"] != "other") == cluster["kept"]["num_chars"]


def test_traditional_and_simplified_are_one_text_written_in_two_ways(work, ids):
    (cluster,) = as_json(work, ids["simplified"])["clusters"]
    (member,) = cluster["members"]
    assert (member["level"], member["changes"]) == ("exact", 0) and member["places_folded"] > 30
    assert all(run["folded"] for run in member["diff"] if run["kind"] in ("kept", "other"))
    assert "~" in shown(work, ids["simplified"])


def test_what_was_cut_is_said(work, ids, monkeypatch):
    short = cluster_views.Detail(5, 100, 20, 10, 8, False, 50)
    monkeypatch.setattr("pipelines.duplicates.FULL", short)
    text = shown(work, ids["kept of two sources"])
    assert "compared: the first 100 characters of each" in text and "[-three-]" not in text
    assert "no difference in what was compared" in text and "the same text" not in text
    monkeypatch.undo()
    monkeypatch.setattr("pipelines.cluster_views._CLUSTER_CHARS", 200)
    assert "compared: the first 100 characters of each" in shown(work, ids["kept of two sources"])


def test_colours_on_a_terminal_only(work):
    assert "\x1b[" in shown(work, force_terminal=True, color_system="standard")
    assert "\x1b[" not in shown(work)


def test_chinese_lines_are_broken_where_they_are_full(work, ids):
    text = shown(work, ids["traditional"])
    lines = [line for line in text.splitlines() if "圖書館" in line]
    assert lines and all(line.startswith("    ") for line in lines)
    assert not any(line != line.rstrip() for line in text.splitlines())
    full = [line for line in text.splitlines() if len(line) > 45 and "書" in line]
    assert full and all(Console(width=100).measure(line).maximum <= 100 for line in full)


def test_a_document_alone_is_no_error(work, ids):
    assert shown(work, ids["alone"]) == f"{ids['alone']} stays; no duplicate of it is known\n"
    assert as_json(work, ids["alone"])["clusters"][0]["members"] == []


def test_errors_say_what_to_do(work, tmp_path):
    with pytest.raises(RecipeError, match=r"--doc 'zz': no document .* begins so; .*siku duplicates"):
        shown(work, "zz")
    with pytest.raises(RecipeError, match=r"--doc '': \d+ ids begin so, among them .*; give more of the id"):
        shown(work, "")
    with pytest.raises(RecipeError, match="--top 0: expected 1 or more"):
        shown(work, top=0)
    with pytest.raises(RecipeError, match="does not exist"):
        shown(tmp_path / "no")
    with pytest.raises(RecipeError, match=f"siku run RECIPE --work {re.escape(str(tmp_path))} --stage dedup"):
        shown(tmp_path)


def test_documents_of_another_run_are_refused(work, ids, tmp_path):
    copy = tmp_path / "work"
    shutil.copytree(work, copy)
    folder = copy / "documents"
    for part in load_manifest(folder).parts:
        table = read_table(folder / part.path)
        (folder / part.path).unlink()
        write_part(folder, part.path, table.slice(1).to_batches(), table.schema)
    with pytest.raises(ShardError, match=r"lacks a document of .*--stage dedup"):
        shown(copy)


def test_clusters_over_many_batches_and_parts_are_whole(tmp_path):
    """Two parts of many small batches: the top clusters, the least similar members and all counts, against Python."""
    rng = np.random.default_rng(3)
    rows = []
    for cluster, size in enumerate([2, 3, 3, 7, 12, 1, 1]):
        kept = f"k{cluster}"
        rows.append({"id": kept, "kept_id": None, "level": None, "jaccard": None, "cluster_size": size})
        for member in range(1, size):
            jaccard = float(rng.choice([0.75, 0.8, 0.85, 0.999, 1.0]))
            level = "exact" if jaccard == 1 else "near"
            row = {"kept_id": kept, "level": level, "jaccard": jaccard, "cluster_size": size}
            rows.append({"id": f"m{cluster}.{member:02}"} | row)
    rows = [rows[i] for i in rng.permutation(len(rows))]
    folder = tmp_path / "duplicates"
    parts = []
    for name, some in (("a.arrow", rows[:13]), ("b.arrow", rows[13:])):
        batches = pa.Table.from_pylist(some, schema=DUPLICATES).to_batches(max_chunksize=3)
        parts.append(write_part(folder, name, batches, DUPLICATES))
    save_manifest(folder, Manifest("dedup", "0", parts))
    numbers, largest = clusters.survey(tmp_path, 4)
    assert [head.id for head in largest] == ["k4", "k3", "k1", "k2"]
    assert numbers.sizes == {2: 1, 3: 2, 7: 1, 12: 1} and numbers.num_documents == len(rows)
    found = clusters.gather(tmp_path, ["k4", "k2"], 5, {"m4.11"})
    for cluster in found:
        own = [row for row in rows if row["kept_id"] == cluster.kept.id]
        named = sorted(own, key=lambda row: (row["id"] != "m4.11", row["jaccard"], row["id"]))[:5]
        assert [member.id for member in cluster.members] == [row["id"] for row in named]
        assert cluster.levels.total() == cluster.jaccard.sum() == len(own)
        assert all(rows[member.row + 13 * (member.part == "b.arrow")]["id"] == member.id for member in cluster.members)
    histogram = {bin_name(bin / 20): int(count) for bin, count in enumerate(sum(numbers.jaccard.values())) if count}
    values = [row["jaccard"] for row in rows if row["kept_id"]]
    expected = {"0.75 to 0.80": 0.75, "0.80 to 0.85": 0.8, "0.85 to 0.90": 0.85, "0.95 to 1.00": 0.999, "1": 1.0}
    assert histogram == {name: values.count(value) for name, value in expected.items() if value in values}
    three = clusters.of_three_sizes(tmp_path, numbers.sizes, 3)
    assert three[0].kept.cluster_size == 12 and len({c.kept.id for c in three}) == 3


def test_sizes_are_put_into_classes():
    sizes = [{"documents": size, "clusters": 1} for size in (2, 4, 5, 8, 9, 1000)]
    assert size_classes(sizes) == [("2", 1), ("4", 1), ("5 to 8", 2), ("9 to 16", 1), ("513 to 1,024", 1)]


def test_both_sides_have_their_own_text():
    runs = [
        {"kind": "elided", "text": "", "num_chars": 5, "text_other": "", "folded": False},
        {"kind": "same", "text": "甲 ", "num_chars": 2, "text_other": "甲\n", "folded": False},
        {"kind": "kept", "text": "b ", "num_chars": 2, "text_other": "", "folded": False},
        {"kind": "other", "text": "c\n", "num_chars": 2, "text_other": "", "folded": True},
    ]
    assert side_by_side(runs) == [
        {"left": [], "right": [], "elided": 5},
        {"left": [("甲 ", ""), ("b", "text"), (" ", "")], "right": [("甲\n", ""), ("c", "form"), ("\n", "")]}
        | {"elided": 0},
    ]
    assert marked(runs).plain == " … 5 … 甲 [-b-]{+c+}~ ⏎ "
    assert [line.plain for line in two_columns(runs, 21)] == [
        "… 5 characters alike …",
        "甲 [-b-]  │ 甲",
        "          │ {+c+}~",
    ]


def test_the_report_shows_clusters_side_by_side(work):
    html = write_report(work).read_text(encoding="utf-8")
    section = html[html.index("<h2>Duplicates</h2>") : html.index("<h2>Time</h2>")]
    assert "<del>three</del>" in section and "<ins>four</ins>" in section
    assert section.count('<div class="cluster">') == 2  # of 9, 3 and 2 documents, the one of 9 has exact copies only
    assert "Jaccard with the kept one" in section and "<td>1</td>" in section
