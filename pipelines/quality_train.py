"""`siku quality train`: a fastText classifier of good against bad documents, with a card that says how far to trust it.

1. The documents of both kinds are read and made what fastText sees (`quality_model.prepare`). Short ones go, equal ones
   count once, and what is in both kinds is in neither.
2. The larger kind is drawn down to the size of the smaller, by hash.
3. A fifth, by hash of the prepared text, is held out. fastText learns from the rest, one thread, seeded.
4. On one half of the held-out documents the calibration is fitted, on the other half it is judged; AUC is of all.

Guarantees: the same documents, settings, seed and version of fastText give the same `model.bin` on the same kind of
processor, in whatever files and order they come; nothing in the folder names a path or a time. Held-out documents
are drawn from the same files as the training ones, so the AUC says how well the model tells these two kinds apart,
and little about quality elsewhere: judge it on labels of your own, from other origins.

Price: reading, then about 1 s a million tokens and epoch; all prepared text is in memory.
"""

import importlib.metadata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import fasttext as fasttext_library
import numpy as np
import pyarrow as pa
import xxhash

from corpus.errors import InputError, RecipeError
from corpus.kernels.fasttext import load_model
from corpus.models import sha256
from corpus.ops.quality_measure import Auc, calibration_error, fit_calibration, reliability, roc_auc, threshold_table
from corpus.ops.quality_model import (
    BAD,
    FEATURES,
    GOOD,
    Features,
    calibrated,
    default_features,
    good_probability,
    prepare,
)
from corpus.shards import write_json
from corpus.shards.write import AtomicFile
from pipelines.quality_card import markdown
from pipelines.quality_inputs import InputFile, find_inputs, read_documents

__all__ = ["QualityOptions", "train_quality"]

_HELD_OUT = 0.2
_LEAST_DOCUMENTS = 20  # of each kind: four held out, two of them for the calibration
_LEAST_SHOWN = 20_000
_MOST_EPOCHS = 100
_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class QualityOptions:
    """How to train.

    Fields:
        language: the model is for; stands in the card and chooses the features where none are named.
        features: a name of `quality_model.FEATURES`; None takes the language's.
        seed: of the draw, the split and fastText.
        min_bytes: shorter prepared texts are left out.
        balance: draw the larger kind down to the smaller one's size.
        split: of plain text files.
        epoch: fastText's passes over the training text; None takes the features', and more where the documents are few.
    """

    language: str
    features: str | None = None
    seed: int = 0
    min_bytes: int = 100
    balance: bool = True
    split: str = "file"
    epoch: int | None = None

    def __post_init__(self) -> None:
        if self.features is not None and self.features not in FEATURES:
            raise RecipeError(f"features {self.features!r} are not known; choose one of {sorted(FEATURES)}")
        if not 0 <= self.seed < 1 << 31:
            raise RecipeError(f"seed is {self.seed}, expected 0 to 2**31 - 1, as fastText takes it")
        if self.epoch is not None and not 1 <= self.epoch <= 1000:
            raise RecipeError(f"epoch is {self.epoch}, expected 1 to 1000")

    @property
    def settings(self) -> tuple[str, Features]:
        """The name of the features and the features."""
        name = self.features or default_features(self.language)
        return name, FEATURES[name]


@dataclass(frozen=True)
class _Documents:
    """Prepared documents of one kind by the hash that orders and splits them, and what was left out."""

    by_hash: dict[int, str]
    counts: dict[str, int]


def train_quality(
    positive: Sequence[str | Path], negative: Sequence[str | Path], out: str | Path, options: QualityOptions
) -> dict[str, Any]:
    """Train on files and write `model.bin`, `card.json` and `card.md` to the folder `out`.

    Args:
        positive, negative: files or globs of good and bad documents.

    Returns:
        The card.

    Raises:
        InputError: a file is missing or cannot be read, or there are too few documents of a kind.
        RecipeError: an option is out of range.
    """
    files = {GOOD: find_inputs(positive, "positive"), BAD: find_inputs(negative, "negative")}
    columns = {kind: read_documents(found, split=options.split) for kind, found in files.items()}
    return train_on_columns(columns[GOOD], columns[BAD], out, options, files)


def train_on_columns(
    good: Iterable[pa.Array],
    bad: Iterable[pa.Array],
    out: str | Path,
    options: QualityOptions,
    files: dict[str, list[InputFile]] | None = None,
) -> dict[str, Any]:
    """`train_quality` on documents that are already columns of text."""
    name, features = options.settings
    kinds = {GOOD: _collect(good, features, options), BAD: _collect(bad, features, options)}
    _leave_out_common(kinds)
    if options.balance:
        _balance(kinds)
    for kind, documents in kinds.items():
        if len(documents.by_hash) < _LEAST_DOCUMENTS:
            raise InputError(
                f"{len(documents.by_hash)} {kind} documents are left of {documents.counts}, expected at least "
                f"{_LEAST_DOCUMENTS}; give more, or lower --min-bytes"
            )
    out = Path(out)
    training, held = _split(kinds)
    features = replace(features, epoch=options.epoch or _epochs(features, len(training)))
    digest = _train(training, features, options.seed, out)
    measured, calibration = _measure(held, out / "model.bin", options.seed)
    card = {
        "format": "siku.quality",
        "version": 1,
        "language": options.language,
        "features_name": name,
        "features": asdict(features),
        "options": asdict(options),
        "inputs": {kind: _describe(found) for kind, found in (files or {}).items()},
        "documents": {kind: documents.counts for kind, documents in kinds.items()},
        "training_documents": len(training),
        "versions": {each: importlib.metadata.version(each) for each in ("fasttext-community", "numpy", "pyarrow")},
        "sha256": digest,
        "calibration": calibration,
        "held_out": measured,
    }
    write_json(out / "card.json", card)
    _write_text(out / "card.md", markdown(card))
    return card


def _collect(columns: Iterable[pa.Array], features: Features, options: QualityOptions) -> _Documents:
    by_hash: dict[int, str] = {}
    counts = {"read": 0, "too_short": 0, "repeated": 0}
    for column in columns:
        for text in prepare(column, features).to_pylist():
            counts["read"] += 1
            encoded = text.encode()
            digest = xxhash.xxh3_64_intdigest(encoded, options.seed)
            if len(encoded) < options.min_bytes:
                counts["too_short"] += 1
            elif digest in by_hash:
                counts["repeated"] += 1
            else:
                by_hash[digest] = text
    return _Documents(by_hash, counts)


def _leave_out_common(kinds: dict[str, _Documents]) -> None:
    common = kinds[GOOD].by_hash.keys() & kinds[BAD].by_hash.keys()
    for documents in kinds.values():
        documents.counts["in_both"] = len(common)
        for digest in common:
            del documents.by_hash[digest]


def _balance(kinds: dict[str, _Documents]) -> None:
    size = min(len(documents.by_hash) for documents in kinds.values())
    for documents in kinds.values():
        surplus = sorted(documents.by_hash, key=_again)[size:]
        documents.counts["not_drawn"] = len(surplus)
        for digest in surplus:
            del documents.by_hash[digest]


def _again(digest: int) -> int:
    """Another hash of a hash, so that the draw and the split have nothing to do with each other."""
    return xxhash.xxh3_64_intdigest(digest.to_bytes(8, "little"))


def _split(kinds: dict[str, _Documents]) -> tuple[list[tuple[int, str, str]], list[tuple[int, str, str]]]:
    """(hash, kind, text) of the training and of the held-out documents, in the order of the hashes."""
    rows = sorted((digest, kind, text) for kind, found in kinds.items() for digest, text in found.by_hash.items())
    limit = int(_HELD_OUT * (1 << 64))
    return [row for row in rows if row[0] >= limit], [row for row in rows if row[0] < limit]


def _epochs(features: Features, num_documents: int) -> int:
    """fastText starts from noise: it has to be shown some 20,000 documents before its probabilities leave a half."""
    return min(_MOST_EPOCHS, max(features.epoch, -(-_LEAST_SHOWN // max(num_documents, 1))))


def _train(training: list[tuple[int, str, str]], features: Features, seed: int, out: Path) -> str:
    """Write `model.bin`; its sha256. The training text is shuffled by a hash."""
    out.mkdir(parents=True, exist_ok=True)
    scratch, model_part = out / f".training-{seed}.txt", out / ".model.bin.part"
    try:
        with scratch.open("w", encoding="utf-8", newline="\n") as file:
            for _, kind, text in sorted(training, key=lambda row: _again(row[0] ^ 1)):
                file.write(f"__label__{kind} {text}\n")
        model = fasttext_library.train_supervised(
            input=str(scratch),
            thread=1,
            seed=seed,
            verbose=0,
            wordNgrams=features.word_ngrams,
            minn=features.minn,
            maxn=features.maxn,
            dim=features.dim,
            epoch=features.epoch,
            lr=features.lr,
            bucket=features.bucket,
            minCount=features.min_count,
        )
        model.save_model(str(model_part))
        model_part.replace(out / "model.bin")
    finally:
        scratch.unlink(missing_ok=True)
        model_part.unlink(missing_ok=True)
    return sha256(out / "model.bin")


def _measure(held: list[tuple[int, str, str]], path: Path, seed: int) -> tuple[dict[str, Any], dict[str, float]]:
    """AUC on all held-out documents; calibration fitted on every second one and judged on the others."""
    model = load_model(path)
    shown = pa.array([text for _, _, text in held], pa.large_string())
    good = np.array([kind == GOOD for _, kind, _ in held])
    raw = good_probability(shown, model, list(model.labels).index(GOOD))
    auc: Auc = roc_auc(raw, good, seed=seed)
    fitting = np.array([_again(digest ^ 2) & 1 == 0 for digest, _, _ in held])
    slope, intercept = fit_calibration(raw[fitting], good[fitting])
    before, after = (reliability(value[~fitting], good[~fitting]) for value in (raw, calibrated(raw, slope, intercept)))
    measured = {
        "auc": asdict(auc),
        "calibration_documents": int(fitting.sum()),
        "reliability": after,
        "calibration_error": calibration_error(after),
        "calibration_error_before": calibration_error(before),
        "thresholds": threshold_table(calibrated(raw, slope, intercept), good, _THRESHOLDS),
    }
    return measured, {"slope": slope, "intercept": intercept}


def _describe(files: list[InputFile]) -> list[dict[str, Any]]:
    return [{"name": file.path.name, "bytes": file.num_bytes, "xxh3": file.xxh3} for file in files]


def _write_text(path: Path, text: str) -> None:
    file = AtomicFile(path)
    file.write(text.encode())
    file.commit()
