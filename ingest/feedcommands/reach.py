"""Whether the feeds of the configuration can be reached: one request each, within a time limit for all."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from ingest import feedstore
from ingest.feedcommands.visit import visiting
from ingest.logs import visible
from ingest.secret import mask_urls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.config import Config, Feed

AT_ONCE = 8
SECONDS = 30.0


class Reached(NamedTuple):
    """What came of it."""

    well: int
    """Feeds that answered as feeds."""
    problems: list[str]
    """A line for each that did not."""
    unseen: int
    """Feeds for which there was no time."""


def reach(config: Config, *, seconds: float = SECONDS) -> Reached:
    """Do what `look` does, in an event loop of its own."""
    return asyncio.run(look(config, seconds))


async def look(config: Config, seconds: float) -> Reached:
    """Ask each feed of the configuration file once, eight at a time, hosts in turn, and stop when the time is over."""
    results: dict[int, str | None] = {}
    slots = asyncio.Semaphore(AT_ONCE)
    async with visiting(config) as visitor:

        async def ask(index: int) -> None:
            async with slots:
                results[index] = (await visitor.look(config.feeds[index].url)).problem

        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for index in in_turn(config.feeds):
                    group.create_task(ask(index))
        except TimeoutError:
            pass  # what was answered by then counts
    problems = [
        f"feeds[{index}].url {mask_urls(config.feeds[index].url)}: {visible(problem)}"
        for index, problem in sorted(results.items())
        if problem is not None
    ]
    return Reached(len(results) - len(problems), problems, len(config.feeds) - len(results))


def in_turn(feeds: Sequence[Feed]) -> list[int]:
    """Return the feeds' places so that hosts take turns: those of one host wait for each other."""
    count: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for index, feed in enumerate(feeds):
        host = feedstore.host_of(feed.url)
        turns.append((count[host], index))
        count[host] += 1
    return [index for _, index in sorted(turns)]
