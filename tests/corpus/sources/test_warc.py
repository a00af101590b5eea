"""WARC: every record of the file is one row, whatever its kind, its packing or its damage."""

import gzip
import re

import pytest
import zstandard

from corpus.sources import read_records


def _record(kind: str, block: bytes, version: str = "1.0", **headers: str) -> bytes:
    lines = [f"WARC/{version}", f"WARC-Type: {kind}", "WARC-Date: 2020-01-02T03:04:05Z"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(block)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def _http(body: bytes, status: str = "200 OK", type_: str = "text/html; charset=gb2312", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {type_}\r\n{extra}\r\n".encode() + body


def _response(number: int, **options) -> bytes:
    page = f"<html><body><p>第 {number} 页</p>".encode("gb18030")
    return _record("response", _http(page, **options), WARC_Target_URI=f"<http://a/{number}>")


RECORDS = [
    (_record("warcinfo", b"software: x\r\n"), "warc_warcinfo"),
    (_record("request", b"GET / HTTP/1.0\r\n\r\n"), "warc_request"),
    (_response(0), None),
    (_record("metadata", b"a: b"), "warc_metadata"),
    (_record("revisit", b""), "warc_revisit"),
    (_record("resource", b"<html>"), "warc_resource"),
    (_response(1, status="404 Not Found"), "http_status_404"),
    (_response(2, type_="image/png"), "content_type_image"),
    (_response(3, type_="application/xhtml+xml"), None),
    (_record("response", _http("纯文本\r\n二".encode("gbk"), type_="text/plain; charset=GBK"), "1.1"), None),
    (_record("response", b"20200102 dns"), "not_http"),
    (
        _record("conversion", "网页 text".encode(), Content_Type="text/plain", WARC_Target_URI="http://a/w"),
        None,
    ),
    (_record("response", _http(b"", type_="text/html")), "empty_text"),
    (
        _record("response", _http(b"x", extra="Content-Encoding: gzip\r\n").replace(b"x", b"\x1f\x8b\x08\0zz")),
        "content_encoding_invalid",
    ),
    (_response(4, type_=""), None),
    (
        _record("response", _http(b"User-agent: *", type_="text/plain"), WARC_Target_URI="https://a/robots.txt"),
        "robots_txt",
    ),
    (_record("response", _http(b"about robots", type_="text/plain"), WARC_Target_URI="https://a/b/robots.txt"), None),
]


def _rows(path, data: bytes, **options) -> list[dict]:
    path.write_bytes(data)
    return [row for batch in read_records(path, **options) for row in batch.to_pylist()]


PACKING = {
    "plain": b"".join,
    "member a record": lambda records: b"".join(map(gzip.compress, records)),
    "one member": lambda records: gzip.compress(b"".join(records)),
    "zstd frame a record": lambda records: b"".join(map(zstandard.ZstdCompressor().compress, records)),
    "lf for crlf": lambda records: b"".join(records).replace(b"\r\n\r\nWARC", b"\n\nWARC"),
}


@pytest.mark.parametrize("packing", PACKING)
def test_every_kind_of_record_in_every_packing(tmp_path, packing):
    rows = _rows(tmp_path / "a.bin", PACKING[packing]([data for data, _ in RECORDS]))
    assert [row["reason"] for row in rows] == [reason for _, reason in RECORDS]
    if packing != "lf for crlf":
        whole = b"".join(data for data, _ in RECORDS)
        assert all(whole[row["offset"] :].startswith(b"WARC/1.") for row in rows)
    assert (rows[2]["url"], rows[2]["charset"], rows[2]["timestamp"]) == (
        "http://a/0",
        "gb2312",
        "2020-01-02T03:04:05Z",
    )
    assert rows[2]["html"].decode("gbk") == "<html><body><p>第 0 页</p>" and rows[2]["text"] is None
    assert rows[9]["text"] == "纯文本\n二"
    assert (rows[11]["text"], rows[11]["url"]) == ("网页 text", "http://a/w")
    assert rows[13]["outcome"] == "unreadable"


def test_a_damaged_member_costs_only_its_record(tmp_path):
    members = [gzip.compress(_response(number)) for number in range(8)]
    broken = bytearray(members[3])
    broken[40:60] = b"\xff" * 20
    rows = _rows(tmp_path / "a.warc.gz", b"".join([*members[:3], bytes(broken), *members[4:]]))
    assert [row["url"] or row["reason"] for row in rows] == [
        *(f"http://a/{n}" for n in range(3)),
        "corrupt_gzip",
        *(f"http://a/{n}" for n in range(4, 8)),
    ]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_cut_keeps_the_whole_records_and_reports_the_rest(tmp_path, packed):
    records = [_response(number) for number in range(4)]
    pack = gzip.compress if packed else bytes
    ends = [sum(len(pack(one)) for one in records[: n + 1]) for n in range(4)]
    data, num_cuts = b"".join(map(pack, records)), 0
    for cut in range(30, len(data) - 4, 7):
        rows = _rows(tmp_path / "cut.warc", data[:cut], format="warc")
        num_whole = sum(end <= cut + (0 if packed else 4) for end in ends)
        assert [row["url"] for row in rows[:num_whole]] == [f"http://a/{n}" for n in range(num_whole)]
        rest = rows[num_whole:]
        if not any(end - 4 <= cut <= end for end in ends):
            assert rest and rest[-1]["outcome"] == "unreadable"
            assert rest[-1]["reason"] == ("truncated_gzip" if packed else "warc_truncated") or (
                len(data[:cut]) - ends[num_whole - 1] < 10 and rest[-1]["reason"] == "warc_garbage"
            )
        num_cuts += 1
    assert num_cuts > 40


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda one: one.replace(b"Content-Length: ", b"Content-Length: 1"), "warc_length_wrong"),
        (lambda one: one.replace(b"Content-Length: ", b"Content-Length: 9999999"), "warc_truncated"),
        (lambda one: re.sub(rb"(?<=Content-Length: )\d+", b"50", one), "warc_length_wrong"),
        (lambda one: one.replace(b"Content-Length", b"Content-Width"), "warc_header_invalid"),
        (lambda one: one[: len(one) // 2], "warc_truncated"),
        (lambda one: one[:-20], "warc_length_wrong"),
        (lambda one: b"XXXX" + one[4:], "warc_garbage"),
        (lambda one: one.replace(b"HTTP/1.1 200", b"HTTP/1.1 ???"), "http_header_invalid"),
    ],
    ids=[
        "too_long",
        "much_too_long",
        "too_short",
        "no_length",
        "cut_header",
        "cut_block",
        "no_version",
        "no_status",
    ],
)
def test_a_broken_record_costs_only_itself(tmp_path, damage, reason):
    records = [_response(number) for number in range(6)]
    assert damage(records[2]) != records[2]
    records[2] = damage(records[2])
    rows = _rows(tmp_path / "a.warc", b"".join(records))
    assert [row["url"] for row in rows if row["outcome"] == "document"] == [f"http://a/{n}" for n in (0, 1, 3, 4, 5)]
    (bad,) = [row for row in rows if row["outcome"] != "document"]
    assert (bad["outcome"], bad["reason"]) == ("unreadable", reason)
    assert bad["offset"] == len(records[0] + records[1]) and str(bad["offset"]) in bad["detail"]


def test_arc_is_refused_in_one_row(tmp_path):
    for data in (b"filedesc://a.arc 0.0.0.0 2010", gzip.compress(b"filedesc://a.arc 0.0.0.0 2010")):
        for format in ("auto", "warc"):
            rows = _rows(tmp_path / "a.arc", data, format=format)
            assert [row["reason"] for row in rows] == ["arc_not_supported"]
            assert "warcio recompress" in rows[0]["detail"]
