"""The recipe's `extract.scores`: models by name, and the column `score_NAME` that each adds to `documents`.

A model that says which language it is for (what `siku quality train` and `train-lm` write does, and a KenLM model by
cc_net's name, `LANG.arpa.bin`) scores the documents of that language, and the others get null, as does a document
without text; a bare fastText model scores all. Columns stand in the order of their names, so the bytes depend on
models and texts only. Models are loaded once a process, by their content: a run whose model changes under it stops.

Price: docs/quality.md, one pass over the texts for each model. A process that scores holds every model; n-gram models
are memory-mapped, so worker processes share them.
"""

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.errors import RecipeError, SikuError
from corpus.models import sha256
from corpus.ops.perplexity import load_model
from corpus.ops.perplexity_kenlm import cc_net_language, kenlm_files
from corpus.schema import DOCUMENTS
from pipelines.quality_score import load_scorer

PREFIX = "score_"
_MODEL_FILES = ("model.bin", "card.json")  # of a folder that `siku quality train` wrote
_MOST_LOADED = 16


@dataclass(frozen=True)
class Scorer:
    """A loaded model.

    Attributes:
        score: a column of text -> float32 of equal length, null for a text without a token.
        language: of the documents it is for; None for all.
    """

    score: Callable[[pa.Array], pa.Array]
    language: str | None


def documents_schema(names: Iterable[str]) -> pa.Schema:
    """DOCUMENTS with a nullable float32 column `score_NAME` for each name."""
    return pa.schema([*DOCUMENTS, *(pa.field(PREFIX + name, pa.float32()) for name in sorted(names))])


def hash_models(scores: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Name -> the model's files by name, and the label of a bare model -> sha256; the same wherever the files lie.

    Raises:
        RecipeError: a file can't be read.
    """
    return {name: _hashes(name, model) for name, model in sorted(scores.items())}


def _hashes(name: str, model: str) -> dict[str, str]:
    path, _, label = model.partition("#")
    try:
        files = _files(Path(path), label)
        hashes = {file.name if len(files) > 1 else "file": sha256(file) for file in files}
        if language := cc_net_language(path):  # a KenLM model's name says for whom it is
            hashes["language"] = language
    except OSError as error:
        raise RecipeError(
            f"extract.scores.{name}: {str(error.filename)!r} can't be read ({error.strerror}); give a folder of "
            "`siku quality train`, a file of `siku quality train-lm`, a KenLM model, or FILE#LABEL of a fastText model"
        ) from error
    return {"label": label} | hashes if label else hashes


def _files(path: Path, label: str) -> list[Path]:
    if label:
        return [path]
    if path.is_file():
        return kenlm_files(path) or [path]
    return [path / file for file in _MODEL_FILES]


def load_scorers(scores: Mapping[str, str], hashes: Mapping[str, Mapping[str, str]]) -> dict[str, Scorer]:
    """The models by name, from this process's memory where they were loaded before.

    Args:
        scores: name -> path, as in the recipe.
        hashes: from `hash_models`, when the run was planned.

    Raises:
        RecipeError: a model is not what it was when it was hashed, or has no such label.
        InputError: a file is no model.
    """
    return {
        name: _load(name, model, json.dumps(hashes[name], sort_keys=True)) for name, model in sorted(scores.items())
    }


@functools.lru_cache(maxsize=_MOST_LOADED)
def _load(name: str, model: str, hashes: str) -> Scorer:
    if _hashes(name, model) != json.loads(hashes):
        raise RecipeError(f"extract.scores.{name}: {model!r} changed while the run went on; run the same command again")
    try:
        return Scorer(load_scorer(model), _card(model).get("language") or None)
    except SikuError as error:
        raise type(error)(f"extract.scores.{name}: {error}") from error


def _card(model: str) -> dict[str, Any]:
    """What the model says of itself; a bare fastText file says nothing, a KenLM file its language by its name."""
    if "#" in model:
        return {}
    if Path(model).is_file():
        return {"language": cc_net_language(model)} if kenlm_files(model) else load_model(model).card
    return json.loads((Path(model) / "card.json").read_bytes())


def add_scores(batch: pa.RecordBatch, scorers: Mapping[str, Scorer]) -> pa.RecordBatch:
    """The batch with a column `score_NAME` for each model, in the order of their names.

    Args:
        batch: with `text` and `language`.
    """
    for name in sorted(scorers):
        column = _scored(batch["text"], batch["language"], scorers[name])
        batch = batch.append_column(pa.field(PREFIX + name, pa.float32()), column)
    return batch


def _scored(text: pa.Array, language: pa.Array, scorer: Scorer) -> pa.Array:
    if scorer.language is None:
        return scorer.score(text)
    own = pc.fill_null(pc.equal(language, scorer.language), False).to_numpy(zero_copy_only=False)
    if not own.any():
        return pa.nulls(len(text), pa.float32())
    scores = scorer.score(text.filter(pa.array(own)))
    place = np.cumsum(own) - 1
    return scores.take(pa.array(place, mask=~own))
