"""Look-alikes: texts that hold no personal data but something of its form, one template each.

A template is a format string. `{digits:12}` draws 12 digits, `{int:10-99}` a number from 10 to 99 inclusive; `_DRAWS`
has the others. Names without a colon, such as `{eleven}`, are drawn once for all templates of a round (`_shared`).
"""

import random
from collections.abc import Callable, Iterator

from pii_values import BASE62, digits, resident_id, token, word

HEX = "0123456789abcdef"

LOOKALIKES: tuple[tuple[str, str], ...] = (
    ("version_v", "Update to v{version} today."),
    ("version_word", "Requires version {int:10-99}.{int:10-99}.{int:100-255}.1 or later"),
    ("version_zh", "软件版本：{version}，大小 35.2MB"),
    ("version_bare", "libfoo {version} fixes two bugs"),
    ("user_agent", "Mozilla/5.0 Chrome/{long_version} Safari/537.36"),
    ("section", "see section {version} of the manual"),
    ("section_zh", "第{int:1-9}.{int:1-9}.{int:1-9}.{int:1-9}节"),
    ("private_ip", "ping 192.168.{int:0-255}.{int:1-254} or 10.{int:0-255}.0.1"),
    ("oid", "OID 1.3.6.1.4.1.{int:100-9999}.2"),
    ("order_en", "Order number: {eleven}, shipped."),
    ("order_zh", "订单号：{eleven}，已发货"),
    ("order_long_zh", "订单编号{card_like}已签收"),
    ("tracking", "Tracking number {digits:12} arrives Monday"),
    ("serial", "S/N {capitals:2-2}{eleven}"),
    ("qq_group", "QQ群：{int:100000000-999999999}"),
    ("isbn13", "ISBN 978-{int:0-9}-{digits:4}-{digits:4}-{digits:1}"),
    ("isbn13_bare", "ISBN：978{digits:10}"),
    ("price", "¥{eleven}"),
    ("price_zh", "总投资{eleven}元"),
    ("thousands", "{int:1-999},{digits:3},{digits:3},{digits:3} people"),
    ("date", "{year}-{int:10-12}-{int:10-28} {int:10-23}:{int:10-59}:30"),
    ("date_range", "{year}.{int:1-12}.{int:1-28}-{next_year}.{int:1-12}.28"),
    ("timestamp", "ts={int:1400000000-1799999999}"),
    ("timestamp_ms", '"createdAt": {int:1400000000000-1799999999999}'),
    ("compact_time", "备份{year}{int:10-12}{int:10-28}{digits:6}.zip"),
    ("hash", "{hex:40}"),
    ("hash_digits", "sha1:{eleven}{hex:29}"),
    ("uuid", "{hex:8}-4{digits:3}-{digits:4}-{digits:12}"),
    ("coordinates", "{degrees:20-50}, {degrees:70-130}"),
    ("chemical", "{int:2-5}-(3-chlorophenyl)-1,{int:2-4}-oxazole"),
    ("cas", "CAS {int:50-99999}-{digits:2}-{digits:1}"),
    ("math", "{digits:3} + {digits:4} = {int:1000-9999}, x+{digits:9}"),
    ("pi", "3.14159265358979323846 and 0.13812345678"),
    ("table", "{digits:3} {digits:4} {digits:4} {digits:4} {digits:3}"),
    ("phone_like_serial", "型号：{capitals:2-3}-{int:100-999}-{digits:3}-{digits:4}"),
    ("url_id", "https://{word:3-9}.com/item/{eleven}.html?id={eleven}"),
    ("status_url", "https://social.{word:3-9}.com/u/status/1{digits:18}"),
    ("image_2x", "![logo](img/{word:3-9}@2x.png)"),
    ("npm", "npm i {word:3-9}@{round_version} https://cdn.net/npm/{word:3-9}@3.{int:0-9}/dist/x.min.js"),
    ("decorator", "@app.route('/x')\n@{word:3-9}.{word:3-9}\ndef f(): pass"),
    ("ssh_clone", "git clone git@github.com:{word:3-9}/{word:3-9}.git"),
    ("handle", "关注 @{word:3-9} and @{word:3-9}_{digits:2} on the app"),
    ("example_mail", "type {word:3-9}@example.com into the box"),
    ("matrix", "A[{digits:2}] @ B[{digits:1}].T"),
    ("bad_id", "编码{bad_id}"),
    ("eighteen", "流水号{cut_number:18}99"),
    ("mac", "mac {hex:2}:{hex:2}:{hex:2}:{hex:2}:{hex:2}:{hex:2}"),
    ("clock", "{int:10-23}:{digits:2}:{digits:2}::{int:1-9}"),
    ("cpp", "std::vector<{word:3-9}::{word:3-9}> a{digits:2}::b"),
    ("doc_ipv6", "2001:db8::{hex:4}"),
    ("css", ".sk-{word:3-9}-{word:3-9}-{word:3-9}-{int:1-9} {{ margin: 0 }}"),
    ("public_key", "-----BEGIN PUBLIC KEY-----\n{base62:64}\n-----END PUBLIC KEY-----"),
    ("git_commit", "commit {hex:7} (HEAD -> main, tag: v{version})"),
    ("score", "比分 {int:10-99}-{int:10-99}，{int:100-999}-{int:100-999}"),
    ("service_line", "客服400-{digits:3}-{digits:4}"),
    ("population", "人口 1{one_of:3578}{digits:2} {digits:4} {digits:4} 人，{digits:3}"),
    ("stock", "股票代码 60{digits:4}，邮编 {digits:6}"),
    ("patent", "专利号 ZL{year}1{digits:7}.{digits:1}"),
    ("doi", "doi:10.{digits:4}/s{digits:5}-0{digits:2}-{digits:5}-{digits:1}"),
    ("ean", "条码 69{digits:11}"),
)


def _range(spec: str) -> tuple[int, int]:
    low, _, high = spec.partition("-")
    return int(low), int(high)


# Name before the colon -> what the text behind it draws.
_DRAWS: dict[str, Callable[[random.Random, str], str]] = {
    "digits": lambda rng, size: digits(rng, int(size)),
    "int": lambda rng, bounds: str(rng.randint(*_range(bounds))),
    "cut_number": lambda rng, size: str(rng.randint(10 ** (int(size) - 1), 10 ** int(size) - 1))[:-2],
    "degrees": lambda rng, bounds: f"{rng.uniform(*_range(bounds)):.6f}",
    "hex": lambda rng, size: token(rng, int(size), HEX),
    "base62": lambda rng, size: token(rng, int(size), BASE62),
    "word": lambda rng, sizes: word(rng, *_range(sizes)),
    "capitals": lambda rng, sizes: word(rng, *_range(sizes)).upper(),
    "one_of": lambda rng, letters: rng.choice(letters),
}


class _Draw:
    """Draws anew each time it is formatted."""

    def __init__(self, rng: random.Random, draw: Callable[[random.Random, str], str]) -> None:
        self.rng, self.draw = rng, draw

    def __format__(self, spec: str) -> str:
        return self.draw(self.rng, spec)


def _shared(rng: random.Random) -> dict[str, object]:
    """What several templates hold, or what a format can't say."""
    eleven = "1" + rng.choice("3578") + digits(rng, 9)
    card_like = rng.choice(["62", "4", "51"]) + digits(rng, 14)
    bad_id = resident_id(rng)
    bad_id = bad_id[:17] + ("7" if bad_id[17] != "7" else "4")  # a wrong check digit
    version = f"{rng.randint(0, 9)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}.{rng.randint(0, 99)}"
    long_version = f"{rng.randint(10, 120)}.0.{rng.randint(1000, 6000)}.{rng.randint(10, 250)}"
    year = rng.randint(1990, 2029)
    return {
        "eleven": eleven,
        "card_like": card_like,
        "bad_id": bad_id,
        "version": version,
        "round_version": version[:-1] + "0",
        "long_version": long_version,
        "year": year,
        "next_year": year + 1,
    }


def lookalikes(rng: random.Random) -> Iterator[tuple[str, str]]:
    """One text of each template: (name, text)."""
    values = _shared(rng) | {name: _Draw(rng, draw) for name, draw in _DRAWS.items()}
    for name, template in LOOKALIKES:
        yield name, template.format_map(values)
