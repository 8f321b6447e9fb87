"""Feed documents as the outlets write them: RSS 2.0, Atom (RFC 4287), JSON Feed 1.1, news sitemap."""

from __future__ import annotations

import json
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from ingest.demo.newsroom.pages import body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.demo.newsroom.pages import Published
    from ingest.demo.newsroom.script import Outlet


def document(outlet: Outlet, items: Sequence[Published], home: str) -> str:
    """Return the outlet's feed: the newest first. The same items give the same document.

    Args:
        outlet: whose feed it is, and so its format.
        items: what is published, the oldest first.
        home: the outlet's own address, without a slash at its end.
    """
    writers = {"rss": _rss, "atom": _atom, "json": _json_feed, "sitemap": _sitemap}
    return writers[outlet.format](outlet, [*reversed(items)], home)


def _rss(outlet: Outlet, items: Sequence[Published], home: str) -> str:
    rows = "".join(_rss_item(outlet, item, home) for item in items)
    return (
        f'<?xml version="1.0" encoding="{outlet.charset}"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">\n<channel>\n'
        f"<title>{escape(outlet.name)}</title>\n<link>{home}/</link>\n"
        f"<description>{escape(outlet.name)}</description>\n<language>{outlet.language}</language>\n"
        f"{rows}</channel>\n</rss>\n"
    )


def _rss_item(outlet: Outlet, item: Published, home: str) -> str:
    story, edition = item.story, item.edition
    whole = f"<content:encoded><![CDATA[{body(outlet, edition)}]]></content:encoded>\n" if outlet.whole else ""
    return (
        f"<item>\n<title>{escape(edition.title)}</title>\n<link>{home}{story.link}</link>\n"
        f'<guid isPermaLink="false">{story.guid}</guid>\n'
        f"<pubDate>{format_datetime(outlet.local(item.published))}</pubDate>\n"
        f"<dc:creator>{escape(story.author)}</dc:creator>\n<category>{escape(story.section)}</category>\n"
        f"<description>{escape(edition.summary)}</description>\n{whole}</item>\n"
    )


def _atom(outlet: Outlet, items: Sequence[Published], home: str) -> str:
    # RFC 4287, 4.2.15 demands a date also of a feed that holds nothing yet.
    updated = max((item.modified for item in items), default=None)
    stamp = "2026-01-01T00:00:00+00:00" if updated is None else outlet.local(updated).isoformat()
    rows = "".join(_atom_entry(outlet, item, home) for item in items)
    return (
        f'<?xml version="1.0" encoding="{outlet.charset}"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">\n'
        f"<title>{escape(outlet.name)}</title>\n<id>tag:{outlet.key}.example,2026:feed</id>\n"
        f'<updated>{stamp}</updated>\n<link rel="self" href="{home}{outlet.feed}"/>\n<link href="{home}/"/>\n'
        f"{rows}</feed>\n"
    )


def _atom_entry(outlet: Outlet, item: Published, home: str) -> str:
    story, edition = item.story, item.edition
    return (
        f"<entry>\n<title>{escape(edition.title)}</title>\n"
        f"<id>tag:{outlet.key}.example,2026:{story.guid}</id>\n"
        f'<link rel="alternate" type="text/html" href="{home}{story.link}"/>\n'
        f"<published>{outlet.local(item.published).isoformat()}</published>\n"
        f"<updated>{outlet.local(item.modified).isoformat()}</updated>\n"
        f'<author><name>{escape(story.author)}</name></author>\n<category term="{escape(story.section)}"/>\n'
        f"<summary>{escape(edition.summary)}</summary>\n</entry>\n"
    )


def _json_feed(outlet: Outlet, items: Sequence[Published], home: str) -> str:
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": f"{home}/",
        "feed_url": f"{home}{outlet.feed}",
        "language": outlet.language,
        "items": [_json_item(outlet, item, home) for item in items],
    }
    return json.dumps(said, ensure_ascii=False, indent=1)


def _json_item(outlet: Outlet, item: Published, home: str) -> dict[str, object]:
    story, edition = item.story, item.edition
    return {
        "id": story.guid,
        "url": f"{home}{story.link}",
        "title": edition.title,
        "summary": edition.summary,
        "content_text": edition.summary,
        "date_published": outlet.local(item.published).isoformat(),
        "date_modified": outlet.local(item.modified).isoformat(),
        "authors": [{"name": story.author}],
        "tags": [story.section],
    }


def _sitemap(outlet: Outlet, items: Sequence[Published], home: str) -> str:
    rows = "".join(_sitemap_row(outlet, item, home) for item in items)
    return (
        f'<?xml version="1.0" encoding="{outlet.charset}"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n'
        f"{rows}</urlset>\n"
    )


def _sitemap_row(outlet: Outlet, item: Published, home: str) -> str:
    return (
        f"<url>\n<loc>{home}{item.story.link}</loc>\n<news:news>\n"
        f"<news:publication><news:name>{escape(outlet.name)}</news:name>"
        f"<news:language>{outlet.language}</news:language></news:publication>\n"
        f"<news:publication_date>{outlet.local(item.published).isoformat()}</news:publication_date>\n"
        f"<news:title>{escape(item.edition.title)}</news:title>\n</news:news>\n</url>\n"
    )
