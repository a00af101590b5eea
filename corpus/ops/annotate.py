"""Everything that is measured on a document, added to a batch: language, its score, quality and all signals.

`annotate` is a pure function but for the model handed in. The columns come in the order of
`corpus.schema.DOCUMENTS`, so a batch that has the columns before `language` in order becomes one of that
schema.

Price: nearly all of it is the language model, see `corpus.ops.language`; then the signals.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from corpus.errors import SchemaError
from corpus.kernels.signals import compute_signals
from corpus.ops.language import identify
from corpus.ops.quality import score_quality
from corpus.schema import DOCUMENTS, SIGNALS, check_schema

__all__ = ["ANNOTATIONS", "annotate"]

ANNOTATIONS: tuple[str, ...] = ("language", "language_score", "quality", *SIGNALS)
_REQUIRED = pa.schema([DOCUMENTS.field("text")])


def annotate(batch: pa.RecordBatch, model: Any, *, max_language_chars: int = 2000) -> pa.RecordBatch:
    """The batch with the columns of `ANNOTATIONS` appended, in that order.

    Args:
        batch: with `text` (large_string); a null text is annotated as an empty one. Other columns are kept.
        model: from `corpus.ops.language.load_model`.
        max_language_chars: how much of each document the language model sees.

    Raises:
        SchemaError: `text` is missing or of another type, or a column to be added is there already.
    """
    check_schema(batch, _REQUIRED, "annotate")
    present = [name for name in ANNOTATIONS if batch.schema.get_field_index(name) >= 0]
    if present:
        raise SchemaError(f"annotate: the batch has the columns {present} already; drop them to measure again")
    text = batch.column("text")
    signals = compute_signals(text)
    language, score = identify(text, model, signals=signals, max_chars=max_language_chars)
    quality = score_quality(signals, np.asarray(language.to_pylist(), dtype=object))
    added = {"language": language, "language_score": score, "quality": pa.array(quality, pa.float32())}
    added |= {name: pa.array(values, SIGNALS[name][0]) for name, values in signals.items()}
    return pa.RecordBatch.from_arrays(
        [*batch.columns, *(added[name] for name in ANNOTATIONS)],
        schema=pa.schema([*batch.schema, *(DOCUMENTS.field(name) for name in ANNOTATIONS)], batch.schema.metadata),
    )
