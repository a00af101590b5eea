"""The registry finds only the right file, says where it looked, and brings it whole or not at all."""

import dataclasses
import hashlib
import subprocess
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


def test_unknown_names_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"lid\.176\.ftz"):
        models.find("lid.177")
