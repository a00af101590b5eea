"""What is marked as different is what `dedup` counts as different, and no text is lost or costs a day."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.kernels.shingle.naive import tokens
from pipelines import text_diff
from pipelines.text_diff import Piece, compare, shortened, visible

WORDS = st.lists(
    st.sampled_from(
        ["ab", "AB", "c", "d'e", "de", "甲", "體", "体", "乙", "３", "3€", ",", "。", "，", "\n", " ", "ﬁ"]
    ),
    max_size=60,
)
TEXTS = st.tuples(WORDS, st.sampled_from(["", " "])).map(lambda drawn: drawn[1].join(drawn[0]))


def marked(kept: str, other: str) -> str:
    signs = {"changed": "[-{}-]{{+{}+}}", "folded": "[-{}-]{{+{}+}}~", "same": "{}"}
    return "".join(signs[piece.kind].format(piece.kept, piece.other) for piece in compare(kept, other))


@pytest.mark.parametrize(
    ("kept", "other", "expected"),
    [
        ("It is a fine day; we go out.", "It is a grey day; we go out.", "It is a [-fine-]{+grey+} day; we go out."),
        ("we go out", "we will go out", "we [--]{+will +}go out"),
        ("Hello, World.", "hello world", "[-Hello, World.-]{+hello world+}~"),
        ("我们去公园，明天再说。", "我們去河边,明天再说。", "我[-们-]{+們+}~去[-公园，-]{+河边,+}明天再说。"),
        ("降了５２％，省", "降了52%，省", "降了[-５２％-]{+52%+}~，省"),
        ("山顶，西瓜", "山顶,西瓜", "山顶[-，-]{+,+}~西瓜"),
        ("a b\nc", "a  b c", "a b\nc"),
        ("", "a b", "[--]{+a b+}"),
        ("。", "", "[-。-]{++}"),
        ("", "", ""),
    ],
)
def test_the_right_words_are_marked(kept, other, expected):
    assert marked(kept, other) == expected


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([0, 4, 1 << 14]))
def test_pieces_are_the_texts_and_differ_where_their_shingle_tokens_do(kept, other, most_cells):
    """With few cells the anchors do the work; however it is aligned, what is not "changed" has the same tokens."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_diff, "_MOST_CELLS", most_cells)
        pieces = compare(kept, other)
    assert "".join(piece.kept for piece in pieces) == kept
    assert "".join(piece.other for piece in pieces) == other
    for piece in pieces:
        left, right = list(tokens(piece.kept)), list(tokens(piece.other))
        if piece.kind == "changed":
            assert (piece.num_kept, piece.num_other) == (len(left), len(right))
        else:
            assert left == right
            assert ("".join(piece.kept.split()) == "".join(piece.other.split())) == (piece.kind == "same")
    changed = sum(piece.num_kept + piece.num_other for piece in pieces if piece.kind == "changed")
    assert (changed == 0) == (list(tokens(kept)) == list(tokens(other)))


def test_a_change_in_a_long_text_is_found_between_anchors():
    """Fails if a text too long for difflib is marked as replaced from its first change to its last."""
    words = [f"w{i}" for i in range(3000)]
    other = words.copy()
    for place in (10, 1500, 2990):
        other[place] = "X"
    changed = [piece for piece in compare(" ".join(words), " ".join(other)) if piece.kind == "changed"]
    assert [(piece.kept, piece.other) for piece in changed] == [("w10", "X"), ("w1500", "X"), ("w2990", "X")]


def test_the_work_grows_with_the_text(monkeypatch):
    """Hostile texts: no anchors, or many with noise between. What is handed to difflib is bounded, block by block."""
    cells = []
    real = text_diff.SequenceMatcher

    def counted(junk, a, b, autojunk):
        cells.append(len(a) * len(b))
        return real(junk, a, b, autojunk)

    monkeypatch.setattr(text_diff, "SequenceMatcher", counted)
    for kept, other in [
        ("a b " * 5000, "b a a " * 5000),
        ("".join(f"u{i} v{i} x{i} y{i} z{i} " + "a b " * 90 for i in range(30)),) * 2,
        (
            "".join(f"u{i} v{i} x{i} y{i} z{i} q{i} " + "a b " * 90 for i in range(30)),
            "".join(f"u{i} v{i} x{i} y{i} z{i} q{i} " + "b b a " * (i + 20) for i in range(30)),
        ),
    ]:
        assert "".join(piece.other for piece in compare(kept, other)) == other
    assert len(cells) > 10 and 1 << 13 < max(cells) <= text_diff._MOST_CELLS


def test_long_equal_stretches_are_left_out_and_counted():
    kept = "start " + "alike " * 100 + "here one end"
    other = "start " + "alike " * 100 + "here two end"
    runs, left_out = shortened(compare(kept, other), context=20, most_changes=5, most_chars=50, with_folded=True)
    assert [run.kind for run in runs] == ["elided", "same", "kept", "other", "same"]
    assert (runs[2].text, runs[3].text, left_out) == ("one", "two", 0)
    assert sum(run.num_chars for run in runs if run.kind != "other") == len(kept)
    assert len(runs[1].text) <= 20 and kept.index(runs[1].text + "one") > 500


def test_changes_beyond_the_bound_are_counted_and_long_ones_say_how_much_is_missing():
    pieces = compare("a b c d e", "x " + "n" * 90 + " b y d z")
    runs, left_out = shortened(pieces, context=9, most_changes=2, most_chars=10, with_folded=True)
    assert left_out == 1
    assert [(run.kind, run.text) for run in runs if run.kind in ("kept", "other")] == [
        ("kept", "a"),
        ("other", "x nnn … 82 … nnnnn"),
        ("kept", "c"),
        ("other", "y"),
    ]
    assert runs[1].num_chars == 92


def test_what_is_written_in_another_way_is_marked_where_nothing_else_is():
    pieces = compare("One, two three four", "one two three FIVE")
    for with_folded, folded in [(True, ["One,", "one"]), (False, [])]:
        runs, _ = shortened(pieces, 20, 9, 50, with_folded)
        assert [run.text for run in runs if run.folded] == folded
        assert [run.text for run in runs if run.kind != "same" and not run.folded] == ["four", "FIVE"]
    only, _ = shortened(compare("One two", "one two"), 20, 9, 50, False)
    assert [(run.kind, run.text) for run in only] == [("kept", "One"), ("other", "one"), ("same", " two")]
    (first, *_) = shortened(pieces, 20, 9, 50, False)[0]
    assert (first.text, first.text_other) == ("One, two three ", "one two three ")


def test_nothing_invisible_reaches_the_terminal():
    shown = visible("a\x1b[31m\u200bb\u202ec\r\nd\n\n e\tf\u3000g")
    assert shown == "a<U+001B>[31m<U+200B>b<U+202E>c ⏎ d ⏎ e f\u3000g"
    assert visible("a\nb", "\n") == "a\nb"


def test_no_pieces_no_runs():
    assert compare("", "") == []
    assert shortened([], 9, 9, 9, True) == ([], 0)
    assert shortened([Piece("same", "a", "a")], 9, 9, 9, True) == ([], 0)
