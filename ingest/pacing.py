"""Event time at a multiple of real time: outcomes come as far apart as their documents were fetched, or published."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

from processors.records import Failed, Record, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from ingest.pipeline import Work

_NAP_SECONDS = 0.05
"""How soon the caller may look at what else is due."""

C = TypeVar("C")
M = TypeVar("M")


class Paced(Generic[C, M]):
    """Holds each outcome back until it is its time; implements `ingest.pipeline.Work`.

    The first document that tells a time begins at once. One that tells none, or an earlier one than was had, goes
    together with the one before it: the order is that of the archive.

    Args:
        work: makes the outcomes; while one is held back, it works ahead as far as it may.
        speed: seconds of event time that pass in one second.
        clock: monotonic seconds.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        work: Work[object, tuple[C | None, M]],
        speed: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._work = work
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._began: tuple[float, float] | None = None
        """When the first document was let go, by our clock, and its own time."""

    def run(self, entries: Iterable[object | None], /) -> Iterator[tuple[C | None, M] | None]:
        """See `Work`; yields None while it waits."""
        answers = self._work.run(entries)
        try:
            for answer in answers:
                if answer is not None:
                    yield from self._waited(answer[0])
                yield answer
        finally:
            answers.close()  # type: ignore[attr-defined] # a generator; ends the workers

    def _waited(self, outcome: object) -> Iterator[None]:
        moment = _moment(outcome)
        if moment is None:
            return
        now, then = self._clock(), moment.timestamp()
        if self._began is None:
            self._began = (now, then)
        due = self._began[0] + (then - self._began[1]) / self._speed
        while (left := due - self._clock()) > 0:
            self._sleep(min(left, _NAP_SECONDS))
            yield None


def _moment(outcome: object) -> datetime | None:
    """Return when a consumer of the service would have had it: once it was fetched, as far as that is known."""
    if isinstance(outcome, Record):
        return outcome.origin.fetched or outcome.article.published
    return outcome.origin.fetched if isinstance(outcome, Skipped | Failed) else None
