"""Conditional requests and caching, behaviours 1 to 15: what the service sends, keeps, and waits for."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from time import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.ingest.newsroom import html, keys
from tests.live.behaviours import (
    EARLY,
    FAST,
    Process,
    asked_often,
    at,
    feeds,
    pauses,
    sent,
    times,
    wait_of,
)
from tests.live.running import Running, item, rss
from tests.site import Site, answer, hang, looped

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

CONDITIONS = ("if-none-match", "if-modified-since")
EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"
NOT_MODIFIED = answer(status=304)
GARBAGE = b"<rss version='2.0'><channel><item><tit"
YEAR = "max-age=31536000"
PAST = "Sat, 01 Nov 2025 10:00:00 GMT"


def one(name: str, head: str = "", **headers: str) -> bytes:
    """A feed with one item."""
    return answer(rss(item(name), head=head), **headers)


SCRIPT: dict[str, tuple[bytes, ...]] = {
    "/both": (one("both", ETag='W/"a,b"', Last_Modified=EPOCH), NOT_MODIFIED),
    "/modified": (one("modified", Last_Modified=EPOCH), NOT_MODIFIED),
    "/unquoted": (one("unquoted", ETag="abc"), NOT_MODIFIED),
    "/dropped": (one("dropped", ETag='"1"', Last_Modified=EPOCH), one("dropped again")),
    "/renewed": (one("renewed", ETag='"1"', Last_Modified=EPOCH), answer(status=304, ETag='"2"'), NOT_MODIFIED),
    "/kept": (
        one("kept", ETag='"1"'),
        NOT_MODIFIED,
        answer(status=500),
        one("kept again", ETag='"2"'),
        NOT_MODIFIED,
    ),
    "/same": (one("same"),),
    "/garbage": (one("garbage", ETag='"good"'), answer(GARBAGE, ETag='"bad"'), NOT_MODIFIED),
    "/garbage-first": (answer(GARBAGE, ETag='"bad"'), one("garbage-first")),
    "/fresh": (one("fresh", Cache_Control="max-age=1"),),
    "/fresh-for-a-year": (one("fresh-for-a-year", Cache_Control=YEAR),),
    "/expires-0": (one("expires-0", Expires="0"),),
    "/expired": (one("expired", Expires=PAST, Date=PAST),),
    "/ttl": (one("ttl", "<ttl>1</ttl>"),),
}
SELDOM = {"/fresh-for-a-year": 2, "/ttl": 2, "/fresh": 3}
WANTED = [(path, SELDOM.get(path, 5)) for path in SCRIPT]
DOCUMENTS = len(SCRIPT) + 2
"""Bodies that are feeds, each counted once."""


class Polled(NamedTuple):
    """A service that polled the script, and then another one that took over its state."""

    site: Site
    ended: float
    """When the first one had ended."""
    metrics: dict[str, float]
    records: list[dict[str, Any]]


pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Polled:
    return asyncio.run(_polled(tmp_path_factory.mktemp("caching")))


async def _polled(folder: Path) -> Polled:
    async with Site() as site:
        urls = [site.on(path, *replies) for path, replies in SCRIPT.items()]
        sections = {"schedule": FAST, "fetch": {"host_connections": 8}}
        async with Process(folder, *urls, **sections) as service:
            await service.until(lambda: asked_often(site, WANTED))
            await service.until(lambda: len(service.written()) == DOCUMENTS)
            metrics = await service.metrics()
        before = len(at(site, "/kept"))
        ended = at(site, "/kept")[-1].at
        async with Process(folder, *urls, **sections) as service:
            await service.until(lambda: len(at(site, "/kept")) > before)
        return Polled(site, ended, metrics, service.written())


def test_etag_and_last_modified_come_back_byte_for_byte(polled: Polled):
    """Behaviour 1."""
    assert sent(polled.site, "/both", *CONDITIONS)[:3] == [(None, None), *[('W/"a,b"', EPOCH)] * 2]


def test_last_modified_alone_comes_back_alone(polled: Polled):
    """Behaviour 2."""
    assert sent(polled.site, "/modified", *CONDITIONS)[:3] == [(None, None), *[(None, EPOCH)] * 2]


def test_an_unquoted_etag_stays_unquoted(polled: Polled):
    """Behaviour 3."""
    assert sent(polled.site, "/unquoted", *CONDITIONS)[:3] == [(None, None), *[("abc", None)] * 2]


def test_an_answer_without_validators_ends_those_before(polled: Polled):
    """Behaviour 4."""
    assert sent(polled.site, "/dropped", *CONDITIONS)[:4] == [(None, None), ('"1"', EPOCH), *[(None, None)] * 2]


def test_a_304_replaces_the_validators_that_it_carries_and_no_others(polled: Polled):
    """Behaviour 5."""
    expected = [(None, None), ('"1"', EPOCH), *[('"2"', EPOCH)] * 3]
    assert sent(polled.site, "/renewed", *CONDITIONS)[:5] == expected


def test_only_the_first_request_is_unconditional(polled: Polled):
    """Behaviour 6: also after an error, after news, and after a restart."""
    etags = [etag for (etag,) in sent(polled.site, "/kept", "if-none-match")]
    assert etags == [None, '"1"', '"1"', '"1"', *['"2"'] * (len(etags) - 4)]
    assert times(polled.site, "/kept")[-1] > polled.ended
    assert len(etags) > 5


def test_the_same_body_is_not_parsed_again(polled: Polled):
    """Behaviour 8: no item, no revision, and the count of parsed documents does not rise."""
    assert len(at(polled.site, "/same")) >= 5
    assert set(sent(polled.site, "/same", *CONDITIONS)) == {(None, None)}
    revisions = [record["revision"]["n"] for record in polled.records if record["title"] == "Bridge report same"]
    assert revisions == [1]
    assert polled.metrics['newstap_polls_total{outcome="modified"}'] == DOCUMENTS
    assert polled.metrics['newstap_entries_total{kind="new"}'] == DOCUMENTS
    assert polled.metrics.get('newstap_entries_total{kind="known"}', 0) == 0


def test_the_validators_of_what_could_not_be_read_are_not_sent(polled: Polled):
    """Behaviour 10: those of the last document that could be read stay."""
    assert sent(polled.site, "/garbage", *CONDITIONS)[:4] == [(None, None), *[('"good"', None)] * 3]
    assert set(sent(polled.site, "/garbage-first", *CONDITIONS)) == {(None, None)}


@looped
async def test_the_validators_of_what_ends_in_mid_air_are_not_sent(tmp_path: Path):
    """Behaviour 10: however often the same part comes, since under that ETag there may be more."""
    part = answer(rss(item(1), item(2))[:-60], ETag='"whole"')
    async with Site() as site:
        site.on("/feed", part, part, part, answer(rss(item(1), item(2)), ETag='"whole"'))
        async with Running(tmp_path, site.url("/feed"), schedule=FAST) as service:
            await service.until(lambda: len(service.records) == 2)
            await service.until(lambda: len(site.asked) >= 5)

    assert [etag for (etag,) in sent(site, "/feed", "if-none-match")][:5] == [*[None] * 4, '"whole"']


def test_nothing_is_asked_for_while_it_is_fresh(polled: Polled):
    """Behaviour 11."""
    assert min(pauses(polled.site, "/fresh")) >= 1 - EARLY


def test_what_is_fresh_for_a_year_is_asked_for_at_the_longest_interval(polled: Polled):
    """Behaviour 12: neither before nor, as its second request shows, after a year."""
    assert min(pauses(polled.site, "/fresh-for-a-year")) >= FAST["max_interval_seconds"] - EARLY


@pytest.mark.parametrize("path", ["/expires-0", "/expired"])
def test_what_is_expired_is_not_asked_for_all_the_time(polled: Polled, path: str):
    """Behaviour 13."""
    assert min(pauses(polled.site, path)) >= FAST["min_interval_seconds"] - EARLY


def test_a_ttl_is_waited_for_up_to_the_longest_interval(polled: Polled):
    """Behaviour 14."""
    assert min(pauses(polled.site, "/ttl")) >= FAST["max_interval_seconds"] - EARLY


SY = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
DAY = 86_400


def hourly(frequency: str) -> str:
    """What a feed says that comes out so many times an hour."""
    period, often = (f"<sy:{name} {SY}>" for name in ("updatePeriod", "updateFrequency"))
    return f"{period}hourly</sy:updatePeriod>{often}{frequency}</sy:updateFrequency>"


HINTS: dict[str, tuple[str, dict[str, str], float]] = {
    "/none": ("", {}, 1),
    "/ttl-45": ("<ttl>45</ttl>", {}, 2700),
    "/ttl-long": ("<ttl>99999</ttl>", {}, DAY),
    "/ttl-soon": ("<ttl>soon</ttl>", {}, 1),
    "/hourly-2": (hourly("2"), {}, 1800),
    "/hourly-0": (hourly("0"), {}, 1),
    "/hourly-minus-1": (hourly("-1"), {}, 1),
    "/hourly-abc": (hourly("abc"), {}, 1),
    "/max-age": ("", {"Cache_Control": "public, max-age=600"}, 600),
    "/no-cache": ("", {"Cache_Control": "no-cache, max-age=600"}, 1),
    "/year": ("", {"Cache_Control": YEAR}, DAY),
}


@looped
async def test_long_hints_of_a_document_are_the_time_to_the_next_poll(tmp_path: Path):
    """Behaviours 11 to 15, in real lengths: no poll before, by the time of the next one that the state holds."""
    times_ = {"interval_seconds": 1, "min_interval_seconds": 1, "max_interval_seconds": DAY}
    async with Site() as site:
        expires = formatdate(time() + 600, usegmt=True)
        hints = {**HINTS, "/expires": ("", {"Expires": expires}, 500)}
        urls = [site.on(path, one(path, head, **headers)) for path, (head, headers, _) in hints.items()]
        async with Running(tmp_path, *urls, schedule=times_, fetch={"host_connections": 8}) as service:
            await service.until(lambda: len(service.records) == len(hints))

        known = feeds(tmp_path)
        waits = {path: wait_of(known[site.url(path)]) for path in hints}
    wrong = {path: waits[path] for path, (*_, least) in hints.items() if not least <= waits[path] <= least * 1.5 + 5}
    assert wrong == {}, "seconds to the next poll"


@looped
async def test_a_server_that_says_304_for_ever_is_asked_unconditionally_once(tmp_path: Path):
    """Behaviour 7: after the configured time, and what was new meanwhile comes out."""
    async with Site() as site:
        bodies = [rss(item(1)), rss(item(2), item(1))]

        async def stuck(writer: asyncio.StreamWriter) -> None:
            known = site.asked[-1].header("if-none-match") is not None
            body = bodies.pop(0) if len(bodies) > 1 and not known else bodies[0]
            writer.write(answer(status=304, ETag='"stuck"') if known else answer(body, ETag='"stuck"'))

        site.on("/feed", stuck)
        async with Running(tmp_path, site.url("/feed"), schedule={**FAST, "unconditional_seconds": 1.5}) as service:
            await service.until(lambda: len(service.records) == 2)
            n = len(site.asked)
            await service.until(lambda: len(site.asked) > n)

        whole = [asked.at for asked in site.asked if asked.header("if-none-match") is None]
        assert service.titles == ["Bridge report 1", "Bridge report 2"]
        assert whole[1] - whole[0] >= 1.5 * 0.9 - EARLY, "jitter makes it a tenth earlier at most"
        between = [asked for asked in site.asked if whole[0] < asked.at < whole[1]]
        assert len(between) >= 2
        assert (feeds(tmp_path)[site.url("/feed")].state.lies, len(whole)) == (1, 2)


class Newsroom:
    """A feed with honest validators, whose items have pages; what is asked for can be a moment to kill the service."""

    def __init__(self, site: Site) -> None:
        self.items = 0
        self.reached = asyncio.Event()
        self._site = site
        self._moment: str | None = None
        site.on("/feed", self._feed)

    def publish(self, moment: str | None) -> None:
        """Add two items, and say when they are to be interrupted."""
        self._moment = moment
        self.reached.clear()
        for n in (self.items + 1, self.items + 2):
            path, page = f"/page/{n}", answer(html(n), Content_Type="text/html")
            self._site.on(path, page)
            if n % 2 and moment == "the page is waited for":
                self._site.on(path, self._waiting, page)
            if n % 2 and moment == "the page was sent":
                self._site.on(path, self._sending(page), page)
        self.items += 2

    async def _feed(self, writer: asyncio.StreamWriter) -> None:
        tag = f'"{self.items}"'
        if self._site.asked[-1].header("if-none-match") == tag:
            writer.write(answer(status=304))
            return
        shown = [item(n, link=self._site.url(f"/page/{n}")) for n in range(self.items, 0, -1)]
        whole = answer(rss(*shown), ETag=tag)
        writer.write(whole)
        if self._moment == "the feed was sent":
            await writer.drain()
            self.reached.set()

    async def _waiting(self, writer: asyncio.StreamWriter) -> None:
        self.reached.set()
        await hang(writer)

    def _sending(self, page: bytes) -> Any:
        async def act(writer: asyncio.StreamWriter) -> None:
            writer.write(page)
            await writer.drain()
            self.reached.set()

        return act


MOMENTS = [
    ("the feed was sent", 0.03),
    ("the page is waited for", 0.0),
    ("the page was sent", 0.02),
]


@pytest.mark.slow
@pytest.mark.timeout(180)
@looped
async def test_kill_9_between_an_answer_and_its_items_loses_none_and_doubles_none(tmp_path: Path):
    """Behaviour 9: validators are kept with the items that came with them and never before, so no 304 hides any."""
    sections = {"schedule": FAST, "fetch": {"pages": True}}
    async with Site() as site:
        room = Newsroom(site)
        for moment, seconds in MOMENTS:
            room.publish(moment)
            async with Process(tmp_path, site.url("/feed"), **sections) as service:
                await asyncio.wait_for(room.reached.wait(), 60)
                await asyncio.sleep(seconds)
                await service.kill()
        room.publish(None)
        async with Process(tmp_path, site.url("/feed"), **sections) as service:
            await service.until(lambda: len(service.written()) >= room.items)

    written = service.written()
    assert sorted(record["title"] for record in written) == sorted(
        f"Bridge report {n}" for n in range(1, room.items + 1)
    )
    assert set(keys(written).values()) == {1}
    assert {record["revision"]["n"] for record in written} == {1}
    assert {record["text_source"] for record in written} == {"page"}
