"""README is run from top to bottom: a command that has changed, or that nobody can run, fails here."""

import os
import re
import runpy
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import typer

from corpus import models
from corpus.ops.default_rules import DEFAULT_THRESHOLDS
from corpus.ops.rule_sets import RULE_SETS
from corpus.schema import RULE_SIGNALS, SIGNALS
from corpus.shards import read_table
from pipelines.cli import make_app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
BLOCKS = [(match[1], match[2]) for match in FENCE.finditer(README)]
PROSE = FENCE.sub("", README)
# The rule sets whose thresholds docs/rules.md has in tables.
TABLED = ("gopher_quality", "gopher_repetition", "fineweb2_cmn_hani", "fineweb2_cmn_hani_characters")
# What the pipeline command gets besides, so that it takes seconds. Recipes without a sample refuse the last two words.
SMALL = ["--set", "tokenizer.vocab_size=600", "--set", "sample.documents=400"]
# 50 steps of 512 tokens take 40 s where other tests share the cores; the loss goes down sooner.
FEW_STEPS = ["--steps", "12", "--seq-len", "64"]
# A `make test ARGS=... WORK=...` around this test must not reach the make in it.
OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARGS", "INPUT", "WORK", "RECIPE", "PYTHON")


def commands(block: str) -> list[list[str]]:
    """The words of each line of a shell block, comments left out."""
    return [words for line in block.splitlines() if (words := shlex.split(line, comments=True))]


def printed_by_make(words: list[str]) -> list[str]:
    """What `make ...` would run on a fresh machine, set-up included, without running it."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    dry = ["make", "-n", "-B", *words[1:]]
    return subprocess.run(
        dry, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def run_command(words: list[str]) -> None:
    """Run one command of README in the current folder.

    `make` is asked for its last command, and that is run; the programs of `.venv` run in this process, which saves
    each its imports. Raises AssertionError for a command that ends with an error or that is not known here.
    """
    match Path(words[0]).name, words[1:]:
        case "make", _:
            run_command(shlex.split(printed_by_make(words)[-1]))
        case "siku", ["explain", work, *_]:
            first = Path(work, "selected").glob("*.arrow")
            an_id = read_table(min(first), ["id"])["id"][0].as_py()
            run_program(PROJECT["scripts"]["siku"], [an_id[:12] if word == "ID" else word for word in words])
        case "siku", ["run", *_]:
            sampled = any(word.endswith(".yaml") for word in words)
            run_program(PROJECT["scripts"]["siku"], [*words, *SMALL[: None if sampled else 2]])
        case "siku", _:
            run_program(PROJECT["scripts"]["siku"], words)
        case "python", [script, *_] if script.startswith("examples/"):
            run_program(ROOT / script, [*words[1:], *FEW_STEPS])
        case "python", ["-m", "pytest", *more]:
            assert more[:2] == ["-n", "3"], "`make test` runs all tests; this is one of them"
        case "source", [".venv/bin/activate"]:
            made = [line for line in printed_by_make(["make", "pipeline"]) if line.endswith(" -m venv .venv")]
            assert made, "make makes no .venv"
        case _:
            raise AssertionError(f"README has a command that no test can run: {shlex.join(words)}")


def run_program(program: str | Path, words: list[str]) -> None:
    """Run a script, or a function `module:name`, as the command `words`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        try:
            if isinstance(program, Path):
                runpy.run_path(str(program), run_name="__main__")
            else:
                metadata.EntryPoint("siku", program, "console_scripts").load()()
        except SystemExit as end:
            assert not end.code, f"{shlex.join(words)} ended with {end.code}"


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder as README's reader has it: the repository's files, and files of their own in data/."""
    monkeypatch.setenv("SIKU_MODELS", str(models.find("lid.176.ftz").parent))
    for name in ("configs", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    known = metadata.entry_points

    def entry_points(**wanted: str):
        """`siku tokenizer` is there whether or not the project is installed where the tests run."""
        if wanted != {"group": "siku.commands"}:
            return known(**wanted)
        declared = PROJECT["entry-points"]["siku.commands"]
        return [metadata.EntryPoint(name, value, wanted["group"]) for name, value in declared.items()]

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def shape(text: str) -> set[str]:
    """The lines of some output without what depends on the size of the input: numbers and widths."""
    lines = (re.sub(r"\d[\d,.]*", "0", line) for line in text.splitlines())
    return {re.sub(r"([━─])+|\s+", lambda match: match[1] or " ", line).strip() for line in lines}


def run_python(block: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a block with no network, and return what it printed."""

    def refuse(*_: object) -> None:
        raise OSError("README says that this needs no network")

    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        exec(compile(block, "<python block of README.md>", "exec"), {"__name__": "__main__"})
    return capsys.readouterr().out


def test_readme_runs_from_top_to_bottom(checkout, capsys):
    done = []
    for language, block in BLOCKS:
        if language == "sh":
            for words in commands(block):
                run_command(words)
                done.append(shlex.join(words[:2]))
                if done == ["make pipeline"]:
                    pipeline_printed = capsys.readouterr().out
                    _own_files(checkout)
        elif language == "python":
            printed = run_python(block, capsys).splitlines()
            assert len(printed) == 2 and "torch.Size([4, 512])" in printed[1]
    assert {"make pipeline", "make test", "make train", "siku run", "siku verify"} <= set(done)
    shown = next(block for language, block in BLOCKS if language == "text" and "Funnel" in block)
    assert shape(shown) - shape(pipeline_printed) == {"…"}
    assert len(list((checkout / "work" / "input" / "selected").glob("*.arrow"))) == 2, "README's own two files"


def _own_files(checkout: Path) -> None:
    (checkout / "data" / "2024").mkdir(parents=True)
    sample = checkout / "work" / "laptop" / "sample"
    shutil.copy(sample / "redpajama-en.jsonl.zst", checkout / "data" / "en.jsonl.zst")
    shutil.copy(sample / "web-zh.warc.gz", checkout / "data" / "2024" / "crawl.warc.gz")


@pytest.mark.parametrize(
    "line",
    ["curl https://example.org", "make no-such-target", "python setup.py", "siku no-such-verb", "siku verify nowhere"],
)
def test_what_cannot_be_run_fails(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((AssertionError, subprocess.CalledProcessError)):
        run_command(shlex.split(line))


def test_every_command_stands_in_a_block_that_is_run():
    assert {language for language, _ in BLOCKS} == {"sh", "python", "text"}
    assert README.count("```") == 2 * len(BLOCKS)
    assert not re.search(r"^(    |\t)", PROSE, re.M), "an indented block is run by no test"
    mentioned = {tuple(code.split()) for code in re.findall(r"`(make [^`]+)`", README.replace("```", ""))}
    assert mentioned
    for words in mentioned:
        assert printed_by_make(list(words)), words


def test_every_subcommand_is_named():
    group = typer.main.get_command(make_app())
    declared = {*group.commands, *PROJECT["entry-points"]["siku.commands"]}  # type: ignore[attr-defined]
    run = {
        words[1] for language, block in BLOCKS if language == "sh" for words in commands(block) if words[0] == "siku"
    }
    assert run == declared


def test_every_link_and_every_path_of_the_tree_is_there():
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", PROSE) if "://" not in link]
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= {Path(link).name for link in links}
    assert [link for link in links if not (ROOT / link).is_file()] == []
    tree = next(block for language, block in BLOCKS if language == "text" and "Makefile" in block)
    folder, seen = "", set()
    for line in tree.splitlines():
        name = line.split()[0]
        folder = folder if line.startswith(" ") else name
        path = ROOT / (folder + name if line.startswith(" ") else name)
        assert path.is_dir() if name.endswith("/") else path.is_file(), path
        seen.add(path)
    packages = {path.parent for pattern in ("*/__init__.py", "corpus/*/__init__.py") for path in ROOT.glob(pattern)}
    assert packages - seen == set()


def test_rules_page_names_every_signal_rule_set_and_default():
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    several = re.findall(r"`(\w+)\{([\d,]+)\}(\w+)`", page)  # `rps_doc_frac_chars_top_{2,3,4}gram`
    named = {*re.findall(r"`(\w+)`", page)} | {f"{a}{n}{b}" for a, numbers, b in several for n in numbers.split(",")}
    assert {*RULE_SIGNALS} - named == set()
    assert {*RULE_SETS} - named == set()
    assert f"{len(SIGNALS)} of them in one pass" in page
    seen = 0
    for table in re.findall(r"^\| rule \| signal \|.*?(?=^$)", page, re.M | re.S):
        head, _, *rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()]
        for column, name in enumerate(head[2:], 2):
            shown = {row[0]: (row[1], row[column]) for row in rows if row[column] != "–"}
            for rule in RULE_SETS[name].rules:
                if rule.name in {row[0] for row in rows}:
                    bound = f"{'≥' if rule.maximum is None else '≤'} {rule.threshold:.6g}"
                    assert shown.pop(rule.name) == (rule.signal, bound), f"{name}.{rule.name}"
                    seen += 1
            assert not shown, f"docs/rules.md has rules that {name} has not: {list(shown)}"
    assert seen == sum(len(RULE_SETS[name].rules) for name in TABLED)
    counted = re.search(r"^\| set \| for \| rules .*?(?=^$)", page, re.M | re.S)[0].splitlines()[2:]  # type: ignore[index]
    cells = [line.split("|") for line in counted]
    numbers = {n: int(m) for c in cells for n, m in zip(c[1].split(","), c[3].split(","), strict=True)}
    assert {name.strip(" `"): n for name, n in numbers.items()} == {n: len(s.rules) for n, s in RULE_SETS.items()}
    changed = re.findall(r"^\| `(\w+)\.(\w+)` \| ([^|]+) \| ([^|]+) \|$", page, re.M)
    assert {f"{name}.{rule}": None if now == "off" else float(now[2:]) for name, rule, _, now in changed} == (
        DEFAULT_THRESHOLDS
    )
