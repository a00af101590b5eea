"""URL signals against urllib's reading of the same URLs."""

import re
from urllib.parse import urlsplit

import pyarrow as pa

from corpus.ops.url_signals import url_signals
from corpus.schema import URL_SIGNALS

URLS = [
    "https://a-b.example.com/p/12",
    "http://user:pw@www.best-cheap-shoes.example:8080/x-y?z=1#9",
    "//cdn.example/lib",
    "https://例え.jp/文書-１",
    "http://1.2.3.4/",
    "no scheme-here.com/1",
    "https://host.example",
    "",
    None,
]


def test_signals_agree_with_urllib():
    found = url_signals(pa.array(URLS, pa.string()))
    assert list(found) == list(URL_SIGNALS)
    for row, url in enumerate(URLS):
        url = url or ""
        host = urlsplit(url).hostname or ""
        assert found["url_num_chars"][row] == len(url)
        assert found["url_num_host_labels"][row] == (len(host.split(".")) if host else 0), url
        assert found["url_num_hyphens"][row] == host.count("-"), url
        digits = len(re.findall("[0-9]", url))
        assert abs(found["url_frac_digits"][row] - digits / max(len(url), 1)) < 1e-6, url
    for name, (dtype, _) in URL_SIGNALS.items():
        assert found[name].dtype == dtype.to_pandas_dtype()


def test_slices_and_no_rows():
    urls = pa.array(URLS, pa.string())
    assert url_signals(urls[1:2])["url_num_hyphens"].tolist() == [2]
    assert all(len(values) == 0 for values in url_signals(urls[:0]).values())
