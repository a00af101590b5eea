"""Tokenizers decode to what was encoded, are the same bytes each time, and load where people load them."""

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from tokenizers import Tokenizer
from typer.testing import CliRunner

from corpus.errors import InputError, RecipeError
from corpus.schema import SELECTED
from corpus.shards import Manifest, hash_file, save_manifest, write_part
from tokenizer import SPECIAL_TOKENS, TrainOptions, train_tokenizer
from tokenizer.cli import app
from tokenizer.sample import Sample, share_to_keep
from tokenizer.train import new_tokenizer

ROOT = Path(__file__).parents[2]
EN = [
    "the",
    "river",
    "rises",
    "in the north",
    "and",
    "falls into",
    "the sea;",
    "it's",
    "2024",
    "metres long,",
]
ZH = ["河流", "从北方", "山中", "流出，", "经过", "村庄", "与", "稻田。", "人们", "在河边", "种植", "茶树，"]

HARD = [
    "",
    " ",
    "Hello, world! It's 12345678 o'clock.\r\n\r\n\tindent",
    "四库全书，繁體與简体：“引号”……用Python写代码。",
    "emoji 😀👩‍👩‍👧‍👦🇨🇳 and rare 𠮷𪚥 and e\u0301 नमस्ते",
    "\x00\x01\x7f\ufeff\ufffd\u3000\ue000\U0010fffd",
    "<|endoftext|> and <|im_start|>user",
    "　全角ＡＢＣ１２３\n\n\n  \n x\u2028y\u0085z",
    "a" * 3000 + "中" * 3000,
]


def sentences(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    words = [(EN, " "), (ZH, "")]
    return [sep.join(rng.choices(pool, k=rng.randint(8, 40))) for pool, sep in rng.choices(words, k=count)]


def write_lines(path: Path, texts: list[str], field: str = "text") -> Path:
    path.write_text("".join(json.dumps({field: text}, ensure_ascii=False) + "\n" for text in texts))
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer(
        [write_lines(folder / "in.jsonl", sentences(2000, 1))], folder / "out", TrainOptions(vocab_size=600)
    )
    return folder / "out"


@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_every_text_decodes_to_itself(trained: Path, text: str):
    tokenizer = Tokenizer.from_file(str(trained / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == text
    assert all(token_id >= len(SPECIAL_TOKENS) for token_id in ids)


def test_every_code_point_decodes_to_itself(trained: Path):
    tokenizer = Tokenizer.from_file(str(trained / "tokenizer.json"))
    rng = random.Random(3)
    points = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    for _ in range(60):
        text = "".join(map(chr, rng.sample(points, 300)))
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_special_tokens_have_the_first_ids(trained: Path):
    tokenizer = Tokenizer.from_file(str(trained / "tokenizer.json"))
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == [0, 1, 2, 3]
    assert SPECIAL_TOKENS[0] == "<|endoftext|>"
    card = json.loads((trained / "card.json").read_bytes())
    assert (card["eos_id"], card["pad_id"]) == (0, 1)
    assert card["vocab_size"] == tokenizer.get_vocab_size() == 600


def test_it_learns_words_of_both_languages(trained: Path):
    tokenizer = Tokenizer.from_file(str(trained / "tokenizer.json"))
    for text, most in [(" the river rises in the north", 6), ("河流从北方山中流出，", 6)]:
        assert len(tokenizer.encode(text).ids) <= most
    unseen = sentences(200, 99)
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(unseen))
    assert sum(len(text.encode()) for text in unseen) / tokens > 4


def test_the_pattern_cuts_where_it_says():
    text = "It's 用Python写，但是 12345 नमस्ते e\u0301!\n x"
    pieces = [text[a:b] for _, (a, b) in new_tokenizer().pre_tokenizer.pre_tokenize_str(text)]  # type: ignore[union-attr]
    assert pieces == [
        "It", "'s", " 用", "Python", "写", "，但是", " ", "123", "45", " नमस्ते", " e\u0301", "!\n", " x",
    ]  # fmt: skip


def test_retraining_gives_the_same_bytes(trained: Path, tmp_path: Path):
    """In other processes, with one thread and with two, from the same documents in other files and another
    order."""
    texts = sentences(2000, 1)
    write_lines(tmp_path / "b.jsonl", texts[:700])
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(write_lines(tmp_path / "x", texts[700:]).read_bytes()))
    (tmp_path / "x").unlink()
    for threads in ("1", "2"):
        out = tmp_path / f"out{threads}"
        command = [sys.executable, "-m", "tokenizer", "train", "--out", str(out), "--vocab-size", "600"]
        command += ["--input", str(tmp_path / "b.jsonl"), str(tmp_path / "a.jsonl.gz")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAYON_NUM_THREADS": threads}
        subprocess.run(command, check=True, env=environment, capture_output=True, timeout=120)
        for name in ("tokenizer.json", "tokenizer_config.json", "card.json"):
            assert (out / name).read_bytes() == (trained / name).read_bytes(), name


def test_transformers_loads_it(trained: Path):
    transformers = pytest.importorskip("transformers", reason="transformers is an extra of the tests")
    for load in (transformers.PreTrainedTokenizerFast, transformers.AutoTokenizer):
        tokenizer = load.from_pretrained(str(trained))
        assert (tokenizer.eos_token, tokenizer.eos_token_id) == ("<|endoftext|>", 0)
        assert (tokenizer.pad_token, tokenizer.pad_token_id) == ("<|pad|>", 1)
        for text in HARD:
            ids = tokenizer(text)["input_ids"]
            assert ids == Tokenizer.from_file(str(trained / "tokenizer.json")).encode(text).ids
            assert tokenizer.decode(ids) == text
        assert tokenizer("<|im_end|>")["input_ids"] == [3]


def test_the_card_counts_what_was_read(trained: Path):
    texts = sentences(2000, 1)
    card = json.loads((trained / "card.json").read_bytes())
    sample = Sample(held_out=0.01, kept=1.0, seed=0)
    sides = {text: sample.side(text) for text in texts}
    trained_on = [text for text in texts if sides[text] == "train"]
    assert card["training_documents"] == len(trained_on)
    assert sum(card["training_bytes"].values()) == sum(len(text.encode()) for text in trained_on)
    assert sum(part["documents"] for part in card["held_out"].values()) == len(texts) - len(trained_on) > 5
    assert card["training_bytes"]["zh"] > 10_000 < card["training_bytes"]["other"]
    assert all(part["bytes_per_token"] > 3 for part in card["held_out"].values())
    assert card["hash"] == hash_file(trained / "tokenizer.json")


def test_arrow_parts_give_their_language(tmp_path: Path):
    texts = sentences(300, 5)
    columns = {
        "text": pa.array(texts, pa.large_string()),
        "language": pa.array(["zh" if text[0] > "z" else "en" for text in texts]),
    }
    arrays = [columns.get(field.name, pa.nulls(len(texts), field.type)) for field in SELECTED]
    batch = pa.record_batch(arrays, schema=SELECTED)
    part = write_part(tmp_path / "selected", "p.arrow", [batch], SELECTED)
    (tmp_path / "selected" / "left-over.arrow").write_bytes(b"not in the manifest")
    save_manifest(tmp_path / "selected", Manifest("select", "test", [part]))
    card = train_tokenizer([tmp_path / "selected"], tmp_path / "out", TrainOptions(vocab_size=400, held_out=0))
    expected = {"en": 0, "zh": 0}
    for text in texts:
        expected["zh" if text[0] > "z" else "en"] += len(text.encode())
    assert card["training_bytes"] == expected


def test_every_kind_of_file_is_read(tmp_path: Path):
    texts = sentences(400, 6)
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    lines = write_lines(tmp_path / "lines", texts[:100]).read_bytes()
    (folder / "a.jsonl").write_bytes(lines)
    (folder / "b.jsonl.zst").write_bytes(
        zstandard.compress(write_lines(tmp_path / "lines", texts[100:200]).read_bytes())
    )
    (folder / "c.txt").write_text("\n\n".join(texts[200:]))
    (folder / ".hidden").write_text("not this")
    card = train_tokenizer([tmp_path / "in"], tmp_path / "out", TrainOptions(vocab_size=400, held_out=0))
    assert card["training_documents"] == 400
    assert sum(card["training_bytes"].values()) == sum(len(text.encode()) for text in texts)


def test_records_without_text_are_counted(tmp_path: Path):
    path = write_lines(tmp_path / "in.jsonl", sentences(50, 7))
    with path.open("a") as file:
        file.write('{"text": "broken\n{"text": ""}\n')
    card = train_tokenizer([path], tmp_path / "out", TrainOptions(vocab_size=300, held_out=0))
    assert card["training_documents"] == 50
    assert sum(card["passed_over"].values()) == 2


def test_another_column(tmp_path: Path):
    path = write_lines(tmp_path / "in.jsonl", sentences(50, 8), field="正文")
    card = train_tokenizer([path], tmp_path / "out", TrainOptions(vocab_size=300, column="正文", held_out=0))
    assert card["training_documents"] == 50


def test_a_limit_draws_from_the_whole_input(tmp_path: Path):
    texts = sentences(3000, 9)
    path = write_lines(tmp_path / "in.jsonl", texts)
    limit = sum(len(text.encode()) for text in texts) // 4
    drawn = []
    for seed in (0, 1):
        options = TrainOptions(vocab_size=300, max_bytes=limit, seed=seed)
        card = train_tokenizer([path], tmp_path / f"out{seed}", options)
        num_bytes = sum(card["training_bytes"].values())
        assert 0.85 * limit < num_bytes < 1.15 * limit
        drawn.append(num_bytes)
    assert drawn[0] != drawn[1]
    sample = Sample(0.0, 0.25, 0)
    chosen = [i for i, text in enumerate(texts) if sample.side(text) == "train"]
    assert sum(i >= 1500 for i in chosen) > 0.4 * len(chosen)


def test_shares():
    assert share_to_keep(100, None) == share_to_keep(100, 100) == share_to_keep(0, 5) == 1
    assert share_to_keep(200, 50) == 0.25


def test_bad_input_is_named(tmp_path: Path):
    options = TrainOptions(vocab_size=300)
    with pytest.raises(InputError, match=r"no file or folder .*nowhere"):
        train_tokenizer([tmp_path / "nowhere"], tmp_path / "out", options)
    with pytest.raises(InputError, match="no file in"):
        train_tokenizer([tmp_path], tmp_path / "out", options)
    empty = write_lines(tmp_path / "empty.jsonl", ["", ""])
    with pytest.raises(InputError, match="give no text"):
        train_tokenizer([empty], tmp_path / "out", options)
    for bad in ({"vocab_size": 259}, {"max_bytes": 0}, {"held_out": 1.0}, {"seed": -1}):
        with pytest.raises(RecipeError, match=next(iter(bad))):
            TrainOptions(**bad)
    assert not (tmp_path / "out").exists()


def test_commands(trained: Path, tmp_path: Path):
    runner = CliRunner()
    source = write_lines(tmp_path / "in.jsonl", sentences(60, 10))
    result = runner.invoke(app, ["train", "--input", str(source), "--out", str(tmp_path / "t"), "--vocab-size", "300"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "t" / "tokenizer.json").is_file()
    shown = runner.invoke(app, ["show", str(trained), "河流😀<|pad|>"])
    assert shown.exit_code == 0
    assert "e6 b2 b3 e6 b5 81" in shown.output
    assert "河流" in shown.output
    assert "f0" in shown.output
    assert f"{len('河流😀<|pad|>'.encode())} bytes" in shown.output
    for arguments in (
        ["train", "--out", str(tmp_path)],
        ["train", "nowhere", "--out", "x"],
        ["show", "nowhere", "x"],
    ):
        failed = runner.invoke(app, arguments)
        assert failed.exit_code == 2
        assert "error:" in failed.output
