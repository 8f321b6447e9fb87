"""Which element of a page holds the article.

Two witnesses: where the prose is (each prose block votes for all its ancestors), and what publishers call their
containers (class, id, `itemprop`, `<article>`, `<main>`). Names decide among elements that hold enough of the prose,
prose decides where names are missing or point at something small; an article split over several containers of one
name is taken whole, by their lowest common ancestor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from processors.extract.blocks import votes_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from processors.extract.blocks import Block

DENSE_SHARE = 0.75
"""Descend from the body as long as one child holds this share of the prose."""
NAMED_SHARE = 0.25
"""A named container must hold this share of the prose of the dense region."""
PART = 1.6
"""An article with so many times the prose of a named container in it is taken instead."""
SPLIT_SHARE = 0.1
"""Containers with less than this share of the article are not part of a split."""
CORE_SHARE = 0.35
"""A parent with this share of the container's prose is protected from pruning by name, with all between."""

_BODY = re.compile(
    r"(?:article|art|story|post|entry)[-_]{0,2}(?:body|content|text|copy|entry)|body-?text|body-?copy|article[-_]+container|"
    r"post_inner|storytext",
    re.IGNORECASE,
)
_STORY = re.compile(
    r"^article |^story|^article|^primary|fulltext|(?:theme|blog|section|single)-content|single-post|main-column|"
    r"wpb_text_column|field-body",
    re.IGNORECASE,
)
_PAGE = re.compile(
    r"content[-_]{0,2}(?:main|body)|(?:page|text|news|main)[-_]{0,2}(?:body|content|text|copy)|^content$", re.IGNORECASE
)
_CONTAINERS = frozenset(("article", "div", "main", "section"))
_PARAGRAPHS = frozenset(["p", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dd", "dt", "pre", "blockquote"])
_NO_RANK = 9


@dataclass(slots=True)
class Region:
    """The container, and the elements in it that hold the article's prose."""

    container: HtmlElement
    core: list[HtmlElement]
    prose: int
    """Characters of prose in the container."""
    blocks: list[Block]
    """The prose blocks in it."""
    votes: dict[HtmlElement, int]
    """Characters of prose by element, of the whole page."""


def region_of(body: HtmlElement, prose: list[Block]) -> Region | None:
    """Return where the article is, or None where the page has no prose to tell."""
    if not prose:
        return None
    votes = votes_of(body, prose)
    dense = _dense(body, votes)
    named = _named(votes, votes[dense])
    container = dense if named is None else named
    inside = [block for block in prose if _within(block.element, container)]
    return Region(container, _core(container, inside, votes[container]), votes[container], inside, votes)


def coverage(region: Region, text: str) -> float:
    """Return the share of the container's prose that the text holds, judged by the beginnings of some 200 blocks."""
    known = "".join(text.split())
    total = found = 0
    for block in region.blocks[:: 1 + len(region.blocks) // 200]:
        total += block.prose
        if "".join(block.parts[0].split())[:40] in known:
            found += block.prose
    return found / total if total else 1.0


def paths(region: Region) -> list[HtmlElement]:
    """Return every element between the container and its prose, both ends and what is in the prose included."""
    found: dict[HtmlElement, None] = {}
    for block in region.blocks:
        if _within(block.element, region.container):
            found.update(dict.fromkeys(_path(block.element, region.container)))
            found.update(dict.fromkeys(block.element.iter("span")))
    return list(found)


def _dense(body: HtmlElement, votes: dict[HtmlElement, int]) -> HtmlElement:
    here = body
    while True:
        best = max(here, key=lambda child: votes.get(child, 0), default=None)
        if best is None or best.tag in _PARAGRAPHS or votes.get(best, 0) < max(1, DENSE_SHARE * votes[here]):
            return here
        here = best


def _named(votes: dict[HtmlElement, int], dense: int) -> HtmlElement | None:
    ranks: dict[int, list[HtmlElement]] = {}
    for element in votes:
        rank = _rank(element)
        if rank < _NO_RANK:
            ranks.setdefault(rank, []).append(element)
    for rank in sorted(ranks):
        container = _first(ranks[rank], votes, dense)
        if container is not None:
            return container
    return None


def _first(named: list[HtmlElement], votes: dict[HtmlElement, int], dense: int) -> HtmlElement | None:
    """Return the first container with enough prose: what follows may be the next article of an endless page."""
    for element in named:
        whole = _twins(element, named, votes)
        share = NAMED_SHARE if whole is element else DENSE_SHARE
        if whole is not None and votes.get(whole, 0) >= share * dense and not _is_part(whole, votes):
            return _innermost(whole, named, votes)
    return None


def _is_part(container: HtmlElement, votes: dict[HtmlElement, int]) -> bool:
    """Tell whether a container is only the intro, say, of the one article around it."""
    article = _article(container)
    if article is None or votes.get(article, 0) < PART * votes[container]:
        return False
    others = [other for other in article.iterdescendants("article") if other in votes]
    return not others and sum(1 for _ in article.iter("h1")) <= 1


def _innermost(outer: HtmlElement, named: list[HtmlElement], votes: dict[HtmlElement, int]) -> HtmlElement:
    inner = outer
    for element in named:
        if element is not inner and votes[element] >= DENSE_SHARE * votes[inner] and _within(element, inner):
            inner = element
    return inner


def _twins(element: HtmlElement, named: list[HtmlElement], votes: dict[HtmlElement, int]) -> HtmlElement | None:
    """Return the element, or the common ancestor of it and its equals where an article is split over several.

    Equals are of one tag and class; a headline or an `<article>` of their own makes them other articles.
    """
    classes = element.get("class")
    twins = [other for other in named if classes and other.get("class") == classes and other.tag == element.tag]
    if len(twins) < 2 or element.tag == "article":
        return element
    total = sum(votes[twin] for twin in twins)
    twins = [twin for twin in twins if twin is element or votes[twin] >= SPLIT_SHARE * votes[element]]
    if votes[element] >= 0.9 * total or len(twins) < 2 or any(_has_headline(twin) for twin in twins[1:]):
        return element
    common = _common(twins)
    if common is None or sum(1 for _ in common.iter("h1")) > 1 or len({_article(twin) for twin in twins}) > 1:
        return element
    return common


def _has_headline(element: HtmlElement) -> bool:
    return element.find(".//h1") is not None


def _article(element: HtmlElement) -> HtmlElement | None:
    return next(element.iterancestors("article"), None)


def _common(elements: list[HtmlElement]) -> HtmlElement | None:
    paths = [[element, *element.iterancestors()][::-1] for element in elements]
    common = None
    for level in zip(*paths, strict=False):
        if any(element is not level[0] for element in level):
            break
        common = level[0]
    return common if common is not None and common.tag != "html" else None


def _core(container: HtmlElement, inside: list[Block], prose: int) -> list[HtmlElement]:
    """Return the elements on the way from the container to where most of its prose is."""
    parents: dict[HtmlElement, int] = {}
    for block in inside:
        parent = block.element if block.element is container else block.element.getparent()
        parents[parent] = parents.get(parent, 0) + block.prose
    core: dict[HtmlElement, None] = {}
    for parent, share in parents.items():
        if share >= CORE_SHARE * prose:
            core.update(dict.fromkeys(_path(parent, container)))
    return list(core)


def _path(element: HtmlElement, top: HtmlElement) -> list[HtmlElement]:
    path = [element]
    while path[-1] is not top:
        path.append(path[-1].getparent())
    return path


def _within(element: HtmlElement, top: HtmlElement) -> bool:
    return element is top or any(above is top for above in element.iterancestors())


def _rank(element: HtmlElement) -> int:
    if element.tag not in _CONTAINERS:
        return _NO_RANK
    get = element.get
    return _rank_of(element.tag, get("class") or "", get("id") or "", get("itemprop") or "", get("role") or "")


@lru_cache(maxsize=4096)
def _rank_of(tag: str, classes: str, identifier: str, itemprop: str, role: str) -> int:
    names = (classes, identifier)
    if itemprop == "articleBody" or classes in {"post", "entry"} or any(map(_BODY.search, names)):
        return 1
    if tag == "article":
        return 2
    if role == "article" or any(map(_STORY.search, names)):
        return 3
    if any(map(_PAGE.search, names)):
        return 4
    if tag == "main" or role == "main" or any(name.startswith("main") for name in names):
        return 5
    return _NO_RANK
