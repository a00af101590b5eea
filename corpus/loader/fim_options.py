"""What decides how documents are rearranged for fill-in-the-middle."""

from dataclasses import dataclass

from corpus.loader.permutation import derive_key

_PURPOSE = int.from_bytes(b"fim", "big")  # what the key is for


@dataclass(frozen=True)
class FimOptions:
    """How many documents are rearranged, and with which tokens.

    Fields:
        prefix_id, suffix_id, middle_id: the three tokens that stand before the parts; they occur in no document.
        rate: share of the documents that are rearranged, 0 to 1; Bavarian et al. use 0.5 to 0.9.
        spm_rate: share of those in which the prefix stands with the middle, 0 to 1.
        eos_id: the token that ends documents and stays last; None if there is none.
        seed: of the choice of documents and of the cuts.

    Raises:
        ValueError: for a share outside 0 to 1, and for ids that are negative or equal.
    """

    prefix_id: int
    suffix_id: int
    middle_id: int
    rate: float = 0.5
    spm_rate: float = 0.5
    eos_id: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("rate", "spm_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected 0 to 1, a share of the documents")
        ids = [self.prefix_id, self.suffix_id, self.middle_id] + ([] if self.eos_id is None else [self.eos_id])
        if min(ids) < 0 or len(set(ids)) < len(ids):
            raise ValueError(
                f"prefix_id, suffix_id, middle_id and eos_id are {ids}, expected different ids of 0 or more; "
                f"take three that the tokenizer has set aside"
            )

    def key(self, epoch: int) -> int:
        """The key of an epoch's choices."""
        return derive_key(self.seed, epoch, _PURPOSE)
