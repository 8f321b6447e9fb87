"""Bytes to feeds: every format, lists of feeds, and the feeds that a page names. No I/O, no clock."""

from __future__ import annotations

from ingest.feeds.discovery import Found, feeds_named
from ingest.feeds.errors import EmptyFeedError, FeedError, HostileFeedError, NotAFeedError, UnreadableFeedError
from ingest.feeds.model import Entry, Feed
from ingest.feeds.opml import Listing, Subscription, read_opml, write_opml
from ingest.feeds.parse import parse
from ingest.feeds.wholetext import carries_text, hint_of, page_of

__all__ = [
    "EmptyFeedError",
    "Entry",
    "Feed",
    "FeedError",
    "Found",
    "HostileFeedError",
    "Listing",
    "NotAFeedError",
    "Subscription",
    "UnreadableFeedError",
    "carries_text",
    "feeds_named",
    "hint_of",
    "page_of",
    "parse",
    "read_opml",
    "write_opml",
]
