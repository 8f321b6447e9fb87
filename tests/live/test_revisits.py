"""Articles' pages are looked at again: a change is a revision, a page that is gone a tombstone, the rest is nothing."""

from __future__ import annotations

import io
import signal
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from ingest.audit import audit
from ingest.config import Config, Revisits, load
from ingest.live.parts import visiting_of
from processors.records import Reason
from sinks.kafka_client import Connection
from sinks.kafka_reading import read_topic
from tests.ingest.newsroom import html
from tests.live.processes import Process
from tests.live.running import Running, item, rss
from tests.site import Site, answer, hang, looped, moved

if TYPE_CHECKING:
    from pathlib import Path

    from tests.broker.process import Broker
    from tests.site import Reply

PAGE = html(1).replace("The mayor said", "The mayor's office said")
CHANGED = PAGE.replace("1 stones were counted", "900 stones were counted")
SOON = [round(0.2 * n, 1) for n in range(1, 1000)]
"""Visits one after another: a slow machine misses some, but never all that are left."""
NOT_MODIFIED = answer(status=304)
SECTIONS: dict[str, dict[str, Any]] = {
    "fetch": {"pages": True},
    "revisits": {"after_seconds": SOON, "gone_confirm_seconds": 0.3},
}


def page(text: str, tag: str | None = None) -> bytes:
    headers = {} if tag is None else {"ETag": f'"{tag}"'}
    return answer(text, Content_Type="text/html", **headers)


def feed_of(site: Site, *replies: Reply) -> str:
    """A feed with one article, whose page has these replies, one after another."""
    link = site.on("/a/1", *replies)
    return site.on("/feed", answer(rss(item(1, link=link, description="In short."))))


def visits_to(site: Site, path: str = "/a/1") -> list[str | None]:
    """The validator of each request for a page, the first visit left out."""
    return [asked.header("if-none-match") for asked in site.asked if asked.target == path][1:]


def adds_up(folder: Path) -> str:
    """What the audit says; it must find nothing wrong."""
    told = io.StringIO()
    assert audit(load(folder / "newstap.toml", {}), None, told) == 0, told.getvalue()
    return told.getvalue()


def tombstones(folder: Path) -> int:
    """How many tombstones ever went into the outbox."""
    state = sqlite3.connect(folder / "var" / "state" / "state.sqlite")
    (found,) = state.execute("SELECT coalesce(sum(n), 0) FROM tally WHERE kind = 'tombstone'").fetchone()
    state.close()
    return int(found)


@looped
async def test_a_change_is_a_revision_and_the_rest_is_nothing(tmp_path: Path):
    """With its class and what changed. A 304 and the same bytes are nothing; other bytes that say the same are a skip.

    Requests are conditional, all that has an outcome is archived, and the books add up.
    """
    looks = PAGE.replace("mayor's", "mayor’s")
    async with Site() as site:
        feed = feed_of(
            site, page(PAGE, "one"), NOT_MODIFIED, page(PAGE, "one"), page(looks), page(CHANGED, "two"), NOT_MODIFIED
        )
        async with Running(tmp_path, feed, **SECTIONS, archive={}) as service:
            await service.until(lambda: len(service.records) == 2 and len(visits_to(site)) >= 5)

    first, second = service.records
    assert (second.id, second.revision.n, second.revision.kind) == (first.id, 2, "substantive")
    assert second.revision.previous == f"{first.id}/1"
    assert second.revision.numbers == (("1", "900"),)
    assert second.revision.diff is not None
    assert "900 stones" in second.revision.diff[0].new
    assert visits_to(site)[:5] == ['"one"', '"one"', '"one"', None, '"two"']
    assert [each.reason for each in service.skipped] == [Reason.UNCHANGED]
    assert "discovered               3" in adds_up(tmp_path)
    assert all(each.origin.archive is not None for each in service.outcomes)


@looped
async def test_a_page_that_is_gone_has_one_tombstone_and_is_news_when_it_is_back(tmp_path: Path):
    """The second 404 in a row confirms; the files have a line for it; the page as it was is the next revision."""
    gone, there = answer(status=404), page(PAGE, "one")
    async with Site() as site:
        feed = feed_of(site, there, answer(status=410), there, gone, gone, gone, there, NOT_MODIFIED)
        async with Running(tmp_path, feed, **SECTIONS, archive={}) as service:
            await service.until(lambda: len(service.records) == 2 and len(visits_to(site)) >= 7)

    first, second = service.records
    assert (second.id, second.revision.n) == (first.id, 2)
    assert [(row["reason"], row["detail"], row["url"]) for row in service.written("skipped")] == [
        (Reason.GONE, first.id, site.url("/a/1"))
    ]
    assert service.written("skipped")[0]["origin"]["archive"] is not None
    assert visits_to(site)[:7] == ['"one"'] * 4 + [None] * 2 + ['"one"'], "no 304 may hide that it is back"
    assert tombstones(tmp_path) == 1
    assert "tombstones               1" in adds_up(tmp_path)


@looped
async def test_another_page_in_its_place_is_no_revision(tmp_path: Path):
    """Neither the front page, nor another article, nor a page without one, for which no feed's text stands in."""
    async with Site() as site:
        other = site.on("/b/2", page(html(2)))
        empty = page("<html><head><title>Subscribe</title></head><body><p>Subscribe.</p></body></html>")
        feed = feed_of(site, page(PAGE), moved("/"), moved(other), empty, page(PAGE))
        site.on("/", page(html(3)))
        async with Running(tmp_path, feed, **SECTIONS) as service:
            await service.until(lambda: len(visits_to(site)) >= 5)

    assert len(service.records) == 1
    assert service.skipped[0].reason is Reason.OTHER_ARTICLE
    assert service.skipped[0].detail == service.records[0].id
    assert len(service.skipped) == 2
    assert service.skipped[1].reason in {Reason.NO_TEXT, Reason.EMPTY, Reason.INDEX_PAGE, Reason.PAYWALL}
    adds_up(tmp_path)


@looped
async def test_what_robots_txt_forbids_meanwhile_is_not_looked_at_again(tmp_path: Path):
    async with Site() as site:
        site.on("/robots.txt", answer("User-agent: *\nAllow: /"), answer("User-agent: *\nDisallow: /a/"))
        feed = feed_of(site, page(PAGE), page(CHANGED))
        sections = SECTIONS | {"fetch": {"pages": True, "robots_ttl_seconds": 0.05}}
        async with Running(tmp_path, feed, **sections) as service:
            await service.until(lambda: service.records and site.targets().count("/robots.txt") >= 3)

    assert visits_to(site) == []
    assert len(service.records) == 1


@looped
async def test_killed_between_what_makes_a_page_gone_there_is_one_tombstone(tmp_path: Path):
    """And one revision: what was settled before stays so, and the visit that was cut off is made again."""
    gone = answer(status=404)
    async with Site() as site:
        feed = feed_of(site, page(PAGE), page(CHANGED), gone, hang, gone)
        async with Process(tmp_path, feed, **SECTIONS) as service:
            await service.until(lambda: len(visits_to(site)) == 3)
            service.signal(signal.SIGKILL)
            await service.ended(60)
        async with Process(tmp_path, feed, **SECTIONS) as service:
            await service.until(lambda: service.files.written("skipped") and len(visits_to(site)) >= 5)
            await service.ask_to_end()
            assert await service.ended(60) == 0, service.log

    assert [row["revision"]["n"] for row in service.files.written()] == [1, 2]
    assert [row["reason"] for row in service.files.written("skipped")] == [Reason.GONE]
    assert tombstones(tmp_path) == 1
    adds_up(tmp_path)


@pytest.mark.parametrize(("after", "job", "wanted"), [([], "run", False), (SOON, "run", True), (SOON, "fetch", False)])
def test_visits_are_made_where_they_are_wanted_and_understood(after: list[float], job: str, *, wanted: bool) -> None:
    """By default there are none, and a fetcher does not know what became of its pages."""
    config = Config(revisits=Revisits(after_seconds=tuple(after)))

    assert (visiting_of(config, job) is not None) is wanted
    assert visiting_of(Config(), job) is None


@pytest.mark.kafka
@looped
async def test_kafka_has_one_tombstone_and_then_the_page_that_is_back(
    tmp_path: Path, broker: Broker, topic_prefix: str
) -> None:
    """In the compacted topic alone, behind the record; the audit knows that it is right."""
    sinks = {"sinks.kafka": {"bootstrap": broker.bootstrap, "topic_prefix": topic_prefix, "partitions": 1}}
    gone = answer(status=404)
    async with Site() as site:
        feed = feed_of(site, page(PAGE), gone)
        async with Running(tmp_path, feed, **SECTIONS, **sinks) as service:
            await service.until(lambda: len(visits_to(site)) >= 5 and service.idle.is_set())
        adds_up(tmp_path)
        feed_of(site, page(CHANGED))
        async with Running(tmp_path, feed, **SECTIONS, **sinks) as service:
            await service.until(lambda: service.records and service.idle.is_set())
        adds_up(tmp_path)

    connection = Connection(broker.bootstrap, {}, 5.0)
    bodies = [one.body is not None for one in read_topic(connection, f"{topic_prefix}.articles.latest.v1")]
    assert bodies == [True, False, True]
    assert all(one.body is not None for one in read_topic(connection, f"{topic_prefix}.articles.v1"))
