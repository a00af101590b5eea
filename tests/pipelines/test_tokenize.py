"""What a document says must never be taken for a control token; the parts and their index are what a loader reads."""

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from corpus.loader.token_shards import TokenShards
from corpus.schema import tokens_schema
from corpus.shards import Manifest, hash_file, read_table, save_manifest, write_part
from pipelines import tokenize
from pipelines.recipe import Tokenize
from pipelines.task import Task


def _tokenizer(path):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<|endoftext|>": 0} | {letter: i + 1 for i, letter in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.save(str(path))


def test_a_document_that_spells_the_end_token_does_not_end_there(tmp_path):
    _tokenizer(tmp_path / "tokenizer.json")
    tokenizer = tokenize._tokenizer(str(tmp_path / "tokenizer.json"), "")
    texts = ["before <|endoftext|> after", "四库 🙂", ""]
    batch = pa.record_batch(
        {
            "id": ["a", "b", "c"],
            "source": ["s"] * 3,
            "language": ["en", "zh", "und"],
            "text": pa.array(texts, pa.large_string()),
        }
    )
    encoded = tokenize._encode(batch, tokenizer, tokens_schema(tokenizer.get_vocab_size()), eos=0)
    rows = encoded["tokens"].to_pylist()
    assert [row.count(0) for row in rows] == [1, 1, 1]
    assert all(row[-1] == 0 for row in rows)
    assert [tokenizer.decode(row[:-1]) for row in rows] == texts
    np.testing.assert_array_equal(encoded["num_tokens"].to_numpy(), [len(row) for row in rows])


def test_repeated_documents_stand_in_as_many_rows_and_count_once(tmp_path):
    (tmp_path / "tokenizer").mkdir()
    _tokenizer(tmp_path / "tokenizer" / "tokenizer.json")
    columns = {"id": ["a", "b", "c"], "source": ["s", "s", "t"], "language": ["en"] * 3, "text": ["one", "two!", "six"]}
    plain = pa.record_batch(columns | {"text": pa.array(columns["text"], pa.large_string())})
    made = {}
    for name, batch in {
        "plain": plain,
        "repeated": plain.append_column("repeats", pa.array([1, 3, 2], pa.int32())),
    }.items():
        part = write_part(tmp_path / "selected", f"{name}.arrow", [batch, batch.slice(0, 0)], batch.schema)
        spec = {"part": part.path, "xxh3": hash_file(tmp_path / "selected" / part.path), "tokenizer": ""}
        where = {"work": tmp_path, "documents": tmp_path / "selected"}
        result = tokenize.tokenize_part(Task(name, spec), tmp_path / "tokens", **where, options=Tokenize())
        made[name] = result, read_table(tmp_path / "tokens" / result.parts[0].path)
    (plain_result, plain_rows), (result, rows) = made["plain"], made["repeated"]
    assert rows["id"].to_pylist() == ["a", "b", "b", "b", "c", "c"]
    assert rows.equals(plain_rows.take([0, 1, 1, 1, 2, 2]))
    assert {source: (each.read, each.kept) for source, each in result.counts.items()} == {"s": (2, 2), "t": (1, 1)}
    assert result.counts == plain_result.counts
    assert plain_result.info["num_tokens"] == 4 + 5 + 4
    assert result.info["num_tokens"] == 4 + 3 * 5 + 2 * 4
    assert [(row["source"], row["rows"]) for row in result.info["batches"]] == [("s", 4), ("t", 2)]


def _tokenized(folder, batches, **options):
    """Two parts tokenized as the stage does it, and opened."""
    (folder / "tokenizer").mkdir()
    _tokenizer(folder / "tokenizer" / "tokenizer.json")
    results = []
    for name, batch in batches.items():
        part = write_part(folder / "selected", f"{name}.arrow", [batch], batch.schema)
        spec = {"part": part.path, "xxh3": hash_file(folder / "selected" / part.path), "tokenizer": ""}
        where = {"work": folder, "documents": folder / "selected", "options": Tokenize(**options)}
        results.append(tokenize.tokenize_part(Task(name, spec), folder / "tokens", **where))
    results = tokenize._with_index(results[::-1], folder / "tokens", list(batches))
    assert [set(result.info) for result in results] == [{"num_tokens"}] * len(batches)
    parts, extra = ([part for result in results for part in getattr(result, name)] for name in ("parts", "extra"))
    info = {"vocab_size": 257, "tokenizer_hash": hash_file(folder / "tokenizer" / "tokenizer.json")}
    save_manifest(folder / "tokens", Manifest("tokenize", "", parts, info=info, extra=extra))
    return TokenShards(folder / "tokens", tokenizer=folder / "tokenizer", verify="first_touch")


def _documents(texts, languages, **columns):
    count = len(texts)
    columns = {"id": [f"{texts[0]}{i}" for i in range(count)], "source": ["s"] * count, "language": languages} | columns
    return pa.record_batch(columns | {"text": pa.array(texts, pa.large_string())})


def test_parts_are_sorted_by_language_and_indexed(tmp_path):
    first = _documents(["one", "四", "two", "库", "?"], ["zh", "en", "zh", "en", None])
    shards = _tokenized(tmp_path, {"b": first, "a": _documents(["end"], ["en"])})
    runs = shards.runs
    found = [(runs.source_names[s], runs.language_names[c]) for s, c in zip(runs.source, runs.language, strict=True)]
    assert found == [("s", ""), ("s", "en"), ("s", "zh"), ("s", "en")]
    assert runs.first_document.tolist() == [0, 1, 3, 5, 6]
    assert runs.num_tokens.tolist() == [2, 8, 8, 4]
    assert shards.lengths.tolist() == [2, 4, 4, 4, 4, 4]
    assert len(shards.gather(np.arange(6))) == 22
    assert shards.loss_spans(np.arange(6), np.zeros(6), shards.lengths) is None


def test_of_a_document_with_a_prompt_the_answer_is_trained_on(tmp_path):
    texts = ["ask 四answer", "no prompt", "empty prompt", "only a prompt", ""]
    prompts = pa.array([5, None, 0, 13, 3], pa.int32())
    shards = _tokenized(tmp_path, {"a": _documents(texts, ["en"] * 5, prompt_chars=prompts)}, loss="answer")
    everything = np.arange(5), np.zeros(5, np.int64), shards.lengths
    spans, splits = shards.loss_spans(*everything)
    assert splits.tolist() == [0, 1, 2, 3, 4, 5]
    assert spans.tolist() == [[7, 14], [0, 10], [0, 13], [13, 14], [0, 1]]  # 四 is three tokens; the end token counts
