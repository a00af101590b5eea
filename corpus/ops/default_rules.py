"""The rules that a recipe applies if it says nothing: published sets, less what mostly errs on real text.

Each set was read by eye on real documents of many kinds (docs/reading.md). A rule that drops more wrongly than rightly,
among the documents that only it drops, is off here or has another threshold; the set itself keeps its paper's values.
On web pages alone some of them are right: docs/rules.md has the values to put back.
"""

from corpus.ops.fineweb2_cmn_hani import DUPLICATE_NGRAM_CHARS as FINEWEB2_DUPLICATE_NGRAM_CHARS
from corpus.ops.gopher_repetition import DUPLICATE_NGRAM_CHARS, TOP_NGRAM_CHARS

__all__ = ["DEFAULT_RULES", "DEFAULT_THRESHOLDS"]

DEFAULT_RULES: dict[str, list[str]] = {
    "en": ["gopher_quality", "gopher_repetition", "spam"],
    "zh": ["fineweb2_cmn_hani_characters", "spam"],
}

# None: off. Behind a value: what the set's own would drop besides of the documents that were read, rightly and wrongly.
DEFAULT_THRESHOLDS: dict[str, float | None] = {
    "gopher_quality.max_words_without_letter": None,  # 15, 46
    "gopher_quality.max_ellipsis_lines": None,  # 1, 18
    "gopher_quality.min_stop_words": None,  # 1, 24
    "gopher_quality.max_mean_word_length": 11,  # 1, 8
    **{f"gopher_repetition.max_top_{n}gram": None for n in TOP_NGRAM_CHARS},  # 2, 39
    **{f"gopher_repetition.max_dupe_{n}grams": 2 * value for n, value in DUPLICATE_NGRAM_CHARS.items()},  # 8, 54
    "gopher_repetition.max_dup_lines": 0.4,  # 0, 4
    "gopher_repetition.max_chars_in_dup_lines": 0.25,  # 0, 4
    "fineweb2_cmn_hani_characters.max_words_without_letter": 0.5,  # 6, 100
    "fineweb2_cmn_hani_characters.max_ellipsis_lines": None,  # 4, 11
    "fineweb2_cmn_hani_characters.min_lines_end_with_punctuation": None,  # 7, 29
    "fineweb2_cmn_hani_characters.min_stop_words": None,  # 4, 46
    "fineweb2_cmn_hani_characters.max_newline_to_word_ratio": 0.178,  # as published; 5, 23
    "fineweb2_cmn_hani_characters.max_chars_in_dup_lines": 0.2,  # 0, 12
    **{f"fineweb2_cmn_hani_characters.max_top_{n}gram": None for n in TOP_NGRAM_CHARS},  # 3, 24
    "fineweb2_cmn_hani_characters.max_dupe_5grams": None,  # this and the next five: 4, 27
    **{  # as published
        f"fineweb2_cmn_hani_characters.max_dupe_{n}grams": FINEWEB2_DUPLICATE_NGRAM_CHARS[n] for n in range(6, 11)
    },
}
