"""A place among the ranks: the numbers every source gives, and refusals of what does not add up."""

from collections import Counter, defaultdict
from itertools import product
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributed.device_mesh import init_device_mesh
from torch.testing._internal.distributed.fake_pg import FakeStore

from corpus.errors import RecipeError
from corpus.loader.topology import Topology


@pytest.fixture
def fake_world():
    """`start(rank, world_size)`: a process group that sends nothing, as this rank of so many."""

    def start(rank: int, world_size: int) -> None:
        torch.distributed.init_process_group("fake", rank=rank, world_size=world_size, store=FakeStore())

    yield start
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def test_3072_ranks_make_6_replicas_of_512():
    """The 3D-parallel run: 8 tensor x 64 pipeline x 6 data. Fails if two stages of a replica read other rows."""
    places = [Topology.from_rank(rank, 3072, tensor=8, pipeline=64) for rank in range(3072)]
    assert Counter(place.dp_rank for place in places) == dict.fromkeys(range(6), 512)
    assert len(set(places)) == 3072
    # Megatron's layout by hand: a tensor group is 8 neighbours, a stage is 48 neighbours
    by_stage = defaultdict(set)
    for rank, place in enumerate(places):
        assert place.tp_rank == rank % 8
        assert place.dp_rank == rank // 8 % 6
        assert place.pp_rank == rank // 48
        assert (place.world_size, place.replica_size) == (3072, 512)
        by_stage[place.dp_rank].add((place.tp_rank, place.pp_rank))
    assert all(len(members) == 512 for members in by_stage.values())


@given(sizes=st.tuples(*[st.integers(1, 4)] * 4), order=st.permutations(["tp", "cp", "dp", "pp"]).map("-".join))
def test_every_place_is_taken_once_whatever_the_order(sizes, order):
    tensor, pipeline, context, data = sizes
    world = tensor * pipeline * context * data
    places = [
        Topology.from_rank(rank, world, tensor=tensor, pipeline=pipeline, context=context, order=order)
        for rank in range(world)
    ]
    assert {(p.tp_rank, p.pp_rank, p.cp_rank, p.dp_rank) for p in places} == set(
        product(range(tensor), range(pipeline), range(context), range(data))
    )
    fastest = order.split("-")[0]
    if getattr(places[0], f"{fastest}_size") > 1:
        assert getattr(places[1], f"{fastest}_rank") == 1


def test_megatron_s_own_order_string_means_the_same():
    for rank in range(24):
        assert Topology.from_rank(rank, 24, tensor=2, context=3, order="tp-cp-ep-dp-pp") == Topology.from_rank(
            rank, 24, tensor=2, context=3
        )


@pytest.mark.parametrize(
    ("environ", "rank", "size"),
    [
        ({}, 0, 1),
        ({"RANK": "3", "WORLD_SIZE": "8"}, 3, 8),
        ({"SLURM_PROCID": "3", "SLURM_NTASKS": "8"}, 3, 8),
        ({"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "8"}, 3, 8),
        ({"RANK": "3", "WORLD_SIZE": "8", "SLURM_PROCID": "3", "SLURM_NTASKS": "8"}, 3, 8),
        # salloc's shell: a number of tasks, and no task
        ({"SLURM_NTASKS": "8"}, 0, 1),
        # one torchrun a node: Slurm counts the launchers
        (
            {"RANK": "13", "WORLD_SIZE": "16", "TORCHELASTIC_RUN_ID": "7", "SLURM_PROCID": "1", "SLURM_NTASKS": "2"},
            13,
            16,
        ),
        ({"RANK": "5", "WORLD_SIZE": "8", "CROSS_SIZE": "1", "SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, 5, 8),
    ],
    ids=["alone", "torchrun", "srun", "mpirun", "agreeing", "salloc", "torchrun-in-srun", "deepspeed-in-sbatch"],
)
def test_the_environment_says_which_rank(environ, rank, size):
    assert Topology.from_env(environ) == Topology(rank, size)


def test_the_environment_with_dimensions():
    place = Topology.from_env({"RANK": "9", "WORLD_SIZE": "16"}, tensor=2, pipeline=2)
    assert place == Topology(0, 4, tp_rank=1, tp_size=2, pp_rank=1, pp_size=2)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"RANK": "0", "WORLD_SIZE": "1", "SLURM_PROCID": "5", "SLURM_NTASKS": "8"}, "Slurm says rank 5 of 8"),
        (
            {"SLURM_PROCID": "5", "SLURM_NTASKS": "8", "OMPI_COMM_WORLD_RANK": "4", "OMPI_COMM_WORLD_SIZE": "8"},
            "Open MPI",
        ),
        ({"RANK": "0"}, "WORLD_SIZE is not"),
        ({"WORLD_SIZE": "2"}, "RANK is not"),
        ({"RANK": "one", "WORLD_SIZE": "2"}, "'one'"),
        ({"RANK": "2", "WORLD_SIZE": "2"}, "0 to 1"),
    ],
    ids=["left-over", "two-launchers", "no-size", "no-rank", "no-number", "outside"],
)
def test_an_environment_that_does_not_add_up_is_refused(environ, says):
    with pytest.raises(RecipeError, match=says):
        Topology.from_env(environ)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Topology(2, 2), "dp_rank is 2"),
        (lambda: Topology(0, 1, tp_rank=-1), "tp_rank is -1"),
        (lambda: Topology(0, 0), "dp_size 0"),
        (lambda: Topology.from_rank(0, 10, tensor=4), "10 ranks"),
        (lambda: Topology.from_rank(0, 4, tensor=0), "tensor 0"),
        (lambda: Topology.from_rank(0, 4, order="tp-dp"), "'tp-dp'"),
        (lambda: Topology.from_mpu(SimpleNamespace()), "get_data_parallel_world_size"),
    ],
)
def test_impossible_places_are_refused(make, says):
    with pytest.raises(RecipeError, match=says):
        make()


MESH = ("pp", "dp_replicate", "dp_shard", "cp", "tp")


@pytest.mark.parametrize("rank", [0, 1, 17, 46, 71])
def test_a_mesh_of_five_dimensions(fake_world, rank):
    """torchtitan's mesh; the place worked out by dividing, slowest dimension first."""
    fake_world(rank, 72)
    place = Topology.from_mesh(init_device_mesh("cpu", (2, 3, 2, 3, 2), mesh_dim_names=MESH))
    assert place.tp_rank == rank % 2
    assert place.cp_rank == rank // 2 % 3
    assert place.dp_rank == rank // 6 % 6  # replicate and shard together, replicate slower
    assert place.pp_rank == rank // 36
    assert (place.dp_size, place.tp_size, place.pp_size, place.cp_size) == (6, 2, 2, 3)


def test_dimensions_a_mesh_lacks_have_size_1(fake_world):
    fake_world(5, 8)
    assert Topology.from_mesh(init_device_mesh("cpu", (8,), mesh_dim_names=("dp_shard",))) == Topology(5, 8)
    assert Topology.from_mesh(init_device_mesh("cpu", (8,), mesh_dim_names=("data",)), dp="data") == Topology(5, 8)
    assert Topology.from_mesh(init_device_mesh("cpu", (8,), mesh_dim_names=("tp",))) == Topology(0, 1, 5, 8)


def test_a_dimension_that_nobody_claims_is_refused(fake_world):
    """Fails if 8 ranks of a mesh called "data" all think themselves rank 0 of 1 and read the same."""
    fake_world(5, 8)
    with pytest.raises(RecipeError, match="dp='data'"):
        Topology.from_mesh(init_device_mesh("cpu", (8,), mesh_dim_names=("data",)))
    with pytest.raises(RecipeError, match="mesh_dim_names"):
        Topology.from_mesh(init_device_mesh("cpu", (8,)))


def test_a_mesh_over_gloo():
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", rank=0, world_size=1, store=store)
    try:
        assert Topology.from_mesh(init_device_mesh("cpu", (1, 1), mesh_dim_names=("dp", "tp"))) == Topology(0, 1)
    finally:
        torch.distributed.destroy_process_group()


def _functions(**places: tuple[int, int]) -> SimpleNamespace:
    """An object with `get_NAME_rank` and `get_NAME_world_size`."""
    made = {}
    for name, (rank, size) in places.items():
        made[f"get_{name}_rank"] = lambda rank=rank: rank
        made[f"get_{name}_world_size"] = lambda size=size: size
    return SimpleNamespace(**made)


def test_megatron_s_parallel_state():
    mpu = _functions(
        data_parallel=(4, 6), tensor_model_parallel=(3, 8), pipeline_model_parallel=(63, 64), context_parallel=(1, 2)
    )
    assert Topology.from_mpu(mpu) == Topology(4, 6, 3, 8, 63, 64, 1, 2)


def test_the_mpu_of_megatron_deepspeed():
    assert Topology.from_mpu(_functions(data_parallel=(1, 2), model_parallel=(3, 4))) == Topology(1, 2, 3, 4)
    ulysses = _functions(data_parallel=(1, 2), sequence_parallel=(3, 4))
    assert Topology.from_mpu(ulysses) == Topology(1, 2, cp_rank=3, cp_size=4)


def test_deepspeed_s_grid_counts_stages_among_its_model_ranks():
    """`get_model_parallel_rank` of the grid is pipe x slice: taken for tensor parallel it is out of range."""
    grid = _functions(data_parallel=(1, 6), pipe_parallel=(9, 64), slice_parallel=(5, 8), model_parallel=(77, 512))
    expected = Topology(1, 6, tp_rank=5, tp_size=8, pp_rank=9, pp_size=64)
    assert Topology.from_deepspeed_grid(grid) == expected
    assert Topology.from_mpu(grid) == expected
