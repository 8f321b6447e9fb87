"""All that is open towards Kafka, from connecting until anything goes wrong; then all of it is thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sinks.kafka_admin import prepare
from sinks.kafka_client import DeniedError
from sinks.kafka_following import Reader
from sinks.kafka_group import Member
from sinks.kafka_producer import Session

if TYPE_CHECKING:
    from sinks.kafka_admin import Plan
    from sinks.kafka_client import Connection

STALL_SECONDS = 15.0
"""Without any progress for this long a producer is thrown away."""
TRANSACTION_SECONDS = 30.0
"""After this long the broker ends a transaction; whoever takes over from a worker that died waits for that."""
SESSION_SECONDS = 10.0
"""A worker that is silent for this long has its partitions given to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a link is made of.

    Args:
        connection: where to.
        plan: the topics.
        group: of workers.
        instance: this one's name in it.
        compression: of what is written.
        largest: bytes of the largest message that is written, uncompressed.
        busy_seconds: how long the worker may be at work between two looks at the group.
    """

    connection: Connection
    plan: Plan
    group: str
    instance: str
    compression: str
    largest: int
    busy_seconds: float


class Link:
    """A member of the group, and a producer whose transactions commit what the member has read.

    Raises:
        KafkaTroubleError: no broker answers, or it does not let us in.
    """

    def __init__(self, terms: Terms) -> None:
        names = terms.plan.names
        self.limits = prepare(terms.connection, terms.plan)
        _check_partitions(terms)
        self.session = Session(
            terms.connection,
            transactional_id=f"{terms.group}-{terms.instance}",
            watermark_topic=names.pages,
            compression=terms.compression,
            max_request_size=terms.largest,
            stall_seconds=STALL_SECONDS,
            transaction_seconds=TRANSACTION_SECONDS,
        )
        try:
            self.member = Member(
                terms.connection,
                group=terms.group,
                instance=terms.instance,
                topic=names.pages,
                session_seconds=SESSION_SECONDS,
                busy_seconds=terms.busy_seconds,
            )
        except BaseException:
            self.session.close()
            raise

    def close(self, *, leave: bool) -> None:
        """End both; never raises.

        Args:
            leave: give the partitions to other workers at once.
        """
        self.session.close()
        self.member.close(leave=leave)


def _check_partitions(terms: Terms) -> None:
    """See that what is remembered can lie beside the pages.

    Raises:
        DeniedError: the two topics are not divided alike.
    """
    names = terms.plan.names
    reader = Reader(terms.connection, "newstap-partitions")
    try:
        pages, issued = len(reader.places(names.pages)), len(reader.places(names.issued))
    finally:
        reader.close()
    if pages != issued:
        raise DeniedError(
            f"{names.pages} has {pages} partitions and {names.issued} has {issued}: what is remembered of a page's"
            " article lies in the partition of the same number, so give both as many"
        )
