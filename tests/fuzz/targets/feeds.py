"""Feeds before and behind the parser, lists of feeds, charsets, robots.txt."""

from __future__ import annotations

import math

from ingest.feeds import FeedError, parse, read_opml, write_opml
from ingest.feeds.errors import HostileFeedError
from ingest.feeds.shield import referenced, root_of, shielded
from ingest.fetch.reservations import AGENTS
from ingest.fetch.robotsrules import Rules, product_token
from processors.extract.charset import known, to_utf8
from tests.fuzz.target import Drawn, Target
from tests.ingest.feeds.samples import SEEN, URL, atom, item, rss

WHOLE = (
    "<content:encoded><![CDATA[<p>It &amp; they</p>]]></content:encoded><pubDate>Mon, 23 Nov 2026 10:00 GMT</pubDate>"
)
DOCUMENTS = (
    rss(item(more=WHOLE), item("g2", title="Caf&#233;&nbsp;")).encode(),
    atom("<entry xml:base='/x/'><id>1</id><title type='html'>&lt;b&gt;t</title><link href='1'/></entry>").encode(),
    b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": 1, "tags": ["a"], "content_html": "<p>x"}]}',
    b"<urlset xmlns:news='n'><url><loc>/1</loc><news:news><news:title>t</news:title></news:news></url></urlset>",
    b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss><channel><item><title>&a;</title></item></channel></rss>",
)
MARKUP = (
    *(
        b"<",
        b">",
        b"</",
        b"&",
        b"&#0;",
        b"&x;",
        b"&nbsp;",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"-->",
        b"<!DOCTYPE x [",
        b"\x00",
    ),
    *(b"<item>", b"</item>", b"<entry/>", b"xml:base=", b"<media:description>", b'"', b"\xff\xfe", b"\xef\xbf\xbf"),
)
OPML = (
    b'<?xml version="1.0"?><opml version="2.0"><body><outline text="News"><outline text="A" category="x,/y" '
    b'xmlUrl="https://a.example/f" htmlUrl="https://a.example/"/></outline><outline xmlurl="feed://b.example"/></body></opml>'
)
ROBOTS = (
    b"User-agent: *\nDisallow: /private/*.html$\nAllow: /\nCrawl-delay: 2.5\n\nUser-agent: newstap, GPTBot # x\n"
    b"Disallow: /news?\nRequest-rate: 1/5\nSitemap: https://a.example/s.xml\n"
)
CHARSETS = (
    b"utf-8",
    b"gb2312",
    b"shift_jis",
    b"euc-kr",
    b"iso-2022-jp",
    b"utf-16",
    b"koi8-r",
    b"utf-7",
    b"idna",
    b"big5",
)


def _shield(data: bytes) -> None:
    root = root_of(data)
    sound = referenced(data)
    assert referenced(sound) == sound
    if root is None:
        return
    try:
        found = shielded(data, root)
    except HostileFeedError:
        return
    assert len(found.text) <= 8 * len(data)
    assert b"<!ENTITY" not in found.text[:9].upper()


def _feed(data: bytes) -> None:
    drawn = Drawn(data)
    kind = drawn.one_of((None, "text/xml; charset=koi8-r", "application/json", "charset="))
    body = drawn.rest()
    try:
        feed = parse(body, url=URL, content_type=kind, seen=SEEN)
    except FeedError:
        return
    keys = [entry.key for entry in feed.entries]
    assert len(set(keys)) == len(keys)
    for entry in feed.entries:
        assert entry.key
        assert entry.title == " ".join(entry.title.split())
        assert entry.link is None or entry.link.startswith(("http://", "https://"))
    assert parse(body, url=URL, content_type=kind, seen=SEEN) == feed


def _opml(data: bytes) -> None:
    try:
        listing = read_opml(data)
    except FeedError:
        return
    again = read_opml(write_opml(listing.subscriptions))
    assert not again.refused
    assert [one.url for one in again.subscriptions] == [one.url for one in listing.subscriptions]


def _charset(data: bytes) -> None:
    drawn = Drawn(data)
    kind = drawn.text(b"\x00")
    text, charset = to_utf8(drawn.rest(), kind)
    text.decode("utf-8")
    assert not set(text) & (set(range(32)) - {9, 10, 13})
    assert known(charset)
    assert len(text) <= 3 * len(data)


def _robots(data: bytes) -> None:
    drawn = Drawn(data)
    token, path = product_token(drawn.text(b"\n")), drawn.text(b"\n")
    rules = Rules(drawn.rest().decode("utf-8-sig", "replace"), token)
    url = f"https://gazette.example.org/{path.encode('ascii', 'replace').decode()}"
    assert rules.allow(url) in {True, False}
    assert set(rules.reserved_against(url)) <= AGENTS
    delay = rules.crawl_delay
    assert delay is None or (math.isfinite(delay) and delay >= 0)


TARGETS = (
    Target(
        name="shield",
        holds="any bytes: a HostileFeedError, or a document of bounded size; mending references twice is once",
        run=_shield,
        seeds=DOCUMENTS,
        words=MARKUP,
    ),
    Target(
        name="feed",
        holds="any bytes: a FeedError, or the same feed each time, its keys unique, its links of the web",
        run=_feed,
        seeds=tuple(b"\x00" + document for document in DOCUMENTS),
        words=(*MARKUP, b'"items":', b"[" * 50, b'"id":'),
    ),
    Target(
        name="opml",
        holds="any bytes: a FeedError, or feeds that are the same once they were written and read again",
        run=_opml,
        seeds=(OPML,),
        words=(*MARKUP, b"<outline ", b'xmlUrl="https://', b'text="/', b'title="'),
    ),
    Target(
        name="charset",
        holds="any bytes under any label: UTF-8 without control characters, in a charset that browsers know",
        run=_charset,
        seeds=(
            b"text/html; charset=gb2312\x00" + "朝鲜中央通讯社".encode("gb18030"),
            b'\x00<meta charset="shift_jis">' + "平壌".encode("cp932"),
            b"text/html; charset=iso-2022-jp\x00\x1b$B$3$N\x1b(B",
            b"\x00\xef\xbb\xbfcaf\xe9 na\xefve",
        ),
        words=(*CHARSETS, *(b"charset=" + name for name in CHARSETS), b"<meta charset=", b"\xff\xfe", b"\xed\xa0\x80"),
    ),
    Target(
        name="robots",
        holds="any file for any agent and path: an answer, and a delay that can be waited",
        run=_robots,
        seeds=(b"newstap/1.0 (x)\nnews?a=%41\n" + ROBOTS, b"\n\nUser-agent:*\r\nDisallow:\rCrawl-delay: nan\n"),
        words=(
            b"User-agent: ",
            b"Disallow: ",
            b"Allow: ",
            b"Crawl-delay: ",
            b"1e999",
            b"*",
            b"$",
            b"%",
            b"GPTBot",
            b"\n",
        ),
    ),
)
