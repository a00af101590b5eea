"""The whole path on generated files: nothing lost, the same bytes however it ran, and restarts that cost nothing."""

import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import xxhash
import zstandard
from rich.console import Console

from corpus.errors import SikuError
from corpus.shards import load_manifest, read_table
from pipelines import funnel
from pipelines import run as run_module
from pipelines.recipe_file import make_recipe
from pipelines.run import run
from pipelines.stage import current_stages
from pipelines.verify import verify_work

ROOT = Path(__file__).parents[2]
NOT_OUTPUT = (".tasks", ".lock", "timings.json", "report.html")


def recipe(**changes):
    values = {
        "name": "test",
        "sample": {"documents": 150, "seed": 3},
        "sources": [
            {"name": "web-en", "files": ["sample:/web-en.warc.gz"]},
            {"name": "web-zh", "files": ["sample:/web-zh.warc.gz"]},
            {"name": "redpajama-en", "files": ["sample:/redpajama-en.jsonl.zst"]},
            {"name": "wudao-zh", "files": ["sample:/wudao-zh.json"]},
            {"name": "news-zh", "files": ["sample:/news-zh.jsonl.gz"]},
            {"name": "instruct", "files": ["sample:/instruct-zh-en.json"], "priority": -1},
        ],
        "tokenizer": {"vocab_size": 600},
        "extract": {"part_bytes": 1 << 16},  # several parts a file
        "runner": {"name": "in_memory"},
    }
    return values | changes


def output(work: Path) -> dict[str, str]:
    """Relative path -> hash of everything a run wrote, apart from records of its progress and its times."""
    return {
        path.relative_to(work).as_posix(): xxhash.xxh3_64_hexdigest(path.read_bytes())
        for path in sorted(work.rglob("*"))
        if path.is_file() and not any(part in NOT_OUTPUT for part in path.relative_to(work).parts)
    }


def quiet() -> Console:
    return Console(file=io.StringIO())


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """One undisturbed run."""
    work = tmp_path_factory.mktemp("finished")
    run(make_recipe(recipe()), work, quiet())
    return work


@pytest.fixture
def again(finished, tmp_path) -> Path:
    """A copy of that run, to be changed."""
    return shutil.copytree(finished, tmp_path / "again")


def test_every_record_is_accounted_for(finished):
    checks = list(verify_work(finished))
    assert [check.text for check in checks if not check.ok] == []
    assert len(checks) > 12
    counts = load_manifest(finished / "documents").counts
    assert set(counts) == {source["name"] for source in recipe()["sources"]}
    assert sum(value.unreadable for value in counts.values()) > 0
    assert len(load_manifest(finished / "documents").parts) > len(counts)


def test_what_was_planted_is_found(finished):
    from pipelines.report import collect

    truth = collect(finished)["truth"]
    rows = {row.check: row for row in truth["rows"]}
    assert rows["original"].planted > 50
    for kind in ("exact_copy", "near_copy", "near_miss", "broken", "no_document"):
        assert rows[kind].planted > 0, kind
        assert rows[kind].missed == 0, rows[kind]
    assert truth["boilerplate"] == 0


def test_the_output_opens_in_datasets(finished, tmp_path):
    import datasets

    parts = load_manifest(finished / "selected").parts
    files = [str(finished / "selected" / part.path) for part in parts]
    loaded = datasets.load_dataset("arrow", data_files=files, split="train", cache_dir=str(tmp_path))
    assert len(loaded) == sum(part.rows for part in parts) > 50
    expected = read_table(finished / "selected" / parts[0].path)
    assert loaded[0]["text"] == expected["text"][0].as_py()
    assert {"id", "source", "language", "quality", "cluster_size"} <= set(loaded.column_names)


def test_tokens_decode_to_the_selected_text(finished):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(finished / "tokenizer" / "tokenizer.json"))
    seen = 0
    for part in load_manifest(finished / "tokens").parts:
        selected = read_table(finished / "selected" / part.path)
        texts = dict(zip(selected["id"].to_pylist(), selected["text"].to_pylist(), strict=True))
        tokens = read_table(finished / "tokens" / part.path)
        assert tokens["tokens"].type.value_type == pa.uint16()
        for row in tokens.to_pylist():
            ids = row["tokens"]
            assert len(ids) == row["num_tokens"] and ids[-1] == tokenizer.token_to_id("<|endoftext|>")
            assert tokenizer.decode(ids[:-1]) == texts.pop(row["id"])
            seen += 1
    assert seen == load_manifest(finished / "selected").rows


def test_removed_documents_are_removed_for_a_kept_one(finished):
    kept, removed = {}, []
    for part in load_manifest(finished / "duplicates").parts:
        for row in read_table(finished / "duplicates" / part.path).to_pylist():
            (removed.append(row) if row["kept_id"] else kept.setdefault(row["id"], row))
    assert len(removed) > 5
    for row in removed:
        assert row["kept_id"] in kept and row["jaccard"] >= 0.75
        assert kept[row["kept_id"]]["cluster_size"] == row["cluster_size"] > 1


def test_the_ledger_names_every_failing_rule(finished):
    manifest = load_manifest(finished / "selected")
    rows = [row for part in manifest.ledger for row in read_table(finished / "selected" / part.path).to_pylist()]
    assert len(rows) == load_manifest(finished / "documents").rows
    dropped = [row for row in rows if row["outcome"] == "dropped"]
    assert dropped and all(row["reasons"] for row in dropped)
    assert all(not row["reasons"] for row in rows if row["outcome"] == "kept")
    assert any(len(row["reasons"]) > 1 for row in dropped)


def test_two_workers_write_the_same_bytes(finished, tmp_path):
    run(make_recipe(recipe(runner={"name": "local", "num_workers": 2})), tmp_path, quiet())
    assert output(tmp_path) == output(finished)


def test_a_second_run_does_nothing(finished):
    before = output(finished)
    stages = run(make_recipe(recipe()), finished, quiet())
    assert [stage.name for stage in stages if not stage.skipped] == []
    assert output(finished) == before


def test_a_changed_threshold_runs_only_what_follows(again):
    changed = make_recipe(recipe(), ["select.min_quality={zh: 0.5, en: 0.5}"])
    stages = run(changed, again, quiet())
    assert {stage.name: stage.skipped for stage in stages} == {
        "download": True,
        "extract": True,
        "dedup": True,
        "select": False,
        "tokenizer": False,
        "tokenize": False,
    }
    for part in load_manifest(again / "selected").parts:
        quality = read_table(again / "selected" / part.path)["quality"]
        assert pc.min(quality).as_py() >= 0.5
    assert all(check.ok for check in verify_work(again))


def _command(work: Path, config: Path) -> list[str]:
    return [sys.executable, "-m", "pipelines.cli", "run", str(config), "--work", str(work)]


def test_a_run_that_is_killed_in_each_stage_goes_on_to_the_same_bytes(finished, tmp_path):
    work, config = tmp_path / "work", tmp_path / "recipe.yaml"
    config.write_text(json.dumps(recipe()))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for seen in (
        "documents/.tasks/*.json",
        "documents/manifest.json",
        "duplicates/.work/edges/*.arrow",
        "selected/*.arrow*",
        "tokenizer/.tasks",
        "tokens/*.arrow*",
    ):
        process = subprocess.Popen(
            _command(work, config), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 120
        while not any(work.glob(seen)) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        was_running = process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert was_running and any(work.glob(seen)), f"the run ended before {seen} could be seen"
        assert not (work / "tokens" / "manifest.json").is_file()
    (work / "timings.json.tmp-1").write_text("{")  # as if killed while writing it
    run(make_recipe(recipe()), work, quiet())
    assert output(work) == output(finished)


def test_ctrl_c_ends_with_one_line(tmp_path):
    config = tmp_path / "recipe.yaml"
    config.write_text(json.dumps(recipe()))
    process = subprocess.Popen(
        _command(tmp_path / "work", config),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "work" / "documents").is_dir() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert text.splitlines()[-1] == "stopped; run the same command again to go on"
    assert "Traceback" not in text


def test_a_damaged_part_is_found_and_made_again(finished, again):
    path = again / "selected" / load_manifest(again / "selected").parts[0].path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    bad = [check.text for check in verify_work(again) if not check.ok]
    assert len(bad) == 1 and str(path) in bad[0] and "delete it, then run the same command again" in bad[0]
    with pytest.raises(SikuError, match="is damaged: xxh3"):  # what reads it refuses it
        run(make_recipe(recipe(), ["tokenize.append_eos=false"]), again, quiet())
    path.unlink()
    assert any("is missing" in check.text for check in verify_work(again) if not check.ok)
    run(make_recipe(recipe()), again, quiet())
    assert output(again) == output(finished)


def test_another_file_makes_only_its_own_tasks_run(tmp_path):
    for name in ("a", "b"):
        lines = [
            json.dumps({"text": f"{name} {i} " + "这是一段足够长的文字。" * 20}, ensure_ascii=False) for i in range(5)
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    work = tmp_path / "work"

    def files(*names):
        sources = [{"name": name, "files": [str(tmp_path / f"{name}.jsonl")]} for name in names]
        return make_recipe({"sources": sources, "runner": {"name": "in_memory"}})

    run(files("a"), work, quiet(), until="extract")
    (record,) = (work / "documents" / ".tasks").glob("a.*.json")
    before = record.stat().st_mtime_ns
    run(files("a", "b"), work, quiet(), until="extract")
    assert record.stat().st_mtime_ns == before
    assert load_manifest(work / "documents").rows == 10
    run(files("b"), work, quiet(), until="extract")
    assert load_manifest(work / "documents").rows == 5
    assert sorted(path.name[0] for path in (work / "documents").glob("*.arrow")) == ["b"]


def test_output_of_an_older_input_is_not_shown_as_current(again):
    run(make_recipe(recipe(), ["sample.seed=4"]), again, quiet(), until="extract")
    stages = current_stages(again)
    assert list(stages) == ["download", "extract"]
    assert list(funnel.load_counts(again)) == ["extract"]
    bad = [check.text for check in verify_work(again) if not check.ok]
    assert any(text.startswith("dedup: made from an older documents") for text in bad)
    run(make_recipe(recipe(), ["sample.seed=4"]), again, quiet())
    assert list(current_stages(again)) == [name for name in run_module.FOLDERS if name != "trim"]


@pytest.mark.parametrize("text", ["", "Ceci est un texte en français, assez long pour être reconnu comme tel."])
def test_nothing_kept_is_an_answer_and_not_a_crash(tmp_path, text):
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    sources = [{"name": "a", "files": [str(tmp_path / "a.txt")]}]
    values = {"sources": sources, "runner": {"name": "in_memory"}}
    with pytest.raises(SikuError, match="no document was kept"):
        run(make_recipe(values), tmp_path / "work", quiet())
    assert load_manifest(tmp_path / "work" / "selected").rows == 0
    assert all(check.ok for check in verify_work(tmp_path / "work"))


def test_a_duplicate_of_a_document_that_the_rules_drop_is_kept(tmp_path):
    """The keeper of a group fails a rule: its best member that passes must stay, and only that one."""
    words = "当时明月照着小城里每个晚归的人，河边的灯一盏一盏亮起来了。"
    near = words + "远处有人唱歌。"
    documents = {
        "web": [words],
        "poems": [words, near + "好。", near],
        "other": ["完全不同的一句话，与别的都没有关系。"],
    }
    sources = []
    for name, texts in documents.items():
        lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        sources.append({"name": name, "files": [str(tmp_path / f"{name}.jsonl")]})
    sources[0]["priority"] = 1  # kept by dedup, dropped by the Chinese rules for its length
    sources[1]["rules"] = {}
    values = {"sources": sources, "runner": {"name": "in_memory"}, "dedup": {"threshold": 0.6}}
    run(make_recipe(values), tmp_path / "work", quiet(), until="select")
    selected = load_manifest(tmp_path / "work" / "selected")
    assert selected.info["promoted"] == 1
    kept = [
        row for part in selected.parts for row in read_table(tmp_path / "work" / "selected" / part.path).to_pylist()
    ]
    assert [row["source"] for row in kept] == ["poems"]
    ledger = [
        row for part in selected.ledger for row in read_table(tmp_path / "work" / "selected" / part.path).to_pylist()
    ]
    reasons = {}
    for row in ledger:
        reasons.setdefault(row["source"], []).append([reason["rule"] for reason in row["reasons"]])
    assert reasons["web"][0][0] == "fineweb2_cmn_hani_characters.min_words"
    assert sorted(reasons["poems"]) == [[], ["duplicate_near"], ["duplicate_near"]]
    assert all(check.ok for check in verify_work(tmp_path / "work"))


def test_a_given_tokenizer_neither_cuts_nor_fills(finished, again, tmp_path):
    values = json.loads((finished / "tokenizer" / "tokenizer.json").read_text())
    values["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    (tmp_path / "cuts.json").write_text(json.dumps(values))
    run(make_recipe(recipe(), [f"tokenizer.path={tmp_path}/cuts.json"]), again, quiet())
    assert sorted(path.name for path in (again / "tokenizer").glob("*.json")) == [
        "manifest.json",
        "tokenizer.json",
    ]
    given, trained = (load_manifest(work / "tokens").info["num_tokens"] for work in (again, finished))
    assert given == trained


def test_two_runs_in_one_folder_are_refused(tmp_path):
    with run_module.locked(tmp_path), pytest.raises(SikuError, match="another siku run"):
        run(make_recipe(recipe()), tmp_path, quiet())


def test_bad_files_are_counted_and_the_rest_is_read(tmp_path, caplog):
    raw = tmp_path / "raw files"
    raw.mkdir()
    good = [
        json.dumps({"text": f"这是第{i}个文档，" + "内容足够长，可以被读出来。" * 5}, ensure_ascii=False)
        for i in range(20)
    ]
    lines = [line.encode() for line in good]
    zipped = gzip.compress(b"\n".join(lines), mtime=0)
    (raw / "truncated.jsonl.gz").write_bytes(zipped[: len(zipped) * 3 // 4])
    (raw / "broken.jsonl").write_bytes(b"\n".join([*lines[:5], b'{"text": "cut', b'{"text": "\xff\xfe"}', *lines[5:]]))
    (raw / "empty.jsonl").write_bytes(b"")
    (raw / "picture.bin").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (raw / "array.json").write_text("[" + ",".join(good) + ",]", encoding="utf-8")
    (raw / "zstd.jsonl").write_bytes(zstandard.compress(b"\n".join(lines)))
    sources = [{"name": path.name.split(".")[0], "files": [str(path)]} for path in sorted(raw.iterdir())]
    sources.append({"name": "gone", "files": ["http://127.0.0.1:9/nothing.jsonl"]})
    values = {"sources": sources, "runner": {"name": "in_memory"}, "download": {"retries": 0}}
    work = tmp_path / "work"
    run(make_recipe(values), work, quiet(), until="select")
    downloads = load_manifest(work / "raw").counts
    assert downloads["gone"].unreadable == 1
    counts = load_manifest(work / "documents").counts
    found = {source: (value.kept, value.unreadable, sorted(value.reasons)) for source, value in counts.items()}
    truncated = found.pop("truncated")
    assert 0 < truncated[0] < 20 and truncated[1] == 1
    assert found == {
        "array": (20, 0, []),
        "broken": (20, 2, ["json_invalid", "utf8_invalid"]),
        "empty": (0, 1, ["empty_file"]),
        "picture": (0, 1, ["format_unknown"]),
        "zstd": (20, 0, []),
    }
    ledger = [
        row
        for part in load_manifest(work / "documents").ledger
        for row in read_table(work / "documents" / part.path).to_pylist()
        if row["outcome"] == "unreadable"
    ]
    offsets = {row["reasons"][0]["rule"]: row["origin_offset"] for row in ledger if row["source"] == "broken"}
    start = sum(len(line) + 1 for line in lines[:5])
    assert offsets == {"json_invalid": start, "utf8_invalid": start + len(b'{"text": "cut') + 1}
    assert all(row["origin_file"] and row["detail"] for row in ledger)


def test_a_missing_file_and_a_missing_model_stop_the_run_before_it_starts(tmp_path, monkeypatch):
    values = {"sources": [{"name": "a", "files": [str(tmp_path / "no.jsonl")]}]}
    with pytest.raises(SikuError, match=r"no\.jsonl' matches no file"):
        run(make_recipe(values), tmp_path / "w", quiet())
    (tmp_path / "yes.jsonl").write_text('{"text": "x"}\n')
    values = {
        "sources": [{"name": "a", "files": [str(tmp_path / "yes.jsonl")]}],
        "runner": {"name": "in_memory"},
    }
    monkeypatch.setattr("corpus.models.places", lambda name: [tmp_path / ".models" / name])
    with pytest.raises(SikuError, match=r"lid\.176\.ftz"):
        run(make_recipe(values), tmp_path / "w", quiet())


def test_unknown_rule_sets_and_rules_are_refused_before_anything_runs(tmp_path):
    for override, message in [
        (
            "select.rules={en: [gofer]}",
            "unknown rule set 'gofer'; allowed: c4",
        ),
        ("select.thresholds={min_wrds: 3}", "'min_wrds' is no rule of the sets in use"),
    ]:
        with pytest.raises(SikuError, match=message):
            run(make_recipe(recipe(), [override]), tmp_path, quiet())
    assert not (tmp_path / "raw").exists()
