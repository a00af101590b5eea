"""Fill-in-the-middle (Bavarian et al. 2022, https://arxiv.org/abs/2207.14255) as an address map.

A document that is rearranged becomes a virtual one, three tokens longer:

    [PRE] prefix [SUF] suffix [MID] middle eos

The two cuts are any two places of the document, drawn alike, so parts may be empty; a trailing `eos_id` stays last. In
a share of them the prefix stands with the middle, `[PRE] [SUF] suffix [MID] prefix middle eos`: the paper's second form
of suffix-prefix-middle, which is the first cut at 0. Documents of three tokens or fewer stay as they are.

What becomes of a document is a pure function of (seed, epoch, its number): SplitMix64 from a key. So rows can be
planned before a token is read, any piece of a virtual document can be copied on its own, and every rank and thread
comes to the same. Nothing is stored. Loss spans of a rearranged document are not mapped.

`fim_naive` is the specification, `fim_numba` has the kernels.
"""

import numpy as np

from corpus.kernels.compiled import compiled
from corpus.loader.fim_options import FimOptions

__all__ = ["FimOptions", "fim_copy", "virtual_lengths"]

_ADDED = 3
_virtual_lengths = compiled(
    "corpus.loader.fim_numba:virtual_lengths", "void(int64[::1], int32[::1], uint64, uint64, int32[::1])"
)
_I64 = "int64[::1]"
_copy_pieces = compiled(
    "corpus.loader.fim_numba:copy_pieces",
    *(
        f"void({tokens}, {_I64}, {_I64}, {_I64}, {_I64}, {_I64}, uint64, uint64, uint64, int64, int64, int64, int64, "
        f"{tokens})"
        for tokens in ("uint16[::1]", "uint32[::1]")
    ),
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
    columns = [
        np.ascontiguousarray(column, np.int64) for column in (positions, whole_lengths, documents, starts, lengths)
    ]
    if len({len(column) for column in columns}) != 1:
        raise ValueError(f"the columns have lengths {[len(column) for column in columns]}, expected as many of each")
    if tokens.dtype not in (np.uint16, np.uint32) or tokens.ndim != 1:
        raise ValueError(f"tokens are {tokens.dtype} {tokens.shape}, expected one-dimensional uint16 or uint32")
    _check_pieces(len(tokens), columns, options, epoch)
    needed = int(columns[4].sum())
    if out is None:
        out = np.empty(needed, tokens.dtype)
    if out.dtype != tokens.dtype or out.shape != (needed,) or not out.flags.c_contiguous:
        raise ValueError(f"out is {out.dtype} {out.shape}, expected contiguous {tokens.dtype} ({needed},)")
    ids = (options.prefix_id, options.suffix_id, options.middle_id)
    most = np.iinfo(tokens.dtype).max
    if max(ids) > most:
        raise ValueError(f"prefix_id, suffix_id, middle_id are {ids}, tokens are {tokens.dtype}: at most {most}")
    rates = (_scaled(options.rate), _scaled(options.spm_rate))
    eos_id = -1 if options.eos_id is None else options.eos_id
    _copy_pieces(np.ascontiguousarray(tokens), *columns, options.key(epoch), *rates, *ids, eos_id, out)
    return out


def _check_pieces(num_tokens: int, columns: list[np.ndarray], options: FimOptions, epoch: int) -> None:
    positions, whole_lengths, documents, starts, lengths = columns
    ends = virtual_lengths(documents, whole_lengths, options, epoch)
    outside = (positions < 0) | (whole_lengths < 0) | (whole_lengths > num_tokens - positions)
    outside |= (starts < 0) | (lengths < 0) | (lengths > ends - starts)
    if outside.any():
        piece = int(outside.argmax())
        raise ValueError(
            f"piece {piece}: tokens {starts[piece]} to {starts[piece] + lengths[piece]} of document "
            f"{documents[piece]}, which has {ends[piece]} and lies at {positions[piece]} of {num_tokens} tokens"
        )


def _scaled(rate: float) -> int:
    """A share as a bound of 53 random bits; 1 is above all of them."""
    return int(rate * (1 << 53))
