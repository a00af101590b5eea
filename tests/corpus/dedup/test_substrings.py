"""Repeated runs of tokens against a specification that compares every window with every other one."""

import collections
import itertools
import random
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.dedup import substrings_index, substrings_tokens
from corpus.dedup.spans import Spans, cut_spans
from corpus.dedup.substrings import repeated_substrings
from corpus.dedup.substrings_places import gap_kinds
from corpus.kernels.shingle.fold import DROP, SEPARATOR, fold_code_point, is_letter_token, simplified_characters
from corpus.kernels.shingle.naive import token_hash, window_hash
from corpus.kernels.shingle.naive import tokens as naive_tokens

Token = tuple[tuple[int, ...], int, int]  # folded code points; characters `first` to `last` of the text


def _tokens(text: str) -> list[Token]:
    """Tokens and where they stand; of several that one character makes only the first stands on it."""
    tokens: list[Token] = []
    is_open = False
    for at, character in enumerate(text):
        folded = fold_code_point(character, simplified_characters())
        if folded == SEPARATOR or (folded == DROP and not is_open):
            is_open = False
            continue
        is_taken = is_open
        if folded == DROP:
            folded = []
        for code_point in folded:
            if is_open and not is_letter_token(code_point):
                tokens[-1] = ((*tokens[-1][0], code_point), *tokens[-1][1:])
            else:
                begin = at + 1 if is_taken else at
                tokens.append(((code_point,), begin, begin))
            is_open, is_taken = not is_letter_token(code_point), True
        tokens[-1] = (*tokens[-1][:2], at + 1)
    return tokens


def _division(gap: str) -> int:
    """How many characters between two tokens belong to the first of them."""
    line_end = max(gap.rfind(end) for end in "\n\r\v\f\x85\u2028\u2029")
    space = max((at for at, character in enumerate(gap) if character.isspace()), default=-1)
    if line_end >= 0 or space >= 0:
        return 1 + (line_end if line_end >= 0 else space)
    while gap and unicodedata.category(gap[-1]) in ("Ps", "Pi"):
        gap = gap[:-1]
    return len(gap)


def _cut(text: str, tokens: list[Token], covered: list[bool]) -> list[bool]:
    """For each character whether it goes."""
    owners = [0] * len(text)
    for number, (before, after) in enumerate(itertools.pairwise(tokens), 1):
        begin = before[2] + _division(text[before[2] : after[1]])
        owners[begin:] = [number] * (len(text) - begin)
    goes = [bool(tokens) and covered[owner] for owner in owners]
    if tokens and covered[-1]:
        begin = len(text)
        while begin and (goes[begin - 1] or text[begin - 1].isspace()):
            begin -= 1
            goes[begin] = True
    return goes


def specification(texts: list[str], order: list[int], n: int) -> list[str]:
    """What is left of the texts."""
    met, kinds = collections.defaultdict(list), {}
    left = list(texts)
    for document in sorted(range(len(texts)), key=lambda row: order[row]):
        tokens = _tokens(texts[document])
        assert [token[0] for token in tokens] == list(naive_tokens(texts[document]))
        covered = [False] * len(tokens)
        numbers = [kinds.setdefault(token[0], len(kinds)) for token in tokens]
        for place in range(len(tokens) - n + 1):
            window = tuple(numbers[place : place + n])
            if any(other != document or at + n <= place for other, at in met[window]):
                covered[place : place + n] = [True] * n
            met[window].append((document, place))
        goes = _cut(texts[document], tokens, covered)
        left[document] = "".join(itertools.compress(texts[document], (not it for it in goes)))
    return left


def _left(texts: list[str], order: list[int], n: int) -> list[str]:
    text = pa.array(["of another slice", *texts], pa.large_string())[1:]
    spans = repeated_substrings(text, np.array(order, np.int64), n)
    _check(spans)
    cut = cut_spans(text, spans)
    cut.validate(full=True)
    return cut.to_pylist()


def _check(spans: Spans):
    rows = list(zip(*(column.tolist() for column in spans), strict=True))
    assert all(start < end for _, start, end in rows)
    assert all(a[0] < b[0] or (a[0] == b[0] and a[2] < b[1]) for a, b in itertools.pairwise(rows))


_PIECES = [
    *"abBａ汉漢字2é😀\n,。“（(‘'’-",
    " ",
    " ",
    "ab ",
    "Ab, ",
    "e\u0301",
    "ﷺ",
    "㍿",
    "㋀",
    "２\u3000",
    "\r\n",
    "longer words ",
    "ⅷ",
]
_TEXT = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)


@st.composite
def _corpora(draw: st.DrawFn) -> tuple[list[str], list[int]]:
    shared = draw(st.lists(_TEXT, min_size=1, max_size=4))
    pieces = st.one_of(_TEXT, st.sampled_from(shared), st.sampled_from(shared))
    texts = draw(st.lists(st.lists(pieces, max_size=4).map("".join), max_size=6))
    return texts, draw(st.permutations(range(len(texts))))


@settings(max_examples=200, deadline=None)
@given(_corpora(), st.integers(2, 6))
@example((["㍿a ㍿a㍿ x㍿㍿㍿", "㍿x"], [0, 1]), 2)
@example((["a b‘汉 字", "‘汉 “字” b‘汉"], [0, 1]), 2)
def test_what_is_left_is_what_the_specification_leaves(corpus: tuple[list[str], list[int]], n: int):
    texts, order = corpus
    assert _left(texts, order, n) == specification(texts, order, n)


@pytest.mark.parametrize("n", [2, 3, 5, 13, 50])
def test_long_documents_that_repeat_each_other_in_pieces(n: int, monkeypatch: pytest.MonkeyPatch):
    """Of words of few kinds, whole passages and changed copies, in tables that begin small and have to grow."""
    grown, grow = [], substrings_index._grow
    monkeypatch.setattr(substrings_index, "_LEAST_SLOTS", 64)
    monkeypatch.setattr(substrings_index, "_BYTES_A_SLOT", 1 << 20)
    monkeypatch.setattr(substrings_index, "_grow", lambda *given: grown.append(1) or grow(*given))
    rng = random.Random(n)
    words = [*"天地玄黄宇宙洪荒", *"abc", "Siku", "x" * 80, "naïve", *map(str, range(1000 // n))]
    passages = [rng.choices(words, k=rng.randrange(1, 6 * n)) for _ in range(60)]
    texts = []
    for _ in range(100):
        picked = [word for _ in range(6) for word in rng.choice(passages)]
        texts.append(" ".join(rng.choice(words) if rng.random() < 0.5 / n else word for word in picked))
    order = rng.sample(range(1000), len(texts))
    left = _left(texts, order, n)
    assert left == specification(texts, order, n)
    assert len(grown) > 5
    assert 0.05 < sum(map(len, left)) / sum(map(len, texts)) < 0.95


def test_rows_may_come_in_any_order():
    rng = random.Random(1)
    shared = ["".join(rng.choices("的一是不了", k=90)) for _ in range(5)]
    texts = ["".join(rng.choices("在人有我他", k=30)) + rng.choice(shared) + rng.choice(shared) for _ in range(40)]
    order = list(range(40))
    left = _left(texts, order, 50)
    assert left != texts
    for seed in range(3):
        rows = random.Random(seed).sample(range(40), 40)
        assert _left([texts[row] for row in rows], [order[row] for row in rows], 50) == [left[row] for row in rows]


_NOTICE = (
    "Nothing on these pages may be copied, stored or sent on, in whole or in part, by any means or in any form, "
    "without leave of the people who wrote them; who wants to quote a passage longer than three lines asks first, says "
    "where it is to stand, names the page it comes from, and leaves the words as they are."
)
_CHINESE = (
    "本页所有文字均由作者自行撰写，未经作者书面同意，任何人不得以任何形式复制、转载、摘编其全部或部分内容；"
    "如需引用，请先来信说明用途，并注明出处与日期。"
)


def test_a_planted_notice_stays_once_whatever_its_case_width_and_marks():
    shouted = _NOTICE.upper().replace(",", " --")
    traditional = _CHINESE.replace("书", "書").replace("，", " ").replace("为", "為").replace("页", "頁")
    texts = [
        f"A page on tea.\n\n{_NOTICE}\n\nTea is a leaf.",
        f"Of salt.\n{shouted}\nSalt is a stone. {_CHINESE}",
        f"论茶。{_CHINESE}茶是叶。",
        f"论盐。（{traditional}）盐是石。\n\n“{_NOTICE}”",
        _NOTICE,
    ]
    assert _left(texts, [0, 1, 2, 3, 4], 50) == [
        texts[0],
        f"Of salt.\nSalt is a stone. {_CHINESE}",
        "论茶。茶是叶。",
        "论盐。盐是石。",
        "",
    ]
    assert _left(texts, [4, 3, 2, 1, 0], 50) == [
        "A page on tea.\n\nTea is a leaf.",
        "Of salt.\nSalt is a stone.",
        "论茶。茶是叶。",
        f"论盐。（{traditional}）盐是石。",
        _NOTICE,
    ]


def test_a_run_of_one_token_less_stays():
    words = [f"w{number}" for number in range(50)]
    one, two = f"a {' '.join(words)} b", f"c {' '.join(words)} d"
    assert _left([one, two], [0, 1], 50) == [one, "c d"]
    assert _left([one, two.replace("w49", "other")], [0, 1], 50) == [one, two.replace("w49", "other")]


def test_windows_of_one_hash_are_told_apart_by_their_tokens():
    """The Thue-Morse sequence and its complement: no odd prime's polynomial modulo 2^64 can tell 2048 of them."""
    one = [bin(place).count("1") % 2 for place in range(2048)]
    names = [token_hash((ord(letter),)) for letter in "ab"]
    assert window_hash([names[bit] for bit in one]) == window_hash([names[1 - bit] for bit in one])
    first, second = (" ".join("ab"[bit ^ flip] for bit in one) for flip in (0, 1))
    texts = [f"x {first} y", f"x {second} y", f"z {second} z", f"z {first} z"]
    assert _left(texts, [0, 1, 2, 3], 2048) == [texts[0], texts[1], "z z", "z z"]


@pytest.mark.parametrize(
    ("unit", "times"),
    [
        ("汉", 50_000),
        ("㍿", 50_000),
        ("éa汉 ", 20_000),
        ("ab,", 60_000),
        ("汉㍿x", 20_000),
        ("xﷺ汉é", 20_000),
        ("x" * 70_000 + " ", 60),
    ],
    ids=["Han", "many", "mixed", "words", "mixed many", "Arabic", "long words"],
)
def test_documents_too_long_for_one_piece_have_the_tokens_of_the_whole(unit: str, times: int):
    """The texts are cut into pieces at other places: a token that were cut would be one that no other text has."""
    texts = [unit * times, f"one {unit * times}", f"。{unit * (times + 3)}"]
    assert len(texts[0].encode()) > 2 * substrings_tokens.PIECE
    left = _left(texts, [0, 1, 2], 50)
    assert left[0]
    assert left[1:] == ["one", ""]


def _period(words: list[str], num_tokens: int) -> str:
    return " ".join(itertools.islice(itertools.cycle(words), num_tokens))


@pytest.mark.parametrize("words", [["a"], ["a", "b", "c"], ["the", "汉", "x" * 30], [f"w{i}" for i in range(49)]])
def test_of_a_period_one_window_stays_and_what_it_takes_to_meet_it_again(words: list[str]):
    """The period p is at least a window of n behind itself at the first multiple of p from n on."""
    length = 300_000
    stays = -(-50 // len(words)) * len(words)
    assert _left([_period(words, length)], [0], 50) == [_period(words, stays)]
    assert _left([_period(words, length)] * 2, [1, 0], 50) == ["", _period(words, stays)]


def test_two_equal_documents_of_megabytes():
    rng = random.Random(0)
    words = [f"{chr(0x4E00 + i % 5000)}{i}" for i in range(20_000)]
    text = " ".join(rng.choices(words, k=400_000))
    assert len(text.encode()) > 3_000_000
    assert _left([text, text], [0, 1], 50) == [text, ""]
    assert _left([text, f"b {text.upper()} e", "b e"], [5, 3, 4], 50) == ["", f"b {text.upper()} e", "b e"]


def test_all_documents_equal():
    text = "".join(chr(0x4E00 + i) for i in range(60))
    assert _left([text] * 2000, list(range(2000, 0, -1)), 50) == [""] * 1999 + [text]


@pytest.mark.parametrize("texts", [[], [""], ["", "  \n", "。", "a", "a"], ["one two three"] * 3], ids=str)
def test_what_is_shorter_than_a_window_stays(texts: list[str]):
    assert _left(texts, list(range(len(texts))), 50) == texts


def test_null_is_empty_and_small_strings_are_taken():
    words = " ".join(map(str, range(60)))
    spans = repeated_substrings(pa.array([words, None, words]), np.arange(3))
    assert [column.tolist() for column in spans] == [[2], [0], [len(words)]]


@pytest.mark.parametrize(("order", "n"), [([0, 0], 50), ([0], 50), ([0, 1], 1)])
def test_what_is_not_allowed_is_said(order: list[int], n: int):
    with pytest.raises(ValueError, match=r"give each|2 or more"):
        repeated_substrings(pa.array(["a", "b"], pa.large_string()), np.array(order), n)


def test_the_table_of_gaps_leaves_nothing_out():
    kinds = gap_kinds()
    rest = [chr(code_point) for code_point in range(0x10000, 0x110000)]
    assert not any(character.isspace() or unicodedata.category(character) in ("Ps", "Pi") for character in rest)
    assert np.bincount(kinds, minlength=4)[1:].tolist()[2] == 7
