"""`newstap fetch --group`: term after term, until told to end."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import ExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingest.config import ConfigError, Problem
from ingest.delivery import Delivery
from ingest.fleet import table
from ingest.fleet.service import Fleet, Options, opened
from ingest.fleet.shown import shown
from ingest.fleet.unread import Unread
from ingest.health import Health
from ingest.live.archiving import archiving_of
from ingest.live.service import Service
from ingest.live.workers import FETCH
from ingest.metrics import Metrics
from ingest.recipe import Recipe
from ingest.reload import WatchedTopics
from ingest.scaled import kafka_only
from ingest.wiring import connection_of, plan_of
from ingest.work.names import named
from sinks.outbox import Outbox

if TYPE_CHECKING:
    from ingest.config import Config, KafkaSink

log = logging.getLogger(__name__)


def fetch(config: Config, group: str, instance: str | None, stop: threading.Event) -> int:
    """Fetch what the group has for us until `stop` is set; return the exit code.

    Raises:
        ConfigError: the sinks are not Kafka alone, or there are feeds in the file.
        StoreError: the copy cannot be used, or another fetcher has it.
        ListenError: the listener's address cannot be had.
    """
    kafka = kafka_only(config, FETCH)
    _check_feeds(config)
    watched = WatchedTopics(Recipe(config=config))
    with ExitStack() as stack:
        name = stack.enter_context(named(config.state.path, FETCH, instance))
        health, metrics = Health(), Metrics(version=version("newstap"), topics=watched.topics.names)
        box = Outbox(opened(config.state.path, f"{group}-{name}"), job=FETCH)
        stack.callback(box.store.close)
        archiving = None if config.archive is None else archiving_of(config.archive, box, stack)
        options = Options(
            connection=connection_of(kafka),
            plan=plan_of(kafka, watched.topics.names, config, fleet=True),
            group=group_of(kafka, group),
            instance=name,
            compression=kafka.compression,
            largest=kafka.max_request_bytes,
            delay_seconds=config.fetch.host_delay_seconds,
            unread=Unread(),
        )
        metrics.gauge_from("newstap_fetch_unread_total", lambda: options.unread.count)
        log.info("fetching as %s in the group %s", name, options.group)
        seen = stack.enter_context(shown(config, health, metrics, options, box.store.path))
        while True:
            fleet = seen.fleet = Fleet(options, box, health.part("kafka"))
            delivery = Delivery(box, [fleet.sink()])
            service = Service(watched, box, delivery, health, metrics, archiving, None, None, fleet)
            code = asyncio.run(service.run(stop, threading.Event(), threading.Event()))
            if fleet.broken is not None:
                log.error("stopped: %s", fleet.broken)
                return 1
            if fleet.lost is None or stop.is_set():
                break
            log.warning("%s; everything is read again", fleet.lost)
            with box.store.transaction() as connection:
                table.clear(connection)
        if archiving is not None:
            archiving.end()
        return code


def group_of(kafka: KafkaSink, name: str) -> str:
    """Return what Kafka knows a group of fetchers as."""
    return f"newstap-{FETCH}-{kafka.topic_prefix}-{name}"


def _check_feeds(config: Config) -> None:
    if config.feeds:
        problem = Problem(
            source=str(config.file or "(defaults)"),
            key="feeds",
            what="fetchers of a group share out the feeds in Kafka, and know of no others",
            right="move them there: newstap feeds add URL, or import FILE",
        )
        raise ConfigError([problem])
