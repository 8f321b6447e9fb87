"""Names to addresses: in threads of our own, remembered for a minute."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ingest.fetch.once import Once

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE_SECONDS = 60.0
_CACHED_NAMES = 10_000
_THREADS = 32
_Answer: TypeAlias = "asyncio.Future[tuple[str, ...]]"


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

    Each look-up has a thread that nobody waits for. It cannot be interrupted, and at dead name servers it lasts for
    half a minute, which the process would take longer to end: a pool of threads is joined when the interpreter ends.
    Nor would the event loop's own threads do: there are six on two cores.
    """

    def __init__(self, threads: int = _THREADS) -> None:
        self._free = threads
        self._waiting: deque[tuple[str, _Answer]] = deque()

    async def addresses(self, host: str) -> tuple[str, ...]:
        """See `Resolver`."""
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._waiting.append((host, answer))
        self._begin()
        return await answer

    def close(self) -> None:
        """Start no further look-up; those under way end by themselves, or with the process."""
        while self._waiting:
            self._waiting.popleft()[1].cancel()

    def _begin(self) -> None:
        while self._free and self._waiting:
            host, answer = self._waiting.popleft()
            if not answer.done():  # else whoever asked has given up
                self._free -= 1
                threading.Thread(target=self._run, args=(host, answer), name=f"name {host}", daemon=True).start()

    def _run(self, host: str, answer: _Answer) -> None:
        found: tuple[str, ...] | Exception
        try:
            found = _lookup(host)
        except Exception as error:  # noqa: BLE001 - raised where it was asked for
            found = error
        with suppress(RuntimeError):  # the event loop is closed: nobody asks any more
            answer.get_loop().call_soon_threadsafe(self._ended, answer, found)

    def _ended(self, answer: _Answer, found: tuple[str, ...] | Exception) -> None:
        self._free += 1
        self._begin()
        if answer.done():
            return
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)


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
