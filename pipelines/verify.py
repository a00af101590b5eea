"""`siku verify`: is what lies there what was written, and does every sum come out?"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import ShardError, SikuError
from corpus.shards import (
    Counts,
    Manifest,
    add_counts,
    check_conservation,
    count_outcomes,
    hash_file,
    load_manifest,
    read_batches,
)
from corpus.shards.manifest import FILE_NAME
from pipelines.final import trimming
from pipelines.stage import FOLDERS, current_stages

_AGAIN = "run the same command again to make it anew"

# (stage, its count) == (stage, its count) for every source
_LINKS = (
    ("extract", "kept", "dedup", "read"),
    ("extract", "kept", "select", "read"),
    ("select", "kept", "trim", "read"),
)


@dataclass(frozen=True)
class Check:
    """One thing that was checked."""

    ok: bool
    text: str


def verify_work(work: Path) -> Iterator[Check]:
    """Every check of a work folder, worst news included.

    Raises:
        ShardError: there is nothing to check.
    """
    manifests: dict[str, Manifest] = {}
    trims = trimming(work).is_on
    for stage, folder in FOLDERS.items():
        if (work / folder / FILE_NAME).is_file() and (stage != "trim" or trims):
            manifests[stage] = load_manifest(work / folder)
    if not manifests:
        raise ShardError(f"{work} holds no finished stage; `siku run RECIPE --work {work}` makes them")
    for stage, manifest in manifests.items():
        yield from _check_parts(stage, work / FOLDERS[stage], manifest)
        yield _check_counts(stage, work / FOLDERS[stage], manifest)
    current = current_stages(work)
    for stage in manifests:
        if stage not in current:
            yield Check(False, f"{stage}: {_why_stale(stage, manifests[stage], trims)}; {_AGAIN}")
    last = ("trim" if trims else "select", "kept", "tokenize", "read")
    for first, first_count, second, second_count in (*_LINKS, last):
        if first in current and second in current:
            yield _check_link(manifests[first], first_count, manifests[second], second_count)


def _why_stale(stage: str, manifest: Manifest, trims: bool) -> str:
    inputs = " and ".join(manifest.inputs)
    if stage == "trim":
        return f"made from an older {inputs}, or with other options than recipe.json has"
    if FOLDERS["select" if trims else "trim"] in manifest.inputs and stage != "trim":
        return f"made from {inputs}, but the recipe {'trims' if trims else 'trims no longer'}"
    return f"made from an older {inputs}"


def _check_parts(stage: str, folder: Path, manifest: Manifest) -> Iterator[Check]:
    good = size = 0
    parts = manifest.files
    for part in parts:
        path = folder / part.path
        if not path.is_file():
            yield Check(False, f"{stage}: {path} is missing; {_AGAIN}")
        elif (found := hash_file(path)) != part.xxh3:
            yield Check(
                False, f"{stage}: {path} has xxh3 {found}, the manifest says {part.xxh3}; delete it, then {_AGAIN}"
            )
        else:
            good += 1
            size += part.bytes
    if good == len(parts):
        yield Check(True, f"{stage}: hashed {good} files, {size:,} bytes as written")


def _check_counts(stage: str, folder: Path, manifest: Manifest) -> Check:
    try:
        check_conservation(manifest.counts, stage)
        if manifest.ledger:
            batches = (batch for part in manifest.ledger for batch in read_batches(folder / part.path))
            counted = add_counts(count_outcomes(batch) for batch in batches)
            for source, counts in manifest.counts.items():
                found = counted.get(source, Counts())
                for name in ("kept", "dropped", "unreadable", "reasons"):
                    if getattr(found, name) != getattr(counts, name):
                        return Check(
                            False,
                            f"{stage}: source {source!r}: the ledger's rows give {name} {getattr(found, name)}, "
                            f"the manifest says {getattr(counts, name)}",
                        )
    except SikuError as error:
        return Check(False, str(error))
    sums = Counts()
    for counts in manifest.counts.values():
        sums.add(counts)
    if not manifest.counts:
        return Check(True, f"{stage}: counts no records")
    return Check(
        True,
        f"{stage}: {sums.read:,} read = {sums.kept:,} kept + {sums.dropped:,} dropped + "
        f"{sums.unreadable:,} unreadable, in each of {len(manifest.counts)} sources",
    )


def _check_link(first: Manifest, first_count: str, second: Manifest, second_count: str) -> Check:
    for source in {*first.counts, *second.counts}:
        left = getattr(first.counts.get(source, Counts()), first_count)
        right = getattr(second.counts.get(source, Counts()), second_count)
        if left != right:
            return Check(
                False,
                f"source {source!r}: {first.stage} {first_count} {left:,} documents, {second.stage} {second_count} "
                f"{right:,}",
            )
    return Check(True, f"{first.stage} {first_count} = {second.stage} {second_count}, in each source")
