"""`newstap work`: pages out of Kafka, through the chain, and into Kafka again."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingest.config import load_processors
from ingest.health import Health
from ingest.items import unlinked
from ingest.linking import settle
from ingest.metrics import Metrics
from ingest.pool import Pool
from ingest.recipe import Limits, Recipe, topics_of
from ingest.scaled import kafka_only, listening
from ingest.wiring import connection_of, plan_of
from ingest.work.memory import Memory
from ingest.work.names import named
from ingest.work.reading import Reading
from ingest.work.seat import Terms
from ingest.work.shares import Taken
from ingest.work.shift import Pace, Shift
from processors.boilerplate.rules import LineRules
from sinks.codec import decode_whole_page

if TYPE_CHECKING:
    import sqlite3
    import threading
    from collections.abc import Sequence

    from ingest.config import Config, KafkaSink
    from processors.records import Outcome
    from sinks.base import Item

log = logging.getLogger(__name__)

COMMAND = "work"
BATCH_ROWS = 200
BATCH_SECONDS = 0.5
RECYCLE_PAGES = 2_000
"""Pages until a worker process is replaced: lxml's memory grows."""
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
        instance = stack.enter_context(named(config.state.path, COMMAND, options.instance))
        health, metrics = Health(), Metrics(version=version("newstap"), topics=topics)
        stack.enter_context(listening(config, health, metrics))
        group = options.group or f"newstap-work-{kafka.topic_prefix}"
        terms = _terms(config, kafka, topics, group=group, instance=instance)
        reading = Reading(terms, decode_whole_page, health.part("kafka"), stop)
        metrics.gauge_from("newstap_unread_pages", lambda: reading.unread)
        log.info("working as %s in the group %s", instance, group)
        pace = Pace(rows=BATCH_ROWS, seconds=BATCH_SECONDS, remember_seconds=config.state.remember_days * _DAY)
        shift = Shift(terms, pace, reading, metrics, health, stop)
        return shift.run(_pool(recipe, options).run(reading.entries()))


def _terms(config: Config, kafka: KafkaSink, topics: Sequence[str], *, group: str, instance: str) -> Terms:
    """Return the terms of a worker: where records are linked behind it, it has nothing to remember."""
    plan = plan_of(kafka, topics, config)
    linked = config.stories.enabled
    return Terms(
        connection=connection_of(kafka),
        plan=plan,
        reads=plan.names.pages,
        remembers=None if linked else plan.names.issued,
        memory=lambda: Memory(_handed_on if linked else settle),
        group=group,
        instance=instance,
        compression=kafka.compression,
        largest=kafka.max_request_bytes,
        busy_seconds=4 * config.extraction.worker_timeout_seconds,
    )


def _handed_on(connection: sqlite3.Connection, outcome: Outcome) -> tuple[Outcome, Item]:
    """Leave it to the one that links what a record repeats and changes; see `ingest.linking.Settle`."""
    del connection
    return outcome, unlinked(outcome)


def _pool(recipe: Recipe, options: Options) -> Pool[Taken]:
    extraction = recipe.config.extraction
    limits = Limits(extraction.worker_timeout_seconds, extraction.worker_memory_mb, RECYCLE_PAGES)
    return Pool(recipe, workers=options.workers or extraction.workers or len(os.sched_getaffinity(0)), limits=limits)
