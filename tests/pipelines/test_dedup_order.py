"""The same documents stay however records are dealt to files, files are cut into parts, and parts go to workers."""

import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from corpus.shards import load_manifest, read_table
from pipelines.recipe_file import make_recipe
from pipelines.run import run

SIZE = {"encyclopedia": 60, "web": 420}  # texts of a source, of which some repeat one of the other
PRIORITY = {"encyclopedia": 3, "web": 0}
WIDE = {ord("0") + digit: "０１２３４５６７８９"[digit] for digit in range(10)}


def texts() -> dict[str, list[str]]:
    """English and Chinese texts; copies, in full width too, near copies and chains in each source and across both."""
    rng = np.random.default_rng(11)
    made: list[list[str]] = []
    found = {}
    for source, size in SIZE.items():
        rows = []
        for number in range(size):
            units = (
                [f"w{i}" for i in rng.integers(0, 9999, 120)]
                if number % 2
                else list(map(chr, rng.integers(0x4E00, 0x9000, 300)))
            )
            if made and number % 3 == 0:
                units = list(made[rng.integers(len(made))])
                for at in rng.integers(0, len(units), rng.choice([0, 1, 3])):
                    units[at] = "other" if units[0][0] == "w" else "也"
            made.append(units)
            joined = (" " if units[0][0] == "w" else "").join(units)
            rows.append(joined.translate(WIDE) if number % 6 == 3 else joined)
        found[source] = rows
    return found


def run_on(folder: Path, num_files: int, seed: int, **options) -> tuple[Path, list[int]]:
    """Run up to `dedup` with the records in an order of their own; the work folder, parts of each source."""
    folder.mkdir()
    rng, sources = np.random.default_rng(seed), []
    for source, rows in texts().items():
        files = []
        for number, some in enumerate(np.array_split(rng.permutation(len(rows)), num_files)):
            files.append(folder / f"{source}-{number}.jsonl")
            files[-1].write_text("".join(json.dumps({"text": rows[row]}) + "\n" for row in some))
        order = rng.permutation(num_files)
        sources.append({"name": source, "files": [str(files[i]) for i in order], "priority": PRIORITY[source]})
    sources = sources[:: -1 if seed % 2 else 1]
    recipe, before = {"sources": sources} | options, {"runner": {"name": "in_memory"}}
    for values, until in ((recipe | before, "extract"), (recipe, "dedup")):  # workers for dedup only: they take seconds
        run(make_recipe(values), folder / "work", Console(file=io.StringIO()), until=until)
    return folder / "work", [part.rows for part in load_manifest(folder / "work" / "duplicates").parts]


def kept(work: Path) -> tuple[Counter, Counter]:
    """Of kept documents source, text and the size of their group; of removed ones text, keeper's text, evidence."""
    rows = {}
    for part in load_manifest(work / "duplicates").parts:
        own = read_table(work / "documents" / part.path, ["source", "text"]).to_pylist()
        found = read_table(work / "duplicates" / part.path).to_pylist()
        rows |= {row["id"]: row | document for row, document in zip(found, own, strict=True)}
    stay = Counter((r["source"], r["text"], r["cluster_size"]) for r in rows.values() if r["kept_id"] is None)
    gone = [row for row in rows.values() if row["kept_id"] is not None]
    return stay, Counter((r["text"], rows[r["kept_id"]]["text"], r["level"], r["jaccard"]) for r in gone)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> tuple[Path, list[int]]:
    return run_on(tmp_path_factory.mktemp("plain") / "run", 1, 0, runner={"name": "in_memory"})


@pytest.mark.parametrize("runner", [{"name": "in_memory"}, {"name": "local", "num_workers": 2}], ids=["one", "two"])
def test_neither_files_nor_parts_nor_workers_decide(plain, tmp_path, runner):
    work, parts = plain
    stay, gone = kept(work)
    assert len(parts) == 2 and 100 < gone.total() < sum(SIZE.values()) - 100
    assert {level for _, _, level, _ in gone} == {"exact", "near"}
    assert sum(text != keeper for text, keeper, level, _ in gone if level == "exact") > 5  # alike when folded only
    seed = 2 if runner["name"] == "in_memory" else 3
    again, smaller = run_on(tmp_path / "again", 2 + seed, seed, runner=runner, extract={"part_bytes": 1 << 16})
    assert len(smaller) > len(parts) + 4
    assert kept(again) == (stay, gone)


def test_the_source_of_the_higher_priority_stays(plain):
    """What an encyclopedia and the web have stays as the encyclopedia's, and its page goes for no page of the web."""
    work, _ = plain
    rows, source = {}, {}
    for part in load_manifest(work / "duplicates").parts:
        found = read_table(work / "duplicates" / part.path).to_pylist()
        rows |= {row["id"]: row["kept_id"] for row in found}
        source |= dict.fromkeys((row["id"] for row in found), part.path.split(".")[0])
    pairs = Counter((source[row], source[keeper]) for row, keeper in rows.items() if keeper is not None)
    assert pairs["web", "encyclopedia"] > 10 and pairs["web", "web"] > 10 and pairs["encyclopedia", "encyclopedia"] > 0
    assert pairs["encyclopedia", "web"] == 0
