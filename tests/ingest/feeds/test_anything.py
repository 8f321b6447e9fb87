"""Whatever the bytes are: a feed, or an error of ours, and the same each time."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.feeds import Feed, FeedError, feeds_named, read_opml
from tests.ingest.feeds.samples import URL, atom, item, read, rss

WHOLE = (
    "<content:encoded><![CDATA[<p>It &amp; they</p>]]></content:encoded>"
    "<pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate>"
)
DOCUMENTS = [
    rss(item(more=WHOLE), item("g2", title="Caf&#233;")).encode(),
    atom("<entry xml:base='/x/'><id>1</id><title type='html'>&lt;b&gt;t</title><link href='1'/></entry>").encode(),
    b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": 1, "tags": ["a"]}]}',
    b"<urlset xmlns:news='n'><url><loc>/1</loc><news:news><news:title>t</news:title></news:news></url></urlset>",
]
PIECES = st.sampled_from(
    [
        b"<",
        b">",
        b"&",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"<!DOCTYPE x [",
        b"&#0;",
        b"&x;",
        b"\x00",
        b"\xff",
        b"<item>",
        b'"',
        b"</",
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A document with pieces put in, left out, or doubled."""
    body = draw(st.sampled_from(DOCUMENTS))
    for _ in range(draw(st.integers(0, 4))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(body))] * 2)))
        body = body[:start] + draw(PIECES | st.binary(max_size=8)) + body[draw(st.sampled_from([start, end])) :]
    return body


def _outcome(body: bytes, content_type: str | None) -> Feed | str:
    try:
        return read(body, content_type=content_type)
    except FeedError as error:
        return repr(error)


@settings(deadline=None, max_examples=300)
@given(
    damaged() | st.binary(max_size=200), st.none() | st.sampled_from(["text/xml; charset=koi8-r", "charset=", "\xff"])
)
def test_any_bytes_give_a_feed_or_an_error_of_ours(body: bytes, content_type: str | None):
    found = _outcome(body, content_type)

    assert found == _outcome(body, content_type)
    if isinstance(found, Feed):
        assert len({entry.key for entry in found.entries}) == len(found.entries)
        for entry in found.entries:
            assert entry.key
            assert entry.title == " ".join(entry.title.split())
            assert entry.link is None or entry.link.startswith(("http://", "https://"))


@settings(deadline=None)
@given(damaged().map(lambda body: body.replace(b"rss", b"opml")) | st.binary(max_size=200))
def test_any_bytes_give_a_list_or_an_error_of_ours(body: bytes):
    try:
        listing = read_opml(body)
    except FeedError:
        return

    assert all(one.url.startswith(("http://", "https://")) for one in listing.subscriptions)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_page_can_be_searched(body: bytes):
    assert feeds_named(b"<html><link rel=alternate " + body, url=URL) is not None


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
    )
)
def test_json_values_of_any_type_are_borne(value: object):
    names = ("id", "url", "title", "content_html", "summary", "tags", "authors", "date_published", "language")
    said = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": value,
        "items": [dict.fromkeys(names, value), value],
    }

    assert isinstance(_outcome(json.dumps(said).encode(), None), Feed)
