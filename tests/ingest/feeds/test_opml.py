"""Lists of feeds, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds import EmptyFeedError, HostileFeedError, Listing, NotAFeedError, Subscription, read_opml, write_opml


def _read(body: str) -> Listing:
    return read_opml(
        f'<?xml version="1.0" encoding="utf-8"?><opml version="2.0"><head/><body>{body}</body></opml>'.encode()
    )


def test_nested_folders_are_tags():
    listing = _read(
        '<outline text="News"><outline text="Europe"><outline text="Harbour" xmlUrl="https://a.example/f" htmlUrl="https://a.example/"/>'
        '</outline><outline title="Sea" type="rss" xmlUrl="https://b.example/f"/></outline><outline xmlUrl="https://c.example/f"/>'
    )

    assert listing.subscriptions == (
        Subscription(url="https://a.example/f", title="Harbour", link="https://a.example/", tags=("News/Europe",)),
        Subscription(url="https://b.example/f", title="Sea", tags=("News",)),
        Subscription(url="https://c.example/f"),
    )


@pytest.mark.parametrize("name", ["xmlUrl", "xmlurl", "XMLURL", "xmlURL"])
def test_attribute_names_come_in_any_case(name: str):
    assert _read(f'<outline TEXT="t" {name}="feed://a.example/f"/>').subscriptions == (
        Subscription(url="http://a.example/f", title="t"),
    )


def test_a_feed_in_two_folders_is_one_with_two_tags():
    listing = _read(
        '<outline text="A"><outline xmlUrl="https://a.example/f?utm_source=x"/></outline>'
        '<outline text="B"><outline text="Named" xmlUrl="HTTPS://A.example:443/f"/></outline>'
    )

    assert listing.subscriptions == (
        Subscription(url="https://a.example/f?utm_source=x", title="Named", tags=("A", "B")),
    )


def test_categories_are_tags():
    (one,) = _read('<outline xmlUrl="https://a.example/f" category="/Boston/Weather, Sea"/>').subscriptions

    assert one.tags == ("Boston/Weather", "Sea")


def test_addresses_that_cannot_be_fetched_are_told():
    listing = _read('<outline xmlUrl="file:///srv/x"/><outline xmlUrl=""/><outline xmlUrl="https://a.example/f"/>')

    assert (len(listing.subscriptions), listing.refused) == (1, ("file:///srv/x", ""))


def test_bare_ampersands_stay_what_they_are():
    """A parser that recovers leaves out `&b`, and the feed that is left is another one, or none."""
    (one,) = _read(
        '<outline text="Fish & chips&nbsp;&AMP; &#1;peas" xmlUrl="https://a.example/?a=1&b=2&copy=3"/>'
    ).subscriptions

    assert (one.url, one.title) == ("https://a.example/?a=1&b=2&copy=3", "Fish & chips & \ufffdpeas")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", EmptyFeedError),
        (b"<rss/>", NotAFeedError),
        (b"text", NotAFeedError),
        (
            b"<opml><body><outline " + b"".join(b"a%d='1>' " % n for n in range(20_000)) + b"/></body></opml>",
            HostileFeedError,
        ),
        (b"<opml " + b'x="' * 50_000 + b"/>", HostileFeedError),
        (b'<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname">]><opml><body/></opml>', HostileFeedError),
        (b"<opml><body>" + b'<outline text="a">' * 200 + b"</outline>" * 200 + b"</body></opml>", HostileFeedError),
    ],
)
def test_what_is_no_list_is_refused(body: bytes, error: type[Exception]):
    with pytest.raises(error):
        read_opml(body)


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=20).filter(
    lambda name: "/" not in name and "," not in name
)
SUBSCRIPTIONS = st.lists(
    st.builds(
        Subscription,
        url=st.integers(0, 10**6).map(lambda n: f"https://h{n}.example/feed?a=1&b={n}"),
        title=NAMES,
        link=st.none() | st.just("https://harbour.example/"),
        tags=st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=3, unique=True).map(tuple),
    ),
    unique_by=lambda one: one.url,
    max_size=10,
)


@given(SUBSCRIPTIONS)
def test_what_is_written_is_read_back(subscriptions: list[Subscription]):
    read = read_opml(write_opml(subscriptions)).subscriptions

    assert {one.url: (one.title, one.link, frozenset(one.tags)) for one in read} == {
        one.url: (one.title, one.link, frozenset(one.tags)) for one in subscriptions
    }


def test_writing_what_was_read_changes_nothing_more():
    once = write_opml(
        [Subscription(url="https://a.example/f", tags=("A", "A/B")), Subscription(url="https://b.example/f")]
    )

    assert write_opml(read_opml(once).subscriptions) == once


def test_what_xml_cannot_hold_is_left_out():
    (one,) = read_opml(
        write_opml(
            [Subscription(url="https://a.example/f", title="Har\ufffebour \x01\ud800News", tags=("A\x00/B\uffff",))]
        )
    ).subscriptions

    assert (one.title, one.tags) == ("Harbour News", ("A/B",))
