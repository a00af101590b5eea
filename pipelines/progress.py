"""Progress of a stage from the records its tasks leave, since Beam's counters are right only at the end."""

import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_INTERVAL_S = 0.25


@contextmanager
def stage_progress(console: Console, name: str, folder: Path, num_tasks: int) -> Iterator[None]:
    """Show tasks done, rate and time left while the block runs; nothing where the console is no terminal."""
    if not console.is_terminal:
        yield
        return
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("tasks  {task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    start = time.time()
    stop = threading.Event()
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(name, total=num_tasks, rate="")

        def poll() -> None:
            while not stop.wait(_INTERVAL_S):
                done, size = _written(folder, start)
                rate = size / max(time.time() - start, 1e-9) / 1e6
                progress.update(bar, completed=min(done, num_tasks), rate=f"{rate:5.1f} MB/s")

        with _thread(poll, stop):
            yield


@contextmanager
def _thread(target: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _written(folder: Path, since: float) -> tuple[int, int]:
    """Task records, and bytes of parts and downloads (also unfinished ones) written since then."""
    tasks = sum(1 for _ in (folder / ".tasks").rglob("*.json")) if (folder / ".tasks").is_dir() else 0
    size = 0
    for path in folder.rglob("*"):
        if path.suffix == ".json":
            continue
        try:
            status = path.stat()
        except FileNotFoundError:  # renamed between the listing and here
            continue
        if status.st_mtime >= since and stat.S_ISREG(status.st_mode):
            size += status.st_size
    return tasks, size
