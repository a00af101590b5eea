"""Stage 5, tokenizer: bring the one the recipe names, or train one on the selected documents.

Training is the `tokenizer` package's command, run as a process of its own: its memory is freed when it ends, and this
package does not import that one.
"""

import functools
import shutil
import subprocess
import sys
from pathlib import Path

from corpus.errors import RecipeError, SikuError
from corpus.shards import Part, hash_file
from pipelines.fingerprint import code_hash
from pipelines.recipe import Recipe, Tokenizer
from pipelines.stage import StagePlan, manifest_hash
from pipelines.task import Task, TaskResult

FILES = ("tokenizer.json", "tokenizer_config.json", "card.json")


def plan(recipe: Recipe, work: Path) -> StagePlan:
    """One task: train, or copy."""
    given = recipe.tokenizer.path
    if given is None:
        inputs = manifest_hash(work / "selected") + code_hash("tokenizer.train")
    elif Path(given).is_file():
        inputs = hash_file(Path(given))
    else:
        raise RecipeError(
            f"tokenizer.path: {given} does not exist; leave it out to train one on the selected documents"
        )
    options = recipe.tokenizer.model_dump()
    stage = StagePlan("tokenizer", work / "tokenizer", __name__, options, inputs)
    task = Task("train" if given is None else "copy", {"inputs": inputs})
    return stage.with_tasks([task], functools.partial(make_tokenizer, work=work, options=recipe.tokenizer))


def make_tokenizer(task: Task, folder: Path, *, work: Path, options: Tokenizer) -> TaskResult:
    """Put `tokenizer.json` into the folder."""
    if options.path is not None:
        shutil.copyfile(options.path, folder / "tokenizer.json")
    else:
        command = [
            sys.executable,
            "-m",
            "tokenizer",
            "train",
            "--input",
            str(work / "selected"),
            "--out",
            str(folder),
        ]
        command += ["--vocab-size", str(options.vocab_size), "--max-bytes", str(options.max_bytes)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SikuError(f"training failed: {done.stderr.strip() or done.stdout.strip()}")
    parts = []
    for name in FILES:
        path = folder / name
        if path.is_file():
            parts.append(Part(path=name, rows=0, bytes=path.stat().st_size, xxh3=hash_file(path)))
    return TaskResult(task.name, parts)
