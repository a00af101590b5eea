"""The runs behind `loader.py`: which loaders there are, their workers started, their ids read back.

`Entry` is a loader in one way of using it. Of each: `prepare` writes the corpora in its format, walks a whole epoch
and changes the number of ranks in the middle of one, none of it timed; `time_rounds` then starts it afresh, several
times.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loader_ledger import Corpus, Ledger, documents_of, read_streams, shuffle_quality

B, T = 8, 2048
SHARES, WORLDS = (0.25, 0.5), (1, 4, 3, 2)  # of an epoch given to two ranks; the ranks that go on, two for comparison
NO_WORLDS = ("in_place", "bfd", "defaults")  # the same order as with threads; datasets' rows; the entry before
LOSSY = ("first_fit", "best_fit", "bfd")  # they leave out so much that half of the corpus is near their epoch's end
LIMIT_S = 900  # of one worker


@dataclass(frozen=True)
class Entry:
    """A loader in one way of using it.

    `kind`: "packs", documents are shuffled and put into rows with their positions while it runs; "joins", they are
    shuffled and laid end to end, without positions; "rows", rows were cut when the corpus was written.
    """

    name: str
    way: str
    label: str
    kind: str


ENTRIES = (
    Entry("siku", "threads", "Siku TokenLoader", "packs"),
    Entry("siku", "in_place", "  prefetch=0", "packs"),
    Entry("litdata", "rows", "litdata", "rows"),
    Entry("memmap", "rows", "memmap rows", "rows"),
    Entry("datasets", "rows", "datasets, rows", "rows"),
    Entry("datasets", "concat", "datasets, concat", "joins"),
    Entry("megatron", "concat", "Megatron-core", "joins"),
    Entry("streaming", "rows", "mosaicml-streaming", "rows"),
    Entry("streaming", "defaults", "  as it comes", "rows"),
    Entry("grain", "concat", "Grain concat", "packs"),
    Entry("grain", "defaults", "  as it comes", "packs"),
    Entry("grain", "first_fit", "Grain first-fit 8", "packs"),
    Entry("grain", "best_fit", "Grain best-fit 64", "packs"),
    Entry("trl", "bfd", "datasets + TRL bfd", "packs"),
)


@dataclass
class Result:
    """What was found of one entry; `None` or empty where it was not measured, `failed` says why."""

    entry: Entry
    ledger: dict[str, Any] = field(default_factory=dict)
    shuffle: dict[str, float] = field(default_factory=dict)
    worlds: dict[tuple[float, int], tuple[int, int] | str] = field(default_factory=dict)
    documents: int = 0  # of the corpus on which ranks were changed
    runs: list[dict] = field(default_factory=list)
    resumed: list[dict] = field(default_factory=list)
    failed: str = ""

    def best(self, name: str) -> float:
        """The least of the runs: what disturbs a run makes it longer."""
        return min(run[name] for run in self.runs)

    @property
    def over_torch_s(self) -> float:
        """From the end of `import torch` to the first batch, the least of the runs."""
        return min(run["first_s"] - run["torch_s"] for run in self.runs)

    @property
    def over_torch_cpu_s(self) -> float:
        """The same in CPU-seconds."""
        return min(run["first_cpu_s"] - run["torch_cpu_s"] for run in self.runs)

    @property
    def rate(self) -> float:
        """Tokens a second in the fastest run."""
        return max(run["tokens"] / run["seconds"] for run in self.runs)

    @property
    def cpu_a_million(self) -> float:
        """CPU-seconds for a million tokens, likewise."""
        return min(run["cpu_s"] / run["tokens"] * 1e6 for run in self.runs)


@dataclass(frozen=True)
class Bench:
    """Where things are: the folder of the corpora, and the peers' Pythons.

    `timed` has tokens in uint16, `counted` those of the same documents numbered, `small` the same of fewer documents,
    on which ranks are changed.
    """

    folder: Path
    timed: Path
    counted: Path
    small: Path
    pythons: dict[str, str]

    def formatted(self, entry: Entry, corpus: Path) -> Path:
        """The corpus in the entry's format; both ways of Siku read the same."""
        way = "tokens" if entry.name == "siku" else entry.way
        return self.folder / f"{corpus.name}-{entry.name}-{way}"

    def work(self, entry: Entry, action: str, data: Path, **job: Any) -> dict:
        """Run the entry's worker; its answer.

        Raises:
            RuntimeError: it failed or took too long, with the end of what it said.
        """
        script = Path(__file__).with_name(f"loader_worker_{entry.name}.py")
        job |= {
            "action": action,
            "way": entry.way,
            "folder": str(self.formatted(entry, data)),
            "t0": time.monotonic(),
        }
        command = [self.pythons[entry.name], str(script), json.dumps(job, default=str)]
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, start_new_session=True, env=_environment(), **quiet) as process:
            try:
                out, errors = process.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired as error:
                os.killpg(process.pid, signal.SIGKILL)  # its ranks too
                raise RuntimeError(f"took more than {LIMIT_S} s") from error
        if process.returncode:
            raise RuntimeError((errors.strip().splitlines() or ["no message"])[-1][-200:])
        return json.loads(out.splitlines()[-1])


def _environment() -> dict[str, str]:
    """Without the paths of this process's packages; one thread for numerical libraries."""
    left = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return left | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


def prepare(bench: Bench, entry: Entry, *, worlds: bool = True) -> Result:
    """Everything that is not timed; the changes of ranks only where `worlds` is set."""
    result = Result(entry)
    try:
        for corpus in (bench.timed, bench.counted, *[bench.small] * worlds):
            folder = bench.formatted(entry, corpus)
            if not folder.exists():
                bench.work(entry, "write", corpus, corpus=corpus)
        result.ledger, result.shuffle = _walk_epoch(bench, entry)
        if worlds and entry.way not in NO_WORLDS:
            result.worlds = dict(_change_worlds(bench, entry))
            result.documents = len(Corpus(bench.small).sources)
    except RuntimeError as error:
        result.failed = str(error)
    return result


def _state_path(bench: Bench, entry: Entry) -> Path:
    return bench.folder / f"{entry.name}-{entry.way}.state"


def _walk_epoch(bench: Bench, entry: Entry) -> tuple[dict[str, Any], dict[str, float]]:
    corpus = Corpus(bench.counted)
    out = bench.folder / f"{entry.name}-{entry.way}.ids"
    half = int(corpus.offsets[-1]) // (2 * B * T)
    half = half // 2 if entry.way in LOSSY else half
    state = _state_path(bench, entry)
    answer = bench.work(entry, "epoch", bench.counted, out=out, half=half, state=state)
    ledger = read_streams(corpus, [out])
    out.unlink()
    return answer | _facts(ledger, corpus), shuffle_quality(ledger.pieces, corpus.sources, ledger.ids)


def _facts(ledger: Ledger, corpus: Corpus) -> dict[str, Any]:
    total = int(corpus.offsets[-1])
    repeated, incomplete = documents_of(ledger.times, corpus)
    return {
        "fill": ledger.fill,
        "delivered": ledger.delivered,
        "lost": total - ledger.delivered,
        "repeated": ledger.repeated,
        "strange": ledger.strange,
        "documents_repeated": repeated,
        "documents_incomplete": incomplete,
    }


def _change_worlds(bench: Bench, entry: Entry) -> Iterator[tuple[tuple[float, int], tuple[int, int] | str]]:
    """For each share of an epoch and each world after it: documents given twice, documents not given whole."""
    corpus = Corpus(bench.small)
    total = int(corpus.offsets[-1])
    phases, keys = [], []
    for share in SHARES:
        before = str(bench.folder / f"{entry.name}-{entry.way}-{share}")
        phases.append({"world": 2, "batches": int(share * total) // (2 * B * T), "out": before, "states": None})
        keys.append((share, 0))
        for world in WORLDS:
            phases.append({"world": world, "batches": None, "out": f"{before}-{world}", "states": before, "before": 2})
            keys.append((share, world))
    port = 29500 + 50 * ENTRIES.index(entry)
    failures = bench.work(entry, "ranks", bench.small, phases=phases, port=port)["failures"]
    for (share, world), phase, failure in zip(keys, phases, failures, strict=True):
        if world:
            before = phase["states"]
            paths = [Path(f"{before}.{rank}") for rank in range(2)]
            paths += [Path(f"{phase['out']}.{rank}") for rank in range(world)]
            earlier = failures[keys.index((share, 0))]
            yield (share, world), failure or earlier or documents_of(read_streams(corpus, paths).times, corpus)
    for path in bench.folder.glob(f"{entry.name}-{entry.way}-0*"):
        path.unlink()


def time_rounds(bench: Bench, results: list[Result], rounds: int, seconds: float) -> None:
    """Start every loader afresh, `rounds` times in turns: to its first batch and on, and from its state at half."""
    for _ in range(rounds):
        for result in results:
            if result.failed:
                continue
            try:
                result.runs.append(bench.work(result.entry, "run", bench.timed, seconds=seconds))
                state = _state_path(bench, result.entry)
                result.resumed.append(bench.work(result.entry, "run", bench.counted, seconds=0, state=state))
            except RuntimeError as error:
                result.failed = str(error)


def time_torch(pythons: dict[str, str], rounds: int) -> float:
    """Seconds of a fresh process that imports torch and nothing else, the least of some."""
    script = "import sys, time; import torch; print(time.monotonic() - float(sys.argv[1]))"
    times = []
    for _ in range(rounds):
        command = [pythons["siku"], "-c", script, str(time.monotonic())]
        times.append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    return min(times)


def pythons_of(options: Any) -> dict[str, str]:
    """The Python of every peer that is there."""
    found = {"siku": sys.executable, "memmap": sys.executable}
    for name in sorted({entry.name for entry in ENTRIES} - set(found)):
        python = getattr(options, name) or (options.peers and f"{options.peers}/loader_{name}/bin/python")
        if python and Path(python).is_file():
            found[name] = python
    return found
