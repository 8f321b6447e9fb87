"""A rebalance that came to its first round alone: a partition is nobody's afterwards, and nothing changes that."""

from __future__ import annotations

from typing import Any

from kafka import KafkaConsumer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from sinks.kafka_admin import admin
from sinks.kafka_client import Connection
from tests.work.running import until

NOBODYS = 2
"""The partition that is left to nobody."""


class Forgetful(CooperativeStickyAssignor):
    """Leaves a partition to nobody, as the first of two rounds does that never came to its second."""

    def assign(self, *arguments: Any) -> dict[str, Any]:
        made = super().assign(*arguments)
        for held in made.values():
            held.assigned_partitions = [
                (topic, [number for number in numbers if number != NOBODYS])
                for topic, numbers in held.assigned_partitions
            ]
        return made


def leave_to_nobody(bootstrap: str, group: str, topic: str, name: str) -> None:
    """Have a static member of this name that is given all but one partition, and is away then, for a while."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        group_instance_id=name,
        session_timeout_ms=120_000,
        enable_auto_commit=False,
        partition_assignment_strategy=[Forgetful],
    )

    def is_left() -> bool:
        consumer.poll(timeout_ms=100)
        with admin(Connection(bootstrap, {})) as broker:
            held = broker.shared_out(group, topic).get(name, ())
        return len(held) == len(consumer.partitions_for_topic(topic) or ()) - 1

    try:
        until(is_left)
    finally:
        consumer.close()
