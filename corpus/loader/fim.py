"""Fill-in-the-middle (Bavarian et al. 2022, https://arxiv.org/abs/2207.14255) as an address map.

A document that is rearranged becomes a virtual one, three tokens longer:

    [PRE] prefix [SUF] suffix [MID] middle eos

The two cuts are any two places of the document, drawn alike, so parts may be empty; a trailing `eos_id` stays last. In
a share of them the prefix stands with the middle, `[PRE] [SUF] suffix [MID] prefix middle eos`: the paper's second form
of suffix-prefix-middle, which is the first cut at 0. Documents of three tokens or fewer stay as they are.

What becomes of a document is a pure function of (seed, epoch, its number): SplitMix64 from a key. So rows can be
planned before a token is read, any piece of a virtual document can be copied on its own, and every rank and thread
comes to the same. Nothing is stored. Loss spans go where their tokens go; the three tokens that are put in are trained
on where all of their document is.

`fim_naive` is the specification, `fim_numba` has the kernels.
"""

import numpy as np

from corpus.kernels.compiled import compiled
from corpus.loader.fim_options import FimOptions

__all__ = ["FimOptions", "fim_copy", "fim_spans", "virtual_lengths"]

_ADDED = 3
_virtual_lengths = compiled(
    "corpus.loader.fim_numba:virtual_lengths", "void(int64[::1], int32[::1], uint64, uint64, int32[::1])"
)
_TOKENS = ("uint16[::1]", "uint32[::1]")
_PIECES = f"{', '.join(['int64[::1]'] * 5)}, uint64, uint64, uint64"
_copy_pieces = compiled(
    "corpus.loader.fim_numba:copy_pieces",
    *(f"void({tokens}, {_PIECES}, int64, int64, int64, int64, {tokens})" for tokens in _TOKENS),
)
_move_spans = compiled(
    "corpus.loader.fim_numba:move_spans",
    *(f"int64({tokens}, {_PIECES}, int64, int32[:, ::1], int64[::1], int32[:, ::1], int64[::1])" for tokens in _TOKENS),
)


def virtual_lengths(documents: np.ndarray, lengths: np.ndarray, options: FimOptions, epoch: int) -> np.ndarray:
    """Tokens of the virtual documents, int32 `[N]`: three more for those that are rearranged.

    Args:
        documents: numbers of the documents in the corpus, int64 `[N]`.
        lengths: their tokens, int32 `[N]`.
        options: see `FimOptions`.
        epoch: from 0; another epoch rearranges other documents.

    Raises:
        ValueError: for a length that would pass 2**31 - 1.
    """
    documents, lengths = np.ascontiguousarray(documents, np.int64), np.ascontiguousarray(lengths, np.int32)
    if len(documents) != len(lengths):
        raise ValueError(f"{len(documents)} documents and {len(lengths)} lengths, expected as many of each")
    if len(lengths) and int(lengths.max()) > (1 << 31) - 1 - _ADDED:
        raise ValueError(f"a document has {lengths.max()} tokens, expected at most 2**31 - 4; cut it first")
    out = np.empty(len(lengths), np.int32)
    _virtual_lengths(documents, lengths, options.key(epoch), _scaled(options.rate), out)
    return out


def fim_copy(
    tokens: np.ndarray,
    positions: np.ndarray,
    whole_lengths: np.ndarray,
    documents: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    options: FimOptions,
    epoch: int,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Copy pieces of virtual documents, one after the other.

    Args:
        tokens: uint16 or uint32; whole documents lie in it, as they were written.
        positions: where the document of each piece begins in `tokens`, `[S]`.
        whole_lengths: its tokens there, `[S]`.
        documents: its number in the corpus, `[S]`.
        starts, lengths: the piece, in tokens of the virtual document, `[S]`.
        options, epoch: as for `virtual_lengths`.
        out: of the type of `tokens`, of `[sum(lengths)]`; every element is overwritten. None makes a new one.

    Raises:
        ValueError: for pieces outside their virtual document, documents outside `tokens`, types or sizes.

    Example: of the document 5 6 7 8 cut behind 5 and 7, `[PRE] 5 [SUF] 8 [MID] 6 7`; start 2, length 3 is
        `[SUF] 8 [MID]`.
    """
    columns = _checked_pieces(tokens, (positions, whole_lengths, documents, starts, lengths), options, epoch)
    needed = int(columns[4].sum())
    if out is None:
        out = np.empty(needed, tokens.dtype)
    if out.dtype != tokens.dtype or out.shape != (needed,) or not out.flags.c_contiguous:
        raise ValueError(f"out is {out.dtype} {out.shape}, expected contiguous {tokens.dtype} ({needed},)")
    ids = (options.prefix_id, options.suffix_id, options.middle_id)
    most = np.iinfo(tokens.dtype).max
    if max(ids) > most:
        raise ValueError(f"prefix_id, suffix_id, middle_id are {ids}, tokens are {tokens.dtype}: at most {most}")
    _copy_pieces(np.ascontiguousarray(tokens), *columns, *_choices(options, epoch), *ids, _eos_id(options), out)
    return out


def fim_spans(
    tokens: np.ndarray,
    positions: np.ndarray,
    whole_lengths: np.ndarray,
    documents: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    loss_spans: tuple[np.ndarray, np.ndarray],
    options: FimOptions,
    epoch: int,
) -> tuple[np.ndarray, np.ndarray]:
    """What is trained on in pieces of virtual documents.

    Args:
        tokens ... lengths, options, epoch: as for `fim_copy`.
        loss_spans: (spans `[K, 2]`, splits `[S + 1]`): piece s is of a document that is trained on, as it was written,
            in the spans `splits[s]` to `splits[s + 1]`; rising and disjoint.

    Returns:
        The same of the pieces, in tokens from the beginning of each: spans int32, splits int64.

    Raises:
        ValueError: as `fim_copy`; for splits of another length.

    Example: of the document 5 6 7 8 cut behind 5 and 7, `[PRE] 5 [SUF] 8 [MID] 6 7`, with the span 2 to 4 (7 8) the
        spans are 3 to 4 (8) and 6 to 7 (7).
    """
    columns = _checked_pieces(tokens, (positions, whole_lengths, documents, starts, lengths), options, epoch)
    spans, splits = np.ascontiguousarray(loss_spans[0], np.int32), np.ascontiguousarray(loss_spans[1], np.int64)
    if len(splits) != len(columns[0]) + 1 or spans.shape != (splits[-1], 2):
        raise ValueError(f"spans {spans.shape} with {len(splits)} splits for {len(columns[0])} pieces")
    moved = np.empty((len(spans) + 3 * len(columns[0]), 2), np.int32)
    moved_splits = np.empty(len(splits), np.int64)
    choices = (*_choices(options, epoch), _eos_id(options))
    found = _move_spans(np.ascontiguousarray(tokens), *columns, *choices, spans, splits, moved, moved_splits)
    return moved[:found], moved_splits


def _checked_pieces(
    tokens: np.ndarray, given: tuple[np.ndarray, ...], options: FimOptions, epoch: int
) -> list[np.ndarray]:
    """Positions, whole lengths, documents, starts and lengths of pieces, int64."""
    columns = [np.ascontiguousarray(column, np.int64) for column in given]
    if len({len(column) for column in columns}) != 1:
        raise ValueError(f"the columns have lengths {[len(column) for column in columns]}, expected as many of each")
    if tokens.dtype not in (np.uint16, np.uint32) or tokens.ndim != 1:
        raise ValueError(f"tokens are {tokens.dtype} {tokens.shape}, expected one-dimensional uint16 or uint32")
    positions, whole_lengths, documents, starts, lengths = columns
    ends = virtual_lengths(documents, whole_lengths, options, epoch)
    outside = (positions < 0) | (whole_lengths < 0) | (whole_lengths > len(tokens) - positions)
    outside |= (starts < 0) | (lengths < 0) | (lengths > ends - starts)
    if outside.any():
        piece = int(outside.argmax())
        raise ValueError(
            f"piece {piece}: tokens {starts[piece]} to {starts[piece] + lengths[piece]} of document "
            f"{documents[piece]}, which has {ends[piece]} and lies at {positions[piece]} of {len(tokens)} tokens"
        )
    return columns


def _choices(options: FimOptions, epoch: int) -> tuple[int, int, int]:
    """What the choices of an epoch are made by."""
    return options.key(epoch), _scaled(options.rate), _scaled(options.spm_rate)


def _eos_id(options: FimOptions) -> int:
    return -1 if options.eos_id is None else options.eos_id


def _scaled(rate: float) -> int:
    """A share as a bound of 53 random bits; 1 is above all of them."""
    return int(rate * (1 << 53))
