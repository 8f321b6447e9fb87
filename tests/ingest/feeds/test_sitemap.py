"""News sitemaps and their indexes."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime

import pytest

from ingest.feeds import HostileFeedError, NotAFeedError, UnreadableFeedError
from ingest.feeds.sitemap import MAX_URLS
from tests.ingest.feeds.samples import PROLOG, read


def _row(number: int, news: str | None = "Ferry returns") -> str:
    said = "<news:publication><news:name>Harbour News</news:name><news:language>en</news:language></news:publication>"
    said += f"<news:publication_date>2026-11-23T10:00:00Z</news:publication_date><news:title>{news}</news:title>"
    image = (
        "<image:image><image:loc>https://harbour.example/i.jpg</image:loc><image:title>Boat</image:title></image:image>"
    )
    said = f"<news:news>{said}</news:news>" if news else ""
    return f"<url>{image}<loc> https://harbour.example/{number} </loc>{said}</url>"


def _sitemap(*rows: str) -> str:
    google = "http://www.google.com/schemas/sitemap"
    namespaces = f'xmlns:news="{google}-news/0.9" xmlns:image="{google}-image/1.1"'
    return f'{PROLOG}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" {namespaces}>{"".join(rows)}</urlset>'


def test_each_article_is_an_entry_keyed_by_its_address():
    feed = read(_sitemap(_row(1), _row(2, news=None), _row(1)))
    (entry,) = feed.entries

    assert (feed.format, feed.title, feed.repeated) == ("sitemap", "Harbour News", 1)
    assert (entry.key, entry.link) == ("https://harbour.example/1", "https://harbour.example/1")
    assert (entry.title, entry.language) == ("Ferry returns", "en")
    assert entry.published == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_a_packed_sitemap_is_unpacked():
    assert len(read(gzip.compress(_sitemap(_row(1)).encode())).entries) == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(gzip.compress(_sitemap(_row(1)).encode())[:-20], UnreadableFeedError, id="cut"),
        pytest.param(b"\x1f\x8b garbage", UnreadableFeedError, id="broken"),
        pytest.param(gzip.compress(b" " * 60_000_000), HostileFeedError, id="a bomb"),
    ],
)
def test_a_packed_sitemap_that_is_not_right_is_refused(body: bytes, error: type[Exception]):
    with pytest.raises(error):
        read(body)


def test_an_index_lists_its_children():
    rows = "".join(
        f"<sitemap><loc>{loc}</loc></sitemap>" for loc in ("/a.xml", "https://harbour.example/b.xml", "/a.xml")
    )
    feed = read(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>')

    assert feed.children == ("https://harbour.example/a.xml", "https://harbour.example/b.xml")
    assert feed.entries == ()


def test_a_document_type_is_refused():
    document = _sitemap(_row(1)).replace(PROLOG, '<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/hostname">]>')

    with pytest.raises(HostileFeedError, match="document type"):
        read(document)


def test_pages_without_news_are_no_feed():
    with pytest.raises(NotAFeedError, match="without news"):
        read(_sitemap(_row(1, news=None)))


def test_an_empty_sitemap_is_an_empty_feed():
    assert read(_sitemap()).entries == ()


def test_a_sitemap_that_is_cut_gives_its_whole_rows():
    feed = read(_sitemap(_row(1), _row(2))[:-60])

    assert ([entry.link for entry in feed.entries], feed.cut) == (["https://harbour.example/1"], True)


def test_a_sitemap_that_breaks_at_once_is_unreadable():
    with pytest.raises(UnreadableFeedError):
        read("<urlset><url><loc></url>")


def test_as_many_urls_as_the_standard_allows_take_a_second_or_so():
    """About one second of CPU; the limit leaves room for slow and busy machines."""
    document = _sitemap(*(_row(number) for number in range(MAX_URLS + 5)))
    before = time.process_time()

    feed = read(document)

    assert time.process_time() - before < 5
    assert (len(feed.entries), feed.omitted) == (MAX_URLS, 5)
