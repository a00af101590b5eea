"""MAP-CC's rules for Chinese: Du et al. 2024, Chinese Tiny LLM, https://arxiv.org/abs/2404.04167, and its `filter.py`.

For jieba's words (`extract.chinese_words: jieba`), as in the paper's table; characters where said:
    n-grams         of words in the paper, of characters in the code. The .60 on repeated 5- to 10-grams never binds in
                    the code, which sums distinct characters; here it does.
    symbols         `#` and ellipses by characters there, by words and marks here: the same in Chinese.
    entropy         of characters there, of words here.
    digits          by characters that are no marks there, by those that are no white space here.
Left out: mean word length 1.3 to 10 (jieba's words), more than no punctuation (two signals), fastText >= .4 (the
recipe's), and the line rules, which take text away: ends in `. ! ?`, no "javascript", 3 jieba words, no bad word.
"""

from corpus.ops.gopher_repetition import TOP_NGRAM_CHARS, ngram_rules
from corpus.ops.rules import Rule, RuleSet

MAP_CC = RuleSet(
    name="map_cc",
    source="Du et al. 2024, Chinese Tiny LLM, https://arxiv.org/abs/2404.04167; "
    "https://github.com/Chinese-Tiny-LLM/Chinese-Tiny-LLM/blob/main/filter/filter.py",
    on_words=True,
    rules=(
        Rule("min_sentences", "rps_doc_num_sentences", minimum=2),
        Rule("min_chars", "num_chars", minimum=50),
        Rule("max_chars", "num_chars", maximum=10_000),
        Rule("max_symbol_to_word_ratio", "rps_doc_symbol_to_word_ratio", maximum=0.1),
        Rule("max_lenticular_brackets", "frac_lenticular_brackets", maximum=0.1),
        Rule("max_digits", "frac_digits", maximum=0.3),
        Rule("max_lines_end_with_read_more", "frac_lines_end_with_read_more", maximum=0.3),
        Rule("max_bullet_lines", "frac_lines_start_with_bullet", maximum=0.9),
        Rule("min_unique_chars", "frac_unique_chars", minimum=0.1),
        Rule("min_entropy", "rps_doc_unigram_entropy", minimum=3),
        *ngram_rules(TOP_NGRAM_CHARS, dict.fromkeys(range(5, 11), 0.6)),
    ),
)
