"""FineWeb-2's rules for Chinese, `configs/cmn_Hani.yml` of https://github.com/huggingface/fineweb-2.

Set on the words that spaCy with jieba gives, marks included, so Chinese has to be counted in jieba's words
(`extract.chinese_words: jieba`). Verdicts then are datatrove's on 99.99 % of 39,936 real Chinese documents
(docs/rules.md). For characters there is `fineweb2_cmn_hani_characters`.

Off upstream: short lines, the paragraph rules, Gopher's characters in repeated lines (.1 is FineWeb's). The language
threshold (GlotLID .692) belongs to another identifier and is a matter of the recipe.
"""

from corpus.ops.gopher_repetition import ngram_rules
from corpus.ops.rules import Rule, RuleSet

TOP_NGRAM_CHARS = {2: 0.256, 3: 0.201, 4: 0.171}
DUPLICATE_NGRAM_CHARS = {5: 0.198, 6: 0.182, 7: 0.167, 8: 0.154, 9: 0.140, 10: 0.127}
LINE_RULES = (  # nothing in them is a word
    Rule("max_bullet_lines", "frac_lines_start_with_bullet", maximum=0.9),
    Rule("max_ellipsis_lines", "rps_doc_frac_lines_end_with_ellipsis", maximum=0.3),
    Rule("min_lines_end_with_punctuation", "frac_lines_end_with_punctuation", minimum=0.106),
    Rule("max_dup_lines", "frac_dup_lines", maximum=0.287),
    Rule("max_chars_in_dup_lines", "frac_chars_in_dup_lines", maximum=0.1),
)

FINEWEB2_CMN_HANI = RuleSet(
    name="fineweb2_cmn_hani",
    source="Penedo et al. 2025, FineWeb2, https://arxiv.org/abs/2506.20920; configs/cmn_Hani.yml",
    on_words=True,
    rules=(
        Rule("min_words", "rps_doc_word_count", minimum=50),
        Rule("max_words", "rps_doc_word_count", maximum=100_000),
        Rule("min_mean_word_length", "rps_doc_mean_word_length", minimum=1),
        Rule("max_mean_word_length", "rps_doc_mean_word_length", maximum=5),
        Rule("max_symbol_to_word_ratio", "rps_doc_symbol_to_word_ratio", maximum=0.1),
        Rule("max_words_without_letter", "rps_doc_frac_no_alph_words", maximum=1 - 0.735),
        Rule("min_stop_words", "num_distinct_stop_words", minimum=2),
        Rule("max_newline_to_word_ratio", "newline_to_word_ratio", maximum=0.178),
        *LINE_RULES,
        *ngram_rules(TOP_NGRAM_CHARS, DUPLICATE_NGRAM_CHARS),
    ),
)
