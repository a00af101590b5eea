"""The two WARC files: pages as crawled, among requests, redirects, missing pages, images and robots.txt.

Of the pages a quarter is sent gzipped and an eighth chunked. Of the Chinese pages 40 % are GBK, declared
"gb2312" by the meta tag, by the HTTP header, by both, or by nobody.
"""

import random

from pipelines.sample import material_junk, warc
from pipelines.sample.compose import Article
from pipelines.sample.html import SITES, Site, page
from pipelines.sample.planting import Item

_NOTHING = Article("", "", ())
# name of the form: (share, codec, charset in the header, charset in the meta tag)
ENCODINGS = {
    "utf-8 in header": (25, "utf-8", "utf-8", None),
    "utf-8 in meta": (20, "utf-8", None, "utf-8"),
    "utf-8 in both": (15, "utf-8", "UTF-8", "utf-8"),
    "gbk as gb2312 in meta": (16, "gbk", None, "gb2312"),
    "gbk as gb2312 in header": (12, "gbk", "gb2312", None),
    "gbk as gb2312 in both": (4, "gbk", "gb2312", "gb2312"),
    "gbk undeclared": (8, "gbk", None, None),
}


class _Crawl:
    """Gathers the records of one WARC file in the order in which a crawler wrote them."""

    def __init__(self, file: str, rng: random.Random) -> None:
        self.file, self.rng = file, rng
        self.records: list[bytes] = []
        self.items: list[Item] = []
        self.clock = 0

    def add(self, kind: str, block: bytes, item: Item, headers: dict[str, str]) -> None:
        """One record, three seconds after the last but one."""
        self.clock += self.rng.randint(1, 4)
        hours, minutes, seconds = self.clock // 3600 % 24, self.clock // 60 % 60, self.clock % 60
        date = f"2024-05-{1 + self.clock // 86400:02d}T{hours:02d}:{minutes:02d}:{seconds:02d}Z"
        name = f"{self.file}:{len(self.records)}:{self.clock}"
        self.records.append(warc.record(kind, block, name=name, date=date, headers=headers))
        self.items.append(item)

    def reject(self, reason: str, edit: str) -> Item:
        """The truth of a record that holds no document."""
        reasons = (reason,) if reason else ()
        return Item(self.file, _NOTHING, "no_document", "dropped", accept_reasons=reasons, edit=edit)

    def exchange(self, site: Site, path: str, response: bytes, item: Item) -> None:
        """A request record and its response record."""
        uri = {"WARC-Target-URI": f"https://{site.host}{path}"}
        request = warc.http_request(site.host, path)
        kind = {"Content-Type": "application/http; msgtype=request"}
        self.add("request", request, self.reject("warc_request", "request"), uri | kind)
        kind = {"Content-Type": "application/http; msgtype=response"}
        self.add("response", response, item, uri | kind)


def _extra(crawl: _Crawl, site: Site, kind: str) -> None:
    """One exchange that yields no document."""
    rng = crawl.rng
    number = rng.randrange(10**6)
    if kind == "robots":
        body = warc.http_response(200, material_junk.ROBOTS.encode(), "text/plain")
        crawl.exchange(site, "/robots.txt", body, crawl.reject("", kind))
    elif kind == "missing":
        body = b"<html><head><title>404</title></head><body><h1>404 Not Found</h1></body></html>"
        response = warc.http_response(404, body, "text/html")
        crawl.exchange(site, f"/old/{number}.html", response, crawl.reject("http_status_*", kind))
    elif kind == "moved":
        where = f"Location: https://{site.host}/a/{number}.html"
        response = warc.http_response(301, b"", "text/html", extra=[where])
        crawl.exchange(site, f"/r/{number}", response, crawl.reject("http_status_*", kind))
    else:
        image = b"\xff\xd8\xff\xe0" + rng.randbytes(900) + b"\xff\xd9"
        response = warc.http_response(200, image, "image/jpeg")
        crawl.exchange(site, f"/img/{number}.jpg", response, crawl.reject("content_type_*", kind))


def _page(crawl: _Crawl, site: Site, item: Item, related: list[str]) -> None:
    rng = crawl.rng
    chinese = item.article.language == "zh"
    names = list(ENCODINGS) if chinese else [name for name in ENCODINGS if name.startswith("utf-8")]
    form = rng.choices(names, weights=[ENCODINGS[name][0] for name in names])[0]
    _, codec, in_header, in_meta = ENCODINGS[form]
    date = f"20{rng.randint(12, 24)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    body = page(item.article, site, date, related, in_meta, rng).encode(codec, "xmlcharrefreplace")
    coding = rng.choices(["", "gzip", "chunked"], weights=[5, 2, 1])[0]
    content_type = "text/html" + (f"; charset={in_header}" if in_header else "")
    item.form = "; ".join(filter(None, (form, coding, site.layout)))
    response = warc.http_response(200, body, content_type, coding=coding)
    path = f"/{date[:4]}/{date[5:7]}/{len(crawl.records)}.html"
    crawl.exchange(site, path, response, item)


def web_file(file: str, items: list[Item], rng: random.Random) -> tuple[bytes, list[Item]]:
    """A WARC file of these pages: (its bytes, what each of its records is)."""
    crawl = _Crawl(file, rng)
    info = b"software: siku sample crawl\r\nformat: WARC File Format 1.1\r\n"
    kind = {"Content-Type": "application/warc-fields", "WARC-Filename": file}
    crawl.add("warcinfo", info, crawl.reject("warc_warcinfo", "warcinfo"), kind)
    sites = SITES["zh" if "zh" in file else "en"]
    for site in sites[:3]:
        _extra(crawl, site, "robots")
    titles = [item.article.title for item in items]
    for number, item in enumerate(items):
        if rng.random() < 0.05 or number == 3:
            _extra(crawl, rng.choice(sites), rng.choice(("missing", "missing", "moved", "image")))
        _page(crawl, rng.choice(sites), item, rng.sample(titles, min(5, len(titles))))
    return b"".join(crawl.records), crawl.items
