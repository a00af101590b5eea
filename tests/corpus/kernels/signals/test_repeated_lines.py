"""Braces, fences and rules repeat in every program and table; only lines that say something count as repeated."""

import pyarrow as pa
import pytest

from corpus.kernels.signals import compute_signals

CODE = "def f(x) {\n    g(x);\n}\n```\ndef h(y) {\n    k(y);\n}\n```\n---\n---"


@pytest.mark.parametrize("backend", ["numba", "naive"])
@pytest.mark.parametrize(
    ("text", "lines", "chars"),
    [
        (CODE, 0, 0),
        ("谢谢\n}\n谢谢\n}\n", 1 / 4, 2 / 10),
        ("1\n1\n2", 1 / 3, 1 / 5),
        ("same\nsame", 1 / 2, 4 / 9),
        ("}\n}\n}", 0, 0),
    ],
    ids=["code", "mixed", "digits", "last line", "nothing said"],
)
def test_only_lines_with_a_letter_or_digit_repeat(backend, text, lines, chars):
    signals = compute_signals(pa.array([text], pa.large_string()), backend=backend)
    assert signals["frac_dup_lines"][0] == pytest.approx(lines)
    assert signals["frac_chars_in_dup_lines"][0] == pytest.approx(chars)
