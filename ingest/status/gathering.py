"""From the state, the service and Kafka to figures; each is asked, none is waited for long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ingest import alarms, pending, state
from ingest.feedcommands import known
from ingest.profiles import Profiles
from ingest.schedule import Health
from ingest.status.attention import attention
from ingest.status.figures import Feeds, Fetchers, Sink, Status, Workers
from ingest.status.service import service
from sinks.base import Kind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.config import Config, KafkaSink
    from ingest.feedcommands.known import Known

OVERDUE_SECONDS = 300.0
"""A poll may be so late: hosts are asked in turn, and pages of the same host come in between."""
_HOUR = 3600
_KAFKA_SECONDS = 3.0


def status(config: Config, *, now: float) -> Status:
    """Return how things are at a Unix time.

    Raises:
        StoreError: there is a state, and it cannot be read.
    """
    workers, link = (None, None) if config.sinks.kafka is None else _groups(config.sinks.kafka)
    found = Status(
        state=str(config.state.path),
        exists=(config.state.path / state.FILE).exists(),
        service=service(config),
        feeds=_feeds(known.feeds(config), now),
        workers=workers,
        link=link,
        fetchers=_fetchers(config, asked=workers is not None and workers.problem is None, now=now),
        profiles=Profiles(config.state.path).count(),
        archive_bytes=None if config.archive is None else _size(config.archive.path),
    )
    with known.existing(config) as store:
        if store is not None:
            with store.reading() as connection:
                found = _with_books(found, connection, now)
    return replace(found, attention=tuple(attention(found)))


def _feeds(feeds: Sequence[Known], now: float) -> Feeds:
    states = [_state_of(feed) for feed in feeds]
    due = [feed.next_poll for feed in feeds if feed.next_poll is not None]
    return Feeds(
        total=len(feeds),
        **{name: states.count(name) for name in ("healthy", "failing", "paused", "dead", "never_polled")},
        overdue=sum(moment < now - OVERDUE_SECONDS for moment in due),
        next_due=min(due, default=None),
    )


def _state_of(feed: Known) -> str:
    if feed.paused:
        return "paused"
    if feed.state.health is not Health.ACTIVE:
        return "dead"
    if feed.state.error is not None:
        return "failing"
    return "never_polled" if feed.state.last_success is None else "healthy"


def _with_books(found: Status, connection: sqlite3.Connection, now: float) -> Status:
    tally = [(Kind(kind), label, n) for kind, label, n in connection.execute("SELECT kind, label, n FROM tally")]
    places = connection.execute("SELECT sink, seq FROM ledger ORDER BY sink").fetchall()
    sinks = tuple(_sink(connection, str(name), int(seq)) for name, seq in places)
    return replace(
        found,
        entries_waiting=pending.waiting(connection).rows,
        outbox=max((sink.waiting for sink in sinks), default=0),
        sinks=sinks,
        records=sum(n for kind, _, n in tally if kind is Kind.RECORD),
        articles_hour=_articles(connection, now - _HOUR),
        articles_day=_articles(connection, now - 24 * _HOUR),
        skipped=sum(n for kind, _, n in tally if kind is Kind.SKIPPED),
        alarms=tuple(alarms.current(connection)),
        dead_letters={step: n for kind, step, n in tally if kind is Kind.DEAD_LETTER},
    )


def _sink(connection: sqlite3.Connection, name: str, seq: int) -> Sink:
    waiting = connection.execute("SELECT count(*) FROM outbox WHERE seq > ?", (seq,)).fetchone()[0]
    row = connection.execute(
        "SELECT fetched FROM outbox WHERE seq > ? AND fetched IS NOT NULL ORDER BY seq LIMIT 1", (seq,)
    ).fetchone()
    oldest = None if row is None else datetime.fromisoformat(row[0]).timestamp()
    return Sink(name=name, position=seq, waiting=int(waiting), oldest=oldest)


def _articles(connection: sqlite3.Connection, since: float) -> int:
    return int(connection.execute("SELECT count(*) FROM issued WHERE last >= ?", (int(since),)).fetchone()[0])


def _groups(kafka: KafkaSink) -> tuple[Workers, Workers]:
    """Ask how far the groups of `newstap work` and `newstap link` are; the second not of a broker that is away."""
    from sinks.kafka_messages import Names  # noqa: PLC0415 - the library takes a fifth of a second

    names = Names(kafka.topic_prefix)
    workers = _group(kafka, "work", names.pages)
    if workers.problem is not None:
        return workers, replace(workers, group=_named(kafka, "link"))
    return workers, _group(kafka, "link", names.enriched)


def _group(kafka: KafkaSink, command: str, topic: str) -> Workers:
    from ingest.wiring import connection_of  # noqa: PLC0415 - as above
    from sinks.kafka_admin import lag  # noqa: PLC0415 - as above
    from sinks.kafka_client import KafkaTroubleError  # noqa: PLC0415 - as above

    group = _named(kafka, command)
    try:
        connection = replace(connection_of(kafka), patience_seconds=_KAFKA_SECONDS)
        return Workers(group=group, lag=lag(connection, group, topic))
    except KafkaTroubleError as trouble:
        return Workers(group=group, problem=str(trouble))


def _fetchers(config: Config, *, asked: bool, now: float) -> Fetchers | None:
    """Tell of a group of fetchers. Who has which feeds is asked; not of a broker that is away."""
    if config.fetch.group is None or config.sinks.kafka is None:
        return None
    from ingest.fleet.here import found  # noqa: PLC0415 - as in `_groups`
    from ingest.fleet.serving import group_of  # noqa: PLC0415 - as above

    told = Fetchers(
        group=group_of(config.sinks.kafka, config.fetch.group),
        here=tuple(found(config.state.path, config.fetch.group, now)),
    )
    if not asked:
        return replace(told, problem="Kafka does not answer")
    return _shared_out(config, config.sinks.kafka, told)


def _shared_out(config: Config, kafka: KafkaSink, told: Fetchers) -> Fetchers:
    from ingest.fleet.asking import ask  # noqa: PLC0415 - as above
    from ingest.wiring import connection_of, plan_of  # noqa: PLC0415 - as above
    from sinks.kafka_client import KafkaTroubleError  # noqa: PLC0415 - as above

    names = plan_of(kafka, (), config, fleet=True).names
    try:
        shares = ask(connection_of(kafka), told.group, names)
    except KafkaTroubleError as trouble:
        return replace(told, problem=str(trouble))
    owned = {name: len(numbers) for name, numbers in shares.members.items()}
    return replace(told, owned=owned, unowned=len(shares.unowned), settled=shares.is_settled, lag=shares.lag)


def _named(kafka: KafkaSink, command: str) -> str:
    return f"newstap-{command}-{kafka.topic_prefix}"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
