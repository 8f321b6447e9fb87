"""What a reader sees of a page at a glance: its headings, its lines, its buttons, its links and how they alternate.

Read from a tree that no pass has changed, and only of pages that `gate` has a reason to look at.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from lxml import etree

from processors.boilerplate.lines import fold
from processors.extract import frontmatter
from processors.extract.blocks import IDEOGRAPHIC, MIN_PROSE, MIN_PROSE_IDEOGRAPHIC, Block, blocks_of, prose_of, weight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

MAX_LINES = 1500
MAX_LINKS = 2000
MAX_BOXES = 20_000
MAX_LINE = 600
HEADLINE = 32
"""Least weight of a link's text that may be a headline; the names of things are shorter."""

_SILENT = frozenset(("script", "style", "template", "svg", "noscript", "textarea", "select", "option", "head", "title"))
_TEXT_NODES = etree.XPath(".//body//text()[string-length() > 1]")
_INLINE_LINES = frozenset(("a", "b", "strong", "em", "i", "span", "small", "font", "mark", "u", "abbr", "br"))
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NAMED_PAID = re.compile(
    r"pay-?wall|reg-?wall|(?:subscri\w+|member\w*|premium|metered|abo)[_-]?(?:wall|gate|barrier|offer|overlay|lock)|"
    r"piano-|tp-(?:modal|container)|(?:locked|restricted|gated)-?(?:content|article)|(?:article|content)-?(?:locked|gate)",
    re.IGNORECASE,
)
_OWN = frozenset(("article", "li", "main", "section"))
_FRAME = re.compile(
    r"(?:^|[\s_-])(?:mega|main|sub|top)?-?(?:menus?|nav(?:bar|igation)?|footer)(?=$|[\s_-])", re.IGNORECASE
)
_CHALLENGED = re.compile(
    rb"captcha|challenge-(?:form|platform|error|running|container)|cf[-_]chl|_incapsula_|/_sec/cp_challenge",
    re.IGNORECASE,
)
_PLAYER = re.compile(r"/(?:embed|player|e)[/.?]|player\.|[?&]video", re.IGNORECASE)


class Glance:
    """The page, seen quickly; each thing is looked for when it is first asked for. All texts are folded."""

    def __init__(self, root: HtmlElement, page: bytes) -> None:
        """Take the page's tree as it was parsed, and the bytes it was parsed from."""
        self._root = root
        self._body = root.find("body")
        self._page = page

    @cached_property
    def title(self) -> str:
        """What stands in `title`, as written."""
        return str(self._root.xpath("string(//title)"))

    @cached_property
    def parts(self) -> frozenset[str]:
        """The page's title, its headings of the first rank, and what remains of them without a site's name."""
        return _parts([self.title, *(element.text_content() for element in _some(self._root.iter("h1"), 5))])

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """What can be seen, a line for each block, in page order."""
        return _lines(self._root)

    @cached_property
    def size(self) -> int:
        """Weight of everything that can be seen."""
        return sum(map(weight, self.lines))

    @cached_property
    def silent(self) -> str:
        """What stands in `noscript`."""
        return fold(" ".join(one.text_content()[:MAX_LINE] for one in _some(self._body.iter("noscript"), 20)))

    @cached_property
    def labels(self) -> frozenset[str]:
        """The texts of buttons and links."""
        return _labels(self._body)

    @cached_property
    def blocks(self) -> list[Block]:
        """The page's blocks."""
        return blocks_of(self._body)

    @cached_property
    def prose(self) -> tuple[str, ...]:
        """The paragraphs of running text, wherever they stand, as written; the longest first."""
        return tuple(sorted((" ".join(block.parts) for block in self.blocks if _is_long(block)), key=weight)[::-1])

    @cached_property
    def alternation(self) -> tuple[int, int]:
        """How many headlines there are, and the weight of the longest running text that none of them interrupts.

        A headline is a link whose text may be one, in no paragraph and in no menu; each place counts once.
        """
        return _alternation(self._body, prose_of(self._body, self.blocks))

    @cached_property
    def paid(self) -> bool:
        """Whether an element is named after a paywall."""
        boxes = _some(self._body.iter("div", "section", "aside"), MAX_BOXES)
        return any(_NAMED_PAID.search(name) for box in boxes for name in _names(box))

    @cached_property
    def challenged(self) -> bool:
        """Whether the markup has the parts of a test for browsers."""
        return _CHALLENGED.search(self._page) is not None

    @cached_property
    def player(self) -> bool:
        """Whether a video can be played."""
        return _has_player(self._body)


def _parts(headings: Iterable[str]) -> frozenset[str]:
    parts: set[str] = set()
    for text in headings:
        heading = " ".join(text[:MAX_LINE].split())
        parts.add(heading)
        for separator in frontmatter.SEPARATORS:
            parts.update(heading.split(separator))
    return frozenset(part for one in parts if (part := fold(one).strip(" .!:;,…-")))


def _lines(root: HtmlElement) -> tuple[str, ...]:
    """Return the lines that can be seen, in page order."""
    found: dict[HtmlElement, list[str]] = {}
    unseen: dict[HtmlElement, bool] = {}
    for node in _TEXT_NODES(root):
        if (text := node.strip()) and (holder := _holder(node)) is not None and not _is_unseen(holder, unseen):
            found.setdefault(holder, []).append(text)
            if len(found) > MAX_LINES:
                break
    return tuple(fold(" ".join(parts)[: 5 * MAX_LINE]) for parts in found.values())


def _holder(node: etree._ElementUnicodeResult) -> HtmlElement | None:
    element = node.getparent()
    if element is not None and node.is_tail:
        element = element.getparent()
    while element is not None and element.tag in _INLINE_LINES:
        element = element.getparent()
    return element


def _is_unseen(element: HtmlElement, known: dict[HtmlElement, bool]) -> bool:
    path: list[HtmlElement] = []
    one: HtmlElement | None = element
    while one is not None and one not in known:
        path.append(one)
        one = one.getparent()
    verdict = known[one] if one is not None else False
    for above in reversed(path):
        get = above.get
        hidden = above.tag in _SILENT or get("hidden") is not None or _UNSEEN.search(get("style") or "") is not None
        verdict = known[above] = verdict or hidden
    return verdict


def _labels(body: HtmlElement) -> frozenset[str]:
    elements = _some(body.iter("button", "a", "input"), MAX_LINES)
    texts = ((one.get("value") or "") if one.tag == "input" else one.text_content() for one in elements)
    return frozenset(fold(" ".join(text.split())).strip(" .!»›→>✓×") for text in texts if len(text) < 4 * MAX_LINE)


def _is_long(block: Block) -> bool:
    long = block.prose >= MIN_PROSE
    return long or (block.prose >= MIN_PROSE_IDEOGRAPHIC and IDEOGRAPHIC.search(block.parts[0]) is not None)


def _alternation(body: HtmlElement, prose: list[Block]) -> tuple[int, int]:
    """Return how many headlines there are, and the longest running text between two of them."""
    sizes = {block.element: weight(" ".join(block.parts)) for block in prose}
    places: set[str] = set()
    inside: HtmlElement | None = None
    longest = current = links = 0
    for element in body.iter("a", *{one.tag for one in sizes}):
        if element in sizes:
            current += sizes[element]
            longest, inside = max(longest, current), element
        elif element.tag == "a" and (links := links + 1) < MAX_LINKS and _is_headline(element, inside):
            places.add(element.get("href"))
            current = 0
    return len(places), longest


def _is_headline(link: HtmlElement, paragraph: HtmlElement | None) -> bool:
    href = link.get("href") or ""
    if not href or href.startswith(("#", "javascript:", "mailto:", "tel:")) or weight(link.text_content()) < HEADLINE:
        return False
    return not any(above is paragraph or _is_frame(above) for above in link.iterancestors())


def _is_frame(element: HtmlElement) -> bool:
    """Tell what stands around every page of a site: its menus are full of links, whatever the page is."""
    if element.tag == "header":  # an article's own is none
        return not any(above.tag in _OWN for above in element.iterancestors())
    return element.tag in {"nav", "footer"} or (element.tag != "body" and any(map(_named_frame, _names(element))))


@lru_cache(maxsize=8192)
def _named_frame(name: str) -> bool:
    return _FRAME.search(name) is not None


def _names(element: HtmlElement) -> tuple[str, ...]:
    return tuple(value for name in ("class", "id") if (value := element.get(name)))


def _has_player(body: HtmlElement) -> bool:
    if body.find(".//video") is not None:
        return True
    return any(
        _PLAYER.search(frame.get("src") or frame.get("data-src") or "") for frame in body.iter("iframe", "embed")
    )


def _some(elements: Iterable[HtmlElement], most: int) -> list[HtmlElement]:
    return [element for _, element in zip(range(most), elements, strict=False)]
