"""From a feed's entries to records: which are the same, when they are from, what they say (behaviours 56 to 60)."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from processors.records import Reason, TextSource
from tests.ingest.newsroom import html
from tests.live.running import Running, item, rss
from tests.site import Site, answer, looped, moved

if TYPE_CHECKING:
    from pathlib import Path

    from tests.site import Act

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def rich(*items: str, head: str = "", root: str = "") -> str:
    """A feed whose entries may use the usual extensions."""
    return rss(*items, head=head).replace('<rss version="2.0">', f'<rss version="2.0" {NAMESPACES} {root}>')


@looped
async def test_a_guid_is_one_feeds_name_for_an_entry(tmp_path: Path):
    """56: the same guid in two feeds is two items; twice in a document it is one, the first."""
    async with Site() as site:
        one = site.on("/one", answer(rss(item(1, guid="1"), item(2, guid="2"), item(3, guid="2"))))
        two = site.on("/two", answer(rss(item(4, guid="1"), item(5, guid="2"))))
        async with Running(tmp_path, one, two) as service:
            await service.until(lambda: len(service.records) == 4 and len(site.asked) > 6)

    assert sorted(service.titles) == [f"Bridge report {n}" for n in (1, 2, 4, 5)]
    assert len({record.id for record in service.records}) == 4
    assert service.skipped == []


@looped
async def test_one_article_of_two_feeds_is_fetched_and_told_once(tmp_path: Path):
    """56: whatever its guid there; the second sighting is a duplicate with its reason."""
    async with Site() as site:
        link = site.on("/a/1", answer(html(1), Content_Type="text/html"))
        one = site.on("/one", answer(rss(item(1, guid="x", link=link))))
        two = site.on("/two", answer(rss(item(1, guid="y", link=f"{link}?utm_source=two"))))
        async with Running(tmp_path, one, two, fetch={"pages": True}) as service:
            await service.until(lambda: service.records and service.written("skipped"))

    assert sum(target.startswith("/a/1") for target in site.targets()) == 1
    assert [row["reason"] for row in service.written("skipped")] == [Reason.DUPLICATE]
    assert len(service.records) == 1


@looped
async def test_entries_stay_what_they_are_when_a_feed_moves_or_is_sorted_anew(tmp_path: Path):
    """56: without guid, with an empty or a numeric one, moved to another host for good, in another order."""
    async with Site() as site, Site() as other:
        link = "http://courier.example/a/"
        entries = [
            item(1, guid=None, link=f"{link}1"),
            item(2, link=f"{link}2").replace("<guid>g-2</guid>", '<guid isPermaLink="false"></guid>'),
            item(3, guid="1559104147038"),
            item(4, guid="t3_abc", link=f"{link}4"),
        ]
        site.on("/feed", answer(rss(*entries)))
        schedule = {"redirect_stable_seconds": 0}
        async with Running(tmp_path, site.url("/feed"), schedule=schedule) as service:
            await service.until(lambda: len(service.records) == 4)
            other.on("/moved", answer(rss(*reversed(entries))), answer(rss(item(5), *entries[2:], *entries[:2])))
            site.on("/feed", moved(other.url("/moved"), 301))
            await service.until(lambda: len(service.records) == 5 and len(other.asked) > 4)

    assert service.titles[4:] == ["Bridge report 5"]
    assert service.skipped == []


@looped
async def test_an_edit_is_a_revision_of_the_same_record(tmp_path: Path):
    """57: a title edited under the same guid comes out once more, under the same id, and only once."""
    link = "http://courier.example/a/1"
    async with Site() as site:
        before, after = (item(1, link=link, title=f"The bridge {state}") for state in ("opens", "opens late"))
        site.on("/feed", answer(rss(before)), answer(rss(after)))
        async with Running(tmp_path, site.url("/feed")) as service:
            await service.until(lambda: len(service.records) == 2 and len(site.asked) >= 5)

    first, second = service.records
    assert (first.id, first.revision.n) == (second.id, 1)
    assert second.revision.n == 2
    assert service.titles == ["The bridge opens", "The bridge opens late"]
    assert first.article.canonical_url == second.article.canonical_url == link


@looped
async def test_a_clock_in_a_text_does_not_make_edits_for_ever(tmp_path: Path):
    """57: of one entry 24 edits count."""
    ticks = 0

    async def clock(writer: asyncio.StreamWriter) -> None:
        nonlocal ticks
        ticks += 1
        writer.write(answer(rss(item(1, description=f"Seen {ticks} seconds ago."), item(2))))

    act: Act = clock
    async with Site() as site:
        site.on("/feed", act)
        schedule = {"interval_seconds": 0.05, "min_interval_seconds": 0.05, "max_interval_seconds": 0.1}
        async with Running(tmp_path, site.url("/feed"), schedule=schedule) as service:
            await service.until(lambda: ticks > 30)

    assert Counter(service.titles) == {"Bridge report 1": 25, "Bridge report 2": 1}
    assert max(record.revision.n for record in service.records) == 25


@looped
async def test_dates_are_true_or_none(tmp_path: Path):
    """58: any zone name, other languages, epoch seconds; what cannot be true is no date, and the first sighting is
    what is known. A date without a zone is in the feed's own, and texts without a language in the feed's too."""
    dates = {
        "Mon, 23 Nov 2026 08:00:00 PDT": "2026-11-23T08:00:00-07:00",
        "Mon, 23 Nov 2026 08:00:00 CEST": "2026-11-23T08:00:00+02:00",
        "2026-11-23T08:00:00.5+09:00": "2026-11-23T08:00:00.500000+09:00",
        "Seg, 24 Set 2018 08:00:00 GMT": "2018-09-24T08:00:00+00:00",
        "2026年11月23日 08:00": "2026-11-23T08:00:00+00:00",
        "1763892000": "2025-11-23T10:00:00+00:00",
        "Mon, 23 Nov 1763 08:00:00 GMT": None,
        "2099-01-01T00:00:00Z": None,
        "25:00 on the 31st": None,
        "": None,
    }
    zoned = {"Mon, 23 Nov 2026 08:00:00": "2026-11-23T08:00:00+09:00", "2026-11-23": "2026-11-23T00:00:00+09:00"}
    here = [item(n, title=raw or "none", pubDate=raw) for n, raw in enumerate(dates)]
    there = [item(n, title=raw, description="1", pubDate=raw) for n, raw in enumerate(zoned)]
    async with Site() as site:
        utc = site.on("/utc", answer(rss(*here)))
        seoul = {"url": site.on("/seoul", answer(rss(*there))), "zone": "+09:00", "language": "ko"}
        async with Running(tmp_path, utc, seoul) as service:
            await service.until(lambda: len(service.records) == len(dates) + len(zoned))

    rows = {row["title"]: row for row in service.written()}
    wanted = {(raw or "none"): expected for raw, expected in (dates | zoned).items()}
    assert {title: row["published"] for title, row in rows.items()} == wanted
    assert all(datetime.fromisoformat(row["origin"]["fetched"]).tzinfo for row in rows.values())
    assert {rows[title]["language"] for title in zoned} == {"ko"}


@looped
async def test_a_language_that_is_told_wins_over_that_of_the_configuration(tmp_path: Path):
    """`[[feeds]] language` is for articles that do not tell theirs."""
    async with Site() as site:
        feed = {
            "url": site.on("/feed", answer(rss(item(1, title="1", description="2"), head="<language>fi</language>")))
        }
        async with Running(tmp_path, {**feed, "language": "ko"}) as service:
            await service.until(lambda: service.records)

    assert [record.article.language for record in service.records] == ["fi"]


@looped
async def test_the_text_is_the_description_and_links_are_absolute(tmp_path: Path):
    """59: captions, an empty `content:encoded`, links relative to an `xml:base`."""
    told = "The council counted the stones of the bridge."
    caption = (
        "<media:content url='/p.jpg'><media:description>A caption of the picture</media:description></media:content>"
    )
    async with Site() as site:
        entries = [
            item(1, link="a/1", description=told + caption)
            .replace(caption, "", 1)
            .replace("</item>", f"{caption}</item>"),
            item(2, link="../a/2", description=told, **{"content:encoded": ""}),
            item(3, link="/a/3", description="teaser", **{"content:encoded": f"<![CDATA[<p>{told}</p>]]>"}),
        ]
        site.on("/feeds/feed", answer(rich(*entries, root='xml:base="http://courier.example/news/"')))
        site.on("/feeds/plain", answer(rich(item(4, link="../a/4", description=told))))
        async with Running(tmp_path, site.url("/feeds/feed"), site.url("/feeds/plain")) as service:
            await service.until(lambda: len(service.records) == 4)

    articles = {record.article.title[-1]: record.article for record in service.records}
    assert {article.text for article in articles.values()} == {told}
    assert {n: article.url for n, article in articles.items()} == {
        "1": "http://courier.example/news/a/1",
        "2": "http://courier.example/a/2",
        "3": "http://courier.example/a/3",
        "4": site.url("/a/4"),
    }


LINK = "http://courier.example/a/1"
_RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
_NEWS = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)
_JSON = {"items": [{"id": 1, "url": LINK, "title": "T"}]}
FORMATS = {
    "rss091": f'<rss version="0.91"><channel><item><title>T</title><link>{LINK}</link></item></channel></rss>',
    "rss10": f'<rdf:RDF {_RDF}><item rdf:about="{LINK}"><title>T</title><link>{LINK}</link></item></rdf:RDF>',
    "rss20": f'<rss version="2.0"><channel><item><title>T</title><guid>{LINK}</guid></item></channel></rss>',
    "atom03": f"""<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title>T</title><id>1</id>
    <link rel="alternate" type="text/html" href="{LINK}"/></entry></feed>""",
    "atom10": f"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>T</title><id>1</id><link href="{LINK}"/>
    </entry></feed>""",
    "json1": json.dumps({"version": "https://jsonfeed.org/version/1", **_JSON}),
    "json11": json.dumps({"version": "https://jsonfeed.org/version/1.1", **_JSON}),
    "sitemap": f"""<urlset {_NEWS}><url><loc>{LINK}</loc><news:news><news:title>T</news:title></news:news></url>
    </urlset>""",
}


@looped
async def test_every_format_leads_to_the_same_record(tmp_path: Path):
    """60: RSS 0.91, 1.0, 2.0, Atom 0.3, 1.0, JSON Feed 1, 1.1, a news sitemap: one article, seen in eight feeds."""
    async with Site() as site:
        urls = [site.on(f"/{name}", answer(document)) for name, document in FORMATS.items()]
        async with Running(tmp_path, *urls) as service:
            await service.until(lambda: len(service.records) + len(service.written("skipped")) == len(FORMATS))

    (record,) = service.records
    skipped = service.written("skipped")
    assert (record.article.title, record.article.url, record.article.text_source) == ("T", LINK, TextSource.FEED)
    assert {row["url"] for row in skipped} == {LINK}
    assert {row["origin"]["feed"] for row in skipped} | {record.origin.feed} == set(urls)


@looped
async def test_tracking_parameters_make_no_other_article(tmp_path: Path):
    """60: the key leaves them out, and the link stays as it was published, also in the request for the page."""
    async with Site() as site:
        published = "/a/1?utm_source=rss&amp;id=7&amp;utm_medium=feed"
        site.on(published.replace("&amp;", "&"), answer(html(1), Content_Type="text/html"))
        replies = [item(1, guid=None, link=site.url(published))]
        replies += [item(1, guid=None, link=site.url(f"/a/1?id=7&amp;utm_campaign={n}")) for n in range(3)]
        site.on("/feed", *(answer(rss(reply)) for reply in replies))
        site.on("/other", answer(rss(item(2, link="http://courier.example/a/2?utm_source=x&amp;b=1", guid=None))))
        feeds = [{"url": site.url("/feed"), "pages": True}, {"url": site.url("/other"), "pages": False}]
        async with Running(tmp_path, *feeds) as service:
            await service.until(lambda: len(service.records) >= 2 and site.targets().count("/feed") > 5)

    articles = {record.article.title[-1]: record.article for record in service.records}
    assert len(service.records) == 2
    assert articles["1"].url == site.url("/a/1?utm_source=rss&id=7&utm_medium=feed")
    assert articles["1"].canonical_url == site.url("/a/1?id=7")
    assert articles["2"].url == "http://courier.example/a/2?utm_source=x&b=1"
    assert articles["2"].canonical_url == "http://courier.example/a/2?b=1"


@pytest.mark.parametrize("wrap", ["<![CDATA[{}]]>", "escaped"])
def test_nothing_that_runs_comes_out(tmp_path: Path, wrap: str):
    """60: scripts, handlers and `javascript:` of a content are nowhere in the record."""
    content = (
        '<p onclick="run(1)">The council met.</p><script>run(2)</script><img src="x" onerror="run(3)">'
        '<a href="javascript:run(4)">More</a><svg onload="run(5)"><style>run{6}</style></svg>'
        '<iframe src="data:text/html,run(7)"></iframe><img src="javascript:run(8)"><p>The bridge stays.</p>'
    )
    escaped = content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    body = escaped if wrap == "escaped" else wrap.format(content)

    @looped
    async def check() -> None:
        async with Site() as site:
            hostile = item(
                1, link="javascript:run(9)", description=body, title=f"T {escaped}", **{"dc:creator": escaped}
            )
            site.on("/feed", answer(rich(hostile, head="<image><url>javascript:run(10)</url></image>")))
            async with Running(tmp_path, site.url("/feed")) as service:
                await service.until(lambda: service.records)
        (row,) = service.written()
        shown = {name: value for name, value in row.items() if name != "origin"}
        assert not re.search(r"run|script|on(?:click|error|load)|<", json.dumps(shown, ensure_ascii=False))
        assert row["text"].startswith("The council met.")
        assert row["text"].endswith("The bridge stays.")

    check()
