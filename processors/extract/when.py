"""When an article was published and changed: the first plausible date among what a page says.

Implausible are a date before the web, one that is later than a day after the page was fetched, and, if there is any
other, the first midnight of a year: that is how a content system reads the year of a copyright.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from processors.dates import DateLine, date_line, machine_date, written_date
from processors.dates.written import LONGEST
from processors.extract.blocks import around_words
from processors.extract.jsonld import values
from processors.extract.tags import plain, said, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

    from processors.extract.jsonld import Node
    from processors.extract.tags import Said
    from processors.records import Page

EARLIEST_YEAR = 1990
TOLERANCE = timedelta(days=1)
LEVELS = 5
"""Ancestors of a visible date that are asked whether they are comments or lists of other articles."""

_PUBLISHED = (
    "article:published_time", "og:published_time", "article:published", "datepublished", "parsely-pub-date",
    "sailthru.date", "dcterms.created", "dc.date.issued", "dcterms.issued", "citation_publication_date",
    "cxenseparse:recs:publishtime",
    "og:article:published_time", "publish-date", "publish_date", "publication_date", "pubdate", "pub_date",
    "published_time", "dc.date", "dcterms.date", "date", "article.published", "ptime", "timestamp",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:updated_time", "article:modified", "datemodified", "dcterms.modified",
    "og:modified_time", "article.updated", "lastmod", "last-modified", "revised",
)  # fmt: skip
_DATED = re.compile(r"publish|posted|created|entry-date|post-date|article.?date", re.IGNORECASE)
# Short elements behind the headline, in page order: what says when an article was published stands there.
_BELOW_HEADLINE = etree.XPath(
    "(//h1)[1]/following::*[self::time or self::span or self::div or self::p or self::li or self::dd or self::small]"
    "[position() <= 60][count(*) < 6 and string-length() < 400]"
)
_ELSEWHERE = frozenset(
    ("comment", "disqus", "related", "recirc", "recommend", "popular", "trending", "most-read", "more-stories")
)
_NOWHERE = timezone(timedelta(), "nowhere")
"""The zone of a time that is given without one."""


class _Read(NamedTuple):
    date: datetime
    source: str

    @property
    def zoned(self) -> bool:
        return self.date.tzinfo is not _NOWHERE

    @property
    def is_day(self) -> bool:
        """Whether it may name the day only."""
        return (self.date.hour, self.date.minute, self.date.second) == (0, 0, 0) and not self.date.utcoffset()

    @property
    def is_year(self) -> bool:
        return self.is_day and (self.date.month, self.date.day) == (1, 1)


def published_of(node: Node, metas: dict[str, str], root: HtmlElement, page: Page) -> tuple[datetime | None, str]:
    """Return the time of publishing, and its source; None and "" where the page gives none."""
    stated = [*_stated(node, "datePublished"), *said(metas, _PUBLISHED), *_times(root)]
    found = _chosen(stated, latest(page))
    return found if found[0] else _below_headline(root, latest(page))


def modified_of(node: Node, metas: dict[str, str], page: Page) -> tuple[datetime | None, str]:
    """Return the time of the last change, and its source; None and "" where the page gives none."""
    return _chosen([*_stated(node, "dateModified"), *said(metas, _MODIFIED)], latest(page))


def visible_date(lines: Iterable[str], page: Page) -> datetime | None:
    """Return the first plausible date among date lines of the text, for a page whose markup gives none."""
    dates = (date for line in lines if (date := written_date(line)))
    return next((date for date in dates if plausible(date, latest(page))), None)


def latest(page: Page) -> datetime | None:
    """Return the time after which no date of the page can be; None where nobody knows when it was fetched."""
    return page.origin.fetched + TOLERANCE if page.origin.fetched else None


def plausible(date: datetime, until: datetime | None) -> bool:
    """Tell whether an article can have been published then."""
    return date.year >= EARLIEST_YEAR and (until is None or date <= until)


def _stated(node: Node, name: str) -> list[Said]:
    return [(f"json-ld:{name}", value) for value in values(node.get(name)) if isinstance(value, str)]


def _chosen(candidates: Iterable[Said], until: datetime | None) -> tuple[datetime | None, str]:
    """Return the first date; what it lacks, a time or a zone, is taken from the first other that agrees and has it."""
    read = (_Read(date, source) for source, value in candidates if (date := machine_date(value, _NOWHERE)))
    found = [one for one in read if plausible(one.date, until)]
    if not found:
        return None, ""
    best = next((one for one in found if not one.is_year), found[0])
    wall = best.date.replace(tzinfo=None, second=0, microsecond=0)
    for other in found:
        here = other.date.replace(tzinfo=None, second=0, microsecond=0)
        if (best.is_day and not other.is_day and here.date() == wall.date()) or (
            not best.zoned and other.zoned and here == wall
        ):
            best = other
            break
    return (best.date if best.zoned else best.date.replace(tzinfo=UTC)), best.source


def _times(root: HtmlElement) -> Iterator[Said]:
    """Return the dates of visible elements: `<time>` marked as publication first, then the first `<time>` of all."""
    candidates = (
        one
        for one in root.iter("time", "span", "abbr")
        if (one.get("datetime") or one.get("itemprop") == "datePublished" or one.tag == "time") and not _is_around(one)
    )
    times = some(candidates, 20)
    marked = [e for e in times if "pubdate" in e.attrib or _DATED.search(f"{e.get('itemprop')} {e.get('class')}")]
    for element in [*marked, *times[:1]]:
        yield "html:time", element.get("datetime") or element.get("content") or plain(element)


def _below_headline(root: HtmlElement, until: datetime | None) -> tuple[datetime | None, str]:
    """Return the first date line below the headline that tells of publishing."""
    for element in _BELOW_HEADLINE(root):
        line = _date_line(element)
        if line and line.published and plausible(line.published, until) and not _is_around(element):
            return line.published, "html:date line"
    return None, ""


def _date_line(element: HtmlElement) -> DateLine | None:
    text = plain(element)
    return date_line(text) if 6 <= len(text) <= LONGEST and any(map(str.isdigit, text)) else None


def _is_around(element: HtmlElement) -> bool:
    """Tell whether an element is of what stands around articles: comments, lists of other articles."""
    above = [element, *some(element.iterancestors(), LEVELS)]
    return any(around_words(one) & _ELSEWHERE for one in above)
