"""Whether tokens were made with the tokenizer that a training job is about to use."""

import json
import re
from pathlib import Path
from typing import Any

from corpus.errors import RecipeError
from corpus.shards.write import hash_file


def check_tokenizer(tokenizer: str | Path, info: dict[str, Any], where: str) -> None:
    """Refuse another tokenizer than the manifest's.

    Args:
        tokenizer: a `tokenizer.json`, or its xxh3-64 as 16 hex digits.
        info: the manifest's.
        where: the folder, for errors.

    Raises:
        RecipeError: no such file, no tokenizer, another one, or one of another number of ids.
    """
    given = str(tokenizer)
    if re.fullmatch("[0-9a-f]{16}", given):
        found = given
    else:
        path = Path(tokenizer)
        path = path / "tokenizer.json" if path.is_dir() else path
        if not path.is_file():
            raise RecipeError(f"tokenizer {given} is no file, and no xxh3-64 of 16 hex digits")
        found = hash_file(path)
        size = _vocab_size(path)
        if size != info["vocab_size"]:
            raise RecipeError(f"{path} has {size} ids, the tokens in {where} were made with {info['vocab_size']}")
    if found != info.get("tokenizer_hash"):
        raise RecipeError(
            f"tokenizer {given} has xxh3 {found}, the tokens in {where} were made with "
            f"{info.get('tokenizer_hash')}; give the tokenizer.json of that run, or tokenize again"
        )


def _vocab_size(path: Path) -> int:
    try:
        tokenizer = json.loads(path.read_bytes())
        vocab = tokenizer["model"]["vocab"]  # a dict; of a Unigram model a list of (token, score)
        names = {entry if isinstance(entry, str) else entry[0] for entry in vocab}
        return len(names | {token["content"] for token in tokenizer.get("added_tokens", [])})
    except (KeyError, TypeError, ValueError) as error:
        raise RecipeError(f"{path} is no tokenizer.json ({error!r})") from error
