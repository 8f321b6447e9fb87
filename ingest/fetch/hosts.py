"""One budget per host, for feeds, robots.txt and pages together.

A host is a name and a port. It has so many connections at once, a time between starts, and pauses that it asked for.
A request starts when it is sent: on the host's side two that had to connect first would else come closer together.
Waiting is first come, first served, and costs other hosts nothing.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ingest.fetch.errors import PausedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

LONGEST_DELAY = 120.0
"""Seconds of a Crawl-delay that are honoured; a host that asks for more is asked once in so long."""
_IDLE_SECONDS = 600.0
_SWEEP_FROM = 1_024


@dataclass(slots=True, eq=False)
class _Host:
    slots: asyncio.Semaphore
    delay: float
    door: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    next_start: float = float("-inf")
    paused_until: float = float("-inf")


class Turn(NamedTuple):
    """A turn at a host. Both are to be called by whoever takes it."""

    sending: Callable[[], None]
    """Before the first byte of the request; raises PausedError where it may not go out after all."""
    sent: Callable[[], None]
    """When it is out."""


class Hosts:
    """Whose turn it is.

    Args:
        connections: at once to a host.
        delay: seconds between the starts of two requests to a host.
        clock: monotonic seconds.
        sleep: waits so many seconds of that clock.
        held_up: for how many seconds nothing may start anywhere.
    """

    def __init__(
        self,
        *,
        connections: int,
        delay: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        held_up: Callable[[], float] = float,
    ) -> None:
        self._connections = connections
        self._delay = delay
        self._clock = clock
        self._sleep = sleep
        self._held_up = held_up
        self._hosts: dict[str, _Host] = {}
        self._sweep_at = _SWEEP_FROM

    @property
    def known(self) -> int:
        """How many hosts are remembered."""
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, authority: str, *, url: str, patience: float = 0.0) -> AsyncIterator[Turn]:
        """Hold one of the host's connections, from when it may start.

        Args:
            authority: `host:port`.
            url: for the error.
            patience: seconds to wait for the end of a pause. Waiting for others has no limit.

        Raises:
            PausedError: the pause lasts longer.
        """
        host = self._host(authority)
        host.users += 1
        try:
            async with host.slots:
                async with host.door:
                    await self._start(host, url, patience)
                yield Turn(lambda: self._check(url), lambda: self._sent(host))
        finally:
            host.users -= 1

    def pause(self, authority: str, seconds: float) -> None:
        """Start nothing on the host for so long; a pause never shortens another."""
        host = self._host(authority)
        host.paused_until = max(host.paused_until, self._clock() + seconds)

    def paused_for(self, authority: str) -> float:
        """Return for how many seconds nothing may start on the host."""
        host = self._hosts.get(authority)
        return max(0.0, host.paused_until - self._clock()) if host else 0.0

    def slow_down(self, authority: str, crawl_delay: float | None) -> None:
        """Keep the host's Crawl-delay between starts where it is longer than our own; None: it has none."""
        host = self._host(authority)
        delay = max(self._delay, min(crawl_delay or 0.0, LONGEST_DELAY))
        if delay != host.delay:
            host.next_start += delay - host.delay  # counts from the start before, which may be that of robots.txt
            host.delay = delay

    async def _start(self, host: _Host, url: str, patience: float) -> None:
        give_up = self._clock() + patience
        while True:
            self._check(url)
            now = self._clock()
            if host.paused_until > max(now, give_up):
                raise PausedError(url, host.paused_until - now)
            if (wait := max(host.next_start, host.paused_until) - now) <= 0:
                host.next_start = now + host.delay
                return
            await self._sleep(wait)

    def _check(self, url: str) -> None:
        """Say whether anything may begin at all; asked again on sending, for connecting takes its time."""
        if (seconds := self._held_up()) > 0:
            raise PausedError(url, seconds)

    def _sent(self, host: _Host) -> None:
        host.next_start = max(host.next_start, self._clock() + host.delay)

    def _host(self, authority: str) -> _Host:
        host = self._hosts.get(authority)
        if host is None:
            if len(self._hosts) >= self._sweep_at:
                self._sweep()
            host = self._hosts[authority] = _Host(asyncio.Semaphore(self._connections), self._delay)
        return host

    def _sweep(self) -> None:
        """Forget hosts that nobody has used for a while and that owe nothing; each costs about a kilobyte."""
        limit = self._clock() - _IDLE_SECONDS
        self._hosts = {
            authority: host
            for authority, host in self._hosts.items()
            if host.users or max(host.next_start, host.paused_until) > limit
        }
        self._sweep_at = max(_SWEEP_FROM, 2 * len(self._hosts))
