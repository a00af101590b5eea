"""The specification of every signal, in plain Python over one string at a time. Slow, and meant to be read.

`naive_tokens` says what a token is, `naive_lines` what is counted on lines, `naive_repetition` what n-gram mass is.
Words are the tokens that are not mere punctuation and symbols; what datatrove divides by all tokens is divided by
all tokens here. Mostly Han: more than half of the words are Han characters. Fractions of nothing are 0.
"""

import math
from collections import Counter
from collections.abc import Callable

from corpus.kernels.signals import characters as ch
from corpus.kernels.signals.naive_lines import LOREM_IPSUM, has, is_mark, line_counts
from corpus.kernels.signals.naive_repetition import duplicate_chars, top_chars, top_repeated
from corpus.kernels.signals.naive_tokens import flags_of, split_tokens
from corpus.kernels.signals.ngrams import DUPLICATE, HAN_SIZES, LONG_HAN_SIZE, REPEATED_HAN_SIZE, TOP


def is_stop_word(word: str) -> bool:
    """Whether a word, in any case, is on the English or the Chinese list."""
    return word.lower() in ch.STOP_WORDS_EN or word in ch.STOP_WORDS_ZH


def is_ellipsis(token: str) -> bool:
    """Whether a token is "…" or two and more dots."""
    return token == ch.ELLIPSIS or (len(token) > 1 and set(token) == {"."})


def num_sentence_ends(tokens: list[str]) -> int:
    """Runs of tokens that end a sentence: marks of `characters.TERMINALS` and ellipses."""
    count, ended = 0, False
    for token in tokens:
        ends = is_ellipsis(token) or (len(token) == 1 and bool(flags_of(token) & ch.TERMINAL))
        count += ends and not ended
        ended = ends
    return count


def num_ellipses(tokens: list[str]) -> int:
    """How often "..." or "…" stands in the text."""
    return sum(max(1, len(token) // 3) for token in tokens if is_ellipsis(token) and token != "..")


def _per(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def signals_of(text: str, cut: Callable[[str], list[str]] | None = None) -> dict[str, float]:
    """Every signal of one text, under the names and in the order of `corpus.schema.SIGNALS`.

    Args:
        cut: cuts a text into dictionary words; they are the tokens of a mostly-Han text.
    """
    tokens = characters = split_tokens(text)
    mostly_han = is_mostly_han(tokens)
    if mostly_han and cut is not None:
        tokens = [word for word in cut(text) if not has(word, ch.SPACE)]
    lines = line_counts(text)
    return {
        **_character_signals(text),
        **_word_signals(text, tokens, characters),
        **_line_signals(text, lines, tokens, characters),
        **_repetition_signals(tokens, lines, len(text), mostly_han and tokens is characters),
        **_han_signals(characters if mostly_han else [], len(text)),
    }


def is_mostly_han(tokens: list[str]) -> bool:
    """Whether more than half of the words are Han characters."""
    words = [token for token in tokens if not is_mark(token)]
    return 2 * sum(has(word[0], ch.HAN) for word in words) > len(words)


def _han_signals(tokens: list[str], num_chars: int) -> dict[str, float]:
    return {
        "frac_chars_dupe_13chars": _per(duplicate_chars(tokens, LONG_HAN_SIZE), num_chars),
        "frac_repeated_char_3grams": _per(*top_repeated(tokens, REPEATED_HAN_SIZE)),
    }


def _character_signals(text: str) -> dict[str, float]:
    flags = [flags_of(c) for c in text]

    def count(flag: int) -> int:
        return sum(1 for f in flags if f & flag)

    letters, chars = count(ch.LETTER), len(text)
    return {
        "num_chars": chars,
        "frac_han": _per(count(ch.HAN), letters),
        "frac_kana": _per(count(ch.KANA), letters),
        "frac_hangul": _per(count(ch.HANGUL), letters),
        "frac_latin": _per(count(ch.LATIN), letters),
        "frac_uppercase": _per(count(ch.UPPER), letters),
        "frac_alphanumeric": _per(count(ch.LETTER | ch.DIGIT), chars),
        "frac_digits": _per(count(ch.DIGIT), chars - count(ch.SPACE)),
        "frac_special_chars": _per(count(ch.MARK | ch.DIGIT | ch.SPACE), chars),
        "frac_bad_chars": _per(count(ch.BAD), chars),
        "frac_lenticular_brackets": _per(text.count("【") + text.count("】"), chars),
        "frac_unique_chars": _per(len(set(text)), chars),
        "num_private_use": count(ch.PRIVATE),
        "num_replacement_chars": text.count("\ufffd"),
        "num_mojibake": count(ch.MOJIBAKE),
        "num_fullwidth_punctuation": count(ch.SEPARATOR),
        "num_halfwidth_punctuation": sum(1 for c in text if c < "\x80" and flags_of(c) & ch.MARK),
        "num_traditional_chars": count(ch.TRADITIONAL),
        "num_simplified_chars": count(ch.SIMPLIFIED),
        "rps_doc_curly_bracket": _per(text.count("{") + text.count("}"), chars),
    }


def _word_signals(text: str, tokens: list[str], characters: list[str]) -> dict[str, float]:
    words = [token for token in tokens if not is_mark(token)]
    not_han = [word for word in words if tokens is not characters or not has(word[0], ch.HAN)]
    stops = [word.lower() for word in words if is_stop_word(word)]
    counts = Counter(words)
    symbols = max(text.count("#"), num_ellipses(characters))
    return {
        "rps_doc_word_count": len(words),
        "num_words_and_marks": len(tokens),
        "rps_doc_mean_word_length": _per(sum(map(len, not_han)), len(not_han)),
        "rps_doc_symbol_to_word_ratio": _per(symbols, len(tokens)),
        "rps_doc_frac_no_alph_words": _per(sum(not has(token, ch.LETTER) for token in tokens), len(tokens)),
        "rps_doc_frac_all_caps_words": _per(
            sum(has(word, ch.UPPER) and not has(word, ch.LOWER) for word in words), len(words)
        ),
        "rps_doc_frac_unique_words": _per(len(counts), len(words)),
        "rps_doc_unigram_entropy": entropy(list(counts.values())),
        "rps_doc_stop_word_fraction": _per(len(stops), len(words)),
        "num_distinct_stop_words": len(set(stops)),
        "rps_doc_num_sentences": num_sentence_ends(characters),
        "rps_doc_lorem_ipsum": _per(num_lorem_ipsum(text), len(text)),
    }


def entropy(counts: list[int]) -> float:
    """Entropy in nats of words that come so often each: ln N - (sum of c ln c) / N, those of one c added at once."""
    total, equals = sum(counts), sorted(Counter(counts).items())
    return math.log(total) - sum(often * count * math.log(count) for count, often in equals) / total if total else 0.0


def num_lorem_ipsum(text: str) -> int:
    """How often "lorem ipsum" stands in the text, in any case, at the beginning of a token."""
    from corpus.kernels.signals.naive_tokens import token_spans

    lowered = text.encode().lower().decode()
    return sum(lowered.startswith(LOREM_IPSUM, begin) for begin, _ in token_spans(text))


def _line_signals(text: str, count: dict[str, int], tokens: list[str], characters: list[str]) -> dict[str, float]:
    lines, words = count["lines"], sum(not is_mark(token) for token in characters)
    return {
        "num_lines": lines,
        "rps_doc_frac_lines_end_with_ellipsis": _per(count["ellipsis"], lines),
        "frac_lines_start_with_bullet": _per(count["bullet"], lines),
        "frac_lines_end_with_punctuation": _per(count["terminal"], lines),
        "frac_lines_end_with_read_more": _per(count["read_more"], lines),
        "frac_short_lines": _per(count["short"], lines),
        "newline_to_word_ratio": _per(text.count("\n"), len(tokens)),
        "mean_line_chars": _per(count["line_chars"], lines),
        "max_line_chars": count["max_line_chars"],
        "num_long_lines": count["long"],
        "c4_num_sentences": count["c4"],
        "c4_paper_num_sentences": count["c4_paper"],
        "c4_num_curly_lines": count["c4_curly"],
        "c4_num_lorem_ipsum_lines": count["c4_lorem"],
        "c4_zh_num_lines": count["c4_zh"],
        "frac_words_in_refinedweb_lines": _per(count["refinedweb_words"], words),
    }


def _repetition_signals(tokens: list[str], count: dict[str, int], num_chars: int, han_sizes: bool) -> dict[str, float]:
    def size(n: int) -> int:
        return HAN_SIZES[n] if han_sizes else n

    top = {n: top_chars(tokens, size(n), join=0 if han_sizes else 1) for n in TOP}
    duplicate = {n: duplicate_chars(tokens, size(n)) for n in DUPLICATE}
    return {
        "frac_dup_lines": _per(count["dup"], count["lines"]),
        "frac_chars_in_dup_lines": _per(count["dup_chars"], num_chars),
        "frac_dup_paragraphs": _per(count["dup_paragraphs"], count["paragraphs"]),
        "frac_chars_in_dup_paragraphs": _per(count["dup_paragraph_chars"], num_chars),
        **{f"rps_doc_frac_chars_top_{n}gram": min(1.0, _per(chars, num_chars)) for n, chars in top.items()},
        **{f"rps_doc_frac_chars_dupe_{n}grams": _per(chars, num_chars) for n, chars in duplicate.items()},
    }
