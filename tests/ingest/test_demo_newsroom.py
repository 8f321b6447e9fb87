"""The demo's newsroom over real sockets: every feed and page is what its script says, at each point of it."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from ingest import feeds
from ingest.config import Config
from ingest.demo import newsroom
from ingest.demo.newsroom import Newsroom, expected, hosted
from ingest.fetch.errors import DisallowedError
from ingest.fetch.hosts import Hosts
from ingest.fetch.robots import Robots
from ingest.fetch.robotsrules import Rules
from ingest.recipe import Recipe
from ingest.worker import chain_of
from processors.records import Form, Mode, Origin, Page, Record
from tests.ingest.fetch.fetchers import fetcher, get
from tests.site import looped

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.demo.newsroom import Expectation
    from ingest.demo.newsroom.script import Event
    from ingest.feeds import Entry
    from processors.records import Outcome

SCRIPT = newsroom.load()
EXPECTED = {(each.outlet, each.key): each for each in expected(SCRIPT)}
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
NAMES = {
    "north-korea": re.compile("North Korea|Pyongyang|북한|평양|Corea del Norte|КНДР|Северной Кореи|平壤|朝鲜|北朝鮮"),
    "russia": re.compile("Russia|Soviet|[Ss]oviétic|ruso|Росси|оветск|Москв|СССР|Russie|소련|러시아|苏联|俄罗斯|ソ連"),
    "china": re.compile("China|Chinese|chin[oa]s|Chine|中国|중국|Кита|китайск"),
}


def ticking() -> Callable[[], datetime]:
    """A clock that is a minute further at every look."""
    minutes = count()
    return lambda: START + timedelta(minutes=next(minutes))


def label(event: Event) -> str:
    return f"{event.story.outlet}-{event.story.key}-{event.edition + 1}"


def parsed(answer: httpx.Response) -> feeds.Feed:
    seen = START + timedelta(days=1)
    return feeds.parse(answer.content, url=str(answer.url), content_type=answer.headers["content-type"], seen=seen)


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=20)


def home(room: Newsroom, outlet: str) -> str:
    parts = urlsplit(offer(room, outlet).url)
    return f"{parts.scheme}://{parts.netloc}"


def offer(room: Newsroom, outlet: str) -> newsroom.FeedOffer:
    return next(each for each in room.feeds if each.outlet == outlet)


def published(room: Newsroom) -> Newsroom:
    """The newsroom with its whole script published."""
    while room.publish() is not None:
        pass
    return room


@dataclass(frozen=True)
class Seen:
    """What a reader of the feed found right after one event."""

    feed: feeds.Feed
    entry: Entry
    outcome: Outcome


@pytest.fixture(scope="module")
def seen() -> dict[str, Seen]:
    """Every event read as the service reads it: the feed, then the page, or the feed's own text."""
    return asyncio.run(_walk())


async def _walk() -> dict[str, Seen]:
    chain = chain_of(Recipe(config=Config()))
    found: dict[str, Seen] = {}
    async with Newsroom(pace_seconds=None, clock=ticking()) as room, client() as http:
        while (event := room.publish()) is not None:
            await _read(room, http, event, chain, found)
    return found


async def _read(
    room: Newsroom, http: httpx.AsyncClient, event: Event, chain: Callable[[Page], Outcome], found: dict[str, Seen]
) -> None:
    story = event.story
    feed = parsed(await http.get(offer(room, story.outlet).url))
    (entry,) = [each for each in feed.entries if each.link == home(room, story.outlet) + story.link]
    page = feeds.page_of(entry, feed)
    if story.text_source == "page":
        answer = await http.get(entry.link or "", follow_redirects=True)
        page = Page(
            form=Form.HTML,
            body=answer.content,
            origin=Origin(mode=Mode.RUN, feed=feed.url, document_id=entry.key),
            url=str(answer.url),
            content_type=answer.headers["content-type"],
            hint=feeds.hint_of(entry, feed),
        )
    found[label(event)] = Seen(feed, entry, chain(page))


@pytest.mark.parametrize("event", SCRIPT.events, ids=label)
def test_each_edition_is_in_its_feed_and_becomes_the_record_that_is_expected(
    event: Event, seen: dict[str, Seen]
) -> None:
    wanted = EXPECTED[event.story.outlet, event.story.key]
    entry, record = seen[label(event)].entry, seen[label(event)].outcome
    assert isinstance(record, Record), record
    article = record.article
    assert entry.title == article.title == wanted.titles[event.edition]
    assert article.text == wanted.texts[event.edition]
    assert {tag.topic for tag in article.topics} == set(wanted.topics)
    removed = [removal.text for removal in article.removed]
    assert [line for line in wanted.removed if line not in removed] == []
    assert article.text_source == wanted.text_source
    assert urlsplit(article.canonical_url or "").path == wanted.path
    assert article.authors == (event.story.author,)
    assert article.published is not None
    assert article.published >= START
    assert (article.language or "").split("-")[0] == SCRIPT.outlets[wanted.outlet].language.split("-")[0]


def test_feeds_hold_what_has_been_published_the_newest_first(seen: dict[str, Seen]) -> None:
    so_far: dict[str, list[str]] = {outlet: [] for outlet in SCRIPT.outlets}
    for event in SCRIPT.events:
        links = so_far[event.story.outlet]
        links[:0] = [event.story.link] if event.edition == 0 else []
        feed = seen[label(event)].feed
        assert [urlsplit(entry.link or "").path for entry in feed.entries] == links, label(event)
        assert not feed.degraded, label(event)


def test_every_format_is_there(seen: dict[str, Seen]) -> None:
    formats = {each.feed.format for each in seen.values()}
    assert formats == {"rss20", "atom10", "json11", "sitemap"}


def test_only_one_outlet_carries_its_texts_whole(seen: dict[str, Seen]) -> None:
    whole = {event.story.outlet for event in SCRIPT.events if feeds.carries_text(seen[label(event)].entry)}
    summaries = {event.story.outlet for event in SCRIPT.events if not feeds.carries_text(seen[label(event)].entry)}
    assert whole == {"valley"}
    assert summaries == {event.story.outlet for event in SCRIPT.events} - whole


def test_a_correction_keeps_guid_and_date_and_says_what_it_corrects(seen: dict[str, Seen]) -> None:
    later = [event for event in SCRIPT.events if event.edition == 1]
    assert len(later) == 2
    for event in later:
        first, second = seen[label(event).removesuffix("2") + "1"], seen[label(event)]
        assert isinstance(first.outcome, Record)
        assert isinstance(second.outcome, Record)
        assert first.entry.key == second.entry.key
        assert first.entry.published == second.entry.published
        assert first.entry.summary != second.entry.summary
        assert first.outcome.id == second.outcome.id
        assert first.outcome.article.text != second.outcome.article.text
        assert second.outcome.article.text.split("\n")[-1].startswith("Correction: ")
        assert second.outcome.article.modified is not None
        assert first.outcome.article.modified is not None
        assert second.outcome.article.modified > first.outcome.article.modified


def test_the_script_is_sixty_stories_and_none_is_missing() -> None:
    first = [(event.story.outlet, event.story.key) for event in SCRIPT.events if event.edition == 0]
    written = [(story.outlet, story.key) for outlet in SCRIPT.outlets.values() for story in outlet.stories]
    assert len(first) == 60
    assert sorted(first) == sorted(written)
    editions = Counter((event.story.outlet, event.story.key) for event in SCRIPT.events)
    assert editions == {key: each.revisions for key, each in EXPECTED.items()}


def test_copies_of_the_agency_come_after_it_and_are_cut() -> None:
    order = [event.story for event in SCRIPT.events]
    copies = [story for story in SCRIPT.stories if story.author == "Meridian Wire"]
    assert Counter(story.outlet for story in copies) == {"harbour": 1, "valley": 2}
    for copy in copies:
        (original,) = [story for story in SCRIPT.stories if (story.outlet, story.key) == ("wire", copy.key)]
        whole, cut = (" ".join(story.editions[0].paragraphs) for story in (original, copy))
        assert order.index(original) < order.index(copy)
        assert 0.7 * len(whole) < len(cut) < len(whole)
        assert all(sentence in whole for sentence in re.split(r"(?<=\.) ", cut))


@pytest.mark.parametrize("each", EXPECTED.values(), ids=lambda each: f"{each.outlet}-{each.key}")
def test_topics_and_mentions_are_named_and_differ(each: Expectation) -> None:
    """A subject is named at least twice, a mention once or twice; a topic in neither list is not named at all."""
    text = f"{each.titles[-1]}\n{each.texts[-1]}"
    for topic, name in NAMES.items():
        found = len(name.findall(text))
        if topic in each.topics:
            assert found >= 2, topic
        elif topic in each.mentions:
            assert 1 <= found <= 2, topic
        else:
            assert found == 0, topic


def test_each_topic_has_its_share_of_subjects_and_of_mentions() -> None:
    subjects = Counter(topic for each in EXPECTED.values() for topic in each.topics)
    mentions = Counter(topic for each in EXPECTED.values() for topic in each.mentions)
    assert min(subjects[topic] for topic in NAMES) >= 10
    assert min(mentions[topic] for topic in NAMES) >= 1
    assert sum(mentions.values()) >= 10
    assert sum(not each.topics for each in EXPECTED.values()) >= 12


def test_no_real_host_is_named() -> None:
    folder = files(newsroom)
    texts = [file.read_text(encoding="utf-8") for part in ("outlets", "pages") for file in (folder / part).iterdir()]
    hosts = {urlsplit(url).hostname or "" for url in re.findall(r"https?://[^\s\"'<>]+", "\n".join(texts))}
    hosts |= set(re.findall(r"[\w.]+@([\w.-]+\w)", "\n".join(texts)))
    assert {host for host in hosts if not host.endswith(".example")} == {"schema.org"}  # an identifier, never fetched


@looped
async def test_a_304_says_the_truth() -> None:
    """By tag and by date, until something is published; other outlets have no validators."""
    async with Newsroom(pace_seconds=None, clock=ticking()) as room, client() as http:
        while room.published < 10:
            room.publish()
        url = offer(room, "gaceta").url
        first = await http.get(url)
        by_tag = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
        by_date = {"If-Modified-Since": first.headers["last-modified"]}
        for headers in (by_tag, by_date):
            again = await http.get(url, headers=headers)
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert (await http.get(url, headers={"If-None-Match": '"other"', **by_date})).status_code == 200
        published(room)
        for headers in (by_tag, by_date, by_tag | by_date, {"If-Modified-Since": "yesterday"}):
            later = await http.get(url, headers=headers)
            assert later.status_code == 200
            assert later.headers["etag"] != first.headers["etag"]
        assert "etag" not in (await http.get(offer(room, "harbour").url)).headers


@looped
async def test_robots_txt_keeps_our_fetcher_from_the_archive() -> None:
    hosts = Hosts(connections=2, delay=0)
    async with Newsroom(pace_seconds=None) as room, fetcher(hosts=hosts) as using:
        published(room)
        robots = Robots(using, hosts=hosts, token="newstap", ttl=60)
        archive, open_to_all = ("tereshkova", "lighthouse")
        at = home(room, "gaceta")
        with pytest.raises(DisallowedError):
            await get(at + EXPECTED["gaceta", archive].link, using=using, check=robots.check)
        await get(at + EXPECTED["gaceta", open_to_all].link, using=using, check=robots.check)
        asked = [(each.outlet, each.path) for each in room.log]
        assert asked == [("gaceta", "/robots.txt"), ("gaceta", EXPECTED["gaceta", open_to_all].link)]
    assert Rules(SCRIPT.outlets["gaceta"].robots or "", "newstap").crawl_delay == 0.2


@looped
async def test_outlets_that_are_down_or_overloaded() -> None:
    async with Newsroom(pace_seconds=None) as room, client() as http:
        (down,) = [each for each in room.feeds if each.down]
        with pytest.raises(httpx.ConnectError):
            await http.get(down.url)
        busy = await http.get(offer(room, "courrier").url)
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
        assert (await http.get(home(room, "courrier") + "/robots.txt")).status_code == 404
        published(room)
        assert len(parsed(await http.get(offer(room, "courrier").url)).entries) == 3


@looped
async def test_pages_that_are_no_articles() -> None:
    """A permanent redirect, a consent wall, an article that is gone with status 200, and one for subscribers."""
    async with Newsroom(pace_seconds=None) as room, client() as http:
        published(room)

        async def page(outlet: str, key: str) -> httpx.Response:
            return await http.get(home(room, outlet) + EXPECTED[outlet, key].link)

        moved = await page("wire", "nixon")
        assert (moved.status_code, moved.headers["location"]) == (301, EXPECTED["wire", "nixon"].path)
        for outlet, key, sign in (
            ("courrier", "recognition", 'class="consent-wall"'),
            ("hanbit", "june-declaration", "페이지를 찾을 수 없습니다"),
        ):
            answer = await page(outlet, key)
            assert answer.status_code == 200
            assert sign in answer.text
            assert EXPECTED[outlet, key].titles[0] not in answer.text
        stub = await page("harbour", "ping-pong")
        (said,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', stub.text)
        assert json.loads(said)["isAccessibleForFree"] is False


@looped
async def test_pages_look_like_news_pages() -> None:
    async with Newsroom(pace_seconds=None, clock=ticking()) as room, client() as http:
        published(room)
        for key in ("ferry", "alaska"):
            markup = (await http.get(home(room, "harbour") + EXPECTED["harbour", key].link)).text
            (said,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', markup)
            assert json.loads(said)["headline"] == EXPECTED["harbour", key].titles[-1]
            assert markup.count("Tap to install our app.") == 2
            assert all(sign in markup for sign in ("<nav", "share-bar", "related-stories", "og:title", "canonical"))


@looped
async def test_charsets_and_compression_are_as_declared() -> None:
    async with Newsroom(pace_seconds=None) as room, client() as http:
        published(room)
        feed = await http.get(offer(room, "vestnik").url)
        assert feed.headers["content-type"].endswith("charset=windows-1251")
        assert "Москв" in feed.content.decode("windows-1251")
        korean = offer(room, "hanbit").url
        packed, plain = [await http.get(korean, headers={"Accept-Encoding": kind}) for kind in ("gzip", "identity")]
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content


@looped
async def test_the_server_speaks_http() -> None:
    async with Newsroom(pace_seconds=None) as room, client() as http:
        at = home(room, "wire")
        assert (await http.get(f"{at}/stories/nothing")).status_code == 404
        assert (await http.get(at + EXPECTED["wire", "gagarin"].link)).status_code == 404, "not published yet"
        assert (await http.post(f"{at}/")).status_code == 405
        published(room)
        whole, head = await http.get(f"{at}/"), await http.head(f"{at}/")
        assert head.headers["content-length"] == str(len(whole.content))
        assert head.content == b""
        (found,) = feeds.feeds_named(whole.content, url=f"{at}/")
        assert found.url == offer(room, "wire").url
        asked = room.log[-1]
        assert (asked.outlet, asked.path, asked.status, asked.headers["accept"]) == ("wire", "/", 200, "*/*")


@looped
async def test_it_closes_while_others_are_connected_and_it_is_publishing() -> None:
    """No socket is left, which would fail this test; a request that is none is not answered."""
    async with Newsroom(pace_seconds=30) as room:
        port = urlsplit(offer(room, "wire").url).port
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        reader, nonsense = await asyncio.open_connection("127.0.0.1", port)
        nonsense.write(b"nonsense\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 405")
        assert not room.rested.is_set()
    for writer in (silent, nonsense):
        writer.close()
        await writer.wait_closed()


def test_hosted_it_publishes_by_itself_and_rests() -> None:
    with hosted(pace_seconds=0.001) as room:
        assert any(thread.name == "newsroom" for thread in threading.enumerate())
        with httpx.Client(trust_env=False, timeout=20) as http:
            _until(room.rested.is_set)
            assert room.published == len(SCRIPT.events) == 62
            up = [each.url for each in room.feeds if not each.down]
            for url in [*up, *up[:-1]]:
                http.get(url)
            assert room.polls_since_rest() == 1, "one feed was read once"
            http.get(up[-1])
            assert room.polls_since_rest() == 2
    assert not any(thread.name == "newsroom" for thread in threading.enumerate())


def _until(happened: Callable[[], bool]) -> None:
    for _ in range(2000):
        if happened():
            return
        threading.Event().wait(0.01)
    raise AssertionError("not within twenty seconds")
