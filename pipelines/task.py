"""Tasks: the unit that is run, recorded, skipped and restarted.

A task turns named inputs into parts. When it is done a small JSON record with its fingerprint and its parts is written
beside them (`STAGE/.tasks/NAME.json`), last of all; a task whose record matches is not run again. A killed run loses
the tasks in flight and nothing else.
"""

import dataclasses
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from corpus.errors import SikuError
from corpus.schema import LEDGER
from corpus.shards import Counts, Part, PartWriter, add_counts, count_outcomes, write_json

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """What to do. `spec` is JSON and holds all that decides the result, apart from the stage's options and code.

    `name` is unique in its phase and good as a file name.
    """

    name: str
    spec: dict[str, Any]


@dataclass(frozen=True)
class TaskResult:
    """What a task made; the parts' paths are relative to the stage's folder."""

    name: str
    parts: list[Part] = field(default_factory=list)
    ledger: list[Part] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    extra: list[Part] = field(default_factory=list)

    @property
    def files(self) -> list[Part]:
        """All that the task wrote."""
        return self.parts + self.ledger + self.extra


@dataclass(frozen=True)
class Phase:
    """The same function for every task of a stage, or of one step of it.

    Attributes:
        name: "" for the stage's own tasks, else the name of the step.
        folder: the stage's folder.
        fingerprint: of the code and options; what a task reads stands in its spec, so that one more input file does
            not make the tasks of the others run again.
        function: (task, folder) -> TaskResult; importable, since workers get it pickled.
    """

    name: str
    folder: Path
    fingerprint: str
    function: Callable[[Task, Path], TaskResult]

    def record(self, task: Task) -> Path:
        """Where the task's record is."""
        return self.folder / ".tasks" / self.name / f"{task.name}.json"

    def is_done(self, task: Task) -> bool:
        """Whether an earlier run left this task's result."""
        return _finished(self.record(task), self._identity(task), self.folder) is not None

    def run(self, task: Task) -> TaskResult:
        """Run the task, or return what an earlier run recorded of it."""
        record = self.record(task)
        identity = self._identity(task)
        done = _finished(record, identity, self.folder)
        if done is not None:
            return done
        record.unlink(missing_ok=True)
        record.with_suffix(".error").unlink(missing_ok=True)
        try:
            result = self.function(task, self.folder)
        except SikuError as error:  # Beam buries the message in its own: leave it where the driver finds it
            write_json(record.with_suffix(".error"), {"error": type(error).__name__, "message": str(error)})
            raise
        if not result.info.get("failed"):  # what could not be had is tried again by the next run
            write_json(record, {"identity": identity, "result": dataclasses.asdict(result)})
        return result

    def _identity(self, task: Task) -> str:
        text = json.dumps([self.fingerprint, self.name, task.name, task.spec], sort_keys=True, ensure_ascii=False)
        return xxhash.xxh3_64_hexdigest(text.encode())


def read_record(path: Path) -> tuple[str, TaskResult] | None:
    """(identity, result) of a finished task, or None where the record can't be read."""
    try:
        raw = json.loads(path.read_bytes())
        result = raw["result"]
        parts = [Part(**part) for part in result["parts"]]
        ledger = [Part(**part) for part in result["ledger"]]
        extra = [Part(**part) for part in result.get("extra", [])]
        counts = {source: Counts(**counts) for source, counts in result["counts"].items()}
        return raw["identity"], TaskResult(result["name"], parts, ledger, counts, result["info"], extra)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _log.warning("%s is no task record (%r); its task runs again", path, error)
        return None


def _finished(path: Path, identity: str, folder: Path) -> TaskResult | None:
    record = read_record(path)
    if record is None or record[0] != identity:
        return None
    for part in record[1].files:
        file = folder / part.path
        if not file.is_file() or file.stat().st_size != part.bytes:
            return None
    return record[1]


class TaskOutput:
    """Parts and ledger of one task, with the counts taken from the ledger rows that were written.

    A part holds at most `part_bytes` bytes of text, or one longer document.
    """

    def __init__(self, task: Task, folder: Path, schema: pa.Schema, **options: Any) -> None:
        self._task = task
        self._folder = folder
        self._schema = schema
        self._part_bytes: int = options.pop("part_bytes", 1 << 62)
        self._options = options
        self._writer: PartWriter | None = None
        self._ledger = PartWriter(folder, f"ledger/{task.name}.arrow", LEDGER)
        self._bytes = 0
        self.parts: list[Part] = []
        self.counts: dict[str, Counts] = {}

    def write(self, batch: pa.RecordBatch) -> None:
        """Append documents."""
        ends = np.cumsum(pc.binary_length(batch["text"]).to_numpy())
        row = 0
        while row < batch.num_rows:
            before = ends[row - 1] if row else 0
            room = before + self._part_bytes - self._bytes
            end = max(row + 1, int(np.searchsorted(ends, room, side="right")))
            self._write(batch.slice(row, end - row), int(ends[end - 1] - before))
            row = end

    def _write(self, batch: pa.RecordBatch, num_bytes: int) -> None:
        if self._writer is not None and self._bytes + num_bytes > self._part_bytes:
            self._close_part()
        if self._writer is None:
            name = f"{self._task.name}.{len(self.parts):05d}.arrow"
            self._writer = PartWriter(self._folder, name, self._schema, **self._options)
        self._writer.write(batch)
        self._bytes += num_bytes

    def account(self, ledger: pa.RecordBatch) -> None:
        """Append ledger rows."""
        self._ledger.write(ledger)
        self.counts = add_counts([self.counts, count_outcomes(ledger)])

    def _close_part(self) -> None:
        if self._writer is not None:
            self._writer.__exit__(None, None, None)
            assert self._writer.part is not None
            self.parts.append(self._writer.part)
        self._writer = None
        self._bytes = 0

    def finish(self, **info: Any) -> TaskResult:
        """Close everything and say what was written."""
        self._close_part()
        self._ledger.__exit__(None, None, None)
        assert self._ledger.part is not None
        return TaskResult(self._task.name, self.parts, [self._ledger.part], self.counts, info)

    def abort(self, error: BaseException) -> None:
        """Leave no temporary file behind."""
        for writer in (self._writer, self._ledger):
            if writer is not None:
                writer.__exit__(type(error), error, None)


@contextmanager
def task_output(task: Task, folder: Path, schema: pa.Schema, **options: Any) -> Iterator[TaskOutput]:
    """A TaskOutput that cleans up after an exception."""
    output = TaskOutput(task, folder, schema, **options)
    try:
        yield output
    except BaseException as error:
        output.abort(error)
        raise
