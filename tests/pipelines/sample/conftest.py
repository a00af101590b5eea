"""One small crawl that the tests of this folder share and none of them changes."""

from pathlib import Path

import pytest

from pipelines.sample import Truth, generate


@pytest.fixture(scope="session")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    folder: Path = tmp_path_factory.mktemp("crawl")
    return generate(folder, seed=7, num_documents=700)
