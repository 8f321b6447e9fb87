"""What membership in a group of fetchers is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.fleet.unread import Unread
    from sinks.kafka_admin import Plan
    from sinks.kafka_client import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Of one membership.

    Args:
        connection: where to.
        plan: the topics.
        group: of fetchers.
        instance: this one's name in it.
        writer: what its notes are signed with, the same for as long as its copy lives.
        session_seconds: a fetcher that is silent for so long has its partitions given to others.
        leaving_seconds: what handing partitions over may take.
        unread: told of messages that are none of ours.
    """

    connection: Connection
    plan: Plan
    group: str
    instance: str
    writer: str
    session_seconds: float
    leaving_seconds: float
    unread: Unread
