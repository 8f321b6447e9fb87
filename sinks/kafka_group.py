"""One member of a consumer group: partitions come and go, and nothing is committed but what is asked for.

Assignment is cooperative (KIP-429) and membership static (KIP-345): a worker that is killed and started again within
the session's time gets its partitions back without the others noticing.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.base import MemberState
from kafka.structs import OffsetAndMetadata

from sinks.kafka_admin import admin
from sinks.kafka_client import Connection, FencedError, Fetched, KafkaTroubleError, Place, connected, translated
from sinks.kafka_following import FETCH_BYTES, polled
from sinks.kafka_lease import watched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from kafka.structs import ConsumerGroupMetadata

log = logging.getLogger(__name__)

LEGAL_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")
"""Kafka's rule for the names of static members; groups keep to it too, so that a transactional id can hold both."""
_FENCED_SECONDS = 1.0
"""A heartbeat that is begun takes less."""
_LOOK_SECONDS = 0.02
"""Between two looks at whether everything was handed over."""
_FEWEST_POLLS = 300.0
"""Seconds between two polls, at least, before the group gives a member up."""


class Change(Enum):
    """What became of partitions."""

    GIVEN = 1
    TAKEN = 2
    """Where others may have had them for a while by now, the member `is_lost` before this is told."""


class Changed(NamedTuple):
    """Partitions that are ours now, or not any more."""

    change: Change
    places: tuple[Place, ...]


class Member:
    """A member of a group that reads one topic.

    Args:
        connection: where to.
        group: its name.
        instance: the member's own name, unlike that of any other in the group; None: the group makes one up, and gives
            the partitions of a member that was killed to others only after its session.
        topic: what to read.
        session_seconds: a member that is silent for so long has its partitions given to others.
        busy_seconds: how long the caller may be at work between two polls.
        notice_seconds: after how long partitions that were added are noticed.
        start: where a partition begins for which the group has no offset: `earliest` or `latest`.
        client_id: what the broker's log calls us, with the instance behind it.
        leaving: called in the library's thread with partitions that the group takes from us in an orderly way; nobody
            else is given them before what it returns is set, or `leaving_seconds` are over. Until then what we commit
            counts. Without it, or with partitions that are lost, there is no such time.
        leaving_seconds: see there.

    Raises:
        KafkaTroubleError: no broker answers, or it does not let us in.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        group: str,
        instance: str | None,
        topic: str,
        session_seconds: float,
        busy_seconds: float,
        notice_seconds: float = 30.0,
        start: str = "earliest",
        client_id: str = "newstap-work",
        leaving: Callable[[tuple[Place, ...]], threading.Event] | None = None,
        leaving_seconds: float = 0.0,
    ) -> None:
        self._connection = connection
        self._group = group
        self._instance = instance
        self._topic = topic
        self._limit = int(connection.patience_seconds * 1000)
        self._changes: deque[Changed] = deque()
        self._leaving = leaving
        self._leaving_seconds = leaving_seconds
        self._session_seconds = session_seconds
        self._lost = threading.Event()
        self._given_to = ""
        """As which member, by the group's own name for it, we were given what we have."""
        self._beat_at = time.monotonic()
        self._consumer = connected(
            KafkaConsumer,
            connection,
            client_id if instance is None else f"{client_id}-{instance}",
            group_id=group,
            group_instance_id=instance,
            partition_assignment_strategy=(CooperativeStickyAssignor,),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset=start,
            allow_auto_create_topics=False,
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=int(session_seconds * 1000 / 5),
            max_poll_interval_ms=int(max(_FEWEST_POLLS, busy_seconds) * 1000),
            max_poll_records=200,
            fetch_max_bytes=FETCH_BYTES,
            metadata_max_age_ms=int(notice_seconds * 1000),
            metrics_enabled=False,
        )
        self._beats = watched(self._consumer)
        self._subscribe()

    def poll(self, seconds: float) -> list[Fetched]:
        """Return messages, in order within each partition; take part in what the group decides meanwhile.

        What it decided is to be looked at first (`changes`): partitions may have been taken.

        Raises:
            FencedError: another member has our name.
            UnreadableMessageError: the next message cannot be read; the one behind it will be next.
            KafkaTroubleError: no answer.
        """
        with translated(f"reading in group {self._group}"):
            self._finish_joining()
            found = polled(self._consumer, seconds)
        self._check_heartbeat()
        return found

    def changes(self) -> list[Changed]:
        """Return what has changed since this was last asked, in order."""
        return [self._changes.popleft() for _ in range(len(self._changes))]

    def position(self, place: Place) -> int | None:
        """Return the offset of the next message, once the offset that was committed last is known for certain.

        As a `read_committed` reader it waits for a transaction that is still being ended by whoever had the partition
        before (`require_stable`, KIP-447).
        """
        part = TopicPartition(*place)
        with translated(f"asking for the position in {place.topic}"):
            if part not in self._consumer.assignment():
                return None
            found = self._consumer.position(part, timeout_ms=self._limit)
        return None if found is None else int(found)

    def lag(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return how many offsets are left to be read in each of these partitions of ours."""
        return {place: max(0, end - (self.position(place) or 0)) for place, end in self.ends(places).items()}

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return where each of these partitions ends, for a reader of what is committed."""
        parts = [TopicPartition(*place) for place in places]
        with translated("asking for the ends of partitions"):
            ends = self._consumer.end_offsets(parts, timeout_ms=self._limit) if parts else {}
        return {Place(*part): int(end) for part, end in ends.items()}

    def finds_topic(self) -> bool:
        """Say whether the topic is there, and for us to see."""
        with translated(f"asking for {self._topic}"):
            return bool(self._consumer.partitions_for_topic(self._topic))

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """Have the group remember where each of these partitions is to be read on.

        Raises:
            FencedError: another member has our name.
            KafkaTroubleError: no answer, or the partitions are others' by now.
        """
        marks = {TopicPartition(*place): OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()}
        with translated(f"committing to group {self._group}"):
            self._consumer.commit(marks, timeout_ms=self._limit)

    def pause(self, places: Sequence[Place]) -> None:
        """Read nothing of these until `resume`."""
        self._consumer.pause(*(TopicPartition(*place) for place in places))

    def resume(self, places: Sequence[Place]) -> None:
        """Read them again."""
        self._consumer.resume(*(TopicPartition(*place) for place in places))

    @property
    def metadata(self) -> ConsumerGroupMetadata:
        """Who we are in the group, for `Session.settle`."""
        return self._consumer.group_metadata()

    @property
    def is_lost(self) -> bool:
        """Whether others may have had our partitions: we were out of the group, or kept it waiting for too long.

        Nothing may be written of them then. The library tells only of a loss that it notices between two rebalances. In
        the midst of one it joins again without a word (3.0.12), as another member that has the same partitions.
        """
        return self._lost.is_set() or (bool(self._given_to) and self.metadata.member_id != self._given_to)

    @property
    def is_settled(self) -> bool:
        """Whether we are a member, and no rebalance is going on."""
        return self.metadata.state is MemberState.STABLE

    @property
    def lease_seconds(self) -> float:
        """For how long at least nobody else can be given our partitions, as of the last heartbeat that was answered.

        It counts from when that was sent: a process that was frozen finds the answer to an old one when it wakes.
        Negative where others may have our partitions already: it was frozen for long, or the broker is away.
        """
        return -1.0 if self.is_lost else self._beats.lease_seconds(self._session_seconds)

    def committed(self, place: Place) -> tuple[int, str] | None:
        """Return the offset that a partition was committed with last, of any topic, and what it was marked with."""
        with translated(f"asking for the offset in {place.topic}"):
            found = self._consumer.committed(TopicPartition(*place), metadata=True, timeout_ms=self._limit)
        return None if found is None or found.offset < 0 else (int(found.offset), str(found.metadata or ""))

    def shared_out(self) -> dict[str, frozenset[Place]]:
        """Ask the group itself which partitions it counts as each member's, by its name."""
        with admin(self._connection) as broker:
            held = broker.shared_out(self._group, self._topic)
        return {name: frozenset(Place(self._topic, number) for number in numbers) for name, numbers in held.items()}

    def places(self) -> frozenset[Place]:
        """Return the topic's partitions, as far as they are known."""
        with translated(f"asking for the partitions of {self._topic}"):
            numbers = self._consumer.partitions_for_topic(self._topic) or ()
        return frozenset(Place(self._topic, number) for number in numbers)

    def leave(self) -> None:
        """Have the group share out everything anew, without us until we join again; only for a member with a name.

        Raises:
            KafkaTroubleError: no answer.
        """
        with admin(self._connection) as broker:
            broker.leave(self._group, self._instance or "")

    async def _hand_over(self, places: tuple[Place, ...]) -> None:
        """Wait in the library's own way until whoever is to give partitions up has done so."""
        if self._leaving is None:
            return
        done, until = self._leaving(places), time.monotonic() + self._leaving_seconds
        while not done.is_set() and time.monotonic() < until:
            await self._consumer._net.sleep(_LOOK_SECONDS)  # noqa: SLF001 - its loop is the one that runs us
        if not done.is_set():
            self._lost.set()  # before anybody else can be given what is lost

    def _subscribe(self) -> None:
        listener = _Listener(self._changes, self._have, self._hand_over, self._lost)
        with translated(f"subscribing to {self._topic}"):
            # Else the group would assign nothing at first, then all of it.
            self._consumer.partitions_for_topic(self._topic)
            self._consumer.subscribe([self._topic], listener=listener)

    def _have(self) -> None:
        """Note as whom we are given partitions."""
        self._given_to = self._given_to or self.metadata.member_id

    def _finish_joining(self) -> None:
        """Have the next poll take up what became of a rebalance that outlasted the one before.

        A member that rejoined because it learned of new partitions forgets to, in 3.0.12, when the answer comes between
        two polls: it then owns partitions that it knows nothing of, says nothing, and nobody reads them.
        """
        coordinator = self._consumer._coordinator  # noqa: SLF001 - the library has no public way
        if coordinator._join_task is not None:  # noqa: SLF001 - as above
            coordinator.request_rejoin()

    def _check_heartbeat(self) -> None:
        """See that we are still a member.

        When another one has taken our name the library stops its heartbeat and tells nobody (3.0.12); it would read on,
        and only a commit would fail.

        Raises:
            FencedError: another member has our name.
        """
        now = time.monotonic()
        beats = self._consumer._coordinator._heartbeat_enabled  # noqa: SLF001 - see above
        if beats or self.metadata.state is not MemberState.STABLE:
            self._beat_at = now
        elif now - self._beat_at > _FENCED_SECONDS:
            raise FencedError(f"another worker of the group {self._group} runs as {self._instance}")

    def close(self, *, leave: bool) -> None:
        """Release what is held; never raises.

        Args:
            leave: give the partitions to others at once. A member that is to come back keeps its place in the group.
        """
        self._leaving = None  # whoever closes us has nothing more to hand over
        try:
            with translated("closing the consumer"):
                self._consumer.close(autocommit=False, timeout_ms=self._limit)
            if leave and self._instance is not None:
                self.leave()
        except KafkaTroubleError as trouble:
            log.debug("%s: %s; the group notices in its own time", self._group, trouble)


class _Listener(AsyncConsumerRebalanceListener):  # type: ignore[misc]  # the library is not typed
    """Notes what the group decides. Called in the library's thread, whose heartbeats go on while it waits."""

    def __init__(
        self,
        changes: deque[Changed],
        have: Callable[[], None],
        hand_over: Callable[[tuple[Place, ...]], Awaitable[None]],
        lost: threading.Event,
    ) -> None:
        self._changes = changes
        self._have = have
        self._hand_over = hand_over
        self._lost = lost

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._have()
        self._changes.append(Changed(Change.GIVEN, _places(assigned)))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._hand_over(_places(revoked))
        self._changes.append(Changed(Change.TAKEN, _places(revoked)))

    async def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        self._lost.set()
        self._changes.append(Changed(Change.TAKEN, _places(lost)))


def _places(parts: Iterable[TopicPartition]) -> tuple[Place, ...]:
    return tuple(sorted(Place(part.topic, part.partition) for part in parts))
