"""Passes over the tree before extraction: each takes away, or rewrites, one kind of thing that misleads it.

A pass changes the tree in place. What it removes is text that no rule about lines could judge as well: whether a list
is all links is plain in the tree and invisible in a line.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml import etree

from processors.extract.blocks import INLINE, WEIGHT, weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lxml.html import HtmlElement

    from processors.extract.blocks import Block
    from processors.extract.region import Region

LINK_SHARE_LIST = 0.85
LINK_SHARE_PARAGRAPH = 0.9
BOX_SHARE = 0.15
BOXES_SHARE = 0.4
SURE_SHARE = 0.4
"""Of a box whose name can hardly mean the article."""
FARM = 500
KICKER = 40
MIN_HEADLINE = 20
MAX_LABEL = 60
MAX_LINK = 900
"""Weight of a link's text; the longest cards of other articles have some 500."""
LAYOUT_CELL = 300
LAYOUT_CELL_WITH_PARAGRAPH = 150
LAYOUT_ITEM = 1500
"""Weight of an item with paragraphs that is no item; lists of people's lives have shorter ones."""
WRAPPER_LEVELS = 3
MAX_CARD = 240
CARDS_PER_PARAGRAPH = 2

_BOX = re.compile(
    "|".join(
        (
            *("related", "recirc", "recommend", "trending", "teaser", "outbrain", "taboola", "most-?(?:read|popular)"),
            *("more-?(?:stories|on|news|from)", "read-?(?:more|also|next)", "see-?also"),
            *("promo(?!te)", "newsletter", "sign-?up", "subscri", "paywall", "piano", "donat", "sponsor", "advert"),
            *("(?:^|[ _-])ads?(?:[ _-]|$)", "app-?(?:banner|promo|download)"),
            *("social", "share(?!d)", "sharing", "follow-us", "widget(?!-text)", "toolbar", "breadcrumb"),
            *("caption", "credit", "byline", "dateline", "tags?(?:[ _-]|$)", "legend", "media-?(?:info|sub|desc)"),
            *(
                "(?:image|photo|picture)-?(?:desc|info|meta|text)",
                "(?:^|[ _-])cta(?:[ _-]|$)",
                "call-to-action",
                "tooltip",
                "popover",
                "roll-?over",
                "hover-?card",
            ),
            *(
                "affiliate-?(?:disc|info|note)",
                "ai-?(?:article)?-?summary",
                "summary-?box",
                "key-?(?:points|takeaways)",
            ),
            *("author-?(?:bio|box|info|card)", "about-(?:the-)?author", "fact-?box", "info-?box", "expandable"),
            *("print-only", "screen-reader", "visually-hidden", "sr-only"),
        )
    ),
    re.IGNORECASE,
)
_SURE = re.compile(
    r"fact-?box|info-?box|related|recirc|most-?(?:read|popular)|newsletter|outbrain|taboola|tooltip|popover|roll-?over",
    re.IGNORECASE,
)
# What readers unfold; "embed" is what one builder calls markup of the author's own.
_FOLDED = re.compile(r"accordion|collaps|faq|toggle|w-embed|tab-?(?:pane|content)", re.IGNORECASE)
_CARDS = etree.XPath(".//a[.//h2 or .//h3 or .//h4 or .//h5 or .//h6]")
# An outlet's own elements (`<acme-factbox>`) count by their names too.
_BOXES = etree.XPath(
    ".//*[(@class or @id) and (self::div or self::section or self::ul or self::ol or self::p or self::table or self::dl"
    " or self::span or self::article or contains(local-name(), '-'))]"
)
_BARE = frozenset(("div", "section", "article", "main", "body", "dl"))
_LABELS = frozenset(("h2", "h3", "h4", "h5", "h6", "p", "strong", "b", "div", "span"))
_LAYOUT_ITEMS = etree.XPath(".//p[4]/ancestor::li[1]")


def drop_link_lists(body: HtmlElement) -> None:
    """Remove lists that are links and little else, each with the label before it: navigation, related articles, tags.

    That is: at least 85 % link text, or every item a link and a few words ("Archaeology: <a>…</a>").
    """
    gone: set[HtmlElement] = set()
    for element in [*body.iter("ul", "ol")]:
        if element not in gone and (_link_share(element) >= LINK_SHARE_LIST or _is_links_with_kickers(element)):
            gone.update(element.iter("ul", "ol"))  # a menu's lists hold lists
            drop_labelled(element)


def drop_link_farms(body: HtmlElement) -> None:
    """Remove the links of an element that holds more than 500 of them and little else.

    100,000 bare links in an article cost trafilatura 12 s. A link that holds more than a card is none of a farm.
    """
    counts = Counter(link.getparent() for link in body.iter("a"))
    for parent, count in counts.items():
        if count > FARM and _link_share(parent) >= LINK_SHARE_LIST - 0.05:
            for link in [child for child in parent if child.tag == "a" and not (child.tail or "").strip()]:
                if _size(link) <= MAX_CARD:
                    parent.remove(link)


def drop_link_paragraphs(body: HtmlElement) -> None:
    """Remove paragraphs that are one link ("READ MORE: ...") where most paragraphs are prose.

    So are those with the same label before their link, two or more on the page, in whatever language. Kept where more
    than a third of the paragraphs are links: such a page is a collection, and its links are its text.
    """
    paragraphs = [*body.iter("p")]
    linked = [element for element in paragraphs if element.find(".//a") is not None]
    labels = {element: _label_of(element) for element in linked}
    counts = Counter(filter(None, labels.values()))
    links = [
        one for one in linked if _link_share(one) >= LINK_SHARE_PARAGRAPH or (labels[one] and counts[labels[one]] > 1)
    ]
    if not links:
        return
    prose = sum(1 for element in paragraphs if len(element.text_content()) > 40)
    if len(links) <= prose / 3:
        for element in links:
            drop(element)


def drop_link_cards(body: HtmlElement) -> None:
    """Remove links around a heading: cards that lead to other articles.

    One that the publisher does not vouch for (`rel=nofollow`, `sponsored`) stays: it names a product that the article
    is about. Kept where there are more than two for each paragraph: such a page is a collection.
    """
    cards = [link for link in _CARDS(body) if _size(link) <= MAX_CARD and not _is_disowned(link)]
    if cards and len(cards) <= CARDS_PER_PARAGRAPH * sum(1 for one in body.iter("p") if len(one.text_content()) > 40):
        for card in cards:
            drop(card)


def free_false_links(blocks: Iterable[Block]) -> None:
    """Make text of a link that nobody closed and that holds an article cut by `<br>`.

    Whatever reads a page by its share of links is blind to such a text.
    """
    for block in blocks:
        if block.linked * WEIGHT > MAX_LINK and weight("".join(block.parts)) > MAX_LINK:
            links = [link for link in block.element.iter("a") if len(link.findall("br")) > 2]
            for link in links:
                link.tag = "span"
            block.linked = 0 if links else block.linked


def free_tables(body: HtmlElement) -> None:
    """Turn tables used for layout into plain containers; trafilatura would render them as one row of cells."""
    for table in [*body.iter("table")]:
        if _is_layout(table):
            for element in [table, *table.iter("tbody", "thead", "tfoot", "tr", "td", "th")]:
                element.tag = "div"


def free_lists(body: HtmlElement) -> None:
    """Turn lists used for layout into plain containers: an item with several paragraphs would be one line of text."""
    for item in _LAYOUT_ITEMS(body):
        holder = item.getparent()
        if holder is not None and holder.tag in {"ul", "ol"} and weight(item.text_content()) > LAYOUT_ITEM:
            for element in [holder, *holder.iterchildren("li")]:
                element.tag = "div"


def free_quotes(body: HtmlElement) -> None:
    """Take the names off embedded posts and their wrappers.

    "embed" and "widget" get text deleted that the article quotes.
    """
    for quote in body.iter("blockquote"):
        names = quote.get("class") or ""
        if "twitter-tweet" not in names and "instagram-media" not in names:
            continue
        quote.attrib.clear()
        size = len(quote.text_content())
        wrapper = quote.getparent()
        for _ in range(WRAPPER_LEVELS):
            if wrapper is None or wrapper is body or len(wrapper.text_content()) > 1.5 * size + 40:
                break
            anonymous(wrapper)
            wrapper = wrapper.getparent()


def drop_boxes(region: Region) -> None:
    """Remove boxes inside the container that their names call something else than the article.

    One with a good part of its prose stays (more of it with a name such as "factbox"), and so do all with prose if they
    hold much of it together: class names lie, and a bad one must not cost an article.
    """
    keep = set(region.core)
    sizes = {one: _prose_in(one, region) for one in _BOXES(region.container) if one not in keep and _is_box(one)}
    boxes = {box: size for box, size in sizes.items() if size <= _share_of(box) * region.prose}
    outer = sum(size for box, size in boxes.items() if box.getparent() not in boxes)
    for box, size in boxes.items():
        if outer <= BOXES_SHARE * region.prose or not size:
            drop(box)


def free_folds(region: Region) -> None:
    """Take the names off what readers unfold, where it holds prose: trafilatura deletes "expand", "hidden" and such."""
    for element in region.container.iter("div", "section", "article", "li", "dd", "details"):
        if region.votes.get(element) and any(_FOLDED.search(element.get(name) or "") for name in ("class", "id")):
            for inner in element.iter("div", "section", "p", "span", "li", "dd"):
                anonymous(inner)


def wrap_runs(blocks: Iterable[Block]) -> None:
    """Put text that stands bare in a container, cut by `<br>` or by blocks, into paragraphs of its own.

    Trafilatura reads bare text only where a page has next to no `<p>`.
    """
    for block in blocks:
        if block.element.tag in _BARE:
            _wrap(block.element)


def anonymous(element: HtmlElement) -> None:
    """Take away the attributes that pruning by name looks at."""
    for name in ("class", "id", "role", "style", "aria-hidden", "data-component"):
        element.attrib.pop(name, None)


def drop_labelled(element: HtmlElement) -> None:
    """Remove an element, and the short line before it that only announces it: "Also interesting", "Related:"."""
    _drop_label(element)
    drop(element)


def drop(element: HtmlElement) -> None:
    """Remove an element, keeping the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


PASSES: dict[str, Callable[[HtmlElement], None]] = {
    "tables": free_tables,
    "lists": free_lists,
    "quotes": free_quotes,
    "link-farms": drop_link_farms,
    "link-lists": drop_link_lists,
    "link-paragraphs": drop_link_paragraphs,
    "link-cards": drop_link_cards,
}
"""By name, in the order they run."""


def _prose_in(element: HtmlElement, region: Region) -> int:
    """Return the characters of prose in an element; an inline one has no votes of its own."""
    return len(element.text_content()) if element.tag == "span" else region.votes.get(element, 0)


def _is_box(element: HtmlElement) -> bool:
    return any(_box_name(value) for value in (element.get("class"), element.get("id")) if value)


def _share_of(box: HtmlElement) -> float:
    sure = any(_SURE.search(value) for value in (box.get("class"), box.get("id")) if value)
    return SURE_SHARE if sure else BOX_SHARE


@lru_cache(maxsize=8192)
def _box_name(value: str) -> bool:
    return _BOX.search(value) is not None


def _label_of(paragraph: HtmlElement) -> str:
    """Return what stands before the link at the end of a paragraph, if that announces it: "MORE NEWS |"; else ""."""
    links = [*paragraph.iter("a")]
    if len(links) > 1:
        return ""
    link, whole = (" ".join(element.text_content().split()) for element in (links[0], paragraph))
    if not MIN_HEADLINE <= len(link) < len(whole) <= len(link) + KICKER + 1 or not whole.endswith(link):
        return ""
    label = whole[: -len(link)].rstrip()
    return label if 3 <= len(label) <= KICKER and label.endswith((":", "|", ">", "»", "–", "-")) else ""


def _is_disowned(link: HtmlElement) -> bool:
    return not {"nofollow", "sponsored"}.isdisjoint((link.get("rel") or "").lower().split())


def _is_links_with_kickers(element: HtmlElement) -> bool:
    items = [item for item in element.iterchildren("li") if _size(item)]
    if len(items) < 2:
        return False
    return all(_linked(item) >= _size(item) / 2 and _size(item) - _linked(item) <= KICKER for item in items)


def _drop_label(element: HtmlElement) -> None:
    """Remove the short line before an element that only announces it: "Also interesting", "Related:"."""
    before = element.getprevious()
    if before is None or before.tag not in _LABELS or (before.tail or "").strip():
        return
    label = " ".join(before.text_content().split())
    if 0 < weight(label) <= MAX_LABEL and not label.endswith((".", "!", "?", "。")):
        drop(before)


def _linked(element: HtmlElement) -> int:
    return sum(map(_size, element.iter("a")))


def _link_share(element: HtmlElement) -> float:
    total = _size(element)
    return _linked(element) / total if total else 0.0


def _size(element: HtmlElement) -> int:
    return len("".join(element.text_content().split()))


def _is_layout(table: HtmlElement) -> bool:
    cells = [*table.iter("td", "th")]
    sizes = [len(cell.text_content()) for cell in cells]
    if len(cells) == 1 or max(sizes, default=0) > LAYOUT_CELL:
        return True
    return any(
        size > LAYOUT_CELL_WITH_PARAGRAPH and cell.find(".//p") is not None
        for cell, size in zip(cells, sizes, strict=True)
    )


def _wrap(container: HtmlElement) -> None:
    """Move each run of text and inline elements into a `<p>`; `<br>` ends a run."""
    children = list(container)
    run = _paragraph(container, container.text)
    container.text = None
    container.insert(0, run)
    for child in children:
        if child.tag in INLINE:
            run.append(child)  # its tail moves with it
            continue
        _settle(run)
        tail, child.tail = child.tail, None
        run = _paragraph(container, tail)
        child.addnext(run)
        if child.tag == "br":
            container.remove(child)
    _settle(run)


def _paragraph(container: HtmlElement, text: str | None) -> HtmlElement:
    paragraph: HtmlElement = container.makeelement("p")
    paragraph.text = text
    return paragraph


def _settle(run: HtmlElement) -> None:
    if len(run) == 0 and not (run.text or "").strip():
        parent = run.getparent()
        parent.remove(run)
