"""An HTML page -> its main text and title.

The bytes are decoded by `corpus.extract.charset`, parsed by Resiliparse's Lexbor tree and reduced to the main
content by its rules (https://resiliparse.chatnoir.eu/en/latest/man/extract/html2text.html), which drop
navigation, scripts, forms and footers by element, class and position; elements named as share buttons,
breadcrumbs or cookie notices are left out. Where the rules leave next to nothing of a page, all visible
text outside of links, navigation, headers, footers and sidebars is taken: a wrong guess costs some boilerplate,
not a document, and a page that is nothing but links stays empty.

Paragraphs are separated by line ends as the page's blocks are; runs of empty lines become one.
"""

import re

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from corpus.extract.charset import decode

_MIN_MAIN_CHARS = 40  # below this the main content is taken for a failed guess
_MIN_MAIN_SHARE = 0.01  # ... or where it is less than this share of the visible text
_PLENTY_CHARS = 500  # so much is never taken for a failed guess, and the visible text is not asked for
_NAMES = (
    "share",
    "share-bar",
    "share-box",
    "share-button",
    "share-buttons",
    "share-links",
    "share-tools",
    "sharebar",
    "sharebox",
    "sharing",
    "sharedaddy",
    "social",
    "social-bar",
    "social-icons",
    "social-links",
    "social-media",
    "social-share",
    "addthis_toolbox",
    "bdsharebuttonbox",
    "bdshare",
    "breadcrumb",
    "breadcrumbs",
    "crumb",
    "crumbs",
    "cookie-banner",
    "cookie-bar",
    "cookie-consent",
    "cookie-notice",
)
_FURNITURE = tuple(f"{mark}{name}" for name in _NAMES for mark in ".#")
_ANY_FURNITURE = ", ".join(_FURNITURE)
_LEAST_LEFT = 0.7  # where taking furniture out leaves less of the main content, it held the article as well
_AROUND = ("nav", "header", "footer", "aside", "form", "button", "a")
_EMPTY_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"\s+")


def html_to_text(html: bytes, charset: str | None = None) -> tuple[str, str | None]:
    """Extract the main text and the title.

    Args:
        html: the page's bytes, content-encoding undone.
        charset: declared by the HTTP header.

    Returns:
        The text, "" where the page has none, and the title, null where there is none.

    Raises:
        HTMLParserException: from Resiliparse, where the page cannot be parsed.

    Example: `html_to_text(b"<title>T</title><p>Hello")` -> `("Hello", "T")`.
    """
    source, _, _ = decode(html, charset)
    tree = HTMLTree.parse(source.replace("\0", ""))
    title = _SPACES.sub(" ", tree.title or "").strip() or None
    text = _main_text(tree)
    return _EMPTY_LINES.sub("\n\n", text).strip(), title


def _main_text(tree: HTMLTree) -> str:
    """The main content; where that is next to none, with comments (forums), then everything outside of links."""
    text = _without_furniture(tree, _plain(tree, main_content=True))
    if len(text) >= _PLENTY_CHARS:
        return text
    enough = max(_MIN_MAIN_CHARS, _MIN_MAIN_SHARE * len(_plain(tree, main_content=False)))
    if len(text) < enough:
        text = max(text, _plain(tree, main_content=True, comments=True), key=len)
    if len(text) < enough:
        text = max(text, _plain(tree, main_content=False, skip=_AROUND), key=len)
    return text


def _without_furniture(tree: HTMLTree, text: str) -> str:
    """The main content without share buttons and the like; `text` is what it is with them."""
    if tree.body is None or tree.body.query_selector(_ANY_FURNITURE) is None:
        return text
    bare = _plain(tree, main_content=True, skip=_FURNITURE)
    return bare if len(bare) >= _LEAST_LEFT * len(text) else text


def _plain(tree: HTMLTree, main_content: bool, comments: bool = False, skip: tuple[str, ...] = ()) -> str:
    # images' alternative texts, bylines and share buttons are most of what the rules leave of boilerplate
    return extract_plain_text(
        tree,
        preserve_formatting=True,
        main_content=main_content,
        alt_texts=False,
        post_meta=False,
        comments=comments,
        skip_elements=list(skip) or None,
    )
