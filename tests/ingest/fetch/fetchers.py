"""Fetchers for tests: loopback allowed, names from a table, no time between starts unless a test says so."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING, Any

from ingest.fetch.client import Fetcher
from ingest.fetch.hosts import Hosts
from ingest.fetch.messages import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.fetch.client import Check
    from ingest.fetch.messages import Response

LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"),)
AGENT = "newstap/1.0 (+https://example.org/contact)"


class Names:
    """A resolver with a table: per name the answers of one look-up after another, the last of them for ever."""

    def __init__(self, table: dict[str, Sequence[tuple[str, ...]]] | None = None) -> None:
        self.table = {name: list(answers) for name, answers in (table or {}).items()}
        self.asked: list[str] = []

    async def addresses(self, host: str) -> tuple[str, ...]:
        """See `Resolver`."""
        self.asked.append(host)
        if host not in self.table:
            flags = socket.AI_NUMERICHOST
            return tuple(
                str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=flags)
            )
        answers = self.table[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Time:
    """A clock of the test's own, which goes on only while somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        """Seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass, at once."""
        self.now += seconds
        await asyncio.sleep(0)


def fetcher(*, delay: float = 0.0, connections: int = 100, **settings: Any) -> Fetcher:
    """A fetcher of real sockets that may reach 127.0.0.1 only."""
    given = {"allowed": LOOPBACK, "timeout": 5.0, "user_agent": AGENT, "resolver": Names()}
    given["hosts"] = Hosts(connections=connections, delay=delay)
    return Fetcher(**{**given, **settings})


async def get(
    url: str, *, using: Fetcher | None = None, limit: int = 100_000, check: Check | None = None, **wanted: Any
) -> Response:
    """One document."""
    request = Request(url=url, limit=limit, **wanted)
    if using is not None:
        return await using.get(request, check=check)
    async with fetcher() as once:
        return await once.get(request)
