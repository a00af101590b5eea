"""The sample crawl of `make pipeline`: seeded raw files, a planted truth, a local server and a scorer."""

from pipelines.sample.crawl import generate
from pipelines.sample.score import ScoreRow, boilerplate_left, score
from pipelines.sample.serve import Faults, serve
from pipelines.sample.truth import Truth, TruthRow, read_rows, read_texts

__all__ = [
    "Faults",
    "ScoreRow",
    "Truth",
    "TruthRow",
    "boilerplate_left",
    "generate",
    "read_rows",
    "read_texts",
    "score",
    "serve",
]
