"""cc_net's normalisation, and scores of KenLM itself: ours of one and the same ARPA file must agree."""

import math
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from corpus.errors import ModelMissingError, RecipeError
from corpus.kernels.ngram_lm import Table, log_probability, naive, numba_cpu
from corpus.ops.perplexity_kenlm import cc_net_language, cc_net_normalise, kenlm_files, load_kenlm, perplexity_kenlm


def is_installed() -> bool:
    try:
        import kenlm  # noqa: F401
    except ImportError:
        return False
    return True


needs_kenlm = pytest.mark.skipif(not is_installed(), reason="the package kenlm is not installed (extra kenlm)")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  Café 42，ｅｎｄ。", "cafe 00,ｅｎｄ."),
        ("“引号”——《书》", '"引号" -  - "书"'),
        ("a\tb\x07", "ab"),
        ("٣ １", "0 0"),
        ("", ""),
    ],
)
def test_normalises_as_cc_net(line: str, shown: str) -> None:
    assert cc_net_normalise(line) == shown


@pytest.mark.skipif(is_installed(), reason="kenlm is installed")
def test_says_how_to_install(tmp_path: Path) -> None:
    (tmp_path / "zh.arpa").write_text("")
    with pytest.raises(RecipeError, match=r"siku\[kenlm\]"):
        load_kenlm(tmp_path / "zh.arpa")


def test_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"nowhere\.arpa"):
        load_kenlm(tmp_path / "nowhere.arpa")


@pytest.mark.parametrize("begin", [b"mmap lm http://kheafield.com/code format version 5\n", b"\\data\\\nngram 1=2\n"])
def test_a_model_is_known_by_its_content_and_its_pieces_and_language_by_cc_nets_names(
    tmp_path: Path, begin: bytes
) -> None:
    for name in ("zh.arpa.bin", "zh.sp.model", "en.arpa.bin", "mine.bin"):
        (tmp_path / name).write_bytes(begin)
    (tmp_path / "zh.lm.arrow").write_bytes(b"ARROW1\x00\x00" + begin)
    assert kenlm_files(tmp_path / "zh.arpa.bin") == [tmp_path / "zh.arpa.bin", tmp_path / "zh.sp.model"]
    assert kenlm_files(tmp_path / "en.arpa.bin") == [tmp_path / "en.arpa.bin"]
    assert kenlm_files(tmp_path / "mine.bin") == [tmp_path / "mine.bin"]
    assert kenlm_files(tmp_path / "zh.lm.arrow") == []
    assert [cc_net_language(name) for name in ("a/zh.arpa.bin", "en.arpa", "mine.bin")] == ["zh", "en", None]


def write_arpa(path: Path, entries: dict, unknown: float, order: int) -> None:
    """The entries of `naive.kneser_ney` in the format KenLM reads; sentence ends get no probability to speak of."""
    grams = {tuple(token or "<s>" for token in gram): values for gram, values in entries.items()}
    grams |= {("<unk>",): (unknown, 0.0), ("</s>",): (-200.0, 0.0)}
    lines = ["\\data\\", *(f"ngram {n}={sum(len(g) == n for g in grams)}" for n in range(1, order + 1))]
    for n in range(1, order + 1):
        lines += ["", f"\\{n}-grams:"]
        for gram, (log_prob, backoff) in sorted(grams.items()):
            if len(gram) == n:
                end = f"\t{backoff / math.log(10):.7f}" if n < order else ""
                lines.append(f"{log_prob / math.log(10):.7f}\t{' '.join(gram)}{end}")
    path.write_text("\n".join([*lines, "", "\\end\\", ""]), encoding="utf-8")


@needs_kenlm
@pytest.mark.parametrize("min_count", [1, 2])
def test_our_scores_are_kenlms(tmp_path: Path, min_count: int) -> None:
    rng = random.Random(min_count)
    words = [f"w{i}" for i in range(30)]
    documents = [rng.choices(words, [1 / (i + 1) for i in range(30)], k=rng.randint(1, 40)) for _ in range(80)]
    entries, unknown = naive.kneser_ney(documents, 4, min_count)
    write_arpa(tmp_path / "m.arpa", entries, unknown, 4)
    kenlm_model = load_kenlm(tmp_path / "m.arpa").model
    keys = [naive.ngram_key([naive.START if t is None else naive.token_hash(t) for t in gram]) for gram in entries]
    values = np.array(list(entries.values()), np.float32)
    slots = numba_cpu.fill(np.array(keys, np.uint64), values[:, 0].copy(), values[:, 1].copy())
    table = Table(slots, 4, unknown, ())
    scored = [*(" ".join(document) for document in documents[:20]), "w1 never w2 w0", "never", "w3"]
    ours, _ = log_probability(pa.array(scored, pa.large_string()), table)
    theirs = [kenlm_model.score(text, bos=True, eos=False) * math.log(10) for text in scored]
    assert ours == pytest.approx(theirs, abs=1e-3)


@needs_kenlm
def test_perplexity_is_cc_nets(tmp_path: Path) -> None:
    entries, unknown = naive.kneser_ney([["a", "b", "."], ["a", "c", "."]], 2, 1)
    write_arpa(tmp_path / "m.arpa", entries, unknown, 2)
    loaded = load_kenlm(tmp_path / "m.arpa")
    found = perplexity_kenlm(pa.array(["A b 。\na", "", None]), loaded)
    score = loaded.model.score("a b .") + loaded.model.score("a")
    assert found.null_count == 2
    assert found[0].as_py() == pytest.approx(10 ** min(-score / 6, 38.0), rel=1e-4)
