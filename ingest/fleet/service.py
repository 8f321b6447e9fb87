"""`newstap fetch --group`: the service, in terms that each begin with nothing taken for granted.

A term ends when what is here may not be what is known elsewhere any more; the next one reads it again. Whatever had not
reached Kafka by then is done by whoever has the partitions now.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.fleet import requests, table
from ingest.fleet.copy import Copy
from ingest.fleet.ownership import Ownership
from ingest.fleet.pieces import FleetSource, Pieces
from ingest.fleet.places import Places, feed_number
from ingest.fleet.schema import MIGRATIONS
from ingest.fleet.terms import Terms
from ingest.live.company import Alone, Around
from sinks.kafka_fleet import FleetSink, Standing
from sinks.store import Store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from ingest.fleet.unread import Unread
    from ingest.health import Part
    from ingest.live.intake import Wanted
    from ingest.live.source import LiveSource
    from processors.records import Skipped
    from sinks.kafka_admin import Plan
    from sinks.kafka_client import Connection
    from sinks.outbox import Outbox

log = logging.getLogger(__name__)

SESSION_SECONDS = 10.0
"""A fetcher that is silent for so long has its feeds given to others."""
LEAVING_SECONDS = 8.0
"""What handing feeds over may take."""
_GRACE_SECONDS = 2.0
"""What requests under way may take then; those that take longer are given up."""
_CLAIM_SECONDS = 10.0
"""How long polls wait until it is in Kafka that they begin; then they are put off."""
_LOOK_SECONDS = 0.02
_COUNT = 1
"""Partitions, before it is known how many there are."""


def opened(folder: Path, group: str) -> Store:
    """Open the copy of what is ours in a group.

    Raises:
        StoreError: it cannot be used, or another fetcher has it.
    """
    return Store(folder / f"fetch-{group}.sqlite", MIGRATIONS, patience_seconds=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How feeds are shared out.

    Args:
        connection: where Kafka is.
        plan: the topics.
        group: of fetchers.
        instance: our name in it.
        compression: of what is written.
        largest: bytes of the largest message but pages.
        delay_seconds: between starts on a host.
        unread: told of messages that are none of ours, in each term.
    """

    connection: Connection
    plan: Plan
    group: str
    instance: str
    compression: str
    largest: int
    delay_seconds: float
    unread: Unread


class Fleet(Alone):
    """One of several fetchers, for one term.

    Args:
        options: how feeds are shared out.
        box: of the copy.
        part: told how Kafka does.
    """

    alarms = False
    """See `Alone`: feeds of others rest here, and are not silent."""
    gather = 1.0
    """See `Alone`: each time costs a transaction."""

    def __init__(self, options: Options, box: Outbox, part: Part) -> None:
        self.places = Places(_COUNT)
        self.standing = Standing()
        self.numbered = feed_number
        self.pieces = Pieces(box, self.places)
        self.take = self._take
        self._options = options
        self._box = box
        self._part = part
        self._around: Around | None = None
        self._ownership: Ownership | None = None

    def sink(self) -> FleetSink:
        """Return what carries the outbox to Kafka."""
        options = self._options
        return FleetSink(
            self._box.ledger("kafka"),
            connection=options.connection,
            plan=options.plan,
            writer=self._box.state_id,
            group=options.group,
            standing=self.standing,
            compression=options.compression,
            max_request_size=options.largest,
        )

    def source(self, settled: Callable[[], object], *, keeping: bool) -> LiveSource:
        """See `Alone`."""
        return FleetSource(settled, self._box, self._options.plan.names, keeping=keeping)

    def owns(self, host: str) -> bool:
        """See `Alone`: what was claimed may be handed over by the time that this is known everywhere."""
        return self.places.owns(host)

    def held_up(self) -> float:
        """See `Alone`: without a lease nothing begins, since the feeds may be others'."""
        return 0.0 if self.lease_seconds > 0 else 1.0

    async def durable(self) -> bool:
        """See `Alone`: whoever has the feeds after us must know what was under way."""
        if self._around is None:
            return False
        delivery, seq = self._around.delivery, self._box.last()
        delivery.notify()
        return await asyncio.to_thread(delivery.until, seq, _CLAIM_SECONDS)

    def takes_over(self, connection: sqlite3.Connection) -> bool:
        """See `Alone`: nothing is polled before its partition is known to be ours."""
        table.sleep(connection)
        return True

    def forget_links(self, connection: sqlite3.Connection, before: float) -> None:
        """See `Alone`: of our partitions, and for all fetchers."""
        if notes := table.forget_links(connection, before, self.places.ours):
            self._box.add(connection, notes)

    def starts(self, around: Around) -> None:
        """See `Alone`."""
        options = self._options
        self._around = around
        terms = Terms(
            connection=options.connection,
            plan=options.plan,
            group=options.group,
            instance=options.instance,
            writer=self._box.state_id,
            session_seconds=SESSION_SECONDS,
            leaving_seconds=LEAVING_SECONDS,
            unread=options.unread,
        )
        copy = Copy(
            around.writer,
            around.loop,
            self._box,
            options.plan.names,
            self.places,
            around.current,
            around.skipped,
            options.delay_seconds,
            options.unread,
        )
        self._ownership = Ownership(terms, self.places, self.standing, copy, self, self._part)
        self._ownership.start()

    @property
    def ended(self) -> bool:
        """See `Alone`."""
        ownership = self._ownership
        return ownership is not None and (ownership.lost is not None or ownership.broken is not None)

    @property
    def lease_seconds(self) -> float:
        """For how long requests may begin, if the group is not heard from again."""
        return 0.0 if self._ownership is None else max(0.0, self._ownership.lease_seconds)

    @property
    def waiting(self) -> int:
        """Partitions that were given to us and are not taken up yet."""
        return 0 if self._ownership is None else self._ownership.waiting

    @property
    def lost(self) -> str | None:
        """Why the term had to end, where another one may begin."""
        return None if self._ownership is None else self._ownership.lost

    @property
    def broken(self) -> str | None:
        """Why no other term may begin."""
        return None if self._ownership is None or self._ownership.broken is None else str(self._ownership.broken)

    async def stops(self, *, drained: bool) -> None:
        """See `Alone`."""
        if self._ownership is not None:
            await asyncio.to_thread(self._ownership.end, leave=drained)

    def look(self, *, feeds: bool) -> None:
        """See `ingest.fleet.ownership.Host`."""
        if self._around is not None:
            around = self._around
            around.loop.call_soon_threadsafe(around.pages.look)
            if feeds:
                around.loop.call_soon_threadsafe(around.poller.look)

    def hand_over(self, numbers: frozenset[int]) -> threading.Event:
        """See `ingest.fleet.ownership.Host`."""
        done = threading.Event()
        if self._around is not None:
            asyncio.run_coroutine_threadsafe(self._handed_over(self._around, numbers, done), self._around.loop)
        return done

    async def _handed_over(self, around: Around, numbers: frozenset[int], done: threading.Event) -> None:
        """Let go of partitions, step by step: each leaves less to be done by the next."""

        def theirs(host: str) -> bool:
            return self.places.of(host) in numbers

        def stop(connection: sqlite3.Connection, *, under_way: bool) -> frozenset[int]:
            table.rest(connection, numbers, under_way=under_way)
            waiting = requests.park(connection, numbers)
            if under_way:
                requests.leave(connection, numbers)
            return waiting

        self.places.leave(numbers)
        async with around.poller.paused, around.pages.paused:
            waiting = await around.writer.run(lambda connection: stop(connection, under_way=False))
        tasks = [*around.poller.at(theirs), *around.pages.at(theirs)]
        if tasks:
            await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while waiting & around.source.held:
            await asyncio.sleep(_LOOK_SECONDS)
        seq = self._box.last()
        around.delivery.notify()
        if not await asyncio.to_thread(around.delivery.until, seq, LEAVING_SECONDS):
            return  # they are lost: whoever waits for us has given up by now
        await around.writer.run(lambda connection: stop(connection, under_way=True))
        self.places.give(numbers)
        self.standing.taken([place for place in self.standing.places() if place.partition in numbers])
        done.set()

    def _take(self, connection: sqlite3.Connection, wanted: Wanted, now: float) -> Skipped | None:
        """See `ingest.live.intake.Take`."""
        del now
        self._box.add(connection, [requests.request(wanted, self.places)])
        return None
