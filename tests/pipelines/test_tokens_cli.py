"""`siku tokens` takes a folder to each format and back, and says what it will not do."""

import numpy as np
import pytest
from typer.testing import CliRunner

from corpus.errors import RecipeError
from corpus.loader.token_shards import TokenShards
from corpus.loader.write_tokens import write_tokens
from pipelines.tokens_cli import app


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("format", ["megatron", "datasets", "mds"])
def test_there_and_back(tmp_path, format):
    rng = np.random.default_rng(2)
    documents = [rng.integers(0, 500, length) for length in rng.integers(1, 40, 50)]
    write_tokens(tmp_path / "a", documents, vocab_size=500)
    assert "50 documents" in run("export", tmp_path / "a", tmp_path / "b" / "there", "--format", format)
    tokenizer = tmp_path / "tokenizer.json"
    tokenizer.write_text("{}")
    options = ["--vocab-size", 500, "--source", "s", "--tokenizer", tokenizer, "--eos-id", 3]
    num_tokens = sum(map(len, documents))
    said = run("import", tmp_path / "b" / "there", tmp_path / "c", "--format", format, *options)
    assert f"50 documents, {num_tokens:,} tokens" in said
    shards = TokenShards(tmp_path / "c")
    assert np.array_equal(shards.gather(np.arange(50)), np.concatenate(documents))
    assert (shards.info["eos_id"], len(shards.info["tokenizer_hash"])) == (3, 16)
    assert shards.runs.source_names == (("s",) if format == "megatron" else ("tokens",))


def test_what_is_refused(tmp_path):
    write_tokens(tmp_path / "a", [np.zeros(0, int), np.arange(3)], vocab_size=9)
    assert "1 documents; 1 without a token left out" in run("export", tmp_path / "a", tmp_path / "b", "--format", "mds")
    for words, message in [
        (("export", tmp_path / "a", tmp_path / "c", "--format", "csv"), "allowed are megatron, datasets, mds"),
        (("import", tmp_path / "b", tmp_path / "c", "--format", "mds"), "needs --vocab-size"),
        (("import", tmp_path / "b", tmp_path / "c", "--format", "megatron", "--mask", "m"), "has no option for mask"),
        (("import", tmp_path / "b", tmp_path / "a", "--format", "mds", "--vocab-size", 9), "already has a manifest"),
    ]:
        with pytest.raises(RecipeError, match=message):
            run(*words)
