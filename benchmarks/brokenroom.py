"""A newsroom where much is broken, on loopback: what `benchmarks/soak_feeds.py` lets the service poll.

    python benchmarks/brokenroom.py HEALTHY BROKEN SECONDS

Prints one line of JSON, `{"healthy": [URL, …], "broken": {URL: kind, …}}`, each feed on a port of its own. HEALTHY
feeds publish an item with a page every so many SECONDS; BROKEN ones are spread over the kinds of `DEAD` (no feed ever
comes), `PAGES` (a good feed, whose pages are bad) and `ODD` (a feed comes, at a price). A line `rest` on its standard
input ends the publishing; for a line `report` it prints `{"polls": {URL: [monotonic seconds, …]}, "shown": [page, …]}`:
when each healthy feed was asked, and the pages of all items that were shown. It serves until its input closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import random
import resource
import sys
import time
import zlib
from collections.abc import Awaitable, Callable
from itertools import cycle, islice
from typing import NamedTuple

Reply = Callable[["Asked", asyncio.StreamWriter], Awaitable[bool]]
"""Answers a request; says whether the connection goes on."""

ITEMS = 20
_SAID = "The council of Little Wickham met on the question of the bridge. It counted {0} stones, {1} of them twice. "
_ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
_PATIENT = 3600


class Newsroom:
    """What has been published, and what was asked for and shown."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._began = time.monotonic()
        self._rests: float | None = None
        self.polls: dict[int, list[float]] = {}
        """By port of a healthy feed."""
        self.shown: dict[int, int] = {}
        """The newest item of each port's feed that somebody saw."""

    def rest(self) -> None:
        self._rests = time.monotonic()

    def feed(self, port: int) -> bytes:
        """Return the feed of a port, with all that is out by now; ports do not publish at the same moments."""
        passed = (self._rests or time.monotonic()) - self._began
        newest = int(passed / self._every + port % 16 / 16) + 1
        self.shown[port] = newest
        return feed(f"http://127.0.0.1:{port}", range(newest, max(newest - ITEMS, 0), -1))

    def pages(self) -> list[str]:
        return [f"http://127.0.0.1:{port}/story/{n}" for port, last in self.shown.items() for n in range(1, last + 1)]


class Asked(NamedTuple):
    """A request."""

    port: int
    path: str


def feed(base: str, numbers: range, *, times: int = 2, more: str = "") -> bytes:
    items = "".join(
        f"<item><title>Bridge report {n} of {base[-5:]}</title><guid>{n}</guid><link>{base}/story/{n}</link>"
        f"<description>{_SAID.format(n, n // 2) * times}</description>{more}</item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>Feed {base[-5:]}</title>{items}</channel></rss>".encode()


def page(port: int, name: str) -> bytes:
    number = int(name) if name.isdigit() else 1
    told = "".join(f"<p>{_SAID.format(number * n, port + n) * 2}</p>" for n in range(2, 6))
    title = f"Bridge report {name} of {port}"
    return (
        f"<html lang='en'><head><title>{title}</title></head>"
        f"<body><article><h1>{title}</h1>{told}</article></body></html>"
    ).encode()


def answer(body: bytes = b"", status: int = 200, kind: str = "application/rss+xml", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}", f"Content-Type: {kind}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def fixed(*replies: bytes, goes_on: bool = True) -> Reply:
    """Answer with the same bytes each time, or with several in turn."""
    turns = cycle(replies)

    async def reply(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(next(turns))
        return goes_on

    return reply


def dripping(start: bytes, part: bytes, every: float) -> Reply:
    """Send a beginning, then a part at a time until the other side has enough."""

    async def reply(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(start)
        for _ in range(int(_PATIENT / max(every, 0.001))):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every)
        return False

    return reply


async def hang(_asked: Asked, _writer: asyncio.StreamWriter) -> bool:
    await asyncio.sleep(_PATIENT)
    return False


async def reset(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.transport.abort()
    return False


async def reset_within(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n<rss>")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.transport.abort()
    return False


async def garbage(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(random.randbytes(20_000))
    return False


async def garbage_body(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(answer(b"<?xml version='1.0'?><rss>" + random.randbytes(20_000)))
    return True


async def astray(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
    """Redirect to another address each time."""
    writer.write(answer(b"", 302, "text/html", f"Location: /{random.randrange(10**9)}"))
    return True


async def paged(asked: Asked, writer: asyncio.StreamWriter) -> bool:
    writer.write(answer(page(asked.port, asked.path.rpartition("/")[2]), 200, "text/html; charset=utf-8"))
    return True


async def changing(asked: Asked, writer: asyncio.StreamWriter) -> bool:
    """A feed of a thousand items, each of them edited all the time."""
    edit = f"<pubDate>{time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}</pubDate>"
    writer.write(answer(feed(f"http://127.0.0.1:{asked.port}", range(1000, 0, -1), times=15, more=edit)))
    return True


def _compressed(body: bytes, cut: int | None = None) -> bytes:
    return answer(gzip.compress(body, 6)[:cut], 200, "application/rss+xml", "Content-Encoding: gzip")


def _bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()
    return answer(body, 200, "application/rss+xml", "Content-Encoding: gzip")


_GOOD = feed("http://127.0.0.1:1", range(ITEMS, 0, -1))
_NESTED = b"<html><body>" + b"<div>" * 100_000 + b"<p>The bridge.</p>" + b"</div>" * 100_000 + b"</body></html>"
_SLOW = feed("http://127.0.0.1:1", range(1), more="".join(f"<category>c{n}</category>" for n in range(70_000)))

DEAD: dict[str, Reply] = {
    "500": fixed(answer(b"no", 500)),
    "503": fixed(answer(b"no", 503, "text/plain", "Retry-After: 7")),
    "429": fixed(answer(b"no", 429, "text/plain", "Retry-After: 3")),
    "hang": hang,
    "reset": reset,
    "reset within": reset_within,
    "drip of headers": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.2),
    "drip": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n<rss>", b" ", 0.2),
    "garbage": garbage,
    "garbage body": garbage_body,
    "page": fixed(answer(page(1, "1"), 200, "text/html")),
    "cut gzip": fixed(_compressed(_GOOD, 300)),
    "bomb": fixed(_bomb()),
    "endless": dripping(_ENDLESS, b"10000\r\n" + bytes(65_536) + b"\r\n", 0),
    "loop": fixed(answer(b"", 301, "text/html", "Location: /feed")),
    "astray": astray,
    "gone": fixed(answer(b"", 404), answer(b"", 410)),
    "unresolved": hang,
    "tls garbage": garbage,
    "tls hang": hang,
    "slow to parse": fixed(answer(_SLOW)),
}
"""What the feed answers, by kind. Asked for by https are those that begin with `tls`."""
PAGES: dict[str, Reply] = {
    "page 500": fixed(answer(b"no", 500)),
    "page 404": fixed(answer(b"no", 404)),
    "page hang": hang,
    "page reset": reset_within,
    "page endless": DEAD["endless"],
    "page nested": fixed(answer(_NESTED, 200, "text/html")),
    "page garbage": garbage_body,
}
"""What each page answers, by kind; the feed itself is as good as a healthy one."""
ODD: dict[str, Reply] = {
    "huge, edited": changing,
    "other feed each time": fixed(*(answer(feed("http://127.0.0.1:2", range(n, n + 3))) for n in (1, 11, 21))),
}


class Host:
    """One port: answers a request after the other on each connection."""

    def __init__(self, room: Newsroom, kind: str) -> None:
        self._room = room
        self._kind = kind
        self.port = 0

    @property
    def url(self) -> str:
        if self._kind == "unresolved":
            return f"http://soak-{self.port}.invalid/feed"
        return f"http{'s' if self._kind.startswith('tls') else ''}://127.0.0.1:{self.port}/feed"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            if self._kind.startswith("tls"):
                await reader.read(100)
                await DEAD[self._kind](Asked(self.port, ""), writer)
            else:
                while await self._one(reader, writer):
                    await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode("latin-1")
        if path == "/robots.txt":
            return await NOT_THERE(Asked(self.port, path), writer)
        good = path == "/feed" and (self._kind == "healthy" or self._kind in PAGES)
        if good:
            if self._kind == "healthy":
                self._room.polls.setdefault(self.port, []).append(time.monotonic())
            writer.write(answer(self._room.feed(self.port)))
            return True
        reply = {**DEAD, **PAGES, **ODD}.get(self._kind, paged)
        return await reply(Asked(self.port, path), writer)


NOT_THERE = fixed(answer(b"", 404, "text/plain"))


async def main(healthy: int, broken: int, every: float) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    room = Newsroom(every)
    kinds = ["healthy"] * healthy + list(islice(cycle([*DEAD, *PAGES, *ODD]), broken))
    hosts = [Host(room, kind) for kind in kinds]
    for host in hosts:
        server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
        host.port = server.sockets[0].getsockname()[1]
    told = {"healthy": [host.url for host in hosts[:healthy]]}
    print(json.dumps({**told, "broken": dict(zip((h.url for h in hosts[healthy:]), kinds[healthy:], strict=True))}))
    sys.stdout.flush()
    while True:
        line = await asyncio.to_thread(sys.stdin.readline)
        if line == "rest\n":
            room.rest()
        elif line == "report\n":
            polls = {host.url: room.polls.get(host.port, []) for host in hosts[:healthy]}
            print(json.dumps({"polls": polls, "shown": room.pages()}), flush=True)
        else:
            return


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
