"""The lead of an article where it stands outside of the container: between the headline and the text.

A third of news pages have it there, in the header of the article or above its picture. It is the first paragraph that
readers see, unlike a description that stands in the metadata alone, which is never taken. A deck, one short line, is no
paragraph: the record's `summary` has it.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from processors.extract.blocks import IDEOGRAPHIC
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

_CAPTION = re.compile(r"caption|credit|byline|author|meta-", re.IGNORECASE)


def lead_of(blocks: Sequence[Block], region: Region, summary: str | None) -> str | None:
    """Return what stands between headline and text and is what the page gives as its description; else None."""
    wanted = key(summary or "")[:SAME]
    if len(wanted) < MIN_DESCRIPTION and not IDEOGRAPHIC.search(wanted):
        return None
    for block in islice(_above(blocks, region), WITHIN):
        text = " ".join(block.element.text_content().split())
        if not block.linked and _is_paragraph(text) and key(text)[:SAME] == wanted and not _is_caption(block.element):
            return text
    return None


def with_lead(text: str, lead: str | None) -> str:
    """Return the text with its lead, unless it has it already."""
    if lead is None or not text or key(lead)[:SAME] in key(text[: 3 * MAX_LENGTH]):
        return text
    return f"{lead}\n{text}"


def _above(blocks: Sequence[Block], region: Region) -> Iterable[Block]:
    """Return the blocks between the last headline above the text and the text's first paragraph, that one included."""
    first = next((i for i, block in enumerate(blocks) if block.element is region.blocks[0].element), 0)
    headlines = [i for i, block in enumerate(blocks[:first]) if block.element.tag == "h1"]
    return blocks[headlines[-1] + 1 : first + 1] if headlines else ()


def _is_paragraph(text: str) -> bool:
    shortest = MIN_LENGTH_IDEOGRAPHIC if IDEOGRAPHIC.search(text) else MIN_LENGTH
    return shortest <= len(text) <= MAX_LENGTH


def _is_caption(element: HtmlElement) -> bool:
    """Tell whether a block, or what it stands in, is named as a caption: pages describe themselves by those too."""
    around = (element, element.getparent())
    names = [value for one in around if one is not None for value in (one.get("class"), one.get("id")) if value]
    return any(map(_CAPTION.search, names))
