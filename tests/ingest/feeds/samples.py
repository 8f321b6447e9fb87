"""Feeds of an invented newspaper, put together for each test."""

from __future__ import annotations

from datetime import UTC, datetime

from ingest.feeds import Feed, parse

URL = "https://harbour.example/news/feed.xml"
SEEN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PROLOG = '<?xml version="1.0" encoding="utf-8"?>\n'


def read(document: str | bytes, *, url: str = URL, content_type: str | None = None) -> Feed:
    body = document if isinstance(document, bytes) else document.encode()
    return parse(body, url=url, content_type=content_type, seen=SEEN)


def item(guid: str | None = "g1", title: str = "Ferry returns", link: str | None = "/1", more: str = "") -> str:
    parts = [f"<guid>{guid}</guid>" if guid is not None else "", f"<title>{title}</title>"]
    parts.append(f"<link>{link}</link>" if link is not None else "")
    return f"<item>{''.join(parts)}{more}</item>"


def rss(*items: str, head: str = "") -> str:
    namespaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    )
    channel = f"<title>Harbour News</title><link>https://harbour.example/</link>{head}{''.join(items)}"
    return f'{PROLOG}<rss version="2.0" {namespaces}><channel>{channel}</channel></rss>'


def atom(*entries: str, root: str = "", head: str = "") -> str:
    start = f'<feed xmlns="http://www.w3.org/2005/Atom" {root}>'
    return f"{PROLOG}{start}<title>Harbour News</title>{head}{''.join(entries)}</feed>"
