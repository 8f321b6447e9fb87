"""What the broker has of ours besides messages: topics with their limits, and the committed watermark."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition, errors
from kafka.admin import ACLOperation, ConfigResource, ConfigResourceType, MemberToRemove

from sinks.kafka_client import RIGHTS, Connection, DeniedError, KafkaTroubleError, Place, connected, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kafka.structs import OffsetAndMetadata

    from sinks.kafka_messages import Names

log = logging.getLogger(__name__)

_UNKNOWN_TOPIC = errors.UnknownTopicOrPartitionError.errno
_EXISTS = errors.TopicAlreadyExistsError.errno
_OK = 0
_SEGMENT_BYTES = 50_000_000
"""The last segment is never compacted, and whoever takes over reads it whole; Kafka's default is a gigabyte."""
_TABLE = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1", "segment.bytes": str(_SEGMENT_BYTES)}
"""Of topics that are read from the beginning by whoever is given a partition: what is overwritten goes soon."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The topics we write to, and how those that are missing are made.

    Args:
        names: which.
        create: False: a missing topic is an error.
        partitions: of each new topic; order holds per key. What is linked is in one order, and in one partition.
        replication: copies of each partition; None leaves it to the broker.
        retention_ms: of each new topic; -1 for ever.
        page_bytes: the largest message of the pages topic.
        remember_ms: how long what is remembered between stages is kept after it was last met; -1 for ever.
    """

    names: Names
    create: bool = True
    partitions: int = 6
    replication: int | None = None
    retention_ms: int = -1
    page_bytes: int = 8_000_000
    remember_ms: int = -1

    def request(self, missing: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return what to ask of the broker.

        Messages carry the time of the event, so with Kafka's default of 7 days an archive would be deleted at once:
        40 of 60 articles dated 2019 were gone within a day. Hence no retention limit, unless one is asked for.
        """
        return {
            name: {
                "num_partitions": 1 if name in {self.names.enriched, self.names.linked} else self.partitions,
                "replication_factor": -1 if self.replication is None else self.replication,
                "configs": self._configs(name),
            }
            for name in missing
        }

    def _configs(self, name: str) -> dict[str, str]:
        kept = {"retention.ms": str(self.retention_ms), "message.timestamp.type": "CreateTime"}
        if name == self.names.pages:
            # A page may lie in a batch of its own, whose framing counts too.
            return {**kept, "cleanup.policy": "delete", "max.message.bytes": str(self.page_bytes + 10_000)}
        if name in {self.names.issued, self.names.linked}:
            policy = "compact" if self.remember_ms < 0 else "compact,delete"
            more = {"segment.bytes": str(_SEGMENT_BYTES)} if name == self.names.linked else {}
            return {**kept, **more, "cleanup.policy": policy, "retention.ms": str(self.remember_ms)}
        if name in self.names.shared():
            return {**kept, **_TABLE, "retention.ms": "-1", "max.message.bytes": str(self.page_bytes + 10_000)}
        return {**kept, "cleanup.policy": "compact" if name == self.names.latest else "delete"}


class Admin:
    """A connection for questions and orders; short-lived."""

    def __init__(self, client: KafkaAdminClient) -> None:
        self._client = client

    def missing(self, names: Sequence[str]) -> list[str]:
        """Return those topics that the broker does not have.

        Raises:
            DeniedError: one or more are there, but not for us to write to.
            KafkaTroubleError: no answer.
        """
        with translated("asking for topics"):
            told = self._client.describe_topics(list(names))
        if denied := [topic["name"] for topic in told if _is_denied(topic)]:
            raise DeniedError(f"no right to write to {', '.join(denied)} (TopicAuthorization); {RIGHTS['topic']}")
        return [topic["name"] for topic in told if topic["error_code"] == _UNKNOWN_TOPIC]

    def create(self, plan: Plan, missing: Sequence[str], *, only_check: bool = False) -> list[str]:
        """Make topics and wait until they can be written to; return a text for each one that was refused."""
        with translated("creating topics"):
            told = self._client.create_topics(plan.request(missing), validate_only=only_check, raise_errors=False)
        refused = [topic for topic in told["topics"] if topic["error_code"] not in {_OK, _EXISTS}]
        if not refused and not only_check:
            with translated("waiting for new topics"):
                self._client.wait_for_topics(list(missing))
        return [f"topic {topic['name']} cannot be created: {_reason(topic)}" for topic in refused]

    def configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the settings in force of each topic; nothing of those we may not ask about."""
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        with translated("asking for the settings of topics"):
            told = self._client.describe_configs(asked, config_filter="all")
        topics = told.get("topic", {})
        return {name: {key: entry["value"] for key, entry in topics.get(name, {}).items()} for name in names}

    def leave(self, group: str, instance: str) -> None:
        """Take a static member out of a group; it does not go by itself, and its partitions would wait for it."""
        with translated(f"leaving the group {group}"):
            self._client.remove_group_members(group, [MemberToRemove(group_instance_id=instance)])

    def shared_out(self, group: str, topic: str) -> dict[str, frozenset[int]]:
        """Return the partitions of a topic that a group counts as each static member's; none while it is not sure."""
        with translated(f"asking for the members of group {group}"):
            told = self._client.describe_groups([group])[group]
        held = {}
        for member in told["members"] or ():
            topics = (member["member_assignment"] or {}).get("assigned_partitions", ())
            numbers = frozenset(number for each in topics if each["topic"] == topic for number in each["partitions"])
            held[str(member["group_instance_id"])] = numbers
        return held

    def clients(self, group: str) -> list[str]:
        """Return what each member of a group calls itself (`client.id`)."""
        with translated(f"asking for the members of group {group}"):
            told = self._client.describe_groups([group])[group]
        return [str(member["client_id"]) for member in told["members"] or ()]

    def unfinished(self, prefix: str) -> list[str]:
        """Return the transactional ids with a prefix whose transaction is open; none where the broker cannot tell."""
        with translated("asking for open transactions"):
            try:
                told = self._client.list_transactions(state_filters=["Ongoing"])
            except (errors.UnsupportedVersionError, errors.IncompatibleBrokerVersion):  # before Kafka 3.0
                return []
        names = [str(one.transactional_id) for listed in told.values() for one in listed]
        return [name for name in names if name.startswith(prefix)]

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has; 0 where there is none."""
        with translated(f"asking for {topic}"):
            (told,) = self._client.describe_topics([topic])
        return len(told["partitions"] or ())

    def cluster(self) -> str:
        """Return the cluster's own id."""
        with translated("asking for the cluster's id"):
            return str(self._client.describe_cluster()["cluster_id"])


@contextmanager
def admin(connection: Connection) -> Iterator[Admin]:
    """Connect for some questions.

    Raises:
        KafkaTroubleError: no broker answers, or it does not let us in.
    """
    limit = int(connection.patience_seconds * 1000)
    client = connected(KafkaAdminClient, connection, "newstap-admin", request_timeout_ms=limit)
    try:
        yield Admin(client)
    finally:
        client.close()


def prepare(connection: Connection, plan: Plan) -> dict[str, int]:
    """See that all topics exist, warn of those that would lose messages, and return `max.message.bytes` of each.

    Raises:
        DeniedError: topics are missing and may not be created.
        KafkaTroubleError: see `admin`.
    """
    names = plan.names.every()
    with admin(connection) as broker:
        if missing := broker.missing(names):
            if not plan.create:
                raise DeniedError(f"missing topics: {', '.join(missing)}; create them, or set create_topics")
            if refused := broker.create(plan, missing):
                raise DeniedError("; ".join(refused))
            log.info("created the Kafka topics %s", ", ".join(missing))
        configs = broker.configs(names)
    for warning in losses(configs, plan.names):
        log.warning("%s", warning)
    return {name: int(config["max.message.bytes"]) for name, config in configs.items() if "max.message.bytes" in config}


def problems(connection: Connection, plan: Plan) -> list[str]:
    """Return what stands in the way of delivery, without changing anything."""
    names = plan.names.every()
    try:
        with admin(connection) as broker:
            if not (missing := broker.missing(names)):
                return losses(broker.configs(names), plan.names)
            if plan.create:
                return broker.create(plan, missing, only_check=True)
            return [f"topic {name} is missing and create_topics is off" for name in missing]
    except KafkaTroubleError as trouble:
        return [str(trouble)]


def losses(configs: dict[str, dict[str, str]], ours: Names) -> list[str]:
    """Return a text for each topic whose settings delete what we write."""
    found = []
    for name, config in configs.items():
        if name in {ours.issued, ours.linked, ours.told_alarms, *ours.shared()}:  # may forget, or do so on purpose
            continue
        policy = config.get("cleanup.policy", "")
        limits = {setting: config.get(setting, "-1") for setting in ("retention.ms", "retention.bytes")}
        if "delete" in policy and (
            short := [f"{setting}={limit}" for setting, limit in limits.items() if limit != "-1"]
        ):
            found.append(f"topic {name} has {' and '.join(short)}: older news is deleted; set it to -1")
        if "compact" in policy and name != ours.latest:
            found.append(f"topic {name} is compacted: earlier revisions are deleted; set cleanup.policy=delete")
    return found


def watermark(connection: Connection, group: str, topic: str) -> int:
    """Return the sequence number committed with the last transaction of a group; 0 when there is none.

    Raises:
        KafkaTroubleError: no answer.
    """
    place = Place(topic, 0)
    found = _committed(connection, group, [place])
    return int(found[place].offset) if place in found else 0


def remarks(connection: Connection, group: str, places: Sequence[Place]) -> dict[Place, str]:
    """Return what the last commit of each partition's offset was marked with, by any member.

    Raises:
        KafkaTroubleError: no answer.
    """
    return {place: str(one.metadata or "") for place, one in _committed(connection, group, places).items()}


def _committed(connection: Connection, group: str, places: Sequence[Place]) -> dict[Place, OffsetAndMetadata]:
    """Return what a group has committed last of these partitions, where it has committed anything.

    Asked by a `read_committed` consumer, because only that waits for a transaction whose end is still being written.
    """
    limit = int(connection.patience_seconds * 1000)
    consumer = connected(
        KafkaConsumer,
        connection,
        "newstap-watermark",
        group_id=group,
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    try:
        with translated(f"asking for the offsets of group {group}"):
            found = {
                place: consumer.committed(TopicPartition(*place), metadata=True, timeout_ms=limit) for place in places
            }
    finally:
        consumer.close(autocommit=False, timeout_ms=limit)
    return {place: one for place, one in found.items() if one is not None and one.offset >= 0}


def lag(connection: Connection, group: str, topic: str) -> int | None:
    """Return how many offsets of a topic a group has not committed; None where it has committed nothing at all.

    Raises:
        KafkaTroubleError: no answer.
    """
    limit = int(connection.patience_seconds * 1000)
    consumer = connected(KafkaConsumer, connection, "newstap-lag", group_id=group, isolation_level="read_committed")
    try:
        with translated(f"asking how far group {group} is"):
            parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            committed = {part: consumer.committed(part, timeout_ms=limit) for part in parts}
            if all(offset is None for offset in committed.values()):
                return None
            firsts = consumer.beginning_offsets(parts, timeout_ms=limit)
            ends = consumer.end_offsets(parts, timeout_ms=limit)
        return sum(max(0, int(ends[part] - (committed[part] or firsts[part]))) for part in parts)
    finally:
        consumer.close(autocommit=False, timeout_ms=limit)


def _is_denied(topic: dict[str, Any]) -> bool:
    """Tell whether we may not write to a topic; what we may do stands beside what it is."""
    if topic["error_code"]:
        return issubclass(errors.for_code(topic["error_code"]), errors.AuthorizationError)
    return ACLOperation.WRITE.name not in topic["authorized_operations"]


def _reason(topic: dict[str, Any]) -> str:
    name = errors.for_code(topic["error_code"]).__name__
    return f"{topic['error_message']} ({name})" if topic["error_message"] else name
