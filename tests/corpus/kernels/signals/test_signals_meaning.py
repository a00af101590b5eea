"""What each signal says on small texts worked out by hand, for both backends."""

import pyarrow as pa
import pytest

from corpus.kernels.signals import Backend, characters, compute_signals
from corpus.kernels.signals.naive import split_words

BACKENDS: tuple[Backend, ...] = ("naive", "numba")


def signal(text: str, name: str, backend: Backend) -> float:
    return compute_signals(pa.array([text], pa.large_string()), backend=backend)[name][0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("用 GPT-4，很好!", ["用", "GPT-4", "很", "好"]),
        ("北京—上海", ["北", "京", "上", "海"]),
        ("a — b", ["a", "—", "b"]),
        ("“你”", ["你"]),
        ("他说“hello world”", ["他", "说", "“hello", "world”"]),
        ("don’t stop", ["don’t", "stop"]),
        ("2021年", ["2021", "年"]),
        ("人々\u3000〇", ["人", "々", "〇"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words
    assert signal(text, "rps_doc_word_count", "numba") == len(words)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("rps_doc_num_sentences", "Pi is 3.14. Really?! Yes... 好。好！", 5),
        ("rps_doc_num_sentences", "see example.com.", 1),
        ("rps_doc_num_sentences", "句.号", 1),
        ("rps_doc_mean_word_length", "abc de 中文", 2.5),
        ("rps_doc_mean_word_length", "中文", 0),
        ("rps_doc_symbol_to_word_ratio", "a b c d # #", 2 / 6),
        ("rps_doc_symbol_to_word_ratio", "一二三四……", 1 / 4),
        ("rps_doc_symbol_to_word_ratio", "a...... b c d", 2 / 4),
        ("rps_doc_frac_lines_end_with_ellipsis", "a...\nb…\n\nc..\nd", 0.5),
        ("rps_doc_frac_lines_start_with_bullet", "- a\n  • b\n中\n·c", 0.75),
        ("rps_doc_frac_no_alph_words", "a 1 - b", 0.5),
        ("rps_doc_stop_word_count", '"The" cat, TO-be of: and. (that) have\'nt with', 5),
        ("rps_doc_stop_word_count", "我的目的地在那里，也是", 5),
        ("frac_lines_end_with_punctuation", "甲。\n乙\nc.\n“d”", 0.75),
        ("frac_short_lines", "x" * 30 + "\n" + "x" * 31, 0.5),
        ("newline_to_word_ratio", "a\nb\n\nc d", 0.75),
        ("frac_dup_lines", "a\n a \nb\na", 0.5),
        ("frac_chars_in_dup_lines", "aa\n aa \nb", 2 / 9),
        ("frac_han", "中文ab", 0.5),
        ("frac_kana", "かなカ中", 0.75),
        ("frac_hangul", "한a", 0.5),
        ("rps_doc_frac_unique_words", "a a b 中 中", 0.6),
        ("frac_digits", "1 ２ab", 0.5),
        ("frac_bad_chars", "\ufffd\ue000\x01\n", 0.75),
        # "a b c d e" comes back once: 5 of 21 code points; the walk jumps over it.
        ("rps_doc_frac_chars_dupe_5grams", "a b c d e x a b c d e", 5 / 21),
        # "a b" three times, 3 code points with its space, of 11.
        ("rps_doc_frac_chars_top_2gram", "a b a b a b", 9 / 11),
        # In Han text a 2-gram of words is three characters, without spaces: 一二三 twice of 6.
        ("rps_doc_frac_chars_top_2gram", "一二三一二三", 1.0),
        ("rps_doc_frac_chars_top_2gram", "一二三四", 0.0),
    ],
)
def test_worked_examples(name: str, text: str, value: float, backend: Backend) -> None:
    assert signal(text, name, backend) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_published_chinese_ngram_sizes_are_lengthened(backend: Backend) -> None:
    """A repeated passage of 7 Han characters is a duplicate 5-gram for nobody; one of 8 is."""
    body = "".join(chr(0x4E00 + i) for i in range(100))
    name = "rps_doc_frac_chars_dupe_5grams"
    assert signal(body + "甲" + body[:7] + "乙", name, backend) == 0
    assert signal(body + "甲" + body[:8] + "乙", name, backend) == pytest.approx(8 / 110, abs=1e-6)


def test_the_table_is_flags_of_for_every_code_point() -> None:
    table = characters.class_table()
    assert len(table) == 0x110000
    wrong = [code for code in range(0x110000) if characters.flags_of(chr(code)) != table[code]]
    assert wrong == []


def test_classes_of_known_characters() -> None:
    for text in ("中", "𠀀", "々", "〇", "豈", "𰀀"):
        assert characters.flags_of(text) & characters.HAN, text
    for text in ("，", "。", "《", "！", "︰", "　"):
        assert not characters.flags_of(text) & characters.HAN, text
    assert characters.flags_of("，") & characters.SEPARATOR
    assert not characters.flags_of("’") & characters.SEPARATOR
    assert not characters.flags_of("・") & characters.KANA  # also parts foreign names in Chinese
    assert not characters.flags_of("\n") & characters.BAD
