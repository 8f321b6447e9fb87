"""JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1), which feedparser does not read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ingest.feeds.errors import NotAFeedError, UnreadableFeedError
from ingest.feeds.links import absolute
from ingest.feeds.markup import line, paragraphs, plain
from ingest.feeds.model import MAX_CONTENT, MAX_DATE, MAX_ENTRIES, MAX_LINK, MAX_SUMMARY, MAX_TITLE, Entry, Feed
from ingest.feeds.reading import language, names
from ingest.feeds.rssjson import read_rss_json, string
from ingest.feeds.settling import key_of, settled

if TYPE_CHECKING:
    from ingest.feeds.moments import Dates

_VERSION: Final = "https://jsonfeed.org/version/"


def read_json_feed(text: bytes, *, url: str, dates: Dates) -> Feed:
    """Return the feed. An item of the wrong type is passed over, as is one with neither id nor URL.

    RSS 2.0 written as JSON is read too.

    Raises:
        NotAFeedError: JSON, but not a JSON Feed.
        UnreadableFeedError: not JSON.
    """
    said = _loaded(text)
    if isinstance(said.get("rss"), dict):
        return read_rss_json(said["rss"], url=url, dates=dates)
    version = string(said, "version") or ""
    if not version.replace("http://", "https://", 1).startswith(_VERSION):
        raise NotAFeedError("JSON without the version of a JSON Feed")
    listed = said.get("items")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    spoken = language(said.get("language"))
    everyone = _authors(said)
    found = [
        entry for item in items[:MAX_ENTRIES] if (entry := _entry(item, url, dates, everyone=everyone, spoken=spoken))
    ]
    entries, repeated = settled(found)
    return Feed(
        url=url,
        seen=dates.seen,
        format="json" + version.rstrip("/").rpartition("/")[2].replace(".", "")[:4],
        title=line(string(said, "title") or "")[:MAX_TITLE],
        link=absolute(string(said, "home_page_url"), url),
        language=spoken,
        entries=entries,
        repeated=repeated,
        omitted=max(0, len(items) - MAX_ENTRIES),
        degraded=not isinstance(listed, list) or len(found) < min(len(listed), MAX_ENTRIES),
    )


def _loaded(text: bytes) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except RecursionError:
        raise UnreadableFeedError("JSON that is nested too deep") from None
    except ValueError as error:  # not JSON, or a number of thousands of digits
        raise UnreadableFeedError(f"not JSON: {error}") from None
    if not isinstance(said, dict):
        raise NotAFeedError("JSON, but not an object")
    return said


def _entry(
    item: dict[str, Any], url: str, dates: Dates, *, everyone: tuple[str, ...], spoken: str | None
) -> Entry | None:
    guid = string(item, "id")
    published_link = string(item, "url") or string(item, "external_url")
    if not guid and not published_link:
        return None
    title = line(string(item, "title") or "")[:MAX_TITLE]
    published, updated = (string(item, f"date_{name}") for name in ("published", "modified"))
    tags = item.get("tags")
    return Entry(
        key=key_of(guid, published_link, title, published),
        link=absolute(published_link, url) or absolute(guid),
        published_link=None if published_link is None else published_link[:MAX_LINK],
        title=title,
        summary=line(string(item, "summary") or "")[:MAX_SUMMARY] or None,
        content=_content(item),
        base=url,
        authors=_authors(item) or everyone,
        published=dates.moment(published),
        updated=dates.moment(updated),
        published_raw=None if published is None else published[:MAX_DATE],
        updated_raw=None if updated is None else updated[:MAX_DATE],
        tags=names(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        language=language(item.get("language")) or spoken,
    )


def _content(item: dict[str, Any]) -> str | None:
    """Return what the item carries as HTML; the standard allows text instead of, or beside, HTML."""
    markup = string(item, "content_html")
    if markup:
        return markup[:MAX_CONTENT]
    text = string(item, "content_text") or string(item, "summary")
    return paragraphs(text)[:MAX_CONTENT] if text else None


def _authors(said: dict[str, Any]) -> tuple[str, ...]:
    """Return the names in `authors` (1.1) or `author` (1)."""
    listed = said.get("authors")
    people = listed if isinstance(listed, list) else [said.get("author")]
    return names(plain(string(person, "name") or "") for person in people if isinstance(person, dict))
