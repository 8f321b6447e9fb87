"""A piece of HTML that is an article's own, as a feed entry carries it: its text, and its picture.

There is no page around it, so nothing has to be found or weighed: every block is a line, whatever its length. One walk
over the tree without recursion; it takes time linear in the size of the markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from processors.extract.blocks import INLINE
from processors.extract.charset import to_utf8
from processors.extract.parse import parse
from processors.extract.tags import absolute
from processors.extract.text import paragraphs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml.html import HtmlElement

MAX_PICTURES = 200
"""Pictures looked at for one that is no pixel."""

# What holds no text of the article. A `figure` may: quotations and tables stand in figures too.
_DROPPED = frozenset(
    (
        "applet", "audio", "button", "canvas", "datalist", "dialog", "embed", "figcaption", "form", "frameset", "head",
        "iframe", "input", "map", "math", "menu", "nav", "noembed", "noframes", "noscript", "object", "progress", "rp",
        "rt", "script", "select", "style", "svg", "template", "textarea", "title", "video",
    )
)  # fmt: skip
_FLAT = INLINE | frozenset(
    (
        "button", "img", "input", "label", "link", "meta", "noscript", "picture", "rp", "rt", "script", "source",
        "style", "svg", "template", "time",
    )
)  # fmt: skip
"""What breaks no line."""
_CAPTION = re.compile(r"(?:^|[\s_-])caption(?:[_-]text)?(?:$|\s)", re.IGNORECASE)
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_EMOJI = re.compile(r"(?:^|\s)(?:emoji|wp-smiley)(?:$|\s)")
_SPACES = re.compile(r"\s+")
# Pasted with the text; libxml2 drops what follows.
_ENDS = re.compile(rb"</(?:body|html)\s{0,100}>", re.IGNORECASE)
# Around the text of a link, on the way to lines; the markup itself holds no control characters any more.
_LINK, _END = "\x01", "\x02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """What a piece of HTML holds."""

    text: str
    """A line for each block, list item and table cell; no captions, no `alt` texts."""
    image: str | None
    """Absolute http(s) URL of the first picture that is one to look at."""


def read(markup: bytes, url: str | None, apart: Callable[[str], bool]) -> Fragment:
    """Return the text and the picture of a piece of HTML, in UTF-8, that may be empty, plain text or broken.

    Args:
        markup: at most `parse.MAX_BYTES`.
        url: what relative addresses are relative to, where the markup has no `base` of its own.
        apart: tells by its text whether a link at the end of a block is a line of its own ("Continue reading").

    Raises:
        Skip: never for markup of that size.
    """
    clean = _ENDS.sub(b" ", to_utf8(markup, "text/html; charset=utf-8")[0])
    # The element in front keeps the parser from finding nothing at all in white space or a comment.
    root = parse(b"<div>" + clean)
    lines = "".join(_pieces(root)).split("\n")
    return Fragment(text=paragraphs("\n".join(_parted(line, apart) for line in lines)), image=_picture(root, url))


def _pieces(root: HtmlElement) -> Iterator[str]:
    """Return the text with its breaks as newlines, and the marks around links."""
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        start = event == "start"
        dropped = _is_dropped(element)
        if start and dropped:
            walker.skip_subtree()
        if element.tag not in _FLAT:
            yield "\n"
        elif element.tag == "a" and not dropped:
            yield _LINK if start else _END
        if start and not dropped:
            yield _SPACES.sub(" ", element.text or "")
        elif not start and element is not root:
            yield _SPACES.sub(" ", element.tail or "")


def _is_dropped(element: HtmlElement) -> bool:
    get = element.get
    return (
        element.tag in _DROPPED
        or get("hidden") is not None
        or _CAPTION.search(get("class") or "") is not None
        or _UNSEEN.search(get("style") or "") is not None
    )


def _parted(line: str, apart: Callable[[str], bool]) -> str:
    """Return the line with its last link on a line of its own, where it is one, and without marks."""
    before, found, last = line.rpartition(_LINK)
    text, _, behind = last.partition(_END)
    if found and not re.search(r"\w", behind) and apart(" ".join(text.split())):
        line = f"{before}\n{text}{behind}"
    return line.replace(_LINK, "").replace(_END, "")


def _picture(root: HtmlElement, url: str | None) -> str | None:
    for _, image in zip(range(MAX_PICTURES), root.iter("img"), strict=False):
        if {"0", "1"}.isdisjoint(_sizes(image)) and not _EMOJI.search(image.get("class") or ""):
            found = absolute(root, image.get("src"), url)
            if found:
                return found
    return None


def _sizes(image: HtmlElement) -> set[str]:
    """Return width and height as written: a picture of one pixel counts readers."""
    return {(image.get(name) or "").strip().removesuffix("px") for name in ("width", "height")}
