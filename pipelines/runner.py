"""Which Beam runner runs a pipeline, named explicitly.

`local` is `FnApiRunner` with one worker process a core. Its multi-threaded mode lost 0.4 to 0.9 % of grouped elements
in every run we measured, and `DirectRunner` picks another engine when there is a network, so neither can be chosen.
"""

import logging
import os
import shlex
import sys
from collections.abc import Callable

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from corpus.errors import RecipeError
from pipelines.recipe import Runner

_LITTLE_BYTES = 32 << 20  # a core works through it in the time two processes need to start and share it
_REFUSED = ("multi_threading", "DirectRunner")


def num_workers(runner: Runner, num_tasks: int, num_bytes: int) -> int:
    """Processes that run a stage on this machine; 1 means this process.

    Processes take seconds to start, so one task is worked on in this one, and by default little input is.
    """
    if runner.name == "in_memory":
        return 1
    if runner.num_workers:
        return min(runner.num_workers, max(num_tasks, 1))
    return 1 if num_tasks <= 1 or num_bytes < _LITTLE_BYTES else os.cpu_count() or 1


def _worker_processes() -> SubprocessSDKEnvironment:
    """What `--direct_running_mode=multi_processing` sets up, with our own quiet worker."""
    return SubprocessSDKEnvironment.from_command_string(f"{shlex.quote(sys.executable)} -m pipelines.worker")


def run_pipeline(build: Callable[[beam.Pipeline], object], runner: Runner, label: str, workers: int) -> None:
    """Build a graph with `build(pipeline)` and run it to its end.

    Args:
        label: names the job on runners that show one.
        workers: processes of the local runner (`num_workers`).

    Raises:
        RecipeError: an option would choose an engine that is known to lose data.
    """
    for option in runner.options:
        if any(word in option for word in _REFUSED):
            raise RecipeError(f"runner option {option!r} is refused: that engine loses or re-routes elements")
    if runner.name in ("local", "in_memory"):
        flags = [f"--direct_num_workers={workers}", *runner.options]
        engine: object = FnApiRunner(default_environment=_worker_processes() if workers > 1 else None)
    else:
        flags = [f"--job_name=siku-{label}", *runner.options]
        engine = runner.name
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)  # errors are raised; it would print them as well
    pipeline = beam.Pipeline(runner=engine, options=PipelineOptions(flags))
    build(pipeline)
    pipeline.run().wait_until_finish()
