"""The order in which `make test` hands files of tests to its workers.

The longest come first, so that no worker is left alone with one at the end; those that compile most kernels do not
stand side by side, since workers that need a kernel at the same moment compile it twice.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FIRST = (
    "pipelines/test_run.py",
    "examples",
    "corpus/loader",
    "corpus/sources",
    "corpus/kernels/pack",
    "corpus/kernels/row_plan",
    "test_readme.py",
    "corpus/kernels/test_generated_text.py",
    "pipelines",
    "corpus/dedup",
)


def _place(item: pytest.Item) -> int:
    path = item.path.relative_to(TESTS)
    return next((place for place, name in enumerate(FIRST) if path.is_relative_to(name)), len(FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)
