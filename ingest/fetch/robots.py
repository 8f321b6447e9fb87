"""robots.txt (RFC 9309): who may fetch what, how often, and who is kept out."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from protego import Protego

from ingest.fetch.errors import BlockedAddressError, DisallowedError, FetchError, PausedError, RedirectError
from ingest.fetch.messages import Request
from ingest.fetch.once import Once
from ingest.fetch.reservations import AGENTS
from ingest.fetch.urls import target
from ingest.robotsfiles import RobotsFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.fetch.client import Fetcher
    from ingest.fetch.hosts import Hosts
    from ingest.fetch.urls import Target

READ_BYTES = 512_000
"""RFC 9309 §2.5 asks for 500 KiB at least; the rest is ignored."""
RETRY_SECONDS = 600.0
"""After which a robots.txt that could not be read is asked for again, where the TTL is not shorter."""
_KEPT_HOSTS = 10_000
_KEPT_CHARACTERS = 8_000_000
_AGENT_LINE = re.compile(r"\s*user[ -]?agents?\s*[: \t]\s*(.*)", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z_-]+")


class Rules:
    """A robots.txt, or what stands in for one.

    Args:
        text: the file; `DISALLOW_ALL` where it could not be read.
        token: our product token.
    """

    def __init__(self, text: str, token: str) -> None:
        # Protego takes a group `news` for `newstap`, and `*bot` for any bot; RFC 9309 §2.2.1 wants the whole token.
        # In brackets, no token is part of another.
        tokens: set[str] = set()
        lines = (_bracketed(line, tokens) for line in text.splitlines())
        self._parsed = Protego.parse("\n".join(lines))
        self._ours = f"<{token.lower()}>"
        self._reserved = tuple(sorted(tokens & AGENTS))
        self.size = len(text)

    @property
    def crawl_delay(self) -> float | None:
        """Seconds between requests that the site asks of us."""
        return self._parsed.crawl_delay(self._ours)

    def allow(self, url: str) -> bool:
        """Say whether we may fetch a URL."""
        return bool(self._parsed.can_fetch(url, self._ours))

    def reserved_against(self, url: str) -> tuple[str, ...]:
        """Return the collectors of training data that are named here and may not fetch a URL."""
        return tuple(agent for agent in self._reserved if not self._parsed.can_fetch(url, f"<{agent}>"))


DISALLOW_ALL = "User-agent: *\nDisallow: /"


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
        self._characters = 0
        self._once: Once[_Kept] = Once()

    async def check(self, url: str) -> None:
        """Return if we may fetch a URL: to be given to `Fetcher.get`, which asks before each hop.

        Raises:
            DisallowedError: we may not.
            PausedError: robots.txt itself has to wait.
        BlockedAddressError: the host must not be reached at all.
            InvalidUrlError: no URL.
        """
        kept = await self._kept_for(url)
        if not kept.rules.allow(url):
            raise DisallowedError(url, kept.file.unreadable or "disallowed by robots.txt")

    async def rules(self, url: str) -> Rules:
        """Return the rules that hold for a URL.

        Raises:
            PausedError: robots.txt itself has to wait.
        BlockedAddressError: the host must not be reached at all.
            InvalidUrlError: no URL.
        """
        return (await self._kept_for(url)).rules

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
            file = await self._asked(where)
            if self._memory is not None:
                await self._memory.keep(origin, file)
        kept = _Kept(Rules(file.text, self._token), file)
        self._keep(where.origin, kept)
        return kept

    async def _asked(self, where: Target) -> RobotsFile:
        url = str(where.url.copy_with(raw_path=b"/robots.txt"))
        text, unreadable = DISALLOW_ALL, None
        try:
            answer = await self._fetcher.get(
                Request(url=url, limit=READ_BYTES, accept="text/plain, */*;q=0.1", cut=True)
            )
        except RedirectError:
            text = ""  # as if there were none (RFC 9309 §2.3.1.2)
        except FetchError as error:
            if isinstance(error, PausedError) or (isinstance(error, BlockedAddressError) and error.url == url):
                raise  # nothing was asked, so nothing is known, and the document itself would fare no better
            unreadable = f"robots.txt cannot be read ({error.kind}: {error.detail})"
        else:
            if 200 <= answer.status < 300:
                text = answer.body.decode("utf-8-sig", "replace")
            elif answer.status < 500:
                text = ""
            else:
                unreadable = f"robots.txt cannot be read (status {answer.status})"
        ttl = self._ttl if unreadable is None else min(self._ttl, RETRY_SECONDS)
        return RobotsFile(text, self._clock() + ttl, unreadable)

    def _keep(self, origin: tuple[str, str, int], kept: _Kept) -> None:
        if (old := self._kept.pop(origin, None)) is not None:
            self._characters -= old.rules.size
        self._kept[origin] = kept
        self._characters += kept.rules.size
        while len(self._kept) > _KEPT_HOSTS or (self._characters > _KEPT_CHARACTERS and len(self._kept) > 1):
            self._characters -= self._kept.popitem(last=False)[1].rules.size


def product_token(user_agent: str) -> str:
    """Return what robots.txt files call us: `newstap` of `newstap/1.0 (+https://…)` (RFC 9309 §2.2.1)."""
    found = _TOKEN.match(user_agent)
    return found[0].lower() if found else user_agent.partition("/")[0].strip().lower()


def _bracketed(line: str, tokens: set[str]) -> str:
    """Return a line of robots.txt with its product token in brackets, and add the token to those seen."""
    found = _AGENT_LINE.match(line.partition("#")[0])
    if found is None:
        return line
    value = found[1].strip()
    if value == "*" or not value:
        return f"User-agent: {value}"
    named = _TOKEN.match(value)
    token = (named[0] if named else value).lower()
    tokens.add(token)
    return f"User-agent: <{token}>"
