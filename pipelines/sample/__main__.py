"""`python -m pipelines.sample OUT --documents 3000 --seed 7`: write the sample crawl, print its kinds."""

import argparse
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipelines.sample.crawl import generate
from pipelines.sample.truth import KINDS, Truth


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.sample", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for the raw files and the truth")
    parser.add_argument("--documents", type=int, default=3000, help="number of texts (default 3000)")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same bytes (default 7)")
    return parser


def kinds_table(truth: Truth) -> Table:
    """Records by file and kind."""
    counts = Counter((row.file, row.kind) for row in truth.rows)
    table = Table("file", "bytes", *KINDS, title=f"{len(truth.rows)} records in {truth.folder}")
    for file in truth.files:
        size = (truth.folder / file).stat().st_size
        table.add_row(file, f"{size:,}", *(str(counts[file, kind]) for kind in KINDS))
    totals = Counter(row.kind for row in truth.rows)
    table.add_section()
    table.add_row("all", "", *(str(totals[kind]) for kind in KINDS))
    return table


def main() -> None:
    """Generate and print."""
    options = build_parser().parse_args()
    truth = generate(options.out, seed=options.seed, num_documents=options.documents)
    Console().print(kinds_table(truth))


if __name__ == "__main__":
    main()
