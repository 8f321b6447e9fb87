"""The home of trafilatura: it turns the container of an article into clean paragraphs.

Trafilatura is given a small document that holds only the container `region` found, marked with
`itemprop=articleBody`, which is the first thing it looks for; then it cleans, prunes by name and renders as ever. Its
own search for a container, its copies and its regular expressions over names run over a tenth of the page: three
times as fast as on the whole page.

`comments` are off: reader comments are no article text, and with them F1 falls by 0.007. The focus is neither of
trafilatura's three names on purpose: "balanced" adds a measurement of the whole page (15 % of its time) and a second
run on doubt, which `region.coverage` decides here, knowing the page's prose already.
"""

from __future__ import annotations

import logging
from copy import copy
from typing import TYPE_CHECKING

import trafilatura
from trafilatura.settings import Document, Extractor

from processors.extract.parse import document

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LEAST_DENSE = 40
"""Characters of Chinese, Japanese or Korean from which a text is one; trafilatura asks for 250 of any script.

With less it takes bare boxes for paragraphs, and the container's text nodes, a line each, for its text.
"""
# It logs a warning or error for every page without text; we count and record those pages ourselves.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def _options(**changes: int) -> Extractor:
    options = Extractor(output_format="python", fast=True, comments=False)
    options.focus = "steady"
    for name, value in changes.items():
        setattr(options, name, value)
    return options


_STEADY = _options()
_DENSE = _options(min_extracted_size=LEAST_DENSE)


def of_container(container: HtmlElement, *, dense: bool = False) -> str:
    """Return the text of the container, or "" where nothing in it is text to trafilatura.

    Args:
        container: moved into a document of its own.
        dense: whether its script says in a character what others say in three.
    """
    taken = copy(container)
    if taken.tag not in {"article", "div", "main", "section", "body"}:
        taken.tag = "div"
    if taken.tag != "body":
        taken.set("itemprop", "articleBody")
    return _text(document(taken), _DENSE if dense else _STEADY)


def of_page(root: HtmlElement) -> str:
    """Return the text of a page whose container nobody knows, found by trafilatura itself."""
    return _text(root, _STEADY)


def _text(root: HtmlElement, options: Extractor) -> str:
    found = trafilatura.bare_extraction(root, options=options)
    return (found.text or "") if isinstance(found, Document) else ""
