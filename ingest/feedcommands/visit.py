"""One look at an address, with the fetch settings of the configuration; nothing of it is kept."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from ingest import configured, feedstore
from ingest.feeds import FeedError, Found, feeds_named, parse
from ingest.fetch.client import Fetcher
from ingest.fetch.errors import DisallowedError, FetchError
from ingest.fetch.hosts import Hosts
from ingest.fetch.messages import Request
from ingest.fetch.robots import Robots
from ingest.fetch.robotsrules import product_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ingest.config import Config
    from ingest.feeds import Feed
    from ingest.fetch.messages import Response

WELL_KNOWN = ("/feed", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml")
"""Where sites have their feeds that name none. Asked for only where a person wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What came of it."""

    url: str
    seconds: float
    response: Response | None = field(default=None, repr=False)
    """None where there was no answer."""
    feed: Feed | None = field(default=None, repr=False)
    problem: str | None = None
    """Why there is no feed."""


class Visitor:
    """Looks at addresses, politely; made by `visiting`.

    Args:
        config: its `[fetch]`, and the request headers of the feeds that it names.
        hosts: the budget.
        fetcher: gets the documents.
    """

    def __init__(self, config: Config, hosts: Hosts, fetcher: Fetcher) -> None:
        fetch = config.fetch
        self._limit = fetch.max_feed_bytes
        self._headers = configured.headers(config.feeds)
        self._fetcher = fetcher
        self._robots = Robots(fetcher, hosts=hosts, token=product_token(fetch.user_agent), ttl=fetch.robots_ttl_seconds)
        self._parsing = asyncio.Lock()

    async def look(self, url: str) -> Visit:
        """Fetch a document, with its redirects, and read it as a feed."""
        began = time.monotonic()

        def visit(response: Response | None, problem: str | None = None, feed: Feed | None = None) -> Visit:
            took = time.monotonic() - began
            return Visit(url=url, seconds=took, response=response, feed=feed, problem=problem)

        try:
            headers = self._headers.get(feedstore.address_of(url), {})
            wanted = Request(url=url, limit=self._limit, headers=headers)
            response = await self._fetcher.get(wanted)
        except FetchError as error:
            return visit(None, f"{error.kind}: {error.detail}")
        if not 200 <= response.status < 300:
            return visit(response, f"status {response.status}")
        try:
            return visit(response, feed=await self._read(response))
        except FeedError as error:
            return visit(response, f"not a feed: {error}")

    async def _read(self, response: Response) -> Feed:
        # In a thread, or a large feed would eat into the time of the other requests; one at a time, for the memory.
        async with self._parsing:
            return await asyncio.to_thread(
                parse,
                response.body,
                url=response.final_url,
                content_type=response.headers.get("content-type"),
                seen=response.fetched,
            )

    def named(self, visit: Visit) -> tuple[Found, ...]:
        """Return the feeds that a page names."""
        if visit.response is None:
            return ()
        answer = visit.response
        return feeds_named(answer.body, url=answer.final_url, content_type=answer.headers.get("content-type"))

    async def guessed(self, visit: Visit) -> tuple[Found, ...]:
        """Return the well-known addresses of the host that answer as feeds; none where the host did not answer."""
        if visit.response is None:
            return ()
        urls = [urljoin(visit.response.final_url, path) for path in WELL_KNOWN]
        visits = await asyncio.gather(*(self.look(url) for url in urls if url != visit.response.final_url))
        return tuple(Found(url=one.url, type=one.feed.format, title=one.feed.title) for one in visits if one.feed)

    async def robots(self, url: str) -> str:
        """Say what the host's robots.txt tells us about an address."""
        try:
            await self._robots.check(url)
            verdict = "allows it"
        except DisallowedError as error:
            return f"{error.detail}; that holds for pages, feeds are fetched all the same"
        except FetchError as error:
            return f"{error.kind}: {error.detail}"
        delay = (await self._robots.rules(url)).crawl_delay
        return f"{verdict}, asks for {delay:g} s between requests" if delay else verdict


@asynccontextmanager
async def visiting(config: Config) -> AsyncIterator[Visitor]:
    """Lend a visitor whose connections are closed at the end."""
    fetch = config.fetch
    hosts = Hosts(connections=fetch.host_connections, delay=fetch.host_delay_seconds)
    async with Fetcher(
        hosts=hosts, user_agent=fetch.user_agent, timeout=fetch.timeout_seconds, allowed=fetch.allow_networks
    ) as fetcher:
        yield Visitor(config, hosts, fetcher)
