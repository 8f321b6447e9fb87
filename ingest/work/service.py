"""`newstap work`: pages out of Kafka, through the chain, and into Kafka again."""

from __future__ import annotations

import logging
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingest.config import load_processors
from ingest.figures import tell_lag
from ingest.health import Health
from ingest.metrics import Metrics
from ingest.notify import Notifier
from ingest.pool import Pool
from ingest.recipe import Limits, Recipe, topics_of
from ingest.scaled import kafka_only, listening
from ingest.wiring import connection_of, plan_of
from ingest.work.link import Terms
from ingest.work.names import named
from ingest.work.reading import Reading
from ingest.work.settling import Settling
from ingest.work.shares import Taken
from processors.boilerplate.rules import LineRules
from sinks.base import SinkBrokenError
from sinks.kafka_client import KafkaTroubleError, OverdueError, RefusedError
from sinks.kafka_fitting import Fitting

if TYPE_CHECKING:
    import threading

    from ingest.config import Config
    from ingest.work.settling import Row
    from processors.records import Outcome

log = logging.getLogger(__name__)

COMMAND = "work"
BATCH_ROWS = 200
BATCH_SECONDS = 0.5
RECYCLE_PAGES = 2_000
"""Pages until a worker process is replaced: lxml's memory grows."""
SETTLE_SECONDS = 12.0
"""How long what was read may take to become records once the worker is to end."""
_FORGET_SECONDS = 3_600.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    group: str | None = None
    instance: str | None = None
    workers: int = 0


def work(config: Config, options: Options, stop: threading.Event) -> int:
    """Work until `stop` is set; return the exit code.

    Raises:
        ConfigError: the sinks are not Kafka alone, or a processor cannot be built.
        RulesError: a boilerplate rule is wrong.
        TopicsError: a topic definition is wrong, or a topic unknown.
        StoreLockedError: another worker has the wanted name.
        PoolError: no worker process can start.
        ListenError: the listener's address cannot be had.
    """
    kafka = kafka_only(config, COMMAND)
    recipe = Recipe(config=config)
    topics = topics_of(recipe).names
    LineRules.load(config.extraction.rules)
    load_processors(config)
    with ExitStack() as stack:
        instance = stack.enter_context(named(config.state.path, options.instance))
        health, metrics = Health(), Metrics(version=version("newstap"), topics=topics)
        stack.enter_context(listening(config, health, metrics))
        terms = Terms(
            connection=connection_of(kafka),
            plan=plan_of(kafka, topics, config),
            group=options.group or f"newstap-work-{kafka.topic_prefix}",
            instance=instance,
            compression=kafka.compression,
            largest=kafka.max_request_bytes,
            busy_seconds=4 * config.extraction.worker_timeout_seconds,
        )
        reading = Reading(terms, health.part("kafka"), stop)
        metrics.gauge_from("newstap_unread_pages", lambda: reading.unread)
        metrics.gauge_from("newstap_partitions", lambda: len(reading.shares))
        tell_lag(metrics, lambda: reading.lag)
        log.info("working as %s in the group %s", instance, terms.group)
        return _Work(recipe, options, terms, reading, metrics, health, stop).run()


class _Work:
    """One run of a worker."""

    def __init__(  # noqa: PLR0917 - each is one part of the whole, named as in the caller
        self,
        recipe: Recipe,
        options: Options,
        terms: Terms,
        reading: Reading,
        metrics: Metrics,
        health: Health,
        stop: threading.Event,
    ) -> None:
        extraction = recipe.config.extraction
        limits = Limits(extraction.worker_timeout_seconds, extraction.worker_memory_mb, RECYCLE_PAGES)
        count = options.workers or extraction.workers or len(os.sched_getaffinity(0))
        self._pool = Pool[Taken](recipe, workers=count, limits=limits)
        self._remember_seconds = recipe.config.state.remember_days * _DAY
        self._fitting = Fitting(
            terms.plan.names,
            max_request_size=terms.largest,
            page_bytes=terms.plan.page_bytes,
            compression=terms.compression,
            now=lambda: datetime.now(UTC),
        )
        self._settling = Settling(self._fitting, terms.plan.names.issued)
        metrics.gauge_from("newstap_sink_delivered_total", lambda: {"kafka": self._settling.delivered})
        metrics.gauge_from("newstap_sink_refused_total", lambda: {"kafka": self._settling.refused})
        metrics.gauge_from(
            "newstap_sink_last_commit_timestamp_seconds",
            lambda: {} if self._settling.committed is None else {"kafka": self._settling.committed},
        )
        self._reading = reading
        self._metrics = metrics
        self._health = health
        self._stop = stop
        self._notifier = Notifier()
        self._batch: list[Row] = []
        self._since = self._forgot_at = time.monotonic()
        self._most = BATCH_ROWS
        self._alone = 0
        """So many rows go one by one: among them is one that Kafka refuses."""
        self._ending_at: float | None = None
        self._broken: Exception | None = None

    def run(self) -> int:
        """Work until it is to end; return the exit code."""
        self._health.ready()
        self._notifier.ready()
        answers = self._pool.run(self._reading.entries())
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
                share.memory.forget(time.time() - self._remember_seconds)

    def _is_due(self) -> bool:
        return len(self._batch) >= self._most or (bool(self._batch) and time.monotonic() - self._since >= BATCH_SECONDS)

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
        link = self._reading.link
        if link is None:
            return None
        self._fitting.limits = link.limits
        try:
            outcomes = self._settling.settle(rows, link)
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
        given_up = in_hand and self._reading.link is None
        broken = self._broken or self._reading.broken
        self._reading.close(leave=broken is None)
        if broken is not None:
            log.error("stopped: %s", broken)
        elif given_up:
            log.warning("stopped before all in hand was settled; its pages are read again")
        return 1 if broken is not None or given_up else 0
