"""Transactions that fetchers have left open: whoever takes over ends those of the dead, and no others."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from sinks.kafka_admin import Plan, admin, prepare
from sinks.kafka_client import Connection, FencedError
from sinks.kafka_fleet import client_of, end_what_the_dead_began
from sinks.kafka_group import Member
from sinks.kafka_messages import Names, Note
from sinks.kafka_producer import Session
from tests.fleet.fetchers import Fleet
from tests.work.running import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

ALIVE, DEAD, STRANGER = "a" * 12, "d" * 12, "5" * 12
LONG_SECONDS = 600.0
"""The broker ends nothing by itself meanwhile."""


@contextmanager
def begun(broker: Broker, topic_prefix: str, name: str) -> Iterator[Session]:
    """A producer with an open transaction: a note in each partition of what is known of feeds."""
    names = Names(topic_prefix, (), scaled=True, fleet=True)
    session = Session(
        Connection(broker.bootstrap),
        transactional_id=name,
        watermark_topic=names.feeds,
        compression="none",
        max_request_size=1_000_000,
        stall_seconds=60,
        transaction_seconds=LONG_SECONDS,
    )
    try:
        now = int(time.time() * 1000)
        session.send([Note((names.states,), number, b'["feed",1]', None, now, []) for number in range(3)])
        until(lambda: name in open_ones(broker, name))
        yield session
    finally:
        session.close()


def open_ones(broker: Broker, prefix: str) -> list[str]:
    with admin(Connection(broker.bootstrap)) as asked:
        return asked.unfinished(prefix)


def test_only_what_fetchers_began_that_are_in_the_group_no_more_is_ended(broker: Broker, topic_prefix: str) -> None:
    connection, group = Connection(broker.bootstrap), f"group-{topic_prefix}"
    plan = Plan(Names(topic_prefix, (), scaled=True, fleet=True), partitions=3)
    prepare(connection, plan)
    member = Member(
        connection,
        group=group,
        instance="one",
        topic=plan.names.feeds,
        session_seconds=10,
        busy_seconds=1,
        client_id=client_of(ALIVE),
    )
    with ExitStack() as stack:
        stack.callback(member.close, leave=True)
        until(lambda: (member.poll(0.1), member.changes())[1])
        names = [f"{group}-{ALIVE}", f"{group}-{DEAD}", f"{group}-more-{STRANGER}"]
        alive, dead, stranger = (stack.enter_context(begun(broker, topic_prefix, name)) for name in names)

        assert end_what_the_dead_began(connection, group) == [DEAD]

        alive.commit(1)
        stranger.commit(1)
        with pytest.raises(FencedError):
            dead.commit(1)
        assert open_ones(broker, group) == []
        assert end_what_the_dead_began(connection, group) == []


def test_a_fetcher_that_takes_over_does_not_wait_for_what_the_dead_left_open(
    tmp_path: Path, broker: Broker, topic_prefix: str
) -> None:
    """Else it would read nothing beyond it until the broker's time for transactions is over."""
    fleet = Fleet(tmp_path, broker.bootstrap, topic_prefix, 3, 3, 3.0)
    group = f"newstap-fetch-{topic_prefix}-town"
    with fleet.open(), begun(broker, topic_prefix, f"{group}-{DEAD}"):
        fleet.begin("one")
        fleet.until_polled(time.time(), 60)
    assert f"ended what fetcher {DEAD} had begun to write" in (tmp_path / "one" / "log").read_text()
