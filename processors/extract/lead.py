"""The lead of an article where it stands outside of the container: between the headline and the text.

A third of news pages have it there, in the header of the article or above its picture. It is the first paragraph that
readers see, unlike a description that stands in the metadata alone, which is never taken. A deck, one short line, is no
paragraph: the record's `summary` has it. Nor is what else stands in the article's header, half of which advertises the
article: there, only a description that is the same tells a lead.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from processors.extract.blocks import HEADINGS, IDEOGRAPHIC, OUTSIDE, around_words
from processors.extract.frontmatter import key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lxml.html import HtmlElement

    from processors.extract.blocks import Block
    from processors.extract.region import Region

WITHIN = 12
"""Blocks below the headline among which it is looked for."""
MIN_LENGTH = 120
MIN_LENGTH_IDEOGRAPHIC = 40
MAX_LENGTH = 900
SAME = 60
"""Letters and digits; so many alike at the beginning, and two texts are the same, one of them perhaps cut off."""
MIN_DESCRIPTION = 40

_NO_TEXT = HEADINGS | OUTSIDE | {"header", "li"}
_ENDS = re.compile(r"[.!?…。][\"”’»“')\]]*$")
_CAPTION = re.compile(r"caption|credit|byline|author|meta-", re.IGNORECASE)


def lead_of(blocks: Sequence[Block], region: Region, summary: str | None, headlines: frozenset[str]) -> str | None:
    """Return the first paragraph between headline and text that is the page's description or the article's; else None.

    Args:
        blocks: of the whole page, in page order.
        region: where the article is.
        summary: the page's description.
        headlines: keys of the page's titles, by which the headline is known among several.
    """
    wanted = key(summary or "")[:SAME]
    described = len(wanted) >= MIN_DESCRIPTION or IDEOGRAPHIC.search(wanted) is not None
    for block in islice(_above(blocks, region, headlines), WITHIN):
        text = " ".join(block.element.text_content().split())
        if block.linked or not _is_paragraph(text) or _is_caption(block.element):
            continue
        if (described and key(text)[:SAME] == wanted) or _is_of_article(block.element, text, region):
            return text
    return None


def with_lead(text: str, lead: str | None) -> str:
    """Return the text with its lead, unless it has it already."""
    if lead is None or not text or key(lead)[:SAME] in key(text[: 3 * MAX_LENGTH]):
        return text
    return f"{lead}\n{text}"


def _above(blocks: Sequence[Block], region: Region, headlines: frozenset[str]) -> Iterable[Block]:
    """Return the blocks between the headline above the text and the text's first paragraph, that one included.

    The headline is the first heading of the first rank that is a title of the page, else the last of all.
    """
    first = next((i for i, block in enumerate(blocks) if block.element is region.blocks[0].element), 0)
    ranked = [i for i, block in enumerate(blocks[:first]) if block.element.tag == "h1"]
    named = [i for i in ranked if key(blocks[i].element.text_content()) in headlines]
    headline = (named or ranked[-1:])[0] if ranked else first
    return blocks[headline + 1 : first + 1]


def _is_of_article(element: HtmlElement, text: str, region: Region) -> bool:
    """Tell whether a block is a paragraph of the `<article>` around the container, in no header or box of it."""
    article = next(region.container.iterancestors("article"), None)
    if article is None or not _ENDS.search(text):
        return False
    for one in (element, *element.iterancestors()):
        if one is article:
            return True
        if one.tag in _NO_TEXT or around_words(one):
            return False
    return False


def _is_paragraph(text: str) -> bool:
    shortest = MIN_LENGTH_IDEOGRAPHIC if IDEOGRAPHIC.search(text) else MIN_LENGTH
    return shortest <= len(text) <= MAX_LENGTH


def _is_caption(element: HtmlElement) -> bool:
    """Tell whether a block, or what it stands in, is named as a caption: pages describe themselves by those too."""
    around = (element, element.getparent())
    names = [value for one in around if one is not None for value in (one.get("class"), one.get("id")) if value]
    return any(map(_CAPTION.search, names))
