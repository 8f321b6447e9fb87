"""Members of a consumer group, against the real broker."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewPartitions

from sinks.kafka_admin import Plan, prepare
from sinks.kafka_client import Connection, FencedError, Place
from sinks.kafka_group import Change, Member
from sinks.kafka_lease import Beats
from sinks.kafka_messages import Names
from tests.work.running import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


@contextmanager
def member(
    broker: Broker,
    prefix: str,
    instance: str,
    *,
    notice_seconds: float = 30.0,
    leaving: Callable[[tuple[Place, ...]], threading.Event] | None = None,
) -> Iterator[Member]:
    """A member of the group of the prefix, that leaves at the end."""
    made = Member(
        Connection(broker.bootstrap),
        group=f"group-{prefix}",
        instance=instance,
        topic=Names(prefix, scaled=True).pages,
        session_seconds=6,
        busy_seconds=1,
        notice_seconds=notice_seconds,
        leaving=leaving,
        leaving_seconds=0.5,
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


@pytest.mark.usefixtures("topic")
def test_a_member_that_was_out_of_the_group_is_lost_before_it_is_told(broker: Broker, topic_prefix: str) -> None:
    """It joins again by itself, in a new generation: whatever it commits then would count."""
    with member(broker, topic_prefix, "one") as one:
        until(lambda: one.poll(0.1) is not None and one.is_settled and one.lease_seconds > 0)
        assert not one.is_lost
        one.leave()

        until(lambda: one.poll(0.1) is not None and one.is_lost)
        assert one.lease_seconds < 0
        until(lambda: one.poll(0.1) is not None and one.is_settled)
        assert one.is_lost, "it is a member again, but another one"


@pytest.mark.usefixtures("topic")
def test_what_is_not_handed_over_in_time_is_lost(broker: Broker, topic_prefix: str) -> None:
    """The group gives it to others then; what is still on its way to Kafka may not count as that of a member."""
    asked = threading.Event()

    def leaving(places: tuple[Place, ...]) -> threading.Event:
        assert places
        asked.set()
        return threading.Event()

    with (
        member(broker, topic_prefix, "one", leaving=leaving) as one,
        member(broker, topic_prefix, "two") as two,
    ):
        until(lambda: one.poll(0.1) is not None and one.is_settled)
        until(lambda: (one.poll(0.1), two.poll(0.1)) and asked.is_set())
        until(lambda: (one.poll(0.1), two.poll(0.1)) and one.is_lost)


def test_only_the_answer_to_a_heartbeat_prolongs_a_lease() -> None:
    """Not the one that was sent since, and not the news of where the coordinator is."""
    beats = Beats(group_id="group", session_timeout_ms=10_000)
    assert beats.lease_seconds(10.0) < 0
    beats.sent_heartbeat()
    assert beats.lease_seconds(10.0) < 0
    first = beats.last_send
    beats.received_heartbeat()
    assert beats.lease_seconds(10.0) > 0

    beats.sent_heartbeat()
    beats.reset_timeouts()
    assert beats.answered == first
    assert beats.time_to_next_heartbeat() < 1, "whether it counts is asked at once"
