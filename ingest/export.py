"""`newstap export`: one consumer that keeps files of what is in Kafka, each record exactly once.

The offsets that were read are committed with the items to the outbox, the items' place in the files with their length:
after a crash at any instant neither is ahead of the other.
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingest import jobs
from ingest.config import FilesSink, Sinks
from ingest.delivery import Delivery
from ingest.figures import tell_lag, tell_sinks
from ingest.health import Health
from ingest.metrics import Metrics
from ingest.pipeline import HandOn, Pipeline
from ingest.progress import Counting
from ingest.scaled import kafka_of, listening
from ingest.sources import topics
from ingest.sources.base import SourceError
from ingest.wiring import connection_of, sinks_of
from sinks import outbox
from sinks.base import Item, Kind
from sinks.kafka_messages import Names

if TYPE_CHECKING:
    import sqlite3
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.config import Config
    from ingest.health import Part
    from ingest.sources.base import Entry

log = logging.getLogger(__name__)

STATE = jobs.Layout("export.sqlite", (outbox.SCHEMA + topics.SCHEMA,))
_DRAIN_SECONDS = 15.0
_TELL_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    to: Path
    exit_when_idle: bool = False


def export(config: Config, options: Options, stop: threading.Event) -> int:
    """Keep files until `stop` is set, or until everything is in them; return the exit code.

    Raises:
        ConfigError: no Kafka.
        JobError: the folder holds something else.
        StoreError: the state cannot be used, or another export works on the folder.
        ListenError: the listener's address cannot be had.
    """
    kafka = kafka_of(config, "export")
    names = Names(kafka.topic_prefix)
    files = replace(config.sinks.files or FilesSink(), path=options.to)
    job = jobs.Job(inputs=(f"Kafka topics {kafka.topic_prefix}.*",), to=str(options.to.resolve()), kafka=None)
    box = jobs.opened(job, config, restart=False, layout=STATE)
    count = Counting("items", sys.stderr)
    try:
        source = _Watched(
            connection_of(kafka),
            {names.articles: Kind.RECORD, names.dead_letters: Kind.DEAD_LETTER},
            box.store,
            until_end=options.exit_when_idle,
        )
        delivery = Delivery(box, sinks_of(Sinks(files=files), box, ()))
        pipeline = Pipeline[topics.Passed, Item](
            source=source,
            pool=HandOn[Item, topics.Passed](),
            settle=_kept,
            outbox=box,
            delivery=delivery,
            stop=stop,
            on_outcome=lambda _: count.advance(),
        )
        before = box.tally()
        log.info("exporting %s and %s to %s", names.articles, names.dead_letters, options.to)
        health, metrics = Health(), Metrics(version=version("newstap"))
        tell_sinks(metrics, delivery.states, box)
        tell_lag(metrics, lambda: source.lag)
        source.tell = partial(_tell, health.part("kafka"), health.part("files"), source, delivery)
        with listening(config, health, metrics):
            health.ready()
            problem = _run(pipeline, delivery, health)
        _summary(before, box.tally())
    finally:
        count.close()
        box.store.close()
    if problem is not None:
        log.error("stopped before all was written: %s", problem)
    return 0 if problem is None else 1


class _Watched(topics.TopicsSource):
    """The topics, and while they are read somebody is told now and then how all is."""

    tell: Callable[[], None]

    def entries(self) -> Iterator[Entry[topics.Passed] | None]:
        """See `Source`."""
        told_at = 0.0
        for entry in super().entries():
            if time.monotonic() - told_at >= _TELL_SECONDS:
                told_at = time.monotonic()
                self.tell()
            yield entry


def _tell(kafka: Part, files: Part, source: topics.TopicsSource, delivery: Delivery) -> None:
    """Say how Kafka and the files do."""
    trouble = next((state.broken or state.trouble for state in delivery.states()), None)
    for part, why in ((kafka, source.trouble), (files, trouble)):
        if why is None:
            part.ok()
        else:
            part.failing(why)


def _kept(connection: sqlite3.Connection, item: Item) -> tuple[Item, Item]:
    """Settle an item as it is: whoever published it has numbered it."""
    del connection
    return item, item


def _run(pipeline: Pipeline[topics.Passed, Item], delivery: Delivery, health: Health) -> Exception | str | None:
    """Return what went wrong."""
    problem: Exception | None = None
    drained = False
    delivery.start()
    try:
        try:
            pipeline.run()
        except SourceError as error:
            problem = error
        health.draining()
        drained = _drained(delivery)
    finally:
        delivery.stop(finish=drained)
    return problem or delivery.broken or (None if drained else "the rest goes on with the next start")


def _drained(delivery: Delivery) -> bool:
    deadline = time.monotonic() + _DRAIN_SECONDS
    while not delivery.drained():
        if delivery.broken is not None or delivery.failing or time.monotonic() > deadline:
            return False
        delivery.wait(0.2)
    return True


def _summary(before: dict[tuple[Kind, str], int], after: dict[tuple[Kind, str], int]) -> None:
    counts = {
        kind: sum(n - before.get(what, 0) for what, n in after.items() if what[0] is kind)
        for kind in (Kind.RECORD, Kind.DEAD_LETTER)
    }
    log.info("%d records and %d dead letters written", counts[Kind.RECORD], counts[Kind.DEAD_LETTER])
