"""What `TokenLoader` was given: checked, completed by what the folder says, and made into the parts of a loader."""

from operator import index
from typing import Any

import numpy as np
import torch

from corpus.errors import RecipeError
from corpus.loader.assemble import Assembler
from corpus.loader.mixture import Mixture, Weight
from corpus.loader.order import Stream, streams_of
from corpus.loader.token_shards import TokenShards
from corpus.loader.topology import Topology
from corpus.loader.windows import PackingOptions

_WHOLE_NUMBERS = ("seq_len", "overlap", "window", "blocks", "bos_id", "max_segments", "pad_id", "seed")
_MAY_BE_NONE = ("blocks", "bos_id", "max_segments", "pad_id")


def given_topology(topology: Topology | None, dp_rank: int | None, dp_size: int | None) -> Topology:
    """The topology, or the one of a data-parallel rank and size.

    Raises:
        RecipeError: both were given.
    """
    if topology is None:
        return Topology(dp_rank=dp_rank or 0, dp_size=1 if dp_size is None else dp_size)
    if dp_rank is not None or dp_size is not None:
        raise RecipeError("both topology and dp_rank or dp_size were given; give one of them")
    return topology


def check_counts(**given: tuple[Any, int]) -> None:
    """Refuse what is no whole number, or less than its least.

    Args:
        given: by name the value and the least that it may be.

    Raises:
        RecipeError: naming it.
    """
    for name, (value, least) in given.items():
        if not isinstance(value, int) or value < least:
            raise RecipeError(f"{name} is {value!r}, expected a whole number of {least} or more")


def packing_options(shards: TokenShards, **given: Any) -> PackingOptions:
    """The options of packing.

    Args:
        shards: of the folder, whose manifest may name the ids of padding and of a document's end.
        given: every field of `PackingOptions` as `TokenLoader` takes it.

    Raises:
        RecipeError: an option is out of range.
    """
    for name in _WHOLE_NUMBERS:
        if given[name] is not None or name not in _MAY_BE_NONE:
            try:
                given[name] = index(given[name])
            except TypeError as error:
                raise RecipeError(f"{name} is {given[name]!r}, expected a whole number") from error
    seq_len, bos_id, pad_id = given["seq_len"], given["bos_id"], given["pad_id"]
    most = np.iinfo(shards.dtype).max
    if bos_id is not None and not 0 <= bos_id <= most:
        raise RecipeError(f"bos_id is {bos_id}, expected 0 to {most}, an id that the folder's {shards.dtype} holds")
    if pad_id is not None and not 0 <= pad_id < 1 << 31:
        raise RecipeError(f"pad_id is {pad_id}, expected 0 to 2**31 - 1")
    if given["max_segments"] is None:
        given["max_segments"] = min(seq_len, max(64, seq_len // 16))
    padding = (pad_id, shards.info.get("pad_id"), shards.info.get("eos_id"), 0)  # 0 is an id, null is none
    try:
        given["pad_id"] = index(next(choice for choice in padding if choice is not None))
        return PackingOptions(**given)
    except (ValueError, TypeError) as error:
        raise RecipeError(str(error)) from error


def mixed(shards: TokenShards, mixture: Mixture | dict[str, Weight] | None) -> tuple[Mixture | None, list[Stream]]:
    """The mixture, and the documents of each of its entries (of the whole folder, without one).

    Raises:
        RecipeError: the mixture is none, or does not fit the folder; the folder holds no tokens.
    """
    try:
        mixture = Mixture(mixture) if isinstance(mixture, dict) else mixture
        streams = streams_of(shards.runs, mixture.entries() if mixture else None)
    except (ValueError, TypeError) as error:
        raise RecipeError(str(error)) from error
    if not shards.num_tokens:
        raise RecipeError("the folder holds no tokens: nothing to train on; did `select` drop every document?")
    return mixture, streams


def makers(
    shards: TokenShards,
    options: PackingOptions,
    *,
    batch_size: int,
    dtype: torch.dtype,
    document_ids: bool,
    context_parallel: tuple[int, int, str] | None,
    device: torch.device,
) -> tuple[Assembler, Any]:
    """What makes batches of rows, and the `DeviceRing` that packs them where the device is a CUDA one, else None.

    Raises:
        RecipeError: an option is out of range, or there is no such device.
    """
    try:
        assembler = Assembler(shards, options, dtype, document_ids, context_parallel)
        if device.type != "cuda":
            return assembler, None
        from corpus.loader.device_ring import DeviceRing  # needs triton

        return assembler, DeviceRing(
            num_rows=batch_size,
            seq_len=options.seq_len,
            max_segments=options.max_segments,
            pad_id=options.pad_id,
            dtype=dtype,
            document_ids=document_ids,
            context_parallel=context_parallel,
            device=device,
        )
    except (ValueError, ImportError) as error:
        raise RecipeError(str(error)) from error
