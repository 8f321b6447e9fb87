"""Who wrote an article: the people of the first source that names any but the outlet itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from processors.extract import frontmatter, people
from processors.extract.jsonld import values
from processors.extract.tags import plain, said, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from processors.extract.jsonld import Node

MAX_BYLINES = 8
SCOPE = 3
"""Levels above the first link to an author, under which the others are: those further away are of other articles."""

_METAS = (
    "article:author", "author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl",
    "citation_author", "article:author_name", "og:article:author", "creator", "authors", "cxenseparse:author",
    "dable:author",
)  # fmt: skip
_BYLINE = re.compile(r"(?:^|[\s_-])(?:byline|author)(?:[-_]{0,2}(?:name|link|url))?s?(?=$|[\s_-])", re.IGNORECASE)


def authors_of(
    node: Node, metas: dict[str, str], root: HtmlElement, outlet: frozenset[str]
) -> tuple[tuple[str, ...], str] | None:
    """Return the authors and their source, or None where nobody is named.

    Args:
        node: the article's JSON-LD.
        metas: the page's meta tags.
        root: the page.
        outlet: keys of what the outlet and its company are called: they are no authors.
    """
    for source, bylines in _sources(node, metas, root):
        named = tuple(name for name in people.names(bylines) if frontmatter.key(name) not in outlet)
        if named:
            return named, source
    return None


def _sources(node: Node, metas: dict[str, str], root: HtmlElement) -> Iterator[tuple[str, list[str]]]:
    yield "json-ld:author", list(_named(node.get("author")))
    for source, value in said(metas, _METAS):
        if not value.startswith(("http:", "https:", "/")):
            yield source, [value]
    yield "html:rel=author", _linked(root)
    yield "html:byline", _marked(root)


def _named(value: object) -> Iterator[str]:
    for one in values(value):
        if isinstance(one, dict):
            yield from (name for name in values(one.get("name")) if isinstance(name, str))
        elif isinstance(one, str):
            yield one


def _linked(root: HtmlElement) -> list[str]:
    """Return the texts of the first links to an author and of those beside it."""
    links = some((one for one in root.iter("a") if "author" in (one.get("rel") or "")), MAX_BYLINES)
    links = [link for link in links if plain(link)]
    if not links:
        return []
    above = [*links[0].iterancestors()][:SCOPE]
    return [plain(link) for link in links if above and above[-1] in link.iterancestors()]


def _marked(root: HtmlElement) -> list[str]:
    """Return the texts of the first element that `itemprop` or a class calls a byline, and of those beside it."""
    candidates = root.iter("span", "a", "p", "div", "address")
    marked = [one for one in candidates if one.get("itemprop") == "author" or _BYLINE.search(one.get("class") or "")]
    told = [(one, line) for one in marked if (line := _pieces(one)) and len(line) < people.MAX_BYLINE]
    parent = told[0][0].getparent() if told else None
    return [line for one, line in told if one.getparent() is parent][:MAX_BYLINES]


def _pieces(element: HtmlElement) -> str:
    """Return an element's text with a bar between what stands in elements of its own: name and role, or two names.

    Two single words are one name in two elements.
    """
    line = ""
    for node in some(element.itertext(), 4 * MAX_BYLINES):
        piece = " ".join(node.split())
        if piece:
            halves = bool(line) and " " not in piece and " " not in line
            line = f"{line}{' ' if halves else ' | '}{piece}" if line else piece
    return line
