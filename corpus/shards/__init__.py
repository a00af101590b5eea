"""Arrow IPC parts on disk: written atomically, hashed on their way out, listed in a manifest, counted in a ledger."""

from corpus.shards.counts import Counts, add_counts, check_conservation, count_outcomes
from corpus.shards.manifest import Manifest, Part, load_manifest, save_manifest
from corpus.shards.read import open_part, read_batches, read_table
from corpus.shards.write import PartWriter, hash_file, write_json, write_part

__all__ = [
    "Counts",
    "Manifest",
    "Part",
    "PartWriter",
    "add_counts",
    "check_conservation",
    "count_outcomes",
    "hash_file",
    "load_manifest",
    "open_part",
    "read_batches",
    "read_table",
    "save_manifest",
    "write_json",
    "write_part",
]
