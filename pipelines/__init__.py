"""The Beam pipelines: one stage a file, plus recipe, runner, report and command line."""
