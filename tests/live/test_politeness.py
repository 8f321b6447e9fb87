"""What the service asks for, how often and in which words (behaviours 36 to 46)."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from processors.records import Reason, TextSource
from tests.ingest.newsroom import begun, descendants, gone, html, newstap
from tests.live.running import Running, gaps, item, rss
from tests.live.states import known
from tests.site import Site, answer, hang, looped, moved, slow

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.site import Act


def times(site: Site, *targets: str) -> list[float]:
    """When one of these was asked for; without any, whatever was."""
    return [asked.at for asked in site.asked if not targets or asked.target in targets]


@looped
async def test_a_host_has_its_connections_and_time_between_starts(tmp_path: Path):
    """36: fifty feeds of one host are never asked for on more connections, or closer together, than configured."""
    delay = 0.05
    schedule = {"interval_seconds": 2, "min_interval_seconds": 2, "max_interval_seconds": 20}
    async with Site() as site:
        urls = [site.on(f"/{n}", slow(answer(rss(item(n))), 0.12)) for n in range(50)]
        fetch = {"host_delay_seconds": delay, "host_connections": 2}
        async with Running(tmp_path, *urls, fetch=fetch, schedule=schedule) as service:
            await service.until(lambda: len(service.records) == 50)
        asked = times(site)

    assert site.most_at_once == 2
    assert asked[-1] - asked[0] >= delay * (len(asked) - 1) * 0.95
    spans = [asked[n + 10] - asked[n] for n in range(len(asked) - 10)]
    assert min(spans) >= delay * 10 * 0.75, "as they arrive, on a busy machine"


@looped
async def test_hosts_are_asked_side_by_side(tmp_path: Path):
    """37: fifty hosts that each answer only once all fifty were asked."""
    waiting, all_there = 0, asyncio.Event()

    def together(body: bytes) -> Act:
        async def act(writer: asyncio.StreamWriter) -> None:
            nonlocal waiting
            waiting += 1
            if waiting >= 50:
                all_there.set()
            await all_there.wait()
            writer.write(body)

        return act

    async with AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(Site()) for _ in range(50)]
        urls = [site.on("/feed", together(answer(rss(item(n))))) for n, site in enumerate(sites)]
        service = Running(tmp_path, *urls, fetch={"timeout_seconds": 30}, schedule={"min_interval_seconds": 0.4})
        async with service:
            await service.until(lambda: len(service.records) == 50)

    assert all_there.is_set()


@looped
async def test_requests_are_plain_and_no_more_than_are_needed(tmp_path: Path):
    """38, 39, 43: no cookies, no Referer, nothing added to a URL, one user agent that names a contact; and nothing is
    asked for but feeds, their pages, and robots.txt once, not again after a restart while a page is still to come."""
    cookie = "session=1; Path=/; Max-Age=9999"
    async with Site() as site:
        site.on("/robots.txt", answer("User-agent: *\nDisallow: /private/", Set_Cookie=cookie))
        first = site.on("/a/1?ref=rss", answer(html(1), Content_Type="text/html", Set_Cookie=cookie))
        later = site.on("/a/2", answer(status=503))
        site.on("/a", answer(status=302, Location="/feed?kind=all&x=%41", Set_Cookie=cookie))
        feed = rss(item(1, link=first), item(2, link=later), head="<image><url>/logo.png</url></image>")
        site.on("/feed?kind=all&x=%41", answer(feed, Set_Cookie=cookie))
        # Three attempts at a page take nine seconds: the first service ends before the last of them.
        sections = {"fetch": {"pages": True}, "schedule": {"backoff_seconds": 3}}
        async with Running(tmp_path, site.url("/a"), **sections) as service:
            await service.until(lambda: service.records and site.targets().count("/a") > 2 and "/a/2" in site.targets())
        site.on("/a/2", answer(html(2), Content_Type="text/html"))
        async with Running(tmp_path, site.url("/a"), **sections) as again:
            await again.until(lambda: again.records)

    assert sorted(service.titles + again.titles) == ["Bridge report 1", "Bridge report 2"]
    asked = Counter(site.targets())
    assert set(asked) == {"/a", "/feed?kind=all&x=%41", "/robots.txt", "/a/1?ref=rss", "/a/2"}
    assert asked["/robots.txt"] == asked["/a/1?ref=rss"] == 1
    for name in ("cookie", "referer"):
        assert {each.header(name) for each in site.asked} == {None}
    agents = {each.header("user-agent") or "" for each in site.asked}
    assert [agent.endswith(" (+https://example.org/contact)") for agent in agents] == [True]
    accepted = {each.header("accept") or "" for each in site.asked if each.target.startswith("/feed")}
    assert all(kind in accept for kind in ("rss+xml", "atom+xml", "feed+json") for accept in accepted)


@looped
async def test_robots_txt_is_asked_for_again_once_its_time_is_over(tmp_path: Path):
    """43: at most once per TTL, by a clock that outlives the service."""
    ttl = 0.5
    async with Site() as site:
        site.on("/robots.txt", answer("User-agent: *\nAllow: /"))
        links = [site.on(f"/a/{n}", answer(html(n))) for n in range(5)]
        items = [item(n, link=link) for n, link in enumerate(links)]
        site.on("/feed", *(answer(rss(*items[:count])) for count in range(1, 6)))
        async with Running(tmp_path, site.url("/feed"), fetch={"pages": True, "robots_ttl_seconds": ttl}) as service:
            await service.until(lambda: len(service.records) == 5)
        asked = times(site, "/robots.txt")

    assert len(times(site, *(f"/a/{n}" for n in range(5)))) == 5
    assert len(asked) >= 2
    assert min(gaps(asked)) >= ttl * 0.95


@looped
async def test_a_restart_asks_for_nothing_before_its_time(tmp_path: Path):
    """40: after an orderly end, the next poll comes when it would have come without the restart."""
    schedule = {"interval_seconds": 2.5, "min_interval_seconds": 2.5, "max_interval_seconds": 5}
    async with Site() as site:
        url = site.on("/feed", answer(rss(item(1))))
        async with Running(tmp_path, url, schedule=schedule) as service:
            await service.until(lambda: service.records)
        due = known(tmp_path)[url].state.next_due + time.monotonic() - time.time()
        before = len(site.asked)
        async with Running(tmp_path, url, schedule=schedule) as again:
            await again.until(lambda: len(site.asked) > before)

    assert site.asked[before].at - site.asked[before - 1].at >= 2.5
    assert site.asked[before].at >= due
    assert again.records == []


@looped
async def test_a_killed_service_asks_for_nothing_before_its_time(tmp_path: Path):
    """40: killed while the answer was on its way, too: the request went out, so the shortest interval holds."""
    shortest = 2.5
    schedule = {"interval_seconds": shortest, "min_interval_seconds": shortest, "max_interval_seconds": 8}
    async with Site() as site:
        url = site.on("/feed", hang, answer(rss(item(1))))
        service = Running(tmp_path, url, schedule=schedule)
        with begun("run", "--config", service.file, cwd=tmp_path) as process:
            await first_asked(site, process)
            below = descendants(process.pid)
            os.kill(process.pid, signal.SIGKILL)
        assert await asyncio.to_thread(gone, below, 60) == set()
        async with service:
            await service.until(lambda: service.records)

    assert len(site.asked) >= 2
    assert site.asked[1].at - site.asked[0].at >= shortest


async def first_asked(site: Site, process: subprocess.Popen[str]) -> None:
    """Wait for the first request."""
    deadline = time.monotonic() + 60
    while not site.asked:
        assert time.monotonic() < deadline
        assert process.poll() is None, "the service ended"
        await asyncio.sleep(0.01)


@looped
async def test_the_first_polls_of_an_import_are_spread(tmp_path: Path):
    """41: a hundred feeds of a list of subscriptions, most of one host, come one after another."""
    interval = 3.0
    async with Site() as site:
        urls = [site.on(f"/{n}", answer(rss(item(n)))) for n in range(100)]
        outlines = "".join(f'<outline type="rss" text="Feed {n}" xmlUrl="{url}"/>' for n, url in enumerate(urls))
        (tmp_path / "list.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
        service = Running(tmp_path, schedule={"interval_seconds": interval, "max_interval_seconds": 30})
        began = time.monotonic()
        await asyncio.to_thread(newstap, "feeds", "import", "list.opml", "--config", service.file, cwd=tmp_path)
        async with service:
            await service.until(lambda: len(service.records) == 100)
        first: dict[str, float] = {}
        for asked in site.asked:
            first.setdefault(asked.target, asked.at)

    early = [at - began - n * interval / 100 for n, at in enumerate(sorted(first.values()))]
    assert min(early) >= -0.05, "none before its share of the interval"


@looped
async def test_polls_keep_the_shortest_interval_and_do_not_fall_into_step(tmp_path: Path):
    """42: never sooner than the operator allows, and at different times after as long a wait."""
    shortest = 0.5
    schedule = {"interval_seconds": shortest, "min_interval_seconds": shortest, "max_interval_seconds": 2}
    async with Site() as site:
        urls = [site.on(f"/{n}", answer(rss(item(n)))) for n in range(12)]
        async with Running(tmp_path, *urls, schedule=schedule) as service:
            await service.until(lambda: min(Counter(site.targets()).get(f"/{n}", 0) for n in range(12)) >= 4)
        states = [listed.state for listed in known(tmp_path).values()]

    for n in range(12):
        assert min(gaps(times(site, f"/{n}"))) >= shortest
    waits = [(each.next_due - (each.last_success or 0)) / each.interval for each in states]
    assert max(waits) - min(waits) >= 0.02
    assert max(waits) <= 1.11


@looped
async def test_pages_are_fetched_as_robots_txt_says(tmp_path: Path):
    """44: our own group counts and not that of everybody; the longest rule wins."""
    rules = "User-agent: *\nDisallow: /\n\nUser-agent: newstap\nDisallow: /private/\nAllow: /private/open/\n"
    async with Site() as site:
        site.on("/robots.txt", answer(rules))
        paths = ("/news/1", "/private/2", "/private/open/3")
        links = [site.on(path, answer(html(n), Content_Type="text/html")) for n, path in enumerate(paths, 1)]
        site.on("/feed", answer(rss(*(item(n, link=link) for n, link in enumerate(links, 1)))))
        async with Running(tmp_path, site.url("/feed"), fetch={"pages": True}) as service:
            await service.until(lambda: len(service.records) == 3)

    came = {record.article.title: (record.article.text_source, record.origin.fallback) for record in service.records}
    assert came == {
        "Bridge report 1": (TextSource.PAGE, None),
        "Bridge report 2": (TextSource.FEED, Reason.ROBOTS),
        "Bridge report 3": (TextSource.PAGE, None),
    }
    assert "/private/2" not in site.targets()


@looped
async def test_without_robots_txt_all_is_allowed_and_with_a_broken_one_nothing(tmp_path: Path):
    """45: 404 allows, 503 and silence forbid, and the rules of a large file count up to 500 KiB."""
    large = "User-agent: *\nDisallow: /a/late\n" + "# filling\n" * 60_000
    replies = {
        "absent": [answer(status=404)],
        "broken": [answer(status=503)],
        "silent": [hang],
        "large": [answer(large)],
        "moved": [moved("/rules")],
    }
    async with AsyncExitStack() as stack:
        hosts = {name: await stack.enter_async_context(Site()) for name in replies}
        items = []
        for name, host in hosts.items():
            host.on("/robots.txt", *replies[name])
            host.on("/rules", answer("User-agent: *\nDisallow: /a/late"))
            links = [host.on(f"/a/{when}", answer(html(len(items)), X=name)) for when in ("early", "late")]
            items += [item(f"{name} {link[-5:]}", link=link) for link in links]
        feed = hosts["absent"].on("/feed", answer(rss(*items)))
        async with Running(tmp_path, feed, fetch={"pages": True, "timeout_seconds": 1.5}) as service:
            await service.until(lambda: len(service.records) + len(service.skipped) == 10)

    pages = {name: {target for target in host.targets() if target.startswith("/a/")} for name, host in hosts.items()}
    assert pages == {
        "absent": {"/a/early", "/a/late"},
        "broken": set(),
        "silent": set(),
        "large": {"/a/early"},
        "moved": {"/a/early"},
    }
    assert all(host.targets().count("/robots.txt") == 1 for host in hosts.values())


@looped
async def test_a_crawl_delay_is_kept_between_pages(tmp_path: Path):
    """46: although our own time between starts is shorter."""
    delay = 0.7
    async with Site() as pages, Site() as site:
        pages.on("/robots.txt", answer(f"User-agent: *\nCrawl-delay: {delay}"))
        links = [pages.on(f"/a/{n}", answer(html(n), Content_Type="text/html")) for n in range(4)]
        site.on("/feed", answer(rss(*(item(n, link=link) for n, link in enumerate(links)))))
        async with Running(tmp_path, site.url("/feed"), fetch={"pages": True}) as service:
            await service.until(lambda: len(service.records) == 4)

    asked = times(pages)
    late = 3 * pages.late  # the first may have been noted late: connection, task and head are a step each
    assert pages.targets()[0] == "/robots.txt"
    assert len(asked) == 5
    assert asked[-1] - asked[0] >= delay * 4 - late
    assert min(gaps(asked)) >= delay - late
