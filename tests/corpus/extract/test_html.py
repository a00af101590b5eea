"""Pages: the article stays, navigation and scripts go, and a page without an article is not lost."""

from corpus.extract import html_to_text

ARTICLE = "".join(
    f"<p>第{n}段：这是正文，标点“全角”保留。It has English too, with a full sentence.</p>" for n in range(6)
)
PAGE = f"""<!DOCTYPE html><html><head><title> 标题
 一 </title><style>p {{ color: red }}</style><script>var secret = "script text";</script></head><body>
<nav><ul><li><a href="/">首页导航</a></li><li><a href="/b">Navigation entry</a></li></ul></nav>
<article><h1>标题一</h1>{ARTICLE}</article>
<footer>Copyright footer text</footer></body></html>"""


def test_the_article_comes_out_in_paragraphs_without_the_rest():
    for data, charset in ((PAGE.encode(), None), (PAGE.encode("gbk"), "gb2312")):
        text, title = html_to_text(data, charset)
        assert title == "标题 一"
        assert [line for line in text.split("\n") if line.startswith("第")] == [
            f"第{n}段：这是正文，标点“全角”保留。It has English too, with a full sentence." for n in range(6)
        ]
        for gone in ("script text", "color", "导航", "Navigation", "footer"):
            assert gone not in text
        assert "\n\n\n" not in text and text == text.strip()


def test_a_page_of_nothing_but_links_has_no_text():
    page = "<html><body><nav>" + "<a href='x'>链接文字</a> " * 30 + "</nav></body></html>"
    assert html_to_text(page.encode()) == ("", None)


def test_where_the_rules_find_nothing_the_visible_text_without_links_is_taken():
    sentences = "这里是侧栏里的一句话，写得足够长。" * 5
    page = f"<body><div class='sidebar'>{sentences}<a href='x'>链接文字</a></div></body>"
    text, _ = html_to_text(page.encode())
    assert "这里是侧栏里的一句话" in text and "链接文字" not in text


def test_share_buttons_and_notices_inside_the_article_go_and_long_elements_stay():
    paragraphs = "".join(f"<p>Paragraph {n} of the article, which goes on for a while.</p>" for n in range(20))
    for name in ("share", "share-buttons", "social share", "cookie-notice", "breadcrumb"):
        page = f"<body><article>{paragraphs}<div class='{name}'><span>Copy the link</span></div></article></body>"
        text, _ = html_to_text(page.encode())
        assert "Copy the link" not in text and "Paragraph 19" in text, name
    text, _ = html_to_text(f"<body><article class='share'>{paragraphs}</article></body>".encode())
    assert "Paragraph 19" in text


def test_pages_that_hold_nothing_or_nonsense_do_not_fail():
    for data in (b"", b"\0\0", b"<html></html>", b"<<<>>>&&&;", b"<p" * 1000, b"\xff" * 100, b"<div>" * 5000):
        text, _ = html_to_text(data)
        assert isinstance(text, str)
    assert html_to_text(b"<script>var a;</script>")[0] == ""
