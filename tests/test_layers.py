"""Imports point one way, or the parts can't be understood, tested or shipped apart."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Package -> project packages that it may import, itself aside. Longest prefix wins.
ALLOWED = {
    "corpus": ("corpus",),
    "corpus.kernels": ("corpus.schema", "corpus.errors"),
    "corpus.ops": ("corpus.kernels", "corpus.schema", "corpus.errors", "corpus.models"),
    "corpus.dedup": ("corpus.kernels", "corpus.schema", "corpus.errors"),
    "corpus.extract": ("corpus.kernels", "corpus.ops", "corpus.schema", "corpus.errors"),
    "corpus.sources": ("corpus.kernels", "corpus.ops", "corpus.extract", "corpus.schema", "corpus.errors"),
    "corpus.shards": ("corpus.kernels", "corpus.ops", "corpus.schema", "corpus.errors"),
    "corpus.loader": ("corpus.kernels", "corpus.shards", "corpus.schema", "corpus.errors"),
    "pipelines": ("corpus",),
    "tokenizer": ("corpus",),
    "trainer": ("corpus",),
}
FORBIDDEN = {
    "corpus": ("apache_beam", "typer"),
    "tokenizer": ("apache_beam", "torch"),
    "pipelines": ("torch",),
}
TORCH = ("corpus.loader", "corpus.kernels")  # of corpus, only here; in kernels only triton_gpu.py

FILES = sorted(
    path for package in ("corpus", "pipelines", "tokenizer", "trainer") for path in (ROOT / package).rglob("*.py")
)


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _within(name, package):
    return name == package or name.startswith(package + ".")


def test_there_are_files_to_check():
    assert len(FILES) > 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_downward(path):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    package = max((name for name in ALLOWED if _within(module, name)), key=len)
    for name in _imports(path):
        if name.split(".")[0] in ("corpus", "pipelines", "tokenizer", "trainer"):
            allowed = (package, *ALLOWED[package])
            assert any(_within(name, other) for other in allowed), f"{module} imports {name}"
        for outside in FORBIDDEN.get(module.split(".")[0], ()):
            assert not _within(name, outside), f"{module} imports {name}"
        if _within(name, "torch") and module.split(".")[0] == "corpus":
            assert any(_within(module, place) for place in TORCH), f"{module} imports torch"
            assert not _within(module, "corpus.kernels") or path.name == "triton_gpu.py", f"{module} imports torch"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
