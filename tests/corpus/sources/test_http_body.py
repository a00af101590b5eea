"""HTTP bodies: undone where the encoding is there, left where it is gone, cut where they are cut."""

import gzip
import zlib

import pytest
import zstandard

from corpus.sources import http_body
from corpus.sources.http_body import BodyError, undo_encodings

brotli = pytest.importorskip("brotli", reason="it comes with FastWARC")
PAGE = b"<html><body>" + b"".join(b"<p>paragraph %d of the page</p>\n" % n for n in range(3000)) + b"</body></html>"


def _deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def _chunked(data: bytes, size: int = 777) -> bytes:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


PACK = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "": bytes,
    "identity": bytes,
}


@pytest.mark.parametrize("encoding", PACK)
def test_each_encoding_with_and_without_chunks(encoding):
    body = PACK[encoding](PAGE)
    assert undo_encodings(body, "", encoding.upper()) == (PAGE, True)
    assert undo_encodings(_chunked(body), "chunked", encoding) == (PAGE, True)
    assert undo_encodings(body, "Chunked", encoding) == (PAGE, True)  # stored unchunked


@pytest.mark.parametrize("encoding", PACK)
def test_a_body_that_was_stored_decoded_is_left(encoding):
    assert undo_encodings(PAGE, "", encoding)[0] == PAGE


def test_bare_deflate_and_two_encodings():
    assert undo_encodings(_deflate(PAGE), "", "deflate") == (PAGE, True)
    assert undo_encodings(gzip.compress(brotli.compress(PAGE)), "", "br, gzip") == (PAGE, True)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "br"])
def test_a_cut_body_gives_what_comes_before_the_cut(encoding):
    packed = PACK[encoding](PAGE)
    body, whole = undo_encodings(packed[: len(packed) // 2], "", encoding)
    assert not whole and PAGE.startswith(body)
    if encoding != "zstd":  # one block of 128 KiB, and it is cut
        assert len(body) > 1000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "br"])
def test_a_body_over_the_limit_is_cut_and_not_whole(encoding, monkeypatch):
    """Fails if a bomb unpacks past the limit, or a page that was cut at it passes for the whole one."""
    packed = PACK[encoding](PAGE)
    for limit in (1000, 70_000, len(PAGE) - 1):
        monkeypatch.setattr(http_body, "MAX_BODY_BYTES", limit)
        assert undo_encodings(packed, "", encoding) == (PAGE[:limit], False)
    monkeypatch.setattr(http_body, "MAX_BODY_BYTES", len(PAGE) + 1)
    assert undo_encodings(packed, "", encoding) == (PAGE, True)


@pytest.mark.parametrize("encoding", ["zstd", "br"])
def test_a_bomb_is_not_unpacked_to_its_end(encoding, monkeypatch):
    """64 MiB of zeros with room for 1 MiB: at most one step, 8 MiB of zstd, is made before the stop."""
    made = []
    cut = http_body._cut
    monkeypatch.setattr(http_body, "_cut", lambda parts, whole: cut([made.append(len(p)) or p for p in parts], whole))
    monkeypatch.setattr(http_body, "MAX_BODY_BYTES", 1 << 20)
    body, whole = undo_encodings(PACK[encoding](bytes(64 << 20)), "", encoding)
    assert (len(body), whole) == (1 << 20, False)
    assert 1 << 20 < sum(made) <= 9 << 20


def test_wrong_chunks_give_what_they_hold():
    body, whole = undo_encodings(b"5\r\nhello\r\n40\r\nshort", "chunked", "")
    assert (body, whole) == (b"helloshort", False)
    body, whole = undo_encodings(b"5\r\nhello\r\nzz\r\n", "chunked", "")
    assert (body, whole) == (b"hello", False)


def test_nothing_to_read_is_an_error():
    with pytest.raises(BodyError, match="gzip"):
        undo_encodings(b"\x1f\x8b\x08\0\xff\xff\xff\xff\xff\xff\xff\xff\xff", "", "gzip")
    with pytest.raises(BodyError, match="not known"):
        undo_encodings(b"x", "", "compress")
    with pytest.raises(BodyError, match="br"):
        undo_encodings(b"\x00\xff\x01" * 30, "", "br")
