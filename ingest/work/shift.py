"""What a member of a group does all day: settles what becomes of what it reads, a batch at a time."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ingest.figures import tell_lag
from ingest.notify import Notifier
from ingest.work.settling import Settling
from sinks.base import SinkBrokenError
from sinks.kafka_client import KafkaTroubleError, OverdueError, RefusedError
from sinks.kafka_fitting import Fitting

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

    from ingest.health import Health
    from ingest.metrics import Metrics
    from ingest.work.reading import Reading
    from ingest.work.seat import Terms
    from ingest.work.settling import Row
    from ingest.work.shares import Taken
    from processors.records import Outcome

log = logging.getLogger(__name__)

SETTLE_SECONDS = 12.0
"""How long what was read may take to become records once the process is to end."""
_FORGET_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much is settled at once.

    Args:
        rows: of a batch, at most.
        seconds: from the first of a batch to its end.
        remember_seconds: how long it is remembered what was issued, after it was last met.
    """

    rows: int
    seconds: float
    remember_seconds: float


class Shift:
    """One run of a member.

    Args:
        terms: of its seat.
        pace: see there.
        reading: what it reads.
        metrics: are told what became of it.
        health: is told how it does.
        stop: ends it in good order.
    """

    def __init__(  # noqa: PLR0917 - each is one part of the whole, named as in the caller
        self,
        terms: Terms,
        pace: Pace,
        reading: Reading[Any],
        metrics: Metrics,
        health: Health,
        stop: threading.Event,
    ) -> None:
        self._pace = pace
        self._fitting = Fitting(
            terms.plan.names,
            max_request_size=terms.largest,
            page_bytes=terms.plan.page_bytes,
            compression=terms.compression,
            now=lambda: datetime.now(UTC),
        )
        self._settling = Settling(self._fitting, terms.remembers)
        self._reading = reading
        self._metrics = metrics
        self._health = health
        self._stop = stop
        self._notifier = Notifier()
        self._batch: list[Row] = []
        self._since = self._forgot_at = time.monotonic()
        self._most = pace.rows
        self._alone = 0
        """So many rows go one by one: among them is one that Kafka refuses."""
        self._ending_at: float | None = None
        self._broken: Exception | None = None
        self._tell()

    def _tell(self) -> None:
        """Have the metrics ask how it goes."""
        metrics, settling = self._metrics, self._settling
        metrics.gauge_from("newstap_partitions", lambda: len(self._reading.shares))
        tell_lag(metrics, lambda: self._reading.lag)
        metrics.gauge_from("newstap_sink_delivered_total", lambda: {"kafka": settling.delivered})
        metrics.gauge_from("newstap_sink_refused_total", lambda: {"kafka": settling.refused})
        metrics.gauge_from(
            "newstap_sink_last_commit_timestamp_seconds",
            lambda: {} if settling.committed is None else {"kafka": settling.committed},
        )

    def run(self, answers: Generator[tuple[Outcome | None, Taken] | None, None, None]) -> int:
        """Settle outcomes, each with what it was read as, until it is to end; return the exit code."""
        self._health.ready()
        self._notifier.ready()
        try:
            for answer in answers:
                if answer is not None and answer[0] is not None:
                    self._take((answer[0], answer[1]))
                self._tend()
                if self._is_due():
                    self._commit()
                if self._is_late():
                    break
        finally:
            self._health.draining()
            self._notifier.stopping()
            answers.close()
        return self._end()

    def _take(self, row: Row) -> None:
        if not self._batch:
            self._since = time.monotonic()
        self._batch.append(row)

    def _tend(self) -> None:
        self._notifier.watchdog()
        if self._stop.is_set():
            self._ending_at = self._ending_at or time.monotonic()
            return
        self._reading.tend()
        if time.monotonic() - self._forgot_at >= _FORGET_SECONDS and not self._batch:
            self._forgot_at = time.monotonic()
            for share in self._reading.shares:
                share.memory.forget(time.time() - self._pace.remember_seconds)

    def _is_due(self) -> bool:
        return len(self._batch) >= self._most or (
            bool(self._batch) and time.monotonic() - self._since >= self._pace.seconds
        )

    def _is_late(self) -> bool:
        if self._broken is not None or self._reading.broken is not None:
            return True
        return self._ending_at is not None and time.monotonic() - self._ending_at >= SETTLE_SECONDS

    def _commit(self) -> None:
        """Settle the batch, in one transaction if nothing is amiss."""
        while self._broken is None and (batch := [row for row in self._batch if not row[1].share.gone]):
            self._batch = batch
            rows = batch[: 1 if self._alone else self._most]
            if (outcomes := self._settled(rows)) is None:
                break
            del self._batch[: len(rows)]
            self._alone = max(0, self._alone - len(rows))
            for outcome in outcomes:
                self._metrics.saw(outcome)
        else:
            self._batch = []

    def _settled(self, rows: list[Row]) -> list[Outcome] | None:
        """Return what was settled; None, with everything in hand given up, where nothing was."""
        seat = self._reading.seat
        if seat is None:
            return None
        self._fitting.limits = seat.limits
        try:
            outcomes = self._settling.settle(rows, seat)
        except RefusedError as refused:
            self._isolate(rows, str(refused))
            self._reading.lose(refused)
        except KafkaTroubleError as trouble:
            if isinstance(trouble, OverdueError):
                self._most = max(self._most // 4, 1)
            self._reading.lose(trouble)
        except SinkBrokenError as broken:
            self._broken = broken
        else:
            self._reading.settled()
            return outcomes
        self._batch = []
        return None

    def _isolate(self, rows: list[Row], reason: str) -> None:
        if len(rows) == 1:
            self._settling.refuse(rows[0][1], reason)
        else:
            log.warning("Kafka refuses one of %d records, so they go one by one: %s", len(rows), reason)
        self._alone = max(self._alone, len(rows))

    def _end(self) -> int:
        """Settle what is in hand, and leave the group."""
        in_hand = any(not taken.share.gone for _, taken in self._batch)
        self._commit()
        given_up = in_hand and self._reading.seat is None
        broken = self._broken or self._reading.broken
        self._reading.close(leave=broken is None)
        if broken is not None:
            log.error("stopped: %s", broken)
        elif given_up:
            log.warning("stopped before all in hand was settled; the rest is read again")
        return 1 if broken is not None or given_up else 0
