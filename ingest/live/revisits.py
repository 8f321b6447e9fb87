"""Articles' pages are looked at again: seldom, conditionally, and only where nothing waits for its first visit."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from ingest import pending, visits, withdrawn
from ingest.fetch.errors import DisallowedError, FetchError
from ingest.fetch.messages import PAGE_TYPES, Request, Validators
from ingest.items import item_of
from ingest.live.answers import is_whole
from ingest.live.following import known_of
from ingest.live.received import led_to_front, received
from ingest.live.rounds import LONGEST_SLEEP, Rounds
from ingest.schedule.visiting import Sight, planned
from ingest.visits import Known, Visit
from processors.records import Reason, Skipped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from ingest.fetch.client import Fetcher
    from ingest.fetch.messages import Response
    from ingest.fetch.robots import Robots
    from ingest.live.archiving import Archiving
    from ingest.live.current import Current
    from ingest.live.source import LiveSource
    from ingest.live.writer import Writer
    from ingest.metrics import Metrics, VisitOutcome
    from ingest.schedule.visiting import Plan, Visiting
    from sinks.outbox import Outbox

log = logging.getLogger(__name__)

MOST_VISITS = 20
"""At a time, each at a host of its own; first visits have ten times as many."""
_GONE = frozenset({404, 410})
_SIGHTS: dict[VisitOutcome, Sight] = {
    "unchanged": Sight.THERE,
    "elsewhere": Sight.UNKNOWN,
    "missing": Sight.GONE,
    "robots": Sight.UNKNOWN,
    "failed": Sight.UNKNOWN,
}


class _Found(NamedTuple):
    outcome: VisitOutcome
    response: Response | None = None


@dataclass(kw_only=True)
class Revisits(Rounds[Visit]):
    """Visits articles' pages when that is due. Its tasks are visits.

    Args:
        current: the configuration as it is now.
        writer: to the state.
        outbox: where it is told that a page is gone.
        source: where pages that have changed are handed over, as what their feeds carried was.
        fetcher: gets documents.
        robots: asked before every visit.
        metrics: counts.
        visiting: when articles are visited.
        archiving: keeps what is told; None without an archive.
        now: Unix time in seconds.
    """

    current: Current
    writer: Writer
    outbox: Outbox
    source: LiveSource
    fetcher: Fetcher
    robots: Robots
    metrics: Metrics
    visiting: Visiting
    archiving: Archiving | None
    now: Callable[[], float]
    waiting: int = 0
    """Articles that are to be visited, when it was last looked."""

    def _has_room(self) -> bool:
        return self.source.has_room() and len(self._tasks) < MOST_VISITS

    async def _round(self) -> float:
        now = self.now()
        under_way = {each.id for each in self._tasks.values()} | {-mark for mark in self.source.held if mark < 0}
        busy = {each.host for each in self._tasks.values()}

        def query(connection: sqlite3.Connection) -> tuple[list[Visit], float | None, int]:
            found = visits.ready(connection, now, limit=MOST_VISITS, busy=busy, held=under_way)
            return found, visits.next_due(connection), visits.count(connection)

        found, due, self.waiting = await self.writer.read(query)
        for each in found:
            if each.host not in busy and len(self._tasks) < MOST_VISITS:
                busy.add(each.host)
                task = asyncio.create_task(self._visit(each), name=f"visit {each.id}")
                self._tasks[task] = each
                task.add_done_callback(self._ended)
        return LONGEST_SLEEP if due is None else min(max(due - now, LONGEST_SLEEP / 4), LONGEST_SLEEP)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("visiting a page ended in an error of ours: %s", error, exc_info=error)

    async def _visit(self, visit: Visit) -> None:
        """Look at a page; hand it over where it has changed, else keep what that means."""
        try:
            found = await self._asked(visit)
            if found.outcome == "changed" and found.response is not None:
                await self._hand_over(visit, found.response)
                return
        except Exception:  # whatever it is, the article must have its next visit
            log.exception("visiting a page failed by a mistake of ours", extra={"url": visit.carried.url})
            found = _Found("failed")
        await self._keep(visit, found)

    async def _asked(self, visit: Visit) -> _Found:
        url, limit = visit.carried.url or "", self.current.config.fetch.max_page_bytes
        request = Request(url=url, limit=limit, accept=PAGE_TYPES, validators=_validators(visit.known))
        began = self.now()
        try:
            response = await self.fetcher.get(request, check=self.robots.check)
        except DisallowedError:
            return _Found("robots")
        except FetchError as error:
            log.info("page not visited", extra={"url": url, "kind": error.kind, "error": error.detail})
            return _Found("failed")
        self.metrics.fetched(self.now() - began)
        return _Found(_told(visit, response), response)

    async def _hand_over(self, visit: Visit, response: Response) -> None:
        skip = self.current.config.fetch.reserved == "skip"
        content = await received(visit.carried, response, self.robots, skip_reserved=skip)
        self.metrics.visited("changed")
        self.source.offer(-visit.id, content, response, visit)

    async def _keep(self, visit: Visit, found: _Found) -> None:
        plan = planned(self.visiting, _SIGHTS[found.outcome], visit.first, visit.gone, self.now())
        told = await self.writer.run(lambda connection: self._kept(connection, visit, found.response, plan))
        self.metrics.visited("gone" if plan.confirmed else found.outcome)
        if told is not None:
            log.info("an article is gone", extra={"url": told.url, "id": visit.record})
            self.metrics.saw(told)

    def _kept(
        self, connection: sqlite3.Connection, visit: Visit, response: Response | None, plan: Plan
    ) -> Skipped | None:
        visits.plan(connection, visit.id, plan.due, plan.gone)
        if not plan.confirmed or response is None:
            return None
        # Where it comes back as it was, that is to be told: nothing may answer that it has not changed.
        visits.saw(connection, visit.id, Known(visit.known.address, None, None, None))
        return self._withdrawn(connection, visit, response.fetched)

    def _withdrawn(self, connection: sqlite3.Connection, visit: Visit, when: datetime) -> Skipped | None:
        """Tell that an article is gone, once: a tombstone for Kafka, a skip for files."""
        stone = withdrawn.withdraw(connection, visit.record, Reason.GONE, when.timestamp())
        if stone is None:
            return None
        origin = replace(visit.carried.origin, fetched=when)
        told = Skipped(origin=origin, url=visit.known.address, reason=Reason.GONE, detail=visit.record)
        if self.archiving is not None:
            (told,) = self.archiving.skipped(connection, [told])
        pending.discover(connection, 1)
        self.outbox.add(connection, [stone, item_of(told)])
        return told


def _validators(known: Known) -> Validators | None:
    if known.etag is None and known.modified is None:
        return None
    return Validators(url=known.address, etag=known.etag, last_modified=known.modified)


def _told(visit: Visit, response: Response) -> VisitOutcome:
    """Return what an answer says of a page."""
    if response.status == 304:
        return "unchanged"
    if response.status in _GONE:
        return "missing"
    if not is_whole(response.status):
        return "failed"
    if led_to_front(visit.carried, response):
        return "elsewhere"
    return "unchanged" if known_of(response).digest == visit.known.digest else "changed"
