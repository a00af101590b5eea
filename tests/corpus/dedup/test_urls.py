"""URLs of one page have one form, and URLs of two pages never do."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dedup.urls import TRACKING, normal_url, url_keys

SAME = {
    "scheme, www, host, port": (
        "example.com/a",
        ["http://example.com/a", "https://www.example.com/a", "HTTP://EXAMPLE.com:80/a", "https://Example.com:443/a"],
    ),
    "user, dot, space": (
        "example.com/a",
        [
            "https://me:pw@example.com./a",
            "http://me:p@ss@example.com/a",
            "  https://example.com/a ",
            "http://example.com:/a",
        ],
    ),
    "no path": (
        "example.com",
        ["http://example.com", "https://www.example.com/", "http://example.com/?", "http://example.com/#top"],
    ),
    "trailing slash": (
        "example.com/a/b",
        ["http://example.com/a/b/", "http://example.com/a/b", "http://example.com/a/b//?utm_id=3"],
    ),
    "escapes": ("a.org/~b%2Fc?q=~%20d", ["http://a.org/%7eb%2fc?q=%7E%20d", "http://a.org/~b%2Fc?q=~ d"]),
    "utf-8": ("zh.org/%E6%B1%89?k=%E5%AD%97", ["http://zh.org/汉?k=字", "http://zh.org/%e6%b1%89?k=%e5%ad%97"]),
    "idna": ("xn--fiqs8s.com/a", ["http://中国.com/a", "http://XN--fiqs8s.com/a", "https://www.中国.com/a"]),
    "query": (
        "a.org/p?a=1&b=2&b=1",
        ["http://a.org/p?b=2&a=1&b=1", "http://a.org/p?a=1&&b=2&b=1&", "http://a.org/p/?b=2&b=1&a=1"],
    ),
    "tracking": (
        "a.org/p?id=7",
        [
            "http://a.org/p?id=7",
            "http://a.org/p?utm_source=x&id=7&UTM_medium=y",
            "http://a.org/p?fbclid=1&gclid=2&id=7#s",
            "http://a.org/p;jsessionid=0A1B?id=7",
            "http://a.org/p?spm=a2c.1&id=7&spm_id_from=333",
        ],
    ),
    "only tracking": ("a.org/p", ["http://a.org/p?utm_source=x", "http://a.org/p?_ga=1&spm=2"]),
    "path of a script": ("a.org#!/b", ["http://a.org/#!/b", "https://www.a.org/#!/b"]),
}
APART = [
    "http://a.org/p",
    "http://a.org/P",
    "http://a.org/p?a=1",
    "http://a.org/p?a=2",
    "http://a.org/p?a",
    "http://a.org/p?a=",
    "http://a.org/p?a=1&a=2",
    "http://a.org/p?a=2&a=1",
    "http://a.org/p?A=1",
    "http://a.org/p?ref=main",
    "http://a.org/p?from=x",
    "http://a.org/p/index.html",
    "http://a.org//p",
    "http://m.a.org/p",
    "http://a.org:8080/p",
    "http://a.org/p%2Fq",
    "http://a.org/p/q",
    "http://a.org/p#!q",
    "http://a.org/p#/q",
    "http://b.org/p",
    "http://a.org/%C4%E3",
    "http://a.org/你",
    "http://www.org/p",
    "http://org/p",
]
NONE = [
    "",
    " ",
    "unknown",
    "n/a",
    "null",
    "www.example.com/a",
    "/wiki/A",
    "ftp://a.org/p",
    "http://",
    "https:///a",
    "data:text/html,x",
    "file:///a",
    "urn:isbn:1",
    "http//a.org",
]


@pytest.mark.parametrize("case", SAME)
def test_urls_of_one_page(case):
    normal, urls = SAME[case]
    assert {url: normal_url(url) for url in urls} == dict.fromkeys(urls, normal)


def test_urls_of_different_pages_stay_apart():
    found = [normal_url(url) for url in APART]
    assert None not in found and len(set(found)) == len(APART)


@pytest.mark.parametrize("url", NONE)
def test_what_is_no_url_has_no_form(url):
    assert normal_url(url) is None


_TEXT = st.text(st.sampled_from("abA1-._~%2fF;=&汉é/ +"), max_size=12)


@given(_TEXT, _TEXT, _TEXT)
def test_the_normal_form_is_its_own_normal_form(path, query, fragment):
    normal = normal_url(f"http://a.org/{path}?{query}#{fragment}")
    assert normal is not None and normal_url("https://" + normal) == normal
    assert normal.isascii() and " " not in normal


def test_keys_are_equal_where_urls_are_and_zero_where_there_is_none():
    urls = ["http://a.org/p/", None, "https://www.a.org/p", "no url", "http://a.org/q", "http://a.org/\ud7ff"]
    keys = url_keys(pa.array(urls, pa.string()))
    assert keys.shape == (6, 2) and keys.dtype == np.uint64
    same = (keys[:, None] == keys[None]).all(axis=2)
    assert same[0, 2] and same[1, 3] and same.sum() == 6 + 4
    assert not keys[[1, 3]].any() and (keys[[0, 2, 4, 5]] != 0).all()
    assert url_keys(pa.array([], pa.string())).shape == (0, 2)


def test_names_are_looked_up_in_lower_case():
    assert all(name == name.lower() for name in TRACKING) and len(TRACKING) > 20
