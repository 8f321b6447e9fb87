"""`newstap run`, and `newstap fetch` with the feeds to itself: from the configuration to a service that runs."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingest import state
from ingest.config import load_processors
from ingest.delivery import Delivery
from ingest.health import Health
from ingest.live.archiving import archiving_of
from ingest.live.listening import listening
from ingest.live.service import Service
from ingest.live.workers import FETCH
from ingest.metrics import Metrics
from ingest.recipe import Recipe
from ingest.reload import WatchedTopics
from ingest.scaled import kafka_only
from ingest.wiring import kafka_sink, sinks_of
from processors.boilerplate.rules import LineRules
from sinks.base import Kind
from sinks.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.config import Config
    from ingest.dashboard import Dashboard
    from processors.records import Outcome
    from sinks.base import Sink

JOB = "run"


def serve(
    config: Config,
    stop: threading.Event,
    *,
    job: str = JOB,
    on_outcome: Callable[[Outcome], None] | None = None,
    idle: threading.Event | None = None,
    reload: threading.Event | None = None,
) -> int:
    """Run the service until `stop` is set; return the exit code.

    Args:
        config: all of it.
        stop: ends the service in an orderly way.
        job: `JOB`, or `FETCH`: pages go to Kafka for workers elsewhere, in place of the records that come of them.
        on_outcome: called with each outcome once it is committed, in the pipeline's thread; not with pages.
        idle: set whenever nothing is under way and everything accepted is delivered; cleared otherwise.
        reload: set it to have the configuration read anew.

    Raises:
        StoreError: the state cannot be used, or another service runs on it.
        RulesError: a boilerplate rule is wrong.
        TopicsError: a topic definition is wrong, or a topic unknown.
        ConfigError: a processor cannot be built, or a fetcher's sinks are not Kafka alone.
        ArchiveError: the archive cannot be used.
        ListenError: the listener's address, as configured, cannot be had.
    """
    watched = WatchedTopics(Recipe(config=config))
    topics = watched.topics
    if job == FETCH:
        kafka_only(config, FETCH)
    else:
        LineRules.load(config.extraction.rules)
        load_processors(config)
    with ExitStack() as stack:
        box = Outbox(state.owned(config.state.path), job=job)
        stack.callback(box.store.close)
        health, metrics = Health(), Metrics(version=version("newstap"), topics=topics.names)
        dashboard = None
        if job == JOB or "dashboard.listen" in config.given:
            dashboard = listening(config, health, metrics, topics.names if job == JOB else None, stack)
        delivery = Delivery(box, _sinks(config, job, box, topics.names, dashboard))
        archiving = None if config.archive is None else archiving_of(config.archive, box, stack)
        service = Service(watched, box, delivery, health, metrics, archiving, dashboard, on_outcome)
        code = asyncio.run(service.run(stop, idle or threading.Event(), reload or threading.Event()))
        if archiving is not None:
            archiving.end()
        return code


def _sinks(config: Config, job: str, box: Outbox, topics: Sequence[str], dashboard: Dashboard | None) -> list[Sink]:
    """Return the sinks. What a service of the other job has left in the outbox goes out too."""
    if job == FETCH:
        return [kafka_sink(kafka_only(config, FETCH), box, topics, pages=config, alarms=config.tells_alarms)]
    landed = None if dashboard is None else dashboard.landed
    pages = config if box.holds(Kind.PAGE) else None
    return sinks_of(config.sinks, box, topics, pages=pages, landed=landed, alarms=config.tells_alarms)
