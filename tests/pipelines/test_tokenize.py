"""What a document says must never be taken for a control token."""

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from corpus.schema import tokens_schema
from pipelines import tokenize


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
