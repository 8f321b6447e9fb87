"""News sitemaps (sitemaps.org 0.9 with Google's news extension) and the indexes that list sitemaps.

feedparser finds nothing in them. Read as a stream: 50,000 URLs, the most the standard allows, in under a second.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from lxml import etree

from ingest.feeds.errors import HostileFeedError, NotAFeedError, UnreadableFeedError
from ingest.feeds.links import absolute
from ingest.feeds.markup import line
from ingest.feeds.model import MAX_DATE, MAX_LINK, MAX_TITLE, Entry, Feed
from ingest.feeds.reading import language, names
from ingest.feeds.settling import key_of, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from ingest.feeds.moments import Dates
    from ingest.feeds.shield import Root

ROOTS: Final = frozenset({"urlset", "sitemapindex"})
MAX_URLS: Final = 50_000


def read_sitemap(text: bytes, root: Root, *, url: str, dates: Dates) -> Feed:
    """Return the articles of a news sitemap as entries, or the sitemaps of an index as children.

    Raises:
        HostileFeedError: it declares a document type, which a sitemap has no use for.
        NotAFeedError: a sitemap of pages, none with news tags.
        UnreadableFeedError: no XML.
    """
    if root.doctype:
        raise HostileFeedError("a sitemap with a document type")
    reader = _Reader(text[root.at :])
    if root.name == "sitemapindex":
        listed = [absolute(said.get("loc"), url) for said in reader.rows(b"sitemap")]
        children = tuple(dict.fromkeys(child for child in listed if child))
        return Feed(
            url=url, seen=dates.seen, format="sitemapindex", children=children, omitted=reader.omitted, cut=reader.cut
        )
    rows = list(reader.rows(b"url"))
    found = [_entry(said, url, dates) for said in rows if "news" in said and said.get("loc")]
    if rows and not found:
        more = f", and {reader.omitted} more than are read" if reader.omitted else ""
        raise NotAFeedError(f"a sitemap without news: {len(rows)} pages{more}")
    entries, repeated = settled(found)
    return Feed(
        url=url,
        seen=dates.seen,
        format="sitemap",
        title=next((said["name"][:MAX_TITLE] for said in rows if said.get("name")), ""),
        entries=entries,
        repeated=repeated,
        omitted=reader.omitted,
        degraded=reader.cut,
        cut=reader.cut,
    )


class _Reader:
    """Walks over a sitemap, row by row; a row is the text of each element in it by local name."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self.omitted = 0
        self.cut = False
        """The document ended, or broke, within or between rows."""

    def rows(self, name: bytes) -> Iterator[dict[str, str]]:
        """Yield each whole row.

        Raises:
            UnreadableFeedError: the first row is broken already.
        """
        count = 0
        tag = name.decode()
        try:
            for _, element in self._elements(tag):
                count += 1
                if count > MAX_URLS:
                    self.omitted += 1
                else:
                    yield _row(element)
                element.clear()
                while (before := element.getprevious()) is not None:
                    del before.getparent()[0]
        except etree.XMLSyntaxError as error:
            if count == 0:
                raise UnreadableFeedError(f"not XML: {error}") from None
            self.cut = True

    def _elements(self, tag: str) -> Iterator[tuple[str, _Element]]:
        walk: Iterator[tuple[str, _Element]] = etree.iterparse(
            io.BytesIO(self._text),
            tag=f"{{*}}{tag}",
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        return walk


def _row(element: _Element) -> dict[str, str]:
    said: dict[str, str] = {}
    for child in element.iter("{*}*"):
        local = child.tag.rpartition("}")[2]
        space = child.prefix or ""
        # `image:loc` and `video:title` are not the row's own.
        if space in {"image", "video", "xhtml"}:
            continue
        said.setdefault(local, line(child.text or ""))
    return said


def _entry(said: dict[str, str], url: str, dates: Dates) -> Entry:
    loc = said["loc"]
    title = said.get("title", "")[:MAX_TITLE]
    published, updated = said.get("publication_date"), said.get("lastmod")
    return Entry(
        key=key_of(None, loc, title, published),
        link=absolute(loc, url),
        published_link=loc[:MAX_LINK],
        title=title,
        published=dates.moment(published),
        updated=dates.moment(updated),
        published_raw=published[:MAX_DATE] if published else None,
        updated_raw=updated[:MAX_DATE] if updated else None,
        tags=names(said.get("keywords", "").split(",")),
        language=language(said.get("language")),
    )
