"""One run of a job: reads, delivers, and tells what came of it."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest import passed
from ingest.sources.base import SourceError
from processors.records import Step
from sinks.base import Kind
from sinks.store import StoreError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from ingest.delivery import Delivery
    from ingest.progress import Progress
    from sinks.outbox import Outbox

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 10.0
"""How long an interrupted job waits for sinks that work; what they have not taken by then waits in the outbox."""


@dataclass(slots=True, kw_only=True)
class JobRun:
    """One run of a job: reads, delivers, and tells what came of it."""

    box: Outbox
    delivery: Delivery
    progress: Progress
    stop: threading.Event
    made: Kind = Kind.RECORD
    """What documents become: records, or pages for workers elsewhere."""
    strict: bool = False
    """Dead letters make the exit code 1."""
    trial: bool = False
    """Nothing is delivered for good."""
    before: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    waiting: int = 0
    """Items that an earlier run had read and not delivered."""
    passed_before: Counter[str] = field(default_factory=Counter)

    def complete(self, read: Callable[[], bool]) -> int:
        """Read and deliver everything; return the exit code.

        Args:
            read: reads it all, or until it is told to stop; returns whether it came to the end.
        """
        self.before, self.waiting = Counter(self.box.tally()), self.box.backlog()[0]
        self.passed_before = self._passed()
        began = time.monotonic()
        ended, drained, problem = self._delivered(read)
        self.progress.close()
        if problem is not None and isinstance(problem.__cause__, BrokenPipeError):
            raise problem.__cause__  # as with `| head`: nobody is there to be told
        self._summary(time.monotonic() - began, ended=ended)
        if problem is not None:
            log.error("stopped before all was delivered: %s", problem)
            return 1
        if not (ended and drained):
            log.warning("stopped before all was delivered; the same command resumes where it stopped")
            return 1
        letters = any(kind is Kind.DEAD_LETTER for kind, _ in self.box.tally())
        return 1 if self.strict and letters else 0

    def _delivered(self, read: Callable[[], bool]) -> tuple[bool, bool, Exception | None]:
        """Read and deliver; return whether all was read, whether all of that was delivered, and what went wrong."""
        problem: Exception | None = None
        ended = drained = False
        self.delivery.start()
        try:
            try:
                ended = read()
            except (SourceError, StoreError) as error:
                problem = error
            drained = self._drained(patient=ended)
        finally:
            self.delivery.stop(finish=drained and ended)
        return ended, drained, problem or self.delivery.broken

    def _drained(self, *, patient: bool) -> bool:
        """Wait until the sinks have everything: as long as it takes, but for a while only once we are to stop."""
        deadline = None if patient else time.monotonic() + _DRAIN_SECONDS
        while not self.delivery.drained():
            if self.delivery.broken is not None or (deadline is not None and time.monotonic() > deadline):
                return False
            if self.stop.is_set():
                if self.delivery.failing:
                    return False
                deadline = deadline or time.monotonic() + _DRAIN_SECONDS
            self.delivery.wait(0.2)
            self.progress.tick()
        return True

    def _count(self, kind: Kind) -> int:
        return sum(n for (of, _), n in self._new().items() if of is kind)

    def _new(self) -> Counter[tuple[Kind, str]]:
        return Counter(self.box.tally()) - Counter(self.before)

    def _passed(self) -> Counter[str]:
        with self.box.store.reading() as connection:
            return Counter(passed.counts(connection))

    def _summary(self, seconds: float, *, ended: bool) -> None:
        new, others = self._new(), self._passed() - self.passed_before
        read, before = _documents(new), _documents(self.before) + self.passed_before.total()
        if ended and before and not read and not others and not self.waiting:
            log.info("nothing new: this job had read its inputs before, and nothing was delivered again")
        parts = [counted(self._count(self.made), str(self.made))]
        for kind, word in ((Kind.SKIPPED, "skipped"), (Kind.DEAD_LETTER, "dead letter")):
            labels = ", ".join(f"{label} {n}" for (of, label), n in sorted(new.items()) if of is kind)
            n = self._count(kind)
            parts.append(
                (f"{n} {word}" if kind is Kind.SKIPPED else counted(n, word)) + (f" ({labels})" if labels else "")
            )
        parts += [f"{n} {why}" for why, n in sorted(others.items())]
        read += others.total()
        rate = f", {read / seconds:.1f} a second" if seconds > 0 and read else ""
        log.info("%s read: %s%s", counted(read, "document"), " + ".join(parts), rate)
        if before:
            log.info("%s of this job had been accounted for before", counted(before, "document"))
        if self.trial:
            log.info("dry run: nothing was delivered or remembered")


def counted(n: int, what: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _documents(tally: Counter[tuple[Kind, str]]) -> int:
    """Count what was read: a letter about an item that a sink refused is no document more."""
    return sum(n for what, n in tally.items() if what != (Kind.DEAD_LETTER, Step.DELIVER))
