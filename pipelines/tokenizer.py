"""Stage 6, tokenizer: bring the one the recipe names, or train one on the documents that are left.

Training is the `tokenizer` package's command, run as a process of its own: its memory is freed when it ends, and this
package does not import that one.
"""

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import tokenizers

from corpus.errors import RecipeError, SikuError
from corpus.shards import Part, hash_file, load_manifest
from pipelines.final import final_folder
from pipelines.fingerprint import code_hash
from pipelines.recipe import Recipe, Tokenizer
from pipelines.stage import StagePlan, input_hashes
from pipelines.task import Task, TaskResult

EOS = "<|endoftext|>"
FILES = ("tokenizer.json", "tokenizer_config.json", "card.json")


def check_tokenizer(recipe: Recipe) -> None:
    """Refuse a given tokenizer that can't be used, before anything starts.

    Raises:
        RecipeError: it is not there, is no tokenizer, or lacks the end token that the recipe wants.
    """
    given = recipe.tokenizer.path
    if given is None:
        return
    if not Path(given).is_file():
        raise RecipeError(
            f"tokenizer.path: {given} does not exist; without it one is trained on the selected documents"
        )
    try:
        tokenizer = tokenizers.Tokenizer.from_file(given)
    except Exception as error:  # the library raises a bare Exception for whatever it can't read
        raise RecipeError(f"tokenizer.path: {given} is not a tokenizer.json ({error})") from error
    if recipe.tokenize.append_eos and tokenizer.token_to_id(EOS) is None:
        raise RecipeError(
            f"tokenizer.path: {given} has no {EOS!r}; set tokenize.append_eos to false or give one that has it"
        )


def plan(recipe: Recipe, work: Path) -> StagePlan:
    """One task: train, or copy."""
    given, documents = recipe.tokenizer.path, final_folder(recipe.trim)
    if given is None:
        if not load_manifest(work / documents).rows:
            raise SikuError("no document was kept, so there is nothing to train a tokenizer on; the funnel says why")
        inputs = input_hashes(work, documents) | {"code": code_hash("tokenizer.train")}
    else:
        check_tokenizer(recipe)
        inputs = {"file": hash_file(Path(given))}
    options = recipe.tokenizer.model_dump()
    stage = StagePlan("tokenizer", work / "tokenizer", __name__, options, inputs)
    task = Task("train" if given is None else "copy", inputs)
    maker = functools.partial(make_tokenizer, documents=work / documents, options=recipe.tokenizer)
    return stage.with_tasks([task], maker)


def make_tokenizer(task: Task, folder: Path, *, documents: Path, options: Tokenizer) -> TaskResult:
    """Put `tokenizer.json` into the folder."""
    target = folder / "tokenizer.json"
    in_place = options.path is not None and target.is_file() and target.samefile(options.path)
    for name in FILES:
        if not (in_place and name == target.name):
            (folder / name).unlink(missing_ok=True)
    if options.path is None:
        _train(documents, folder, options)
    elif not in_place:
        shutil.copyfile(options.path, target)
    paths = [folder / name for name in FILES if (folder / name).is_file()]
    parts = [Part(path=path.name, rows=0, bytes=path.stat().st_size, xxh3=hash_file(path)) for path in paths]
    return TaskResult(task.name, parts)


def _train(documents: Path, folder: Path, options: Tokenizer) -> None:
    command = [sys.executable, "-m", "tokenizer", "train", "--input", str(documents), "--out", str(folder)]
    command += ["--vocab-size", str(options.vocab_size), "--max-bytes", str(options.max_bytes)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SikuError(f"training the tokenizer failed: {done.stderr.strip() or done.stdout.strip()}")
