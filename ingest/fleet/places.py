"""Which partition a host is in, and what feeds are numbered by, the same for every fetcher."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from ingest.feedstore import address_of
from sinks.kafka_producer import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER_BITS = 62
"""SQLite counts up from the largest number there is, and has 63."""


@dataclass(slots=True)
class Places:
    """The partitions there are, and those of them that are ours at this moment."""

    count: int
    ours: frozenset[int] = field(default_factory=frozenset)
    leaving: frozenset[int] = field(default_factory=frozenset)
    """Those of ours that are being handed over: nothing more begins there."""

    def of(self, host: str) -> int:
        """Return the partition of a host (`feedstore.host_of`)."""
        return partition_of(host.encode(), self.count)

    def owns(self, host: str) -> bool:
        """Tell whether a host is ours, and stays so as far as we know."""
        return self.of(host) in self.ours - self.leaving

    def take(self, numbers: Iterable[int]) -> None:
        """Have these, too."""
        self.ours |= frozenset(numbers)

    def leave(self, numbers: Iterable[int]) -> None:
        """Begin to hand these over."""
        self.leaving |= frozenset(numbers)

    def give(self, numbers: Iterable[int]) -> None:
        """Have these no more."""
        self.ours -= frozenset(numbers)
        self.leaving -= frozenset(numbers)


def feed_number(url: str) -> int:
    """Return the number of the feed that was added under a URL.

    Raises:
        ValueError: not an http or https URL.
    """
    return number_of(address_of(url))


def number_of(name: str) -> int:
    """Return a number for a name that no other name has, but by a chance of one in 10^18 for each pair."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - _NUMBER_BITS)
