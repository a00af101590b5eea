"""Which Beam runner runs a pipeline, named explicitly.

`local` is `FnApiRunner` with one worker process a core. Its multi-threaded mode lost 0.4 to 0.9 % of grouped elements
in every run we measured, and `DirectRunner` picks another engine when there is a network, so neither can be chosen.
"""

import logging
import os
from collections.abc import Callable

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from corpus.errors import RecipeError
from pipelines.recipe import Runner

_REFUSED = ("multi_threading", "DirectRunner")


def num_workers(runner: Runner) -> int:
    """Worker processes that `runner` asks for on this machine."""
    return runner.num_workers or os.cpu_count() or 1


def run_pipeline(build: Callable[[beam.Pipeline], object], runner: Runner, label: str) -> None:
    """Build a graph with `build(pipeline)` and run it to its end.

    Args:
        label: names the job on runners that show one.

    Raises:
        RecipeError: an option would choose an engine that is known to lose data.
    """
    for option in runner.options:
        if any(word in option for word in _REFUSED):
            raise RecipeError(f"runner option {option!r} is refused: that engine loses or re-routes elements")
    if runner.name in ("local", "in_memory"):
        workers = num_workers(runner) if runner.name == "local" else 1
        mode = "multi_processing" if workers > 1 else "in_memory"
        flags = [f"--direct_running_mode={mode}", f"--direct_num_workers={workers}", *runner.options]
        engine: object = FnApiRunner()
    else:
        flags = [f"--job_name=siku-{label}", *runner.options]
        engine = runner.name
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    pipeline = beam.Pipeline(runner=engine, options=PipelineOptions(flags))
    build(pipeline)
    pipeline.run().wait_until_finish()
