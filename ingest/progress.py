"""How far long work is: a bar on a terminal, a plain log line now and then elsewhere."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any, TypeVar

from processors.records import Failed, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ingest.sources.base import PassedOver
    from processors.records import Outcome, Page

log = logging.getLogger(__name__)

_LINE_SECONDS = 10.0

One = TypeVar("One")


class Progress:
    """Counts outcomes and shows them.

    Args:
        position: returns bytes read and bytes in all (0: unknown).
        stream: where the bar goes, if it is a terminal.
        clock: monotonic seconds.
    """

    def __init__(
        self, position: Callable[[], tuple[int, int]], stream: IO[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._position = position
        self._clock = clock
        self._began = self._said = clock()
        self._documents = self._records = self._failed = 0
        self._first = 0
        """Where the first document was: an earlier run may have come so far."""
        self._bar: Any = None
        if stream.isatty():
            from tqdm import tqdm  # noqa: PLC0415 - only where there is a terminal to draw on

            self._bar = tqdm(
                total=position()[1] or None, unit="B", unit_scale=True, file=stream, leave=False, dynamic_ncols=True
            )

    def saw(self, outcome: Page | Outcome | PassedOver) -> None:
        """Count one outcome."""
        if self._documents == 0:
            self._begin(self._position()[0])
        self._documents += 1
        self._records += isinstance(outcome, Record)
        self._failed += isinstance(outcome, Failed)
        self.tick()

    def tick(self) -> None:
        """Show where we are, if it is time."""
        now = self._clock()
        if self._bar is not None:
            self._bar.n = self._position()[0]
            rate = self._documents / max(now - self._began, 1e-9)
            self._bar.set_postfix_str(f"{self._documents} documents, {rate:.0f}/s", refresh=False)
            self._bar.update(0)
        elif now - self._said >= _LINE_SECONDS:
            self._said = now
            done, total = self._position()
            share = f", {100 * done / total:.0f} % of the input" if total else ""
            rate = self._documents / (now - self._began)
            left = self._left(done, total, now)
            log.info("%d documents, %d records, %.0f a second%s%s", self._documents, self._records, rate, share, left)

    def _begin(self, place: int) -> None:
        self._first = place
        if self._bar is not None:
            self._bar.initial = self._bar.n = self._bar.last_print_n = place

    def _left(self, done: int, total: int, now: float) -> str:
        """Say how long it will go on at this rate, where that can be told."""
        if not total or done <= self._first:
            return ""
        seconds = (total - done) * (now - self._began) / (done - self._first)
        return f", {timedelta(seconds=round(seconds))} left"

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()


class Counting:
    """Counts things of one kind and shows how many there were; nothing where nothing came since it was last shown.

    Args:
        what: they are, in the plural.
        stream: where the bar goes, if it is a terminal.
        total: how many there will be, as far as that is known; 0: not at all.
        clock: monotonic seconds.
    """

    def __init__(
        self, what: str, stream: IO[str], *, total: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._total = total
        self._clock = clock
        self._began = self._said = clock()
        self._count = 0
        self._bar: Any = None
        if stream.isatty():
            from tqdm import tqdm  # noqa: PLC0415 - only where there is a terminal to draw on

            self._bar = tqdm(total=total or None, unit=f" {what}", file=stream, leave=False, dynamic_ncols=True)

    def over(self, things: Iterable[One]) -> Iterator[One]:
        """Yield the things, counting them."""
        for thing in things:
            yield thing
            self.advance()

    def advance(self) -> None:
        """Count one, and show how many there were if it is time."""
        self._count += 1
        if self._bar is not None:
            self._bar.update()
        elif (now := self._clock()) - self._said >= _LINE_SECONDS:
            self._said = now
            of = f" of {self._total}" if self._total else ""
            log.info("%d%s %s, %.0f a second", self._count, of, self._what, self._count / (now - self._began))

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
