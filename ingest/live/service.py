"""`newstap run` and `newstap fetch`: puts the parts together, keeps them going, and brings them to an orderly end."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from ingest import feedstore, pending
from ingest.dashboard import Standing
from ingest.delivery import Delivery
from ingest.fetch.hosts import Hosts
from ingest.fetch.robots import Robots
from ingest.fetch.robotsrules import product_token
from ingest.figures import tell_sinks
from ingest.health import Health
from ingest.live.alarming import Alarming
from ingest.live.company import Alone, Around
from ingest.live.current import Current
from ingest.live.following import Following
from ingest.live.pages import Pages
from ingest.live.parsers import SECONDS, Parsers
from ingest.live.parts import fetcher_of, visiting_of
from ingest.live.polling import Poller
from ingest.live.reload import Reload
from ingest.live.revisits import Revisits
from ingest.live.robotsmemory import RobotsMemory
from ingest.live.supervision import supervised
from ingest.live.upkeep import upkeep
from ingest.live.workers import FETCH, Workers
from ingest.live.writer import Writer
from ingest.metrics import Metrics
from ingest.notify import Notifier
from ingest.reload import WatchedTopics
from processors.records import Page
from sinks.base import Kind
from sinks.outbox import Outbox

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable

    from ingest.config import Config
    from ingest.dashboard import Dashboard
    from ingest.fetch.client import Fetcher
    from ingest.live.archiving import Archiving
    from ingest.schedule.visiting import Visiting
    from processors.records import Outcome

log = logging.getLogger(__name__)

MOST_PENDING = 10_000
"""Entries that may wait for their pages before polling pauses."""
MOST_PENDING_BYTES = 256_000_000
FETCH_GRACE_SECONDS = 5.0
"""How long requests under way may go on once the service is to end."""
DRAIN_SECONDS = 10.0
"""How long sinks that work may take then; what they have not taken waits in the outbox."""
_HALT_SECONDS = 2.0
_TEND_SECONDS = 0.2
_SILENT_SECONDS = 30.0
"""Without a round of the event loop for so long, it hangs."""


class Service:
    """One run of the service."""

    def __init__(  # noqa: PLR0917 - each is one part of the whole, named as in the caller
        self,
        watched: WatchedTopics,
        box: Outbox,
        delivery: Delivery,
        health: Health,
        metrics: Metrics,
        archiving: Archiving | None,
        dashboard: Dashboard | None,
        on_outcome: Callable[[Outcome], None] | None,
        company: Alone | None = None,
    ) -> None:
        self._company = company or Alone()
        self._current = Current(watched.recipe.config)
        self._watched = watched
        self._box = box
        self._delivery = delivery
        self._health = health
        self._metrics = metrics
        self._archiving = archiving
        self._dashboard = dashboard
        self._on_outcome = on_outcome
        self._waiting = pending.Waiting(0, 0)
        self._feeds: dict[str, int] = {}
        self._following: Following | None = None
        self._revisits: Revisits | None = None

    async def run(self, stop: threading.Event, idle: threading.Event, reload: threading.Event) -> int:
        """Run until told to stop; return the exit code."""
        notifier = Notifier()
        async with AsyncExitStack() as stack:
            await self._assemble(stack)
            pipeline = self._part("pipeline", self._workers.run)
            parts = [
                self._part("polling", self._poller.run),
                self._part("pages", self._pages.run),
                self._part("reload", self._reload.run),
                self._part("upkeep", self._upkeep),
            ]
            if self._company.alarms:
                parts.append(self._part("alarms", self._alarming.run))
            if self._revisits is not None:
                parts.append(self._part("revisits", self._revisits.run))
            if self._archiving is not None:
                parts.append(self._part("archive", self._archiving.tend))
            if self._box.job != FETCH:  # nothing of what a fetcher does depends on them
                parts.append(self._part("definitions", self._workers.watch))
            self._delivery.start()
            self._health.ready()
            notifier.ready(self._count())
            log.info(self._count())
            try:
                await self._tend(stop, idle, reload, notifier)
            finally:
                self._health.draining()
                notifier.stopping()
                drained = await self._end(parts, pipeline)
                await self._company.stops(drained=drained)
        return self._verdict(drained=drained)

    def _verdict(self, *, drained: bool) -> int:
        if (broken := self._delivery.broken) is not None:
            log.error("stopped before all was delivered: %s", broken)
        elif not drained:
            log.warning("stopped before all was delivered; what was accepted waits, and goes out after the next start")
        return 0 if drained and broken is None else 1

    async def _assemble(self, stack: AsyncExitStack) -> None:
        """Make the parts, and take over from the service before."""
        config, loop = self._current.config, asyncio.get_running_loop()
        archiving = self._archiving
        last = archiving.sync if archiving is not None else lambda: None
        self._writer = Writer(self._box.store, self._health.part("state"), last, self._company.pieces)
        stack.push_async_callback(_bounded, self._writer.close)
        told = self._box if config.tells_alarms else None
        self._alarming = Alarming(self._current, self._writer, self._metrics, time.time, told)
        hosts = Hosts(
            connections=config.fetch.host_connections,
            delay=config.fetch.host_delay_seconds,
            held_up=self._company.held_up,
        )
        fetcher = await stack.enter_async_context(fetcher_of(config, hosts))
        agent, ttl = product_token(config.fetch.user_agent), config.fetch.robots_ttl_seconds
        robots = Robots(fetcher, hosts=hosts, token=agent, ttl=ttl, memory=RobotsMemory(self._writer))
        parsers = Parsers(seconds=min(SECONDS, config.extraction.worker_timeout_seconds))
        stack.callback(parsers.close)
        visiting = visiting_of(config, self._box.job)
        keeping = archiving is not None or visiting is not None
        self._source = self._company.source(lambda: loop.call_soon_threadsafe(self._pages.look), keeping=keeping)
        if archiving is not None:
            archiving.follow(self._source)
        self._pages = Pages(
            current=self._current,
            writer=self._writer,
            source=self._source,
            fetcher=fetcher,
            robots=robots,
            metrics=self._metrics,
            now=time.time,
        )
        self._poller = self._new_poller(fetcher, robots, parsers)
        self._follow(visiting, fetcher, robots)
        self._workers = self._new_workers()
        stack.callback(self._workers.close)
        await self._workers.start()
        self._reload = Reload(config, self._take, asyncio.Event())
        await self._writer.run(self._take_over)
        await self._take(config)
        self._ask()
        around = (loop, self._writer, self._current, self._poller, self._pages, self._source, self._delivery)
        self._company.starts(Around(*around, skipped=self._committed))

    def _take_over(self, connection: sqlite3.Connection) -> None:
        if not self._company.takes_over(connection):
            feedstore.recover(connection, self._current.base, time.time())

    def _new_poller(self, fetcher: Fetcher, robots: Robots, parsers: Parsers) -> Poller:
        return Poller(
            current=self._current,
            writer=self._writer,
            outbox=self._box,
            fetcher=fetcher,
            robots=robots,
            parsers=parsers,
            metrics=self._metrics,
            has_room=self._has_room,
            taken=self._pages.look,
            now=time.time,
            chance=random.random,
            archiving=self._archiving,
            durable=self._company.durable,
            take=self._company.take,
            numbered=self._company.numbered,
            gather=self._company.gather,
            ours=self._company.owns,
        )

    def _follow(self, visiting: Visiting | None, fetcher: Fetcher, robots: Robots) -> None:
        """Have articles visited again, where that is wanted."""
        if visiting is None:
            return
        most = self._current.config.revisits.max_articles
        self._following = Following(source=self._source, visiting=visiting, most=most, now=time.time)
        self._revisits = Revisits(
            current=self._current,
            writer=self._writer,
            outbox=self._box,
            source=self._source,
            fetcher=fetcher,
            robots=robots,
            metrics=self._metrics,
            visiting=visiting,
            archiving=self._archiving,
            now=time.time,
        )

    def _new_workers(self) -> Workers:
        return Workers(
            self._watched,
            self._current,
            self._source,
            self._box,
            self._delivery,
            self._committed,
            self._pages.look,
            self._archiving,
            self._following,
        )

    async def _take(self, config: Config) -> None:
        """Take up a configuration and its feeds."""
        changes = await self._writer.run(lambda connection: self._current.take(config, connection, time.time()))
        if changes.added or changes.dropped:
            log.info("feeds of the configuration: %d added, %d dropped", len(changes.added), len(changes.dropped))
        await self._writer.run(lambda connection: feedstore.recall(connection, self._current.base, time.time()))
        self._feeds = await self._writer.read(feedstore.count_by_health)
        self._poller.look()

    def _part(self, name: str, part: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        return asyncio.create_task(supervised(name, part, self._health, self._metrics), name=name)

    def _committed(self, outcome: Page | Outcome) -> None:
        self._metrics.saw(outcome)
        self._alarming.saw(outcome)
        if isinstance(outcome, Page):
            return
        if self._dashboard is not None:
            self._dashboard.saw(outcome)
        if self._on_outcome is not None:
            self._on_outcome(outcome)

    def _has_room(self) -> bool:
        rows, size = self._waiting
        return rows < MOST_PENDING and size < MOST_PENDING_BYTES and self._delivery.has_room()

    async def _tend(
        self, stop: threading.Event, idle: threading.Event, reload: threading.Event, notifier: Notifier
    ) -> None:
        """Watch over the rest until it is time to end."""
        loop_alive = self._health.part("event loop", heartbeat_seconds=_SILENT_SECONDS)
        while not stop.is_set() and self._delivery.broken is None and not self._company.ended:
            if reload.is_set():
                reload.clear()
                notifier.reloading()
                self._reload.asked.set()
                notifier.ready(self._count())
            await self._look(idle)
            loop_alive.beat()
            notifier.watchdog()
            await asyncio.sleep(_TEND_SECONDS)

    async def _look(self, idle: threading.Event) -> None:
        """See how things stand, for health, metrics, and whoever waits for quiet."""
        self._waiting = await self._writer.read(pending.waiting)
        self._sinks = self._delivery.states()
        for sink in self._sinks:
            part = self._health.part(f"sink {sink.name}")
            if sink.broken is not None:
                part.down(sink.broken)
            elif sink.trouble is not None:
                part.failing(sink.trouble)
            else:
                part.ok()
        visiting = self._revisits is not None and self._revisits.active
        quiet = not self._waiting.rows and not self._pages.active and not self._source.held and not visiting
        if quiet and self._delivery.drained():
            idle.set()
        else:
            idle.clear()

    def _ask(self) -> None:
        """Let metrics ask for what is known here anyway."""
        self._sinks = self._delivery.states()
        self._metrics.gauge_from("newstap_feeds", lambda: self._feeds)
        self._metrics.gauge_from("newstap_pending_pages", lambda: self._waiting.rows)
        if (revisits := self._revisits) is not None:
            self._metrics.gauge_from("newstap_revisits_waiting", lambda: revisits.waiting)
        tell_sinks(self._metrics, lambda: self._sinks, self._box)
        if self._dashboard is not None:
            self._dashboard.ask(self._standing, alarms=self._alarming.count)
        if self._archiving is not None:
            upkeep = self._archiving.upkeep
            self._metrics.gauge_from("newstap_archive_bytes", lambda: upkeep.size)
            self._metrics.gauge_from("newstap_archive_deleted_files_total", lambda: upkeep.deleted)

    def _standing(self) -> Standing:
        rows, size = self._box.backlog()
        return Standing(
            sinks=self._sinks,
            outbox_rows=rows,
            outbox_bytes=size,
            pending_pages=self._waiting.rows,
            feeds=self._feeds,
            letters={label: n for (kind, label), n in self._box.tally().items() if kind is Kind.DEAD_LETTER},
        )

    def _count(self) -> str:
        n = sum(self._feeds.values())
        return f"polling {n} feed{'' if n == 1 else 's'}" if n else "no feeds yet: newstap feeds add URL"

    async def _upkeep(self) -> None:
        def counted(feeds: dict[str, int]) -> None:
            self._feeds = feeds

        await upkeep(self._writer, self._current, self._company.forget_links, counted)

    async def _end(self, parts: list[asyncio.Task[None]], pipeline: asyncio.Task[None]) -> bool:
        """Bring each part to its end, in its time; return whether all that was accepted is delivered."""
        grace = 0.0 if self._company.ended else FETCH_GRACE_SECONDS
        fetching = [part for part in (self._poller, self._pages, self._revisits) if part is not None]
        await asyncio.gather(*(part.stop(grace) for part in fetching))
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
        await self._workers.end(pipeline)
        drained = await asyncio.to_thread(self._drained)
        await asyncio.to_thread(self._delivery.stop, finish=drained)
        return drained and self._delivery.drained()

    def _drained(self) -> bool:
        deadline = time.monotonic() + DRAIN_SECONDS
        while not self._delivery.drained():
            if self._delivery.broken is not None or self._delivery.failing or time.monotonic() > deadline:
                return False
            self._delivery.wait(0.2)
        return True


async def _bounded(close: Callable[[], Awaitable[None]]) -> None:
    with suppress(TimeoutError):  # the disk is full: what was to be written is lost with us, and comes again
        await asyncio.wait_for(close(), _HALT_SECONDS)
