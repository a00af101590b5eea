"""Trained quality scores: what a classifier is shown, and the score of each document of a column.

A model is a folder that `siku quality train` wrote: `model.bin` (fastText, https://arxiv.org/abs/1607.01759) and
`card.json` (what it was trained on, how it does on held-out documents, its calibration). A bare fastText file of others
works too, named with its good label: `fasttext_oh_eli5.bin#hq`.

`prepare` is the one place where text becomes what fastText reads; training and scoring both go through it. `FEATURES`
holds the recipes by name:

    wiki_reference  RedPajama v1: the text as it is on one line, single words
    bigrams         after DCLM: the same with pairs of words; the default, but for Chinese and Japanese
    characters      each Han character, word, mark and line end a token, pairs of them; Chinese and Japanese's default
    subwords        words, marks and line ends apart, n-grams of 3 to 5 characters within words
    han_subwords    runs of Han characters apart from marks and line ends, n-grams of 1 to 2 characters within them

On pages of other origins than they were trained on they differ by little, see docs/quality.md.

Guarantees: a document's score depends on nothing but its text and the model. It is the calibrated probability of
the good class among the documents the model was trained on, half of them good unless the card says otherwise: no
absolute measure.

Price: see docs/quality.md; two-label softmax models keep one number a row in memory (`projected`).
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.errors import InputError, ModelMissingError, RecipeError
from corpus.kernels import fasttext
from corpus.kernels.spaced_text import Han, spaced_text
from corpus.models import sha256

__all__ = [
    "FEATURES",
    "GOOD",
    "Features",
    "QualityModel",
    "default_features",
    "load_quality_model",
    "prepare",
    "score_documents",
]

GOOD, BAD = "good", "bad"
_RESERVED = {"__label__": "__ label __", "</s>": "< /s >"}  # would be a label, would end the text


@dataclass(frozen=True)
class Features:
    """What a classifier sees of a text, and fastText's own settings.

    Fields:
        han: how `spaced_text` writes Han characters; None leaves the text as it is but for its line ends.
        word_ngrams, minn, maxn, dim, epoch, lr, bucket, min_count: as fastText names them.
    """

    han: Han | None = "apart"
    word_ngrams: int = 1
    minn: int = 0
    maxn: int = 0
    dim: int = 16
    epoch: int = 5
    lr: float = 0.1
    bucket: int = 1 << 18
    min_count: int = 2


FEATURES: dict[str, Features] = {
    "wiki_reference": Features(han=None, min_count=1),
    "bigrams": Features(han=None, word_ngrams=2, min_count=1),
    "characters": Features(word_ngrams=2),
    "subwords": Features(word_ngrams=2, minn=3, maxn=5),
    "han_subwords": Features(han="joined", minn=1, maxn=2),
}


@dataclass(frozen=True)
class QualityModel:
    """A classifier and how to use it.

    Fields:
        model: fastText's.
        label: index of the good label.
        features: what it is shown.
        slope, intercept: calibration, applied to the log odds.
        card: as written by the trainer; empty for a bare fastText file.
    """

    model: fasttext.FastTextModel
    label: int
    features: Features
    slope: float
    intercept: float
    card: dict[str, Any]


def default_features(language: str) -> str:
    """The recipe that is taken where none is named."""
    return "characters" if language in ("zh", "ja") else "bigrams"


def prepare(text: pa.Array, features: Features) -> pa.Array:
    """What fastText is shown: one line a document, tokens with one space between them.

    Args:
        text: large_string or string; a null is an empty document.
        features: the recipe.
    """
    if features.han is not None:
        return spaced_text(text, han=features.han, line_ends=True)
    one_line = pc.replace_substring(pc.fill_null(text, ""), "\n", " ")  # what else is white space, fastText knows
    for token, harmless in _RESERVED.items():
        one_line = pc.replace_substring(one_line, token, harmless)
    return pc.utf8_trim_whitespace(one_line)


def load_quality_model(path: str | Path) -> QualityModel:
    """Load a folder that `siku quality train` wrote, or `FILE#LABEL`, a fastText file and its good label.

    Raises:
        ModelMissingError: there is no such folder or file.
        InputError: the card is damaged, or the model is not the one the card was written for.
        RecipeError: the model has no such label.
    """
    name, _, label = str(path).partition("#")
    if Path(name).is_file():
        return _load_bare(Path(name), label)
    card_path, model_path = Path(name) / "card.json", Path(name) / "model.bin"
    for file in (card_path, model_path):
        if not file.is_file():
            raise ModelMissingError(f"there is no {file}; train a model with `siku quality train --out {name}`")
    try:
        card = json.loads(card_path.read_bytes())
        features = Features(**card["features"])
        expected, slope, intercept = card["sha256"], card["calibration"]["slope"], card["calibration"]["intercept"]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{card_path} is no card of a quality model: {error!r}; train it again") from error
    found = sha256(model_path)
    if found != expected:
        raise InputError(f"{model_path} has sha256 {found}, but its card says {expected}; train or copy it again")
    model = fasttext.load_model(model_path)
    label = _label(model, GOOD, model_path)
    return QualityModel(projected(model, label), label, features, slope, intercept, card)


def _load_bare(path: Path, label: str) -> QualityModel:
    model = fasttext.load_model(path)
    if not label:
        raise RecipeError(f"{path}: say which label is the good one, as {path}#LABEL; it has {list(model.labels)[:20]}")
    index = _label(model, label, path)
    return QualityModel(projected(model, index), index, Features(han=None), 1.0, 0.0, {})


def projected(model: fasttext.FastTextModel, label: int) -> fasttext.FastTextModel:
    """The same classifier with one number for each row, where it has two labels and a softmax.

    Their log odds are the mean over a text's rows of `row @ (output[label] - output[other])`; so that product is taken
    once for each row here and not for each text. Probabilities agree to 1e-5. Other models come back as they are.
    """
    if model.loss != "softmax" or len(model.labels) != 2 or not len(model.input.dense):
        return model
    direction = model.output[label].astype(np.float64) - model.output[1 - label]
    rows = (model.input.dense.astype(np.float64) @ direction).astype(np.float32)[:, None]
    output = np.zeros((2, 1), np.float32)
    output[label] = 1.0
    matrix = replace(model.input, dense=rows)
    return replace(model, dim=1, input=matrix, output=output)


def _label(model: fasttext.FastTextModel, label: str, path: Path) -> int:
    if label not in model.labels:
        raise RecipeError(f"{path} has no label {label!r}; it has {list(model.labels)[:20]}")
    return list(model.labels).index(label)


def score_documents(text: pa.Array, model: QualityModel, *, backend: str = "numba") -> pa.FloatArray:
    """The calibrated probability that a document is of the good kind, float32 in [0, 1]; null where it has no token.

    Args:
        text: large_string or string of `N` documents.
        model: from `load_quality_model`.
        backend: of the fastText kernel.

    Example: `score_documents(pa.array(["..."]), load_quality_model("models/zh"))` gives `[0.83]`.
    """
    shown = prepare(text, model.features)
    raw = good_probability(shown, model.model, model.label, backend=backend)
    value = calibrated(raw, model.slope, model.intercept).astype(np.float32)
    return pa.array(value, pa.float32(), mask=pc.equal(pc.binary_length(shown), 0).to_numpy(zero_copy_only=False))


def good_probability(
    shown: pa.Array, model: fasttext.FastTextModel, label: int, *, backend: str = "numba"
) -> np.ndarray:
    """The model's probability of one label for prepared text, `[N]` float64, before calibration."""
    labels, probabilities = fasttext.predict(shown, model, k=len(model.labels), backend=backend)
    value = np.where(labels == label, probabilities, 0.0).sum(axis=1)
    return np.clip(value.astype(np.float64), 0.0, 1.0)


def calibrated(probability: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    """Platt's map: the log odds stretched and moved; monotone, so it changes no order."""
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    odds = np.log(clipped) - np.log1p(-clipped)
    return 1.0 / (1.0 + np.exp(-np.clip(slope * odds + intercept, -60.0, 60.0)))
