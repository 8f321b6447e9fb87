"""Changing which feeds there are: read all, decide, write what changed, and let no other command come between."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ingest.feedstore import host_of
from ingest.fleet.definitions import Defined, encoded, readable
from sinks.kafka_admin import admin, prepare
from sinks.kafka_messages import Note
from sinks.kafka_producer import Session, partition_of
from sinks.kafka_reading import read_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sinks.kafka_admin import Plan
    from sinks.kafka_client import Connection

_STALL_SECONDS = 30.0


def all_feeds(connection: Connection, plan: Plan) -> list[Defined]:
    """Return every feed that is defined, hosts in order. A message that is none of ours is told and passed over.

    Raises:
        KafkaTroubleError: no answer.
    """
    prepare(connection, plan)
    return list(readable(sorted(_read(connection, plan.names.feeds).items())))


def change(
    connection: Connection,
    plan: Plan,
    decide: Callable[[list[Defined]], Iterable[Defined]],
) -> None:
    """Have the feeds be what `decide` makes of those there are.

    Two commands at a time cannot undo each other: the later one fences the earlier, which then fails. What a host has
    that is no definition of ours stays until its feeds are defined.

    Raises:
        KafkaTroubleError: no answer; FencedError where another command came between.
    """
    limits = prepare(connection, plan)
    topic = plan.names.feeds
    session = Session(
        connection,
        transactional_id=f"newstap-feeds-{topic}",
        watermark_topic=topic,
        compression="lz4",
        max_request_size=limits.get(topic, 1_000_000),
        stall_seconds=_STALL_SECONDS,
        transaction_seconds=_STALL_SECONDS,
    )
    try:
        before = _read(connection, topic)
        known = list(readable(before.items()))
        ours = {host_of(one.feed.url) for one in known}
        wanted = _by_host(decide(known))
        changed = {host: wanted.get(host) for host in ours | wanted.keys() if before.get(host) != wanted.get(host)}
        if changed:
            with admin(connection) as broker:
                count = broker.partitions(topic)
            now = int(time.time() * 1000)
            session.send(
                Note((topic,), partition_of(host.encode(), count), host.encode(), value, now)
                for host, value in sorted(changed.items())
            )
            session.commit(0)
    finally:
        session.close()


def _by_host(feeds: Iterable[Defined]) -> dict[str, bytes | None]:
    hosts: dict[str, list[Defined]] = {}
    for one in feeds:
        hosts.setdefault(host_of(one.feed.url), []).append(one)
    return {host: encoded(those) for host, those in hosts.items()}


def _read(connection: Connection, topic: str) -> dict[str, bytes | None]:
    """Return the last message of each host."""
    found = {one.key: one.body for one in read_topic(connection, topic)}
    return {host: value for host, value in found.items() if value is not None}
