"""Perplexity under a KenLM model the user has, computed as cc_net does.

cc_net (`cc_net/perplexity.py`, https://github.com/facebookresearch/cc_net) normalises the text (lower case, accents
off, digits to 0, Chinese and typographic marks to ASCII ones), cuts it by a SentencePiece model, and asks a 5-gram
KenLM for the log10 probability with sentence bounds. Perplexity is `10 ** (-sum / n)`, n being the tokens and one
end a sentence. Its normalisation takes control characters out of the whole document before the pieces are cut, line
ends among them, so a document is one sentence there, and words at line ends grow together; that is kept, since its
models' edges were found so. Without a SentencePiece model each line is a sentence.

One difference: cc_net maps "１" (full-width 1) to a quotation mark, a slip of its table, after digits were already
replaced; it has no effect there and is left out here.

`kenlm` is an optional extra: it compiles C++ when installed (a compiler is all it needs). Without it use
`corpus.ops.perplexity`. Price: KenLM is called once a line from Python, about 1 MB/s.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from corpus.errors import ModelMissingError, RecipeError

__all__ = ["KenlmModel", "cc_net_language", "cc_net_normalise", "kenlm_files", "load_kenlm", "perplexity_kenlm"]

_BEGINNINGS = (b"mmap lm http://kheafield.com/code", b"\\data\\")  # of KenLM's binary format, of an ARPA file
_CC_NET_NAME = re.compile(r"([a-z]{2,3})\.arpa(?:\.bin)?")

_MARKS = str.maketrans(
    dict(zip("，。、；：？！（）《》「」【】〈〉％～∶", ',.,;:?!()""""[]<>%~:', strict=True))
    | dict.fromkeys("“”„«»", '"')
    | dict.fromkeys("´’", "'")
    | dict.fromkeys("–━►", "-")
    | {"—": " - ", "．": ". ", "…": "..."}
)
_DIGIT = re.compile(r"\d")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class KenlmModel:
    """A `kenlm.Model` and, where it was trained on pieces, a `sentencepiece.SentencePieceProcessor`."""

    model: Any
    pieces: Any | None = None


def kenlm_files(path: str | Path) -> list[Path]:
    """The KenLM model and cc_net's SentencePiece model beside it, where it has one; nothing if it is no KenLM file.

    Example: `zh.arpa.bin` in a folder with `zh.sp.model` gives both.
    """
    path = Path(path)
    with path.open("rb") as file:
        beginning = file.read(max(map(len, _BEGINNINGS)))
    if not beginning.startswith(_BEGINNINGS):
        return []
    pieces = path.with_name(f"{cc_net_language(path)}.sp.model")
    return [path, pieces] if pieces.is_file() else [path]


def cc_net_language(path: str | Path) -> str | None:
    """The language of a model that is named as cc_net names its own, `LANG.arpa.bin`; None of another name."""
    named = _CC_NET_NAME.fullmatch(Path(path).name)
    return named[1] if named else None


def load_kenlm(path: str | Path, sentencepiece: str | Path | None = None) -> KenlmModel:
    """Load a KenLM model (`.arpa` or binary) and the SentencePiece model it was trained with, if any.

    Raises:
        RecipeError: the package `kenlm` is not installed.
        ModelMissingError: a file is missing.
    """
    for file in (path, sentencepiece):
        if file is not None and not Path(file).is_file():
            raise ModelMissingError(
                f"there is no {file}; cc_net's models are per language, LANG.arpa.bin and LANG.sp.model"
            )
    try:
        import kenlm  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise RecipeError(
            "KenLM models need the package kenlm: pip install 'siku[kenlm]' (it compiles C++); or train a model "
            "of your own with `siku quality train-lm`, which needs nothing"
        ) from error
    pieces = None
    if sentencepiece is not None:
        from sentencepiece import SentencePieceProcessor

        pieces = SentencePieceProcessor(model_file=str(sentencepiece))
    return KenlmModel(kenlm.Model(str(path)), pieces)


def cc_net_normalise(line: str) -> str:
    """A line as cc_net shows it to its models.

    Example: `cc_net_normalise("Café 42，")` gives `"cafe 00,"`.
    """
    line = unicodedata.normalize("NFD", line.strip().lower())
    line = "".join(c for c in line if unicodedata.category(c) != "Mn")
    return _CONTROL.sub("", _DIGIT.sub("0", line).translate(_MARKS))


def _sentences(document: str | None, model: KenlmModel) -> list[str]:
    if not document:
        return []
    return document.split("\n") if model.pieces is None else [document]


def perplexity_kenlm(
    text: pa.Array, model: KenlmModel, *, per: Literal["token", "char"] = "token", normalise: bool = True
) -> pa.FloatArray:
    """The perplexity of each document, null where it is null or empty.

    Args:
        text: large_string or string.
        model: from `load_kenlm`.
        per: the mean is over tokens with one end a line, as cc_net's, or over characters of the normalised text.
        normalise: as cc_net does; leave it off only for a model trained on text as it is.
    """
    values = np.zeros(len(text), np.float32)
    empty = np.zeros(len(text), bool)
    for row, document in enumerate(text.to_pylist()):
        total, num = 0.0, 0
        for line in _sentences(document, model):
            line = cc_net_normalise(line) if normalise else line
            shown = " ".join(model.pieces.encode(line, out_type=str)) if model.pieces is not None else line
            total += model.model.score(shown)
            num += len(shown.split()) + 1 if per == "token" else len(line) + 1
        empty[row] = num == 0
        values[row] = 10.0 ** min(-total / max(num, 1), 38.0)
    return pa.array(values, pa.float32(), mask=empty)
