"""From counts to signals: the divisions, column by column."""

from typing import Any

import numpy as np

from corpus.kernels.signals import characters as ch
from corpus.kernels.signals import measure_characters as mc
from corpus.kernels.signals import measure_lines as ml
from corpus.kernels.signals import measure_tokens as mt
from corpus.kernels.signals.ngrams import DUPLICATE, TOP


def _per(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole`, 0 where `whole` is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0)


def _popcount(bits: np.ndarray) -> np.ndarray:
    return np.bitwise_count(bits).astype(np.int64)


def signals_from_counts(counts: Any) -> dict[str, np.ndarray]:
    """Every signal of `corpus.schema.SIGNALS`, counts as int64 and fractions as float64.

    Args:
        counts: `numba_cpu.Counts` of `N` documents.
    """
    character, token, line = counts.characters.T, counts.tokens.T, counts.lines.T
    chars = character[mc.CHARS]
    return {
        **_of_characters(character, chars),
        **_of_tokens(token, line, counts, character[mc.HASHES], chars),
        **_of_lines(token, line, character[mc.NEWLINES]),
        **_of_repetition(line, counts.grams.T, chars),
    }


def _of_characters(counts: np.ndarray, chars: np.ndarray) -> dict[str, np.ndarray]:
    def having(*flags: int) -> np.ndarray:
        """Characters with one of the flags, of which no character has two."""
        return counts[[flag.bit_length() - 1 for flag in flags]].sum(axis=0)

    letters = having(ch.LETTER)
    return {
        "num_chars": chars,
        "frac_han": _per(having(ch.HAN), letters),
        "frac_kana": _per(having(ch.KANA), letters),
        "frac_hangul": _per(having(ch.HANGUL), letters),
        "frac_latin": _per(having(ch.LATIN), letters),
        "frac_uppercase": _per(having(ch.UPPER), letters),
        "frac_alphanumeric": _per(having(ch.LETTER, ch.DIGIT), chars),
        "frac_digits": _per(having(ch.DIGIT), chars - having(ch.SPACE)),
        "frac_special_chars": _per(having(ch.MARK, ch.DIGIT, ch.SPACE), chars),
        "frac_bad_chars": _per(having(ch.BAD), chars),
        "frac_lenticular_brackets": _per(having(ch.LENTICULAR), chars),
        "frac_unique_chars": _per(counts[mc.DISTINCT], chars),
        "num_private_use": having(ch.PRIVATE),
        "num_replacement_chars": having(ch.REPLACEMENT),
        "num_mojibake": having(ch.MOJIBAKE),
        "num_fullwidth_punctuation": having(ch.SEPARATOR),
        "num_halfwidth_punctuation": counts[mc.ASCII_MARKS],
        "num_traditional_chars": having(ch.TRADITIONAL),
        "num_simplified_chars": having(ch.SIMPLIFIED),
        "rps_doc_curly_bracket": _per(counts[mc.CURLY], chars),
    }


def _of_tokens(
    token: np.ndarray, line: np.ndarray, counts: Any, hashes: np.ndarray, chars: np.ndarray
) -> dict[str, np.ndarray]:
    tokens, words = token[mt.TOKENS], token[mt.WORDS]
    return {
        "rps_doc_word_count": words,
        "num_words_and_marks": tokens,
        "rps_doc_mean_word_length": _per(token[mt.WORD_CHARS], words - token[mt.HAN_WORDS]),
        "rps_doc_symbol_to_word_ratio": _per(np.maximum(hashes, line[ml.ELLIPSES]), tokens),
        "rps_doc_frac_no_alph_words": _per(token[mt.NO_LETTER], tokens),
        "rps_doc_frac_all_caps_words": _per(token[mt.CAPS_WORDS], words),
        "rps_doc_frac_unique_words": _per(token[mt.UNIQUE_WORDS], words),
        "rps_doc_unigram_entropy": counts.entropy,
        "rps_doc_stop_word_fraction": _per(token[mt.STOP_WORDS], words),
        "num_distinct_stop_words": _popcount(token[mt.STOP_BITS]) + counts.stop_hans,
        "rps_doc_num_sentences": line[ml.SENTENCES],
        "rps_doc_lorem_ipsum": _per(line[ml.LOREM], chars),
    }


def _of_lines(token: np.ndarray, line: np.ndarray, newlines: np.ndarray) -> dict[str, np.ndarray]:
    lines = line[ml.LINES]
    return {
        "num_lines": lines,
        "rps_doc_frac_lines_end_with_ellipsis": _per(line[ml.ELLIPSIS_LINES], lines),
        "frac_lines_start_with_bullet": _per(line[ml.BULLETS], lines),
        "frac_lines_end_with_punctuation": _per(line[ml.TERMINALS], lines),
        "frac_lines_end_with_read_more": _per(line[ml.READ_MORE], lines),
        "frac_short_lines": _per(line[ml.SHORT], lines),
        "newline_to_word_ratio": _per(newlines, token[mt.TOKENS]),
        "mean_line_chars": _per(line[ml.LINE_CHARS], lines),
        "max_line_chars": line[ml.MAX_LINE_CHARS],
        "num_long_lines": line[ml.LONG],
        "c4_num_sentences": line[ml.C4],
        "c4_paper_num_sentences": line[ml.C4_PAPER],
        "c4_num_curly_lines": line[ml.C4_CURLY],
        "c4_num_lorem_ipsum_lines": line[ml.C4_LOREM],
        "c4_zh_num_lines": line[ml.C4_ZH],
        "frac_words_in_refinedweb_lines": _per(line[ml.REFINEDWEB_WORDS], line[ml.WORDS]),
    }


def _of_repetition(line: np.ndarray, grams: np.ndarray, chars: np.ndarray) -> dict[str, np.ndarray]:
    num_top = len(TOP)
    return {
        "frac_dup_lines": _per(line[ml.DUP], line[ml.LINES]),
        "frac_chars_in_dup_lines": _per(line[ml.DUP_CHARS], chars),
        "frac_dup_paragraphs": _per(line[ml.DUP_PARAGRAPHS], line[ml.PARAGRAPHS]),
        "frac_chars_in_dup_paragraphs": _per(line[ml.DUP_PARAGRAPH_CHARS], chars),
        **{f"rps_doc_frac_chars_top_{n}gram": np.minimum(1.0, _per(grams[i], chars)) for i, n in enumerate(TOP)},
        **{f"rps_doc_frac_chars_dupe_{n}grams": _per(grams[num_top + i], chars) for i, n in enumerate(DUPLICATE)},
        "frac_chars_dupe_13chars": _per(grams[-2], chars),
        "frac_repeated_char_3grams": _per(grams[-3], grams[-1]),
    }
