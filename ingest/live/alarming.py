"""Looks at the alarms once a minute, beside everything else the service does."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING

from ingest import alarms
from ingest.alarms import AlarmKind, Gathering, Watch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from ingest.alarms import Alarm, Look
    from ingest.live.current import Current
    from ingest.live.writer import Writer
    from ingest.metrics import Metrics
    from processors.records import Outcome, Page
    from sinks.outbox import Outbox

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0


class Alarming:
    """Gathers what becomes of documents, and holds it and the feeds' schedules against what is usual.

    Args:
        current: the configuration as it is now.
        writer: to the state.
        metrics: counts.
        now: Unix time in seconds.
        outbox: where each alarm that begins or ends becomes an item, together with what is kept of it; None where
            nobody wants to know.
    """

    def __init__(
        self, current: Current, writer: Writer, metrics: Metrics, now: Callable[[], float], outbox: Outbox | None = None
    ) -> None:
        self._current = current
        self._writer = writer
        self._metrics = metrics
        self._now = now
        self._outbox = outbox
        self._gathering = Gathering()
        self._standing: Counter[str] = Counter()
        metrics.gauge_from("newstap_alarms", lambda: {str(kind): self._standing[kind] for kind in AlarmKind})

    def saw(self, outcome: Page | Outcome) -> None:
        """A document was settled. May be called from any thread."""
        self._gathering.saw(outcome)

    def count(self) -> int:
        """Return how many alarms stand. May be called from any thread."""
        return self._standing.total()

    async def run(self) -> None:
        """Look until cancelled. A kill loses what was seen since the last look: a minute that would teach little."""
        watch: Watch | None = None
        while True:
            if self._current.config.alarms.enabled:
                watch = watch or Watch(*await self._writer.read(alarms.read))
                await self._look(watch)
            else:
                watch = None
                await self._writer.run(self._clear)
                self._standing = Counter()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, watch: Watch) -> None:
        feeds, seen = await self._writer.read(alarms.feeds), self._gathering.take()
        accepted = self._current.config.alarms.silence_false_a_year
        look = await asyncio.to_thread(watch.look, feeds, seen, self._now(), false_a_year=accepted)
        await self._writer.run(lambda connection: self._keep(connection, look))
        self._standing = Counter(str(alarm.kind) for alarm in watch.alarms)
        self._tell(look)

    def _keep(self, connection: sqlite3.Connection, look: Look) -> None:
        alarms.keep(connection, look)
        self._publish(connection, look.cleared, look.raised, look.at)

    def _clear(self, connection: sqlite3.Connection) -> None:
        self._publish(connection, alarms.clear(connection), (), self._now())

    def _publish(
        self, connection: sqlite3.Connection, cleared: Sequence[Alarm], raised: Sequence[Alarm], at: float
    ) -> None:
        if self._outbox is not None and (cleared or raised):
            self._outbox.add(connection, list(alarms.events(cleared, raised, at)))

    def _tell(self, look: Look) -> None:
        for alarm in look.raised:
            self._metrics.alarmed(alarm.kind)
            log.warning("alarm %s: %s", alarm.kind, alarm.why, extra={alarm.scope: alarm.name})
        for alarm in look.cleared:
            log.info("alarm %s is over", alarm.kind, extra={alarm.scope: alarm.name})
