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
    from mine.parts import (
        times,  # what is called is compiled too
    )

    @inner()
    def weighted(values, table, factor):
        total = 0
        for row in range(table.shape[0]):
            for column in range(table.shape[1]):
                table[row, column] += values[column]
                total += times(table[row, column], factor)
        return total
"""
_PARTS = """
    from mine import numbers
    from corpus.kernels.jit import inner

    MORE = numbers.MORE

    @inner()
    def times(a, b):
        return a * b + MORE
"""
_CALL = """
    import sys, numpy as np
    from corpus.kernels.compiled import compiled
    function = compiled("mine.kernel:weighted", "int64(int32[::1], int64[:, ::1], int64)",
                        "int64(uint16[::1], int64[:, ::1], int64)")
    for dtype in (np.int32, np.uint16):
        table = np.arange(6).reshape(2, 3)
        print(function(np.array([1, 2, 3], dtype), table, 10), table.tolist(), end=" ")
    print("numba" in sys.modules)
"""
_RESULT = "270 [[1, 3, 5], [4, 6, 8]] " * 2


@pytest.fixture
def run(tmp_path):
    """Runs `_CALL` in a process of its own, whose project is a copy of a few files and the test's kernel."""
    root = tmp_path / "project"
    real = Path(corpus.__file__).parent
    for name in ("__init__.py", *(f"kernels/{name}.py" for name in ("__init__", "cache_folder", "compiled", "jit"))):
        (root / "corpus" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "corpus" / name).write_bytes((real / name).read_bytes())
    (root / "mine").mkdir()
    modules = {"__init__": "", "kernel": _KERNEL, "parts": _PARTS, "numbers": "MORE = 0", "other": "MORE = 0"}
    for name, source in modules.items():
        (root / "mine" / f"{name}.py").write_text(textwrap.dedent(source))

    def call(**more):
        environment = {**os.environ, "PYTHONPATH": str(root), "NUMBA_CACHE_DIR": str(tmp_path / "cache"), **more}
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
    """The kernel's own, and what it imports, which numba would go on with as it had inlined it; nothing else."""
    run()
    (run.root / "mine" / "other.py").write_text("MORE = 1")
    assert run() == _RESULT + "False"
    changes = [("kernel", "+= times", "+= 1 + times"), ("parts", "a * b", "a * b + 1"), ("numbers", "0", "1")]
    for turn, (name, old, new) in enumerate(changes, 1):
        path = run.root / "mine" / f"{name}.py"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        assert run().startswith(f"{270 + 6 * turn} ")
    assert run().endswith("False")


def test_numba_disable_jit_does_not_hold_for_kernels(run):
    assert run(NUMBA_DISABLE_JIT="1") == _RESULT + "True"


def test_where_neither_the_project_nor_the_home_can_be_written(run, tmp_path):
    """As in many containers; root may write everywhere, so plain files stand where the folders would be."""
    (tmp_path / "nothing").touch()
    for folder in (run.root / "mine", run.root / "corpus" / "kernels"):
        (folder / "__pycache__").touch()
    (tmp_path / "temporary").mkdir()
    home = {"NUMBA_CACHE_DIR": "", "HOME": str(tmp_path / "nothing"), "TMPDIR": str(tmp_path / "temporary")}
    home["XDG_CACHE_HOME"] = home["HOME"]
    assert run(**home) == _RESULT + "True"
    assert run(**home) == _RESULT + "False"
    (folder,) = (tmp_path / "temporary").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700 and len(list(folder.glob("*.code"))) == 2
    folder.chmod(0o777)  # somebody else could have put code there: not read, and numba says that it has no place
    with pytest.raises(AssertionError, match="no locator available"):
        run(**home)


def test_damaged_file_is_made_anew(run):
    run()
    paths = list(run.cache.glob("*.code"))
    whole = [path.read_bytes() for path in paths]
    assert len(whole) == 2
    for damaged in ((b"", whole[1][: len(whole[1]) // 2]), (b"no json\n" + whole[0], whole[0])):
        for path, data in zip(paths, damaged, strict=True):
            path.write_bytes(data)
        assert run() == _RESULT + "True"
        assert [path.read_bytes() for path in paths] == whole
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
