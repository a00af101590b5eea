"""Scores of the documents of files, to look at before a threshold is chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from corpus.errors import InputError
from corpus.ops.perplexity import load_model, perplexity
from corpus.ops.perplexity_kenlm import kenlm_files, load_kenlm, perplexity_kenlm
from corpus.ops.quality_model import load_quality_model, score_documents
from pipelines.quality_inputs import find_inputs, read_documents

__all__ = ["Scored", "load_scorer", "score_files"]

_PERCENTS = (0, 5, 10, 30, 50, 60, 70, 90, 95, 100)
_SHOWN = 3
_SHOWN_CHARS = 100


@dataclass(frozen=True)
class Scored:
    """Percentiles of the scores, and (score, beginning of the text) at both ends."""

    num_documents: int
    percentiles: dict[int, float]
    lowest: list[tuple[float, str]]
    highest: list[tuple[float, str]]


def load_scorer(model: str) -> Callable[[pa.Array], pa.FloatArray]:
    """The function from a column of text to scores that a model's path stands for.

    A folder is a classifier, `FILE#LABEL` a bare fastText model, any other file a KenLM or an n-gram model
    (perplexities).
    """
    if "#" in model or not Path(model).is_file():
        classifier = load_quality_model(model)
        return lambda text: score_documents(text, classifier)
    if files := kenlm_files(model):
        kenlm = load_kenlm(*files)
        return lambda text: perplexity_kenlm(text, kenlm)
    ngrams = load_model(model)
    return lambda text: perplexity(text, ngrams)


def score_files(model: str, files: Sequence[str | Path], *, split: str = "file") -> Scored:
    """Score every document of the files.

    Raises:
        InputError: there is no document with a score.
    """
    scorer = load_scorer(model)
    values: list[float] = []
    beginnings: list[str] = []
    for text in read_documents(find_inputs(files, "document"), split=split):
        for value, document in zip(scorer(text).to_pylist(), text.to_pylist(), strict=True):
            if value is not None:
                values.append(value)
                beginnings.append(" ".join(document[: 2 * _SHOWN_CHARS].split())[:_SHOWN_CHARS])
    if not values:
        raise InputError("the files hold no document with a score")
    order = np.argsort(values, kind="stable")
    rows = [(values[index], beginnings[index]) for index in order]
    found = np.percentile(values, _PERCENTS)
    return Scored(len(values), dict(zip(_PERCENTS, map(float, found), strict=True)), rows[:_SHOWN], rows[::-1][:_SHOWN])
