"""Opening a token folder behind a URL: its manifest and index are fetched, its batches come when they are needed."""

import os
from pathlib import Path

from corpus.errors import RecipeError, ShardError
from corpus.loader.cache import FileCache
from corpus.loader.open_folder import fingerprint, token_dtype, token_schema
from corpus.loader.remote import RemoteShards
from corpus.loader.remote_files import RemoteFiles
from corpus.loader.token_index import TokenIndex, index_part, read_index
from corpus.shards.manifest import FILE_NAME, Manifest, parse_manifest


def open_remote(
    url: str, verify: str, cache_dir: str | Path | None, cache_bytes: int, retries: int
) -> tuple[Manifest, TokenIndex, RemoteShards]:
    """A folder's manifest, index and batches.

    Args:
        url: http(s)://, s3://, gs:// or file://, see `RemoteFiles`.
        verify, cache_dir, cache_bytes, retries: as in `TokenShards`.

    Raises:
        RecipeError: `verify` is "full", or a number is out of range.
        ShardError: something cannot be read, or disagrees with the rest.
    """
    if verify == "full":
        raise RecipeError("verify 'full' would read all of a folder behind a URL; 'first_touch' checks what is read")
    if cache_bytes < 1 or retries < 0:
        raise RecipeError(f"cache_bytes {cache_bytes}, retries {retries}: expected 1 or more, and 0 or more")
    files = RemoteFiles(url, retries)
    name = files.name
    manifest = parse_manifest(files.read(FILE_NAME), f"{name}/{FILE_NAME}")
    part = index_part(manifest)
    if part is None:
        raise ShardError(f"{name} has no index.arrow, without which a remote folder cannot be read; tokenize again")
    index = read_index(files.read(part.path), manifest, token_schema(manifest, name), name)
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = FileCache(cache_dir or Path(user) / "siku" / "tokens", cache_bytes)
    dtype = token_dtype(manifest, name)
    shards = RemoteShards(files, cache, manifest, index, dtype, fingerprint(manifest), hashed=verify == "first_touch")
    return manifest, index, shards
