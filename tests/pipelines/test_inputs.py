"""Sources of `--input` are named by what the files are, not by how they were cut into shards."""

import os

import pytest
from pydantic import BaseModel, Field

from corpus.errors import RecipeError
from pipelines.inputs import source_name, sources_of


class _Source(BaseModel):
    """What a recipe allows, in pydantic's own regular expressions: their `\\w` is not Python's."""

    name: str = Field(pattern=r"^[\w-][\w.-]*$", max_length=64)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("data/en-00001-of-00010.jsonl.zst", "en"),
        ("data/c4-train.00000-of-01024.json.gz", "c4-train"),
        ("wudao/part-2021001.json", "wudao"),
        ("wudao/part-2020.json", "wudao"),
        ("x/zh_chunk12.parquet", "zh"),
        ("x/zh-part-00003-of-2000.parquet", "zh"),
        ("crawl/CC-MAIN-2024.warc.gz", "CC-MAIN-2024"),
        ("crawl/CC-MAIN-20240412093000-00012.warc.gz", "CC-MAIN"),
        ("news/zh-1998-0001.jsonl", "zh-1998"),
        ("news/2024.jsonl", "2024"),
        ("x/gold-miner.jsonl.zst", "gold-miner"),
        ("x/book_v2.txt", "book_v2"),
        ("x/profile7.txt", "profile7"),
        ("x/example-utf8.warc", "example-utf8"),
        ("x/alpaca_data-0-3252-英文.json", "alpaca_data-0-3252-英文"),
        ("https://host/a%20b/news_zh.0007.jsonl.gz?x=1", "news_zh"),
        ("https://host/%E7%BB%B4%E5%9F%BA/0007.jsonl.gz", "维基"),
        ("中文/维基百科.jsonl", "维基百科"),
        ("中文/维基 百科（全）.jsonl", "维基_百科_全"),
        ("x/cafe\u0301.txt", "café"),
        ("x/हिन्दी ①½.txt", "हिन्दी"),
        ("x/..hidden.txt", "hidden"),
        ("x/（）.txt", "input"),
        ("x/" + "長" * 70 + ".txt", "長" * 64),
        ("dir/007.parquet", "dir"),
        ("dir/part1.parquet", "dir"),
        ("dir/sub/../007.parquet", "dir"),
    ],
)
def test_names(file, source):
    assert source_name(file) == source
    assert _Source(name=source).name == source


def test_globs_and_folders(tmp_path):
    for name in ("a-0.jsonl", "a-1.jsonl", "b.txt"):
        (tmp_path / name).write_text("{}")
    sources = sources_of([f"{tmp_path}/*.jsonl", f"{tmp_path}/*"])
    assert [(s["name"], len(s["files"])) for s in sources] == [("a", 2), ("b", 1)]
    with pytest.raises(RecipeError, match="matches no file"):
        sources_of([f"{tmp_path}/*.parquet"])
    with pytest.raises(RecipeError, match="is a folder; name the files in it"):
        sources_of([str(tmp_path)])


def test_a_file_is_taken_once_however_it_is_spelled(tmp_path, monkeypatch):
    """Fails if the second spelling makes every document of the file an exact duplicate."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text("{}")
    (tmp_path / "in" / "link.jsonl").symlink_to("a.jsonl")
    spellings = ["in/a.jsonl", "./in/a.jsonl", f"{tmp_path}/in/a.jsonl", "in/../in/*.jsonl"]
    assert sources_of(spellings) == [{"name": "a", "files": ["in/a.jsonl"]}]
    url = "https://host/a.jsonl"
    assert sources_of([url, url, "in/a.jsonl"]) == [{"name": "a", "files": [url, "in/a.jsonl"]}]


def test_a_shard_number_alone_takes_the_name_of_the_folder_it_is_run_in(tmp_path, monkeypatch):
    folder = tmp_path / "wudao"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("001.jsonl", "002.jsonl"):
        (folder / name).write_text("{}")
    assert sources_of(["*.jsonl"]) == [{"name": "wudao", "files": ["001.jsonl", "002.jsonl"]}]


def test_a_name_that_is_not_utf8_is_refused_with_what_to_do(tmp_path):
    (tmp_path / os.fsdecode(b"gb-\xce\xc4.jsonl")).write_text("{}")
    for pattern in (f"{tmp_path}/*", f"{tmp_path}/{os.fsdecode(bytes([0xCE, 0xC4]))}.jsonl"):
        with pytest.raises(RecipeError, match=r"\\xce\\xc4\.jsonl is not UTF-8.*rename the file") as caught:
            sources_of([pattern])
        str(caught.value).encode()  # can be printed


@pytest.mark.parametrize("name", ["recipe.yaml", "recipe.YML"])
def test_a_recipe_among_the_inputs_is_refused(tmp_path, name):
    (tmp_path / name).write_text("sources: []")
    for pattern in (f"{tmp_path}/{name}", f"{tmp_path}/*", f"{tmp_path}/no-such-{name}"):
        with pytest.raises(RecipeError, match=f"{name}: a recipe and --input don't go together"):
            sources_of([pattern])
