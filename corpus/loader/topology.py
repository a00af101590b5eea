"""Where a process stands among the parallel dimensions of a training job, as far as a data loader has to know.

Ranks with the same `dp_rank` are one replica of the model and read the same batches; the tensor, pipeline and
context ranks inside a replica say who they are, so that one may slice a batch or leave it unread. Nothing here
talks to another process: the numbers come from arguments, the environment, or objects that already know them
(a torch `DeviceMesh`, Megatron's `parallel_state`, DeepSpeed's grid).

Guarantee: what does not add up is refused: a dimension of a mesh that nobody claimed would have its ranks read
the same batches, and two launchers that disagree would have ranks read each other's. Price: nothing.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corpus.errors import RecipeError

MEGATRON_ORDER = "tp-cp-dp-pp"  # from the fastest-changing dimension of the global rank to the slowest

_DIMENSIONS = ("dp", "tp", "pp", "cp")
_LAUNCHERS = (  # name, this rank, number of ranks
    ("torch", "RANK", "WORLD_SIZE"),
    ("Slurm", "SLURM_PROCID", "SLURM_NTASKS"),
    ("Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
)
_LAUNCHED_WITHIN = ("TORCHELASTIC_RUN_ID", "CROSS_SIZE")  # torchrun, deepspeed: their own ranks hold, not Slurm's
_MPU_SPELLINGS = {  # what comes between `get_` and `_rank` or `_world_size`, first found is taken
    "dp": ("data_parallel",),
    "tp": ("tensor_model_parallel", "slice_parallel", "model_parallel"),
    "pp": ("pipeline_model_parallel", "pipe_parallel"),
    "cp": ("context_parallel", "sequence_parallel"),
}
_GRID_SPELLINGS = {"dp": "data_parallel", "tp": "slice_parallel", "pp": "pipe_parallel"}


@dataclass(frozen=True)
class Topology:
    """One process's place.

    Fields:
        dp_rank, dp_size: which replica this is, and how many there are; all that decides which rows are read.
        tp_rank, tp_size: tensor parallel.
        pp_rank, pp_size: pipeline stage.
        cp_rank, cp_size: context (sequence) parallel: which slice of every row, see
            `PackedBatch.context_parallel`.

    Raises:
        RecipeError: a rank is not below its size.

    Example: `Topology(dp_rank=5, dp_size=6)`.
    """

    dp_rank: int
    dp_size: int
    tp_rank: int = 0
    tp_size: int = 1
    pp_rank: int = 0
    pp_size: int = 1
    cp_rank: int = 0
    cp_size: int = 1

    def __post_init__(self) -> None:
        for dimension in _DIMENSIONS:
            rank, size = getattr(self, f"{dimension}_rank"), getattr(self, f"{dimension}_size")
            if not (isinstance(rank, int) and isinstance(size, int) and 0 <= rank < size):
                raise RecipeError(
                    f"{dimension}_rank is {rank!r} and {dimension}_size {size!r}; "
                    "expected whole numbers, a size of 1 or more and a rank from 0 to size - 1"
                )

    @property
    def world_size(self) -> int:
        """Processes of the whole job."""
        return self.dp_size * self.replica_size

    @property
    def replica_size(self) -> int:
        """Processes that read the same batches."""
        return self.tp_size * self.pp_size * self.cp_size

    @classmethod
    def from_rank(
        cls,
        rank: int,
        world_size: int,
        *,
        tensor: int = 1,
        pipeline: int = 1,
        context: int = 1,
        order: str = MEGATRON_ORDER,
    ) -> "Topology":
        """The place of a global rank.

        Args:
            rank, world_size: of the whole job.
            tensor, pipeline, context: sizes; data parallel is what remains of `world_size`.
            order: dimensions from the one whose neighbours are neighbouring ranks outwards. Megatron's own
                string `tp-cp-ep-dp-pp` is understood too: experts share their ranks with other dimensions.

        Example: rank 9 of 16 with tensor=2, pipeline=2 -> tp 1, pp 1, dp 0.
        """
        sizes = {"tp": tensor, "pp": pipeline, "cp": context}
        named = [name for name in order.split("-") if name != "ep"]
        if sorted(named) != sorted(_DIMENSIONS):
            raise RecipeError(f"order is {order!r}, expected tp, cp, dp and pp once each, as in {MEGATRON_ORDER!r}")
        replica = tensor * pipeline * context
        if min(sizes.values()) < 1 or world_size < 1 or world_size % replica:
            raise RecipeError(
                f"{world_size} ranks cannot be tensor {tensor} x pipeline {pipeline} x context {context} x data; "
                f"expected sizes of 1 or more whose product divides the number of ranks"
            )
        if not 0 <= rank < world_size:
            raise RecipeError(f"rank is {rank}, expected 0 to {world_size - 1}")
        sizes["dp"] = world_size // replica
        fields: dict[str, int] = {}
        for name in named:
            rank, fields[f"{name}_rank"] = divmod(rank, sizes[name])
            fields[f"{name}_size"] = sizes[name]
        return cls(**fields)

    @classmethod
    def from_env(
        cls,
        environ: Mapping[str, str] = os.environ,
        *,
        tensor: int = 1,
        pipeline: int = 1,
        context: int = 1,
        order: str = MEGATRON_ORDER,
    ) -> "Topology":
        """The place that the launcher left in the environment.

        Reads RANK and WORLD_SIZE (torchrun, deepspeed), SLURM_PROCID and SLURM_NTASKS, or
        OMPI_COMM_WORLD_RANK and _SIZE. With none of them this is the only process. Under torchrun and
        deepspeed RANK holds: the scheduler's numbers count launchers then.

        Raises:
            RecipeError: half of a pair is there, a value is no number, or launchers disagree (a WORLD_SIZE of 1
                left over in a shell from which 8 tasks were started would have all 8 read the same).
        """
        found = [pair for launcher in _LAUNCHERS if (pair := _read_launcher(environ, *launcher))]
        if found and found[0][0] == "torch" and any(name in environ for name in _LAUNCHED_WITHIN):
            found = found[:1]
        if len({pair[1:] for pair in found}) > 1:
            said = "; ".join(f"{name} says rank {rank} of {size}" for name, rank, size in found)
            raise RecipeError(f"{said}. Unset the variables that are left over, or give dp_rank and dp_size")
        _, rank, size = found[0] if found else ("", 0, 1)
        return cls.from_rank(rank, size, tensor=tensor, pipeline=pipeline, context=context, order=order)

    @classmethod
    def from_mesh(
        cls,
        mesh: Any,
        *,
        dp: str | tuple[str, ...] = ("dp", "dp_replicate", "dp_shard"),
        tp: str = "tp",
        pp: str = "pp",
        cp: str = "cp",
    ) -> "Topology":
        """The place in a torch `DeviceMesh` (FSDP2, torchtitan).

        Args:
            mesh: with named dimensions.
            dp: the data-parallel dimensions, outermost first; names that the mesh lacks have size 1.
            tp, pp, cp: the others.

        Raises:
            RecipeError: a dimension of more than one rank is none of these, or this process is not in the mesh.
        """
        names, coordinate = mesh.mesh_dim_names, mesh.get_coordinate()
        if not names:
            raise RecipeError(
                "the mesh has no mesh_dim_names; give them to init_device_mesh, or give dp_rank and dp_size"
            )
        if coordinate is None:
            raise RecipeError("this process is not in the mesh; give the mesh that spans the whole job")
        at = {name: (coordinate[i], mesh.size(i)) for i, name in enumerate(names)}
        replicas = (dp,) if isinstance(dp, str) else tuple(dp)
        unclaimed = [name for name in names if name not in (*replicas, tp, pp, cp) and at[name][1] > 1]
        if unclaimed:
            raise RecipeError(
                f"{unclaimed} of the mesh's dimensions {tuple(names)} are none of dp={replicas}, tp={tp!r}, pp={pp!r}, "
                f"cp={cp!r}, so their ranks would all read the same; name them, e.g. dp={unclaimed[0]!r}"
            )
        dp_rank, dp_size = 0, 1
        for name in replicas:
            rank, size = at.get(name, (0, 1))
            dp_rank, dp_size = dp_rank * size + rank, dp_size * size
        others = {
            f"{key}_{part}": value
            for key, name in (("tp", tp), ("pp", pp), ("cp", cp))
            for part, value in zip(("rank", "size"), at.get(name, (0, 1)), strict=True)
        }
        return cls(dp_rank, dp_size, **others)

    @classmethod
    def from_mpu(cls, mpu: Any) -> "Topology":
        """The place that Megatron's `parallel_state` knows, or an `mpu` object as DeepSpeed takes it.

        Dimensions it has no function for have size 1. With Megatron the data-parallel rank is the one without
        context parallel; DeepSpeed's sequence parallel is context parallel here.
        """
        fields: dict[str, int] = {}
        for dimension, spellings in _MPU_SPELLINGS.items():
            spelling = next((name for name in spellings if hasattr(mpu, f"get_{name}_world_size")), None)
            if spelling:
                fields[f"{dimension}_rank"] = getattr(mpu, f"get_{spelling}_rank")()
                fields[f"{dimension}_size"] = getattr(mpu, f"get_{spelling}_world_size")()
        if "dp_rank" not in fields:
            raise RecipeError(
                f"{type(mpu).__name__} has no get_data_parallel_world_size; expected megatron.core.parallel_state "
                "or an object with its functions"
            )
        return cls(**fields)

    @classmethod
    def from_deepspeed_grid(cls, grid: Any) -> "Topology":
        """The place in DeepSpeed's pipeline grid: `engine.grid` of a `PipelineEngine`.

        Its `model_parallel` functions count pipeline stages too, so the tensor rank is its `slice_parallel`.
        """
        fields = {
            f"{dimension}_{part}": getattr(grid, f"get_{spelling}_{function}")()
            for dimension, spelling in _GRID_SPELLINGS.items()
            for part, function in (("rank", "rank"), ("size", "world_size"))
        }
        return cls(**fields)


def _read_launcher(environ: Mapping[str, str], name: str, rank_key: str, size_key: str) -> tuple[str, int, int] | None:
    """(name, rank, size), or None where this launcher left no pair: Slurm sets one of the two in shells too."""
    rank, size = environ.get(rank_key), environ.get(size_key)
    if rank is None or size is None:
        if name == "torch" and (rank or size):
            missing, there = (rank_key, size_key) if rank is None else (size_key, rank_key)
            raise RecipeError(f"{there} is set and {missing} is not; set both, or give dp_rank and dp_size")
        return None
    try:
        return name, int(rank), int(size)
    except ValueError as error:
        raise RecipeError(f"{rank_key} is {rank!r} and {size_key} {size!r}, expected whole numbers") from error
