"""Sources of `--input` are named by what the files are, not by how they were cut into shards."""

import pytest

from corpus.errors import RecipeError
from pipelines.inputs import source_name, sources_of


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("data/en-00001-of-00010.jsonl.zst", "en"),
        ("wudao/part-2021001.json", "wudao"),
        ("crawl/CC-MAIN-2024.warc.gz", "CC-MAIN"),
        ("x/gold-miner.jsonl.zst", "gold-miner"),
        ("https://host/a%20b/news_zh.0007.jsonl.gz?x=1", "news_zh"),
        ("中文/数据.json", "input"),
        ("dir/007.parquet", "dir"),
    ],
)
def test_names(file, source):
    assert source_name(file) == source


def test_globs_and_folders(tmp_path):
    for name in ("a-0.jsonl", "a-1.jsonl", "b.txt"):
        (tmp_path / name).write_text("{}")
    sources = sources_of([f"{tmp_path}/*.jsonl", f"{tmp_path}/*"])
    assert [(s["name"], len(s["files"])) for s in sources] == [("a", 2), ("b", 1)]
    with pytest.raises(RecipeError, match="matches no file"):
        sources_of([f"{tmp_path}/*.parquet"])
    with pytest.raises(RecipeError, match="is a folder; name the files in it"):
        sources_of([str(tmp_path)])
