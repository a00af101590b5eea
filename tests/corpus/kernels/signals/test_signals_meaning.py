"""What each signal says on small texts worked out by hand, for both backends."""

import math

import pyarrow as pa
import pytest

from corpus.kernels.signals import Backend, characters, compute_signals
from corpus.kernels.signals.naive_lines import is_mark
from corpus.kernels.signals.naive_tokens import split_tokens

BACKENDS: tuple[Backend, ...] = ("naive", "numba")


def signal(text: str, name: str, backend: Backend) -> float:
    return compute_signals(pa.array([text], pa.large_string()), backend=backend)[name][0]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("用 GPT-4，很好!", "用 GPT-4 ， 很 好 !"),
        ("北京—上海", "北 京 — 上 海"),
        ("他说“hello world”……", "他 说 “ hello world ” … …"),
        ("It's don't we’ve O'Brien's students'", "It 's don 't we ’ve O'Brien 's students '"),
        ("1990's didn't.", "1990 's didn 't ."),
        ("U.S. J. Smith, vs. end.Start 3.14 1,000", "U.S. J. Smith , vs . end . Start 3.14 1,000"),
        ("wait... a..b ..c .NET .", "wait ... a .. b .. c .NET ."),
        ("well-known GPT-4 2010-2011 a--b - --", "well - known GPT-4 2010 - 2011 a -- b - --"),
        ("a/b x=y 1/2 10:30 foo(bar) a,b", "a / b x = y 1/2 10:30 foo(bar ) a , b"),
        ("see (http://a-b.com/c?d=e). www.a-b.com/c!", "see ( http://a-b.com/c?d=e ) . www.a-b.com/c !"),
        ("$5.00 50% 7$ f$. #tag *** <b>", "$ 5.00 50 % 7 $ f$. # tag * * * < b >"),
        ("★good©2021", "★ good © 2021"),
        ("naïve Ünder_score _x_", "naïve Ünder_score _ x _"),
        ("人々\u3000〇", "人 々 〇"),
        ("", ""),
    ],
)
def test_tokens(text: str, tokens: str) -> None:
    assert split_tokens(text) == tokens.split()
    assert signal(text, "num_words_and_marks", "numba") == len(tokens.split())
    assert signal(text, "rps_doc_word_count", "numba") == sum(not is_mark(token) for token in tokens.split())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("rps_doc_num_sentences", "Pi is 3.14. Really?! Yes... 好。好！", 5),
        ("rps_doc_num_sentences", "see example.com.", 1),
        ("rps_doc_num_sentences", "句。号", 1),
        ("rps_doc_mean_word_length", "abc de 中文", 2.5),
        ("rps_doc_mean_word_length", "中文", 0),
        ("rps_doc_symbol_to_word_ratio", "a b c d # #", 2 / 6),
        ("rps_doc_symbol_to_word_ratio", "一二三四……", 2 / 6),
        ("rps_doc_symbol_to_word_ratio", "a...... b.. c d", 2 / 6),
        ("rps_doc_frac_lines_end_with_ellipsis", "a...\nb…\n\nc..\nd", 0.5),
        ("frac_lines_start_with_bullet", "- a\n  • b\n中\n·c", 0.75),
        ("rps_doc_frac_no_alph_words", "a 1 - b", 0.5),
        ("rps_doc_frac_all_caps_words", "NASA Abc A1 b 2", 0.4),
        ("num_distinct_stop_words", '"The" the cat, to-be of: (that) TO', 5),
        ("num_distinct_stop_words", "我的目的地在那里，也是", 4),
        ("rps_doc_stop_word_fraction", "the cat, the dog!", 0.5),
        ("rps_doc_stop_word_fraction", "我的目的地在那里，也是", 0.5),
        ("rps_doc_unigram_entropy", "a b a b", math.log(2)),
        ("rps_doc_unigram_entropy", "a a , a", 0),
        ("rps_doc_lorem_ipsum", "(Lorem Ipsum) lorem  ipsum", 1 / 26),
        ("frac_lines_end_with_punctuation", "甲。\n乙\nc.\n“d”", 0.5),
        ("frac_lines_end_with_read_more", "新闻更多\n展开\n好。。。\n展开了", 0.75),
        ("frac_short_lines", "x" * 30 + "\n" + "x" * 31, 0.5),
        ("newline_to_word_ratio", "a\nb\n\nc d", 0.75),
        ("mean_line_chars", "ab\n\n 中 文 \n", 2.5),
        ("max_line_chars", "ab\n\n 中 文 \n", 3),
        ("num_long_lines", "字" * 200 + "\n" + "字" * 199, 1),
        ("frac_dup_lines", "a\n a \nb\na", 0.5),
        ("frac_chars_in_dup_lines", "aa\n aa \nb", 2 / 9),
        ("frac_dup_paragraphs", "a\nb\n\nc\n\n a\nb \n", 1 / 3),
        ("frac_chars_in_dup_paragraphs", "a\nb\n\nc\n\na\n  b", 5 / 13),
        ("frac_han", "中文ab", 0.5),
        ("frac_kana", "かなカ中", 0.75),
        ("frac_hangul", "한a", 0.5),
        ("frac_latin", "aé中Ж", 0.5),
        ("frac_uppercase", "aBÉ中", 0.5),
        ("frac_alphanumeric", "a1- ", 0.5),
        ("frac_special_chars", "a1- ", 0.75),
        ("rps_doc_frac_unique_words", "a a b 中 中", 0.6),
        ("frac_unique_chars", "aab中中", 0.6),
        ("frac_digits", "1 ２ab", 0.5),
        ("frac_bad_chars", "\ufffd\ue000\x01\n", 0.75),
        ("num_private_use", "\ufffd\ue000\U000f0000", 2),
        ("num_replacement_chars", "\ufffd\ue000\ufffd", 2),
        ("num_mojibake", "□■\ufffd\ue003\ue002", 4),
        ("num_fullwidth_punctuation", "，。“”,（", 3),
        ("num_halfwidth_punctuation", "，。“”,(", 2),
        ("num_traditional_chars", "於是後來著后", 3),
        ("num_simplified_chars", "于是后来着发", 3),
        ("frac_lenticular_brackets", "【好】的", 0.5),
        ("rps_doc_curly_bracket", "{a}b", 0.5),
        # Two sentences in five words; the others end badly, are too short or mention a policy.
        (
            "c4_num_sentences",
            "This is it. That was good.\nno end here at all\nToo short.\nSee our Privacy Policy, all.",
            2,
        ),
        ("c4_paper_num_sentences", "This is it. That was good.\nno end here at all\nIt is short.\nWe use cookies.", 3),
        ("c4_num_curly_lines", "a b { c d.\n{ too.\n { no end here", 1),
        ("c4_num_lorem_ipsum_lines", "the Lorem ipsum text is here.\nlorem ipsum", 1),
        ("c4_zh_num_lines", "今天天气好。\n好。\n没有句号的一行\n他说：“很好的。”", 2),
        # 登录 has two words and stays, LOGIN and 12 go, "3 likes" goes: four of ten words.
        ("frac_words_in_refinedweb_lines", "LOGIN\n12\n3 likes\n登录\nthis is it today", 0.4),
        ("frac_words_in_refinedweb_lines", "Sign-in to see\nthis is it\n4 items in cart", 8 / 11),
        # "a b c d e" comes back once: 5 of 21 code points; the walk jumps over it.
        ("rps_doc_frac_chars_dupe_5grams", "a b c d e x a b c d e", 5 / 21),
        # "a b" three times, 3 code points with its space, of 11.
        ("rps_doc_frac_chars_top_2gram", "a b a b a b", 9 / 11),
        # In Han text a 2-gram of words is three characters, without spaces: 一二三 twice of 6.
        ("rps_doc_frac_chars_top_2gram", "一二三一二三", 1.0),
        # Where nothing repeats it is the first n-gram, as in datatrove.
        ("rps_doc_frac_chars_top_2gram", "一二三四", 0.75),
        ("rps_doc_frac_chars_top_2gram", "a", 0.0),
        ("frac_chars_dupe_13chars", "一二三四五六七八九十百千万" * 2 + "亿", 13 / 27),
        # 3-grams: 一一一 x4 of 7 places, four distinct ones, so the two most frequent count, and only one repeats.
        ("frac_repeated_char_3grams", "一一一一一一二三四", 4 / 7),
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
    table, flags = characters.class_table(), characters.class_flags()
    assert len(table) == 0x110000
    wrong = [code for code in range(0x110000) if characters.flags_of(chr(code)) != flags[table[code]]]
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
