"""Values of each kind of personal data, random but valid where the kind has a check digit or a fixed form.

Numbers, names and addresses are made up, see `pii_cases.py`. Some phone numbers are in forms that the grammar is known
not to cover (`hard_phone`).
"""

import ipaddress
import random
from collections.abc import Callable

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
MOBILE_HEADS = (130, 131, 135, 136, 138, 139, 147, 150, 152, 158, 159, 166, 173, 177, 180, 186, 188, 189, 191, 198, 199)
AREAS = ("010", "021", "020", "0755", "0571", "0431", "0898", "0991", "028", "025")
COUNTIES = (110105, 310101, 440305, 330102, 510104, 420106, 230103, 650102, 120101, 350203)
BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def digits(rng: random.Random, size: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(size))


def word(rng: random.Random, low: int = 3, high: int = 9) -> str:
    return "".join(rng.choice("abcdefghijklmnoprstuvwyz") for _ in range(rng.randint(low, high)))


def token(rng: random.Random, size: int, letters: str) -> str:
    return "".join(rng.choice(letters) for _ in range(size))


def _full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def email(rng: random.Random) -> str:
    local = rng.choice(
        [
            word(rng),
            f"{word(rng)}.{word(rng)}",
            f"{word(rng)}_{digits(rng, 3)}",
            digits(rng, rng.randint(8, 11)),
            f"{word(rng)}+{word(rng)}",
            f"{word(rng, 1, 1).upper()}{word(rng)}",
        ]
    )
    domain = rng.choice(
        [
            "qq.com",
            "163.com",
            "gmail.com",
            "outlook.com",
            f"{word(rng)}.edu.cn",
            f"{word(rng)}.co.uk",
            "sina.com.cn",
            f"mail.{word(rng)}.org",
            f"{word(rng)}-{word(rng)}.de",
            f"{word(rng)}.io",
            f"{word(rng)}.tech",
        ]
    )
    address = f"{local}@{domain}"
    return _full_width(address) if rng.random() < 0.04 else address


def ip(rng: random.Random) -> str:
    if rng.random() < 0.25:
        groups = [
            f"{rng.choice([0x2400, 0x2001, 0x2607, 0x240E]):x}",
            *(f"{rng.randrange(1, 65536):x}" for _ in range(7)),
        ]
        if groups[0] == "2001":
            groups[1] = "da8"
        return ":".join(groups) if rng.random() < 0.5 else ":".join(groups[:4]) + "::" + groups[7]
    while True:
        address = ipaddress.IPv4Address(rng.getrandbits(32))
        if address.is_global and not address.is_multicast:
            return str(address)


def mobile(rng: random.Random) -> str:
    head = str(rng.choice(MOBILE_HEADS))
    tail = digits(rng, 8)
    number = rng.choice([head + tail] * 4 + [f"{head}-{tail[:4]}-{tail[4:]}", f"{head} {tail[:4]} {tail[4:]}"])
    number = rng.choice(["", "", "", "", "+86 ", "+86-", "+86", "0086-", "86-"]) + number
    return _full_width(number).replace("　", " ") if rng.random() < 0.04 else number


def landline(rng: random.Random) -> str:
    area = rng.choice(AREAS)
    local = rng.choice("2345678") + digits(rng, 7 if len(area) == 3 or rng.random() < 0.6 else 6)
    return rng.choice(
        [f"{area}-{local}"] * 3
        + [
            f"({area}){local}",
            f"（{area}）{local}",
            f"{area} {local}",
            f"+86-{area[1:]}-{local}",
            f"{area}-{local}-{digits(rng, 3)}",
        ]
    )


def foreign(rng: random.Random) -> str:
    area, exchange, line = (
        rng.choice(["212", "415", "650", "312"]),
        f"{rng.randint(2, 9)}{digits(rng, 1)}5",
        digits(rng, 4),
    )
    return rng.choice(
        [
            f"({area}) {exchange}-{line}",
            f"{area}-{exchange}-{line}",
            f"{area}.{exchange}.{line}",
            f"+1 {area} {exchange} {line}",
            f"+1-{area}-{exchange}-{line}",
            f"+44 20 7{digits(rng, 3)} {digits(rng, 4)}",
            f"+852 9{digits(rng, 3)} {digits(rng, 4)}",
            f"+49 30 {digits(rng, 4)} {digits(rng, 4)}",
            f"+81-3-{rng.randint(3000, 9999)}-{digits(rng, 4)}",
            f"+91{rng.randint(6, 9)}{digits(rng, 9)}",
            f"+33 6 {digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)}",
        ]
    )


def hard_phone(rng: random.Random) -> str:
    """Forms that the grammar does not cover: national formats without `+`, and odd grouping."""
    return rng.choice(
        [
            f"020 7{digits(rng, 3)} {digits(rng, 4)}",
            f"06 {digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)}",
            f"138{digits(rng, 4)} {digits(rng, 4)}",
            f"{rng.randint(2, 8)}{digits(rng, 7)}",
            f"415 {rng.randint(200, 999)} {digits(rng, 4)}",
        ]
    )


def phone(rng: random.Random) -> str:
    return rng.choice([mobile] * 8 + [landline] * 5 + [foreign] * 6 + [hard_phone])(rng)


def resident_id(rng: random.Random) -> str:
    area = str(rng.choice(COUNTIES))
    number = f"{area}{rng.randint(1940, 2015)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{digits(rng, 3)}"
    check = "10X98765432"[sum(int(d) * w for d, w in zip(number, ID_WEIGHTS, strict=True)) % 11]
    return number + (check.lower() if rng.random() < 0.2 else check)


def _with_luhn(body: str) -> str:
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


def bank_card(rng: random.Random) -> str:
    head, size = rng.choice(
        [("6222", 19), ("6228", 19), ("621700", 19), ("6259", 16), ("4", 16), ("4367", 16), ("5", 16), ("3782", 15)]
    )
    number = head + (rng.choice("12345") if head == "5" else "")
    number = _with_luhn(number + digits(rng, size - 1 - len(number)))
    if size == 15:
        return f"{number[:4]} {number[4:10]} {number[10:]}"
    if rng.random() < 0.5:
        return rng.choice(" -").join(number[i : i + 4] for i in range(0, size, 4))
    return number


def key(rng: random.Random) -> str:
    def jwt_part() -> str:
        return token(rng, rng.randint(20, 60), BASE62 + "_-")

    body = "\n".join(token(rng, 64, BASE62 + "+/") for _ in range(4))
    return rng.choice(
        [
            "AKIA" + token(rng, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            "ghp_" + token(rng, 36, BASE62),
            f"github_pat_{token(rng, 22, BASE62)}_{token(rng, 59, BASE62)}",
            "sk-" + token(rng, 48, BASE62),
            f"sk-proj-{token(rng, 74, BASE62)}_{token(rng, 40, BASE62)}",
            f"sk-ant-api03-{token(rng, 93, BASE62)}AA",
            "sk-" + token(rng, 32, "0123456789abcdef"),
            "AIza" + token(rng, 35, BASE62 + "_-"),
            f"xoxb-{digits(rng, 12)}-{digits(rng, 12)}-{token(rng, 24, BASE62)}",
            f"eyJ{jwt_part()}.eyJ{jwt_part()}.{jwt_part()}",
            f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----",
            f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----",
        ]
    )


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "email": email,
    "ip": ip,
    "phone": phone,
    "resident_id": resident_id,
    "bank_card": bank_card,
    "key": key,
}
