"""A scripted web server on loopback, over real sockets, that keeps a log of what it was asked."""

from __future__ import annotations

import asyncio
import functools
import gzip
import inspect
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Coroutine

    Act = Callable[[asyncio.StreamWriter], Awaitable[None]]
    Reply = bytes | Act


_BEAT = 0.01
"""Seconds between two looks at how late the server is."""


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    at: float
    """Monotonic seconds."""
    connection: int
    target: str
    raw: bytes = field(repr=False)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names in lower case, values byte for byte as latin-1."""
        lines = self.raw.decode("latin-1").split("\r\n")[1:-2]
        return [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]

    def header(self, name: str) -> str | None:
        """The only value of a header, or None."""
        values = [value for each, value in self.headers if each == name]
        assert len(values) <= 1, f"{name} stands there {len(values)} times"
        return values[0] if values else None


def answer(body: bytes | str = b"", status: int = 200, **headers: str) -> bytes:
    """A whole response; `_` in the names of headers means `-`."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def gzipped(body: bytes, **headers: str) -> bytes:
    """The same, compressed."""
    return answer(gzip.compress(body, mtime=0), 200, Content_Encoding="gzip", **headers)


def moved(location: str, status: int = 302) -> bytes:
    """A redirect."""
    return answer(status=status, Location=location)


async def hang(writer: asyncio.StreamWriter) -> None:
    """Say nothing."""
    await asyncio.sleep(3600)


async def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a TCP reset."""
    writer.transport.abort()


async def cut_short(writer: asyncio.StreamWriter) -> None:
    """Leave within the body."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
    writer.close()


def drip(start: bytes, every: float) -> Act:
    """Send a beginning, then a byte at a time for ever."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(every)

    return act


def slow(reply: bytes, seconds: float) -> Act:
    """Send an answer after a while."""

    async def act(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        writer.write(reply)

    return act


class Site:
    """The server; an async context manager.

    A path has one reply, or several that are given one after another, the last of them for ever. A path without any is
    a 404. `raw` replies without a Content-Length end with their connection.
    """

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self.late = 0.0
        """The longest time, in seconds, for which the server did not look: so late, at each of its steps, it can note a
        request on a busy machine."""
        self._at_once = 0
        self._connections = 0
        self._replies: dict[str, list[Reply]] = {}
        self._host = host
        self._tls = tls
        self._open: set[asyncio.Task[Any]] = set()

    def on(self, path: str, *replies: Reply) -> str:
        """Set the replies of a path, and return its URL."""
        self._replies[path] = list(replies)
        return self.url(path)

    def url(self, path: str, host: str | None = None) -> str:
        """The URL of a path, perhaps under a name that the test's resolver knows."""
        return f"http{'s' if self._tls else ''}://{host or self._host}:{self.port}{path}"

    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [asked.target for asked in self.asked]

    async def __aenter__(self) -> Site:
        self._server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in [self._watching, *self._open]:
            task.cancel()
        await asyncio.gather(self._watching, *self._open, return_exceptions=True)
        await self._server.wait_closed()

    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(_BEAT)
            self.late = max(self.late, time.monotonic() - began)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self._connections += 1
        connection = self._connections
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._one(connection, reader, writer):
                    pass
        finally:
            self._open.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError, OSError):
                await writer.wait_closed()

    async def _one(self, connection: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        raw = await reader.readuntil(b"\r\n\r\n")
        target = raw.split(b" ", 2)[1].decode("latin-1")
        self.asked.append(Asked(time.monotonic(), connection, target, raw))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            replies = self._replies.get(target, [answer(status=404)])
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            if isinstance(reply, bytes):
                writer.write(reply)
            else:
                await reply(writer)
            await writer.drain()
        finally:
            self._at_once -= 1
        return not isinstance(reply, bytes) or b"content-length" in reply[:4096].lower() or b" 304 " in reply[:20]


def looped(test: Callable[..., Coroutine[None, None, None]]) -> Callable[..., None]:
    """Let a test be a coroutine."""
    assert inspect.iscoroutinefunction(test)

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run
