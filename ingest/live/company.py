"""What is different where fetchers share out feeds; alone, a service has them all to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ingest import pending
from ingest.live.source import LiveSource

if TYPE_CHECKING:
    import asyncio
    import sqlite3
    from collections.abc import Callable

    from ingest.delivery import Delivery
    from ingest.live.current import Current
    from ingest.live.intake import Take
    from ingest.live.pages import Pages
    from ingest.live.polling import Poller
    from ingest.live.writer import Pieces, Writer
    from processors.records import Skipped


class Around(NamedTuple):
    """The parts of a service that others of a group have to do with."""

    loop: asyncio.AbstractEventLoop
    writer: Writer
    current: Current
    poller: Poller
    pages: Pages
    source: LiveSource
    delivery: Delivery
    skipped: Callable[[Skipped], None]
    """Told of entries that have their outcome at once."""


class Alone:
    """A service that shares nothing. `ingest.fleet.service.Fleet` is the other kind."""

    pieces: Pieces | None = None
    """Told of each piece of work on the state."""
    take: Take | None = None
    """See `ingest.live.intake.Document`."""
    numbered: Callable[[str], int] | None = None
    """See `ingest.feedstore.add`."""

    alarms = True
    """Whether feeds that are silent are told of: all that are known are polled here."""
    gather = 0.1
    """Seconds in which feeds that are due are gathered, to be claimed together."""

    def source(self, settled: Callable[[], object], *, keeping: bool) -> LiveSource:
        """Return what pages are handed over to."""
        return LiveSource(settled, keeping=keeping)

    def owns(self, host: str) -> bool:
        """Tell whether a host is ours to ask."""
        del host
        return True

    def held_up(self) -> float:
        """Return for how many seconds no request may begin."""
        return 0.0

    async def durable(self) -> bool:
        """Return when what was committed to the state so far is where it has to be; say whether it is, by now."""
        return True

    def takes_over(self, connection: sqlite3.Connection) -> bool:
        """Take over from the service before, in a way of its own; say whether there is one."""
        del connection
        return False

    def forget_links(self, connection: sqlite3.Connection, before: float) -> None:
        """Forget the links that no feed has shown since a time."""
        pending.forget_links(connection, before)

    def starts(self, around: Around) -> None:
        """Begin, once all parts are there."""

    @property
    def ended(self) -> bool:
        """Whether the service has to end, for a reason outside of it."""
        return False

    async def stops(self, *, drained: bool) -> None:
        """End; all parts are at rest."""
