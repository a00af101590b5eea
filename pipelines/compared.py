"""What of a document is compared: its text, or of instruction data its prompt (`sources[].dedup_on`)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.recipe import Recipe
from pipelines.rows import rows_at

_COLUMNS = ("text", "source", "prompt_chars")


def sources_on_prompt(recipe: Recipe) -> tuple[str, ...]:
    """The sources whose documents are compared by their prompt."""
    return tuple(sorted(source.name for source in recipe.sources if source.dedup_on == "prompt"))


def columns_compared(on_prompt: Sequence[str]) -> tuple[str, ...]:
    """What `compared` reads."""
    return _COLUMNS if on_prompt else ("text",)


def compared(batch: pa.RecordBatch, on_prompt: Sequence[str]) -> pa.Array:
    """The text of each document that is compared: without a prompt the whole.

    Args:
        batch: documents with the columns of `columns_compared`.
        on_prompt: from `sources_on_prompt`.
    """
    if not on_prompt:
        return batch["text"]
    has_prompt = pc.fill_null(pc.greater(batch["prompt_chars"], 0), False)
    mask = pc.and_(has_prompt, pc.is_in(batch["source"], pa.array(on_prompt, pa.string())))
    rows = batch.select(["text", "prompt_chars"]).filter(mask)
    prompts = [
        text[:chars] for text, chars in zip(rows["text"].to_pylist(), rows["prompt_chars"].to_pylist(), strict=True)
    ]
    return pc.replace_with_mask(batch["text"], mask, pa.array(prompts, pa.large_string()))


def compared_at(path: Path, rows: np.ndarray, on_prompt: Sequence[str]) -> Iterator[pa.Array]:
    """`compared` of the given (sorted) rows of a part."""
    for batch in rows_at(path, rows, columns_compared(on_prompt)):
        yield compared(batch, on_prompt)
