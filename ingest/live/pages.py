"""Article pages: fetched once for each link, politely; where there is no page, what the feed carries stands in."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from ingest import pending
from ingest.fetch.errors import DisallowedError, FetchError, FetchTimeoutError, NetworkError, PausedError, TooLargeError
from ingest.fetch.messages import PAGE_TYPES, Request
from ingest.fetch.pushback import retry_after
from ingest.live.answers import is_whole
from ingest.live.received import led_to_front, received
from ingest.live.rounds import LONGEST_SLEEP, Rounds
from ingest.pending import Pending
from processors.records import Page, Reason, Skipped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from ingest.fetch.client import Fetcher
    from ingest.fetch.messages import Response
    from ingest.fetch.robots import Robots
    from ingest.live.current import Current
    from ingest.live.source import LiveSource
    from ingest.live.writer import Writer
    from ingest.metrics import Metrics

log = logging.getLogger(__name__)

MOST_PAGES = 200
"""Fetched at a time; they mostly wait for the other side."""
ATTEMPTS = 3
"""Of a page whose host does not answer, or answers with a 5xx; then the feed's text stands in."""
_ROWS = 50
"""Entries that are looked at together: each brings what its feed carries, up to a megabyte."""
_AT_A_HOST = 2
"""Pages of one host that may wait beside those being fetched."""
_FACTOR = 4
"""By which the wait grows from one attempt to the next."""
_PASSING = frozenset({429, 500, 502, 503, 504})
_REASONS: dict[type[FetchError], Reason] = {DisallowedError: Reason.ROBOTS, TooLargeError: Reason.TOO_LARGE}


class _Again(NamedTuple):
    """The page may be there later."""

    seconds: float
    counts: bool = True
    """Whether it was an attempt; none was made where the host wants a pause."""


class _Got(NamedTuple):
    """The page is there."""

    content: Page | Skipped
    response: Response


class _Instead(NamedTuple):
    """There is no page to be had: what the feed carries stands in."""

    reason: Reason


@dataclass(kw_only=True)
class Pages(Rounds[Pending]):
    """Makes pages of pending entries and hands them over. Its tasks are fetches, each with its entry.

    Args:
        current: the configuration as it is now.
        writer: to the state.
        source: where pages are handed over.
        fetcher: gets documents.
        robots: asked for every page.
        metrics: counts.
        now: Unix time in seconds.
    """

    current: Current
    writer: Writer
    source: LiveSource
    fetcher: Fetcher
    robots: Robots
    metrics: Metrics
    now: Callable[[], float]

    def _has_room(self) -> bool:
        return self.source.has_room()

    async def _round(self) -> float:
        now = self.now()
        under_way = {each.id for each in self._tasks.values()} | self.source.held
        at = Counter(each.host for each in self._tasks.values() if each.host is not None)
        most = self.current.config.fetch.host_connections + _AT_A_HOST
        busy = [host for host, n in at.items() if n >= most]
        limit = min(MOST_PAGES - len(self._tasks), _ROWS)
        if limit <= 0:
            return LONGEST_SLEEP

        def query(connection: sqlite3.Connection) -> tuple[list[Pending], float | None]:
            found = pending.ready(connection, now, limit=limit, held=under_way, busy=busy)
            return found, None if found else pending.next_due(connection, under_way)

        found, due = await self.writer.read(query)
        begun = 0
        for each in found:
            if not self.source.has_room() or (each.host is not None and at[each.host] >= most):
                continue
            begun += 1
            if each.host is None:
                self.source.offer(each.id, each.carried)
                continue
            at[each.host] += 1
            task = asyncio.create_task(self._fetched(each), name=f"page {each.id}")
            self._tasks[task] = each
            task.add_done_callback(self._ended)
        if begun:
            return 0.0
        return LONGEST_SLEEP if due is None else min(max(due - now, LONGEST_SLEEP / 4), LONGEST_SLEEP)

    def at(self, hosts: Callable[[str], bool]) -> list[asyncio.Task[None]]:
        """Return the fetches under way at some of the hosts."""
        return [task for task, each in self._tasks.items() if each.host is not None and hosts(each.host)]

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("fetching a page ended in an error of ours: %s", error, exc_info=error)

    async def _fetched(self, entry: Pending) -> None:
        """Fetch one page and hand over what came of it."""
        url = entry.carried.url or ""
        try:
            came = await self._asked(entry, url)
        except Exception:  # whatever it is, the entry must have its outcome
            log.exception("fetching a page failed by a mistake of ours", extra={"url": url})
            came = _Instead(Reason.UNREACHABLE)
        if isinstance(came, _Again):
            if entry.attempts + came.counts < ATTEMPTS:
                await self._put_off(entry, came)
                return
            came = _Instead(Reason.UNREACHABLE)
        if isinstance(came, _Instead):
            self.metrics.page_fell_back(came.reason)
            log.debug("the feed's text stands in for a page", extra={"url": url, "reason": came.reason})
            self.source.offer(entry.id, _standing_in(entry.carried, came.reason))
        else:
            self.metrics.page("fetched")
            self.source.offer(entry.id, came.content, came.response)

    async def _put_off(self, entry: Pending, again: _Again) -> None:
        self.metrics.page("retried")
        due = self.now() + again.seconds

        def work(connection: sqlite3.Connection) -> None:
            pending.postpone(connection, entry.id, due=due, attempts=entry.attempts + again.counts)

        await self.writer.run(work)

    async def _asked(self, entry: Pending, url: str) -> _Got | _Again | _Instead:
        config = self.current.config.fetch
        began = self.now()
        try:
            response = await self.fetcher.get(
                Request(url=url, limit=config.max_page_bytes, accept=PAGE_TYPES), check=self.robots.check
            )
        except FetchError as error:
            log.info("page not fetched", extra={"url": url, "kind": error.kind, "error": error.detail})
            return self._without(entry, error)
        self.metrics.fetched(self.now() - began)
        if response.status in _PASSING:
            pause = retry_after(response.status, response.headers, response.fetched)
            return self._later(entry) if pause is None else _Again(pause)
        if not is_whole(response.status):
            return _Instead(Reason.HTTP_STATUS)
        judged = await self._judged(entry, response)
        return judged if isinstance(judged, _Instead) else _Got(judged, response)

    def _without(self, entry: Pending, error: FetchError) -> _Again | _Instead:
        """Return what follows where no answer came."""
        if isinstance(error, PausedError):
            return _Again(error.seconds, counts=False)
        if isinstance(error, NetworkError | FetchTimeoutError):
            return self._later(entry)
        return _Instead(_REASONS.get(type(error), Reason.UNREACHABLE))

    def _later(self, entry: Pending) -> _Again:
        return _Again(self.current.base.backoff_seconds * _FACTOR**entry.attempts)

    async def _judged(self, entry: Pending, response: Response) -> Page | Skipped | _Instead:
        """Return the page, unless where it came from says that it is none of the article's."""
        carried = entry.carried
        if led_to_front(carried, response):
            return _Instead(Reason.SOFT_404)
        skip = self.current.config.fetch.reserved == "skip"
        return await received(carried, response, self.robots, skip_reserved=skip)


def _standing_in(carried: Page, reason: Reason) -> Page:
    return replace(carried, origin=replace(carried.origin, fallback=reason))
