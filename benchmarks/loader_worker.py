"""What every worker of `loader.py` does around its loader.

    PYTHON benchmarks/loader_worker_NAME.py '{"action": ..., "way": ..., "folder": ..., ...}'

A worker runs in an environment of its own and imports nothing of the others. It has a `Peer`: `write` puts the
corpus of `loader_data.py` into the peer's format, `open` gives an iterator over batches `(input_ids, labels, ...)`,
int64 tensors [8, 2048], with a method `state()`; what that returns is given to `open` again to go on. Actions:

    write    the corpus in the peer's format
    run      a fresh process to its first batch, with `state` to the next one, and memory over torch's own; then, with
             `seconds`, tokens and CPU-seconds (of its children too) for that long or until the epoch is over
    epoch    all of an epoch: its ids into a file, the state at half of it and what came next
    ranks    all ranks of a world, forked, from the states given for so many batches each: their ids into files

The last line on standard output is JSON.
"""

import sys
import time


def work(peer, packages):
    """Do what the command line says. `peer()` imports the library: what that costs is in `first`."""
    import json

    job = json.loads(sys.argv[1])
    answer = {"run": _run, "epoch": _epoch, "ranks": _ranks, "write": _write}[job["action"]](peer, job)
    from importlib.metadata import version

    answer["versions"] = {name: version(name) for name in packages}
    print("\n" + json.dumps(answer), flush=True)


def _write(peer, job):
    begin = time.perf_counter()
    peer().write(job["corpus"], job["folder"], job["way"])
    return {"seconds": time.perf_counter() - begin}


def _run(peer, job):
    """`t0` is the clock of the process that started this one, read just before (CLOCK_MONOTONIC is the machine's)."""
    import torch

    imported, imported_cpu, base = time.monotonic(), time.process_time(), memory_mb()
    torch.set_num_threads(1)
    opened = peer()
    stream = iter(opened.open(job["folder"], job["way"], 0, 1, _read_state(job.get("state"))))
    batch = next(stream)
    ready, ready_cpu = time.monotonic(), _cpu_s()
    facts = {"first_s": ready - job["t0"], "torch_s": imported - job["t0"], "batch": batch_hash(batch)}
    facts |= {"first_cpu_s": ready_cpu, "torch_cpu_s": imported_cpu, "first_mb": memory_mb() - base}
    if job["seconds"]:
        facts |= _rate(stream, opened, job["seconds"])
    return facts | {"memory_mb": memory_mb() - base}


def _rate(stream, opened, seconds):
    """Tokens, seconds and CPU-seconds of a part of an epoch, or of what is left of it."""
    for _ in range(2):
        _check_shape(next(stream), opened)
    begin, cpu, tokens = time.perf_counter(), _cpu_s(), 0
    while time.perf_counter() - begin < seconds:
        batch = next(stream, None)
        if batch is None:
            break
        tokens += batch[0].numel()
    return {"tokens": tokens, "seconds": time.perf_counter() - begin, "cpu_s": _cpu_s() - cpu}


def _epoch(peer, job):
    opened = peer()
    loader = opened.open(job["folder"], job["way"], 0, 1, None)
    stream, batches, answer = iter(loader), 0, {}
    with open(job["out"], "wb") as file:
        for batch in stream:
            if batches == job["half"]:
                answer["batch"] = batch_hash(batch)
            _append(file, batch, opened)
            batches += 1
            if batches == job["half"]:
                answer["state_bytes"] = _save_state(loader.state(), job["state"])
    return answer | {"batches": batches}


def _ranks(peer, job):
    """Every phase is a world of ranks that run at the same time, each a fork; libraries are imported once, before.

    Each of `phases`: `world`, `batches` a rank (null: until the epoch is over), `out`, and after the first `states` to
    begin with (their `out`) and `before`, that world. States are rank 0's, or where `own_state` is set a rank's own.
    A rank's ids go to `out.RANK`, its state at the end to `out.RANK.state`.
    """
    import os

    opened = peer()
    failures = []
    for number, phase in enumerate(job["phases"]):
        children = []
        for rank in range(phase["world"]):
            child = os.fork()
            if not child:
                os._exit(_rank(opened, job, phase, rank, number))
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        failures.append(next((_text(f"{phase['out']}.{rank}.error") for rank, code in enumerate(codes) if code), None))
    return {"failures": failures}


def _rank(peer, job, phase, rank, number):
    import os

    world = phase["world"]
    here = {
        "RANK": rank,
        "GLOBAL_RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": world,
        "LOCAL_WORLD_SIZE": world,
        "NODE_RANK": 0,
    }
    os.environ.update({key: str(value) for key, value in here.items()})
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(job["port"] + number), "GROUP_RANK": "0"}
    try:
        mine = rank % phase["before"] if phase["states"] and getattr(peer, "own_state", False) else 0
        state = _read_state(f"{phase['states']}.{mine}.state") if phase["states"] else None
        loader = peer.open(job["folder"], job["way"], rank, world, state)
        stream, batches = iter(loader), 0
        with open(f"{phase['out']}.{rank}", "wb") as file:
            while batches != phase["batches"] and (batch := next(stream, None)) is not None:
                _append(file, batch, peer)
                batches += 1
        _save_state(loader.state(), f"{phase['out']}.{rank}.state")
    except BaseException as error:  # the fork must never return into its parent's code; what went wrong is reported
        with open(f"{phase['out']}.{rank}.error", "w") as file:
            file.write(f"{type(error).__name__}: {error}".splitlines()[0][:300])
        return 1
    return 0


def batch_hash(batch):
    import zlib

    return zlib.crc32(batch[0].contiguous().numpy().tobytes())


def memory_mb():
    """Private and shared memory of this process and its children, in MB, without the pages of mapped files."""
    import glob
    import os

    total = 0
    for each in [os.getpid(), *_children()]:
        for path in glob.glob(f"/proc/{each}/status"):
            lines = [line.split() for line in _text(path).splitlines()]
            total += sum(int(line[1]) for line in lines if line and line[0] in ("RssAnon:", "RssShmem:"))
    return total / 1024


def _children():
    import glob
    import os

    found = []
    for path in glob.glob(f"/proc/{os.getpid()}/task/*/children"):
        found += _text(path).split()
    return found


def _cpu_s():
    """CPU time of this process and of its children, those alive too."""
    import os

    own = time.process_time()
    tick = os.sysconf("SC_CLK_TCK")
    for child in _children():
        fields = _text(f"/proc/{child}/stat").rsplit(")", 1)[-1].split()
        own += (int(fields[11]) + int(fields[12])) / tick
    return own


def _check_shape(batch, peer):
    import torch

    for tensor in batch[:2]:
        if (tuple(tensor.shape) != (8, 2048) and not getattr(peer, "flat", False)) or tensor.dtype != torch.int64:
            raise SystemExit(f"a batch of {tuple(tensor.shape)} {tensor.dtype}, expected [8, 2048] int64")


def _append(file, batch, peer):
    """The ids of a batch; of rows that were cut one token longer for their labels, the last label too."""
    import numpy as np
    import torch

    ids = torch.cat([batch[0], batch[1][:, -1:]], 1) if getattr(peer, "blocks", False) else batch[0]
    file.write(ids.numpy().astype(np.int32).tobytes())


def _save_state(state, path):
    import pickle

    data = pickle.dumps(state)
    with open(path, "wb") as file:
        file.write(data)
    return len(data)


def _read_state(path):
    if path is None:
        return None
    import pickle

    with open(path, "rb") as file:
        return pickle.load(file)


def _text(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""
