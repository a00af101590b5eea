"""A labelled set for personal data, written for this project and generated from a seed: no real person is in it.

Each case is a sentence with its spans, or with none: a hard negative that looks like a span. Sentences, numbers and
names are made up; phone numbers, ids and cards are random but valid, addresses and keys random. About a
third of the contexts of each kind is Chinese, a third English, a third code, tables or logs. Values come from
`pii_values.py`, some in forms that the grammar is known not to cover: they are counted in the recall. Look-alikes are
the table of `pii_lookalikes.py`.

The author of the set is the author of the detector, so precision and recall on it flatter; the hits on real pages that
were read by eye are in docs/pii.md.
"""

import random
from dataclasses import dataclass

from pii_lookalikes import lookalikes
from pii_values import MAKERS

KINDS = tuple(MAKERS)


@dataclass(frozen=True)
class Case:
    """`text[start:end]` is personal data for each of `spans` (start, end, kind); `source` names the template."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    source: str


# `{}` is the span.
CONTEXTS: dict[str, tuple[str, ...]] = {
    "email": (
        "如有疑问请发邮件至{}，我们会在三日内答复。",
        "邮箱：{}\n地址：幸福路12号",
        "投稿请寄{}谢谢",
        "Please write to {} before Friday.",
        "Contact: {}; office 3.14.",
        "Jane Doe <{}> wrote:",
        'author = "{}"  # maintainer',
        "mailto:{}?subject=hi",
        "| Li Lei | {} | 2024-03-05 |",
    ),
    "ip": (
        "攻击来自{}，已经封禁。",
        "服务器地址是{}。",
        "登录IP：{}（北京）",
        "The request came from {} at noon.",
        "Connect to http://{}/status",
        "Blocked {}, again.",
        "sshd[811]: Failed password for root from {} port 52211 ssh2",
        '{} - - [05/Mar/2024:10:00:00 +0800] "GET / HTTP/1.1" 200 512',
        "inet addr:{} Mask:255.255.255.0",
    ),
    "phone": (
        "电话{}联系张先生",
        "报名热线：{}，欢迎来电。",
        "手机号是{}。",
        "有意者请拨打{}（微信同号）",
        "Call {} to book a table.",
        "Tel: {} / Room 1203",
        "You can reach her at {}, she said.",
        "| Wang | {} | sales |",
        "contact: {}\nopen 9-17",
    ),
    "resident_id": (
        "身份证号：{}，姓名：李雷",
        "公民身份号码{}。",
        "请核对身份证{}是否有误",
        "ID card {} was issued in 2009.",
        "Her number is {}.",
        "id_card={}",
        "王芳,{},女,1983",
        '{{"name": "x", "idcard": "{}"}}',
    ),
    "bank_card": (
        "请汇款至卡号{}，户名王芳。",
        "银行卡：{}\n开户行：工商银行",
        "我的卡是{}。",
        "Card number: {}, thanks.",
        "He paid with {} and left.",
        "VISA {} exp 12/27",
        "card,{},approved",
        '"pan": "{}",',
    ),
    "key": (
        "我的密钥是{}，别外传",
        "export TOKEN={}",
        'api_key = "{}"',
        "The key {} was revoked.",
        "Authorization: Bearer {}",
        "token: {}\n",
    ),
}


def cases(num_positive: int = 200, num_negative: int = 25, seed: int = 20240305) -> list[Case]:
    """The set: `num_positive` of each kind and `num_negative` of each look-alike."""
    rng = random.Random(seed)
    out = []
    for kind in KINDS:
        for i in range(num_positive):
            before, after = CONTEXTS[kind][i % len(CONTEXTS[kind])].split("{}")
            before, after = (part.replace("{{", "{").replace("}}", "}") for part in (before, after))
            span = MAKERS[kind](rng)
            out.append(Case(before + span + after, ((len(before), len(before) + len(span), kind),), kind))
    for _ in range(num_negative):
        out += [Case(text, (), name) for name, text in lookalikes(rng)]
    return out
