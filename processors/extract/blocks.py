"""The blocks of a page that hold running text: what every later decision looks at, found in one pass.

A block is the nearest non-inline ancestor of a text node of more than 20 characters; shorter nodes carry no evidence.
Asking libxml2 for those nodes (0.3 ms on an average page of 170 kB) costs a tenth of walking the elements in Python.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

WEIGHT = 3
"""Characters of western text that a character of a script without spaces is worth."""
MIN_NODE = 20
MIN_PROSE = 60
MIN_PROSE_IDEOGRAPHIC = 20

INLINE = frozenset(
    (
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
        "ins", "kbd", "mark", "nobr", "q", "rb", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
        "tt", "u", "var", "wbr",
    )
)  # fmt: skip
# Elements whose text is never the article's. trafilatura deletes them too (its MANUALLY_CLEANED).
OUTSIDE = frozenset(
    (
        "applet", "area", "aside", "audio", "blink", "button", "canvas", "datalist", "dialog", "embed", "fencedframe",
        "fieldset", "figure", "footer", "form", "frame", "frameset", "head", "iframe", "input", "label", "legend",
        "link", "map", "marquee", "math", "menu", "menuitem", "meta", "nav", "noindex", "noscript", "object",
        "optgroup", "option", "output", "param", "picture", "progress", "rp", "rt", "rtc", "script", "select", "source",
        "style", "svg", "template", "textarea", "time", "title", "track", "use", "video",
    )
)  # fmt: skip
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
IDEOGRAPHIC = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

# Names (class or id) of what stands around articles. Only evidence here: a block under such a name does not vote.
_AROUND = re.compile(
    r"comment(?!ary)|disqus|sidebar|related|recirc|promo|newsletter|cookie|consent|footer|social|share|widget|teaser|"
    r"popular|trending|most-read|outbrain|taboola|caption|breadcrumb|author-bio|recommend|more-stories|read-more|signup|"
    r"subscribe|banner|modal|overlay|popup|privacy|gdpr|onetrust",
    re.IGNORECASE,
)
COMPONENTS = frozenset(("banner", "promo", "teaser", "widget"))
"""Those of the words that page builders and content systems give to whatever a page is made of."""
_TEXT_NODES = etree.XPath(f".//text()[string-length() > {MIN_NODE}]")


def weight(text: str) -> int:
    """Return the length of a text, in which a character of a script without spaces counts for three."""
    return len(text) + (WEIGHT - 1) * len(IDEOGRAPHIC.findall(text))


@dataclass(slots=True)
class Block:
    """An element with text of its own."""

    element: HtmlElement
    length: int = 0
    """Characters of its longer text nodes."""
    linked: int = 0
    """How many of them lie in links."""
    parts: list[str] = field(default_factory=list)

    @property
    def prose(self) -> int:
        """Characters outside links."""
        return self.length - self.linked


def blocks_of(body: HtmlElement) -> list[Block]:
    """Return the blocks in document order."""
    found: dict[HtmlElement, Block] = {}
    for node in _TEXT_NODES(body):
        text = node.strip()
        if len(text) < MIN_NODE:
            continue
        element, linked = _holder(node.getparent().getparent() if node.is_tail else node.getparent())
        if element is None or element.tag in OUTSIDE:
            continue
        block = found.get(element)
        if block is None:
            block = found[element] = Block(element)
        block.length += len(text)
        block.linked += len(text) if linked else 0
        block.parts.append(text)
    return list(found.values())


def prose_of(body: HtmlElement, blocks: list[Block]) -> list[Block]:
    """Return the blocks that look like an article's: long, not mostly links, not under a name of surroundings.

    A name or tag of an element with half of the page's prose says nothing: layouts are called `with-sidebar` too, and
    an unclosed `<aside>` or a `<form>` may hold the whole page. Nor does a word that elements with so much of it share.
    """
    likely = [block for block in blocks if _is_prose(block)]
    votes = votes_of(body, likely)
    verdicts: dict[HtmlElement, bool] = {body: False}
    idle = layout_words(likely)
    return [block for block in likely if not _surrounds(block.element, verdicts, votes, votes[body] / 2, idle)]


def layout_words(blocks: list[Block]) -> frozenset[str]:
    """Return the words of surroundings that half of the prose stands under: some builders call everything "widget"."""
    totals: Counter[str] = Counter()
    above: dict[HtmlElement, frozenset[str]] = {}
    for block in blocks:
        for word in _words_above(block.element, above) & COMPONENTS:
            totals[word] += block.prose
    half = sum(block.prose for block in blocks) / 2
    return frozenset(word for word, prose in totals.items() if prose >= half)


def votes_of(body: HtmlElement, blocks: list[Block]) -> dict[HtmlElement, int]:
    """Return how many characters of the blocks' prose each element up to the body holds; those without are absent."""
    votes: dict[HtmlElement, int] = {body: 0}
    for block in blocks:
        element: HtmlElement | None = block.element
        while element is not None:
            votes[element] = votes.get(element, 0) + block.prose
            element = None if element is body else element.getparent()
    return votes


def _holder(element: HtmlElement | None) -> tuple[HtmlElement | None, bool]:
    linked = False
    while element is not None and element.tag in INLINE:
        linked = linked or element.tag == "a"
        element = element.getparent()
    return element, linked


def _is_prose(block: Block) -> bool:
    if block.element.tag in HEADINGS or block.linked > block.length / 2:
        return False
    if block.prose >= MIN_PROSE:
        return True
    return block.prose >= MIN_PROSE_IDEOGRAPHIC and IDEOGRAPHIC.search(block.parts[0]) is not None


def _words_above(element: HtmlElement, known: dict[HtmlElement, frozenset[str]]) -> frozenset[str]:
    path = []
    for one in _upwards(element):
        if one in known:
            break
        path.append(one)
    words = known.get(one, frozenset())
    for one in reversed(path):
        words |= around_words(one)
        known[one] = words
    return words


def _surrounds(
    element: HtmlElement,
    verdicts: dict[HtmlElement, bool],
    votes: dict[HtmlElement, int],
    half: float,
    idle: frozenset[str],
) -> bool:
    path = []
    for one in _upwards(element):
        if one in verdicts:
            break
        path.append(one)
    verdict = verdicts.get(one, False)
    for one in reversed(path):
        verdict = verdict or bool(votes[one] < half and (one.tag in OUTSIDE or around_words(one) - idle))
        verdicts[one] = verdict
    return verdicts[element]


def around_words(element: HtmlElement) -> frozenset[str]:
    """Return the words in class and id that name something that stands around articles."""
    return _around(element.get("class") or "", element.get("id") or "")


@lru_cache(maxsize=8192)
def _around(classes: str, identifier: str) -> frozenset[str]:
    return frozenset(word.lower() for name in (classes, identifier) for word in _AROUND.findall(name))


def _upwards(element: HtmlElement) -> Iterator[HtmlElement]:
    yield element
    yield from element.iterancestors()
