"""De-duplication on arrays: bands -> candidates -> components -> removals by URL and verified by text.

And what is repeated inside documents, as spans to cut.
"""

from corpus.dedup.bands import Bands, choose_bands
from corpus.dedup.blocks import verify_in_blocks
from corpus.dedup.candidates import star_edges
from corpus.dedup.compare import bounded_sets, joined_sets
from corpus.dedup.components import components
from corpus.dedup.components_in_files import components_in_files
from corpus.dedup.levels import Candidates, Decisions, decide_levels
from corpus.dedup.near import NearOptions, near_duplicates
from corpus.dedup.spans import Spans, cut_spans, merge_spans
from corpus.dedup.substrings import repeated_substrings
from corpus.dedup.units import find_units
from corpus.dedup.urls import normal_url, url_keys
from corpus.dedup.verify import Removals, verify_components

__all__ = [
    "Bands",
    "Candidates",
    "Decisions",
    "NearOptions",
    "Removals",
    "Spans",
    "bounded_sets",
    "choose_bands",
    "components",
    "components_in_files",
    "cut_spans",
    "decide_levels",
    "find_units",
    "joined_sets",
    "merge_spans",
    "near_duplicates",
    "normal_url",
    "repeated_substrings",
    "star_edges",
    "url_keys",
    "verify_components",
    "verify_in_blocks",
]
