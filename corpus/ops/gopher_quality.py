"""Gopher's quality rules for English: Rae et al. 2021, https://arxiv.org/abs/2112.11446, section A1.1.

Values as datatrove, NeMo Curator and DCLM apply them. A word is a token that is not mere punctuation; shares
of words are by all tokens, marks included, as in datatrove; the symbols are `#` and the ellipsis.
`min_stop_words` counts different words of the eight (the be to of and that have with), as the paper does;
DCLM counts occurrences.

Meant for languages written with spaces. For Chinese use `fineweb2_cmn_hani_characters`.
"""

from corpus.ops.rules import Rule, RuleSet

GOPHER_QUALITY = RuleSet(
    name="gopher_quality",
    source="Rae et al. 2021, Scaling Language Models (Gopher), section A1.1; https://arxiv.org/abs/2112.11446",
    rules=(
        Rule("min_words", "rps_doc_word_count", minimum=50),
        Rule("max_words", "rps_doc_word_count", maximum=100_000),
        Rule("min_mean_word_length", "rps_doc_mean_word_length", minimum=3),
        Rule("max_mean_word_length", "rps_doc_mean_word_length", maximum=10),
        Rule("max_symbol_to_word_ratio", "rps_doc_symbol_to_word_ratio", maximum=0.1),
        Rule("max_bullet_lines", "frac_lines_start_with_bullet", maximum=0.9),
        Rule("max_ellipsis_lines", "rps_doc_frac_lines_end_with_ellipsis", maximum=0.3),
        Rule("max_words_without_letter", "rps_doc_frac_no_alph_words", maximum=0.2),  # "at least 80 % with one"
        Rule("min_stop_words", "num_distinct_stop_words", minimum=2),
    ),
)
