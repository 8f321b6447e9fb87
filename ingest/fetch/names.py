"""Names to addresses: in threads of our own, remembered for a minute."""

from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from ingest.fetch.once import Once

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE_SECONDS = 60.0
_CACHED_NAMES = 10_000
_THREADS = 32


class Resolver(Protocol):
    """Where addresses come from; tests bring their own."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        """Return the numeric addresses of a name, or of an address in any spelling the system takes.

        Raises:
            OSError: there are none.
        """
        ...


class SystemResolver:
    """The system's resolver.

    The event loop's own threads would not do: there are six on two cores, and each dead name server holds one for
    many seconds.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="names")

    async def addresses(self, host: str) -> tuple[str, ...]:
        """See `Resolver`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _lookup, host)

    def close(self) -> None:
        """Start no further look-up; those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class CachedResolver:
    """A resolver that remembers. Failures are not remembered: the schedule spaces the next try anyway."""

    def __init__(
        self, resolver: Resolver, *, seconds: float = CACHE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver = resolver
        self._seconds = seconds
        self._clock = clock
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._once: Once[tuple[str, ...]] = Once()

    async def addresses(self, host: str) -> tuple[str, ...]:
        """See `Resolver`."""
        until, found = self._known.get(host, (0.0, ()))
        if found and self._clock() < until:
            return found
        return await self._once.run(host, lambda: self._look_up(host))

    async def _look_up(self, host: str) -> tuple[str, ...]:
        found = await self._resolver.addresses(host)
        if len(self._known) >= _CACHED_NAMES:
            self._forget()
        self._known[host] = (self._clock() + self._seconds, found)
        return found

    def _forget(self) -> None:
        now = self._clock()
        self._known = {host: entry for host, entry in self._known.items() if now < entry[0]}
        while len(self._known) >= _CACHED_NAMES:
            del self._known[next(iter(self._known))]


def _lookup(host: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # from the codec for host names: a label that is empty or too long
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))
