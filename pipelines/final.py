"""Where the documents are that become tokens: in `selected/`, or in `trimmed/` where the recipe trims."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from corpus.errors import RecipeError
from corpus.shards import Manifest
from pipelines.recipe import Trim

_FOLDERS = {"trim": "trimmed", "select": "selected"}  # the later stage first


def final_folder(trim: Trim) -> str:
    """The folder's name in a work folder."""
    return _FOLDERS["trim" if trim.is_on else "select"]


def trimming(work: Path) -> Trim:
    """What the last run's recipe says of `trim`; off where there is no recipe.

    Raises:
        RecipeError: it is of another version.
    """
    path = work / "recipe.json"
    recipe = json.loads(path.read_bytes())["recipe"] if path.is_file() else {}
    try:
        return Trim.model_validate(recipe.get("trim", {}))
    except ValidationError as error:
        raise RecipeError(f"{path}: `trim` is not understood ({error}); run the recipe again") from error


def final_documents(work: Path, current: Mapping[str, Manifest]) -> tuple[Path, Manifest] | None:
    """Folder and manifest of the last of `select` and `trim` that is among `current`; None where neither is."""
    for stage, folder in _FOLDERS.items():
        if stage in current:
            return work / folder, current[stage]
    return None
