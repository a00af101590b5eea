"""What planning takes and gives: `PlanOptions` (how to cut and place), `RowPlan` (who stands where) and its ledger."""

from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np

Mode = Literal["best_fit", "first_fit", "concat", "none"]
Overflow = Literal["split", "truncate", "drop"]

_LIMIT = 1 << 31  # lengths and places are int32


@dataclass(frozen=True)
class PlanOptions:
    """How documents become rows.

    Fields:
        seq_len: tokens a row, T.
        mode: how pieces find their row, see `corpus.kernels.row_plan`.
        overflow: what becomes of a document longer than a row.
        overlap: tokens that a further piece of a document repeats from the one before.
        prefix_tokens: tokens (0, or 1 for a BOS) before every piece that is not its document's first.
        max_documents: pieces a row may hold; None is as many as fit.

    Raises:
        ValueError: for a value out of range, and for options that contradict each other.
    """

    seq_len: int
    mode: Mode = "best_fit"
    overflow: Overflow = "split"
    overlap: int = 0
    prefix_tokens: int = 0
    max_documents: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.seq_len < _LIMIT:
            raise ValueError(f"seq_len is {self.seq_len}, expected 1 to 2**31 - 1")
        for name, allowed in [("mode", get_args(Mode)), ("overflow", get_args(Overflow))]:
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is {getattr(self, name)!r}, expected one of {', '.join(allowed)}")
        if self.max_documents is not None and self.max_documents < 1:
            raise ValueError(f"max_documents is {self.max_documents}, expected 1 or more, or None")
        if self.prefix_tokens not in (0, 1):
            raise ValueError(f"prefix_tokens is {self.prefix_tokens}, expected 0, or 1 for a BOS")
        if self.mode == "concat" and (self.overflow != "split" or self.overlap):
            raise ValueError(
                f"concat cuts documents where rows end, so overflow must be 'split' and overlap 0, "
                f"got {self.overflow!r} and {self.overlap}; choose another mode for them"
            )
        if self.overlap and self.overflow != "split":
            raise ValueError(f"overlap is {self.overlap}, but overflow {self.overflow!r} makes no further pieces")
        if self.overflow == "split" and not 0 <= self.overlap < self.seq_len - self.prefix_tokens:
            raise ValueError(
                f"overlap {self.overlap} and prefix_tokens {self.prefix_tokens} leave no room for new tokens "
                f"in a row of {self.seq_len}; together they must be 0 to {self.seq_len - 1}"
            )

    @property
    def documents_a_row(self) -> int:
        """Pieces a row may hold, as a number that binds only if `max_documents` does."""
        return self.seq_len if self.max_documents is None else min(self.max_documents, self.seq_len)


@dataclass(frozen=True)
class TokenLedger:
    """Where every token went: used + cut + dropped = tokens given; the rest adds up to rows x seq_len.

    Fields:
        used: tokens in rows, each counted once.
        repeated: tokens that stand in rows again, by `overlap`.
        prefix: prefix tokens added.
        cut: tokens of documents that were truncated.
        dropped: tokens of documents that have no piece.
        padding: positions of rows without a token.
    """

    used: int = 0
    repeated: int = 0
    prefix: int = 0
    cut: int = 0
    dropped: int = 0
    padding: int = 0

    def __add__(self, other: "TokenLedger") -> "TokenLedger":
        """The ledger of both: windows add up to an epoch."""
        return TokenLedger(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def positions(self) -> int:
        """Positions of the rows, rows x seq_len."""
        return self.used + self.repeated + self.prefix + self.padding

    @property
    def fill(self) -> float:
        """Share of the positions that hold a token; 1 without a row."""
        return 1.0 - self.padding / self.positions if self.positions else 1.0


@dataclass(frozen=True)
class RowPlan:
    """The rows of one window. Segment s of row r: `row_splits[r] <= s < row_splits[r + 1]`.

    Fields:
        documents: index of the document in the lengths given, int32 `[S]`.
        starts: first document token of the segment inside its document, int32 `[S]`.
        lengths: tokens of the segment, its prefix counted (there is one where `starts` is not 0), int32 `[S]`.
        row_splits: int64 `[R + 1]`.
        ledger: where every token went.
    """

    documents: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    row_splits: np.ndarray
    ledger: TokenLedger

    @property
    def num_rows(self) -> int:
        """Rows in the plan, R."""
        return len(self.row_splits) - 1


def rows_too_many(room: int, num_rows: int, seq_len: int) -> int:
    """The fewest rows that must be emptied into `room` so that at most one position in 2,048 is left of it."""
    enough = -((num_rows * seq_len - 2048 * room) // (2047 * seq_len))
    return max(0, min(enough, room // seq_len))


def least_room(options: PlanOptions) -> int:
    """A row with no more room than this receives nothing when others are emptied."""
    return max(options.prefix_tokens, options.seq_len // 1024)
