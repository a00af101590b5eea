"""De-duplication on arrays: bands -> candidate edges -> components -> verified removals."""

from corpus.dedup.bands import Bands, choose_bands
from corpus.dedup.blocks import verify_in_blocks
from corpus.dedup.candidates import star_edges
from corpus.dedup.compare import bounded_sets, joined_sets
from corpus.dedup.components import components
from corpus.dedup.components_in_files import components_in_files
from corpus.dedup.near import NearOptions, near_duplicates
from corpus.dedup.verify import Removals, verify_components

__all__ = [
    "Bands",
    "NearOptions",
    "Removals",
    "bounded_sets",
    "choose_bands",
    "components",
    "components_in_files",
    "joined_sets",
    "near_duplicates",
    "star_edges",
    "verify_components",
    "verify_in_blocks",
]
