"""`manifest.json`: what a stage's folder holds, where it came from, and what became of every record.

A manifest is written last, so a folder that has one is complete. It holds no time and no machine: the same recipe on
the same input writes the same bytes.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.errors import ShardError
from corpus.schema import SCHEMA_VERSION
from corpus.shards.counts import Counts

FILE_NAME = "manifest.json"


@dataclass(frozen=True)
class Part:
    """One output shard of a stage. `path` is relative to the manifest's folder, `xxh3` is of the file's bytes."""

    path: str
    rows: int
    bytes: int
    xxh3: str


@dataclass(frozen=True)
class Manifest:
    """What one stage made.

    Attributes:
        stage: name of the stage.
        fingerprint: hash of inputs, options and code; a stage whose fingerprint matches is not run again.
        parts: in the order that defines the dense document numbers of later stages.
        ledger: parts of schema LEDGER; empty where the stage's own parts are the ledger.
        extra: what else it wrote, of a schema of its own: the index of `dedup`.
        counts: per source; `read == kept + dropped + unreadable` holds for each.
        inputs: folder -> hash of the manifest it was made from; where that has changed since, this output is stale.
        info: what else the stage has to say, e.g. the vocabulary size.
    """

    stage: str
    fingerprint: str
    parts: list[Part]
    ledger: list[Part] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    extra: list[Part] = field(default_factory=list)
    schema_version: int = SCHEMA_VERSION

    @property
    def files(self) -> list[Part]:
        """All that the stage wrote."""
        return self.parts + self.ledger + self.extra

    @property
    def rows(self) -> int:
        """Rows of all parts together."""
        return sum(part.rows for part in self.parts)


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `folder/manifest.json` atomically."""
    from corpus.shards.write import write_json

    write_json(folder / FILE_NAME, dataclasses.asdict(manifest))


def load_manifest(folder: Path) -> Manifest:
    """Read `folder/manifest.json`.

    Raises:
        ShardError: there is none, it is no manifest, or it is of another version.
    """
    path = folder / FILE_NAME
    if not folder.is_dir():
        raise ShardError(
            f"{folder} does not exist, so there is no {FILE_NAME} in it; name the folder of a finished stage"
        )
    if not path.is_file():
        raise ShardError(f"{folder} has no {FILE_NAME}: the stage that writes it has not finished; run it first")
    return parse_manifest(path.read_bytes(), str(path))


def parse_manifest(data: bytes, where: str) -> Manifest:
    """A manifest from its bytes; `where` they are from is for errors, see `load_manifest`."""
    try:
        raw = json.loads(data)
        version = raw["schema_version"]
    except (KeyError, TypeError, ValueError) as error:
        raise ShardError(f"{where} is not a manifest ({error!r}); delete it and run the stage again") from error
    if version != SCHEMA_VERSION:
        raise ShardError(f"{where} has schema v{version}, this siku reads v{SCHEMA_VERSION}; run the stage again")
    try:
        return Manifest(
            stage=raw["stage"],
            fingerprint=raw["fingerprint"],
            parts=[Part(**part) for part in raw["parts"]],
            ledger=[Part(**part) for part in raw["ledger"]],
            counts={source: Counts(**counts) for source, counts in raw["counts"].items()},
            inputs=dict(raw["inputs"]),
            info=raw["info"],
            extra=[Part(**part) for part in raw.get("extra", [])],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ShardError(f"{where} is not a manifest ({error!r}); delete it and run the stage again") from error
