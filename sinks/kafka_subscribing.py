"""Membership in a group that lasts: whatever happens to the broker or to the library, it reads on or says why not."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sinks.kafka_client import AwayError, DeniedError, FencedError, KafkaTroubleError
from sinks.kafka_following import UnreadableMessageError
from sinks.kafka_group import Change, Member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sinks.kafka_client import Connection, Fetched, Place

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_SESSION_SECONDS = 10.0
"""A member that is silent for so long has its partitions given to others."""
_REMINDER_SECONDS = 60.0
_WATCH_SECONDS = 5.0
_SILENT_SECONDS = 20.0
"""A member with which something is amiss for so long is thrown away; a rebalance takes a second or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What each member is made of; see `Member`."""

    connection: Connection
    group: str
    instance: str | None
    topic: str
    start: str
    busy_seconds: float


class Subscription:
    """Reads a topic, with one member after the other.

    Args:
        terms: of each member.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._member: Member | None = None
        self._ours: set[Place] = set()
        self._lost: set[Place] = set()
        self._retry_at = 0.0
        self._told_at = -_REMINDER_SECONDS
        self._watched_at = self._came_at = self._settled_at = time.monotonic()

    def poll(self, seconds: float) -> list[Fetched]:
        """Return what comes within so many seconds; nothing while the broker is away. Look at `lost` afterwards.

        Raises:
            UnreadableMessageError: a message was passed over.
            DeniedError: we are not let in, or may not read.
            FencedError: another member has our name.
        """
        until = time.monotonic() + seconds
        try:
            member = self._member or self._connected()
            if member is not None:
                found = member.poll(max(0.0, until - time.monotonic()))
                self._heed(member)
                self._watch(member, came=bool(found))
                return found
        except KafkaTroubleError as trouble:
            self._told(trouble)
        time.sleep(max(0.0, until - time.monotonic()))
        return []

    def lost(self) -> set[Place]:
        """Return the partitions that were taken from us since this was last asked; some may be ours again."""
        lost, self._lost = self._lost, set()
        return lost

    def commit(self, offsets: Mapping[Place, int]) -> bool:
        """Have the group remember where each partition is to be read on; say whether it does.

        Raises:
            DeniedError: the rights on the group are missing.
            FencedError: another member has our name.
        """
        if self._member is None:
            return False
        try:
            self._member.commit(offsets)
        except (DeniedError, FencedError):
            raise
        except KafkaTroubleError as trouble:
            self._warn(trouble)
            return False
        return True

    def close(self) -> None:
        """Release what is held; never raises. A member without a name of its own leaves its group by that."""
        if self._member is not None:
            self._member.close(leave=False)
            self._member = None
        self._lost |= self._ours
        self._ours.clear()

    def _connected(self) -> Member | None:
        if time.monotonic() < self._retry_at:
            return None
        terms = self._terms
        member = Member(
            terms.connection,
            group=terms.group,
            instance=terms.instance,
            topic=terms.topic,
            session_seconds=_SESSION_SECONDS,
            busy_seconds=terms.busy_seconds,
            start=terms.start,
            client_id="newstap-consumer",
        )
        self._member = member
        if not member.finds_topic():
            raise AwayError(f"Kafka has no topic {terms.topic} that may be read, so far")
        self._came_at = self._settled_at = self._watched_at = time.monotonic()
        return member

    def _heed(self, member: Member) -> None:
        for change, places in member.changes():
            if change is Change.GIVEN:
                self._ours |= set(places)
            else:
                self._ours -= set(places)
                self._lost |= set(places)

    def _watch(self, member: Member, *, came: bool) -> None:
        """Throw away a member that the library has left behind: seen with 3.0.12, alive, silent and of no use."""
        now = time.monotonic()
        self._came_at = now if came else self._came_at
        self._settled_at = now if member.is_settled else self._settled_at
        if now - self._settled_at > _SILENT_SECONDS:
            raise AwayError(f"the group {self._terms.group} has not come to rest for {now - self._settled_at:.0f} s")
        if now - self._came_at > _SILENT_SECONDS and now - self._watched_at > _WATCH_SECONDS:
            self._watched_at = now
            if unread := sum(member.lag(self._ours).values()):
                raise AwayError(f"{unread} messages wait and none came for {now - self._came_at:.0f} s")

    def _told(self, trouble: KafkaTroubleError) -> None:
        """Raise what lasts; else give the member up, to try again."""
        if isinstance(trouble, UnreadableMessageError):
            raise trouble
        self.close()
        if isinstance(trouble, (DeniedError, FencedError)):
            raise trouble
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        self._warn(trouble)

    def _warn(self, trouble: KafkaTroubleError) -> None:
        if time.monotonic() - self._told_at >= _REMINDER_SECONDS:
            self._told_at = time.monotonic()
            log.warning("%s; tried again every second until it goes on", trouble)
