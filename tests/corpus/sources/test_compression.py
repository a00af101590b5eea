"""Decompression gives every byte before a damage, whatever the codec, the cut or the nesting."""

import bz2
import gzip
import lzma
import random

import pytest
import zstandard

from corpus.errors import InputError
from corpus.sources.compression import StreamDamaged, next_frame, open_stream

PACK = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def _text(num_lines: int, seed: int = 0) -> bytes:
    draw = random.Random(seed)
    return b"".join(b"line %d %x\n" % (number, draw.getrandbits(64)) for number in range(num_lines))


def _read(path) -> tuple[bytes, StreamDamaged | None]:
    out = []
    try:
        for chunk in open_stream(path).chunks:
            out.append(chunk)
    except StreamDamaged as damage:
        return b"".join(out), damage
    return b"".join(out), None


@pytest.mark.parametrize("codec", PACK)
def test_many_frames_under_a_wrong_name_come_out_whole(tmp_path, codec):
    parts = [_text(n, n) for n in (1, 5000, 0, 300)]
    path = tmp_path / "plain.txt"
    path.write_bytes(b"".join(map(PACK[codec], parts)))
    assert open_stream(path).codec == codec
    assert _read(path) == (b"".join(parts), None)


@pytest.mark.parametrize("inner", PACK)
def test_a_codec_inside_zstandard_is_undone(tmp_path, inner):
    path = tmp_path / "x.zst"
    path.write_bytes(PACK["zstd"](PACK[inner](_text(100))))
    assert open_stream(path).codec == f"zstd+{inner}"
    assert _read(path) == (_text(100), None)


def test_a_plain_file_is_passed_through_and_a_missing_one_refused(tmp_path):
    (tmp_path / "a.gz").write_bytes(_text(10))
    assert _read(tmp_path / "a.gz") == (_text(10), None)
    with pytest.raises(InputError, match="no file"):
        open_stream(tmp_path / "none")


@pytest.mark.parametrize("codec", PACK)
def test_every_cut_gives_a_prefix_and_says_truncated(tmp_path, codec):
    whole = _text(400)
    packed, path = PACK[codec](whole), tmp_path / "cut"
    lengths = []
    for cut in range(20, len(packed), max(1, len(packed) // 40)):
        path.write_bytes(packed[:cut])
        out, damage = _read(path)
        assert damage is not None and damage.reason == f"truncated_{codec}"
        assert damage.offset == cut
        assert whole.startswith(out)
        lengths.append(len(out))
    assert len(lengths) > 10 and lengths == sorted(lengths)
    if codec == "gzip":
        assert lengths[-1] > 0.9 * len(whole)


def test_a_corrupt_gzip_gives_all_that_zlib_can_reach(tmp_path):
    """The oracle feeds zlib byte by byte, so it cannot lose the output of a failing call."""
    import zlib

    whole, path, seen = _text(30_000), tmp_path / "bad.gz", 0
    packed = gzip.compress(whole)
    for place in (500, 20_000, 100_000, len(packed) - 40_000):
        broken = bytearray(packed)
        broken[place : place + 8] = b"\xff" * 8
        path.write_bytes(broken)
        out, damage = _read(path)
        oracle, decoder = [], zlib.decompressobj(31)
        with pytest.raises(zlib.error):
            for byte in range(len(broken)):
                oracle.append(decoder.decompress(broken[byte : byte + 1]))
            raise zlib.error("truncated")
        assert damage is not None and damage.reason == "corrupt_gzip"
        assert out == b"".join(oracle)
        seen += len(out)
    assert seen > 100_000


def test_damage_in_a_later_member_keeps_the_members_before_it(tmp_path):
    first, second = _text(2000, 1), _text(2000, 2)
    packed = bytearray(gzip.compress(first) + gzip.compress(second))
    packed[-4:] = b"\0\0\0\1"  # the length that the second member claims
    path = tmp_path / "two.gz"
    path.write_bytes(packed)
    out, damage = _read(path)
    assert out == first + second
    assert damage is not None and damage.reason == "corrupt_gzip" and damage.offset > len(gzip.compress(first))


def test_zeros_after_the_last_member_are_padding_and_other_bytes_are_not(tmp_path):
    path = tmp_path / "pad.gz"
    path.write_bytes(gzip.compress(b"a") + bytes(1000))
    assert _read(path) == (b"a", None)
    path.write_bytes(gzip.compress(b"a") + b"garbage")
    out, damage = _read(path)
    assert out == b"a" and damage is not None and damage.reason == "corrupt_gzip"


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_the_next_whole_frame_is_found(tmp_path, codec):
    frames = [PACK[codec](_text(50, n)) for n in range(4)]
    path = tmp_path / "frames"
    path.write_bytes(b"".join(frames))
    assert next_frame(path, codec, 1) == len(frames[0])
    assert next_frame(path, codec, len(frames[0]) + 1) == len(frames[0] + frames[1])
    assert next_frame(path, codec, len(b"".join(frames[:3])) + 1) is None
    assert next_frame(path, "xz", 0) is None
