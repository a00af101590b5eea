"""Machine code in a file: right answers without numba, made anew when it has to be, wrong arguments refused."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import corpus
from corpus.kernels.compiled import compiled

_KERNEL = """
    from corpus.kernels.jit import inner

    @inner()
    def weighted(values, table, factor):
        total = 0
        for row in range(table.shape[0]):
            for column in range(table.shape[1]):
                table[row, column] += values[column]
                total += table[row, column] * factor
        return total
"""
_CALL = """
    import sys, numpy as np
    from corpus.kernels.compiled import compiled
    function = compiled("kernel_for_test:weighted", "int64(int32[::1], int64[:, ::1], int64)",
                        "int64(uint16[::1], int64[:, ::1], int64)")
    for dtype in (np.int32, np.uint16):
        table = np.arange(6).reshape(2, 3)
        print(function(np.array([1, 2, 3], dtype), table, 10), table.tolist(), end=" ")
    print("numba" in sys.modules)
"""
_RESULT = "270 [[1, 3, 5], [4, 6, 8]] " * 2


@pytest.fixture
def run(tmp_path):
    """Runs `_CALL` in a process of its own, whose project is a copy of three files and the test's kernel."""
    root = tmp_path / "project"
    real = Path(corpus.__file__).parent
    for name in ("__init__.py", "kernels/__init__.py", "kernels/compiled.py", "kernels/jit.py"):
        (root / "corpus" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "corpus" / name).write_bytes((real / name).read_bytes())
    (root / "kernel_for_test.py").write_text(textwrap.dedent(_KERNEL))

    def call(expect=None):
        environment = {**os.environ, "PYTHONPATH": str(root), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(_CALL)],
            env=environment, capture_output=True, text=True, check=False, cwd=root,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    call.root, call.cache = root, tmp_path / "cache"
    return call


def test_second_process_does_without_numba(run):
    assert run() == _RESULT + "True"
    assert run() == _RESULT + "False"


def test_changed_source_is_compiled_anew(run):
    run()
    path = run.root / "kernel_for_test.py"
    path.write_text(path.read_text().replace("* factor", "* factor + 1"))
    assert run().startswith("276 ")
    assert run().endswith("False")


def test_damaged_file_is_made_anew(run):
    run()
    (path,) = run.cache.glob("*.code")
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"no json\n" + whole):
        path.write_bytes(damaged)
        assert run() == _RESULT + "True"
        assert len(path.read_bytes()) > len(whole) // 2
    assert run() == _RESULT + "False"


def test_wrong_arguments_are_refused():
    function = compiled(
        "corpus.kernels.feistel:encrypt_until_below",
        "void(uint64[::1], int32[::1], uint64, uint64, uint64[::1], int64)",
    )
    words, places, keys = np.arange(4, dtype=np.uint64), np.arange(4, dtype=np.int32), np.ones(8, np.uint64)
    assert function(words, places, 4, 1, keys, 0) == 0
    assert sorted(words.tolist()) == [0, 1, 2, 3]
    with pytest.raises(ValueError, match=r"given arrays of int64 1-d.*compiled for void\(uint64"):
        function(words.astype(np.int64), places, 4, 1, keys, 0)
    with pytest.raises(ValueError, match="not contiguous"):
        function(np.arange(8, dtype=np.uint64)[::2], places, 4, 1, keys, 0)


@pytest.mark.parametrize("signature", ["int64", "int64(int32)", "float64(int64[::1])", "int64(int64[:])"])
def test_unreadable_signature_is_refused(signature):
    with pytest.raises(ValueError, match="is not like"):
        compiled("corpus.kernels.feistel:encrypt_until_below", signature)
