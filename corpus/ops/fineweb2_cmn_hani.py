"""FineWeb-2's rules for Chinese, `configs/cmn_Hani.yml` of https://github.com/huggingface/fineweb-2.

The published values were set on jieba's words; here every Han character is a word. About 1.6 characters
make a word, and what that changes is said beside each rule:

    taken over     line rules, bullets, ellipses: nothing in them is a word. N-gram masses: the n-grams are
                   lengthened to as many characters, see `corpus.kernels.signals.ngrams`.
    converted      50 words -> 80 characters; 100,000 words -> 160,000.
    not converted  newlines by words .178 and symbols by words .1. The published words include every mark
                   and every piece of code, ours do not, and the two differences cancel in technical text:
                   with .178 / 1.6 the rule would drop 56 of 338 gold-miner articles, where an estimate of
                   the published count (Han characters / 1.6 + other words + marks) drops none. Looser in
                   pure prose.
    cannot be done mean word length 1 to 5 (jieba), which says nothing about single characters.
    looser here    words with a letter >= .735: jieba's words include punctuation marks, ours do not.
                   2 stop words: jieba's 的 is a word of its own, ours counts the 的 of 目的 too.
    off upstream   short lines and the paragraph rules.

The conversion is a stand-in: issue 3 fits the thresholds so that verdicts agree with the word-based original.
The language threshold (GlotLID .692) belongs to another identifier and is a matter of the recipe.
"""

from corpus.ops.rules import Rule, RuleSet

CHARS_PER_WORD = 1.6
TOP_NGRAM_CHARS = {2: 0.256, 3: 0.201, 4: 0.171}
DUPLICATE_NGRAM_CHARS = {5: 0.198, 6: 0.182, 7: 0.167, 8: 0.154, 9: 0.140, 10: 0.127}

FINEWEB2_CMN_HANI = RuleSet(
    name="fineweb2_cmn_hani",
    source="Penedo et al. 2025, FineWeb2, https://arxiv.org/abs/2506.20920; configs/cmn_Hani.yml",
    rules=(
        Rule("min_words", "rps_doc_word_count", minimum=50 * CHARS_PER_WORD),
        Rule("max_words", "rps_doc_word_count", maximum=100_000 * CHARS_PER_WORD),
        Rule("max_symbol_to_word_ratio", "rps_doc_symbol_to_word_ratio", maximum=0.1),
        Rule("max_bullet_lines", "rps_doc_frac_lines_start_with_bullet", maximum=0.9),
        Rule("max_ellipsis_lines", "rps_doc_frac_lines_end_with_ellipsis", maximum=0.3),
        Rule("max_words_without_letter", "rps_doc_frac_no_alph_words", maximum=1 - 0.735),
        Rule("min_stop_words", "rps_doc_stop_word_count", minimum=2),
        Rule("min_lines_end_with_punctuation", "frac_lines_end_with_punctuation", minimum=0.106),
        Rule("max_newline_to_word_ratio", "newline_to_word_ratio", maximum=0.178),
        Rule("max_dup_lines", "frac_dup_lines", maximum=0.287),
        Rule("max_chars_in_dup_lines", "frac_chars_in_dup_lines", maximum=0.1),
        *(
            Rule(f"max_top_{n}gram", f"rps_doc_frac_chars_top_{n}gram", maximum=value)
            for n, value in TOP_NGRAM_CHARS.items()
        ),
        *(
            Rule(f"max_dupe_{n}grams", f"rps_doc_frac_chars_dupe_{n}grams", maximum=value)
            for n, value in DUPLICATE_NGRAM_CHARS.items()
        ),
    ),
)
