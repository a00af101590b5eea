"""The Beam pipelines: one stage a file, plus recipe, runner, report and command line."""

import logging


def _of_interest(record: logging.LogRecord) -> bool:
    """Without its `gcp` extra, Beam warns at each import that it is without."""
    return "apitools not found" not in record.getMessage()


logging.getLogger().addFilter(_of_interest)
