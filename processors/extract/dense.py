"""What changes where a character is worth a word: Chinese, Japanese, Korean and Thai.

Trafilatura's thresholds are characters of western text. A Chinese article of 200 characters, a whole one, is too little
to it, so that it takes bare boxes for paragraphs; and a paragraph of 50 characters with the names of two companies in
links is a list of links. So the links of paragraphs become text here, and what is links indeed is removed before.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from processors.extract.blocks import IDEOGRAPHIC, INLINE
from processors.extract.tidy import drop_labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.html import HtmlElement

    from processors.extract.blocks import Block
    from processors.extract.region import Region

LINKED_ROW = 0.85
"""Share of the letters of a row that are links."""
LINKED = 0.5
"""Share of a paragraph that may be links."""
MAX_LINKS = 200
MAX_ROW = 4000
"""Links, and characters, of what is looked at: a hostile page nests both."""
SAMPLE, BLOCKS = 40, 8
"""Characters of a block, and blocks, that are looked at to tell the script."""


def is_dense(blocks: Sequence[Block]) -> bool:
    """Tell whether most of the blocks' text is in such a script."""
    sample = "".join(block.parts[0][:SAMPLE] for block in blocks[:BLOCKS])
    return 2 * len(IDEOGRAPHIC.findall(sample)) > len(sample)


def free_links(region: Region) -> None:
    """Make the links in paragraphs plain text: trafilatura deletes short paragraphs for them."""
    blocks = [block.element for block in region.blocks]
    for element in dict.fromkeys([*blocks, *region.container.iter("p")]):
        inside = islice(element.iter("a"), MAX_LINKS)
        links = [link for link in inside if _holder(link) is element]
        if links and sum(_letters(link.text_content()) for link in links) <= LINKED * _letters(element.text_content()):
            for link in links:
                link.drop_tag()


def drop_link_rows(region: Region) -> None:
    """Remove what is links and little else, dates and bullets aside, with the label before it.

    "· <a>…</a> 2012-01-17<br>" and rows of cells are how related articles stand on pages that know no lists.
    """
    for element in [*region.container.iter("div", "p", "table", "dl", "section", "ul", "ol")]:
        if not region.votes.get(element) and _is_row(element):
            drop_labelled(element)


def _is_row(element: HtmlElement) -> bool:
    links = [*islice(element.iter("a"), MAX_LINKS)]
    if len(links) < 2 or len(text := element.text_content()) > MAX_ROW:
        return False
    return sum(_letters(link.text_content()) for link in links) >= LINKED_ROW * max(1, _letters(text))


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _holder(link: HtmlElement) -> HtmlElement | None:
    element = link.getparent()
    while element is not None and element.tag in INLINE:
        element = element.getparent()
    return element
