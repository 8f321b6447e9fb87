"""The heart: entries → outcomes → one transaction of outbox and progress → delivery.

What goes through it is mostly outcomes of a chain; commands without one hand on what they read, as pages or as items.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from processors.records import Failed, Page
from sinks.base import Item
from sinks.store import StoreFullError

if TYPE_CHECKING:
    import sqlite3
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ingest.delivery import Delivery
    from ingest.profiles import Learner
    from ingest.sources.base import Source
    from sinks.outbox import Outbox

log = logging.getLogger(__name__)

BATCH_ROWS = 200
BATCH_SECONDS = 0.5
BATCH_BYTES = 8_000_000
_PAUSE_SECONDS = 0.05

M = TypeVar("M")
C = TypeVar("C")
"""What is settled: outcomes, or what is handed on without a chain."""
In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)


class Work(Protocol[In_contra, Out_co]):
    """What makes of each entry what is to be settled: a pool of workers (`ingest.pool`), or `HandOn`."""

    def run(self, entries: Iterable[In_contra | None], /) -> Iterator[Out_co | None]:
        """Yield what becomes of each entry, in order, with its mark; None where there is nothing just now."""
        ...


class HandOn(Generic[C, M]):
    """Hands on each entry as it is."""

    def run(self, entries: Iterable[tuple[C | None, M] | None], /) -> Iterator[tuple[C | None, M] | None]:
        """See `Work`."""
        yield from entries


class Keeper(Protocol[In_contra]):
    """Keeps what outcomes were made of, in the transaction that takes them in."""

    def prepare(self, batch: Sequence[tuple[C | None, In_contra]], /) -> Sequence[Any]:
        """Return what is to be kept of each, before the transaction: it may take time."""
        ...

    def keep(
        self, connection: sqlite3.Connection, batch: Sequence[tuple[C | None, In_contra]], prepared: Sequence[Any], /
    ) -> list[C | None]:
        """Keep it; return each outcome, with where that is.

        Raises:
            StoreFullError: the disk is full; nothing is kept.
        """
        ...

    def sync(self) -> None:
        """Make it durable: the transaction ends now. Raises as `keep`."""
        ...


class Follower(Protocol[C, In_contra]):
    """Knows more of some entries than what they are made of, and what is to follow from their outcomes."""

    def judged(self, outcome: C | None, mark: In_contra, /) -> C | None:
        """Return an outcome as it is to be settled and kept."""
        ...

    def follow(self, connection: sqlite3.Connection, outcome: C, mark: In_contra, /) -> None:
        """Note what follows from an outcome as it was settled, in the transaction that takes it in."""
        ...


class Pipeline(Generic[M, C]):
    """Drives a source through a pool of workers into an outbox until the source ends, or is told to stop.

    Args:
        source: what to read.
        pool: what turns pages into outcomes, or hands them on.
        settle: called in the transaction with each of these; returns what becomes of it, and that as an item (None
            where nothing is to be delivered).
        outbox: where outcomes go, in one transaction with the source's progress.
        delivery: told of new items; reading waits while it has no room.
        stop: set it to end early; what is settled by then is committed, the rest is read again next time.
        rate: documents per second at most; 0 for no limit.
        on_outcome: called for each outcome after its commit.
        learner: takes what records teach about their sites; None where nothing is to be learned.
        keeper: keeps what outcomes were made of; None where nothing is to be archived.
        follower: told of each outcome; None where nothing follows.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        source: Source[M],
        pool: Work[Any, tuple[C | None, M]],
        settle: Callable[[sqlite3.Connection, C], tuple[C, Item | None]],
        outbox: Outbox,
        delivery: Delivery,
        stop: threading.Event,
        rate: float = 0.0,
        on_outcome: Callable[[C], None] | None = None,
        learner: Learner | None = None,
        keeper: Keeper[M] | None = None,
        follower: Follower[C, M] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._pool = pool
        self._settle_one = settle
        self._outbox = outbox
        self._delivery = delivery
        self._stop = stop
        self._rate = rate
        self._on_outcome = on_outcome
        self._learner = learner
        self._keeper = keeper
        self._follower = follower
        self._clock = clock
        self._batch: list[tuple[C | None, M]] = []
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

    def _entries(self) -> Iterator[tuple[object, M] | None]:
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

    def _take(self, outcome: C | None, mark: M) -> None:
        if self._follower is not None:
            outcome = self._follower.judged(outcome, mark)
        if not self._batch:
            self._since = self._clock()
        self._batch.append((outcome, mark))
        self._bytes += _size(outcome)

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

    def _settle(self) -> list[C]:
        prepared = self._keeper.prepare(self._batch) if self._keeper is not None else ()
        with self._outbox.store.transaction() as connection:
            outcomes = [outcome for outcome, _ in self._batch]
            if self._keeper is not None:
                outcomes = self._keeper.keep(connection, self._batch, prepared)
            marks = [mark for _, mark in self._batch]
            made = [
                self._settled(connection, outcome, mark)
                for outcome, mark in zip(outcomes, marks, strict=True)
                if outcome is not None
            ]
            self._outbox.add(connection, [item for _, item in made if item is not None])
            if self._learner is not None:
                self._learner.note(connection, [outcome for outcome, _ in made])
            self._source.commit(connection, marks)
            if self._keeper is not None:
                self._keeper.sync()
        return [outcome for outcome, _ in made]

    def _settled(self, connection: sqlite3.Connection, outcome: C, mark: M) -> tuple[C, Item | None]:
        made = self._settle_one(connection, outcome)
        if self._follower is not None:
            self._follower.follow(connection, made[0], mark)
        return made


def _size(content: object) -> int:
    """Return the bytes of what may be large."""
    if isinstance(content, Failed):
        content = content.page
    return len(content.body) if isinstance(content, Page | Item) else 0
