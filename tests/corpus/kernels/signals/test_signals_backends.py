"""numba against the specification, on generated text of every kind and on the shapes Arrow can have."""

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import SchemaError
from corpus.kernels.signals import compute_signals, numba_cpu
from corpus.schema import SIGNALS

ALPHABETS = {
    "english": 'the be to of and Have.With, that\'s #... - \n\n "Cat" 3.14 example.com!?',
    "chinese": "的年在月是和日了中國国的的，。！？……“”—《》\n\u3000１２３ＡＢ々〇",
    "mixed": "用 the API，调用了 to_be() 的。\nかな カナ 한글 é ñ ß \t\r\n- • * · ■",
    "extremes": "\x00\x01\x7f\x80\x85\xa0\u2028\ufeff\ufffd\ue000\uffff\U00010000\U0001f600\U00020000\U0010ffff K İ\n",
    "few": "ab \n",
    "marks": "aB1.-'’s$,:/=+*^~_…—(){}[]<>\"“”#%&@!?;|\\ \n★",
    "clitics": "dont'’sSTLlVvRrEe.  9\n",
    "runs of ASCII": "aabBBs12   ,.'-:/w$()=\n\n",
}


def assert_equal(values: list[str | None] | pa.Array) -> None:
    text = pa.array(values, pa.large_string()) if isinstance(values, list) else values
    fast, slow = compute_signals(text), compute_signals(text, backend="naive")
    assert list(fast) == list(slow) == list(SIGNALS)
    for name, (dtype, _) in SIGNALS.items():
        assert fast[name].dtype == dtype.to_pandas_dtype(), name
        assert len(fast[name]) == len(text), name
        np.testing.assert_allclose(
            fast[name], slow[name], rtol=0, atol=0 if fast[name].dtype == np.int32 else 1e-6, err_msg=name
        )
        assert np.isfinite(fast[name]).all(), name
        if "frac" in name:
            assert ((fast[name] >= 0) & (fast[name] <= 1)).all(), name


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("length", [0, 1, 2, 3, 63, 64, 65, 1000, 5000])
def test_random_characters(alphabet: str, length: int) -> None:
    rng = random.Random(f"{alphabet}-{length}")
    assert_equal(["".join(rng.choices(ALPHABETS[alphabet], k=length)) for _ in range(4)])


SIZES = (1, 6, 7, 8, 9, 15, 16, 17, 63, 64, 65)


@pytest.mark.parametrize("end", ["", ".", " ", ".\n", "é", "中"])
def test_words_of_every_length_at_every_edge(end: str) -> None:
    """Words are found 64 bytes at a time and compared by eight; the next document begins where one ends."""
    words = [("Abcdefgh9ijklmno" * 5)[:size] for size in SIZES]
    texts = [" " * shift + word + end for word in words for shift in (0, 1, 55, 56, 62, 63, 64)]
    assert_equal([*texts, *(f"{text} {text[1:].upper()}, {text}" for text in texts)])


JOINED = (
    "don't I'd've rock'n'roll he's he'S dogs's's x'm 5'm 1990's U.S. J. 5. e.g. i.e., 3.14 1,000.5 a,b well-known "
    "2010-2011 A4-b a4b-c4d www.A.B wwW.a.B www'a-B and/or end.Start End.start http://a.b/c a:b 5:b a<b>c 5+5 a*b 2^2 "
    "a_b. O'Brien's students' 'tis (it's), can't! I'm... a.. a--b a-b-. U.S., a'b. a'.b x-'s 's a a' 5$ a{b a~b é-a "
    "www.a-b,c http://a-b:c,d a)))))))) a))))))))) ((((((((((a a's))))))))) a-b:c/d,e=f.G"
)


@pytest.mark.parametrize("behind", ["", " x", ".", ", x", "\n", "中", "é", '."', "'s", ".. a"])
def test_words_with_marks_between_and_behind(behind: str) -> None:
    assert_equal(
        [text for word in JOINED.split() for text in (word + behind, f"({word}{behind}", f"x {word}{behind} {word}")]
    )


@pytest.mark.parametrize("vocabulary", [2, 5, 40, 2000])
@pytest.mark.parametrize("han", [False, True], ids=["words", "han"])
def test_repeated_ngrams_of_every_size(vocabulary: int, han: bool) -> None:
    rng = random.Random(vocabulary)
    units = [chr(0x4E00 + i) for i in range(vocabulary)] if han else [f"w{i} " for i in range(vocabulary)]
    phrases = ["".join(rng.choices(units, k=rng.randint(1, 25))) for _ in range(12)]
    texts = ["".join(rng.choice(phrases) for _ in range(rng.randint(1, 40))) for _ in range(20)]
    assert_equal(texts)
    if vocabulary > 5:
        found = compute_signals(pa.array(texts, pa.large_string()))
        assert (found["rps_doc_frac_chars_dupe_10grams"] > 0).sum() > 5  # the test saw repetition


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=80), st.text("ab. 的，\n…", max_size=200)), max_size=6))
def test_any_text(values: list[str | None]) -> None:
    assert_equal(values)


PIECES = (
    *("the", "cookies", "use ", "uses cookies", "use of cookies. ", "privacy policy", "JavaScript", "javascripts "),
    *(
        "lorem ipsum ",
        "LOREM",
        "items in cart ",
        "sign-in ",
        "Read more...",
        "3 likes",
        "12,5 ",
        "NASA ",
        "展开",
        "更多",
    ),
    *(
        "。。。",
        "：",
        "http://a-b.c/d ",
        "www.a-b.c,",
        " ",
        "\n",
        "\n\n",
        ". ",
        '." ',
        "…\n",
        "{",
        "x" * 1001,
        "字字字",
    ),
)


@pytest.mark.parametrize("seed", range(40))
def test_phrases_and_lines(seed: int) -> None:
    rng = random.Random(seed)
    texts = ["".join(rng.choices(PIECES, k=rng.randint(1, 60))) for _ in range(10)]
    assert_equal([*texts, "\n".join(texts)])
    if seed == 0:
        found = compute_signals(pa.array(["\n".join(texts)], pa.large_string()))
        assert found["frac_words_in_refinedweb_lines"][0] > 0


def test_slices_chunks_of_a_buffer_and_nulls() -> None:
    whole = pa.array(["skip me the", None, "一二三。the", "", "to be\nto be\n", None, "尾"], pa.large_string())
    for start in range(len(whole)):
        for length in range(len(whole) - start + 1):
            assert_equal(whole.slice(start, length))
    expected = compute_signals(pa.array(["一二三。the"], pa.large_string()))
    found = compute_signals(whole.slice(2, 1))
    assert found["rps_doc_word_count"].tolist() == expected["rps_doc_word_count"].tolist() == [4]


def test_no_documents_at_all() -> None:
    assert all(len(values) == 0 for values in compute_signals(pa.array([], pa.large_string())).values())


def test_a_null_whose_slot_has_bytes_is_empty() -> None:
    hidden = pa.Array.from_buffers(
        pa.large_string(),
        2,
        [pa.py_buffer(b"\x02"), pa.py_buffer(np.array([0, 6, 9], np.int64)), pa.py_buffer(b"hiddenyes")],
    )
    assert hidden.to_pylist() == [None, "yes"]
    assert compute_signals(hidden)["num_chars"].tolist() == [0, 3]


def test_other_types_are_refused() -> None:
    with pytest.raises(SchemaError, match="int64"):
        compute_signals(pa.array([1]))
    with pytest.raises(ValueError, match="backend"):
        compute_signals(pa.array(["a"]), backend="gpu")  # pyright: ignore[reportArgumentType]


def test_short_strings_are_taken_too() -> None:
    assert compute_signals(pa.array(["ab 中"]))["rps_doc_word_count"].tolist() == [2]


def test_a_long_line_and_many_words_make_the_table_grow() -> None:
    words = " ".join(f"x{i % 70_000}" for i in range(100_000))
    found = compute_signals(pa.array(["中" * 1_000_000, words], pa.large_string()))
    assert found["rps_doc_word_count"].tolist() == [1_000_000, 100_000]
    assert found["rps_doc_frac_unique_words"].tolist() == pytest.approx([1e-6, 0.7])
    # The last 30,000 words repeat the first ones, ten by ten.
    repeated = sum(len(f"x{i}") for i in range(30_000)) / len(words)
    assert found["rps_doc_frac_chars_dupe_10grams"][1] == pytest.approx(repeated, abs=1e-6)
    # One character over and over: all but the first n-gram repeats, and what is left over at the end.
    assert found["rps_doc_frac_chars_dupe_10grams"][0] == pytest.approx(1, abs=1e-4)


def test_bytes_that_are_not_utf8_do_not_crash() -> None:
    rng = np.random.default_rng(5)
    data = rng.integers(0, 256, 4096, dtype=np.uint8)
    offsets = np.sort(rng.integers(0, 4097, 65)).astype(np.int64)
    broken = pa.Array.from_buffers(pa.large_string(), 64, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    found = compute_signals(broken)
    assert (found["num_chars"] <= np.diff(offsets)).all()
    assert found["num_chars"].sum() > 0


def test_scratch_kept_for_the_next_call_forgets_the_last() -> None:
    """A thread keeps its room: characters stamped by earlier documents must be new again, also once stamps run out."""
    texts = ["的年在月 the cat。", "abc " * 500 + "中國人", "é", "的的 a"]
    assert_equal(texts)
    assert_equal(texts[::-1])
    room = numba_cpu._room_for(100, False)
    before = int(room.base[0])
    assert before > 1, "nothing was stamped"
    room.base[0] = numba_cpu._LAST_BASE - 20
    assert_equal(texts)
    assert room.base[0] < before, "stamps did not begin again"
    assert numba_cpu._room_for(numba_cpu._MOST_KEPT, False) is not room
    assert numba_cpu._room_for(100, False) is room
