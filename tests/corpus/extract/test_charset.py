"""Charsets: the bytes are believed before the claim, and what cannot be decoded is said."""

import pytest

from corpus.extract import decode

ZH = "中文网页的正文，常用汉字很多；这里有一个句子。" * 3
RARE = "朱镕基与囍字在 GB2312 里没有。" * 3
TRADITIONAL = "繁體中文網頁的內容，這裡有一個句子。" * 3
LATIN = "Un café à la française, où l'été dure. " * 3
RUSSIAN = "Обычный русский текст на странице, который должен читаться. " * 3


def _page(text: str, charset: str, declared: str) -> bytes:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">'
    return f"<html><head>{meta}</head>{text}".encode(charset)


CASES = {
    "declared gb2312, is utf-8": (ZH.encode(), "gb2312", ZH, "utf-8"),
    "declared gb2312, has GBK characters": (RARE.encode("gbk"), "gb2312", RARE, "gb18030"),
    "declared x-gbk": (ZH.encode("gbk"), "x-gbk", ZH, "gb18030"),
    "declared big5": (TRADITIONAL.encode("big5"), "Big5", TRADITIONAL, "big5hkscs"),
    "declared utf-8, is gbk": (ZH.encode("gbk"), "utf-8", ZH, "gb18030"),
    "declared latin-1, is gbk": (ZH.encode("gbk"), "iso-8859-1", ZH, "gb18030"),
    "declared latin-1": (LATIN.encode("latin-1"), "ISO-8859-1", LATIN, "cp1252"),
    "declared latin-1, has smart quotes": ("“é”".encode("cp1252"), "iso-8859-1", "“é”", "cp1252"),
    "declared windows-1251": (RUSSIAN.encode("cp1251"), "windows-1251", RUSSIAN, "cp1251"),
    "nothing declared, utf-8": (ZH.encode(), None, ZH, "utf-8"),
    "nothing declared, gbk": (ZH.encode("gbk"), None, ZH, "gb18030"),
    "nothing declared, latin": (LATIN.encode("latin-1"), None, LATIN, "cp1252"),
    "nothing declared, russian": (RUSSIAN.encode("cp1251"), None, RUSSIAN, "cp1251"),
    "an unknown name": (ZH.encode("gbk"), "unset", ZH, "gb18030"),
    "a codec that is no charset": (LATIN.encode("latin-1"), "rot13", LATIN, "cp1252"),
    "utf-8 mark": (ZH.encode("utf-8-sig"), "gbk", ZH, "utf-8"),
    "utf-16 mark": (ZH.encode("utf-16"), None, ZH, "utf-16-le"),
    "empty": (b"", None, "", "utf-8"),
}


@pytest.mark.parametrize("case", CASES)
def test_claims_and_bytes(case):
    data, declared, text, codec = CASES[case]
    assert decode(data, declared) == (text, codec, True)


@pytest.mark.parametrize(
    ("charset", "meta", "header", "codec"),
    [
        ("gbk", "gb2312", None, "gb18030"),
        ("gbk", "gb2312", "iso-8859-1", "gb18030"),
        ("gbk", "utf-8", None, "gb18030"),
        ("utf-8", "gb2312", "gbk", "utf-8"),
        ("big5", "big5", None, "big5hkscs"),
    ],
)
def test_the_meta_tag_of_a_page(charset, meta, header, codec):
    text = TRADITIONAL if charset == "big5" else ZH
    text, found, clean = decode(_page(text, charset, meta), header)
    assert (found, clean) == (codec, True) and text.endswith("一個句子。" if charset == "big5" else "一个句子。")


def test_a_wrapper_line_before_the_page_does_not_hide_its_meta_tag():
    data = b'<text id="1" encoding="unset">\n' + _page(TRADITIONAL, "big5", "big5")
    assert decode(data)[1:] == ("big5hkscs", True)


def test_utf8_with_a_few_bad_bytes_stays_utf8():
    data = ZH.encode()[:-1] + b"\xff" + ZH.encode()
    text, codec, clean = decode(data, "iso-8859-1")
    assert (codec, clean) == ("utf-8", False) and text.count("\ufffd") == 2 and text.endswith(ZH)


def test_gbk_with_a_few_bad_bytes_stays_gb18030():
    data = (ZH * 5).encode("gbk") + b"\xff\xff" + ZH.encode("gbk")
    text, codec, clean = decode(data, "gb2312")
    assert (codec, clean) == ("gb18030", False) and text.startswith(ZH * 5) and 1 <= text.count("\ufffd") <= 4


def test_bytes_of_no_charset_still_give_text():
    text, _, _ = decode(bytes(range(128, 256)) * 3)
    assert text
