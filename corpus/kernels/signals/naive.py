"""The specification of every signal, in plain Python over one string at a time. Slow, and meant to be read.

Words: white-space separated runs; a Han character is a word of its own; Han punctuation separates, and so
does a run of nothing but punctuation that touches a Han character or Han punctuation ("，", 北京—上海).

Lines: what lies between line feeds, stripped, where anything is left.

Sentence ends: runs of `. ! ? 。 ！ ？ …`, except a lone "." right before a letter or digit (3.14, pip.conf).

Ellipses: every three dots of a run of dots; every two "…" of a run, rounded up, for Chinese writes "……".

Duplicate n-grams (Gopher, as datatrove does it): walk the words; an n-gram seen before adds its code points
and is jumped over, any other is remembered and the walk goes on with the next word.

Top n-gram: count x length of the most frequent one (the longest of those), 0 where none comes twice, at most
the whole document. As in datatrove the length includes the n - 1 joining spaces, except in mostly-Han
documents.

Fractions of nothing are 0.
"""

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from functools import lru_cache

from corpus.kernels.signals import characters as ch
from corpus.kernels.signals.ngrams import DUPLICATE, HAN_SIZES, TOP

_flags = lru_cache(maxsize=None)(ch.flags_of)
_SHORT_LINE_CHARS = 30


def split_words(text: str) -> list[str]:
    """The words of a text.

    Example: `split_words("用 GPT-4，很好!") == ["用", "GPT-4", "很", "好"]`.
    """
    words, touches, start = [], False, 0
    while start < len(text):
        flags = _flags(text[start])
        if flags & (ch.SPACE | ch.SEPARATOR | ch.HAN):
            if flags & ch.HAN:
                words.append(text[start])
            touches = bool(flags & (ch.SEPARATOR | ch.HAN))
            start += 1
            continue
        end = start
        while end < len(text) and not _flags(text[end]) & (ch.SPACE | ch.SEPARATOR | ch.HAN):
            end += 1
        touches = touches or (end < len(text) and bool(_flags(text[end]) & (ch.SEPARATOR | ch.HAN)))
        run = text[start:end]
        if not (touches and all(_flags(c) & ch.MARK for c in run)):
            words.append(run)
        touches, start = False, end
    return words


def is_stop_word(word: str) -> bool:
    """Whether a word, stripped of punctuation and case, is on the English or the Chinese list."""
    while word and _flags(word[0]) & ch.MARK:
        word = word[1:]
    while word and _flags(word[-1]) & ch.MARK:
        word = word[:-1]
    return word.lower() in ch.STOP_WORDS_EN or word in ch.STOP_WORDS_ZH


def num_sentence_ends(text: str) -> int:
    """Runs of sentence-ending marks, a lone dot inside a number or a name left out."""
    count = 0
    for run in re.finditer(f"[{re.escape(ch.SENTENCE_ENDS)}]+", text):
        following = _flags(text[run.end()]) if run.end() < len(text) else 0
        inside = following & (ch.LETTER | ch.DIGIT) and not following & ch.HAN
        count += not (run.group() == "." and inside)
    return count


def num_ellipses(text: str) -> int:
    """Ellipses: "..." and "…", the Chinese "……" being one."""
    dots = sum(len(run) // 3 for run in re.findall(r"\.+", text))
    return dots + sum((len(run) + 1) // 2 for run in re.findall("…+", text))


def duplicate_chars(words: Sequence[str], n: int) -> int:
    """Code points in repeated n-grams, none counted twice."""
    seen, chars, place = set(), 0, 0
    while place + n <= len(words):
        gram = tuple(words[place : place + n])
        if gram in seen:
            chars += sum(map(len, gram))
            place += n
        else:
            seen.add(gram)
            place += 1
    return chars


def top_chars(words: Sequence[str], n: int, join: int) -> int:
    """Count x code points of the most frequent n-gram; `join` is the length of what joins two words."""
    counts = Counter(tuple(words[place : place + n]) for place in range(len(words) - n + 1))
    best = max(counts.values(), default=0)
    if best < 2:
        return 0
    return best * max(sum(map(len, gram)) + join * (n - 1) for gram, count in counts.items() if count == best)


def _repeats(items: Sequence[Hashable]) -> list[int]:
    """The places of the items that equal an earlier one."""
    seen, places = set(), []
    for place, item in enumerate(items):
        if item in seen:
            places.append(place)
        seen.add(item)
    return places


def _per(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def signals_of(text: str) -> dict[str, float]:
    """Every signal of one text, under the names and in the order of `corpus.schema.SIGNALS`."""
    flags = [_flags(c) for c in text]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    words = split_words(text)

    def share(flag: int, of: float) -> float:
        return _per(sum(1 for f in flags if f & flag), of)

    num_letters = sum(1 for f in flags if f & ch.LETTER)
    return {
        "num_chars": len(text),
        **_word_signals(text, words, len(lines)),
        **_line_signals(text, lines, len(words)),
        **_repetition_signals(words, len(text)),
        "frac_han": share(ch.HAN, num_letters),
        "frac_kana": share(ch.KANA, num_letters),
        "frac_hangul": share(ch.HANGUL, num_letters),
        "rps_doc_frac_unique_words": _per(len(set(words)), len(words)),
        "frac_digits": share(ch.DIGIT, sum(1 for f in flags if not f & ch.SPACE)),
        "frac_bad_chars": share(ch.BAD, len(text)),
    }


def _word_signals(text: str, words: list[str], num_lines: int) -> dict[str, float]:
    not_han = [word for word in words if not _flags(word[0]) & ch.HAN]
    without_letter = sum(1 for word in words if not any(_flags(c) & ch.LETTER for c in word))
    return {
        "rps_doc_word_count": len(words),
        "rps_doc_num_lines": num_lines,
        "rps_doc_num_sentences": num_sentence_ends(text),
        "rps_doc_mean_word_length": _per(sum(map(len, not_han)), len(not_han)),
        "rps_doc_symbol_to_word_ratio": _per(max(text.count("#"), num_ellipses(text)), len(words)),
        "rps_doc_frac_no_alph_words": _per(without_letter, len(words)),
        "rps_doc_stop_word_count": sum(map(is_stop_word, words)),
    }


def _line_signals(text: str, lines: list[str], num_words: int) -> dict[str, float]:
    repeated = [place for place in _repeats(lines) if any(_flags(c) & (ch.LETTER | ch.DIGIT) for c in lines[place])]
    return {
        "rps_doc_frac_lines_end_with_ellipsis": _per(sum(line.endswith(("...", "…")) for line in lines), len(lines)),
        "rps_doc_frac_lines_start_with_bullet": _per(
            sum(bool(_flags(line[0]) & ch.BULLET) for line in lines), len(lines)
        ),
        "frac_lines_end_with_punctuation": _per(
            sum(bool(_flags(line[-1]) & ch.TERMINAL) for line in lines), len(lines)
        ),
        "frac_short_lines": _per(sum(len(line) <= _SHORT_LINE_CHARS for line in lines), len(lines)),
        "newline_to_word_ratio": _per(text.count("\n"), num_words),
        "frac_dup_lines": _per(len(repeated), len(lines)),
        "frac_chars_in_dup_lines": _per(sum(len(lines[place]) for place in repeated), len(text)),
    }


def _repetition_signals(words: list[str], num_chars: int) -> dict[str, float]:
    mostly_han = 2 * sum(1 for word in words if _flags(word[0]) & ch.HAN) > len(words)

    def size(n: int) -> int:
        return HAN_SIZES[n] if mostly_han else n

    top = {n: top_chars(words, size(n), join=0 if mostly_han else 1) for n in TOP}
    duplicate = {n: duplicate_chars(words, size(n)) for n in DUPLICATE}
    return {
        **{f"rps_doc_frac_chars_top_{n}gram": min(1.0, _per(chars, num_chars)) for n, chars in top.items()},
        **{f"rps_doc_frac_chars_dupe_{n}grams": _per(chars, num_chars) for n, chars in duplicate.items()},
    }
