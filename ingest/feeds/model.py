"""A feed as read from one document: values only, whatever format they came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from processors.records import aware

MAX_ENTRIES = 5_000
"""Entries kept of a syndication feed; the rest is counted (`Feed.omitted`)."""
MAX_KEY = 1_000
MAX_LINK = 4_000
MAX_TITLE = 1_000
MAX_SUMMARY = 10_000
MAX_CONTENT = 1_000_000
MAX_NAME = 200
MAX_NAMES = 50
MAX_DATE = 100
"""Longest values in characters: longer ones are cut, but a longer link is none and a longer key is hashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. Texts that are not there are None; no value is longer than the limits above."""

    key: str
    """What tells the entry from the feed's others: its raw guid, else its link as published, else a hash of title and
    date; without tracking parameters. Never a resolved URL: that would change when the feed moves to https."""
    link: str | None = None
    """Absolute http(s) URL, resolved against `xml:base` and the feed's final URL."""
    published_link: str | None = None
    """The link as it stands in the feed."""
    title: str = ""
    """Plain text on one line; empty where there is none."""
    summary: str | None = None
    """Plain text of the description, where the feed has one."""
    content: str | None = field(default=None, repr=False)
    """HTML, not sanitised: the longest text the entry carries, which may be no more than its description."""
    base: str | None = None
    """What relative links in `content` are relative to."""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    """Both lie between 1995 and two days after the feed was seen; None where the feed gives no such date."""
    published_raw: str | None = None
    updated_raw: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None

    def __post_init__(self) -> None:
        aware(self.published)
        aware(self.updated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What one document said."""

    url: str
    """The final URL it came from, after redirects."""
    seen: datetime
    format: str
    """`rss20`, `atom10`, `json11`, `sitemap` ...: feedparser's names, and ours for what it does not read."""
    title: str = ""
    link: str | None = None
    language: str | None = None
    ttl: int | None = None
    """Seconds (`<ttl>`, which counts minutes): how long the publisher wants a copy to be kept."""
    period: int | None = None
    """Seconds between updates, by the syndication module's `sy:updatePeriod` and `sy:updateFrequency`."""
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    """In the feed's order, each key once."""
    children: tuple[str, ...] = ()
    """URLs of the sitemaps that a sitemap index lists."""
    omitted: int = 0
    """Entries beyond the limit."""
    repeated: int = 0
    """Entries whose key an earlier one of the same document has."""
    degraded: bool = False
    """The document breaks the rules of its format; what could be read was read."""
    cut: bool = False
    """The document ends in mid-air: entries may be missing, and its validators must not be believed."""

    def __post_init__(self) -> None:
        aware(self.seen)
