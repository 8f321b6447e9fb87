"""robots.txt by RFC 9309: over real sockets, and as text."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from ingest.fetch.client import Fetcher
from ingest.fetch.errors import BlockedAddressError, DisallowedError, PausedError
from ingest.fetch.hosts import Hosts
from ingest.fetch.messages import Request
from ingest.fetch.reservations import AGENTS
from ingest.fetch.robots import READ_BYTES, Robots
from ingest.fetch.robotsrules import MOST_RULES, Rules, product_token
from ingest.robotsfiles import RobotsFile
from tests.ingest.fetch.fetchers import Names, Time, fetcher
from tests.site import Site, answer, cut_short, hang, looped, moved, reset, slow

if TYPE_CHECKING:
    from tests.site import Act


def robots(using: Fetcher, *, ttl: float = 3600.0, hosts: Hosts | None = None) -> Robots:
    return Robots(using, hosts=hosts or Hosts(connections=9, delay=0), token="newstap", ttl=ttl)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /\nUser-agent: newstap\nDisallow: /other", True),
        ("User-agent: NewsTap/2.0\nDisallow: /", False),
        ("User-agent: a\nUser-agent: newstap\nDisallow: /", False),
        ("User-agent: news\nDisallow: /", True),
        ("User-agent: tap\nDisallow: /", True),
        ("User-agent: newstap-pro\nDisallow: /", True),
        ("User-agent: *bot\nDisallow: /", True),
        ("User-agent: *\nDisallow: /news/\nAllow: /news/2026/", True),
        ("User-agent: *\nAllow: /news/\nDisallow: /news/2026/", False),
        ("User-agent: *\nDisallow: /*.html$", False),
        ("User-agent: *\nDisallow: /*.htm$", True),
        ("\ufeffUser-agent : newstap # us\nDisallow: /news", False),
        ("<html><body>Disallow: /</body></html>", True),
        ("user   agent newstap\ndissallow /news", False),
        (
            "User-agent: newstap\nSitemap: /map\nNoindex: /\nnonsense\nUser-agent: b\nDisallow: /",
            False,
        ),
        ("User-agent: a\nUser-agent:\nDisallow: /x\nDisallow: /y\nUser-agent: newstap\nDisallow: /news", False),
        ("User-agent: a\nDisallow:\nUser-agent: newstap\nDisallow: /x\n\nUser-agent: b\nDisallow: /news", True),
    ],
)
def test_the_group_for_us_and_the_longest_rule_count(text: str, allowed: bool):
    rules = Rules(text.removeprefix("\ufeff"), "newstap")

    assert rules.allow("https://a.example/news/2026/bridge.html") is allowed


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (401, True), (410, True), (500, False), (503, False)])
def test_an_absent_file_allows_and_a_broken_server_disallows(status: int, allowed: bool):
    @looped
    async def check() -> None:
        async with Site() as site, fetcher() as using:
            site.on("/robots.txt", answer("User-agent: *\nDisallow: /", status))
            check = robots(using).check(site.url("/news"))
            if allowed:
                await check
            else:
                with pytest.raises(DisallowedError, match="cannot be read"):
                    await check

    check()


@pytest.mark.parametrize("reply", [hang, reset, cut_short, answer("a", Content_Encoding="gzip")])
def test_a_failure_disallows(reply):
    @looped
    async def check() -> None:
        async with Site() as site, fetcher(timeout=0.3) as using:
            site.on("/robots.txt", reply)
            with pytest.raises(DisallowedError, match="cannot be read"):
                await robots(using).check(site.url("/news"))

    check()


@looped
async def test_a_file_is_asked_for_once_per_ttl_however_many_need_it():
    time = [0.0]
    async with Site() as site, fetcher() as using:
        site.on("/robots.txt", slow(answer("User-agent: *\nDisallow: /private"), 0.05), answer(status=503))
        ours = Robots(using, hosts=Hosts(connections=9, delay=0), token="newstap", ttl=100, clock=lambda: time[0])
        await asyncio.gather(*(ours.check(site.url(f"/{number}")) for number in range(20)))
        time[0] = 99.0
        await ours.check(site.url("/news"))
        with pytest.raises(DisallowedError, match="by robots"):
            await ours.check(site.url("/private"))
        assert site.targets() == ["/robots.txt"]

        time[0] = 100.0
        for _ in range(2):
            with pytest.raises(DisallowedError, match="status 503"):
                await ours.check(site.url("/news"))
        assert site.targets() == ["/robots.txt"] * 2


class Shelf:
    """A memory that outlives a `Robots`."""

    def __init__(self) -> None:
        self.files: dict[str, RobotsFile] = {}

    async def recall(self, origin: str) -> RobotsFile | None:
        """See `Memory`."""
        return self.files.get(origin)

    async def keep(self, origin: str, file: RobotsFile) -> None:
        """See `Memory`."""
        self.files[origin] = file


@looped
async def test_what_another_process_was_told_holds_for_its_time():
    """A restart asks again no sooner, and goes by no file that claims to hold for longer than the TTL."""
    time, shelf = [1000.0], Shelf()

    def restarted(using: Fetcher, ttl: float = 100) -> Robots:
        hosts = Hosts(connections=9, delay=0)
        return Robots(using, hosts=hosts, token="newstap", ttl=ttl, memory=shelf, clock=lambda: time[0])

    async with Site() as site, fetcher() as using:
        site.on("/robots.txt", answer("User-agent: *\nDisallow: /private"))
        await restarted(using).check(site.url("/news"))
        assert shelf.files == {f"http://127.0.0.1:{site.port}": RobotsFile("User-agent: *\nDisallow: /private", 1100)}

        time[0] = 1099.0
        with pytest.raises(DisallowedError, match="by robots"):
            await restarted(using).check(site.url("/private"))
        assert len(site.asked) == 1

        time[0] = 1100.0
        await restarted(using).check(site.url("/news"))
        assert len(site.asked) == 2

        time[0] = 1000.0  # set back: the file would hold for 200 s
        await restarted(using).check(site.url("/news"))
        await restarted(using, ttl=50).check(site.url("/news"))
        assert len(site.asked) == 4


@looped
async def test_who_gives_up_does_not_end_it_for_the_others():
    async with Site() as site, fetcher() as using:
        site.on("/robots.txt", slow(answer(status=404), 0.1))
        ours = robots(using)
        first, second = (asyncio.create_task(ours.check(site.url("/"))) for _ in range(2))
        await asyncio.sleep(0.03)
        first.cancel()
        await second

        assert site.targets() == ["/robots.txt"]


@looped
async def test_a_large_file_counts_up_to_the_limit():
    rules = "User-agent: *\nDisallow: /early\n" + "# filling\n" * 60_000 + "Disallow: /late\n"
    async with Site() as site, fetcher() as using:
        site.on("/robots.txt", answer(rules))
        ours = robots(using)
        await ours.check(site.url("/late"))
        with pytest.raises(DisallowedError):
            await ours.check(site.url("/early"))


@looped
async def test_a_line_that_the_limit_cuts_is_not_read():
    """What is left of `Allow: /open` would be `Allow: /`."""
    head, tail = "User-agent: *\nDisallow: /\n", "Allow: /open"
    filling = "#" * (READ_BYTES - len(head) - len("\nAllow: /"))
    async with Site() as site, fetcher() as using:
        site.on("/robots.txt", answer(f"{head}{filling}\n{tail}"))
        with pytest.raises(DisallowedError):
            await robots(using).check(site.url("/news"))


def test_a_rule_for_many_robots_is_held_once():
    """Each robot with each rule were two million, and 150 MB."""
    text = "".join(f"User-agent: robot{'x' * number}\n" for number in range(1000)) + "Disallow: /*a\n" * 2000
    tracemalloc.start()
    try:
        rules = Rules(f"{text}User-agent: *\nDisallow: /news", "newstap")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert not rules.allow("https://a.example/news")
    assert rules.allow("https://a.example/a")


@looped
async def test_a_file_made_to_cost_too_much_disallows_and_is_asked_for_again_soon():
    named = "".join(f"User-agent: {agent}\n" for agent in sorted(AGENTS))
    text = named + "Allow: /*a\n" * (MOST_RULES // len(AGENTS) + 1)
    shelf = Shelf()
    async with Site() as site, fetcher() as using:
        site.on("/robots.txt", answer(text))
        ours = Robots(
            using, hosts=Hosts(connections=9, delay=0), token="newstap", ttl=9000, memory=shelf, clock=lambda: 0
        )
        for _ in range(2):
            with pytest.raises(DisallowedError, match=r"cannot be read.*more than 30000 rules"):
                await ours.check(site.url("/news"))
        assert [file.until for file in shelf.files.values()] == [600]
        assert len(site.asked) == 1


@looped
async def test_a_large_file_holds_the_loop_up_neither_when_it_is_read_nor_when_it_is_asked():
    """The longest time between two turns of others is a small part of what the file costs."""
    text = "User-agent: *\nUser-agent: gptbot\n" + "".join(f"Disallow: /*{number:x}\n" for number in range(14_000))
    began = time.thread_time()
    assert not Rules(text, "newstap").allow("https://a.example/1f")
    cost = time.thread_time() - began
    url = f"/{'z' * 2000}"
    async with Site() as site, fetcher() as using:
        site.on("/robots.txt", answer(text))
        ours = robots(using)
        gaps = asyncio.create_task(_longest_turn())
        for _ in range(3):
            await ours.check(site.url(url))
            assert await ours.reserved_against(site.url(url)) == ()
        gaps.cancel()
        longest = await gaps

    assert longest < cost / 3


async def _longest_turn() -> float:
    """Return, once cancelled, how many seconds of this thread's processor time the longest turn of the loop took."""
    longest, before = 0.0, time.thread_time()
    with suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            longest, before = max(longest, now - before), now
    return longest


@pytest.mark.parametrize(("hops", "allowed"), [(5, False), (6, True)])
def test_five_redirects_are_followed_and_more_count_as_no_file(hops: int, allowed: bool):
    @looped
    async def check() -> None:
        async with Site() as site, fetcher() as using:
            site.on("/robots.txt", moved("/1"))
            for number in range(1, hops):
                site.on(f"/{number}", moved(f"/{number + 1}"))
            site.on(f"/{hops}", answer("User-agent: *\nDisallow: /"))

            assert (await robots(using).rules(site.url("/news"))).allow(site.url("/news")) is allowed

    check()


@looped
async def test_pages_are_not_asked_for_against_the_rules_nor_faster_than_they_say():
    time = Time()
    hosts = Hosts(connections=9, delay=0, clock=time.clock, sleep=time.sleep)
    times = []

    def noted(reply: bytes) -> Act:
        async def act(writer: asyncio.StreamWriter) -> None:
            times.append(time.now)
            writer.write(reply)

        return act

    async with Site() as site, fetcher(hosts=hosts) as using:
        site.on("/robots.txt", noted(answer("User-agent: *\nCrawl-delay: 50\nDisallow: /private")))
        site.on("/news", noted(moved("/more")))
        site.on("/more", noted(answer("a")))
        ours = robots(using, hosts=hosts)
        await using.get(Request(url=site.url("/news"), limit=100), check=ours.check)
        with pytest.raises(DisallowedError):
            await using.get(Request(url=site.url("/private"), limit=100), check=ours.check)

        assert site.targets() == ["/robots.txt", "/news", "/more"]
        assert times == [1000, 1050, 1100]


@looped
async def test_a_pause_is_no_answer():
    time = Time()
    hosts = Hosts(connections=9, delay=0, clock=time.clock, sleep=time.sleep)
    async with Site() as site, fetcher(hosts=hosts) as using:
        ours = robots(using, hosts=hosts)
        hosts.pause(f"127.0.0.1:{site.port}", 20)
        with pytest.raises(PausedError):
            await ours.check(site.url("/"))
        time.now += 20
        await ours.check(site.url("/"))


@looped
async def test_an_address_that_must_not_be_reached_is_told_as_that():
    async with fetcher(resolver=Names({"inner.example": [("10.0.0.1",)]})) as using:
        with pytest.raises(BlockedAddressError):
            await robots(using).check("http://inner.example/")


def test_collectors_of_training_data_are_told_where_they_are_named():
    text = "User-agent: GPTBot\nUser-agent: CCBot/2.0\nDisallow: /news\n\nUser-agent: Amazonbot\nAllow: /"
    rules = Rules(text, "newstap")

    assert rules.allow("https://a.example/news/1")
    assert rules.reserved_against("https://a.example/news/1") == ("ccbot", "gptbot")
    assert rules.reserved_against("https://a.example/about") == ()
    assert Rules("User-agent: *\nDisallow: /", "newstap").reserved_against("https://a.example/") == ()


@pytest.mark.parametrize(
    ("user_agent", "token"),
    [("newstap/1.0 (+https://example.org)", "newstap"), ("News-Tap_x", "news-tap_x"), ("123 go", "123 go")],
)
def test_our_token_is_the_product_of_the_user_agent(user_agent: str, token: str):
    assert product_token(user_agent) == token
