"""Runs against earlier runs: the same documents stay as in one run, and nearly nothing of the earlier ones is read."""

import io
import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from rich.console import Console

from corpus.dedup import joined_sets
from corpus.errors import RecipeError, SikuError
from corpus.schema import DOCUMENTS, LEDGER
from corpus.shards import Counts, Manifest, load_manifest, read_table, save_manifest, write_json, write_part
from pipelines import dedup, dedup_against
from pipelines.dedup_against import Portion, earlier_sets, earlier_texts, load_earlier
from pipelines.duplicates import show
from pipelines.explain import explain
from pipelines.recipe_file import make_recipe
from pipelines.run import resolved, run
from pipelines.stage import input_hashes, is_complete, run_stage
from pipelines.verify import verify_work

ZH = np.array(list("山水风云花鸟虫鱼春夏秋冬东南西北日月星辰金木水火土江河湖海松竹梅兰琴棋书画诗酒茶米油盐"))
TOKENS = 120


def tokens(seed: int) -> tuple[str, list[str]]:
    """A text's tokens: even seeds are English, odd ones Chinese."""
    rng = np.random.default_rng(seed)
    return (
        ("", rng.choice(ZH, TOKENS).tolist()) if seed % 2 else (" ", [f"w{n}" for n in rng.integers(0, 9999, TOKENS)])
    )


def text(seed: int, edits: int = 0, by: int = 0) -> str:
    """The text of a seed; with so many tokens from the beginning in place of its own, those of another text `by`."""
    space, own = tokens(seed)
    return space.join(tokens(seed + 2 * (1000 + by))[1][:edits] + own[edits:]) + ("。" if seed % 2 else ".")


def rows_of(name: str, texts: dict[str, str], urls: dict[str, str]) -> list[dict]:
    """Documents of one run; the id follows from the title, quality falls from row to row."""
    return [
        {"id": f"{title:x<32}", "title": title, "source": name, "text": value, "url": urls.get(title)}
        | {"quality": 0.9 - place / 1000, "num_chars": len(value)}
        for place, (title, value) in enumerate(texts.items())
    ]


def plant() -> dict[str, dict[str, str]]:
    """Title -> text of three runs. Near copies have a Jaccard of 0.85 to 0.9 with the original, far ones of 0.6."""
    near, far = 6, 28
    a = {f"a{i}": text(i) for i in range(40)}
    a |= {f"a{i}-again": text(i, near, 1) for i in range(6)}  # removed in A
    b = {f"b{i}": text(100 + i) for i in range(20)}
    b |= {f"b-copy-a{i}": text(i).upper().replace("。", "！") for i in range(8)}
    b |= {f"b-near-a{i}": text(i, near, 2) for i in range(4, 12)}
    b |= {f"b-far-a{i}": text(i, far, 3) for i in range(12, 16)}
    b |= {f"b-near-b{i}": text(100 + i, near, 4) for i in range(4)}
    b |= {"b-at-a20": text(900)}  # another text at the URL of a20
    c = {f"c{i}": text(200 + i) for i in range(10)}
    c |= {f"c-near-a{i}": text(i, near, 5) for i in range(10, 18)}
    c |= {f"c-near-b{i}": text(100 + i, near, 6) for i in range(2, 8)}
    c |= {"c-far-b9": text(109, far, 7), "c-at-a20": text(902)}
    return {"a": a, "b": b, "c": c}


URLS = {"a20": "http://x.org/20", "b-at-a20": "https://www.x.org/20/?utm_source=b", "c-at-a20": "http://x.org/20#c"}
PRIORITY = {"a": 2, "b": 1, "c": 0}


def documents(work: Path, names: str) -> Path:
    """Write `documents/` of a run on some of the planted sources, a part each, in batches of 16."""
    planted, parts, counts = plant(), [], {}
    for name in names:
        rows = rows_of(name, planted[name], URLS)
        batches = pa.Table.from_pylist(rows, schema=DOCUMENTS).to_batches(max_chunksize=16)
        parts.append(write_part(work / "documents", f"{name}.00000.arrow", batches, DOCUMENTS))
        counts[name] = Counts(read=len(rows), kept=len(rows))
    save_manifest(work / "documents", Manifest("extract", "-", parts, counts=counts))
    return work


def recipe_of(names: str, **options):
    sources = [{"name": name, "files": ["x"], "priority": PRIORITY[name]} for name in names]
    values = {"sources": sources, "runner": {"name": "in_memory"}, "dedup": {"url": True} | options}
    return make_recipe(values | {"select": {"rules": {}}})


def run_dedup(work: Path, names: str, **options) -> Path:
    recipe = recipe_of(names, **options)
    run_stage(dedup.plan(recipe, work), recipe.runner)
    write_json(work / "recipe.json", resolved(recipe))
    return work


def kept(*works: Path) -> set[str]:
    return {id for work in works for id, row in found(work).items() if row["kept_id"] is None}


def found(work: Path) -> dict[str, dict]:
    parts = load_manifest(work / "duplicates").parts
    return {
        row["id"].rstrip("x"): row for part in parts for row in read_table(work / "duplicates" / part.path).to_pylist()
    }


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    """A; B against A; C against both; and all three in one run."""
    folder = tmp_path_factory.mktemp("against")
    works = {name: documents(folder / name, name) for name in ("a", "b", "c", "abc")}
    run_dedup(works["a"], "a", keep_index=True)
    asked: list[tuple[Path, int]] = []
    original = dedup_against.compared_at

    def noted(path, rows, on_prompt):
        asked.extend((path, int(row)) for row in rows)
        return original(path, rows, on_prompt)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dedup_against, "compared_at", noted)
        run_dedup(works["b"], "b", keep_index=True, against=[str(works["a"])])
        works["asked"] = list(asked)
    run_dedup(works["c"], "c", against=[str(works["a"]), str(works["b"])])
    run_dedup(works["abc"], "abc")
    return works


def test_a_chain_of_runs_keeps_what_one_run_keeps(runs):
    whole = found(runs["abc"])
    assert kept(runs["a"], runs["b"], runs["c"]) == kept(runs["abc"])
    removed = {title for title, row in whole.items() if row["kept_id"]}
    expected = {title for title in whole if any(word in title for word in ("again", "copy", "near", "b-at", "c-at"))}
    assert removed == expected and 40 < len(removed) < len(whole)


def test_the_evidence_names_the_earlier_document(runs):
    b, c = found(runs["b"]), found(runs["c"])
    for i in range(8):
        row = b[f"b-copy-a{i}"]
        assert (row["kept_id"].rstrip("x"), row["level"], row["jaccard"]) == (f"a{i}", "exact", 1.0)
    for i in range(4, 12):
        row = b[f"b-near-a{i}"]
        assert (row["kept_id"].rstrip("x"), row["level"]) == (f"a{i}", "near") and 0.75 <= row["jaccard"] < 1
    assert (b["b-at-a20"]["kept_id"].rstrip("x"), b["b-at-a20"]["level"], b["b-at-a20"]["jaccard"]) == (
        "a20",
        "url",
        None,
    )
    assert b["b-near-b0"]["kept_id"].rstrip("x") == "b0"
    assert c["c-near-b5"]["kept_id"].rstrip("x") == "b5" and c["c-near-a10"]["kept_id"].rstrip("x") == "a10"
    assert c["c-at-a20"]["level"] == "url" and c["c-at-a20"]["kept_id"].rstrip("x") == "a20"
    manifest = load_manifest(runs["b"] / "duplicates")
    assert manifest.counts["b"].dropped == 8 + 8 + 4 + 1 and manifest.counts["b"].read == 41 + 4


def test_only_texts_that_may_be_similar_are_read(runs):
    planted = list(plant()["a"])
    asked = {planted[row] for path, row in runs["asked"]}
    assert {path for path, _ in runs["asked"]} == {runs["a"] / "documents" / "a.00000.arrow"}
    similar = {f"a{i}" for i in range(12)} | {"a20"}
    assert similar <= asked <= similar | {f"a{i}" for i in range(12, 16)}  # a pair at 0.6 may be proposed or not
    assert len(runs["asked"]) == len(asked) == load_manifest(runs["b"] / "duplicates").info["earlier_texts_read"]
    assert "earlier_texts_read" not in load_manifest(runs["a"] / "duplicates").info


def test_with_its_shingles_kept_an_earlier_run_needs_no_texts(runs, tmp_path):
    work = run_dedup(documents(tmp_path / "a", "a"), "a", keep_index="shingles")
    assert found(work) == found(runs["a"])
    assert [part.path for part in load_manifest(work / "duplicates").extra] == [
        "index/a.00000.arrow",
        "shingles/a.00000.arrow",
    ]
    assert [check.text for check in verify_work(work) if not check.ok] == []
    (work / "documents" / "a.00000.arrow").unlink()
    b = run_dedup(documents(tmp_path / "b", "b"), "b", keep_index=True, against=[str(work)])
    assert found(b) == found(runs["b"])
    assert load_manifest(b / "duplicates").info["earlier_texts_read"] == 0
    c = run_dedup(documents(tmp_path / "c", "c"), "c", against=[str(work), str(b)])  # one with texts, one without
    assert found(c) == found(runs["c"]) and load_manifest(c / "duplicates").info["earlier_texts_read"] > 0
    path = work / "duplicates" / "shingles" / "a.00000.arrow"
    table = read_table(path)
    sets = table["shingles"].to_pylist()
    assert [len(row) for row in sets] == [TOKENS - 4] * len(plant()["a"])
    values, wrong = table.drop_columns("shingles"), pa.array([row[1:] for row in sets], table["shingles"].type)
    exact = np.column_stack([table[f"exact_{half}"].to_numpy() for half in (0, 1)])
    portion, rows = Portion("p", work / "documents" / "gone", len(sets), (), True, path), np.array([1, 17, 40])
    hashes, offsets = joined_sets(earlier_sets(portion, rows, exact[rows], 5))
    assert [hashes[low:high].tolist() for low, high in itertools.pairwise(offsets)] == [sets[row] for row in rows]
    for other in (table.slice(1), values.append_column("shingles", wrong), table.slice(0, 20)):
        path.unlink()
        write_part(path.parent, path.name, other.to_batches(), other.schema)
        with pytest.raises(RecipeError, match=r"shingles/a\.00000\.arrow .*run its recipe again"):
            list(earlier_sets(portion, rows, exact[rows], 5))


def test_the_index_is_part_of_the_output(runs, tmp_path):
    work = tmp_path / "a"
    shutil.copytree(runs["a"], work)
    manifest = load_manifest(work / "duplicates")
    (part,) = manifest.extra
    assert part.path == "index/a.00000.arrow" and part.rows == len(plant()["a"])
    assert load_manifest(runs["c"] / "duplicates").extra == []
    assert [check.text for check in verify_work(work) if not check.ok] == []
    recipe, path = recipe_of("a", keep_index=True), work / "duplicates" / part.path
    assert is_complete(dedup.plan(recipe, work))
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    assert any("index/a.00000.arrow" in check.text for check in verify_work(work) if not check.ok)
    with pytest.raises(SikuError, match=r"index/a\.00000\.arrow is missing or changed; run its recipe again"):
        run_dedup(documents(tmp_path / "b", "b"), "b", against=[str(work)])
    path.unlink()
    assert not is_complete(dedup.plan(recipe, work))
    run_stage(dedup.plan(recipe, work), recipe.runner)
    assert path.read_bytes() == before and load_manifest(work / "duplicates") == manifest


def select(work: Path, kept_titles: set[str]) -> None:
    """Write the ledger that `select` would leave if it kept these documents."""
    (part,) = load_manifest(work / "documents").parts
    table = read_table(work / "documents" / part.path, ["id", "title", "source"])
    outcome = pc.if_else(pc.is_in(table["title"], pa.array(sorted(kept_titles), pa.string())), "kept", "dropped")
    columns = {"id": table["id"], "source": table["source"], "outcome": outcome}
    full = [columns.get(field.name, pa.nulls(table.num_rows, field.type)) for field in LEDGER]
    ledger = write_part(work / "selected", f"ledger/{part.path}", pa.table(full, schema=LEDGER).to_batches(), LEDGER)
    inputs = input_hashes(work, "documents", "duplicates")
    save_manifest(work / "selected", Manifest("select", "-", [], [ledger], inputs=inputs))


def test_what_the_earlier_rules_dropped_is_held_against_nobody(runs, tmp_path):
    """`a0` is dropped and its duplicate promoted, `a4` is dropped and nobody promoted."""
    work = tmp_path / "a"
    shutil.copytree(runs["a"], work)
    plain = dedup.plan(recipe_of("b", against=[str(work)]), runs["b"]).fingerprint
    select(work, kept(work) - {"a0", "a4", "a20"} | {"a0-again"})
    assert dedup.plan(recipe_of("b", against=[str(work)]), runs["b"]).fingerprint != plain
    b = found(run_dedup(documents(tmp_path / "b", "b"), "b", against=[str(work)]))
    assert b["b-copy-a0"]["kept_id"].rstrip("x") == "a0-again" and b["b-copy-a0"]["level"] == "near"
    assert b["b-copy-a4"]["kept_id"] is None and b["b-near-a4"]["kept_id"].rstrip("x") == "b-copy-a4"
    assert b["b-at-a20"]["kept_id"] is None
    assert b["b-copy-a1"]["kept_id"].rstrip("x") == "a1"


def test_a_cluster_of_an_earlier_document_is_shown(runs):
    def shown(doc, as_json):
        output = Console(file=io.StringIO(), width=120)
        show(runs["b"], doc, 10, as_json, output)
        return output.file.getvalue()

    (cluster,) = json.loads(shown("b-near-a5", True))["clusters"]
    assert cluster["kept"]["id"].rstrip("x") == "a5" and cluster["documents"] == 3
    assert {member["id"].rstrip("x") for member in cluster["members"]} == {"b-near-a5", "b-copy-a5"}
    assert "kept for it is of an earlier run" in shown("b-near-a5", False)
    assert "17 of them for documents of earlier runs" in shown(None, False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0.8}, r"made with dedup\.threshold 0\.75, this recipe has 0\.8; set it to the same"),
        ({"seed": 9}, r"dedup\.seed 1, this recipe has 9"),
        ({"shingle_tokens": 4}, r"dedup\.shingle_tokens 5, this recipe has 4"),
        ({"recall": 0.9}, r"dedup\.recall 0\.9985, this recipe has 0\.9"),
        ({"rows_per_band": 4}, r"dedup\.rows_per_band 5, this recipe has 4"),
        ({"rows_per_band": 5, "measure": "containment"}, r"dedup\.measure jaccard, this recipe has containment"),
    ],
)
def test_other_settings_are_refused(runs, options, message):
    with pytest.raises(RecipeError, match=message):
        load_earlier(recipe_of("b", against=[str(runs["a"])], **options).dedup)


def test_runs_that_do_not_fit_are_refused(runs, tmp_path):
    def refused(work, match, own=None):
        with pytest.raises(RecipeError, match=match):
            load_earlier(recipe_of("b", against=[str(path) for path in work]).dedup, own)

    refused([runs["c"]], r"has no index; run its recipe again, to the end, with dedup\.keep_index: true")
    refused([tmp_path / "no"], "does not exist.*run its recipe again")
    refused([runs["a"], runs["a"]], "named twice")
    refused([runs["a"]], "this run's own folder", runs["a"])
    work = tmp_path / "a"
    shutil.copytree(runs["a"], work)
    select(work, set())
    assert len(load_earlier(recipe_of("b", against=[str(work)]).dedup)) == 1
    manifest = load_manifest(work / "duplicates")
    old = dict(manifest.info["index"], settings=manifest.info["index"]["settings"] | {"code": "0"})
    manifest.info["index"] = old
    save_manifest(work / "duplicates", manifest)
    refused([work], "made by another version of siku")
    shutil.copy(runs["a"] / "duplicates" / "manifest.json", work / "duplicates")
    (work / "documents" / "a.00000.arrow").unlink()
    refused([work], r"documents/a\.00000\.arrow is missing or changed")
    documents(work, "b")
    refused([work], "documents changed since its index was made")
    shutil.rmtree(work / "documents")
    shutil.copytree(runs["a"] / "documents", work / "documents")
    save_manifest(work / "selected", Manifest("select", "-", [], inputs={"documents": "0"}))
    refused([work], "selected is older than what it was made from")


def test_a_text_that_changed_is_found_when_it_is_read(runs):
    portion = Portion("p", runs["a"] / "documents" / "a.00000.arrow", 46, (), True)
    index = read_table(runs["a"] / "duplicates" / "index" / "a.00000.arrow")
    exact = np.column_stack([index["exact_0"].to_numpy(), index["exact_1"].to_numpy()])
    rows = np.array([1, 17, 40])
    read = [value for some in earlier_texts(portion, rows, exact[rows]) for value in some.to_pylist()]
    planted = list(plant()["a"].values())
    assert read == [planted[row] for row in rows]
    for wrong in (exact[[1, 17, 39]], np.zeros((3, 2), np.uint64)):
        with pytest.raises(RecipeError, match="is not what its index was made of"):
            list(earlier_texts(portion, rows, wrong))
    with pytest.raises(RecipeError, match="is not what its index was made of"):
        list(earlier_texts(portion, np.array([1, 99]), exact[[1, 1]]))


def test_an_index_without_urls_serves_a_run_without(runs):
    with pytest.raises(RecipeError, match=r"dedup\.url False, this recipe has True"):
        dedup_against._check_settings(Path("w"), _settings() | {"url": False}, recipe_of("b").dedup)
    dedup_against._check_settings(Path("w"), _settings(), recipe_of("b", url=False).dedup)
    with pytest.raises(RecipeError, match="another version of siku"):
        dedup_against._check_settings(Path("w"), _settings() | {"url_code": "0"}, recipe_of("b").dedup)
    dedup_against._check_settings(Path("w"), _settings() | {"url_code": "0"}, recipe_of("b", url=False).dedup)


def _settings() -> dict:
    from pipelines.dedup_index import index_info

    return index_info(recipe_of("a", keep_index=True).dedup, ())["index"]["settings"]


def test_two_runs_from_recipes_to_what_is_selected(tmp_path):
    """What the first run's rules drop (`short`, an answer) stays in the race of the second; what came back does not."""
    rng = np.random.default_rng(8)
    words = ["the", "keeper", "of", "light", "and", "boat", "that", "have", "to", "be", "with", "river", "bridge"]
    long = [" ".join(rng.choice(words, 70).tolist()) + "." for _ in range(5)]
    short = "The keeper of the light and the boat have to be with the river."
    asked, rules = {"instruction": long[4], "input": ""}, {"rules": {"en": ["gopher_quality"]}}
    prompts = [asked | {"output": answer} for answer in ("Yes.", "And so it was, they have to be.", "No.")]
    runs = {
        "a": {
            "best": ([{"text": long[0]}, {"text": short}], {"priority": 1} | rules),
            "web": ([{"text": long[1]}, {"text": long[0] + " the"}], rules),
            "first": (prompts[:1], {"priority": 1, "dedup_on": "prompt", "rules": {"en": ["gopher_quality"]}}),
            "tasks": (prompts[1:], {"dedup_on": "prompt"}),
        },
        "b": {
            "new": ([{"text": value} for value in (long[0].upper(), short.upper(), long[1] + " with", long[2])], rules),
            "more": ([asked | {"output": "Something else."}], {"dedup_on": "prompt"}),
        },
    }
    for name, sources in runs.items():
        entries = []
        for source, (records, options) in sources.items():
            path = tmp_path / f"{source}.jsonl"
            path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
            entries.append({"name": source, "files": [str(path)]} | options)
        select = {"rules": {}, "languages": [], "thresholds": {"gopher_quality.min_words": 20}}
        select["thresholds"] |= {"gopher_quality.max_words": 70, "gopher_quality.min_mean_word_length": None}
        options = {"keep_index": True, "against": [str(tmp_path / "a")] if name == "b" else []}
        recipe = {"sources": entries, "dedup": options, "select": select, "runner": {"name": "in_memory"}}
        run(make_recipe(recipe), tmp_path / name, Console(file=io.StringIO()), until="select")
        assert [check.text for check in verify_work(tmp_path / name) if not check.ok] == []
    selected = load_manifest(tmp_path / "a" / "selected")
    assert selected.info["promoted"] == 1 and selected.counts["first"].kept == 0 and selected.counts["tasks"].kept == 1
    (part,) = load_manifest(tmp_path / "b" / "selected").parts
    assert read_table(tmp_path / "b" / "selected" / part.path)["text"].to_pylist() == [long[2]]
    manifest = load_manifest(tmp_path / "b" / "duplicates")
    assert manifest.info["earlier_texts_read"] == 3
    assert manifest.counts["new"].reasons == {"duplicate_exact": 1, "duplicate_near": 1}
    assert manifest.counts["more"].reasons == {"duplicate_exact": 1}
    tasks = read_table(tmp_path / "a" / "selected" / selected.parts[-1].path, ["id", "source"]).to_pylist()
    more = next(row for row in found(tmp_path / "b").values() if row["kept_id"] == tasks[0]["id"])
    assert tasks[0]["source"] == "tasks" and more["level"] == "exact"


def test_a_record_that_an_earlier_run_kept_is_no_keeper_of_this_one(tmp_path):
    """Both runs read one file, so its records have the same ids. This run's rules drop one: its copy stays gone."""
    for name, texts in (("old", [text(0) + " zzbad", text(2)]), ("new", [text(0, 4, 1), text(4)])):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"text": value}) + "\n" for value in texts))
    (tmp_path / "words.txt").write_text("zzbad\n")
    works = {name: tmp_path / name for name in ("a", "b")}
    for name, files in (("a", ["old"]), ("b", ["old", "new"])):
        blocklists = {"words": [str(tmp_path / "words.txt")], "max_words_per_1000_chars": 0} if name == "b" else {}
        recipe = {
            "sources": [{"name": "s", "files": [str(tmp_path / f"{file}.jsonl") for file in files]}],
            "dedup": {"keep_index": name == "a", "against": [str(works["a"])] if name == "b" else []},
            "select": {"rules": {}, "languages": [], "thresholds": {}, "blocklists": blocklists},
            "runner": {"name": "in_memory"},
        }
        run(make_recipe(recipe), works[name], Console(file=io.StringIO()), until="select")
    selected = load_manifest(works["b"] / "selected")
    texts = [
        row for part in selected.parts for row in read_table(works["b"] / "selected" / part.path)["text"].to_pylist()
    ]
    assert texts == [text(4)] and selected.info["promoted"] == 0
    rows = found(works["b"])
    same = [row for row in rows.values() if row["kept_id"] == row["id"]]
    assert len(same) == 2 and sum(row["kept_id"] is not None for row in rows.values()) == 3
    for row in rows.values():
        output = Console(file=io.StringIO(), width=120)
        explain(works["b"], row["id"], output)
        assert "the rules drop that one" not in output.file.getvalue()
        if row["kept_id"] is not None:
            show(works["b"], row["id"], 5, False, output)
            assert "earlier run" in output.file.getvalue()
