"""Feeds that a page names."""

from __future__ import annotations

import pytest

from ingest.feeds import Found, feeds_named

URL = "https://harbour.example/news/"


def _named(head: str) -> list[str]:
    return [found.url for found in feeds_named(f"<html><head>{head}</head><body>x</body></html>".encode(), url=URL)]


def test_alternates_of_every_format_are_found_in_order():
    page = (
        '<link rel="alternate" type="application/rss+xml" title="All  news" href="feed.xml">'
        '<LINK REL="ALTERNATE home" TYPE="application/atom+xml; charset=utf-8" HREF="/atom.xml">'
        '<link rel="alternate" type="application/feed+json" href="//cdn.example/feed.json">'
        '<link rel="alternate" type="application/rss+xml" href="feed.xml">'
    )

    assert _named(page) == [
        "https://harbour.example/news/feed.xml",
        "https://harbour.example/atom.xml",
        "https://cdn.example/feed.json",
    ]
    assert feeds_named(page.encode(), url=URL)[0] == Found(
        url="https://harbour.example/news/feed.xml", type="application/rss+xml", title="All news"
    )


def test_the_base_of_the_page_counts():
    assert _named('<base href="/de/"><link rel=alternate type=application/rss+xml href=feed>') == [
        "https://harbour.example/de/feed"
    ]


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="stylesheet" type="application/rss+xml" href="/a">',
        '<link rel="alternate" hreflang="de" href="/de">',
        '<link rel="alternate" type="text/html" href="/m">',
        '<link rel="alternate" type="application/rss+xml">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:x">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">',
        '<!-- <link rel="alternate" type="application/rss+xml" href="/a"> -->',
    ],
)
def test_other_links_are_not_feeds(link: str):
    assert _named(link) == []


@pytest.mark.parametrize("body", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"   "])
def test_what_is_no_page_names_none(body: bytes):
    assert feeds_named(body, url=URL) == ()
