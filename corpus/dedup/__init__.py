"""De-duplication on arrays: bands -> candidate edges -> components -> verified removals."""

from corpus.dedup.bands import Bands, choose_bands
from corpus.dedup.candidates import star_edges
from corpus.dedup.components import components
from corpus.dedup.verify import Removals, verify_components

__all__ = ["Bands", "Removals", "choose_bands", "components", "star_edges", "verify_components"]
