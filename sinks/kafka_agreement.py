"""Whether a member and its group agree about what is whose: the library does not notice where they do not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sinks.kafka_client import AwayError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sinks.kafka_client import Place
    from sinks.kafka_group import Member

PATIENCE_SECONDS = 14.0
"""A rebalance takes a second or two."""


class OrphansError(AwayError):
    """Partitions are nobody's, and it is for us to have the group share out everything anew, by leaving it."""


class Agreement:
    """Asks the group itself, and counts for how long it says something else.

    Assignment is cooperative: a partition is taken from one member first, and given to another in the next round. The
    member that was to begin that round may be gone by then, as with its broker; a static member that comes back is
    given what it had, and nobody begins it. The first member by name is to, by leaving.

    Args:
        member: of the group.
        instance: its name there.
        patience_seconds: for how long the two may differ.
    """

    def __init__(self, member: Member, instance: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._member = member
        self._instance = instance
        self._patience = patience_seconds
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self._agreed_at = self._whole_at = self._looked_at = time.monotonic()

    def look(self, ours: Collection[Place]) -> None:
        """Ask; to be called every few seconds, with what the member counts as its own.

        After a longer gap, as of a process that was frozen, it counts anew: nobody can tell what was said meanwhile.

        Raises:
            OrphansError: partitions have been nobody's for too long, and we are to leave.
            AwayError: the group has counted other partitions as ours for too long; or no answer.
        """
        held, now = self._member.shared_out(), time.monotonic()
        if now - self._looked_at > self._patience:
            self.begin()
        self._looked_at = now
        if (theirs := held.get(self._instance, frozenset())) == frozenset(ours):
            self._agreed_at = now
        elif now - self._agreed_at > self._patience:
            raise AwayError(f"the group counts the partitions {numbers_of(theirs)} as ours, we {numbers_of(ours)}")
        nobodys = self._member.places().difference(*held.values())
        if not nobodys or min(held, default="") != self._instance:
            self._whole_at = now
        elif now - self._whole_at > self._patience:
            raise OrphansError(f"nobody has the partitions {numbers_of(nobodys)}; the group shares them out anew")


def numbers_of(places: Iterable[Place]) -> str:
    """Return the numbers of partitions, as a person reads them."""
    return ", ".join(str(place.partition) for place in sorted(places)) or "none"
