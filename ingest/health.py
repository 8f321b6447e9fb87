"""How the service is: what each of its parts says of itself, and what follows for the whole.

    health = Health()
    polling = health.part("polling", heartbeat_seconds=30)
    health.ready()
    polling.beat()                     # in its loop; without it the part counts as failing
    sink.failing("no broker answers")  # goes on trying: degraded
    sink.down("refused for good")      # cannot go on: down
    sink.ok()

Every method may be called from any thread, and returns at once.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ingest.logs import escaped
from ingest.secret import mask_urls

if TYPE_CHECKING:
    from collections.abc import Callable


MAX_WHY = 500
"""Characters of a reason that are kept."""


class Status(StrEnum):
    """How the service as a whole is."""

    OK = "ok"
    DEGRADED = "degraded"
    """A part fails and goes on trying, or gives no sign of life."""
    DOWN = "down"
    """A part cannot go on."""


class Condition(StrEnum):
    """How a part is."""

    OK = "ok"
    FAILING = "failing"
    DOWN = "down"


_WORST_FIRST = ((Condition.DOWN, Status.DOWN), (Condition.FAILING, Status.DEGRADED))


@dataclass(frozen=True, slots=True)
class _Report:
    """What is known of a part. Times are monotonic seconds."""

    condition: Condition
    since: float
    why: str = ""


class Part:
    """One part of the service, and what it says of itself. Made by `Health.part`.

    Whatever it says is a sign of life too.
    """

    def __init__(self, name: str, lock: threading.Lock, clock: Callable[[], float]) -> None:
        self.name = name
        self._lock = lock
        self._clock = clock
        self._beaten = clock()
        self._heartbeat: float | None = None
        self._said = _Report(Condition.OK, self._beaten)

    def ok(self) -> None:
        """It works."""
        self._say(Condition.OK, "")

    def failing(self, why: str) -> None:
        """It does not work at the moment, and goes on trying; `why` is one line for the operator."""
        self._say(Condition.FAILING, why)

    def down(self, why: str) -> None:
        """It cannot go on by itself; `why` is one line for the operator."""
        self._say(Condition.DOWN, why)

    def beat(self) -> None:
        """It is alive, and as well as it last said."""
        with self._lock:
            self._beaten = self._clock()

    def _expect(self, heartbeat: float | None) -> None:
        """Begin to expect beats so many seconds apart at most; the lock is held."""
        self._heartbeat, self._beaten = heartbeat, self._clock()

    def _say(self, condition: Condition, why: str) -> None:
        with self._lock:
            now = self._beaten = self._clock()
            since = self._said.since if self._said.condition is condition else now
            self._said = _Report(condition, since, escaped(mask_urls(why))[:MAX_WHY])

    def _silent(self, now: float) -> bool:
        return self._heartbeat is not None and now - self._beaten > self._heartbeat

    def _report(self, now: float) -> _Report:
        """Return how it is, the lock being held: as it said, unless it fell silent."""
        if self._said.condition is Condition.DOWN or not self._silent(now):
            return self._said
        due = self._beaten + (self._heartbeat or 0.0)
        return _Report(Condition.FAILING, due, f"no sign of life for {now - self._beaten:.0f} s")


class Health:
    """Collects what the parts say.

    Args:
        clock: monotonic seconds.
        wall: Unix time; only to tell since when.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._parts: dict[str, Part] = {}
        self._started = clock()
        self._ready = False
        self._draining = False

    def part(self, name: str, *, heartbeat_seconds: float | None = None) -> Part:
        """Return the part of this name, `ok` when it is new; one that restarts finds itself again.

        Args:
            name: from our code or the configuration, never from a feed: everybody who may ask sees it.
            heartbeat_seconds: longest time between two signs of life; counted from now on. None expects none.
        """
        with self._lock:
            part = self._parts.setdefault(name, Part(name, self._lock, self._clock))
            part._expect(heartbeat_seconds)  # noqa: SLF001 - the two classes are one thing
        return part

    def forget(self, name: str) -> None:
        """Report a part no longer: it ended on purpose, or a new configuration has none of that name."""
        with self._lock:
            self._parts.pop(name, None)

    def ready(self) -> None:
        """Say that the start is complete."""
        self._ready = True

    def draining(self) -> None:
        """Say that the service is about to end: it takes no more work, and is never ready again."""
        self._draining = True

    @property
    def is_ready(self) -> bool:
        """Whether the service has started and does not drain."""
        return self._ready and not self._draining

    @property
    def is_alive(self) -> bool:
        """Whether no part that should give signs of life has fallen silent."""
        with self._lock:
            now = self._clock()
            return not any(part._silent(now) for part in self._parts.values())  # noqa: SLF001 - as in `part`

    @property
    def status(self) -> Status:
        """The worst that any part says."""
        with self._lock:
            now = self._clock()
            return _status({part._report(now).condition for part in self._parts.values()})  # noqa: SLF001 - as in `part`

    def snapshot(self) -> dict[str, Any]:
        """Return everything as JSON can tell it.

        `status` is `ok`, `degraded` or `down`, and `parts` has for each part `state` (`ok`, `failing` or `down`),
        `since` (RFC 3339) and, unless it is `ok`, `why`.
        """
        with self._lock:
            now, wall = self._clock(), self._wall()
            reports = {name: part._report(now) for name, part in self._parts.items()}  # noqa: SLF001 - as in `part`
        return {
            "status": str(_status({report.condition for report in reports.values()})),
            "ready": self.is_ready,
            "draining": self._draining,
            "uptime_seconds": round(now - self._started, 3),
            "parts": {name: _told(report, wall - now) for name, report in reports.items()},
        }


def _status(conditions: set[Condition]) -> Status:
    return next((status for condition, status in _WORST_FIRST if condition in conditions), Status.OK)


def _told(report: _Report, offset: float) -> dict[str, str]:
    """Return a report as JSON can tell it; the offset leads from monotonic to Unix time."""
    since = datetime.fromtimestamp(report.since + offset, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    told = {"state": str(report.condition), "since": since}
    return told if report.condition is Condition.OK else {**told, "why": report.why}
