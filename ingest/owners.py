"""Who owns what where fetchers share out feeds, as values: what the group tells, and what a fetcher of it has here.

Times are Unix times, lengths seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What a group of fetchers told at one moment."""

    members: Mapping[str, tuple[int, ...]]
    """The partitions that each has, in order, by its name; all have none while the group shares out anew."""
    partitions: int
    """How many there are."""
    lag: int | None
    """Offsets of page requests since the oldest that none has settled, with what marks their end; None where there
    never was one."""

    @property
    def unowned(self) -> tuple[int, ...]:
        """Those that are nobody's."""
        owned = {number for numbers in self.members.values() for number in numbers}
        return tuple(number for number in range(self.partitions) if number not in owned)

    @property
    def is_settled(self) -> bool:
        """Whether the group is sure: while it shares out anew it counts nothing as anybody's."""
        return not self.members or any(self.members.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of a group by asking it now and then."""

    group: str
    shares: Shares | None = None
    """The last answer."""
    at: float | None = None
    """When that was."""
    trouble: str | None = None
    """Why there is no newer one."""
    since: float | None = None
    """When it was asked in vain for the first time since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """Partitions that were given to a fetcher, and are read to their end before anything of them is polled."""

    numbers: tuple[int, ...]
    began: float
    read: int
    """Offsets of messages, the gaps between them included; so is `total`."""
    total: int
    seconds: float | None = None
    """That it took, and what it took in all; None while it goes on."""
    feeds: int = 0
    """That it brought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What a fetcher of a group has on its machine."""

    name: str
    pid: int | None
    """Of its process; None where none runs, and owns nothing; 0 of one that has not said which it is yet."""
    ours: tuple[int, ...]
    """Partitions that were taken up."""
    restoring: Restoring | None
    """Those that are being read."""
    restored: Restoring | None
    """Those that were last."""
    feeds: int
    """That are to be polled here."""
    due: int
    """Of these: now."""
    requests: int
    """Requests for pages of our hosts that have no outcome yet."""
    outbox: int
    """Items that are not in Kafka yet."""
    oldest: float | None
    """When the first of those that tell it was fetched."""
    lease: float | None = None
    """For how many seconds requests may begin, unless the group is heard from again; None where that was not asked."""
