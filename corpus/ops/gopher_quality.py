"""Gopher's quality rules for English: Rae et al. 2021, https://arxiv.org/abs/2112.11446, table A1.

Values as datatrove, NeMo Curator and DCLM apply them. Differences from datatrove 0.10.1, whose words come
from a tokenizer that splits punctuation off: words here are white-space separated, so their mean length
counts the marks that cling to them; empty lines are not counted as lines; and `min_stop_words` counts
occurrences where Gopher counts different stop words, so "the ... the" passes here.

Meant for languages written with spaces. For Chinese use `fineweb2_cmn_hani`.
"""

from corpus.ops.rules import Rule, RuleSet

GOPHER_QUALITY = RuleSet(
    name="gopher_quality",
    source="Rae et al. 2021, Scaling Language Models (Gopher), table A1; https://arxiv.org/abs/2112.11446",
    rules=(
        Rule("min_words", "rps_doc_word_count", minimum=50),
        Rule("max_words", "rps_doc_word_count", maximum=100_000),
        Rule("min_mean_word_length", "rps_doc_mean_word_length", minimum=3),
        Rule("max_mean_word_length", "rps_doc_mean_word_length", maximum=10),
        Rule("max_symbol_to_word_ratio", "rps_doc_symbol_to_word_ratio", maximum=0.1),
        Rule("max_bullet_lines", "rps_doc_frac_lines_start_with_bullet", maximum=0.9),
        Rule("max_ellipsis_lines", "rps_doc_frac_lines_end_with_ellipsis", maximum=0.3),
        Rule("max_words_without_letter", "rps_doc_frac_no_alph_words", maximum=0.2),  # "at least 80 % with one"
        Rule("min_stop_words", "rps_doc_stop_word_count", minimum=2),
    ),
)
