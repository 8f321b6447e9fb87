"""Members of a consumer group, against the real broker."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewPartitions

from sinks.kafka_admin import Plan, prepare
from sinks.kafka_client import Connection, FencedError, Place
from sinks.kafka_group import Change, Member
from sinks.kafka_messages import Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


@contextmanager
def member(broker: Broker, prefix: str, instance: str, *, notice_seconds: float = 30.0) -> Iterator[Member]:
    """A member of the group of the prefix, that leaves at the end."""
    made = Member(
        Connection(broker.bootstrap),
        group=f"group-{prefix}",
        instance=instance,
        topic=Names(prefix, scaled=True).pages,
        session_seconds=6,
        busy_seconds=1,
        notice_seconds=notice_seconds,
    )
    try:
        yield made
    finally:
        made.close(leave=True)


@pytest.fixture
def topic(broker: Broker, topic_prefix: str) -> str:
    """The topic of pages, with three partitions."""
    names = Names(topic_prefix, scaled=True)
    prepare(Connection(broker.bootstrap), Plan(names, partitions=3))
    return names.pages


def held(one: Member, places: set[Place]) -> set[Place]:
    """Take part for a moment; return what is held then, of what was."""
    one.poll(0.003)  # far shorter than a rebalance takes
    for change, changed in one.changes():
        places = places | set(changed) if change is Change.GIVEN else places - set(changed)
    return places


@pytest.mark.usefixtures("topic")
def test_two_share_and_the_one_that_stays_has_all(broker: Broker, topic_prefix: str) -> None:
    first: set[Place] = set()
    with member(broker, topic_prefix, "one") as one:
        with member(broker, topic_prefix, "two") as two:
            second: set[Place] = set()
            deadline = time.monotonic() + 60
            # All at once: a member that was slow to answer may have the two share anew at any moment.
            while not (
                {len(first), len(second)} == {1, 2}
                and one.is_settled
                and two.is_settled
                and one.shared_out() == {"one": first, "two": second}
            ):
                assert time.monotonic() < deadline, (first, second)
                first, second = held(one, first), held(two, second)
            assert not first & second
        deadline = time.monotonic() + 60
        while len(first) < 3 and time.monotonic() < deadline:
            first = held(one, first)
    assert len(first) == 3


def test_partitions_that_are_added_are_taken_up(broker: Broker, topic_prefix: str, topic: str) -> None:
    """However short its polls are: the library alone forgets them where a rebalance outlasts a poll."""
    with member(broker, topic_prefix, "one", notice_seconds=0.2) as one:
        places: set[Place] = set()
        for wanted in (3, 4, 5, 6, 7):
            if wanted > 3:
                client = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
                client.create_partitions({topic: NewPartitions(wanted)})
                client.close()
            deadline = time.monotonic() + 60
            while len(places) < wanted and time.monotonic() < deadline:
                places = held(one, places)
            assert places == {Place(topic, number) for number in range(wanted)}


@pytest.mark.usefixtures("topic")
def test_the_first_of_one_name_is_told(broker: Broker, topic_prefix: str) -> None:
    with member(broker, topic_prefix, "mine") as first:
        deadline = time.monotonic() + 60
        while not first.is_settled and time.monotonic() < deadline:
            first.poll(0.05)
        with member(broker, topic_prefix, "mine") as second:
            while not second.is_settled and time.monotonic() < deadline:
                second.poll(0.05)

            def until_fenced() -> None:
                while time.monotonic() < deadline:
                    first.poll(0.05)
                    second.poll(0)

            with pytest.raises(FencedError):
                until_fenced()
