"""Opening a token folder on this machine: manifest, index, and the parts as memory to be mapped."""

import hashlib
import mmap
from pathlib import Path

import numpy as np
import pyarrow as pa

from corpus.errors import ShardError
from corpus.loader.shard_files import LocalShards
from corpus.loader.token_index import TokenIndex, index_part, read_index, scan_parts
from corpus.schema import tokens_schema
from corpus.shards.manifest import Manifest, load_manifest
from corpus.shards.write import hash_file


def open_local(folder: Path, verify: str) -> tuple[Manifest, TokenIndex, LocalShards]:
    """A folder's manifest, index and parts.

    Args:
        folder: holds `manifest.json` and what it names.
        verify: as in `TokenShards`.

    Raises:
        ShardError: something is missing, damaged, or disagrees with the rest.
    """
    manifest = load_manifest(folder)
    schema = token_schema(manifest, str(folder))
    if verify == "full":
        _check_hashes(folder, manifest)
    index = _index(folder, manifest, schema)
    hashed = verify == "first_touch"
    if hashed and not index.is_hashed:
        raise ShardError(f"{folder} has no index.arrow, so there are no hashes to verify; tokenize again")
    shards = LocalShards(folder, manifest, index, token_dtype(manifest, str(folder)), hashed=hashed)
    return manifest, index, shards


def token_schema(manifest: Manifest, where: str) -> pa.Schema:
    """The schema of the parts.

    Raises:
        ShardError: the manifest has no vocabulary size.
    """
    vocab_size = manifest.info.get("vocab_size")
    if not isinstance(vocab_size, int) or vocab_size < 1:
        raise ShardError(f"{where}: info.vocab_size is {vocab_size!r}, expected a positive integer; is it WORK/tokens?")
    return tokens_schema(vocab_size)


def token_dtype(manifest: Manifest, where: str) -> np.dtype:
    """uint16 or uint32."""
    return np.dtype(str(token_schema(manifest, where).field("tokens").type.value_type))


def fingerprint(manifest: Manifest) -> str:
    """16 hex digits that change with the tokens: over path, rows and hash of every part, and the tokenizer's facts."""
    digest = hashlib.blake2b(digest_size=8)
    for part in manifest.parts:
        digest.update(f"{part.path}\0{part.rows}\0{part.xxh3}\n".encode())
    for key in ("vocab_size", "tokenizer_hash", "eos_id"):
        digest.update(f"{key}={manifest.info.get(key)}\n".encode())
    return digest.hexdigest()


def _index(folder: Path, manifest: Manifest, schema: pa.Schema) -> TokenIndex:
    part = index_part(manifest)
    if part is None:
        return scan_parts(folder, manifest, schema)
    path = folder / part.path
    if not path.is_file():
        raise ShardError(f"{path} is named by the manifest and is missing; copy it here or tokenize again")
    if not path.stat().st_size:
        return read_index(b"", manifest, schema, str(folder))
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    index = read_index(data, manifest, schema, str(folder))
    data.madvise(mmap.MADV_DONTNEED)  # what is looked at again comes from the page cache
    return index


def _check_hashes(folder: Path, manifest: Manifest) -> None:
    for part in (*manifest.parts, *manifest.extra):
        path = folder / part.path
        if not path.is_file():
            raise ShardError(f"{path} is named by the manifest and is missing; copy it here or tokenize again")
        if (found := hash_file(path)) != part.xxh3:
            raise ShardError(
                f"{path} is damaged: xxh3 {found}, the manifest says {part.xxh3}; copy it here again or tokenize again"
            )
