"""Every format, every encoding, and what is no feed at all."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from ingest.feeds import EmptyFeedError, FeedError, NotAFeedError, UnreadableFeedError
from tests.ingest.feeds.samples import PROLOG, URL, atom, item, read, rss

RDF = (
    PROLOG + '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://harbour.example/"><title>News'
    "</title><link>https://harbour.example/</link></channel><item rdf:about='https://harbour.example/1'>"
    "<title>Ferry returns</title>"
    "<link>https://harbour.example/1</link><dc:date>2026-11-23T10:00:00Z</dc:date></item></rdf:RDF>"
)
RSS_091 = (
    '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
    ' "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>Harbour News</title>'
    "<item><title>Ferry returns</title><link>https://harbour.example/1</link></item></channel></rss>"
)
ATOM_03 = (
    PROLOG + '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Harbour News</title><entry><id>g1</id>'
    '<title>Ferry returns</title><link rel="alternate" type="text/html" href="/1"/>'
    "<issued>2026-11-23T10:00:00Z</issued><modified>2026-11-23T11:00:00Z</modified></entry></feed>"
)
ATOM_10 = atom(
    "<entry><id>g1</id><title>Ferry returns</title><link href='/1'/><published>2026-11-23T10:00:00Z</published>"
    "<updated>2026-11-23T11:00:00Z</updated></entry>"
)


@pytest.mark.parametrize(
    ("document", "name"),
    [
        pytest.param(RSS_091, "rss091u", id="RSS 0.91 with its DTD"),
        pytest.param(RDF, "rss10", id="RSS 1.0"),
        pytest.param(rss(item()), "rss20", id="RSS 2.0"),
        pytest.param(ATOM_03, "atom03", id="Atom 0.3"),
        pytest.param(ATOM_10, "atom10", id="Atom 1.0"),
    ],
)
def test_every_dialect_of_xml_is_read(document: str, name: str):
    feed = read(document)

    assert (feed.format, feed.degraded) == (name, False)
    assert feed.title.endswith("News")
    assert [(entry.title, entry.link) for entry in feed.entries] == [("Ferry returns", "https://harbour.example/1")]


def test_rss_1_0_is_published_at_its_dc_date():
    assert read(RDF).entries[0].published == datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize("document", [ATOM_03, ATOM_10])
def test_atom_tells_publication_from_update(document: str):
    (entry,) = read(document).entries

    assert entry.published == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert entry.updated == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_the_head_of_a_feed_is_read():
    head = "<language>en-gb</language><ttl>15</ttl><sy:updatePeriod>hourly</sy:updatePeriod>"
    head += "<sy:updateFrequency>2</sy:updateFrequency>"
    feed = read(rss(item(), head=head))

    assert (feed.link, feed.language, feed.ttl, feed.period) == ("https://harbour.example/", "en-gb", 900, 1800)


@pytest.mark.parametrize("frequency", ["0", "-1", "abc", "nan", "1e999"])
def test_a_frequency_that_is_none_is_ignored(frequency: str):
    head = f"<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>{frequency}</sy:updateFrequency>"

    assert read(rss(head=head)).period is None


@pytest.mark.parametrize("ttl", ["", "soon", "-5", "0", "1.5", "99999999999"])
def test_a_ttl_that_is_none_is_ignored(ttl: str):
    assert read(rss(head=f"<ttl>{ttl}</ttl>")).ttl is None


RUSSIAN, FRENCH = "Порт открыт", "Le café rouvre à Sète"


@pytest.mark.parametrize(
    ("title", "declared", "charset", "content_type"),
    [
        pytest.param(FRENCH, "iso-8859-1", "iso-8859-1", None, id="latin-1 in the prolog"),
        pytest.param(FRENCH, None, "iso-8859-1", "text/xml; charset=ISO-8859-1", id="latin-1 in the header"),
        pytest.param(RUSSIAN, "windows-1251", "windows-1251", None, id="windows-1251 in the prolog"),
        pytest.param(
            RUSSIAN, "utf-8", "windows-1251", "text/xml; charset=windows-1251", id="the header against the prolog"
        ),
        pytest.param(RUSSIAN, "windows-1251", "utf-8", "text/xml; charset=iso-8859-1", id="utf-8 against both"),
        pytest.param(RUSSIAN, "utf-16", "utf-16", None, id="utf-16 with its mark"),
        pytest.param(RUSSIAN, "utf-16", "utf-16-be", None, id="utf-16 without a mark"),
        pytest.param(RUSSIAN, "utf-16", "utf-8", None, id="utf-16 declared, utf-8 sent"),
        pytest.param(RUSSIAN, "windows-1251", "utf-8-sig", None, id="a mark against the prolog"),
        pytest.param(RUSSIAN, None, "utf-32", None, id="utf-32"),
        pytest.param(FRENCH, "iso-8859-1", "windows-1252", "application/rss+xml", id="windows-1252 called latin-1"),
    ],
)
def test_titles_are_right_in_every_encoding(title: str, declared: str | None, charset: str, content_type: str | None):
    prolog = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    document = rss(item(title=title)).replace(PROLOG, prolog)

    feed = read(document.encode(charset), content_type=content_type)

    assert [entry.title for entry in feed.entries] == [title]
    assert not feed.degraded


@pytest.mark.parametrize("name", ["undefined", "idna", "zlib_codec", "utf-7", "rot13", "unicode_escape"])
def test_an_encoding_that_is_no_charset_is_refused(name: str):
    with pytest.raises(UnreadableFeedError, match="no charset"):
        read(rss(item()).replace('"utf-8"', f'"{name}"', 1))


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(rss(item(title="Fish & chips")), id="a bare ampersand"),
        pytest.param(rss(item(title="Fish&nbsp;&amp; chips")), id="a name of HTML"),
        pytest.param(rss(item(title="Fish &amp; chips\x0b")), id="a control character"),
        pytest.param(rss(item(title="Fish &amp; chips")) + "<p>bye</p>", id="junk behind the root"),
        pytest.param("\n<!-- cached -->\n" + rss(item(title="Fish &amp; chips")), id="a comment before the prolog"),
        pytest.param("Warning: cache is full\n" + rss(item(title="Fish &amp; chips")), id="a notice before the prolog"),
        pytest.param(rss(item(title="Fish &amp; chips", more="<a><b></a></b>")), id="tags that cross"),
    ],
)
def test_a_feed_that_is_not_well_formed_still_gives_its_entries(document: str):
    assert [(entry.key, entry.title) for entry in read(document).entries] == [("g1", "Fish & chips")]


@pytest.mark.parametrize(
    "document",
    [rss(item(title="Fish & chips")), rss(item()) + "<p>bye</p>", rss(item(title="a&#xD800;b&#99999999999;"))],
)
def test_a_feed_that_was_mended_is_degraded(document: str):
    assert read(document).degraded


def test_an_ampersand_where_it_may_stand_is_no_fault():
    assert not read(rss(item(title="<![CDATA[Fish & chips]]>"), head="<!-- fish & chips -->")).degraded


def test_a_bad_token_costs_no_entries():
    document = rss(item("a"), item("b"), head="<image:image><1></image:image>")

    assert [entry.key for entry in read(document).entries] == ["a", "b"]


@pytest.mark.parametrize("body", [b"", b" \n\t ", b"\xef\xbb\xbf", b"\xff\xfe", b"\0\0\0"])
def test_nothing_is_an_error_of_its_own(body: bytes):
    with pytest.raises(EmptyFeedError):
        read(body)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("<!doctype html><html><body><h1>Access denied</h1></body></html>", id="a page"),
        pytest.param('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>', id="XHTML"),
        pytest.param('<opml version="2.0"><body/></opml>', id="OPML"),
        pytest.param("<inventory><boat/></inventory>", id="other XML"),
        pytest.param("Bad gateway", id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), id="a picture"),
        pytest.param(gzip.compress(rss(item()).encode()), id="a packed feed"),
    ],
)
def test_something_else_is_not_a_feed(document: str | bytes):
    with pytest.raises(NotAFeedError):
        read(document, content_type="application/rss+xml")


def test_a_feed_without_entries_is_a_feed():
    feed = read(rss())

    assert (feed.entries, feed.degraded, feed.cut) == ((), False, False)


@pytest.mark.parametrize("end", range(1, 90, 4))
def test_the_entry_that_a_cut_feed_ends_in_is_not_given_out(end: int):
    document = rss(item("a"), item("b", link="https://harbour.example/b"))
    begin = document.rindex("<item>")

    feed = read(document[: begin + end])

    assert ([entry.key for entry in feed.entries], feed.cut, feed.degraded) == (["a"], True, True)


def test_a_cut_feed_is_mended_too():
    document = rss(item("a", title="Fish & chips&#xD800;"), item("b"))

    assert [entry.title for entry in read(document[:-60]).entries] == ["Fish & chips\ufffd"]


def test_a_feed_that_is_cut_before_its_first_entry_is_unreadable():
    with pytest.raises(UnreadableFeedError, match="ends before"):
        read(rss(item("a"))[:-40])


def test_every_error_names_its_cause():
    with pytest.raises(FeedError, match=r"web page"):
        read("<html></html>", url=URL)
