"""robots.txt (RFC 9309): who may fetch what, how often, and who is kept out."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from ingest.fetch.errors import BlockedAddressError, DisallowedError, FetchError, PausedError, RedirectError
from ingest.fetch.messages import Request
from ingest.fetch.once import Once
from ingest.fetch.robotsrules import DISALLOW_ALL, QUICK_BYTES, QUICK_CHARACTERS, Rules, TooManyRulesError
from ingest.fetch.urls import target
from ingest.robotsfiles import RobotsFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.fetch.client import Fetcher
    from ingest.fetch.hosts import Hosts
    from ingest.fetch.urls import Target

Answer = TypeVar("Answer")

READ_BYTES = 512_000
"""RFC 9309 §2.5 asks for 500 KiB at least; the rest is ignored, and the line that it begins in."""
RETRY_SECONDS = 600.0
"""After which a robots.txt that could not be read is asked for again, where the TTL is not shorter."""
_KEPT_HOSTS = 10_000
_KEPT_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class _Kept:
    rules: Rules
    file: RobotsFile


class Memory(Protocol):
    """Where files outlive the process. An origin is written as in `https://example.org:443`."""

    async def recall(self, origin: str) -> RobotsFile | None:
        """Return what was kept last, whether or not it still holds."""

    async def keep(self, origin: str, file: RobotsFile) -> None:
        """Keep a file; durable on return."""


class Robots:
    """The robots.txt of every host, asked for once per TTL and by one request at a time.

    Args:
        fetcher: gets them; their redirects are followed, also to other hosts (RFC 9309 §2.3.1.2).
        hosts: told of each Crawl-delay.
        token: our product token, such as `product_token` returns.
        ttl: seconds that an answer is used.
        memory: where answers outlive us, so that a restart need not ask again; without one they do not.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        hosts: Hosts,
        token: str,
        ttl: float,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fetcher = fetcher
        self._hosts = hosts
        self._token = token
        self._ttl = ttl
        self._memory = memory
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str, int], _Kept] = OrderedDict()
        self._bytes = 0
        self._once: Once[_Kept] = Once()
        self._slow = asyncio.Lock()

    async def check(self, url: str) -> None:
        """Return if we may fetch a URL: to be given to `Fetcher.get`, which asks before each hop.

        Raises:
            DisallowedError: we may not.
            PausedError: robots.txt itself has to wait.
        BlockedAddressError: the host must not be reached at all.
            InvalidUrlError: no URL.
        """
        kept = await self._kept_for(url)
        if not await self._answered(kept.rules, kept.rules.allow, url):
            raise DisallowedError(url, kept.file.unreadable or "disallowed by robots.txt")

    async def rules(self, url: str) -> Rules:
        """Return the rules that hold for a URL.

        Raises:
            PausedError: robots.txt itself has to wait.
        BlockedAddressError: the host must not be reached at all.
            InvalidUrlError: no URL.
        """
        return (await self._kept_for(url)).rules

    async def reserved_against(self, url: str) -> tuple[str, ...]:
        """Return the collectors of training data that robots.txt names and keeps from a URL.

        Raises:
            PausedError: robots.txt itself has to wait.
            BlockedAddressError: the host must not be reached at all.
            InvalidUrlError: no URL.
        """
        rules = await self.rules(url)
        return await self._answered(rules, rules.reserved_against, url)

    async def _answered(self, rules: Rules, question: Callable[[str], Answer], url: str) -> Answer:
        return await self._aside(lambda: question(url), is_slow=rules.size > QUICK_BYTES)

    async def _aside(self, work: Callable[[], Answer], *, is_slow: bool) -> Answer:
        """Do what may take long in a thread, one thing at a time: threads that compute make the loop wait in turn."""
        if not is_slow:
            return work()
        async with self._slow:
            return await asyncio.to_thread(work)

    async def _kept_for(self, url: str) -> _Kept:
        where = target(url)
        kept = self._kept.get(where.origin)
        if kept is None or not self._holds(kept.file):
            kept = await self._once.run(where.origin, lambda: self._found(where))
        else:
            self._kept.move_to_end(where.origin)
        self._hosts.slow_down(where.authority, kept.rules.crawl_delay)
        return kept

    def _holds(self, file: RobotsFile) -> bool:
        """Tell whether a file is still to be used; not longer than the TTL, whatever the clock or the TTL once was."""
        return 0 < file.until - self._clock() <= self._ttl

    async def _found(self, where: Target) -> _Kept:
        """Return the rules from memory if they hold, else ask the host and remember what it says."""
        origin = "{}://{}:{}".format(*where.origin)
        file = None if self._memory is None else await self._memory.recall(origin)
        if file is None or not self._holds(file):
            kept = await self._read(await self._asked(where))
            if self._memory is not None:
                await self._memory.keep(origin, kept.file)
        else:
            kept = await self._read(file)
        self._keep(where.origin, kept)
        return kept

    async def _read(self, file: RobotsFile) -> _Kept:
        """Return the rules of a file; if they are made to cost too much, it counts as one that could not be read."""
        try:
            is_slow = len(file.text) > QUICK_CHARACTERS
            rules = await self._aside(lambda: Rules(file.text, self._token), is_slow=is_slow)
        except TooManyRulesError as error:
            return await self._read(self._unreadable(str(error)))
        return _Kept(rules, file)

    async def _asked(self, where: Target) -> RobotsFile:
        url = str(where.url.copy_with(raw_path=b"/robots.txt"))
        try:
            answer = await self._fetcher.get(
                Request(url=url, limit=READ_BYTES + 1, accept="text/plain, */*;q=0.1", cut=True)
            )
        except RedirectError:
            return self._readable("")  # as if there were none (RFC 9309 §2.3.1.2)
        except FetchError as error:
            if isinstance(error, PausedError) or (isinstance(error, BlockedAddressError) and error.url == url):
                raise  # nothing was asked, so nothing is known, and the document itself would fare no better
            return self._unreadable(f"{error.kind}: {error.detail}")
        if answer.status >= 500:
            return self._unreadable(f"status {answer.status}")
        return self._readable(_text(answer.body) if 200 <= answer.status < 300 else "")

    def _readable(self, text: str) -> RobotsFile:
        return RobotsFile(text, self._clock() + self._ttl)

    def _unreadable(self, why: str) -> RobotsFile:
        until = self._clock() + min(self._ttl, RETRY_SECONDS)
        return RobotsFile(DISALLOW_ALL, until, f"robots.txt cannot be read ({why})")

    def _keep(self, origin: tuple[str, str, int], kept: _Kept) -> None:
        if (old := self._kept.pop(origin, None)) is not None:
            self._bytes -= old.rules.size
        self._kept[origin] = kept
        self._bytes += kept.rules.size
        while len(self._kept) > _KEPT_HOSTS or (self._bytes > _KEPT_BYTES and len(self._kept) > 1):
            self._bytes -= self._kept.popitem(last=False)[1].rules.size


def _text(body: bytes) -> str:
    """Return what is read of a file. Of a line that is cut off nothing is: `Allow: /` may stand for `Allow: /open`."""
    if len(body) > READ_BYTES:
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    return body.decode("utf-8-sig", "replace")
