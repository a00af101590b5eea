"""The kernel must give the match that the brute-force specification gives, evidence included."""

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from corpus.kernels.contamination import index_items, match_items, naive
from corpus.kernels.contamination.runs import new_spelling
from corpus.kernels.shingle.fold import fold_table
from corpus.kernels.shingle.naive import token_hash, window_hash

WORDS = [
    "a",
    "b",
    "c",
    "B",
    "Ｂ",
    "漢",
    "汉",
    "字",
    "don't",
    ",",
    "。",
    "㍿",
    "ŉ",
    "株",
    "ﷺ",
    "🙂",
    "𠀀",
    "e\u0301",
    "\u200b",
    "\u3300",  # three bytes that fold to four tokens
    "eightand",
    "eightandone",  # tokens are hashed eight bytes at a time
    "eightandtwo",
    "w" * 65,
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=14).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


def _array(texts):
    return pa.array(texts, pa.large_string())


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, max_size=5), st.lists(TEXTS, max_size=4), st.integers(1, 6), st.integers(1, 6))
def test_numba_equals_naive(items, texts, n, least):
    index = index_items(items, n, min(n, least))
    assert index.num_tokens.tolist() == [len(naive.tokens(item)) for item in items]
    text = _array([*texts, *items, None, "x ".join(items)])
    np.testing.assert_array_equal(match_items(text, index), match_items(text, index, backend="naive"))


def test_generated_documents_do_match():
    rng = np.random.default_rng(0)
    draw = lambda size: " ".join(rng.choice(WORDS[:8], size))  # noqa: E731
    index = index_items([draw(rng.integers(0, 12)) for _ in range(60)], 5, 3)
    text = _array([draw(rng.integers(0, 40)) for _ in range(80)])
    found = match_items(text, index)
    np.testing.assert_array_equal(found, match_items(text, index, backend="naive"))
    assert 20 < (found[:, 0] >= 0).sum() < 80
    assert len(set(found[:, 3].tolist())) > 3


@pytest.mark.parametrize("n", [1, 5, 13, 63])
def test_long_documents_and_window_lengths(n):
    rng = np.random.default_rng(n)
    words = [f"w{i}" for i in rng.integers(0, 10_000, 5000)]
    item = " ".join(words[2000 : 2000 + n + 3])
    index = index_items([item, "nothing like it " * 20], n, n)
    text = _array([" ".join(words), " ".join(words[: 2000 + n - 1]), "漢" * 200_000])
    found = match_items(text, index)
    assert found[0, 0] == 0 and found[0, 3] == n + 3 and found[0, 4] == found[0, 5] == 4
    start, end = found[0, 1:3]
    assert text[0].as_py().encode()[start:end].decode() == item
    assert found[1, 0] == -1 or n == 1
    assert found[2, 0] == -1


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 12, 13, 14, 62, 63])
def test_a_window_is_found_wherever_it_stands(n):
    """The fast pass looks at few places of a document; none of a window's may slip through between them."""
    item = [f"q{i}" for i in range(2 * n + 1)]
    index = index_items([" ".join(item), "字" * n], n, n)
    cut = [item[first : first + n] for first in (0, 1, n // 2, n + 1)]
    texts = [
        [*["w"] * before, *window, *["v"] * behind] for window in cut for before in range(n + 2) for behind in (0, 1)
    ]
    found = match_items(_array([" ".join(text) for text in texts]), index)
    assert (found[:, [0, 3, 4, 5]] == [0, n, 1, n + 2]).all() and len(found) == 8 * (n + 2)
    shorter = match_items(_array([" ".join(text).replace("q" + str(n), "u") for text in texts]), index)
    assert (shorter[:, 0] >= 0).sum() == sum("q" + str(n) not in text for text in texts)
    for before in range(n + 2):
        text = "甲" * before + "字" * n
        assert match_items(_array([text]), index)[0, :3].tolist() == [1, 3 * before, 3 * (before + n)]


def test_a_short_item_is_found_wherever_it_stands():
    items = [" ".join(f"{size}w{i}" for i in range(size)) for size in range(1, 13)]
    index = index_items(items, 13, 4)
    for number, item in enumerate(items):
        found = match_items(_array(["and " * before + item + " end" * 3 for before in range(20)]), index)
        assert found[:, 0].tolist() == [number if number + 1 >= 4 else -1] * 20
        assert match_items(_array(["and " + item.rpartition(" ")[0]]), index)[0, 0] == -1


def test_a_collision_of_hashes_does_not_accuse():
    """Two windows of the same hash, found by search: `wtrfww` at random until the second token came out as letters."""
    item, other = "spam eggs", "wtrfww qzxljpfu"
    assert len({window_hash([token_hash(token.codes) for token in naive.tokens(text)]) for text in (item, other)}) == 1
    text = _array([other, item, f"{other} {item}", f"{item} {other}"])
    assert match_items(text, index_items([item], 2, 2))[:, 0].tolist() == [-1, 0, 0, 0]
    assert match_items(text, index_items([item, other], 2, 2))[:, 0].tolist() == [1, 0, 0, 0]


def test_words_that_begin_alike_are_not_the_same():
    index = index_items(["eightandone eightandtwo"], 2, 2)
    text = _array(["eightandtwo eightandone", "eightandone eightand", "Eightandone, eightandTwo"])
    assert match_items(text, index)[:, 0].tolist() == [-1, -1, 0]


def test_where_a_document_stands_in_the_buffer_does_not_matter():
    """The kernel reads 64 bytes behind a document; those at the buffer's end are copied."""
    rng = np.random.default_rng(3)
    items = [" ".join(f"i{i}t{j}" for j in range(6)) for i in range(8)]
    texts = [" ".join(rng.choice([*items, "w", "字", ""], rng.integers(0, 4))) for _ in range(60)]
    index = index_items(items, 5, 5)
    among = match_items(_array(texts), index)
    alone = np.concatenate([match_items(_array([text]), index) for text in texts])
    np.testing.assert_array_equal(among, alone)
    assert 10 < (among[:, 0] >= 0).sum() < 60


def test_no_code_point_folds_to_more_than_the_kernel_has_room_for():
    fold, many, letter = fold_table()
    seen = 0
    for code_point in np.flatnonzero(fold <= -3):
        first = -3 - fold[code_point]
        codes = many[first + 1 : first + 1 + many[first]]
        room = new_spelling(len(chr(code_point).encode("utf-8", "surrogatepass")))
        assert len(codes) <= len(room.codes)
        assert letter[codes].sum() + (not letter[codes].all()) <= len(room.bounds) - 1
        seen += 1
    assert seen > 100


def test_tokens_know_their_bytes():
    text = "Don't 看書，㍿ e\u0301x!"
    spelled = [("".join(map(chr, t.codes)), text.encode()[t.start : t.end].decode()) for t in naive.tokens(text)]
    assert spelled == [
        ("dont", "Don't"),
        ("看", "看"),
        ("书", "書"),
        *((c, "㍿") for c in "株式会社"),
        ("ex", "e\u0301x"),
    ]


def test_a_slice_gives_the_same_as_a_copy():
    index = index_items(["a b c d", "漢字漢字漢"], 4, 3)
    text = _array(["x", "a b c d e", None, "汉字汉字", ""])
    for part in (text[1:4], text[3:], text[2:2]):
        np.testing.assert_array_equal(match_items(part, index), match_items(_array(part.to_pylist()), index))
