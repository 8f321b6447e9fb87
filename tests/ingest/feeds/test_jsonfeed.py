"""JSON Feed 1 and 1.1, and RSS as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ingest.feeds import Feed, NotAFeedError, UnreadableFeedError
from ingest.feeds.model import MAX_ENTRIES
from tests.ingest.feeds.samples import read

V11 = "https://jsonfeed.org/version/1.1"


def _read(*items: object, version: str = V11, **head: object) -> Feed:
    return read(json.dumps({"version": version, "title": "Harbour News", "items": list(items), **head}))


def test_an_item_is_read_whole():
    said = {
        "id": "g1",
        "url": "/1",
        "title": "Ferry  returns",
        "content_html": "<p>It is back.</p>",
        "content_text": "It is back.",
        "summary": "Back.",
        "date_published": "2026-11-23T10:00:00+01:00",
        "date_modified": "2026-11-23T11:00:00Z",
        "authors": [{"name": "Ada Quay"}],
        "tags": ["Sea", "Sea"],
        "language": "en",
    }
    feed = _read(said, home_page_url="https://harbour.example/", language="de")
    (entry,) = feed.entries

    assert (feed.format, feed.title, feed.link, feed.language) == (
        "json11",
        "Harbour News",
        "https://harbour.example/",
        "de",
    )
    assert (entry.key, entry.link, entry.title, entry.language) == (
        "g1",
        "https://harbour.example/1",
        "Ferry returns",
        "en",
    )
    assert (entry.content, entry.summary) == ("<p>It is back.</p>", "Back.")
    assert entry.published == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert entry.updated == datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert (entry.authors, entry.tags) == (("Ada Quay",), ("Sea",))


def test_version_1_has_one_author():
    feed = _read({"id": "1"}, version="https://jsonfeed.org/version/1", author={"name": "Ada Quay"})

    assert (feed.format, feed.entries[0].authors) == ("json1", ("Ada Quay",))


def test_a_number_is_taken_for_an_id():
    assert [entry.key for entry in _read({"id": 12}, {"id": 1.5}).entries] == ["12", "1.5"]


def test_an_item_with_neither_id_nor_url_is_passed_over():
    feed = _read(
        {"title": "t"}, {"url": "https://harbour.example/1"}, "text", None, {"external_url": "https://other.example/"}
    )

    assert [entry.key for entry in feed.entries] == ["https://harbour.example/1", "https://other.example/"]
    assert feed.degraded


def test_text_becomes_paragraphs():
    assert _read({"id": "1", "content_text": "p < q\n\nr"}).entries[0].content == "<p>p &lt; q</p>\n<p>r</p>"


def test_values_of_the_wrong_type_are_as_good_as_none():
    wrong = {"id": "1", "url": [], "title": {}, "tags": "a", "authors": "b", "date_published": 7, "content_html": 1}

    assert _read(wrong).entries[0].title == ""


def test_a_lone_surrogate_is_replaced():
    (entry,) = read(f'{{"version": "{V11}", "items": [{{"id": "1", "title": "a\\ud800b"}}]}}').entries

    assert entry.title.encode() == b"a?b"


def test_items_beyond_the_limit_are_counted():
    assert _read(*({"id": str(n)} for n in range(MAX_ENTRIES + 3))).omitted == 3


@pytest.mark.parametrize("document", ['{"items": []}', "[1, 2]", '{"version": "2.0"}', '{"version": 1}'])
def test_other_json_is_not_a_feed(document: str):
    with pytest.raises(NotAFeedError):
        read(document)


@pytest.mark.parametrize("document", ['{"version"', "[" * 100_000, '{"version": %s}' % ("9" * 10_000)])
def test_json_that_cannot_be_read_is_unreadable(document: str):
    with pytest.raises(UnreadableFeedError):
        read(document)


def test_rss_may_be_written_as_json():
    said = {
        "guid": {"#value": "g1"},
        "link": "/1",
        "title": "Ferry",
        "description": "Back.",
        "pubDate": "Mon, 23 Nov 2026 10:00:00 GMT",
    }
    channel = {"title": "Harbour News", "ttl": 5, "item": [said, {**said, "guid": "g2"}, {}]}
    feed = read(json.dumps({"rss": {"version": "2.0", "channel": channel}}))

    assert (feed.format, feed.title, feed.ttl) == ("rssjson", "Harbour News", 300)
    assert [(entry.key, entry.link) for entry in feed.entries] == [
        ("g1", "https://harbour.example/1"),
        ("g2", "https://harbour.example/1"),
    ]
    assert feed.entries[0].published == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert feed.entries[0].content == "<p>Back.</p>"
