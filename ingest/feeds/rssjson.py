"""RSS 2.0 written as JSON (github.com/scripting/Scripting-News, "rss-in-json"): the same elements as objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest.feeds.links import absolute
from ingest.feeds.markup import is_markup, paragraphs, plain
from ingest.feeds.model import MAX_CONTENT, MAX_DATE, MAX_ENTRIES, MAX_LINK, MAX_SUMMARY, MAX_TITLE, Entry, Feed
from ingest.feeds.reading import language, minutes, names
from ingest.feeds.settling import key_of, settled

if TYPE_CHECKING:
    from ingest.feeds.moments import Dates


def read_rss_json(rss: dict[str, Any], *, url: str, dates: Dates) -> Feed:
    """Return the feed; items that are no objects, or hold nothing, are passed over."""
    said = rss.get("channel")
    channel: dict[str, Any] = said if isinstance(said, dict) else {}
    listed = channel.get("item")
    items = listed if isinstance(listed, list) else [listed]  # made from XML, a single item is no list
    found = [_entry(item, url, dates) for item in items[:MAX_ENTRIES] if isinstance(item, dict) and item]
    entries, repeated = settled(found)
    return Feed(
        url=url,
        seen=dates.seen,
        format="rssjson",
        title=plain(string(channel, "title") or "")[:MAX_TITLE],
        link=absolute(string(channel, "link"), url),
        language=language(string(channel, "language")),
        ttl=minutes(string(channel, "ttl")),
        entries=entries,
        repeated=repeated,
        omitted=max(0, len(items) - MAX_ENTRIES),
        degraded=not isinstance(said, dict),
    )


def string(said: dict[str, Any], name: str) -> str | None:
    """Return a text, or a number as one, without the lone surrogates that JSON can escape and UTF-8 cannot write."""
    value = said.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().strip() or None


def _entry(item: dict[str, Any], url: str, dates: Dates) -> Entry:
    raw = item.get("guid")
    guid = string(raw, "#value") if isinstance(raw, dict) else string(item, "guid")
    published_link = string(item, "link")
    title = plain(string(item, "title") or "")[:MAX_TITLE]
    description = string(item, "description")
    published = string(item, "pubDate")
    return Entry(
        key=key_of(guid, published_link, title, published),
        link=absolute(published_link, url) if published_link else absolute(guid),
        published_link=None if published_link is None else published_link[:MAX_LINK],
        title=title,
        summary=plain(description)[:MAX_SUMMARY] or None if description else None,
        content=(description if is_markup(description) else paragraphs(description))[:MAX_CONTENT]
        if description
        else None,
        base=url,
        authors=names([plain(string(item, "dc:creator") or "")]),
        published=dates.moment(published),
        published_raw=None if published is None else published[:MAX_DATE],
    )
