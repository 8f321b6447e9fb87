"""The heart: entries → outcomes → one transaction of outbox and progress → delivery."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from ingest.issued import settled
from ingest.items import item_of
from processors.records import Failed, Page
from sinks.store import StoreFullError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from ingest.delivery import Delivery
    from ingest.pool import Pool
    from ingest.profiles import Learner
    from ingest.sources.base import Source
    from processors.records import Outcome
    from sinks.outbox import Outbox

log = logging.getLogger(__name__)

BATCH_ROWS = 200
BATCH_SECONDS = 0.5
BATCH_BYTES = 8_000_000
_PAUSE_SECONDS = 0.05

M = TypeVar("M")


class Pipeline(Generic[M]):
    """Drives a source through a pool of workers into an outbox until the source ends, or is told to stop.

    Args:
        source: what to read.
        pool: what turns pages into outcomes.
        outbox: where outcomes go, in one transaction with the source's progress.
        delivery: told of new items; reading waits while it has no room.
        stop: set it to end early; what is settled by then is committed, the rest is read again next time.
        rate: documents per second at most; 0 for no limit.
        on_outcome: called for each outcome after its commit.
        learner: takes what records teach about their sites; None where nothing is to be learned.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        source: Source[M],
        pool: Pool[M],
        outbox: Outbox,
        delivery: Delivery,
        stop: threading.Event,
        rate: float = 0.0,
        on_outcome: Callable[[Outcome], None] | None = None,
        learner: Learner | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._pool = pool
        self._outbox = outbox
        self._delivery = delivery
        self._stop = stop
        self._rate = rate
        self._on_outcome = on_outcome
        self._learner = learner
        self._clock = clock
        self._batch: list[tuple[Outcome | None, M]] = []
        self._bytes = 0
        self._since = clock()

    def run(self) -> bool:
        """Process everything; return whether the source was read to its end.

        Raises:
            SourceError: see there; what came before it is committed.
        """
        outcomes = self._pool.run(self._entries())
        try:
            for answer in outcomes:
                if answer is not None:
                    self._take(*answer)
                if self._is_due():
                    self._commit()
                if self._stop.is_set():
                    return False
            return not self._stop.is_set()
        finally:
            outcomes.close()  # type: ignore[attr-defined] # a generator; ends the workers
            self._commit()

    def _entries(self) -> Iterator[tuple[Page | Outcome | None, M] | None]:
        due = self._clock()
        for entry in self._source.entries():
            if entry is None:
                yield None
                continue
            while not self._may_go_on(due):
                self._stop.wait(_PAUSE_SECONDS)
                if self._stop.is_set():
                    return
                yield None
            if self._rate and entry.content is not None:
                due = max(due, self._clock() - 1.0) + 1.0 / self._rate
            yield entry.content, entry.mark

    def _may_go_on(self, due: float) -> bool:
        if self._delivery.broken is not None:
            self._stop.set()
        return not self._stop.is_set() and self._clock() >= due and self._delivery.has_room()

    def _take(self, outcome: Outcome | None, mark: M) -> None:
        if not self._batch:
            self._since = self._clock()
        self._batch.append((outcome, mark))
        if isinstance(outcome, Failed) and outcome.page is not None:
            self._bytes += len(outcome.page.body)

    def _is_due(self) -> bool:
        waited = self._clock() - self._since >= BATCH_SECONDS
        full = len(self._batch) >= BATCH_ROWS or self._bytes >= BATCH_BYTES
        return bool(self._batch) and (waited or full)

    def _commit(self) -> None:
        """Commit the batch; on a full disk wait and try again, since nothing of it is lost yet."""
        waiting = False
        while self._batch:
            try:
                delivered = self._settle()
            except StoreFullError as error:
                if not waiting:
                    log.warning("waiting, since what was read cannot be saved: %s", error)
                waiting = True
                if self._stop.wait(1.0):
                    raise
                continue
            marks = [mark for _, mark in self._batch]
            self._batch, self._bytes = [], 0
            self._source.done(marks)
            self._delivery.notify()
            for outcome in delivered:
                if self._on_outcome is not None:
                    self._on_outcome(outcome)
            if self._learner is not None:
                self._learner.hand_over()

    def _settle(self) -> list[Outcome]:
        with self._outbox.store.transaction() as connection:
            outcomes = [settled(connection, outcome) for outcome, _ in self._batch if outcome is not None]
            self._outbox.add(connection, [item_of(outcome) for outcome in outcomes])
            if self._learner is not None:
                self._learner.note(connection, outcomes)
            self._source.commit(connection, [mark for _, mark in self._batch])
        return outcomes
