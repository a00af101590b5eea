"""One form for the URLs of one page, so that a page that was crawled twice is found by its URL.

What is thought to make no difference: scheme (http, https), user name, case of the host, `www.` before it, a default
port, a dot behind it; how a character is escaped (`%7e` and `~`, UTF-8 and `%E6%B1%89`, IDNA); `;jsessionid=...`, a
slash at the end of the path; the order of query parameters, empty ones (`&&`), and those that only say where a visitor
came from (`TRACKING`, and all that begin with `utm_`); the fragment, unless it is the path of a page made by a script
(`#!/...`, `#/...`).

What does make a difference: case of the path, values of parameters, parameters without a value, repeated parameters
and their order, `index.html`, doubled slashes, subdomains (`m.`), and names like `ref`, `from` or `id`, which choose
the page on many sites. Only http and https URLs with a host have this form: "unknown", "n/a" or a file name in the
place of a URL must not make one page of a whole source.

Between C4's code (scheme, `www.`, everything from `?utm_`, `?ref`, `?feed` on, the last slash) and w3lib's
`canonicalize_url` (escapes, order of the query by name and value, fragment), which keeps scheme, `www.` and tracking
parameters. RefinedWeb and datatrove compare URLs as they stand unless told otherwise.

Price: 2 to 8 microseconds a URL, in Python.
"""

import contextlib
import re
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import xxhash

__all__ = ["TRACKING", "normal_url", "url_keys"]

_TRACKING = """
gclid gclsrc dclid gbraid wbraid fbclid msclkid yclid twclid ttclid igshid li_fat_id mc_cid mc_eid mkt_tok _ga _gl
_hsenc _hsmi hsctatracking oly_enc_id oly_anon_id vero_id wickedid ref_src ref_url spm spm_id_from vd_source scm
share_token share_source nsukey jsessionid phpsessid
"""
TRACKING = frozenset(_TRACKING.split())
_URL = re.compile(r"\s*https?://(?:[^/?#]*@)?([^/?#\s]+)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_PORT = re.compile(r":(?:80|443)?$")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ASCII = "".join(map(chr, range(33, 127)))
_LOW = (1 << 64) - 1


def normal_url(url: str) -> str | None:
    """The URL without what makes no difference; None where it is no http or https URL.

    Example: "HTTPS://www.Example.com:443/a%7Eb/?utm_source=x&b=2&a=1#top" -> "example.com/a~b?a=1&b=2".
    """
    match = _URL.match(url)
    if match is None:
        return None
    host, path, query, fragment = match.groups()
    host = _host(host)
    if not host:
        return None
    if ";" in path:
        path = _SESSION.sub("", path)
    normal = host + _escaped(path.rstrip()).rstrip("/")
    if query and (kept := _query(query)):
        normal += f"?{kept}"
    if fragment and fragment[0] in "!/":
        normal += f"#{_escaped(fragment.rstrip())}"
    return normal


def _host(host: str) -> str:
    host = _PORT.sub("", host.lower()).rstrip(".")
    if not host.isascii():
        with contextlib.suppress(UnicodeError):  # a label that is too long or empty: no name, but the same text
            host = host.encode("idna").decode()
    bare = host.removeprefix("www.")
    return bare if "." in bare else host


def _query(query: str) -> str:
    """The parameters that choose a page, ordered by name; those of one name stay in their order."""
    parameters = []
    for parameter in query.strip().split("&"):
        name = parameter.partition("=")[0].lower()
        if parameter and name not in TRACKING and not name.startswith("utm_"):
            parameters.append(_escaped(parameter))
    return "&".join(sorted(parameters, key=lambda parameter: parameter.partition("=")[0]))


def _escaped(text: str) -> str:
    """Percent escapes in one form: only where they are needed, in capitals, of UTF-8."""
    if "%" in text:
        text = _ESCAPE.sub(_unescaped, text)
    return text if text.isascii() and " " not in text else quote(text, safe=_ASCII)


def _unescaped(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def url_keys(url: pa.Array) -> np.ndarray:
    """128-bit hash of each URL's normal form, `[N, 2]` uint64; both halves 0 where there is none.

    Args:
        url: StringArray of `N` URLs, nulls allowed.
    """
    keys = np.zeros((len(url), 2), np.uint64)
    for row, value in enumerate(url.to_pylist()):
        normal = normal_url(value) if value else None
        if normal is not None:
            key = xxhash.xxh3_128_intdigest(normal.encode("utf-8", "surrogatepass"))
            keys[row] = key >> 64, key & _LOW
    return keys
