"""Feeds as the state has them, read and changed beside the service, as `newstap feeds` does it.

In a thread of its own: neither the listener's loop nor the service's connection to the state waits for it.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ingest import alarms, configured, feedstore, pending, state

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from ingest.alarms import Alarm
    from ingest.config import Config
    from ingest.feedstore import Listed
    from processors.records import Failed
    from sinks.store import Store

T = TypeVar("T")
PAGE_ROWS = 200
"""Feeds of one page."""


class Action(StrEnum):
    """What can be done to a feed."""

    POLL = "poll"
    PAUSE = "pause"
    RESUME = "resume"


class Listing(NamedTuple):
    """One page of feeds."""

    feeds: list[Listed]
    alarms: Mapping[int, Sequence[Alarm]]
    """Those that stand, by the feed's number."""
    more: bool
    """Whether there is another page behind it."""


class FeedTable:
    """The feeds of one state.

    Args:
        config: says how far apart polls are at least, and where the state lies.
        opens: opens another one in its place: of it the feeds that are polled here.
        clock: Unix time.
    """

    def __init__(
        self, config: Config, *, opens: Callable[[], Store] | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._opens = opens or (lambda: state.beside(config.state.path))
        self._resting = opens is None
        self._shortest = configured.settings(config.schedule).min_interval_seconds
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="dashboard")
        self._store: Store | None = None

    async def listing(self, *, containing: str = "", page: int = 0) -> Listing:
        """Return a page of the feeds that somebody wants.

        Raises:
            StoreError: the state cannot be read.
        """

        def work(connection: sqlite3.Connection) -> Listing:
            start = page * PAGE_ROWS
            rows = feedstore.listed(
                connection, containing=containing, start=start, most=PAGE_ROWS + 1, resting=self._resting
            )
            found = list(rows)
            return Listing(found[:PAGE_ROWS], alarms.of_feeds(connection), len(found) > PAGE_ROWS)

        return await self._reading(work)

    async def alarms(self) -> list[Alarm]:
        """Return the alarms that stand, of feeds, outlets and topics, the oldest first. Raises as `listing`."""
        return await self._reading(alarms.current)

    async def owner(self, url: str) -> int | None:
        """Return the number of the feed that has this address, or had it. Raises as `listing`."""

        def work(connection: sqlite3.Connection) -> int | None:
            return feedstore.owner_of(connection, url) if feedstore.is_known(connection, url) else None

        return await self._reading(work)

    async def do(self, action: Action, number: int) -> bool:
        """Do something to a feed; return whether it could be done. It takes effect within a second or two.

        Raises:
            StoreError: the state cannot be written.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._done, action, number)

    async def again(self, failed: Failed) -> bool:
        """Have the input of a dead letter tried once more, as an entry of its feed that waits for its outcome.

        Returns:
            Whether that could be done: its feed may be gone.

        Raises:
            StoreError: the state cannot be written.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._handed_in, failed)

    def close(self) -> None:
        """Let go of the state; whatever is under way is finished first."""
        self._thread.submit(self._closed)
        self._thread.shutdown()

    def _done(self, action: Action, number: int) -> bool:
        with self._opened().transaction() as connection:
            if action is Action.POLL:
                return feedstore.hurry(connection, number, self._clock(), shortest=self._shortest) is not None
            feed = feedstore.one(connection, number)
            return feed is not None and feedstore.pause(connection, feed.feed.url, paused=action is Action.PAUSE)

    def _handed_in(self, failed: Failed) -> bool:
        url, page = failed.origin.feed, failed.page
        with self._opened().transaction() as connection:
            if page is None or url is None or not feedstore.is_known(connection, url):
                return False
            feed = feedstore.owner_of(connection, url) or 0
            # No host: it is not fetched again, what it holds is what is tried.
            pending.put(connection, feed, None, replace(page, attempt=page.attempt + 1), due=self._clock())
            pending.discover(connection, 1)  # one outcome more is to come, and the books are to add up
            return True

    async def _reading(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, work)

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._opened().reading() as connection:
            return work(connection)

    def _opened(self) -> Store:
        if self._store is None:
            self._store = self._opens()
        return self._store

    def _closed(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
