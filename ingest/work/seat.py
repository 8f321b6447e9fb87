"""All that is open towards Kafka, from connecting until anything goes wrong; then all of it is thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sinks.kafka_admin import prepare
from sinks.kafka_client import AwayError, DeniedError, FencedError
from sinks.kafka_following import Reader
from sinks.kafka_group import Member
from sinks.kafka_producer import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ingest.work.memory import Memory
    from sinks.kafka_admin import Plan
    from sinks.kafka_client import Connection, Place
    from sinks.kafka_messages import Message, Note

STALL_SECONDS = 15.0
"""Without any progress for this long a producer is thrown away."""
TRANSACTION_SECONDS = 30.0
"""After this long the broker ends a transaction; whoever takes over from a worker that died waits for that."""
LONG_TRANSACTION_SECONDS = 120.0
"""The same where whoever takes over does not wait: a window that is given up is 200,000 messages at once."""
SESSION_SECONDS = 10.0
"""A worker that is silent for this long has its partitions given to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a seat in a group is made of.

    Args:
        connection: where to.
        plan: the topics.
        reads: the topic that the group reads.
        remembers: the topic of what is remembered of each partition, which has as many; None: nothing is.
        memory: makes the memory of a partition.
        alone: all is one partition, and so one member's: its transactions go by the group's name, and whoever takes
            over ends what the one before has left open, at once.
        group: its name.
        instance: this one's name in it.
        compression: of what is written.
        largest: bytes of the largest message that is written, uncompressed.
        busy_seconds: how long the member may be at work between two looks at the group.
    """

    connection: Connection
    plan: Plan
    reads: str
    remembers: str | None
    memory: Callable[[], Memory]
    alone: bool = False
    group: str
    instance: str
    compression: str
    largest: int
    busy_seconds: float


class Seat:
    """A member of the group, and a producer whose transactions commit what the member has read.

    Raises:
        KafkaTroubleError: no broker answers, or it does not let us in.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.limits = prepare(terms.connection, terms.plan)
        _check_partitions(terms)
        self._session = None if terms.alone else self._begun(f"{terms.group}-{terms.instance}")
        try:
            self.member = Member(
                terms.connection,
                group=terms.group,
                instance=terms.instance,
                topic=terms.reads,
                session_seconds=SESSION_SECONDS,
                busy_seconds=terms.busy_seconds,
            )
        except BaseException:
            self._end_session()
            raise

    def take_over(self) -> None:
        """Be the one that writes what comes of the partitions that we were given.

        To be called before it is asked how far they were settled: an unfinished transaction of the one that had them
        before is aborted here, and it can begin no other.

        Raises:
            KafkaTroubleError: no answer.
        """
        if self._terms.alone:
            self._end_session()
            self._session = self._begun(self._terms.group)

    def settle(self, messages: Sequence[Message | Note], offsets: Mapping[Place, int]) -> None:
        """Return when all messages, and how far we have read, are in Kafka.

        Raises:
            KafkaTroubleError: nothing of it is known to be kept; the seat is of no more use.
        """
        member = self.member.metadata
        if self._session is None or member.generation_id <= 0:
            # Its commit would be nobody's, which the broker does not refuse.
            raise AwayError("the group has given us up")
        try:
            self._session.settle(messages, offsets, member)
        except FencedError as fenced:
            if self._terms.alone:  # not our name was taken, but our place
                raise AwayError(f"another instance has taken over ({fenced})") from fenced
            raise

    def close(self, *, leave: bool) -> None:
        """End both; never raises.

        Args:
            leave: give the partitions to other members at once.
        """
        self._end_session()
        self.member.close(leave=leave)

    def _begun(self, transactional_id: str) -> Session:
        terms = self._terms
        return Session(
            terms.connection,
            transactional_id=transactional_id,
            watermark_topic=terms.reads,
            compression=terms.compression,
            max_request_size=terms.largest,
            stall_seconds=STALL_SECONDS,
            transaction_seconds=LONG_TRANSACTION_SECONDS if terms.alone else TRANSACTION_SECONDS,
        )

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _check_partitions(terms: Terms) -> None:
    """See that what is remembered can lie beside what is read, and that what is to be one partition is.

    Raises:
        DeniedError: the topics are not divided so.
    """
    reader = Reader(terms.connection, "newstap-partitions")
    try:
        read = len(reader.places(terms.reads))
        remembered = read if terms.remembers is None else len(reader.places(terms.remembers))
    finally:
        reader.close()
    if terms.alone and read != 1:
        raise DeniedError(f"{terms.reads} has {read} partitions: there is one order in one partition alone")
    if read != remembered:
        raise DeniedError(
            f"{terms.reads} has {read} partitions and {terms.remembers} has {remembered}: what is remembered of what"
            " is read lies in the partition of the same number, so give both as many"
        )
