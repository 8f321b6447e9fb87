"""`newstap link`: records out of Kafka, in their order, linked, and into Kafka again."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingest.config import ConfigError, Problem
from ingest.health import Health
from ingest.linking import settling
from ingest.metrics import Metrics
from ingest.recipe import Recipe, topics_of
from ingest.scaled import kafka_only, listening
from ingest.wiring import connection_of, plan_of
from ingest.work.memory import LINKED, Memory
from ingest.work.names import named
from ingest.work.reading import Reading
from ingest.work.seat import Terms
from ingest.work.shift import Pace, Shift
from sinks.codec import decode_record

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from ingest.config import Config, KafkaSink

log = logging.getLogger(__name__)

COMMAND = "link"
BATCH_ROWS = 500
BATCH_SECONDS = 0.2
_BUSY_SECONDS = 1_800.0
"""What is remembered is read between two looks at the group where nobody stood by: of millions of articles for long."""
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    group: str | None = None
    instance: str | None = None


def link(config: Config, options: Options, stop: threading.Event) -> int:
    """Link, or stand by, until `stop` is set; return the exit code.

    Raises:
        ConfigError: the sinks are not Kafka alone, or nothing is to be linked.
        TopicsError: a topic definition is wrong, or a topic unknown.
        StoreLockedError: another process has the wanted name.
        ListenError: the listener's address cannot be had.
    """
    kafka = kafka_only(config, COMMAND)
    _check(config)
    topics = topics_of(Recipe(config=config)).names
    with ExitStack() as stack:
        instance = stack.enter_context(named(config.state.path, COMMAND, options.instance))
        health, metrics = Health(), Metrics(version=version("newstap"), topics=topics)
        stack.enter_context(listening(config, health, metrics))
        group = options.group or f"newstap-link-{kafka.topic_prefix}"
        terms = _terms(config, kafka, topics, group=group, instance=instance)
        reading = Reading(terms, decode_record, health.part("kafka"), stop)
        log.info("linking, or standing by, as %s in the group %s", instance, group)
        pace = Pace(rows=BATCH_ROWS, seconds=BATCH_SECONDS, remember_seconds=config.state.remember_days * _DAY)
        return Shift(terms, pace, reading, metrics, health, stop).run(reading.entries())


def _check(config: Config) -> None:
    if not config.stories.enabled:
        problem = Problem(
            source=str(config.file or "(defaults)"),
            key="stories.enabled",
            what="newstap link has nothing to do: it is false, so workers publish what they make",
            right="leave it true for all commands, or run no link",
        )
        raise ConfigError([problem])


def _terms(config: Config, kafka: KafkaSink, topics: Sequence[str], *, group: str, instance: str) -> Terms:
    plan = plan_of(kafka, topics, config)
    return Terms(
        connection=connection_of(kafka),
        plan=plan,
        reads=plan.names.enriched,
        remembers=plan.names.linked,
        memory=lambda: Memory(settling(config.stories), LINKED),
        alone=True,
        group=group,
        instance=instance,
        compression=kafka.compression,
        largest=kafka.max_request_bytes,
        busy_seconds=_BUSY_SECONDS,
    )
