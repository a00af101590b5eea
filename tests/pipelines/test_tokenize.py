"""What a document says must never be taken for a control token."""

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from corpus.schema import tokens_schema
from corpus.shards import hash_file, read_table, write_part
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
    assert (plain_result.info, result.info) == ({"num_tokens": 4 + 5 + 4}, {"num_tokens": 4 + 3 * 5 + 2 * 4})
