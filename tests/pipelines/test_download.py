"""Downloads go on where they stopped, are checked, and never end a run."""

import hashlib
import io
import json

import pytest
from rich.console import Console

from corpus.errors import RecipeError
from corpus.shards import hash_file
from pipelines import download, sample
from pipelines.recipe_file import make_recipe
from pipelines.stage import is_complete, run_stage

DATA = bytes(range(256)) * 8192  # 2 MiB


def _recipe(files, **source):
    return make_recipe(
        {
            "sources": [{"name": "a", "files": files} | source],
            "sample": {},
            "runner": {"name": "in_memory"},
            "download": {"retries": 2},
        }
    )


def _run(recipe, work, url):
    return run_stage(download.plan(recipe, work, url), recipe.runner)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "a.bin").write_bytes(DATA)
    return tmp_path / "served"


@pytest.mark.parametrize(
    "faults",
    [None, sample.Faults({"a.bin": 100_000}), sample.Faults(refuse_first=frozenset({"a.bin"}))],
    ids=["plain", "cut", "503"],
)
def test_the_file_arrives_whole(folder, tmp_path, faults):
    with sample.serve(folder, faults=faults or sample.Faults()) as url:
        manifest = _run(_recipe(["sample:/a.bin"]), tmp_path / "work", url + "/")
    (part,) = manifest.parts
    assert (tmp_path / "work" / "raw" / part.path).read_bytes() == DATA
    assert part.xxh3 == hash_file(folder / "a.bin") == manifest.info["files"][0]["xxh3"]
    assert manifest.counts["a"].kept == 1


def test_a_partial_file_of_a_killed_run_is_gone_on_with(folder, tmp_path):
    recipe, log = _recipe(["sample:/a.bin"]), []
    task = download._tasks(recipe.sources[0], tmp_path)[0]
    with sample.serve(folder) as url:
        download_part(url, folder, tmp_path / "work" / "raw" / ".tasks" / "partial" / task.name)
    with sample.serve(folder, log=log) as url:
        manifest = _run(recipe, tmp_path / "work", url + "/")
    assert hash_file(folder / "a.bin") == manifest.parts[0].xxh3
    assert log == ["GET a.bin bytes=1000-"]


def download_part(url, folder, partial):
    """What a killed run leaves: the first 1,000 bytes and the server's validator."""
    partial.parent.mkdir(parents=True)
    download._transfer(f"{url}/a.bin", partial, 5.0)
    partial.write_bytes(DATA[:1000])
    assert json.loads(download._meta(partial).read_bytes())["validator"]


def test_a_partial_file_of_an_older_copy_is_begun_again(folder, tmp_path):
    with sample.serve(folder) as url:
        partial = tmp_path / "raw" / "partial"
        download_part(url, folder, partial)
        changed = DATA[::-1]
        (folder / "a.bin").write_bytes(changed)
        download._meta(partial).write_text('{"validator": "\\"another\\""}')
        download._transfer(f"{url}/a.bin", partial, 5.0)
    assert partial.read_bytes() == changed


def test_a_file_that_is_not_there_is_counted_and_tried_again_next_time(folder, tmp_path):
    recipe = _recipe(["sample:/a.bin", "sample:/b.bin"])
    work = tmp_path / "work"
    with sample.serve(folder) as url:
        manifest = _run(recipe, work, url + "/")
        assert (manifest.counts["a"].kept, manifest.counts["a"].unreadable) == (1, 1)
        assert "404" in manifest.info["failed"][0]["reason"]
        assert not is_complete(download.plan(recipe, work, url + "/"))
        (folder / "b.bin").write_bytes(b"now it is")
        manifest = _run(recipe, work, url + "/")
    assert manifest.counts["a"].kept == 2 and "failed" not in manifest.info
    assert is_complete(download.plan(recipe, work, ""))


def test_a_wrong_sha256_is_refused_and_a_right_one_passes(folder, tmp_path):
    right = hashlib.sha256(DATA).hexdigest()
    for expected, kept in ((right, 1), ("0" * 64, 0)):
        recipe = _recipe(["sample:/a.bin"], sha256={"sample:/a.bin": expected})
        with sample.serve(folder) as url:
            manifest = _run(recipe, tmp_path / expected[:8], url + "/")
        assert manifest.counts["a"].kept == kept
    assert right in manifest.info["failed"][0]["reason"]


def test_a_local_file_is_hashed_where_it_lies_and_again_when_it_changes(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "one"}\n')
    recipe, work = _recipe([str(path)]), tmp_path / "work"
    first = _run(recipe, work, "")
    assert first.parts == [] and first.info["files"][0]["path"] == str(path)
    assert is_complete(download.plan(recipe, work, ""))
    path.write_text('{"text": "two"}\n')
    assert not is_complete(download.plan(recipe, work, ""))
    assert _run(recipe, work, "").info["files"][0]["xxh3"] == hash_file(path) != first.info["files"][0]["xxh3"]


def test_the_console_says_which_file_failed(folder, tmp_path):
    from pipelines.run import run_one_stage

    recipe, text = _recipe(["sample:/none.bin"]), io.StringIO()
    with sample.serve(folder) as url:
        run_one_stage(download.plan(recipe, tmp_path / "work", url + "/"), recipe, Console(file=text, width=200))
    assert "unreadable sample:/none.bin" in text.getvalue()


def test_files_with_the_same_name_from_two_places_stay_apart(tmp_path):
    for place in ("one", "two"):
        (tmp_path / "served" / place).mkdir(parents=True)
        (tmp_path / "served" / place / "data.bin").write_text(place)
    with sample.serve(tmp_path / "served") as url:
        recipe = _recipe([f"{url}/one/data.bin", f"{url}/two/data.bin"])
        manifest = _run(recipe, tmp_path / "work", "")
    raw = tmp_path / "work" / "raw"
    assert [(raw / part.path).read_text() for part in manifest.parts] == ["one", "two"]
    assert len(list((raw / ".tasks").glob("*.json"))) == 2


def test_one_file_under_several_names_is_one_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text("{}")
    recipe = _recipe(["a.jsonl", "./a.jsonl", str(tmp_path / "a.jsonl"), "*.jsonl"])
    assert [task.spec["file"] for task in download._tasks(recipe.sources[0], tmp_path)] == ["a.jsonl"]


def test_a_local_file_is_held_against_its_sha256(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("{}")
    manifest = _run(_recipe([str(path)], sha256={str(path): "0" * 64}), tmp_path / "work", "")
    assert manifest.counts["a"].unreadable == 1 and path.is_file()


def test_only_files_that_siku_wrote_are_ever_deleted(tmp_path):
    own = tmp_path / "work" / "raw" / "mine.jsonl"
    own.parent.mkdir(parents=True)
    own.write_text("{}")
    with pytest.raises(RecipeError, match="holds files that siku did not write"):
        _run(_recipe([str(own)]), tmp_path / "work", "")
    work = tmp_path / "other"
    (tmp_path / "a.jsonl").write_text("{}")
    _run(_recipe([str(tmp_path / "a.jsonl")]), work, "")
    (work / "raw" / "notes.txt").write_text("keep me")
    (tmp_path / "a.jsonl").write_text("{} ")
    _run(_recipe([str(tmp_path / "a.jsonl")]), work, "")
    assert (work / "raw" / "notes.txt").read_text() == "keep me"
    assert own.read_text() == "{}"
