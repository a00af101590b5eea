"""`extract.scores` makes a column a model, of its language's documents only; `select.scores` drops by such columns."""

import io
import json
import math
import random
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from rich.console import Console

from corpus.errors import InputError, RecipeError
from corpus.ops.perplexity import NgramOptions, load_model, perplexity
from corpus.ops.perplexity_buckets import bucket_edges
from corpus.ops.quality_model import load_quality_model, score_documents
from corpus.ops.scores import top_share
from corpus.schema import DOCUMENTS, SELECTED
from corpus.shards import load_manifest, read_table
from pipelines import extract, select
from pipelines.quality_lm import train_lm
from pipelines.quality_train import QualityOptions, train_quality
from pipelines.recipe import Extract
from pipelines.recipe_file import make_recipe
from pipelines.reselect import reselect
from pipelines.run import StageRun, run
from pipelines.scores import Scorer, add_scores, documents_schema, hash_models, load_scorers
from pipelines.verify import verify_work

GOOD_WORDS = ["河流", "因为", "老师", "研究", "山谷", "于是", "证明", "学生", "历史", "但是"]
BAD_WORDS = ["首页", "登录", "点击", "购物车", "免费", "下载", "返回", "优惠", "客服", "排行"]
ENGLISH = ["the river", "of a stone", "and the market", "to have been", "with winter", "that garden", "be a letter"]


def chinese(words: list[str], rng: random.Random) -> str:
    return "".join("".join(rng.choices([*words, "的", "了", "在"], k=7)) + "。" for _ in range(6))


def texts(seed: int, num: int) -> dict[str, list[str]]:
    rng = random.Random(seed)
    return {
        "good": [chinese(GOOD_WORDS, rng) for _ in range(num)],
        "bad": [chinese(BAD_WORDS, rng) for _ in range(num)],
        "english": [" ".join(rng.choices(ENGLISH, k=30)) + "." for _ in range(num)],
    }


def write(path: Path, documents: list[str]) -> Path:
    lines = [json.dumps({"text": text, "title": path.stem}, ensure_ascii=False) + "\n" for text in documents]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A classifier, an n-gram model, and a file of ten documents of each kind that they have not seen.

    The first of them is there three times.
    """
    folder = tmp_path_factory.mktemp("scores")
    known = {kind: write(folder / f"{kind}.jsonl", found) for kind, found in texts(1, 60).items()}
    options = QualityOptions(language="zh", seed=3, min_bytes=20)
    train_quality([known["good"]], [known["bad"]], folder / "zh", options)
    train_lm([known["english"]], folder / "en.lm.arrow", "en", NgramOptions(order=3, min_count=1))
    new = texts(2, 10)
    write(
        folder / "web.jsonl", [text for row in zip(*new.values(), strict=True) for text in row] + 2 * [new["good"][0]]
    )
    return folder


def scores_of(folder: Path) -> dict[str, str]:
    return {
        "zh": str(folder / "zh"),
        "perplexity": str(folder / "en.lm.arrow"),
        "any": f"{folder / 'zh/model.bin'}#bad",
    }


def recipe(folder: Path, scores: dict[str, str], selection: dict | None = None):
    return make_recipe(
        {
            "sources": [{"name": "web", "files": [str(folder / "web.jsonl")]}],
            "extract": {"scores": scores},
            "select": {"rules": {}} | (selection or {}),
            "tokenizer": {"vocab_size": 300},
            "runner": {"name": "in_memory"},
        }
    )


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


def run_until(
    folder: Path, work: Path, scores: dict[str, str], until: str = "extract", selection: dict | None = None
) -> StageRun:
    return run(recipe(folder, scores, selection), work, quiet(), until=until)[-1]


def table(work: Path, stage: str = "documents") -> pa.Table:
    return pa.concat_tables(read_table(work / stage / part.path) for part in load_manifest(work / stage).parts)


@pytest.fixture(scope="module")
def work(folder) -> Path:
    run_until(folder, folder / "work", scores_of(folder))
    return folder / "work"


def test_a_column_a_model_in_the_order_of_names_with_the_models_own_scores(folder, work):
    found = table(work)
    assert found.schema == documents_schema(["zh", "any", "perplexity"])
    assert found.schema.names[len(DOCUMENTS) :] == ["score_any", "score_perplexity", "score_zh"]
    text, language = found["text"].combine_chunks(), found["language"].to_pylist()
    own = {
        "score_zh": score_documents(text, load_quality_model(folder / "zh")).to_pylist(),
        "score_perplexity": perplexity(text, load_model(folder / "en.lm.arrow")).to_pylist(),
        "score_any": score_documents(text, load_quality_model(f"{folder / 'zh/model.bin'}#bad")).to_pylist(),
    }
    states = {"score_zh": "zh", "score_perplexity": "en", "score_any": None}
    seen = 0
    for column, expected in own.items():
        values = found[column].to_pylist()
        for value, score, tongue in zip(values, expected, language, strict=True):
            assert value == (score if states[column] in (tongue, None) else None)
            seen += value is not None
    assert sorted(set(language)) == ["en", "zh"] and seen == 22 + 10 + 32


def test_planted_kinds_are_told_apart(work):
    score = np.array(table(work)["score_zh"].to_pylist(), dtype=float)[:30].reshape(10, 3)  # good, bad, English
    assert score[:, 0].min() > 0.5 > score[:, 1].max() and np.isnan(score[:, 2]).all()


def test_other_columns_are_those_of_a_run_without_scores(folder, work, tmp_path):
    run_until(folder, tmp_path / "work", {})
    assert table(tmp_path / "work").schema == DOCUMENTS
    assert table(tmp_path / "work").equals(table(work).select(DOCUMENTS.names))


def test_a_changed_model_runs_extract_again_and_a_moved_one_does_not(folder, work, tmp_path):
    for name in ("zh", "work"):
        shutil.copytree(folder / name, tmp_path / name)
    moved = scores_of(folder) | {"zh": str(tmp_path / "zh")}
    assert run_until(folder, tmp_path / "work", moved).skipped
    card = json.loads((tmp_path / "zh" / "card.json").read_bytes())
    card["calibration"]["intercept"] += 1.0
    (tmp_path / "zh" / "card.json").write_text(json.dumps(card))
    assert not run_until(folder, tmp_path / "work", moved).skipped
    before, after = (table(path / "work")["score_zh"].drop_null().to_numpy() for path in (folder, tmp_path))
    assert len(after) == 22 and (after > before).all()
    other = moved | {"any": moved["any"].replace("#bad", "#good")}
    assert not run_until(folder, tmp_path / "work", other).skipped


def test_a_model_that_changes_under_a_run_is_refused(folder, tmp_path):
    path = shutil.copy(folder / "en.lm.arrow", tmp_path)
    hashes = hash_models({"a": str(path)})
    Path(path).write_bytes(Path(path).read_bytes() + b"more")
    with pytest.raises(RecipeError, match=r"extract\.scores\.a: .*changed while the run went on"):
        load_scorers({"a": str(path)}, hashes)


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ("nowhere", RecipeError, r"extract\.scores\.a: '.*nowhere/model\.bin' can't be read .*siku quality train"),
        ("nowhere.bin#hq", RecipeError, r"'.*nowhere\.bin' can't be read"),
        ("web.jsonl", InputError, r"extract\.scores\.a: .*web\.jsonl is no n-gram model"),
        ("zh/model.bin#hq", RecipeError, r"extract\.scores\.a: .*no label 'hq'; it has"),
    ],
    ids=["folder", "file", "no model", "label"],
)
def test_what_is_wrong_is_refused_before_anything_starts(folder, model, error, message):
    with pytest.raises(error, match=message):
        extract.check_options(Extract(scores={"a": str(folder / model)}))


def arpa(path: Path, words: list[str]) -> Path:
    """A KenLM model in which each word is as likely as any other; it reads no model without a pair."""
    share = -math.log10(len(words) + 2)
    lines = [f"{share:.6f}\t{word}\t0" for word in ("<unk>", "</s>", *words)]
    lines = [f"ngram 1={len(lines) + 1}", "ngram 2=1", "", "\\1-grams:", "-99\t<s>\t0", *lines]
    lines = ["\\data\\", *lines, "", "\\2-grams:", "-1\t<s> </s>", "", "\\end\\", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_kenlm_model_gives_its_languages_documents_perplexities(folder, tmp_path):
    pytest.importorskip("kenlm", reason="the package kenlm is not installed (extra kenlm)")
    words = sorted({word for text in ENGLISH for word in text.split()})
    model = arpa(tmp_path / "en.arpa", [*words, *(word + "." for word in words)])
    run_until(folder, tmp_path / "work", {"kenlm": str(model)})
    found = table(tmp_path / "work")
    scores = dict.fromkeys(found["language"].to_pylist(), ())
    for language, score in zip(found["language"].to_pylist(), found["score_kenlm"].to_pylist(), strict=True):
        scores[language] += (score,)
    assert set(scores) == {"zh", "en"} and set(scores["zh"]) == {None}
    assert scores["en"] == pytest.approx([2 * len(words) + 2] * 10, rel=1e-4)


def test_a_kenlm_model_is_known_by_its_files(tmp_path):
    model = str(arpa(tmp_path / "zh.arpa", ["a"]))
    alone = hash_models({"a": model})
    (tmp_path / "zh.sp.model").write_bytes(b"pieces")
    assert set(alone["a"]) == {"file", "language"}
    assert set(hash_models({"a": model})["a"]) == {"zh.arpa", "zh.sp.model", "language"}
    renamed = hash_models({"a": str(arpa(tmp_path / "every-language.arpa", ["a"]))})
    assert renamed["a"] == {"file": alone["a"]["file"]}  # the same bytes, for documents of any language


@pytest.mark.parametrize("name", ["Quality", "a-b", "a.b", "质量", ""])
def test_a_name_that_is_no_column_name_is_refused(name):
    with pytest.raises(RecipeError, match=r"extract\.scores"):
        make_recipe({"sources": [{"name": "a", "files": ["x"]}], "extract": {"scores": {name: "models/zh"}}})


def test_scores_are_put_back_in_their_rows_and_a_null_language_has_none():
    def lengths(text: pa.Array) -> pa.Array:
        return pa.array([len(each) or None for each in text.to_pylist()], pa.float32())

    language = pa.array(["zh", "en", None, "zh", "zh"])
    batch = pa.record_batch({"text": pa.array(["a", "bb", "ccc", "dddd", ""]), "language": language})
    found = add_scores(batch, {"b": Scorer(lengths, "zh"), "a": Scorer(lengths, None), "c": Scorer(lengths, "ja")})
    assert found["score_a"].to_pylist() == [1, 2, 3, 4, None]
    assert found["score_b"].to_pylist() == [1, None, None, 4, None]
    assert found["score_c"].to_pylist() == [None] * 5
    assert found.schema.names == ["text", "language", "score_a", "score_b", "score_c"]
    assert add_scores(batch.slice(0, 0), {"b": Scorer(lengths, "zh")})["score_b"].to_pylist() == []


@pytest.fixture(scope="module")
def selected(folder, work, tmp_path_factory) -> Path:
    """A finished selection without cuts."""
    path = tmp_path_factory.mktemp("selected") / "work"
    shutil.copytree(work, path)
    run_until(folder, path, scores_of(folder), "select")
    return path


@pytest.fixture
def again(selected, tmp_path) -> Path:
    """A copy of it that the test may change."""
    return Path(shutil.copytree(selected, tmp_path / "work"))


def reasons(work: Path) -> dict[str, list[dict]]:
    """Id -> reasons in the ledger of `selected`."""
    manifest = load_manifest(work / "selected")
    found = [row for part in manifest.ledger for row in read_table(work / "selected" / part.path).to_pylist()]
    return {row["id"]: row["reasons"] for row in found}


def failed_by_score(work: Path) -> set[str]:
    return {id for id, found in reasons(work).items() if any(each["rule"].startswith("score_") for each in found)}


def population(work: Path, column: str) -> list[dict]:
    """The documents with a score that `dedup` keeps."""
    stays = {row["id"] for row in table(work, "duplicates").to_pylist() if row["kept_id"] is None}
    rows = table(work).select(["id", "language", "num_chars", column]).to_pylist()
    return [row for row in rows if row["id"] in stays and row[column] is not None]


def test_scores_stand_in_what_is_selected(selected):
    found = table(selected, "selected")
    assert found.schema == pa.schema([*table(selected).schema, SELECTED.field("cluster_size")])
    assert found.num_rows == load_manifest(selected / "selected").counts["web"].kept > 20
    assert load_manifest(selected / "selected").info == {"promoted": 0}
    assert failed_by_score(selected) == set()


def test_a_minimum_drops_the_bad_kind_with_value_and_threshold_in_the_ledger(again):
    reselect(again, ["select.scores.zh.minimum=0.5", "runner.name=in_memory"], quiet())
    documents = {row["id"]: row for row in table(again).to_pylist()}
    low = {id for id, row in documents.items() if row["score_zh"] is not None and row["score_zh"] < 0.5}
    assert failed_by_score(again) == low and len(low) == 10
    for id in low:
        (reason,) = [each for each in reasons(again)[id] if each["rule"] == "score_zh"]
        assert reason == {"rule": "score_zh", "value": documents[id]["score_zh"], "threshold": 0.5}
    assert [check.text for check in verify_work(again) if not check.ok] == []


@pytest.mark.parametrize("by", ["documents", "chars"])
def test_a_share_is_exact_dry_or_not_and_the_bound_stands_in_ledger_and_manifest(again, by):
    overrides = [f"select.scores.zh={{top_share: 0.3, by: {by}}}", "runner.name=in_memory"]
    counted = reselect(again, overrides, quiet(), dry_run=True)["web"]
    taken = reselect(again, overrides, quiet())["web"]
    assert (counted.kept, counted.reasons) == (taken.kept, taken.reasons)
    rows = population(again, "score_zh")
    score = np.array([row["score_zh"] for row in rows], np.float32)
    ids = np.array([row["id"] for row in rows])
    weights = np.array([row["num_chars"] for row in rows], np.int64) if by == "chars" else None
    kept = top_share(score, ids, 0.3, weights)
    assert set(ids) & failed_by_score(again) == set(ids[~kept]) and 2 < kept.sum() < 8
    bound = load_manifest(again / "selected").info["score_bounds"]["zh"]["zh"][0]
    assert bound == score[kept].min()
    assert {each["threshold"] for found in reasons(again).values() for each in found if each["rule"] == "score_zh"} == {
        bound
    }


def test_the_head_by_perplexity_is_kept_and_other_languages_are_let_be(again):
    reselect(again, ["select.scores.perplexity.keep=[head]", "runner.name=in_memory"], quiet())
    rows = population(again, "score_perplexity")
    edge, _ = bucket_edges(np.array([row["score_perplexity"] for row in rows], np.float32))
    out = {row["id"] for row in rows if row["score_perplexity"] >= edge}
    assert out == failed_by_score(again) & {row["id"] for row in rows} and 0 < len(out) < len(rows)
    assert {row["language"] for row in table(again).to_pylist() if row["id"] in failed_by_score(again)} == {"en"}


def test_a_copy_is_promoted_only_if_it_passes_the_score(again):
    counts = reselect(again, ["select.scores.zh.minimum=1.1", "runner.name=in_memory"], quiet())["web"]
    assert load_manifest(again / "selected").info["promoted"] == 0
    assert counts.reasons["score_zh"] == 22 and counts.reasons["duplicate_exact"] >= 2
    assert set(table(again, "selected")["language"].to_pylist()) == {"en"}


def test_upsampled_documents_stand_in_the_tokens_as_often_as_weights_say(folder, again):
    done = run_until(folder, again, scores_of(folder), "tokenize", {"upsample": {1: 1, 3: 4}})
    rows = table(again, "selected").to_pylist()
    assert table(again, "selected").schema.names[-2:] == ["cluster_size", "repeats"]
    assert all(row["repeats"] == (4 if row["cluster_size"] >= 3 else 1) for row in rows)
    assert sum(row["repeats"] == 4 for row in rows) >= 1
    tokens = table(again, "tokens")["id"].to_pylist()
    assert Counter(tokens) == {row["id"]: row["repeats"] for row in rows} and len(tokens) > len(rows)
    assert done.manifest.counts["web"].kept == len(rows)
    assert load_manifest(again / "selected").info["repeats"] == len(tokens)
    assert [check.text for check in verify_work(again) if not check.ok] == []


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("select.scores.other.minimum=0.5", r"select\.scores: extract\.scores has no 'other'; allowed: zh"),
        ("select.scores.zh={}", "no cut; give minimum, maximum or both, or top_share, or keep"),
        ("select.scores.zh={minimum: 0.1, top_share: 0.5}", "no cut; give"),
        ("select.scores.zh={top_share: 1.5}", r"'select\.scores\.zh\.top_share' was given 1\.5"),
        ("select.scores.zh={minimun: 0.1}", r"unknown key 'select\.scores\.zh\.minimun'.* did you mean 'minimum'"),
        ("select.scores.keep={minimun: 0.1}", "did you mean 'minimum'"),
        ("select.scores.zh={keep: [heads]}", r"'select\.scores\.zh\.keep\.0' was given 'heads'"),
        ("select.upsample={2: 2}", r"upsampling weights are \{2: 2\}, expected cluster sizes from 1 on"),
        ("select.upsample={1: 0}", r"'select\.upsample\.1' was given 0"),
    ],
)
def test_a_wrong_cut_is_refused_before_anything_starts(override, message):
    values = {"sources": [{"name": "a", "files": ["x"]}], "extract": {"scores": {"zh": "models/zh"}}}
    with pytest.raises(RecipeError, match=message):
        select.check_options(make_recipe(values, [override]))
