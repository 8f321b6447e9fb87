"""What an entry says: its key, link, dates, texts."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ingest.feeds import parse
from tests.ingest.feeds.samples import SEEN, URL, atom, item, read, rss


def _one(document: str, **options: str):
    (entry,) = read(document, **options).entries
    return entry


def test_a_numeric_guid_stays_what_it_is_wherever_the_feed_moves():
    document = rss(item("1559104147038", link=None))
    keys = {_one(document, url=url).key for url in (URL, URL.replace("https", "http"), "https://other.example/")}

    assert keys == {"1559104147038"}
    assert _one(document).link is None


def test_an_xml_base_resolves_links_but_never_guids():
    entry = (
        "<entry><id>tag-1</id><title>Ferry</title><link href='ferry.html'/><content type='html'>text</content></entry>"
    )
    document = atom(entry, root='xml:base="https://base.example/2026/"')

    found = _one(document)

    assert (found.key, found.link, found.published_link, found.base) == (
        "tag-1",
        "https://base.example/2026/ferry.html",
        "ferry.html",
        "https://base.example/2026/",
    )


def test_the_base_of_an_entry_overrides_that_of_the_feed():
    entries = [
        f"<entry xml:base='{base}'><id>{base}</id><title>t</title><link href='x'/></entry>" for base in ("a/", "/b/")
    ]
    feed = read(atom(*entries, root='xml:base="https://base.example/deep/"'))

    assert [entry.link for entry in feed.entries] == ["https://base.example/deep/a/x", "https://base.example/b/x"]


@pytest.mark.parametrize(
    ("guid", "link", "key"),
    [
        ("g1", "/1", "g1"),
        ("", "/1", "/1"),
        (None, "/1", "/1"),
        ("   ", "/1", "/1"),
        (None, "/1?utm_source=rss&amp;id=7&amp;utm_medium=feed#part", "/1?id=7#part"),
        ("https://a.example/1?utm_source=rss", "/1", "https://a.example/1"),
        ("?", "/1", "?"),
        ("?utm_id=1", "/1", "?utm_id=1"),
    ],
)
def test_the_key_is_the_guid_or_else_the_link_as_published(guid: str | None, link: str, key: str):
    assert _one(rss(item(guid, link=link))).key == key


def test_without_guid_and_link_title_and_date_are_the_key():
    dated = [item(None, link=None, more=f"<pubDate>Mon, 23 Nov 2026 1{hour}:00:00 GMT</pubDate>") for hour in "0012"]
    feed = read(rss(*dated))

    assert len({entry.key for entry in feed.entries}) == 3
    assert feed.repeated == 1
    assert all(entry.key.startswith("sha256:") for entry in feed.entries)


def test_a_key_as_long_as_a_page_is_hashed():
    assert len(_one(rss(item("x" * 50_000))).key) < 100


def test_a_guid_that_is_a_url_stands_in_for_a_missing_link():
    assert _one(rss(item("https://harbour.example/7", link=None))).link == "https://harbour.example/7"


def test_the_same_guid_twice_is_one_entry_the_first():
    feed = read(rss(item("g", title="First"), item("g", title="Second", link="/2")))

    assert ([entry.title for entry in feed.entries], feed.repeated) == (["First"], 1)


def test_a_guid_that_all_entries_share_is_no_key():
    feed = read(rss(*(item("same", link=f"/{n}") for n in range(3))))

    assert [entry.key for entry in feed.entries] == ["/0", "/1", "/2"]


def test_the_published_link_keeps_its_tracking_parameters():
    link = "https://harbour.example/1?utm_source=rss&amp;id=7"

    assert _one(rss(item(link=link))).link == "https://harbour.example/1?utm_source=rss&id=7"


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "file:///srv/x",
        "data:text/html,x",
        "mailto:a@harbour.example",
        "https://user:secret@harbour.example/1",
        "https://[nowhere/",
        "https://harbour.example/1&#13;&#10;Host: other",
        "https://harbour.example/" + "x" * 5_000,
    ],
)
def test_a_link_that_nobody_should_follow_is_none(link: str):
    entry = _one(rss(item(link=link)))

    assert (entry.key, entry.link) == ("g1", None)


def test_atom_prefers_the_alternate_in_html():
    links = (
        "<link rel='self' href='/self'/><link rel='alternate' type='application/json' href='/1.json'/>"
        "<link rel='alternate' type='text/html' href='/1'/><link rel='enclosure' href='/1.mp3'/>"
    )

    assert _one(atom(f"<entry><id>g</id><title>t</title>{links}</entry>")).link == "https://harbour.example/1"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Mon, 23 Nov 2026 10:00:00 PDT", datetime(2026, 11, 23, 17, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 10:00:00 CEST", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 10:00 +0100", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("2026-11-23T10:00:00+02:00", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("Seg, 24 Set 2018 19:42:40 -0300", datetime(2018, 9, 24, 22, 42, 40, tzinfo=UTC)),
        ("mer, 16 nov 2022 08:00:00 +0100", datetime(2022, 11, 16, 7, tzinfo=UTC)),
        ("2026年11月23日", datetime(2026, 11, 23, tzinfo=UTC)),
        ("1763892000", datetime(2025, 11, 23, 10, tzinfo=UTC)),
        ("23/11/2026 10:00", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("Monday, November 23, 2026 - 10:00am", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("Mon, 23 Nov 26 10:00:00 GMT", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("Thu, 26 Nov 2026 11:00:00 GMT", datetime(2026, 11, 26, 11, tzinfo=UTC)),
        ("Thu, 26 Nov 2026 13:00:00 GMT", None),
        ("Wed, 01 Jan 2099 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("1763-11-23", None),
        ("Mon, 31 Nov 2026 10:00:00 GMT", None),
        ("25:00 on the 31st", None),
        ("tomorrow", None),
    ],
)
def test_dates_are_right_or_none_and_kept_as_published(raw: str, expected: datetime | None):
    entry = _one(rss(item(more=f"<pubDate>{raw}</pubDate>")))

    assert (entry.published, entry.published_raw) == (expected, raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Mon, 23 Nov 2026 08:00:00", "2026-11-23T08:00:00+09:00"),
        ("2026-11-23T08:00:00", "2026-11-23T08:00:00+09:00"),
        ("2026-11-23", "2026-11-23T00:00:00+09:00"),
        ("2026년 11월 23일 08:00", "2026-11-23T08:00:00+09:00"),
        ("2026-11-23T08:00:00Z", "2026-11-23T08:00:00+00:00"),
        ("2026-11-23Z", "2026-11-23T00:00:00+00:00"),
        ("Mon, 23 Nov 2026 08:00:00 GMT", "2026-11-23T08:00:00+00:00"),
        ("Mon, 23 Nov 2026 08:00:00 PST", "2026-11-23T08:00:00-08:00"),
    ],
)
def test_a_date_without_a_zone_is_in_the_feeds_own(raw: str, expected: str):
    document = rss(item(more=f"<pubDate>{raw}</pubDate>")).encode()
    feed = parse(document, url=URL, content_type=None, seen=SEEN, zone=ZoneInfo("Asia/Seoul"))

    published = feed.entries[0].published
    assert published is not None
    assert published.isoformat() == expected


def test_an_entry_without_an_update_has_none():
    assert _one(rss(item(more="<pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate>"))).updated is None


@pytest.mark.parametrize(
    ("published", "title"),
    [
        ("Port &amp;amp; town", "Port & town"),
        ("&lt;b&gt;Port&lt;/b&gt; opens", "Port opens"),
        ("<![CDATA[Port &#8217;26]]>", "Port ’26"),
        ("Port\n   opens", "Port opens"),
        ("5 &lt; 6 boats", "5 < 6 boats"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Port", "Port"),
        ("Port&#x202E;txt", "Porttxt"),
        ("AT&amp;T", "AT&T"),
    ],
)
def test_titles_are_plain_text(published: str, title: str):
    assert _one(rss(item(title=published))).title == title


def test_atom_says_itself_whether_a_title_is_markup():
    entries = "<entry><id>1</id><title type='text'>The p &amp;lt; q rule</title></entry>"

    assert _one(atom(entries)).title == "The p &lt; q rule"


DESCRIPTION = "<description>The ferry is back.</description>"
CAPTION = (
    "<media:content url='/1.jpg'><media:description>A boat in harbour, seen from the hill.</media:description>"
    "</media:content>"
)
WHOLE = "<content:encoded><![CDATA[<p>The ferry is back, and full.</p>]]></content:encoded>"


@pytest.mark.parametrize(
    ("more", "content"),
    [
        pytest.param(DESCRIPTION, "<p>The ferry is back.</p>", id="a description"),
        pytest.param(CAPTION + DESCRIPTION, "<p>The ferry is back.</p>", id="a caption first"),
        pytest.param(DESCRIPTION + CAPTION, "<p>The ferry is back.</p>", id="a caption last"),
        pytest.param("<content:encoded/>" + DESCRIPTION, "<p>The ferry is back.</p>", id="an empty content"),
        pytest.param(WHOLE + DESCRIPTION + CAPTION, "<p>The ferry is back, and full.</p>", id="content first"),
        pytest.param(DESCRIPTION + WHOLE, "<p>The ferry is back, and full.</p>", id="content last"),
        pytest.param(CAPTION, None, id="a caption alone"),
    ],
)
def test_the_content_is_the_article_never_a_caption(more: str, content: str | None):
    assert _one(rss(item(more=more))).content == content


def test_the_summary_is_the_description_in_plain_text_and_nothing_else():
    assert _one(rss(item(more=WHOLE + DESCRIPTION))).summary == "The ferry is back."
    assert _one(rss(item(more=WHOLE))).summary is None


def test_a_description_with_a_frame_is_still_markup():
    described = "<description>&lt;p&gt;Ferry&lt;/p&gt;&lt;iframe src='x'&gt;&lt;/iframe&gt;</description>"

    entry = _one(rss(item(more=described)))

    assert (entry.content, entry.summary) == ("<p>Ferry</p><iframe src='x'></iframe>", "Ferry")


def test_atom_content_may_be_xhtml_or_plain_text():
    xhtml = "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Ferry</p></div></content>"
    feed = read(
        atom(
            f"<entry><id>1</id><title>t</title>{xhtml}</entry>",
            "<entry><id>2</id><title>t</title><content>p &lt; q</content><summary>s</summary></entry>",
        )
    )

    assert [entry.content for entry in feed.entries] == ["<p>Ferry</p>", "<p>p &lt; q</p>"]


def test_authors_and_tags_are_names_each_once():
    more = "<dc:creator>Ada Quay</dc:creator><dc:creator>Ben Pier</dc:creator>"
    more += "<category>Sea</category><category>Sea</category><category>Trade</category>"

    entry = _one(rss(item(more=more)))

    assert (entry.authors, entry.tags) == (("Ada Quay", "Ben Pier"), ("Sea", "Trade"))


def test_no_text_is_longer_than_its_limit():
    long = "<b>" + "x" * 2_000_000 + "</b>"
    entry = _one(rss(item(title="t" * 20_000, more=f"<content:encoded><![CDATA[{long}]]></content:encoded>")))

    assert (len(entry.title), len(entry.content)) == (1_000, 1_000_000)
