"""Whether the configured feeds can be reached: one request each, a few at once, and not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.feedcommands import reach
from tests.ingest.feedcommands.settings import configuration
from tests.ingest.feeds.samples import item, rss
from tests.site import Site, answer, hang, looped, slow

if TYPE_CHECKING:
    from pathlib import Path

FEED = answer(rss(item()))


def test_each_feed_is_asked_once_and_problems_are_told_in_order(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            bad, good = site.on("/bad?token=s3cret", answer("", 500)), site.on("/good", FEED)
            page = site.on("/page", answer("<!doctype html><p>News"))
            reached = await reach.look(configuration(tmp_path, bad, good, page), 30)

            assert reached.problems == [
                f"feeds[0].url {site.url('/bad?token=***')}: status 500",
                f"feeds[2].url {page}: not a feed: a web page",
            ]
            assert (reached.well, reached.unseen) == (1, 0)
            assert sorted(site.targets()) == ["/bad?token=s3cret", "/good", "/page"]

    check()


def test_a_few_are_asked_at_once(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            urls = [site.on(f"/{n}", slow(FEED, 0.05)) for n in range(20)]
            config = configuration(tmp_path, *urls)
            reached = await reach.look(config, 30)

            assert reached.well == 20
            assert 2 < site.most_at_once <= reach.AT_ONCE

    check()


def test_when_the_time_is_over_what_was_answered_counts(tmp_path: Path) -> None:
    @looped
    async def check() -> None:
        async with Site() as site:
            urls = [site.on("/good", FEED), site.on("/bad", answer("", 404)), site.on("/hangs", hang)]
            reached = await reach.look(configuration(tmp_path, *urls), 3)

            assert (reached.well, len(reached.problems), reached.unseen) == (1, 1, 1)

    check()


def test_hosts_take_turns(tmp_path: Path) -> None:
    """The feeds of one host wait for each other; they must not keep the others from being asked in time."""
    urls = [*(f"https://a.example/{n}" for n in range(3)), "https://b.example/", "https://c.example/"]

    order = reach.in_turn(configuration(tmp_path, *urls).feeds)

    assert order == [0, 3, 4, 1, 2]
