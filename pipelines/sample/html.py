# ruff: noqa: E501  (templates keep the lines of the pages they stand for)
"""Web pages around an article: menus, banners, sidebars, shares, comments and footers, in four layouts a language.

`BOILERPLATE` holds every phrase that belongs to the site and not to the article: none may be left in extracted text.
Layouts: `semantic` (HTML5 main and article), `portal` (nested div), `blog` (with readers' comments), `table` (as in
2003: nested tables, and in Chinese pages paragraphs set off by two ideographic spaces and `<br>`).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pipelines.sample.compose import Article


@dataclass(frozen=True)
class Site:
    """One imaginary publisher; hosts end in `.example`, which is reserved (RFC 2606)."""

    name: str
    host: str
    layout: str


SITES = {
    "en": (
        Site("Valley Courier", "www.valleycourier.example", "semantic"),
        Site("Northern Post", "news.northernpost.example", "portal"),
        Site("Slow Ways", "slowways.example", "blog"),
        Site("Harbour Gazette", "www.harbourgazette.example", "table"),
        Site("Ridge Weekly", "ridgeweekly.example", "semantic"),
        Site("Open Shed", "blog.openshed.example", "blog"),
    ),
    "zh": (
        Site("河谷日报", "www.hegudaily.example", "semantic"),
        Site("北岸新闻网", "news.beian.example", "portal"),
        Site("慢生活札记", "manshenghuo.example", "blog"),
        Site("山城晚报", "www.shancheng.example", "table"),
        Site("平原在线", "pingyuan.example", "portal"),
        Site("老街论坛", "bbs.laojie.example", "table"),
    ),
}

FURNITURE = {
    "en": {
        "nav": "Front page|Latest headlines|Sports desk|Weather map|Video channel|Jobs and notices|Contact us",
        "cookie": "We use cookies to improve your experience on this website.|Accept all cookies|Manage preferences",
        "share": "Share on social media|Copy link to clipboard|Print this article|Email to a friend",
        "side": "Most read this week|Sponsored content|Sign up for our newsletter|Download our mobile app",
        "related": "You may also like",
        "comments": "Leave a comment below|Great post, thanks for sharing!!|First comment, greetings to all|Reply to this thread",
        "footer": "All rights reserved.|Terms of service|Privacy policy|Advertise with us|Cookie settings",
        "crumb": "You are here: Front page",
        "date": "Published",
    },
    "zh": {
        "nav": "网站首页|滚动新闻|体育频道|天气预报|视频直播|招聘启事|联系我们",
        "cookie": "本网站使用Cookie以改善您的浏览体验|接受全部Cookie|管理偏好设置",
        "share": "分享到朋友圈|复制本文链接|打印本页|收藏本站",
        "side": "本周热门排行|推广信息|订阅电子报|下载手机客户端",
        "related": "相关阅读推荐",
        "comments": "我来说两句|楼主写得真好，顶一个！|沙发！前排围观|查看全部评论",
        "footer": "版权所有 未经授权禁止转载|ICP备案号00000000|关于我们|广告服务|隐私政策声明",
        "crumb": "您的位置：网站首页",
        "date": "发布时间：",
    },
}

BOILERPLATE = tuple(
    phrase
    for furniture in FURNITURE.values()
    for key, phrases in furniture.items()
    if key != "date"
    for phrase in phrases.split("|")
)

_STYLE = "<style>body{margin:0;font:16px serif}.nav li{display:inline}.side{float:right;width:240px}</style>"
_SCRIPT = (
    "<script>window.dataLayer=window.dataLayer||[];function track(e){dataLayer.push({event:e,"
    "at:Date.now()})}track('page view');</script>"
)


def _links(phrases: str, tag: str = "li") -> str:
    return "".join(
        f'<{tag}><a href="/s/{n}">{escape(phrase)}</a></{tag}>' for n, phrase in enumerate(phrases.split("|"))
    )


def _paragraphs(article: Article) -> list[str]:
    glue = "" if article.language in ("zh", "ja") else " "
    return [escape(glue.join(sentences), quote=False) for sentences in article.paragraphs]


def _semantic(article: Article, site: Site, words: dict[str, str], date: str, related: str) -> str:
    body = "\n".join(f"<p>{p}</p>" for p in _paragraphs(article))
    return f"""<header><a class="logo" href="/">{site.name}</a><nav class="nav"><ul>{_links(words["nav"])}</ul></nav></header>
<div class="cookie-banner" id="cookie-consent">{"".join(f"<span>{w}</span> " for w in words["cookie"].split("|"))}</div>
<div class="breadcrumbs"><a href="/">{words["crumb"]}</a></div>
<main><article><h1>{escape(article.title)}</h1><div class="meta"><time>{words["date"]} {date}</time></div>
{body}
</article><div class="share"><ul>{_links(words["share"])}</ul></div></main>
<aside class="sidebar"><ul>{_links(words["side"])}</ul>{related}</aside>
<footer class="footer">© {date[:4]} {site.name} <ul>{_links(words["footer"])}</ul></footer>"""


def _portal(article: Article, site: Site, words: dict[str, str], date: str, related: str) -> str:
    body = "\n".join(f"<p>{p}</p>" for p in _paragraphs(article))
    return f"""<div id="header"><div class="menu"><ul class="nav">{_links(words["nav"])}</ul></div></div>
<div class="wrapper"><div class="breadcrumb">{words["crumb"]}</div><div class="sidebar side"><ul>{_links(words["side"])}</ul>{related}</div>
<div class="main-content"><h1 class="title">{escape(article.title)}</h1><div class="meta info">{words["date"]} {date}</div>
<div class="share-buttons">{_links(words["share"], "span")}</div>
<div class="article-content" id="content">
{body}
</div></div></div>
<div id="footer" class="footer"><div class="links">{_links(words["footer"], "span")}</div></div>
<div class="cookie-notice">{words["cookie"].replace("|", " ")}</div>"""


def _blog(article: Article, site: Site, words: dict[str, str], date: str, related: str) -> str:
    body = "\n".join(f"<p>{p}</p>" for p in _paragraphs(article))
    comments = "".join(f'<li class="comment"><p>{w}</p></li>' for w in words["comments"].split("|"))
    return f"""<div class="header"><h2><a href="/">{site.name}</a></h2><nav>{_links(words["nav"], "span")}</nav></div>
<div class="post hentry"><h1 class="entry-title">{escape(article.title)}</h1><p class="meta post-meta">{words["date"]} {date}</p>
<div class="entry-content">
{body}
</div><div class="share social">{_links(words["share"], "span")}</div></div>
<div id="comments" class="comments"><ol class="comment-list">{comments}</ol></div>
<div class="sidebar widget-area">{_links(words["side"], "div")}{related}</div>
<div class="footer">{_links(words["footer"], "span")}</div>"""


def _table(article: Article, site: Site, words: dict[str, str], date: str, related: str) -> str:
    indent = "\u3000\u3000" if article.language == "zh" else ""
    body = "<br><br>\n".join(indent + p for p in _paragraphs(article))
    nav = "".join(f'<td><a href="/">{w}</a></td>' for w in words["nav"].split("|"))
    return f"""<table class="nav" width="100%"><tr>{nav}</tr></table>
<table width="960" align="center"><tr><td class="sidebar" width="200" valign="top"><ul>{_links(words["side"])}</ul>{related}</td>
<td class="content" valign="top"><center><h1><font size="5">{escape(article.title)}</font></h1></center>
<div class="meta">{words["date"]} {date}</div>
<div class="article-body">{body}</div>
<div class="share">{_links(words["share"], "span")}</div></td></tr></table>
<table class="footer" width="100%"><tr><td>{_links(words["footer"], "span")}</td></tr></table>"""


_LAYOUTS = {"semantic": _semantic, "portal": _portal, "blog": _blog, "table": _table}


def page(
    article: Article, site: Site, date: str, related: Sequence[str], charset: str | None, rng: random.Random
) -> str:
    """The whole HTML of an article's page, boilerplate and all.

    Args:
        date: ISO date shown and used for the copyright year.
        related: titles of other pages, for the sidebar.
        charset: what the meta tag declares; None for no meta tag.
    """
    furniture = "en" if article.language not in FURNITURE else article.language
    words = FURNITURE[furniture]
    links = "".join(f'<li><a href="/a/{rng.randrange(10**6)}">{escape(t)}</a></li>' for t in related)
    box = f'<div class="related"><h3>{words["related"]}</h3><ul>{links}</ul></div>'
    body = _LAYOUTS[site.layout](article, site, words, date, box)
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    lang = {"zh": "zh-CN"}.get(article.language, article.language)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}"><head>{meta}<title>{escape(article.title)} - {site.name}</title>'
        f"{_STYLE}{_SCRIPT}</head>\n<body>\n{body}\n<!-- page built in {rng.randint(20, 90)} ms -->\n</body></html>\n"
    )
